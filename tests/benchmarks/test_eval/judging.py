"""What the tests that came of a task are worth: run on the sound function and on broken ones."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.relay import Exchange
from tests.benchmarks.test_eval.naive import fate_of
from tests.benchmarks.test_eval.project import Run, run_tests
from tests.benchmarks.test_eval.results import Record
from tests.benchmarks.test_eval.tasks import Task
from tests.benchmarks.test_eval.writer import Written


def judge(task: Task, written: Written, exchanges: Sequence[Exchange]) -> Record:
    """Run what was written, and put together what is known of the task."""
    file = _test_file(task, written)
    before = run_tests(task, {}, file) if file in task.files else Run()
    # What else was changed is not run along with it: the sound function is the task's.
    text = {file: written.changed[file]} if file else {}
    run = run_tests(task, text, file) if file else Run()
    new = {name: passed for name, passed in run.tests.items() if name not in before.tests}
    whole = bool(file) and not (run.broken or run.stopped)
    lost = sorted(before.tests.keys() - run.tests.keys()) if whole else []
    collected = bool(new) and not run.broken
    passing = {name for name, passed in new.items() if passed} if collected else set()
    caught: dict[str, list[str]] = {}
    for mutation in task.mutations:
        if not passing or run.stopped:
            caught[mutation.what] = []
            continue
        broken = run_tests(task, {**text, task.file: task.mutated(mutation)}, file)
        # A run that had to be ended says nothing of the tests that it did not come to.
        caught[mutation.what] = [] if broken.stopped else sorted(passing - broken.passing)
    # The first answer is what an editor that just pastes would have pasted.
    answer = next((exchange.text for exchange in exchanges if exchange.text.strip()), None)
    return Record(
        task=task.id,
        digest=task.digest,
        language=task.language,
        outcome=written.ended.outcome,
        rule=written.ended.rule,
        said=written.ended.said,
        seconds=written.ended.seconds,
        changed=written.changed,
        placed=list(written.changed) == [task.tests],
        lost=lost,
        collected=collected,
        passed=collected and run.sound and not lost,
        reason=_reason(run, collected, lost) if file else "there is no test file",
        tests=new,
        caught=caught,
        naive=fate_of(task, answer) if answer is not None else None,
        exchanges=list(exchanges),
    )


def _test_file(task: Task, written: Written) -> str:
    """Return the file that the tests are in: the expected one, or else whatever was changed."""
    names = sorted(written.changed, key=lambda name: name != task.tests)
    return next((name for name in names if name != task.file), "")


def _reason(run: Run, collected: bool, lost: Sequence[str]) -> str:
    if run.stopped:
        return f"it was stopped. {run.why}".strip()
    if lost:
        return f"tests that were there are gone: {', '.join(lost)}"
    if run.broken or not collected:
        return run.broken or "there are no new tests"
    return run.why
