"""What each side of the comparison is to the run: something that edits a file when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.edit_eval.tasks import Task

#: Seconds any side may take over one task; a small model can repeat itself without end.
LIMIT = 180.0
#: Asked once of each side before anything is timed: imports, connections, the first prompt.
WARM_UP = Task(
    title="Warm up",
    file="warm.py",
    instruction="Rename `a` to `b`.",
    at="def f(",
    may_change=(("def f(", "return a"),),
    source="def f(a):\n    return a\n",
    reference="def f(b):\n    return b\n",
    check="assert True",
    language="python",
    name="warm_up",
    digest="",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a side made of one task."""

    #: The file afterwards, as it was where nothing was changed.
    text: str
    #: How it ended in the side's own word, or ``timeout`` or ``failed``.
    outcome: str
    #: Whether an edit could be read from the model's first answer.
    well_formed: bool
    seconds: float
    #: The name of what refused an answer, and what the user was told.
    rule: str = ""
    said: str = ""
    #: The forms that the answer was to be asked for in, one after the other, where a side has any.
    plan: tuple[str, ...] = ()


class SideFailed(Exception):
    """A side broke down, or cannot be had here; the text says why."""


class Side(Protocol):
    """One side. It is started by its first task and stays until `stop`."""

    name: str

    def edit(self, task: Task) -> Answer:
        """Do one task in at most about `LIMIT` seconds. Raises SideFailed."""
        ...

    def stop(self) -> None:
        """End whatever runs."""
        ...
