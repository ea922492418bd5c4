"""What was measured, as tables of Markdown and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What a row is to reach: `best`, `p50` or `p95` in its unit, or `ratio` to the floor."""

    what: str
    limit: float


@dataclass(frozen=True, slots=True)
class Row:
    """The samples of one server; or why there are none."""

    name: str
    samples: tuple[float, ...] = ()
    target: Target | None = None
    #: Stands in the row's place: "not installed".
    instead: str = ""
    #: What the server's own threads computed in each round, in the same unit.
    cpu: tuple[float, ...] = ()
    remark: str = ""

    @property
    def values(self) -> dict[str, float]:
        """The best sample, the median and the 95th percentile by nearest rank."""
        ordered = sorted(self.samples)
        rank = -(-95 * len(ordered) // 100) - 1
        return {"best": ordered[0], "p50": statistics.median(ordered), "p95": ordered[rank]}


@dataclass(slots=True)
class Section:
    """One figure for several servers."""

    title: str
    unit: str
    rows: list[Row] = field(default_factory=list)
    #: The row that the others are compared with.
    floor: str = ""
    note: str = ""

    def ratio(self, row: Row, what: str) -> float | None:
        """Return how many times the floor a row takes."""
        floor = next((r for r in self.rows if r.name == self.floor and r.samples), None)
        return row.values[what] / floor.values[what] if floor and row.samples else None

    def met(self, row: Row) -> bool | None:
        """Tell whether a row reached its target; None without one, or without samples."""
        if row.target is None or not row.samples:
            return None
        if row.target.what == "ratio":
            ratio = self.ratio(row, "p50")
            return ratio <= row.target.limit if ratio is not None else None
        return row.values[row.target.what] <= row.target.limit

    def markdown(self) -> str:
        """Return the section as a headed table."""
        head = ["server", "best", "median", "p95", "rounds", "its CPU, median"]
        if self.floor:
            head.append(f"times {self.floor} (of the bests)")
        body = [[*head, "target"], *(self._cells(row) for row in self.rows)]
        # A column in which nothing stands is left out.
        full = [any(cells[at] for cells in body[1:]) for at in range(len(body[0]))]
        body = [[cell for cell, wanted in zip(row, full, strict=True) if wanted] for row in body]
        lines = [f"### {self.title} ({self.unit})", "", *aligned(body, range(1, 6))]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the section as plain values."""
        return {
            "title": self.title,
            "unit": self.unit,
            "rows": [
                {
                    "server": row.name,
                    **(row.values if row.samples else {"instead": row.instead}),
                    "rounds": len(row.samples),
                    "cpu_p50": statistics.median(row.cpu) if row.cpu else None,
                    "ratio": self.ratio(row, "p50"),
                    "ratio_of_bests": self.ratio(row, "best"),
                    "target": {row.target.what: row.target.limit} if row.target else None,
                    "met": self.met(row),
                }
                for row in self.rows
            ],
        }

    def _cells(self, row: Row) -> list[str]:
        if not row.samples:
            return [row.name, row.instead or "–", *[""] * (6 if self.floor else 5)]
        values = [_number(value) for value in row.values.values()]
        cpu = _number(statistics.median(row.cpu)) if row.cpu else ""
        cells = [row.name, *values, str(len(row.samples)), cpu]
        if self.floor:
            ratio, best = self.ratio(row, "p50"), self.ratio(row, "best")
            cells.append(f"{ratio:.2f} ({best:.2f})" if ratio and best else "")
        return [*cells, self._verdict(row)]

    def _verdict(self, row: Row) -> str:
        met = self.met(row)
        if row.target is None or met is None:
            return row.remark
        what, limit = row.target.what, row.target.limit
        goal = f"{limit:g} × {self.floor}" if what == "ratio" else f"{what} {limit:g} {self.unit}"
        return f"target {goal}: {'met' if met else 'missed'}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def aligned(body: Sequence[Sequence[str]], numbers: range) -> list[str]:
    """Return rows of equal width, the first of them as the head of a Markdown table.

    `numbers` are the columns that stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(*body, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if at in numbers else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join(padded) + " |"

    rule = ("-" * (w - 1) + ":" if at in numbers else "-" * w for at, w in enumerate(widths))
    return [line(body[0]), "| " + " | ".join(rule) + " |", *map(line, body[1:])]
