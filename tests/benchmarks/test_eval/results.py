"""What came of each task, kept in a file after every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.benchmarks.keeping import keep, kept
from tests.benchmarks.relay import Exchange
from tests.benchmarks.test_eval.naive import DESTROYED
from tests.benchmarks.test_eval.tasks import Task


@dataclass(frozen=True, slots=True)
class Record:
    """One task. Only the new tests count; those that were there pass with every mutation."""

    task: str
    digest: str
    language: str
    #: The server's own word, ``timeout`` or ``failed``; what refused, and what the user was told.
    outcome: str
    rule: str
    said: str
    seconds: float
    #: The files that are not as they were, with their text, to look at.
    changed: dict[str, str]
    #: Whether that is the test file where the project has it, and nothing else.
    placed: bool
    #: The tests that were there and are no longer.
    lost: list[str]
    #: Whether the file was loaded and has new tests.
    collected: bool
    #: Whether all tests of the file pass on the sound function.
    passed: bool
    #: Why not.
    reason: str
    #: Whether each new test passes on the sound function.
    tests: dict[str, bool]
    #: For each mutation the tests that pass on the sound function and fail on this one.
    caught: dict[str, list[str]]
    #: What would have become of the source with the answer in the function's place (`naive.Fate`);
    #: None where there was no answer.
    naive: str | None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def passing(self) -> int:
        """The new tests that pass on the sound function."""
        return sum(self.tests.values())

    @property
    def noticed(self) -> int:
        """The mutations that some test catches."""
        return sum(bool(tests) for tests in self.caught.values())

    @property
    def destroyed(self) -> bool:
        """Whether the answer in the function's place would have destroyed the source."""
        return self.naive in DESTROYED

    @property
    def read_tokens(self) -> int:
        """Tokens of the prompts, whether read or known from a request before."""
        return sum(exchange.prompt_tokens for exchange in self.exchanges)

    @property
    def answer_tokens(self) -> int:
        """Tokens the model wrote."""
        return sum(exchange.answer_tokens for exchange in self.exchanges)


@dataclass(slots=True)
class Results:
    """A run, or several that went on where the one before was stopped."""

    #: Where it ran: the machine, and when each run began, with the load at that time.
    about: dict[str, Any] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def find(self, task: Task) -> Record | None:
        """Return the record of a task as it is now, if there is one."""
        same = (task.id, task.digest)
        return next((r for r in self.records if (r.task, r.digest) == same), None)

    def of(self, tasks: Sequence[Task]) -> list[Record]:
        """Return the records of some tasks, in their order."""
        return [found for task in tasks if (found := self.find(task)) is not None]

    def put(self, record: Record) -> None:
        """Add a record, in the place of an older one of the same task."""
        self.records = [r for r in self.records if r.task != record.task] + [record]

    def save(self, path: Path) -> None:
        """Write the file; a run that is stopped meanwhile leaves the old one."""
        keep(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises OSError, ValueError or TypeError."""
        return cls(*kept(path, Record))
