"""A Python file of 10 000 lines, made of functions as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.fakes.buffer import units

LINES = 10_000

_HEAD = '''\
"""Orders, stock and prices of a shop."""

from __future__ import annotations

import csv
import datetime as dt
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

TAX = {"food": 0.07, "books": 0.07, "other": 0.19}


'''

# Each repetition gets a number in the place of NNN.
_BLOCK = '''\
@dataclass
class OrderNNN:
    """One order of a customer, with its lines."""

    number: int
    customer: str
    lines: list[tuple[str, int, float]] = field(default_factory=list)
    shipped: dt.date | None = None

    def add(self, article: str, count: int, price: float) -> None:
        """Add a line; the count may be negative for returned goods."""
        if count == 0:
            raise ValueError(f"{article}: a line without any articles")
        for index, (known, had, cost) in enumerate(self.lines):
            if known == article and cost == price:
                self.lines[index] = (known, had + count, cost)
                break
        else:
            self.lines.append((article, count, price))

    def total(self, kind: str = "other") -> float:
        """Return what the customer has to pay, tax included."""
        result = 0.0
        for _article, count, price in self.lines:
            result += count * price
        # Rounded once, at the end, as the tax office wants it.
        return round(result * (1 + TAX[kind]), 2)

    @property
    def late(self) -> bool:
        """Whether the order should have been sent by now."""
        return self.shipped is None and self.number < 1_000_000


def average_price_NNN(orders, kind="other"):
    """Return the mean total of all orders that have lines."""
    count = 0
    total = 0.0
    for order in orders:
        if len(order.lines) > 0:
            count = count + 1
            total = total + order.total(kind)
        else:
            log.debug("order %s has no lines", order.number)
    # An empty list has no mean.
    if count == 0:
        return 0.0
    return total / count


def read_orders_NNN(path: Path, *, encoding: str = "utf-8") -> dict[str, list[OrderNNN]]:
    """Read orders from a CSV file, by customer; broken rows are logged and left out."""
    found: dict[str, list[OrderNNN]] = defaultdict(list)
    with path.open(encoding=encoding, newline="") as file:
        for row, record in enumerate(csv.DictReader(file), start=2):
            try:
                order = OrderNNN(int(record["number"]), record["customer"].strip())
                order.add(record["article"], int(record["count"]), float(record["price"]))
            except (KeyError, ValueError) as error:
                log.warning("%s, row %d: %s", path.name, row, error)
                continue
            found[order.customer].append(order)
    return dict(found)


def restock_NNN(stock: dict[str, int], orders: list[OrderNNN], least: int = 5) -> list[str]:
    """Return what has to be ordered, most urgent first."""
    needed = {article: least - count for article, count in stock.items() if count < least}
    for order in orders:
        if order.shipped:
            continue
        for article, count, _ in order.lines:
            missing = count - stock.get(article, 0)
            if missing > 0:
                needed[article] = max(needed.get(article, 0), missing)
    return [
        article
        for article, missing in sorted(needed.items(), key=lambda item: (-item[1], item[0]))
        if missing > 0
    ]


def report_NNN(orders: list[OrderNNN], today: dt.date) -> str:
    """Return a table of the orders, as text."""
    rows = [("number", "customer", "total", "state")]
    for order in orders:
        if order.shipped is None:
            state = "open, late" if order.late else "open"
        elif order.shipped > today:
            state = "planned"
        else:
            state = f"sent on {order.shipped:%d.%m.%Y}"
        rows.append((str(order.number), order.customer, f"{order.total():.2f}", state))
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


'''

#: What a model makes of `average_price`: names and the documentation stay, the body is new.
REFACTORED = '''\
def average_price_NNN(orders, kind="other"):
    """Return the mean total of all orders that have lines."""
    totals = []
    for order in orders:
        if order.lines:
            totals.append(order.total(kind))
        else:
            log.debug("order %s has no lines", order.number)
    # An empty list has no mean.
    return sum(totals) / len(totals) if totals else 0.0
'''

_ELSEWHERE = {
    "Orders, stock and prices of a shop": "Bestellungen für den Laden 🛒: 在庫と価格",
    "One order of a customer, with its lines": "Une commande d’un client, 注文 №",
    "a line without any articles": "Zeile ohne Artikel – größer als null, bitte",
    "as the tax office wants it": "wie das Finanzamt in Köln es möchte 🧾",
    "Return the mean total of all orders": "Return the mean total (Ø, 平均) of all orders",
    "An empty list has no mean": "Leere Liste – kein Mittelwert: ∅",
    "most urgent first": "das Dringendste zuerst ⏰",
    "sent on": "envoyé le 📦",
    "as text": "als Text, Zeichen für Zeichen",
    "missing": "fehlmenge_größe",
}


def _elsewhere(text: str) -> str:
    for here, there in _ELSEWHERE.items():
        text = text.replace(here, there)
    return text


def source(*, ascii_only: bool = True) -> str:
    """Return the file; the other variant has words, names and emoji from all over the world."""
    head, block = (_HEAD, _BLOCK) if ascii_only else (_elsewhere(_HEAD), _elsewhere(_BLOCK))
    rest = LINES - head.count("\n")
    size = block.count("\n")
    blocks = [block.replace("NNN", f"{number:03}") for number in range(rest // size)]
    tail = [f"LIMIT_{number:03} = {number}\n" for number in range(rest % size)]
    return "".join([head, *blocks, *tail])


def refactored(name: str, *, ascii_only: bool = True) -> str:
    """Return what a model makes of one of the functions `average_price_…`."""
    number = name.rpartition("_")[2]
    return (REFACTORED if ascii_only else _elsewhere(REFACTORED)).replace("NNN", number)


@dataclass(slots=True)
class Text:
    """The client's copy of an open document whose lines all end in a line feed."""

    uri: str
    text: str
    encoding: str
    version: int = 1

    def functions(self) -> list[tuple[str, int]]:
        """Return the names of the functions to refactor, each with its offset."""
        return [(m[1], m.start(1)) for m in re.finditer(r"def (average_price_\d+)", self.text)]

    def position(self, offset: int) -> dict[str, int]:
        """Return the position of an offset."""
        start = self.text.rfind("\n", 0, offset) + 1
        character = units(self.text[start:offset], self.encoding)
        return {"line": self.text.count("\n", 0, start), "character": character}

    def replaced(self, start: int, end: int, new: str) -> dict[str, Any]:
        """Replace some text; return the params of the didChange that tells of it."""
        range_ = {"start": self.position(start), "end": self.position(end)}
        self.text = self.text[:start] + new + self.text[end:]
        self.version += 1
        return {
            "textDocument": {"uri": self.uri, "version": self.version},
            "contentChanges": [{"range": range_, "text": new}],
        }

    def spans(self, edits: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
        """Return the offsets of LSP text edits, the last edit first."""
        starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

        def offset(position: dict[str, int]) -> int:
            at, left = starts[position["line"]], position["character"]
            while left > 0:
                left -= units(self.text[at], self.encoding)
                at += 1
            return at

        found = []
        for edit in edits:
            span = edit["range"]
            found.append((offset(span["start"]), offset(span["end"]), edit["newText"]))
        return sorted(found, reverse=True)
