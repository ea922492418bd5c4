"""What the server makes of whole files in which the model lost a line, or put one elsewhere.

The answers are the references of the tasks with a line outside of the edit left out or moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from dola_ls.core import gate
from dola_ls.core.candidate import candidate
from dola_ls.core.document import Document, Span
from dola_ls.core.edits import rewrite_region
from dola_ls.core.parsing import parse
from dola_ls.core.strays import without_strays
from tests.benchmarks.edit_eval.judgement import judge
from tests.benchmarks.edit_eval.tasks import Task, load_all

#: One line of so many is left out, and another is moved by so many lines.
_EVERY, _FAR = 4, 5
#: The share of answers that may still do harm: a line with a name of the task's in it may be meant
#: to go.
_HARM = 0.01
TASKS = load_all()


def edited(task: Task, answer: str) -> str:
    """Return the file after an answer with the whole of it; as it was where that is refused."""
    document = Document(f"file:///{task.file}", task.language, 1, task.source)
    tree = parse(document)
    rewrite = rewrite_region(document, Span(0, len(task.source)), answer)
    about = (document, tree, task.target)
    rewrite = without_strays(candidate(*about, rewrite, task.instruction))
    verdict = gate.judge(candidate(*about, rewrite, task.instruction))
    return rewrite.text if verdict is None else task.source


def worse(task: Task) -> Iterator[str]:
    """Yield the reference without one of the lines that are none of the task's business."""
    free = {number for lines in (*task.free_lines, task.region_lines) for number in lines}
    fixed = [line for number, line in enumerate(task.lines) if number not in free and line.strip()]
    lines = task.reference.splitlines(keepends=True)
    for number in (at for at, line in enumerate(lines) if line in fixed and at % _EVERY == 0):
        left: Sequence[str] = [*lines[:number], *lines[number + 1 :]]
        yield "".join(left)
        at = (number + _FAR) % len(lines)
        yield "".join([*left[:at], lines[number], *left[at:]])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_the_reference_passes_as_a_whole_file(task: Task) -> None:
    assert edited(task, task.reference) == task.reference


def test_lines_outside_of_the_edit_are_kept() -> None:
    found = [judge(task, edited(task, answer)) for task in TASKS for answer in worse(task)]
    harmed = sum(bool(kept.lost_text or kept.wrong_place) for kept in found)
    assert len(found) > 300
    assert harmed <= _HARM * len(found)
