"""The outcome of reading an answer: the new text of a region, and the edits that make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dola_ls.core.document import Document, Edit, Span, apply_edits


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The new text of a region, and the smallest edits that bring it about."""

    region: Span
    text: str
    #: They refer to the whole document.
    edits: tuple[Edit, ...]
    #: The code as the model wrote it; empty where the text was put together from blocks.
    said: str = ""

    def only(self, document: Document, edits: Sequence[Edit]) -> Rewrite:
        """Return the rewrite that makes only some of the edits."""
        at = self.region.start
        moved = [Edit(edit.start - at, edit.end - at, edit.text) for edit in edits]
        text = apply_edits(document.text[at : self.region.end], moved)
        return Rewrite(self.region, text, tuple(edits), self.said)
