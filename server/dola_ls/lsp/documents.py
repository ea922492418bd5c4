"""The open documents, and what the user changed in them since a given snapshot."""

from __future__ import annotations

import logging
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from lsprotocol import types

from dola_ls.core.document import Document, Edit, Encoding
from dola_ls.core.languages import language_of
from dola_ls.core.shared_ends import shared_head, shared_tail
from dola_ls.core.since import Since

log = logging.getLogger(__name__)

_Change: TypeAlias = types.TextDocumentContentChangeEvent

#: How far back the changes of one document are remembered: whichever limit is met first.
MAX_CHANGES = 5_000
MAX_CHANGE_BYTES = 16 * 1024 * 1024

_DRIVE = re.compile(r"(?i)^(file:///)([a-z]):")


def document_key(uri: str) -> str:
    """Return the form of `uri` under which equal URIs compare equal.

    Clients differ in what they percent-encode and in the case of a drive letter, and one client
    may differ from itself between two messages.
    """
    plain = unquote(uri, errors="surrogateescape")
    return _DRIVE.sub(lambda match: "file:///" + match[2].lower() + ":", plain)


class Documents:
    """The documents the client has open, each as an immutable `Document`.

    A snapshot is known by identity: the very object that `get` returned. A document that was
    closed and opened again under the same version is another document.
    """

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        #: The unit of positions, set once `initialize` has settled it.
        self.encoding: Encoding = encoding
        self._open: dict[str, _Opened] = {}
        #: The last message, if it was a change to a document that is not open: its key, the version
        #: and the changes.
        self._early: tuple[str, int, tuple[_Change, ...]] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Document]:
        return iter([opened.document for opened in self._open.values()])

    def get(self, uri: str) -> Document | None:
        """Return the document as it is now, or None where it is not open."""
        opened = self._open.get(document_key(uri))
        return opened.document if opened else None

    def open(self, uri: str, language: str, version: int, text: str) -> Document:
        """Take in a document; one that was open already is replaced.

        Helix 25.01 sends the first change of a file that it has just created, and then the empty
        file. Such a change is made to it.
        """
        key = document_key(uri)
        early, self._early = self._early, None
        if key in self._open:
            log.warning("opened twice, the later text holds: %s", uri)
        document = Document(uri, language_of(language).id, version, text)
        if early is not None and early[:2] == (key, version + 1):
            document, _ = self._changed(document, version + 1, early[2])
            log.warning("made the change that came before its document: %s", uri)
        self._open[key] = _Opened(document)
        return document

    def change(
        self,
        uri: str,
        version: int,
        changes: Sequence[_Change],
    ) -> Document | None:
        """Make `changes` one after the other; return the document after all of them.

        Returns None, and does nothing, where the document is not open. A version that falls is
        taken as it is: the text is the client's to decide, and snapshots do not rely on version
        numbers. Only where it fits before the last change, and that one left room for it, the two
        were sent in the wrong order, as Helix 25.01 sometimes does; then they are made in the right
        one.
        """
        opened, self._early = self._open.get(document_key(uri)), None
        if opened is None:
            log.warning("ignored a change to a document that is not open: %s", uri)
            self._early = document_key(uri), version, tuple(changes)
            return None
        if version <= opened.document.version:
            log.warning("version went from %d to %d: %s", opened.document.version, version, uri)
        if opened.before is not None and opened.before.version < version < opened.document.version:
            return self._in_order(opened, opened.before, version, changes)
        before, opened.last = opened.document, tuple(changes)
        document, edits = self._changed(before, version, changes)
        opened.advance(document, edits)
        opened.before = before
        return document

    def _in_order(
        self, opened: _Opened, before: Document, version: int, late: Sequence[_Change]
    ) -> Document:
        """Make a change that came late, and after it the one that came too early."""
        now = opened.document
        between, _ = self._changed(before, version, late)
        document, _ = self._changed(between, now.version, opened.last)
        # Of two more that come late, the earlier is not looked for a place.
        opened.advance(document, [whole_change(now.text, document.text)])
        opened.before = between
        return document

    def _changed(
        self, document: Document, version: int, changes: Sequence[_Change]
    ) -> tuple[Document, list[Edit]]:
        """Return a document after `changes`, and the edits they were."""
        edits: list[Edit] = []
        for change in changes:
            edit = self._edit(document, change)
            document = document.changed(edit, version)
            edits.append(edit)
        if not edits:
            document = Document(document.uri, document.language, version, document.text)
        return document, edits

    def close(self, uri: str) -> Document | None:
        """Forget a document; return it as it was, or None where it was not open."""
        opened, self._early = self._open.pop(document_key(uri), None), None
        return opened.document if opened else None

    def changes_since(self, document: Document) -> list[Edit] | None:
        """Return what the user changed since `document` was the current one.

        Each edit refers to the text the one before it left. None means that the way is lost: the
        document was closed (and perhaps opened again), or more has changed than is remembered.
        """
        opened = self._open.get(document_key(document.uri))
        return opened.changes_since(document) if opened else None

    def since(self, document: Document) -> Since | None:
        """Return what `changes_since` comes to; each change is taken in once for each snapshot."""
        opened = self._open.get(document_key(document.uri))
        return opened.since(document) if opened else None

    def _edit(self, document: Document, change: _Change) -> Edit:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return whole_change(document.text, change.text)
        start, end = (
            document.offset(position.line, position.character, self.encoding)
            for position in (change.range.start, change.range.end)
        )
        # A range the wrong way round is turned, as vscode-languageserver-textdocument does.
        return Edit(min(start, end), max(start, end), change.text)


class _Opened:
    """One document from its didOpen to its didClose."""

    def __init__(self, document: Document) -> None:
        self.document = document
        #: The document before the last message of changes, and those, as they came.
        self.before: Document | None = None
        self.last: Sequence[_Change] = ()
        self._changes: deque[Edit] = deque()
        self._forgotten = 0
        self._bytes = 0
        # How many changes had been made when each snapshot was the current one. Weak, so that a
        # snapshot nobody holds any longer costs nothing, nor does the history before it.
        self._marks: WeakKeyDictionary[Document, int] = WeakKeyDictionary({document: 0})
        #: What they come to for the snapshots of which that was asked, with how many are in it.
        self._sums: WeakKeyDictionary[Document, tuple[int, Since]] = WeakKeyDictionary()

    def advance(self, document: Document, edits: Sequence[Edit]) -> None:
        """Make `document` the current one, which `edits` led to."""
        self._changes.extend(edits)
        self._bytes += sum(sys.getsizeof(edit.text) for edit in edits)
        self.document = document
        self._marks[document] = self._forgotten + len(self._changes)
        self._forget()

    def changes_since(self, document: Document) -> list[Edit] | None:
        mark = self._marks.get(document)
        if mark is None or mark < self._forgotten:
            return None
        return list(islice(self._changes, mark - self._forgotten, None))

    def since(self, document: Document) -> Since | None:
        mark = self._marks.get(document)
        if mark is None:
            return None
        made = self._forgotten + len(self._changes)
        taken, sum_ = self._sums.get(document) or (mark, Since(document.text, document.starts))
        if taken < self._forgotten:
            return None
        for at in range(taken - made, 0):
            sum_.add(self._changes[at])
        self._sums[document] = made, sum_
        return sum_

    def _forget(self) -> None:
        needed = min(self._marks.values())
        while self._changes and (
            self._forgotten < needed
            or len(self._changes) > MAX_CHANGES
            or self._bytes > MAX_CHANGE_BYTES
        ):
            self._bytes -= sys.getsizeof(self._changes.popleft().text)
            self._forgotten += 1


def whole_change(old: str, new: str) -> Edit:
    """Return the one edit that makes `new` of `old`, without the text both begin and end with.

    The edit never begins or ends between CR and LF, or between two halves of a surrogate pair.
    """
    room = min(len(old), len(new))
    head = shared_head(old, new, room)
    while head and (_splits(old, head) or _splits(new, head)):
        head -= 1
    tail = shared_tail(old, new, room - head)
    while tail and (_splits(old, len(old) - tail) or _splits(new, len(new) - tail)):
        tail -= 1
    return Edit(head, len(old) - tail, new[head : len(new) - tail])


def _splits(text: str, offset: int) -> bool:
    if not 0 < offset < len(text):
        return False
    before, after = text[offset - 1], text[offset]
    return (before == "\r" and after == "\n") or (
        "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"
    )
