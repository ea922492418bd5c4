"""Whether a task is one: sound code passes, and each fault is noticed by new tests alone."""

from __future__ import annotations

from tests.benchmarks.test_eval.project import Run, run_reference, run_tests
from tests.benchmarks.test_eval.tasks import Task


def faults(task: Task) -> list[str]:
    """Return what is wrong with a task; its tests are run."""
    found = []
    right = run_reference(task, task.source)
    if not right.sound:
        found.append(f"the reference does not pass: {_told(right)}")
    if task.merges and not (there := run_tests(task, {}, task.tests)).sound:
        found.append(f"the tests that are there do not pass: {_told(there)}")
    for mutation in task.mutations:
        source = task.mutated(mutation)
        wrong = run_reference(task, source)
        if wrong.broken or wrong.stopped or wrong.tests.keys() != right.tests.keys():
            found.append(f"with {mutation.what!r} the reference does not run: {_told(wrong)}")
        elif wrong.sound:
            found.append(f"the reference does not notice {mutation.what!r}")
        # Else it would not be the new tests that notice it.
        if task.merges and not run_tests(task, {task.file: source}, task.tests).sound:
            found.append(f"the tests that are there notice {mutation.what!r} already")
    return found


def _told(run: Run) -> str:
    return run.broken or run.why or ("it takes too long" if run.stopped else "")
