"""Changes outside of the region that the task did not ask for are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dola_ls.core.actions import Target
from dola_ls.core.document import Document, Edit
from dola_ls.core.independent import names_changed
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.words import WORD


def without_strays(
    document: Document, target: Target, rewrite: Rewrite, instruction: str | None
) -> Rewrite:
    """Return a rewrite of more than the region without what has nothing to do with the task.

    A model that writes a whole file anew likes to tidy up on its way. Outside of the region a
    change stays where it adds or takes away a name that the instruction speaks of, that is the
    region's own, or that the changes inside the region add or take away too.
    """
    region = target.region
    inside = [
        edit for edit in rewrite.edits if edit.start <= region.end and region.start <= edit.end
    ]
    words = set(WORD.findall(instruction or "")) | names_changed(document, inside)
    if target.symbol is not None:
        words.add(target.symbol.name)
    kept = list(inside)
    for hunk in _hunks(document, [edit for edit in rewrite.edits if edit not in inside]):
        if names_changed(document, hunk) & words:
            kept += hunk
    if len(kept) == len(rewrite.edits):
        return rewrite
    return rewrite.only(document, sorted(kept))


def _hunks(document: Document, edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Yield runs of edits on the same or on neighbouring lines."""
    hunk: list[Edit] = []
    for edit in edits:
        if hunk and document.line_of(edit.start) > document.line_of(hunk[-1].end) + 1:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk
