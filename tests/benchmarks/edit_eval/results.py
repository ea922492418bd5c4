"""What came of each task on each side, kept in a file after every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.benchmarks.edit_eval.checks import Outcome
from tests.benchmarks.edit_eval.judgement import Kept
from tests.benchmarks.edit_eval.sides import Answer
from tests.benchmarks.edit_eval.tasks import Task
from tests.benchmarks.keeping import keep, kept
from tests.benchmarks.relay import Exchange


@dataclass(frozen=True, slots=True)
class Record:
    """One task on one side."""

    task: str
    digest: str
    side: str
    outcome: str
    rule: str
    said: str
    well_formed: bool
    #: Whether the file was changed.
    applied: bool
    passed: bool
    #: ``ran`` or ``parsed``.
    how: str
    reason: str
    wrong_place: str
    lost_text: str
    excess: str
    seconds: float
    #: The file where it was changed, to look at.
    text: str | None
    exchanges: list[Exchange] = field(default_factory=list)
    #: The forms that were to be asked for, in order.
    plan: list[str] = field(default_factory=list)
    #: The side whose requests these were, where another would have made the very same ones.
    same_as: str = ""

    @property
    def answer_tokens(self) -> int:
        """Tokens the model wrote, in all requests."""
        return sum(exchange.answer_tokens for exchange in self.exchanges)

    @property
    def accepted(self) -> int:
        """Drafted tokens that were kept."""
        return sum(exchange.accepted for exchange in self.exchanges)

    @classmethod
    def of(
        cls,
        task: Task,
        side: str,
        answer: Answer,
        checked: Outcome,
        kept: Kept,
        took: list[Exchange],
    ) -> Self:
        """Put together what is known of one task."""
        changed = answer.text != task.source
        return cls(
            task=task.id,
            digest=task.digest,
            side=side,
            outcome=answer.outcome,
            rule=answer.rule,
            said=answer.said,
            well_formed=answer.well_formed,
            applied=changed,
            passed=changed and checked.passed,
            how=checked.how,
            reason=checked.reason,
            wrong_place=kept.wrong_place,
            lost_text=kept.lost_text,
            excess=kept.excess,
            seconds=answer.seconds,
            text=answer.text if changed else None,
            exchanges=took,
            plan=list(answer.plan),
        )


@dataclass(slots=True)
class Results:
    """A run, or several that went on where the one before was stopped."""

    #: Where it ran: the machine, and when each run began, with the load at that time.
    about: dict[str, Any] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def find(self, task: Task, side: str) -> Record | None:
        """Return the record of a task as it is now, if there is one."""
        return next((r for r in self.records if r.side == side and _is_of(r, task)), None)

    def of(self, tasks: Sequence[Task], side: str) -> list[Record]:
        """Return the records of some tasks on one side, in the order of the tasks."""
        return [found for task in tasks if (found := self.find(task, side)) is not None]

    def put(self, record: Record) -> None:
        """Add a record, in the place of an older one of the same task."""
        same = (record.task, record.side)
        self.records = [r for r in self.records if (r.task, r.side) != same] + [record]

    def save(self, path: Path) -> None:
        """Write the file; a run that is stopped meanwhile leaves the old one."""
        keep(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises OSError, ValueError or TypeError."""
        return cls(*kept(path, Record))


def _is_of(record: Record, task: Task) -> bool:
    return record.task == task.id and record.digest == task.digest
