"""Whether an edit that was sent to the editor is in the text, by the changes that came back."""

from __future__ import annotations

from collections.abc import Sequence

from dola_ls.core.document import Edit, apply_edits
from dola_ls.core.rebase import Conflict, carry
from dola_ls.core.since import Since


def landed(text: str, edits: Sequence[Edit], changes: Sequence[Edit]) -> bool:
    """Tell whether `changes` to `text` hold our `edits`, whole and in the right place.

    The user may have typed before them or after them; they come in one piece.
    """
    before, since = text, Since(text)
    for start in range(len(changes) + 1):
        if start:
            before = apply_edits(before, [changes[start - 1]])
            since.add(changes[start - 1])
        moved = carry(edits, since)
        if isinstance(moved, Conflict):
            continue
        wanted, now = apply_edits(before, moved.edits), before
        for change in changes[start:]:
            now = apply_edits(now, [change])
            if now == wanted:
                return True
    return False


def misplaced(edits: Sequence[Edit], changes: Sequence[Edit]) -> bool:
    """Tell whether one of our edits came back although all of them together did not."""
    return any(edit in changes for edit in edits)
