"""Tests that were just written, tried: what fails is marked, and repaired if the model can.

run -> mark -> prompt -> model stream -> answer -> gate -> edit -> run again, twice at the most
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from dola_ls import sentences
from dola_ls.ask import Asking
from dola_ls.core.actions import Target
from dola_ls.core.answer import Code, Refusal
from dola_ls.core.candidate import Verdict
from dola_ls.core.context import Context
from dola_ls.core.document import Document, Span
from dola_ls.core.feedback import feedback
from dola_ls.core.outcome import Created, Edited, Outcome, Tried
from dola_ls.core.parsing import parse
from dola_ls.core.prompt import Prompt, fence_for, render
from dola_ls.core.testing.cases import CaseId
from dola_ls.core.testing.repairs import Repair, Written, excerpt, members, repair
from dola_ls.core.testing.results import Failure, Results
from dola_ls.edit import apply
from dola_ls.placing import Home
from dola_ls.task import Editor, Task

#: How often the model may repair its tests.
_REPAIRS = 2
#: The share of the model's context for the tests to be repaired, and failures that are told.
_EXCERPT, _FAILURES = 0.5, 8


@dataclass(frozen=True, slots=True)
class Writing:
    """What writing tests for one symbol needs, from the prompt to the last repair."""

    task: Task
    editor: Editor
    asking: Asking
    context: Context
    home: Home
    #: What the prompts name besides the code.
    fields: Mapping[str, str]


@dataclass(slots=True)
class _Trial:
    """What has come of trying the tests up to now."""

    written: Written
    results: Results | str
    changed: list[str] = field(default_factory=list)
    repairs: int = 0
    #: What to say besides the figures.
    notes: list[str] = field(default_factory=list)


async def try_tests(writing: Writing, done: Created | Edited, before: frozenset[CaseId]) -> Outcome:
    """Run tests that are in their file by now, and have the model repair those of them that fail.

    `before` are the tests that were in the file already; those are run, and never changed.
    """
    task, editor, home = writing.task, writing.editor, writing.home
    if not editor.runs_tests():
        return done
    put = done.text if isinstance(done, Created) and done.shown else None
    document = await editor.open(home.path, put)
    if isinstance(document, str):
        summary = f"The tests were not run: {home.path.name} cannot be read: {document}."
        return Tried(done, summary, None, 0, 0, writing.asking.receipt())
    mine = members(document, home.placement, home.framework) - before
    source = document if home.placement.inline else task.document
    written = Written(
        document, home.placement, home.framework, source, mine, isinstance(done, Created)
    )
    trial = _Trial(written, await _run(writing, document))
    await _repair(trial, writing)
    return _outcome(trial, writing, done)


async def _run(writing: Writing, document: Document) -> Results | str:
    editor = writing.editor
    editor.mark(document, ())
    editor.report("running the tests")
    results = await editor.run_tests(writing.task, writing.home, document)
    if isinstance(results, Results):
        editor.mark(document, results.failures)
    return results


async def _repair(trial: _Trial, writing: Writing) -> None:
    """Ask for repairs until all is well or there is no more to be had of the model."""
    asking, editor, home = writing.asking, writing.editor, writing.home
    refused: Verdict | None = None
    for _ in range(_REPAIRS):
        failing = _to_repair(trial)
        if not failing:
            return
        if home.kept_back:
            trial.notes.append(
                f"They were not repaired: {home.path.name} is kept back: {home.kept_back}."
            )
            return
        prompt = _prompt(writing, trial.written, failing, refused)
        reply = await asking.ask(prompt, trial.written.document.text)
        if reply.fault is not None:
            trial.notes.append(f"They were not repaired: {reply.fault}")
            return
        answer = reply.reader.answer(reply.ended)
        if isinstance(answer, Refusal):
            trial.notes.append(sentences.held_for_right(answer))
            return
        if not isinstance(answer, Code):
            refused = Verdict("prose", "it holds no whole code")
            continue
        found = _read(trial.written, answer, failing)
        if isinstance(found, Verdict):
            refused = found
            continue
        refused = None
        editing = on_test_file(writing.task, home, trial.written.document)
        ended = await apply(editing, editor, found.rewrite, asking.receipt())
        document = await editor.open(home.path) if isinstance(ended, Edited) else ""
        if isinstance(document, str):
            trial.notes.append(sentences.not_repaired("the editor did not apply it"))
            return
        trial.repairs += 1
        trial.changed += [name for name in found.changed if name not in trial.changed]
        trial.written = replace(
            trial.written,
            document=document,
            source=document if home.placement.inline else trial.written.source,
        )
        trial.results = await _run(writing, document)
    if refused is not None and _to_repair(trial):
        trial.notes.append(sentences.not_repaired(refused.reason))


def on_test_file(task: Task, home: Home, document: Document) -> Task:
    """Return a task for an edit of the test file, that knows which one it came from."""
    whole = Target(Span(0, len(document.text)), task.target.name, None, False)
    file = PurePath(home.placement.path)
    return replace(
        task, document=document, tree=parse(document), target=whole, file=file, origin=task
    )


def _to_repair(trial: _Trial) -> list[Failure]:
    """Return the failures that a repair may do something about: those of tests just written."""
    results, written = trial.results, trial.written
    if not isinstance(results, Results):
        return []
    return [
        failure
        for failure in results.failures
        if (failure.test in written.mine if failure.test is not None else written.is_new)
    ]


def _prompt(
    writing: Writing, written: Written, failing: Sequence[Failure], refused: Verdict | None
) -> Prompt:
    room = int(writing.asking.model.context_tokens * _EXCERPT)
    code = excerpt(written, {failure.test for failure in failing}, room)
    fence = fence_for(code)
    told = [
        f"- {failure.test[-1] if failure.test else 'The file'}: {failure.message}"
        for failure in failing[:_FAILURES]
    ]
    prompt = render(
        writing.task.action,
        writing.context,
        fields={
            **writing.fields,
            "tests": f"{fence}{written.placement.language}\n{code}\n{fence}",
            "failures": "\n".join(told),
        },
        template="repairTests",
    )
    if refused is None:
        return prompt
    return replace(prompt, user=f"{prompt.user}\n{feedback(refused)}\n", again=True)


def _read(written: Written, answer: Code, failing: Sequence[Failure]) -> Repair | Verdict:
    """Make a repair of an answer: of all its blocks together, or of the longest of them."""
    tests = {failure.test for failure in failing}
    found = repair(written, "\n".join(answer.blocks), tests)
    if isinstance(found, Verdict) and len(answer.blocks) > 1:
        return repair(written, max(answer.blocks, key=len), tests)
    return found


def _outcome(trial: _Trial, writing: Writing, done: Created | Edited) -> Tried:
    results, receipt = trial.results, writing.asking.receipt()
    if isinstance(results, str):
        said = [results]
    else:
        theirs = [one for one in results.failures if one.test is not None]
        others = sum(one.test not in trial.written.mine for one in theirs)
        said = [sentences.how_tests_went(results, writing.home.path.name)]
        said += [sentences.failed_before(others)] if others else []
    if trial.changed:
        said.append(sentences.expected_otherwise(trial.changed, writing.task.target.name))
    summary = " ".join([*said, *trial.notes])
    if isinstance(results, str):
        return Tried(done, summary, None, 0, trial.repairs, receipt)
    return Tried(done, summary, results.passed, results.failed, trial.repairs, receipt)
