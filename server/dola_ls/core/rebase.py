"""Carry pending edits through what the user typed meanwhile, or say where the two collide.

The rule is by lines of the snapshot:

- An edit touches the lines it changes. An edit that only inserts whole lines between two others
  touches neither of them; it stands at their border.
- Edits of ours on neighbouring lines form one hunk.
- A change of the user's on other lines moves our edits and nothing more. That holds for the lines
  right above and below a hunk, and for whole lines put in there: the order is plain.
- A change that touches a line of a hunk is a conflict, as are whole lines put in between two lines
  of a hunk, and whole lines put in where we put some in too: nobody can say which come first.

Only the net effect counts; see `since`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dola_ls.core.document import Edit, check_edits
from dola_ls.core.since import Since

_EOLS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Rebased:
    """No edit was in the user's way."""

    #: They refer to the text after the user's changes.
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """The user changed lines that our edits change too; nothing should be applied unasked."""

    #: The first line of the snapshot, from zero, where both meet.
    line: int
    #: The edits of the hunks that nobody touched; they refer to the text after the changes.
    free: tuple[Edit, ...]
    #: The edits of the touched hunks, as they came; they refer to the snapshot.
    touched: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """An edit of the snapshot with the lines ``[first, behind)`` it touches.

    Where `first` equals `behind`, whole lines are put in before line `first`.
    """

    edit: Edit
    first: int
    behind: int

    @property
    def at_border(self) -> bool:
        return self.first == self.behind


def rebase(
    text: str,
    edits: Sequence[Edit],
    changes: Sequence[Edit],
    starts: Sequence[int] | None = None,
) -> Rebased | Conflict:
    """Carry `edits` of `text` through `changes`, each of which refers to what the last one left.

    `starts` is the text's line table, where the caller has it. Raises ValueError where an edit or
    a change lies outside its text, or the edits overlap.
    """
    since = Since(text, starts)
    for change in changes:
        since.add(change)
    return carry(edits, since)


def carry(edits: Sequence[Edit], since: Since) -> Rebased | Conflict:
    """Carry `edits` of a text through what was changed in it since.

    Raises ValueError where they overlap or lie outside the text.
    """
    text, starts = since.text, since.starts
    check_edits(text, edits)
    theirs = [_placed(text, starts, edit) for edit in since.net()]
    firsts = [change.first for change in theirs]
    ends = [change.behind for change in theirs]
    growth = [0, *accumulate(len(c.edit.text) - (c.edit.end - c.edit.start) for c in theirs)]
    free: list[Edit] = []
    touched: list[Edit] = []
    lines: list[int] = []
    for hunk in _hunks(_placed(text, starts, edit) for edit in edits):
        first, behind = hunk[0].first, hunk[-1].behind
        # A change that joins a CR and an LF begins one line early, hence the 1.
        near = theirs[bisect_left(ends, first) : bisect_right(firsts, behind + 1)]
        met = [change for change in near if _meet(change, hunk)]
        if met:
            lines.append(max(first, met[0].first))
            touched += (placed.edit for placed in hunk)
            continue
        shift = growth[bisect_right(ends, first)]
        free += (Edit(e.start + shift, e.end + shift, e.text) for e in (p.edit for p in hunk))
    if lines:
        return Conflict(lines[0], tuple(free), tuple(touched))
    return Rebased(tuple(free))


def _placed(text: str, starts: Sequence[int], edit: Edit) -> _Placed:
    first = bisect_right(starts, edit.start) - 1
    last = bisect_right(starts, edit.end) - 1
    at_start = edit.start == starts[first]
    follows = text[edit.end : edit.end + 1]
    if edit.text:
        whole = edit.text.endswith(_EOLS) and (edit.text[-1], follows) != ("\r", "\n")
    else:
        whole = at_start
    # The empty line at the end of a text has nothing to touch; what is put there is appended.
    appended = edit.start == starts[-1] == len(text)
    if not (edit.end == starts[last] and (edit.end > edit.start or at_start) and whole):
        last += not appended
    if (
        at_start
        and text[edit.start - 1 : edit.start] == "\r"
        and (edit.text or follows)[:1] == "\n"
    ):
        # The line above changes too: its CR becomes a CRLF.
        first -= 1
    return _Placed(edit, first, last)


def _hunks(edits: Iterable[_Placed]) -> Iterator[list[_Placed]]:
    """Yield runs of edits on neighbouring lines."""
    hunk: list[_Placed] = []
    for edit in edits:
        if hunk and edit.first > hunk[-1].behind:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _meet(change: _Placed, hunk: Sequence[_Placed]) -> bool:
    if change.first < hunk[-1].behind and hunk[0].first < change.behind:
        return True
    # Both put whole lines in at the same border.
    return change.at_border and any(e.at_border and e.first == change.first for e in hunk)
