"""What the pieces of a run found, and the one table made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.table import aligned


@dataclass(slots=True)
class Findings:
    """Counts and samples by the name of their row, and a sentence for everything that is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def wrong(self, name: str, sentence: str) -> None:
        """Count something that must not be, and keep what it was."""
        self.counts[name] += 1
        self.problems.append(f"{name}: {sentence}")

    def add(self, other: Findings) -> None:
        """Take in what another piece found."""
        # Not `+=`, which drops the zeros; that a piece counted none is what is to be shown.
        self.counts.update(other.counts)
        for name, values in other.samples.items():
            self.samples.setdefault(name, []).extend(values)
        self.problems += other.problems


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    `kind` is ``count``; ``zero``, a count that must be none; ``all``, a count that has to reach
    that of the row `of`; or a time or size: ``p95`` or ``max`` of the samples.
    """

    name: str
    kind: str
    unit: str = ""
    #: The most a time or a size is to be; printed, never asserted.
    target: float | None = None
    of: str = ""

    def value(self, findings: Findings) -> float | None:
        """Return the figure; None where nothing was measured."""
        if self.kind in ("p95", "max"):
            ordered = sorted(findings.samples.get(self.name, ()))
            if not ordered:
                return None
            return ordered[-(-95 * len(ordered) // 100) - 1] if self.kind == "p95" else ordered[-1]
        return findings.counts.get(self.name)

    def met(self, findings: Findings) -> bool | None:
        """Tell whether the figure is as it should be; None where nothing is asked of it."""
        value = self.value(findings)
        if self.kind == "zero":
            return value == 0
        if self.kind == "all":
            return value is not None and value == findings.counts.get(self.of)
        return value <= self.target if value is not None and self.target is not None else None

    def cells(self, findings: Findings) -> list[str]:
        """Return name, figure, target and verdict."""
        value, met = self.value(findings), self.met(findings)
        name = f"{self.name}, {self.kind}" if self.kind in ("p95", "max") else self.name
        shown = "not run" if value is None else f"{_number(value)} {self.unit}".rstrip()
        target = {"zero": "0", "all": "all of them"}.get(self.kind, "")
        if self.target is not None:
            target = f"≤ {self.target:g} {self.unit}"
        verdict = {None: "", True: "met", False: "missed"}[met]
        return [name, shown, target, verdict]


#: The rows in the order they are printed.
ROWS = (
    Row("inputs fuzzed", "count"),
    Row("sessions run", "count"),
    Row("actions held", "count"),
    Row("edits that landed", "count"),
    Row("keystrokes", "count"),
    Row("faults injected", "count"),
    Row("faults survived", "all", of="faults injected"),
    Row("wrong edits", "zero"),
    Row("lost keystrokes", "zero"),
    Row("requests unanswered", "zero"),
    Row("progress without an end", "zero"),
    Row("deaths of the server", "zero"),
    Row("exceptions nobody expected", "zero"),
    Row("tasks and connections left behind", "zero"),
    Row("model calls without an action", "zero"),
    Row("files touched by a killed server", "zero"),
    Row("starts in bad surroundings", "count"),
    Row("answered initialize", "all", of="starts in bad surroundings"),
    Row("memory growth", "max", "MB", 10.0),
    Row("cancel → socket closed", "p95", "ms", 200.0),
    Row("code actions at 50 requests/s", "p95", "ms", 20.0),
    Row("next request after rubbish", "max", "ms", 1000.0),
    Row("code actions beside a 20 MB document", "max", "ms", 100.0),
    Row("end of the process", "max", "ms", 2000.0),
)


def markdown(findings: Findings, rows: Sequence[Row] = ROWS) -> str:
    """Return the table."""
    body = [["figure", "value", "target", ""], *(row.cells(findings) for row in rows)]
    return "\n".join(aligned(body, range(1, 2)))


def as_json(findings: Findings, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table as plain values."""
    rows = [
        {
            "figure": row.name,
            "kind": row.kind,
            "value": row.value(findings),
            "unit": row.unit,
            "target": 0 if row.kind == "zero" else row.target,
            "met": row.met(findings),
        }
        for row in ROWS
    ]
    return {**about, "rows": rows, "problems": findings.problems}


def failed(findings: Findings, rows: Sequence[Row] = ROWS) -> list[str]:
    """Return the rows that must hold and do not: counts that are not none, or not all."""
    must = [row for row in rows if row.kind in ("zero", "all")]
    return [row.name for row in must if row.met(findings) is not True]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
