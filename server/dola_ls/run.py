"""One action, from the snapshot to the buffer: the path of the data.

    snapshot -> context -> prompt -> model stream -> answer -> edits -> gate -> rebase -> apply

Everything before and after the stream is a pure function in `dola_ls.core`. The editor and the
model are interfaces, so that a test can run all of this with two short fakes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dola_ls.ask import Asking, Reply
from dola_ls.core import edits as editing
from dola_ls.core import gate
from dola_ls.core.answer import Code, CutOff, Prose, Refusal
from dola_ls.core.blocks import Blocks, Malformed, holds_markers
from dola_ls.core.context import Context, collect
from dola_ls.core.feedback import feedback, mended
from dola_ls.core.limits import why_not_document, why_not_region
from dola_ls.core.matching import Located, Unmatched, locate
from dola_ls.core.new_tests import tidy_tests
from dola_ls.core.outcome import (
    Created,
    Edited,
    Explained,
    Outcome,
    Proposed,
    Receipt,
    Refused,
    Unchanged,
)
from dola_ls.core.policy import safe_markdown
from dola_ls.core.prompt import Prompt, render
from dola_ls.core.rebase import Conflict, Rebased, rebase
from dola_ls.core.strategy import Form, Strategy, choose
from dola_ls.core.syntax import symbols_in
from dola_ls.model.errors import CutOff as StreamCutOff
from dola_ls.model.errors import OutOfTokens
from dola_ls.model.stream import ChatModel
from dola_ls.task import Editor, NotApplied, Proposal, Task

#: How often an edit is sent again because the user typed while it was on its way.
_TRIES = 3


async def run(task: Task, editor: Editor, model: ChatModel) -> Outcome:
    """Carry out one action. What can go wrong comes back as a value; cancelling raises.

    Nothing reaches the buffer before the gate has passed it, and then all of it or nothing.
    """
    reason = why_not_document(task.document) or why_not_region(task.document, task.target)
    if reason is not None:
        return Refused(reason, "too_large_or_empty")
    if task.action.answer == "region" and (verdict := gate.may_edit(task.file)):
        return Refused(f"{_sentence(verdict.reason)} Nothing was sent.", verdict.rule)
    context = collect(task.document, task.target, model.context_tokens)
    asking = Asking(model, editor)
    if task.action.answer == "explanation":
        return await _explain(task, editor, asking, context)
    if task.action.answer == "new-file":
        return await _create(task, editor, asking, context)
    return await _edit(task, editor, asking, context)


async def _edit(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Ask in the forms the strategy names, one after the other, until one leads to an edit."""
    lines = context.region.count("\n")
    strategy = choose(
        task.action,
        lines,
        asking.model.prediction_use(task.action.id),
        marked=holds_markers(context.region),
    )
    failed: _Failed | None = None
    for form in strategy.forms:
        if form is Form.AGAIN and failed is None:
            continue
        prompt = _prompt(task, context, strategy, form, failed)
        reply = await asking.ask(prompt, lines + 2 if form is Form.REWRITE else 0)
        if reply.fault is not None:
            return Refused(str(reply.fault), reply.fault.rule, asking.receipt())
        found = _rewrite(task, reply) if form is Form.REWRITE else _blocks(task, reply, failed)
        if isinstance(found, _Failed):
            failed = found
            continue
        if not isinstance(found, editing.Rewrite):
            return _no_code(asking.model, found, asking.receipt())
        return await _apply(task, editor, found, asking.receipt())
    reason = (
        f"{asking.model.name}'s answer does not fit these lines. Nothing was changed. Select fewer "
        "lines, or run the action again."
    )
    return Refused(reason, "no_place", asking.receipt())


class _Failed:
    """Blocks that could not be used, with the answer they stood in."""

    def __init__(self, problem: Unmatched | Malformed, text: str) -> None:
        self.problem = problem
        self.text = text


def _prompt(
    task: Task, context: Context, strategy: Strategy, form: Form, failed: _Failed | None
) -> Prompt:
    template = task.action.id if form is Form.REWRITE else f"{task.action.id}_blocks"
    prompt = render(
        task.action,
        context,
        task.instruction,
        template=template,
        predicts=strategy.predicts(form),
    )
    if form is not Form.AGAIN or failed is None:
        return prompt
    again = f"{prompt.user}\nYour answer was:\n{failed.text}\n\n{feedback(failed.problem)}\n"
    return replace(prompt, user=again)


def _rewrite(task: Task, reply: Reply) -> editing.Rewrite | Refusal | Prose | CutOff:
    """Read the region's new text from an answer."""
    answer = reply.reader.answer(reply.ended)
    if not isinstance(answer, Code):
        return answer
    region = task.document.text[task.target.region.start : task.target.region.end]
    code = editing.pick_block(answer.blocks, region)
    return editing.rewrite_region(task.document, task.target.region, code)


def _blocks(
    task: Task, reply: Reply, failed: _Failed | None
) -> editing.Rewrite | _Failed | Refusal | CutOff:
    """Read search/replace blocks from an answer, and find the place of each in the region."""
    answer = reply.reader.block_answer(reply.ended)
    if isinstance(answer, Refusal | CutOff):
        return answer
    if isinstance(answer, Code | Prose):
        answer = Malformed("it holds no edit blocks")
    if isinstance(answer, Malformed):
        return _Failed(answer, reply.reader.text)
    assert isinstance(answer, Blocks)
    blocks = answer.blocks
    if failed is not None and isinstance(failed.problem, Unmatched):
        blocks = mended(failed.problem, blocks)
    located = locate(task.document, task.target.region, blocks)
    if isinstance(located, Located):
        return located.rewrite
    return _Failed(located, reply.reader.text)


async def _apply(task: Task, editor: Editor, rewrite: editing.Rewrite, receipt: Receipt) -> Outcome:
    """Take a rewrite through the gate and carry it over to the buffer as it is now."""
    if not rewrite.edits:
        return Unchanged(receipt)
    verdict = gate.judge(gate.candidate(task.document, task.tree, task.target, rewrite))
    if verdict is not None:
        return _refused(verdict, receipt)

    def keep(reason: str) -> Proposed:
        return Proposed(editor.propose(Proposal(task, rewrite, reason)), reason, receipt)

    if task.review:
        return keep("Edits are set to be reviewed before they are applied.")
    why: NotApplied | None = None
    for _ in range(_TRIES):
        now = editor.now(task.document)
        if now is None:
            reason = "The document was closed while the model answered. Nothing was changed."
            return Refused(reason, "document_gone", receipt)
        moved = (
            rebase(task.document.text, rewrite.edits, now.changes, task.document.starts)
            if now.changes
            else Rebased(rewrite.edits)
        )
        if isinstance(moved, Conflict):
            return keep(
                f"You changed line {moved.line + 1} while the model answered, and the answer "
                "changes it too. Nothing was applied and the answer is kept."
            )
        if now.changes and (bad := gate.still_parses(now.document, moved.edits, editor.parsed)):
            return keep(f"Not applied: {bad.reason}. The answer is kept.")
        why = await editor.apply(now.document, moved.edits, f"Dola: {task.label}")
        if why is None:
            return Edited(tuple(moved.edits), receipt)
        if not why.again:
            break
    assert why is not None
    return keep(f"The editor did not apply the edit: {why.reason}. The answer is kept.")


async def _create(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Make a test file of the answer's code; where it goes is settled before the model is asked."""
    placed = await editor.place_tests(task)
    if isinstance(placed, Refused):
        return placed
    path, placement = placed
    line = placement.import_line
    reply = await asking.ask(render(task.action, context, task.instruction, line))
    receipt = asking.receipt()
    if reply.fault is not None:
        return Refused(str(reply.fault), reply.fault.rule, receipt)
    answer = reply.reader.answer(reply.ended)
    if not isinstance(answer, Code):
        return _no_code(asking.model, answer, receipt)
    text = _test_file(task, answer, line)
    if isinstance(text, gate.Verdict):
        return _refused(text, receipt, f"{path.name} was not created")
    done = await editor.create(path, text, f"Dola: {task.label}")
    if isinstance(done, str):
        return Refused(f"{path.name} was not created: {done}.", "not_created", receipt)
    return Created(path, text, done, receipt)


def _test_file(task: Task, answer: Code, import_line: str) -> str | gate.Verdict:
    """Return the test file that all blocks make together, else the longest of them."""
    declared = {symbol.name for symbol in symbols_in(task.tree)} if task.tree is not None else set()
    eol = editing.line_ending(task.document)
    source = task.document.text
    text = tidy_tests("\n".join(answer.blocks), import_line, declared, eol, source)
    if isinstance(text, gate.Verdict):
        text = tidy_tests(max(answer.blocks, key=len), import_line, declared, eol, source)
    return text


async def _explain(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Show prose; half of it is still of use, and says that it is half."""
    reply = await asking.ask(render(task.action, context, task.instruction))
    receipt = asking.receipt()
    text = reply.reader.text.strip()
    fault = reply.fault
    cut = isinstance(fault, StreamCutOff | OutOfTokens) or (fault is None and not reply.ended)
    if fault is not None and not (cut and text):
        return Refused(str(fault), fault.rule, receipt)
    answer = reply.reader.answer(True)
    if isinstance(answer, Refusal):
        return _declined(answer, receipt)
    if not text:
        reason = "The model's answer is empty. Run the action again, or select other lines."
        return Refused(reason, "empty", receipt)
    if cut:
        text += "\n\n*The answer was cut off here.*"
    markdown = f"# {task.target.name}\n\n" + safe_markdown(text)
    path, shown = await editor.show(f"Explain {task.target.name}", markdown)
    return Explained(markdown, Path(path), shown, receipt)


def _no_code(model: ChatModel, answer: Refusal | Prose | CutOff, receipt: Receipt) -> Refused:
    if isinstance(answer, Refusal):
        return _declined(answer, receipt)
    if isinstance(answer, CutOff):
        reason = (
            f"{model.name}'s answer is not whole: {answer.why}. Nothing was changed. Run the "
            "action again, on fewer lines if it keeps happening."
        )
        return Refused(reason, "cut_off", receipt)
    reason = (
        f"{model.name} answered without code. Nothing was changed. Run the action again, or ask "
        "for something more definite."
    )
    return Refused(reason, "prose", receipt)


def _declined(answer: Refusal, receipt: Receipt) -> Refused:
    words = " ".join(safe_markdown(answer.reason).split())[:300] or "it gave no reason"
    reason = f"The model cannot do this: {words} Nothing was changed."
    return Refused(reason, "model_declined", receipt)


def _refused(verdict: gate.Verdict, receipt: Receipt, what: str = "Nothing was changed") -> Refused:
    reason = f"The model's answer was not used: {verdict.reason}. {what}. Run the action again."
    return Refused(reason, verdict.rule, receipt)


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:] + "."
