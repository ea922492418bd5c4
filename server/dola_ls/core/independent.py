"""Whether a part of an edit makes sense without the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.words import WORD


def independent(document: Document, one: Sequence[Edit], other: Sequence[Edit]) -> bool:
    """Tell whether two parts of an edit have no name in common that either adds or takes away.

    A variable renamed in both, or an import that only the other part uses, ties them together:
    one without the other would be half a change.
    """
    return not (names_changed(document, one) & names_changed(document, other))


def names_changed(document: Document, edits: Sequence[Edit]) -> set[str]:
    """Return the words of which there are more, or fewer, after some edits than before."""
    if not edits:
        return set()
    lines = document.whole_lines(Span(edits[0].start, edits[-1].end))
    old = document.text[lines.start : lines.end]
    moved = [Edit(e.start - lines.start, e.end - lines.start, e.text) for e in edits]
    before = Counter(WORD.findall(old))
    after = Counter(WORD.findall(apply_edits(old, moved)))
    return {word for word in before | after if before[word] != after[word]}
