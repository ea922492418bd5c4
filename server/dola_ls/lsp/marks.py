"""The diagnostics that this server shows: what is proposed where, and what went wrong where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.lsp.documents import document_key

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

SOURCE = "dola-ls"


class Marks:
    """Diagnostics by document and by who put them there; a client takes only all at once."""

    def __init__(self, server: DolaServer) -> None:
        self._server = server
        self._marks: dict[str, dict[str, list[types.Diagnostic]]] = {}

    def put(self, uri: str, owner: str, diagnostics: Sequence[types.Diagnostic]) -> None:
        """Put what `owner` has to say of a document in the place of what it said before."""
        key = document_key(uri)
        said = self._marks.get(key, {})
        if said.get(owner, []) == list(diagnostics):
            return
        said = {**said, owner: list(diagnostics)}
        self._marks[key] = {who: marks for who, marks in said.items() if marks}
        if not self._marks[key]:
            del self._marks[key]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=uri, diagnostics=[mark for marks in said.values() for mark in marks]
            )
        )

    def moved(self, uri: str, owner: str, diagnostics: Sequence[types.Diagnostic]) -> None:
        """Note where what `owner` said of a document has gone to.

        The client is not told, as it moves them by itself; another owner's say tells it of all.
        """
        said = self._marks.get(document_key(uri), {})
        if owner in said:
            said[owner] = list(diagnostics)

    def forget(self, uri: str) -> None:
        """Take back everything that was said of a document."""
        for owner in list(self._marks.get(document_key(uri), {})):
            self.put(uri, owner, [])
