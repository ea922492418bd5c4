"""Changes outside of the region that the task did not ask for are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dola_ls.core.candidate import Candidate
from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.elsewhere import Outside
from dola_ls.core.independent import names_changed
from dola_ls.core.reach import is_all_over
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.unrelated import telling
from dola_ls.core.words import has_word


def without_strays(c: Candidate) -> Rewrite:
    """Return a rewrite of more than the region without what has nothing to do with the task.

    A model that writes a whole file anew likes to tidy up on its way. Outside of the region a
    change is made where a line has the region's name in it, and where it adds or takes away a name
    that the instruction speaks of or that the changes inside the region add or take away too; any
    is where the instruction is about all functions or the whole file.
    Lines that are only taken away stay if the task has no need of that, and are then not put
    elsewhere either.
    """
    document, region = c.document, c.target.region
    inside = [
        edit for edit in c.rewrite.edits if edit.start <= region.end and region.start <= edit.end
    ]
    words = telling(c.instruction or "") | _changed(document, inside)
    name = c.target.symbol.name if c.target.symbol is not None else ""
    hunks = list(_hunks(document, [edit for edit in c.rewrite.edits if edit not in inside]))
    outside = Outside(c)
    all_over = is_all_over(c.instruction or "")
    #: By the number of a hunk that may be left out: the lines that then stand where they stood.
    undone: dict[int, set[str]] = {}
    elsewhere: set[str] = set()
    for number, hunk in enumerate(hunks):
        taken = [(edit, at) for edit in hunk for at in outside.taken(edit)]
        moved = {outside.line(at) for _, at in taken if outside.is_only_one(at)}
        elsewhere |= moved
        lost = {
            outside.line(at)
            for edit, at in taken
            if outside.is_lost(edit, at) or outside.is_moved(at)
        }
        related = (
            all_over
            or bool(_changed(document, hunk) & words)
            or (name and has_word(_old(document, hunk), name))
        )
        if not related:
            undone[number] = moved
        elif lost and not _written(hunk):
            undone[number] = lost
    kept = sorted([*inside, *_made(hunks, undone, elsewhere, _written(inside))])
    return c.rewrite if len(kept) == len(c.rewrite.edits) else c.rewrite.only(document, kept)


def _made(
    hunks: Sequence[Sequence[Edit]],
    undone: dict[int, set[str]],
    elsewhere: set[str],
    put_in: set[str],
) -> list[Edit]:
    """Return the edits outside of the region that are made.

    Lines that only stand elsewhere because of hunks that are undone are not put there. What would
    leave a line twice is not undone: the gate refuses the answer if it has no reason for that.
    """
    while True:
        stays = set[str]().union(*undone.values())
        made = [
            hunk
            for number, hunk in enumerate(hunks)
            if number not in undone and not (stays and _only_adds(hunk) and _written(hunk) <= stays)
        ]
        there = put_in | (elsewhere & {line for hunk in made for line in _written(hunk)})
        twice = [number for number, lines in undone.items() if lines & there]
        if not twice:
            return [edit for hunk in made for edit in hunk]
        for number in twice:
            del undone[number]


def _changed(document: Document, edits: Sequence[Edit]) -> set[str]:
    return telling(" ".join(names_changed(document, edits)))


def _old(document: Document, hunk: Sequence[Edit]) -> str:
    """Return the lines that a hunk changes as they are."""
    lines = document.whole_lines(Span(hunk[0].start, hunk[-1].end))
    return document.text[lines.start : lines.end]


def _only_adds(hunk: Sequence[Edit]) -> bool:
    return all(edit.start == edit.end for edit in hunk)


def _written(edits: Sequence[Edit]) -> set[str]:
    """Return the lines that edits write, without those that are blank."""
    return {line for edit in edits for line in map(str.strip, split_lines(edit.text)) if line}


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
