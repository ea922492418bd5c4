"""`textDocument/hover`: the short form of an explanation, while what it explains is as it was.

No model and no I/O, and nothing but on the name of a symbol or the keywords before it: who hovers
a variable wants its type, from another server.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.core.document import Document
from dola_ls.core.syntax import Symbol, symbol_headed_at
from dola_ls.lsp.convert import path_to_uri, to_range
from dola_ls.lsp.documents import document_key

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

#: How many explanations are kept; the oldest goes first.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of an explanation: its short form in safe Markdown, and the page with it all."""

    short: str
    page: Path


class Explanations:
    """The explanations of symbols in open documents, found again by the text they explain."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, document: Document, symbol: Symbol, kept: Kept) -> None:
        """Keep an explanation; one of the same text is replaced."""
        key = _key(document, symbol)
        self._kept.pop(key, None)
        self._kept[key] = kept
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def any_of(self, uri: str) -> bool:
        """Tell whether there is any for a document."""
        wanted = document_key(uri)
        return any(key[0] == wanted for key in self._kept)

    def find(self, document: Document, symbol: Symbol) -> Kept | None:
        """Return the explanation of a symbol, if it has the very text that was explained."""
        return self._kept.get(_key(document, symbol))

    def forget(self, uri: str) -> None:
        """Let go of a closed document's explanations."""
        gone = document_key(uri)
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] != gone}


def _key(document: Document, symbol: Symbol) -> tuple[str, str, str]:
    text = document.text[symbol.span.start : symbol.span.end]
    return document_key(document.uri), symbol.qualified_name, text


def hover(server: DolaServer, params: types.HoverParams) -> types.Hover | None:
    """Return the short form of the explanation of the symbol that is named at a position."""
    document = server.documents.get(params.text_document.uri)
    # Editors ask again and again, and mostly there is nothing: then nothing is parsed.
    if document is None or not server.explanations.any_of(document.uri):
        return None
    tree = server.trees.get(document)
    if tree is None:
        return None
    encoding = server.client.encoding
    position = params.position
    offset = document.offset(position.line, position.character, encoding)
    symbol = symbol_headed_at(tree, offset)
    kept = server.explanations.find(document, symbol) if symbol is not None else None
    if symbol is None or kept is None:
        return None
    return types.Hover(
        _contents(kept, server.client.markdown_hover),
        to_range(document, symbol.name_span, encoding),
    )


def _contents(kept: Kept, markdown: bool) -> types.MarkupContent:
    if markdown:
        value = f"{kept.short}\n\n[The whole explanation]({path_to_uri(kept.page)})"
        return types.MarkupContent(types.MarkupKind.Markdown, value)
    from dola_ls.core.explanation import as_plain_text

    value = f"{as_plain_text(kept.short)}\n\nThe whole explanation: {kept.page}"
    return types.MarkupContent(types.MarkupKind.PlainText, value)
