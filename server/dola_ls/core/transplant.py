"""From the lines of a block, as a model wrote them, to lines in the format of the buffer.

Lines that a block repeats stay the buffer's own, to the last blank. Only what it changes is
written anew: moved by the distance between its indentation and the buffer's, in the buffer's kind
of blanks and line ends, and with the typographic characters that it did not mean to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from dola_ls.core.diff import line_hunks, smallest_edits
from dola_ls.core.document import apply_edits
from dola_ls.core.layout import bare, ending, indent_of, scaled, step_of

#: How many repeated lines are looked for.
_FEW = 50

#: Characters that models write plainly, one for one: no offset moves.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
        **dict.fromkeys("\u202f\u205f\u3000", " "),
    }
)


def fold(line: str) -> str:
    """Return `line` with typographic quotes, dashes and spaces made plain; of the same length."""
    return line.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Format:
    """How the lines round a block are written."""

    #: One step of indentation: a tab or some blanks.
    unit: str
    #: The characters that indentation is made of.
    blanks: frozenset[str]
    #: The usual line end.
    eol: str


@dataclass(frozen=True, slots=True)
class Shift:
    """How the indentation of a block's lines becomes that of the buffer.

    `drop` is taken away and `add` put before; where `columns` is given, the two are of different
    kinds of blanks, and widths are counted with tabs of `tab` columns. Where `step` is given, the
    block's steps have as many columns, and the buffer's `tab`; distances count from `origin`.
    """

    add: str = ""
    drop: str = ""
    columns: int | None = None
    tab: int = 4
    step: int = 0
    origin: int = 0

    def moved(self, line: str, to: Format) -> str | None:
        """Return a line without its line end, moved; None where it would stand left of column 0."""
        line = bare(line)
        if not line.strip():
            return ""
        indent = indent_of(line)
        if self.columns is not None:
            width = self.width(indent)
            return None if width < 0 else _blanks(width, self.tab, to) + line[len(indent) :]
        if not indent.startswith(self.drop):
            return None
        new = self.add + indent[len(self.drop) :]
        if not set(new) <= to.blanks:
            new = _blanks(_width(new, self.tab), self.tab, to)
        return new + line[len(indent) :]

    def width(self, indent: str) -> int:
        """Return the column at which a line that is indented by `indent` is to begin."""
        width = _width(indent, self.tab)
        if self.step:
            width = scaled(width - self.origin, self.step, self.tab)
        return width + (self.columns or 0)


def shift_between(
    search: Sequence[str], window: Sequence[str], replace: Sequence[str], unit: str
) -> Shift | None:
    """Return the one shift that takes each line of `search` to its line in `window`, if any.

    `unit` is the buffer's step of indentation; `replace` helps to tell the block's own.
    """
    pairs = [
        (indent_of(mine), indent_of(theirs))
        for mine, theirs in zip(search, window, strict=True)
        if mine.strip()
    ]
    tab = _step([*search, *replace]) if unit == "\t" else len(unit)
    mine, theirs = pairs[0]
    add, drop = theirs[: len(theirs) - len(mine)], mine[: len(mine) - len(theirs)]
    if (add or drop) and len({a for a, _ in pairs}) == 1 and unit[0] == " ":
        # Lines of one depth do not tell how deep the block's steps are, but its new lines may.
        step = step_of([*search, *replace])
        inside = all(indent_of(line).startswith(mine) for line in replace if line.strip())
        if step in (2, 4) and step != tab and inside and set(mine + theirs) <= {" "}:
            return Shift(columns=len(theirs), tab=tab, step=step or 0, origin=len(mine))
    if all(add + a == b for a, b in pairs):
        return Shift(add, tab=tab)
    if all(a == drop + b for a, b in pairs):
        return Shift("", drop, tab=tab)
    for width in dict.fromkeys((tab, 4, 8, 2)):
        shifts = {_width(b, width) - _width(a, width) for a, b in pairs}
        if len(shifts) == 1:
            return Shift(columns=shifts.pop(), tab=width)
    step = None if unit == "\t" else step_of([*search, *replace])
    if step is not None and step != tab:
        shift = Shift(columns=_width(theirs, tab), tab=tab, step=step, origin=_width(mine, tab))
        if all(shift.width(a) == _width(b, tab) for a, b in pairs):
            return shift
    return None


def replaced(
    window: Sequence[str],
    search: Sequence[str],
    replace: Sequence[str],
    shift: Shift,
    to: Format,
    exact: bool,
) -> list[str] | None:
    """Return the new lines of `window`, the lines of the buffer at which `search` was found.

    None where the shift would take a line further left than there is room. Unless `exact`, white
    space at line ends means nothing.
    """
    if not window:
        moved = [shift.moved(line, to) for line in replace]
        return [line + to.eol for line in moved if line is not None]
    strip = bare if exact else str.rstrip
    lines: list[str] = []
    at = 0
    for old, old_end, new, new_end in line_hunks(
        [strip(line) for line in search], [strip(line) for line in replace]
    ):
        lines += window[at:old]
        fresh: list[str] = []
        for line in replace[new:new_end]:
            moved_line = shift.moved(strip(line), to)
            if moved_line is None:
                return None
            fresh.append(moved_line)
        if not exact:
            fresh = _typeset(fresh, search[old:old_end], window[old:old_end], shift, to)
        for index, line in enumerate(fresh):
            twin = window[old + index] if old + index < old_end else ""
            lines.append(line + (ending(twin) or to.eol))
        at = old_end
    lines += window[at:]
    # The last line ends as the last one did, be it in nothing at the end of a file.
    last = lines.pop() if lines else None
    lines = [line if ending(line) else line + to.eol for line in lines]
    return lines if last is None else [*lines, bare(last) + ending(window[-1])]


def repeats_around(
    new: Sequence[str], window: Sequence[str], before: Sequence[str], after: Sequence[str]
) -> bool:
    """Tell whether the new lines of `window` end, or begin, with the lines next to it.

    Models like to write more of the surroundings into REPLACE than into SEARCH, and the text would
    then hold them twice. One line alone may well be meant; two are not.
    """
    return _begins_alike(new[::-1], window[::-1], after) or _begins_alike(
        new, window, before[-_FEW:][::-1]
    )


def _begins_alike(new: Sequence[str], window: Sequence[str], around: Sequence[str]) -> bool:
    """Tell whether fresh lines, read from one end, are those beyond it, read away from it."""
    fresh, own = [line.rstrip() for line in new[:_FEW]], [line.rstrip() for line in window[:_FEW]]
    beside = [line.rstrip() for line in around[:_FEW]]
    for count in range(2, min(len(fresh), len(beside)) + 1):
        piece = fresh[:count]
        said = sum(any(char.isalnum() for char in line) for line in piece)
        if said >= 2 and piece == beside[:count][::-1] and piece != own[:count]:
            return True
    return False


def _typeset(
    fresh: list[str], search: Sequence[str], window: Sequence[str], shift: Shift, to: Format
) -> list[str]:
    """Keep the typographic characters that a block only wrote in another way."""
    was = "\n".join(line.rstrip() for line in window)
    told = "\n".join((shift.moved(line, to) or "").rstrip() for line in search)
    now = "\n".join(fresh)
    if was == told or len(was) != len(told) or not fresh or fold(was) != fold(told):
        return fresh
    return apply_edits(was, smallest_edits(told, now)).split("\n")


def _width(indent: str, tab: int) -> int:
    return sum(tab if char == "\t" else 1 for char in indent)


def _blanks(width: int, tab: int, to: Format) -> str:
    if to.unit == "\t":
        return "\t" * (width // tab) + " " * (width % tab)
    return " " * width


def _step(lines: Sequence[str]) -> int:
    """Return the columns of one step of indentation: what all indents in blanks share."""
    shared = 0
    for line in lines:
        if line.strip() and "\t" not in indent_of(line):
            shared = gcd(shared, len(indent_of(line)))
    return shared if shared >= 2 else 4
