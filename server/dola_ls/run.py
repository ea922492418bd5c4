"""One action, from the snapshot to the buffer: the path of the data.

    snapshot -> context -> prompt -> model stream -> answer -> edits -> gate -> rebase -> apply

Everything before and after the stream is a pure function in `dola_ls.core`. The editor and the
model are interfaces, so that a test can run all of this with two short fakes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from dola_ls.core import edits as editing
from dola_ls.core import gate
from dola_ls.core.actions import Action, Target
from dola_ls.core.answer import AnswerReader, Code, CutOff, Prose, Refusal
from dola_ls.core.context import collect
from dola_ls.core.document import Document, Edit
from dola_ls.core.limits import why_not_document, why_not_region
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
from dola_ls.core.prompt import render
from dola_ls.core.rebase import Conflict, Rebased, rebase
from dola_ls.core.syntax import Tree, symbols_in
from dola_ls.core.test_placement import Placement
from dola_ls.model.errors import CutOff as StreamCutOff
from dola_ls.model.errors import ModelError, OutOfTokens
from dola_ls.model.stream import ChatModel, Completion

#: How often an edit is sent again because the user typed while it was on its way.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Task:
    """What the user asked for, on one frozen version of a document."""

    action: Action
    document: Document
    tree: Tree | None
    target: Target
    #: The file relative to its workspace folder; the rules for control files need it.
    file: PurePath
    instruction: str | None = None
    #: Keep the edit for review instead of applying it.
    review: bool = False

    @property
    def label(self) -> str:
        """What the editor's undo list and messages call it: ``Refactor total_price``."""
        return f"{self.action.verb} {self.target.name}"


@dataclass(frozen=True, slots=True)
class Now:
    """The buffer as it is now, and what the user changed since the snapshot."""

    document: Document
    changes: Sequence[Edit]


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Why an edit is not in the buffer, and whether it is safe to send it again."""

    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sound answer that was not applied."""

    task: Task
    rewrite: editing.Rewrite
    reason: str


class Editor(Protocol):
    """What an action needs of the editor; the protocol layer implements it."""

    def now(self, document: Document) -> Now | None:
        """Return the buffer as it is now; None where it was closed or the changes are lost."""
        ...

    def parsed(self, document: Document) -> Tree | None:
        """Return the syntax tree of a version of a document."""
        ...

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show how far the action is."""
        ...

    async def apply(
        self, document: Document, edits: Sequence[Edit], label: str
    ) -> NotApplied | None:
        """Apply edits to `document`, the current version; None once they are in the buffer."""
        ...

    async def place_tests(self, task: Task) -> tuple[Path, Placement] | Refused:
        """Return the path of a new test file, which is safe to create, and its import line."""
        ...

    async def create(self, path: Path, text: str, label: str) -> str | bool:
        """Create a file and open it; return why it was not created, or whether it was opened."""
        ...

    async def show(self, title: str, markdown: str) -> tuple[Path, bool]:
        """Show Markdown beside the code; return its path, and whether the client showed it."""
        ...

    def propose(self, proposal: Proposal) -> str:
        """Keep a proposal and return its id."""
        ...


async def run(task: Task, editor: Editor, model: ChatModel) -> Outcome:
    """Carry out one action. What can go wrong comes back as a value; cancelling raises.

    Nothing reaches the buffer before the gate has passed it, and then all of it or nothing.
    """
    started = time.monotonic()
    reason = why_not_document(task.document) or why_not_region(task.document, task.target)
    if reason is not None:
        return Refused(reason, "too_large_or_empty")
    if task.action.answer == "region" and (verdict := gate.may_edit(task.file)):
        return Refused(f"{_sentence(verdict.reason)} Nothing was sent.", verdict.rule)

    import_line, path = "", None
    if task.action.answer == "new-file":
        placed = await editor.place_tests(task)
        if isinstance(placed, Refused):
            return placed
        path, placement = placed
        import_line = placement.import_line

    context = collect(task.document, task.target, model.context_tokens)
    prompt = render(task.action, context, task.instruction, import_line)

    reader = AnswerReader()
    completion: Completion | None = None
    fault: ModelError | None = None
    try:
        meter = _Meter(editor, task)
        async with aclosing(model.stream(prompt)) as stream:
            async for delta in stream:
                reader.feed(delta.text)
                meter.show(delta.text, delta.reasoning, delta.notice)
                completion = delta.completion or completion
    except ModelError as error:
        fault, completion = error, error.completion or completion

    receipt = _receipt(model, completion, started)
    if task.action.answer == "explanation":
        return await _show(task, editor, reader, completion, fault, receipt)
    if fault is not None:
        return Refused(str(fault), fault.rule, receipt)

    answer = reader.answer(completion is not None and completion.ended)
    if not isinstance(answer, Code):
        return _no_code(model, answer, receipt)
    if path is not None:
        return await _create(task, editor, answer, path, import_line, receipt)
    return await _edit(task, editor, answer, receipt)


async def _edit(task: Task, editor: Editor, answer: Code, receipt: Receipt) -> Outcome:
    """Take the answer's code through the gate and carry it over to the buffer as it is now."""
    region = task.document.text[task.target.region.start : task.target.region.end]
    rewrite = editing.rewrite_region(
        task.document, task.target.region, editing.pick_block(answer.blocks, region)
    )
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


async def _create(
    task: Task, editor: Editor, answer: Code, path: Path, import_line: str, receipt: Receipt
) -> Outcome:
    """Make a test file of the answer's code; the path was settled before the model was asked."""
    declared = {symbol.name for symbol in symbols_in(task.tree)} if task.tree is not None else set()
    eol = editing.line_ending(task.document)
    source = task.document.text
    text = tidy_tests("\n".join(answer.blocks), import_line, declared, eol, source)
    if isinstance(text, gate.Verdict):
        text = tidy_tests(max(answer.blocks, key=len), import_line, declared, eol, source)
    if isinstance(text, gate.Verdict):
        return _refused(text, receipt, f"{path.name} was not created")
    done = await editor.create(path, text, f"Dola: {task.label}")
    if isinstance(done, str):
        return Refused(f"{path.name} was not created: {done}.", "not_created", receipt)
    return Created(path, text, done, receipt)


async def _show(
    task: Task,
    editor: Editor,
    reader: AnswerReader,
    completion: Completion | None,
    fault: ModelError | None,
    receipt: Receipt,
) -> Outcome:
    """Show prose; half of it is still of use, and says that it is half."""
    text = reader.text.strip()
    cut = isinstance(fault, StreamCutOff | OutOfTokens) or (
        fault is None and not (completion and completion.ended)
    )
    if fault is not None and not (cut and text):
        return Refused(str(fault), fault.rule, receipt)
    answer = reader.answer(True)
    if isinstance(answer, Refusal):
        return _declined(answer, receipt)
    if not text:
        reason = "The model's answer is empty. Run the action again, or select other lines."
        return Refused(reason, "empty", receipt)
    if cut:
        text += "\n\n*The answer was cut off here.*"
    markdown = f"# {task.target.name}\n\n" + safe_markdown(text)
    path, shown = await editor.show(f"Explain {task.target.name}", markdown)
    return Explained(markdown, path, shown, receipt)


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


def _receipt(model: ChatModel, completion: Completion | None, started: float) -> Receipt:
    seconds = time.monotonic() - started
    if completion is None:
        return Receipt(model.name, seconds)
    usage = completion.usage
    return Receipt(
        completion.model or model.name,
        seconds,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        usage.accepted_prediction_tokens,
        usage.rejected_prediction_tokens,
        usage.cost_usd,
    )


class _Meter:
    """Turns deltas into progress: thinking, then lines of the answer."""

    def __init__(self, editor: Editor, task: Task) -> None:
        self._editor = editor
        region = task.document.text[task.target.region.start : task.target.region.end]
        self._expected = region.count("\n") + 2 if task.action.answer == "region" else 0
        self._lines = 0
        editor.report("reading", 0 if self._expected else None)

    def show(self, text: str, reasoning: str, notice: str) -> None:
        if notice:
            self._editor.report(notice)
        elif text:
            self._lines += text.count("\n")
            share = min(self._lines * 100 // self._expected, 99) if self._expected else None
            lines = "1 line" if self._lines == 1 else f"{self._lines} lines"
            self._editor.report(f"writing, {lines}", share)
        elif reasoning:
            self._editor.report("thinking")
