"""The figures of a run as Markdown."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from dola_ls.core.languages import language_of
from tests.benchmarks.table import aligned
from tests.benchmarks.test_eval.results import Record

_HEAD = (
    *("", "functions", "right file", "collected", "pass", "mutations caught"),
    *("pasting destroys", "seconds, median", "seconds, all", "tokens read", "tokens written"),
)
_FATES = {
    "ruined": "no longer parse",
    "lost": "lose the function",
    "broken": "keep it and break it",
    "works": "keep it",
}


def table(records: Sequence[Record]) -> str:
    """Return a table with a row for each language and one for all."""
    rows = {
        language_of(language).name: [r for r in records if r.language == language]
        for language in dict.fromkeys(record.language for record in records)
    }
    if len(rows) > 1:
        rows["all"] = list(records)
    body = [_HEAD, *(_row(name, some) for name, some in rows.items())]
    return "\n".join(aligned(body, range(1, len(_HEAD))))


def figures(records: Sequence[Record]) -> str:
    """Return what the table does not tell, in lines."""
    tests = sum(len(record.tests) for record in records)
    passing = sum(record.passing for record in records)
    loaded = [record for record in records if record.collected]
    lines = [
        f"tests that pass: {_of(passing, tests)}; without those that do not, the "
        f"{len(loaded)} files that are collected catch {_of(*_mutations(loaded))} mutations"
    ]
    fates = Counter(record.naive for record in records if record.naive is not None)
    if fates:
        told = (f"{fates[fate]} {words}" for fate, words in _FATES.items() if fates[fate])
        lines.append(
            f"sources with the answer in the function's place: of {fates.total()}, "
            f"{', '.join(told)}"
        )
    if lost := [record.task for record in records if record.lost]:
        lines.append(f"tests that were there are gone: {', '.join(lost)}")
    if none := [r for r in records if not r.changed]:
        why = Counter(r.rule or r.outcome for r in none)
        lines.append(f"no tests came: {', '.join(f'{n} {rule}' for rule, n in why.items())}")
    return "\n".join(f"- {line}" for line in lines)


def by_task(records: Sequence[Record]) -> str:
    """Return one line for each task."""
    body = [("task", "outcome", "tests that pass", "mutations caught", "pasting", "seconds")]
    for record in records:
        body.append(
            (
                record.task,
                record.outcome if record.placed else record.rule or f"{record.outcome}, misplaced",
                f"{record.passing} of {len(record.tests)}" if record.collected else "not collected",
                f"{record.noticed} of {len(record.caught)}",
                record.naive or "–",
                f"{record.seconds:.0f}",
            )
        )
    return "\n".join(aligned(body, range(2, 6)))


def _row(name: str, records: Sequence[Record]) -> tuple[str, ...]:
    count = len(records)
    seconds = [record.seconds for record in records]
    answered = [record for record in records if record.naive is not None]
    return (
        name,
        str(count),
        *(
            _share(sum(getattr(record, what) for record in records), count)
            for what in ("placed", "collected", "passed")
        ),
        _of(*_mutations([record for record in records if record.passed])),
        _share(sum(record.destroyed for record in answered), len(answered)),
        f"{statistics.median(seconds):.1f}",
        f"{sum(seconds):.0f}",
        str(sum(record.read_tokens for record in records)),
        str(sum(record.answer_tokens for record in records)),
    )


def _mutations(records: Sequence[Record]) -> tuple[int, int]:
    """Return how many mutations are caught, and how many there are."""
    return sum(r.noticed for r in records), sum(len(r.caught) for r in records)


def _share(count: int, total: int) -> str:
    return f"{count / total:.0%}" if total else "–"


def _of(count: int, total: int) -> str:
    return f"{count} of {total} ({_share(count, total)})" if total else "–"
