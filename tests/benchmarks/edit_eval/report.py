"""The figures of a run as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from tests.benchmarks.edit_eval.results import Record
from tests.benchmarks.table import aligned

#: Seconds per passed edit, of the better of aider's formats.
_MOST_SECONDS = 0.6
_HEAD = (
    *("side", "tasks", "well-formed", "applied", "passes", "wrong place", "lost text"),
    *("more than asked", "output tokens", "accepted drafts", "seconds, median"),
    *("seconds, all", "seconds per passed edit"),
)


def table(sides: Mapping[str, Sequence[Record]]) -> str:
    """Return a table with a row for each side."""
    body = [_HEAD, *(_row(name, records) for name, records in sides.items() if records)]
    return "\n".join(aligned(body, range(1, len(_HEAD))))


def figures(sides: Mapping[str, Sequence[Record]], ours: str) -> str:
    """Return lines that say how `ours` does against the figures to reach."""
    mine = sides.get(ours) or []
    lines = []
    for what, count in (
        ("wrong place", sum(bool(r.wrong_place) for r in mine)),
        ("lost text", sum(bool(r.lost_text) for r in mine)),
    ):
        if mine:
            lines.append(f"{what}: {count} of {len(mine)} (to reach: 0): {_word(count == 0)}")
    others = {name: rs for name, rs in sides.items() if name.startswith("aider") and rs}
    if mine and others:
        best = max(others, key=lambda name: _share(others[name]))
        share, theirs = _share(mine), _share(others[best])
        lines.append(
            f"passes: {share:.0%}, {best} {theirs:.0%} (to reach: more): {_word(share > theirs)}"
        )
        cost = _per_pass(mine)
        rates = {name: _per_pass(rs) for name, rs in others.items()}
        known = {name: rate for name, rate in rates.items() if rate is not None}
        for name, rate in known.items():
            if cost is not None:
                ratio = cost / rate
                lines.append(
                    f"seconds per passed edit: {cost:.1f}, {name} {rate:.1f}, so {ratio:.2f} × "
                    f"(to reach: {_MOST_SECONDS} ×): {_word(ratio <= _MOST_SECONDS)}"
                )
    return "\n".join(f"- {line}" for line in lines)


def by_task(sides: Mapping[str, Sequence[Record]]) -> str:
    """Return one line for each task: which sides passed, and in how many seconds."""
    names = [name for name, records in sides.items() if records]
    tasks = sorted({record.task for records in sides.values() for record in records})
    lines = [f"| task | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for task in tasks:
        found = (next((r for r in sides[name] if r.task == task), None) for name in names)
        lines.append(f"| {task} | {' | '.join(_cell(record) for record in found)} |")
    return "\n".join(lines)


def _cell(record: Record | None) -> str:
    if record is None:
        return ""
    word = "passed" if record.passed else (record.rule or record.outcome)
    if record.applied and not record.passed:
        word = "wrong"
    extra = "".join(f", {what}" for what, told in _FAULTS.items() if getattr(record, told))
    return f"{word}{extra} {record.seconds:.0f} s"


_FAULTS = {"wrong place": "wrong_place", "lost text": "lost_text", "more than asked": "excess"}


def _row(name: str, records: Sequence[Record]) -> tuple[str, ...]:
    count = len(records)
    seconds = [record.seconds for record in records]
    cost = _per_pass(records)
    return (
        name,
        str(count),
        *(
            f"{sum(getattr(record, what) for record in records) / count:.0%}"
            for what in ("well_formed", "applied", "passed")
        ),
        *(str(sum(bool(getattr(record, what)) for record in records)) for what in _FAULTS.values()),
        str(sum(record.answer_tokens for record in records)),
        str(sum(record.accepted for record in records)),
        f"{statistics.median(seconds):.1f}",
        f"{sum(seconds):.0f}",
        f"{cost:.1f}" if cost is not None else "–",
    )


def _share(records: Sequence[Record]) -> float:
    return sum(record.passed for record in records) / len(records)


def _per_pass(records: Sequence[Record]) -> float | None:
    """Return the seconds of all tasks for each that passed."""
    passed = sum(record.passed for record in records)
    return sum(record.seconds for record in records) / passed if passed else None


def _word(met: bool) -> str:
    return "met" if met else "missed"
