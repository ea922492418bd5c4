"""The syntax trees of open documents, each made from the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dola_ls.core.actions import Target, find_target
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.limits import MAX_PARSED
from dola_ls.core.parsing import Tree, parse
from dola_ls.lsp.documents import Documents, document_key

#: A menu is made from the tree at hand as long as no more than this was typed since.
_MOST_CHANGES = 50
#: Seconds without a menu after which the tree is brought up to date.
_IDLE = 0.1


class Trees:
    """Keeps the latest tree of each open document, so that a key press costs 3 ms, not 60."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._latest: dict[str, Tree] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

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

    def named_target(self, document: Document, span: Span) -> Target | None:
        """Return what a menu at `span` is to name; its region may be that of an older version.

        A key that opens a string makes the whole file parse anew, for 50 ms and often only until
        the next key. So where the user typed within lines, and not where a symbol begins, the
        tree from before tells the names; the action itself looks at the text as it is.
        """
        latest = self._latest.get(document_key(document.uri))
        if latest is not None and latest.document is not document:
            changes = self._documents.changes_since(latest.document)
            if changes is not None and _only_within_lines(latest, document, changes):
                sure, target = _before(latest, document, span, changes)
                if sure:
                    self.parse_later(document.uri)
                    return target
        return find_target(document, self.get(document), span)

    def forget(self, uri: str) -> None:
        """Let go of a closed document's tree."""
        key = document_key(uri)
        self._latest.pop(key, None)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def close(self) -> None:
        """Let go of everything."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._latest.clear()

    def parse_later(self, uri: str) -> None:
        """Bring a document's tree up to date once the user pauses."""
        key = document_key(uri)
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(_IDLE, self._parse_now, uri)

    def _parse_now(self, uri: str) -> None:
        self._timers.pop(document_key(uri), None)
        document = self._documents.get(uri)
        if document is not None:
            self.get(document)


def _only_within_lines(latest: Tree, document: Document, changes: Sequence[Edit]) -> bool:
    return (
        len(changes) <= _MOST_CHANGES
        and latest.document.line_count == document.line_count
        and not any("\n" in change.text or "\r" in change.text for change in changes)
    )


def _before(
    latest: Tree, document: Document, span: Span, changes: Sequence[Edit]
) -> tuple[bool, Target | None]:
    """Return the target from before `changes`, and whether they leave it what it was.

    They do unless one of them is where a symbol gets its name: from the symbol's start, or that of
    the lines of `span`, to the end of its name, and outside of symbols on the lines of `span`.
    """
    old = Span(_back(span.start, changes), _back(span.end, changes))
    before = latest.document
    target = find_target(before, latest, old)
    naming = before.whole_lines(old)
    if target is not None and target.symbol is not None:
        # In a comment above it the lines are outside of the symbol.
        start = min(naming.start, target.symbol.span.start)
        naming = Span(start, target.symbol.name_span.end)
    places = (_back(change.start, changes[:index]) for index, change in enumerate(changes))
    return not any(naming.start <= place <= naming.end for place in places), target


def _back(offset: int, changes: Sequence[Edit]) -> int:
    for change in reversed(changes):
        end = change.start + len(change.text)
        if offset >= end:
            offset -= len(change.text) - (change.end - change.start)
        elif offset > change.start:
            offset = change.start
    return offset
