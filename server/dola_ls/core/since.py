"""What the user changed in a text since it was looked at, taken in change by change.

Only the net effect counts. What was typed and taken back again never happened, and neither did
the unchanged part of a full-text replacement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from dola_ls.core.diff import smallest_edits
from dola_ls.core.document import Edit, apply_edits, line_starts

_EOLS = ("\r\n", "\n", "\r")


class Since:
    """The changes to one text so far.

    A change costs as much as there are changed places, and not as much as was typed; `net` looks
    again only at the lines that changed since it was last asked for.
    """

    def __init__(self, text: str, starts: Sequence[int] | None = None) -> None:
        """Begin with an unchanged text; `starts` is its line table, where the caller has it."""
        self.text = text
        self.starts = line_starts(text) if starts is None else starts
        self._length = len(text)
        #: What the text lost, and what stands there now; no two of them touch.
        self._edits: list[Edit] = []
        self._net: list[Edit] | None = []
        #: The edits, line by line, of places that were changed when `net` was last asked for.
        self._compared: dict[tuple[int, int, tuple[Edit, ...]], list[Edit]] = {}

    def add(self, change: Edit) -> None:
        """Take in a change, which refers to what the last one left.

        Raises ValueError where it lies outside that text.
        """
        if not 0 <= change.start <= change.end <= self._length:
            raise ValueError(f"change {change.start}-{change.end} lies outside the text")
        self._length += _growth(change)
        self._net = None
        edits = self._edits
        # Those that the change touches are one with it.
        first, shift = 0, 0
        while first < len(edits) and _end(edits[first], shift) < change.start:
            shift += _growth(edits[first])
            first += 1
        start, end, text = change.start - shift, change.end - shift, change.text
        behind = first
        while behind < len(edits) and edits[behind].start + shift <= change.end:
            edit = edits[behind]
            low, high = edit.start + shift, _end(edit, shift)
            if behind == first and low < change.start:
                start, text = edit.start, edit.text[: change.start - low] + text
            if change.end < high:
                text += edit.text[change.end - low :]
            shift += _growth(edit)
            end = edit.end + max(0, change.end - high)
            behind += 1
        edits[first:behind] = [Edit(start, end, text)] if text or start < end else []

    def net(self) -> list[Edit]:
        """Return what it comes to: edits that all refer to the first text, line by line.

        Treat the list as read-only.
        """
        if self._net is None:
            before, self._compared = self._compared, {}
            self._net = []
            for low, high, together in self._by_lines():
                key = (low, high, tuple(together))
                new = before.get(key)
                self._compared[key] = self._smallest(*key) if new is None else new
                self._net += self._compared[key]
        return self._net

    def _by_lines(self) -> list[tuple[int, int, list[Edit]]]:
        """Return the edits by the lines ``[low, high)`` that they change; an offset each."""
        text, starts = self.text, self.starts
        groups: list[tuple[int, int, list[Edit]]] = []
        for edit in self._edits:
            low = starts[bisect_right(starts, edit.start) - 1]
            following = bisect_right(starts, edit.end)
            high = starts[following] if following < len(starts) else len(text)
            if edit.start == edit.end == low and edit.text.endswith(_EOLS):
                # Whole lines put in. Of two equal lines, these are the new ones.
                high = low
            together = [edit]
            if groups and low < groups[-1][1]:
                low, before, others = groups.pop()
                high, together = max(high, before), [*others, edit]
            groups.append((low, high, together))
        return groups

    def _smallest(self, low: int, high: int, together: Sequence[Edit]) -> list[Edit]:
        if low == high:
            return list(together)
        old = self.text[low:high]
        new = apply_edits(old, [Edit(e.start - low, e.end - low, e.text) for e in together])
        return [Edit(low + e.start, low + e.end, e.text) for e in smallest_edits(old, new)]


def net_changes(
    text: str, changes: Sequence[Edit], starts: Sequence[int] | None = None
) -> list[Edit]:
    """Return what sequential `changes` come to: edits that all refer to `text`, line by line.

    Raises ValueError where a change lies outside the text it refers to.
    """
    since = Since(text, starts)
    for change in changes:
        since.add(change)
    return since.net()


def _growth(edit: Edit) -> int:
    return len(edit.text) - (edit.end - edit.start)


def _end(edit: Edit, shift: int) -> int:
    """Return where the text that was put in ends, in the text as it is now."""
    return edit.start + shift + len(edit.text)
