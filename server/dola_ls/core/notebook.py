"""A cell of a notebook and the cells round it, which the model may read and not change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest

from dola_ls.core.actions import Target
from dola_ls.core.context import Context, estimate_tokens, plain_newlines
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of
from dola_ls.core.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class CellText:
    """One cell as it is read along."""

    #: Its place in the notebook, from one up.
    number: int
    language: str
    is_code: bool
    text: str


@dataclass(frozen=True, slots=True)
class Cells:
    """Where a cell stands in its notebook."""

    #: The notebook's bare file name.
    file: str
    number: int
    before: tuple[CellText, ...] = ()
    after: tuple[CellText, ...] = ()

    @property
    def name(self) -> str:
        """What the cell is called: ``cell 3 of trip.ipynb``."""
        return f"cell {self.number} of {self.file}"

    def code_in(self, language: str, *, before: bool = False) -> str:
        """Return the code of the other cells in a language, or of those before this one."""
        return "\n".join(
            cell.text
            for cell in (*self.before, *(() if before else self.after))
            if cell.is_code and cell.language == language
        )


def cell_target(document: Document, number: int) -> Target | None:
    """Return all of a cell, for a cursor that is in no symbol; None where it is blank."""
    text = document.text
    if not text.strip():
        return None
    start = len(text) - len(text.lstrip())
    region = document.whole_lines(Span(start, len(text.rstrip())))
    return Target(region, f"cell {number}", None, False)


def with_cells(context: Context, cells: Cells, budget: int) -> Context:
    """Return a cell's context with as many of the other cells as the budget has room for.

    Code comes first, the nearest cells before those further away; what the notebook says in words
    takes what room is left.
    """
    room = budget - estimate_tokens(context.before) - estimate_tokens(context.after)
    comment = language_of(context.language).line_comment
    shown: dict[int, str] = {}
    missing: list[CellText] = []
    for cell in _in_order(cells):
        if not cell.text.strip():
            continue
        text = _shown(cell, context.language, comment)
        size = estimate_tokens(text)
        if size <= room:
            room -= size
            shown[cell.number] = text
        else:
            missing.append(cell)
    left_out = tuple(
        LeftOut(f"cell {cell.number} of {cells.file}", "there is no room for it in one request")
        for cell in sorted(missing, key=lambda cell: cell.number)
    )
    return replace(
        context,
        file=f"{cells.file}, cell {cells.number}",
        cells_before=_joined(cells.before, shown),
        cells_after=_joined(cells.after, shown),
        left_out=(*context.left_out, *left_out),
    )


def _in_order(cells: Cells) -> list[CellText]:
    """Return the cells by what they are worth: code, then words, each from the nearest on."""
    nearest = [
        cell
        for pair in zip_longest(reversed(cells.before), cells.after)
        for cell in pair
        if cell is not None
    ]
    return sorted(nearest, key=lambda cell: not cell.is_code)


def _shown(cell: CellText, language: str, comment: str) -> str:
    text = plain_newlines(cell.text).strip("\n")
    if cell.is_code and cell.language == language:
        return f"{comment} Cell {cell.number}:\n{text}\n"
    # In a block of one language all else has to be a comment.
    lines = [f"{comment} {line}".rstrip() for line in text.split("\n")]
    kind = language_of(cell.language).name if cell.is_code else "text"
    return "\n".join([f"{comment} Cell {cell.number} ({kind}):", *lines, ""])


def _joined(cells: Iterable[CellText], shown: dict[int, str]) -> str:
    return "\n".join(shown[cell.number] for cell in cells if cell.number in shown)
