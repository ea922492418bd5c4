"""Two edits one after the other as one set of edits of the first text."""

from __future__ import annotations

from collections.abc import Sequence

from dola_ls.core.document import Edit


def composed(between: str, first: Edit, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return what `first` and then `edits` come to, as edits of the text before `first`.

    `between` is the text that `first` leads to, which `edits` refer to.
    """
    low, high = first.start, first.start + len(first.text)
    shift = (first.end - first.start) - len(first.text)
    before = [edit for edit in edits if edit.end < low]
    behind = [edit for edit in edits if edit.start > high]
    meeting = [edit for edit in edits if edit.end >= low and edit.start <= high]
    if meeting:
        low, high = min(low, meeting[0].start), max(high, meeting[-1].end)
    text, at = "", low
    for edit in meeting:
        text += between[at : edit.start] + edit.text
        at = edit.end
    text += between[at:high]
    moved = (Edit(edit.start + shift, edit.end + shift, edit.text) for edit in behind)
    return (*before, Edit(low, high + shift, text), *moved)
