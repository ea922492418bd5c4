"""Changes outside of the region that the task did not ask for are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dola_ls.core.candidate import Candidate
from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.elsewhere import Outside
from dola_ls.core.independent import names_changed
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.unrelated import telling
from dola_ls.core.words import has_word


def without_strays(c: Candidate) -> Rewrite:
    """Return a rewrite of more than the region without what has nothing to do with the task.

    A model that writes a whole file anew likes to tidy up on its way. Outside of the region a
    change is made where a line has the region's name in it, and where it adds or takes away a name
    that the instruction speaks of or that the changes inside the region add or take away too.
    Lines that are only taken away stay if the task has no need of that, and are then not put
    elsewhere either.
    """
    document, region = c.document, c.target.region
    inside = [
        edit for edit in c.rewrite.edits if edit.start <= region.end and region.start <= edit.end
    ]
    words = telling(c.instruction or "") | _changed(document, inside)
    name = c.target.symbol.name if c.target.symbol is not None else ""
    outside = Outside(c)
    hunks = [
        hunk
        for hunk in _hunks(document, [edit for edit in c.rewrite.edits if edit not in inside])
        if _changed(document, hunk) & words or (name and has_word(_old(document, hunk), name))
    ]
    # What is put into the region cannot be taken back, and would be there twice.
    put_in = {line for edit in inside for line in _lines(edit)}
    stays: set[str] = set()
    left: list[list[Edit]] = []
    for hunk in hunks:
        lost = [
            outside.line(at)
            for edit in hunk
            for at in outside.taken(edit)
            if outside.is_lost(edit, at) or outside.is_moved(at)
        ]
        only_takes = not any(edit.text.strip() for edit in hunk)
        if lost and only_takes and put_in.isdisjoint(lost):
            stays.update(lost)
        else:
            left.append(hunk)
    kept = list(inside)
    for hunk in left:
        lines = {line for edit in hunk for line in _lines(edit)}
        only_adds = all(edit.start == edit.end for edit in hunk)
        if not (stays and only_adds and lines <= stays):
            kept += hunk
    if len(kept) == len(c.rewrite.edits):
        return c.rewrite
    return c.rewrite.only(document, sorted(kept))


def _changed(document: Document, edits: Sequence[Edit]) -> set[str]:
    return telling(" ".join(names_changed(document, edits)))


def _old(document: Document, hunk: Sequence[Edit]) -> str:
    """Return the lines that a hunk changes as they are."""
    lines = document.whole_lines(Span(hunk[0].start, hunk[-1].end))
    return document.text[lines.start : lines.end]


def _lines(edit: Edit) -> Iterator[str]:
    """Yield the lines that an edit writes, without those that are blank."""
    return filter(None, map(str.strip, split_lines(edit.text)))


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
