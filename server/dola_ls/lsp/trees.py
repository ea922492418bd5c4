"""The syntax trees of open documents, each made from the one before it."""

from __future__ import annotations

from dola_ls.core.document import Document
from dola_ls.core.limits import MAX_PARSED
from dola_ls.core.syntax import Tree, parse
from dola_ls.lsp.documents import document_key


class Trees:
    """Keeps the latest tree of each open document, so that a key press costs 3 ms, not 60."""

    def __init__(self) -> None:
        self._latest: dict[str, Tree] = {}

    def get(self, document: Document) -> Tree | None:
        """Return the tree of a document; None without a grammar, and for very large texts."""
        if len(document.text) > MAX_PARSED:
            return None
        key = document_key(document.uri)
        latest = self._latest.get(key)
        if latest is not None and latest.document is document:
            return latest
        tree = parse(document, latest)
        if tree is not None:
            self._latest[key] = tree
        return tree

    def forget(self, uri: str) -> None:
        """Let go of a closed document's tree."""
        self._latest.pop(document_key(uri), None)
