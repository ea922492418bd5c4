"""Changing a region: ask, read, judge, carry over, apply.

context -> prompt -> model stream -> answer -> edits -> gate -> rebase -> apply
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from dola_ls import sentences
from dola_ls.ask import Asking, Reply
from dola_ls.core import gate
from dola_ls.core.blocks import holds_markers
from dola_ls.core.candidate import Verdict, candidate
from dola_ls.core.context import Context
from dola_ls.core.doc_styles import doc_style
from dola_ls.core.document import Edit, Span
from dola_ls.core.doubts import undeclared
from dola_ls.core.feedback import feedback
from dola_ls.core.fix import ends_too_early, needs_file
from dola_ls.core.imports import with_imports
from dola_ls.core.independent import independent
from dola_ls.core.missing_imports import missing_imports
from dola_ls.core.outcome import (
    Edited,
    Outcome,
    Proposed,
    Receipt,
    Refused,
    Unchanged,
)
from dola_ls.core.own_prompt import render_own
from dola_ls.core.prompt import Prompt, render
from dola_ls.core.reach import reaches_beyond
from dola_ls.core.reading import UNCHANGED, Failed, Found, read_blocks, read_rewrite
from dola_ls.core.rebase import Conflict, Rebased, rebase
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.risky import brought_in
from dola_ls.core.screening import touches_masked
from dola_ls.core.strategy import Form, Strategy, choose
from dola_ls.core.strays import without_strays
from dola_ls.model.stream import ChatModel
from dola_ls.task import Editor, NotApplied, Proposal, Task

#: How often an edit is sent again because the user typed while it was on its way.
_TRIES = 3
#: Up to so many lines are judged between two messages of the client.
_AT_ONCE = 500


async def edit(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Ask in the forms the strategy names, one after the other, until one leads to an edit."""
    strategy = _strategy(task, asking.model, context)
    failed: Failed | None = None
    kept: Failed | None = None
    for form in strategy.forms:
        if form in (Form.AGAIN, Form.MENDED) and failed is None:
            continue
        prompt = _prompt(task, context, strategy, form, failed)
        lines = _lines_expected(task, context, strategy, form)
        reply = await asking.ask(prompt, task.document.text, lines)
        if reply.fault is not None and kept is None:
            return Refused(str(reply.fault), reply.fault.rule, asking.receipt())
        if reply.fault is not None:
            break
        found = await _found(task, strategy, form, reply, failed)
        if isinstance(found, Rewrite) and found.edits:
            whole, rewrite = task.whole(found)
            return await apply(whole, editor, rewrite, asking.receipt())
        if isinstance(found, Failed):
            failed = found
            kept = found if found.better_than(kept) else kept
        elif kept is not None:
            break
        elif isinstance(found, Rewrite):
            return Unchanged(asking.receipt())
        else:
            return sentences.no_code(asking.model.name, found, asking.receipt())
    return await _settle(task, editor, asking, kept or failed)


async def _found(
    task: Task, strategy: Strategy, form: Form, reply: Reply, failed: Failed | None
) -> Found:
    """Read an answer and judge what it comes to."""

    def look() -> Found:
        return _judged(task, _read(task, strategy, form, reply, failed), reply, failed)

    region = task.target.region
    text = task.document.text if strategy.in_file else task.document.text[region.start : region.end]
    # The rules look at all that may be changed: a second for 10,000 lines, in which the user types.
    return await asyncio.to_thread(look) if text.count("\n") > _AT_ONCE else look()


async def _settle(task: Task, editor: Editor, asking: Asking, last: Failed | None) -> Outcome:
    """Make the best of the answer that came closest, when there is nothing more to ask."""
    receipt = asking.receipt()
    if last is None or not isinstance(last.problem, Verdict):
        return sentences.no_place(asking.model.name, receipt)
    if last.problem.rule == "unchanged":
        return Unchanged(receipt)
    assert last.rewrite is not None
    whole, rewrite = task.whole(last.rewrite)
    if last.problem.rule == "undeclared":
        return await apply(whole, editor, rewrite, receipt)
    reason = sentences.refused_reason(last.problem)
    id = editor.propose(Proposal(whole, rewrite, reason, last.problem))
    return Refused(reason, last.problem.rule, receipt, id)


def _strategy(task: Task, model: ChatModel, context: Context) -> Strategy:
    only_here = task.action.comments_only
    # The prompt of an own action shows what its scope says, and asks for no more.
    reaches = not only_here and task.own is None
    elsewhere = reaches and (
        reaches_beyond(task.instruction, task.tree, task.target)
        or needs_file(task.document, task.tree, task.target, task.to_fix)
    )
    return choose(
        task.action,
        context.region.count("\n"),
        model.prediction_use(task.action.id),
        elsewhere=elsewhere,
        file_lines=task.document.line_count,
        # Comments are not asked for in blocks: their lines are too much alike.
        marked=only_here or holds_markers(context.code if elsewhere else context.region),
    )


def _lines_expected(task: Task, context: Context, strategy: Strategy, form: Form) -> int:
    """Return about how many lines an answer will have; 0 is unknown."""
    if strategy.writes_file(form):
        return task.document.line_count + 2
    return context.region.count("\n") + 2 if form in (Form.REWRITE, Form.MENDED) else 0


def _prompt(
    task: Task, context: Context, strategy: Strategy, form: Form, failed: Failed | None
) -> Prompt:
    prompt = _question(task, context, strategy, form)
    prompt = replace(prompt, again=task.retried or form is Form.MENDED)
    if form not in (Form.AGAIN, Form.MENDED) or failed is None:
        return prompt
    told = feedback(failed.problem)
    if form is Form.AGAIN:
        # Blocks are mended one by one. Of a whole text a small model copies the fault along.
        told = f"Your answer was:\n{failed.text}\n\n{told}"
    return replace(prompt, user=f"{prompt.user}\n{told}\n")


def _question(task: Task, context: Context, strategy: Strategy, form: Form) -> Prompt:
    """Return what is asked in a form, without what was wrong with an earlier answer."""
    predicts = strategy.predicts(form)
    whole = strategy.writes_file(form)
    blocks = not whole and form not in (Form.REWRITE, Form.MENDED)
    if task.own is not None:
        return render_own(
            task.own,
            context,
            task.instruction or "",
            task.problems,
            template="refactor_blocks" if blocks else "refactor",
            predicts=predicts,
        )
    template = task.action.prompt or task.action.id
    if whole:
        template += "_file"
        context = context.of_whole_file(task.document, task.target.region)
    elif blocks:
        template += "_file_blocks" if strategy.in_file else "_blocks"
    return render(
        task.action,
        context,
        task.request,
        fields=_fields(task),
        template=template,
        whole=whole,
        predicts=predicts,
    )


def _fields(task: Task) -> dict[str, str]:
    """Return what the action's prompt names besides the code."""
    if not task.action.comments_only:
        return {}
    return {"style": doc_style(task.document, task.tree, task.target).text}


def _read(task: Task, strategy: Strategy, form: Form, reply: Reply, failed: Failed | None) -> Found:
    """Read an answer in the form it was asked for."""
    document, target, reader = task.document, task.target, reply.reader
    whole = Span(0, len(document.text))
    in_blocks = form not in (Form.REWRITE, Form.MENDED, Form.FILE)
    # An answer with the region alone may reach to the head of a file by its imports only.
    in_file = strategy.writes_file(form) or (in_blocks and strategy.in_file)
    if strategy.writes_file(form):
        of_file = replace(target, region=whole)
        found = read_rewrite(document, task.tree, of_file, reader, reply.ended)
    elif not in_blocks:
        found = read_rewrite(document, task.tree, target, reader, reply.ended)
    else:
        span = whole if strategy.in_file else target.region
        found = read_blocks(document, span, target.region, reader, reply.ended, failed)
    if not isinstance(found, Rewrite):
        return found
    anywhere = ends_too_early(document, task.tree, task.to_fix)
    if in_file and found.region == whole != target.region and not anywhere:
        found = without_strays(candidate(document, task.tree, target, found, task.request))
    return with_imports(document, task.tree, found, missing_imports(document, found, task.beside))


def _judged(task: Task, found: Found, reply: Reply, before: Failed | None) -> Found:
    """Take a rewrite through the gate; what is only doubtful goes back to the model once."""
    if not isinstance(found, Rewrite):
        return found
    text = reply.reader.text
    if masked := touches_masked(task.document, found, reply.hidden):
        return Failed(masked, text, found)
    if not found.edits:
        # The user asked for a change in so many words.
        asked = task.request and before is None
        return Failed(UNCHANGED, text) if asked else found
    verdict = gate.judge(
        candidate(
            task.document,
            task.tree,
            task.target,
            found,
            task.words,
            comments_only=task.action.comments_only,
            diagnostics=task.to_fix,
        )
    )
    if (
        verdict is None
        and before is None
        and (names := undeclared(task.document, found, task.beside))
    ):
        verdict = Verdict("undeclared", f"it uses {', '.join(names)}, declared nowhere")
    return found if verdict is None else Failed(verdict, text, found)


async def apply(task: Task, editor: Editor, rewrite: Rewrite, receipt: Receipt) -> Outcome:
    """Carry a rewrite that the gate let pass over to the buffer as it is now."""

    def keep(reason: str, left: Rewrite = rewrite, done: Sequence[Edit] = ()) -> Proposed:
        id = editor.propose(Proposal(task, left, reason))
        return Proposed(id, reason, receipt, tuple(done))

    # What the tested code holds, its tests may use.
    known = task.origin.document.text if task.origin else ""
    if risks := brought_in(task.document, rewrite.edits, known=known, words=task.words):
        return keep(sentences.brings_in(risks))
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
        met = None
        if isinstance(moved, Conflict):
            # What nobody touched goes in, if it can stand without the rest.
            met, moved = moved, Rebased(moved.free if _stands_alone(task, rewrite, moved) else ())
            if not moved.edits:
                return keep(sentences.met_user(met.line))
        if now.changes and (bad := gate.still_parses(now.document, moved.edits, editor.parsed)):
            return keep(f"Not applied: {bad.reason}. The answer is kept.")
        why = await editor.apply(now.document, moved.edits, f"Dola: {task.label}")
        if why is None and met is not None:
            left = rewrite.only(task.document, met.touched)
            return keep(sentences.met_user(met.line, rest_applied=True), left, moved.edits)
        if why is None:
            unseen = "" if task.document.is_open else task.file.name
            return Edited(tuple(moved.edits), receipt, unseen)
        if not why.again:
            break
    assert why is not None
    return keep(f"The editor did not apply the edit: {why.reason}. The answer is kept.")


def _stands_alone(task: Task, rewrite: Rewrite, met: Conflict) -> bool:
    touched = set(met.touched)
    free = [edit for edit in rewrite.edits if edit not in touched]
    return independent(task.document, free, met.touched)
