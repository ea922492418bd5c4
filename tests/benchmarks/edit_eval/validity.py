"""Whether a task is one: it can be failed and passed, and its solution keeps to its lines."""

from __future__ import annotations

from tests.benchmarks.edit_eval.checks import check
from tests.benchmarks.edit_eval.judgement import judge
from tests.benchmarks.edit_eval.tasks import Task
from tests.benchmarks.edit_eval.tools import Tools


def faults(task: Task, tools: Tools) -> list[str]:
    """Return what is wrong with a task, with its check run as far as the tools are there."""
    found = []
    if not tools.missing(task.language) and check(task, task.source, tools).passed:
        found.append("the source passes the check as it is")
    right = check(task, task.reference, tools)
    if not right.passed:
        found.append(f"the reference does not pass: {right.reason}")
    kept = judge(task, task.reference)
    if kept.excess:
        found.append(f"the reference changes more than it may: {kept.excess}")
    if task.language != "markdown" and task.elsewhere == _within_region(task):
        found.append(
            f"`elsewhere` is {task.elsewhere}, and the lines that may change say otherwise"
        )
    return found


def _within_region(task: Task) -> bool:
    region = set(task.region_lines)
    return all(set(lines) <= region for lines in task.free_lines)
