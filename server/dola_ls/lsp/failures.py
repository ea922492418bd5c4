"""Tests that failed, marked in their file until their lines change or they are run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.testing.results import Failure
from dola_ls.lsp.convert import to_range
from dola_ls.lsp.documents import document_key
from dola_ls.lsp.marks import SOURCE

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

_OWNER = "tests"


@dataclass(frozen=True, slots=True)
class _Mark:
    span: Span
    message: str


class Failures:
    """The failures that are marked, by document."""

    def __init__(self, server: DolaServer) -> None:
        self._server = server
        self._shown: dict[str, tuple[Document, list[_Mark]]] = {}

    def show(self, document: Document, failures: Sequence[Failure]) -> None:
        """Mark failures in a document, in the place of those before."""
        marks = [_Mark(_content(document, one.line), one.message) for one in failures]
        self._put(document, marks)

    def follow(self, uri: str) -> None:
        """Take away the marks on lines that have just changed, and move the others along."""
        document, marks = self._shown.get(document_key(uri), (None, []))
        if document is None:
            return
        now = self._server.documents.get(uri)
        changes = self._server.documents.changes_since(document)
        if now is None or changes is None:
            self._put(document, [])
            return
        left = [moved for mark in marks if (moved := _moved(mark, changes)) is not None]
        if len(left) < len(marks):
            self._put(now, left)
        else:
            self._shown[document_key(uri)] = now, left
            self._server.marks.moved(uri, _OWNER, self._diagnostics(now, left))

    def forget(self, uri: str) -> None:
        """Follow the marks of a closed document no longer."""
        self._shown.pop(document_key(uri), None)

    def _put(self, document: Document, marks: list[_Mark]) -> None:
        if marks:
            self._shown[document_key(document.uri)] = document, marks
        else:
            self.forget(document.uri)
        self._server.marks.put(document.uri, _OWNER, self._diagnostics(document, marks))

    def _diagnostics(self, document: Document, marks: list[_Mark]) -> list[types.Diagnostic]:
        encoding = self._server.client.encoding
        return [
            types.Diagnostic(
                range=to_range(document, mark.span, encoding),
                message=mark.message,
                severity=types.DiagnosticSeverity.Error,
                source=SOURCE,
            )
            for mark in marks
        ]


def _content(document: Document, line: int) -> Span:
    """Return a line without the blanks round it."""
    start, text = document.line_span(line).start, document.line_text(line)
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def _moved(mark: _Mark, changes: Sequence[Edit]) -> _Mark | None:
    """Return a mark where it is after changes; None where one of them touches it."""
    start, end = mark.span.start, mark.span.end
    for change in changes:
        if change.start <= end and change.end >= start:
            return None
        if change.end < start:
            delta = len(change.text) - (change.end - change.start)
            start, end = start + delta, end + delta
    return _Mark(Span(start, end), mark.message)
