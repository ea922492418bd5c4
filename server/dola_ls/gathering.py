"""Related code for one action, out of an index and the open buffers; reads a few files.

What is chosen is looked at once more before it is used: whether it is as it was, and may be sent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakKeyDictionary

from dola_ls.core.along import Related
from dola_ls.core.callers import callers_of
from dola_ls.core.candidates import all_left_out, fitted
from dola_ls.core.catalogue import Catalogue
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of
from dola_ls.core.left_out import LeftOut
from dola_ls.core.related import Wanted, definitions_for
from dola_ls.core.tags import Tagged
from dola_ls.core.testing.listing import Listing
from dola_ls.indexing import MAX_FILE, MAX_FILES, Index, tagged_text

#: How often is chosen anew because a file was not as it was known.
_ROUNDS = 4
#: The share of the room that definitions leave to calls, where these are wanted.
_FOR_CALLS = 0.4
#: Calls that are shown; of a small room, half of them.
_CALLS, _SMALL = 6, 500


@dataclass(frozen=True, slots=True)
class Buffer:
    """A document that is open in the editor, and its path."""

    path: Path
    document: Document


class OpenFiles:
    """What open documents declare, each of which is parsed once."""

    def __init__(self) -> None:
        self._tagged: WeakKeyDictionary[Document, tuple[str, Tagged | None]] = WeakKeyDictionary()

    def of(self, index: Index, buffers: Sequence[Buffer], own: str) -> dict[str, _Open]:
        """Return the open files of a folder but one, by their names."""
        found: dict[str, _Open] = {}
        listed = set(index.names)
        for buffer in buffers:
            name = index.name_of(buffer.path)
            if name is None or name == own or not name.isprintable():
                continue
            document = buffer.document
            if language_of(document.language).grammar is None or len(document.text) > MAX_FILE:
                continue
            # What a walk passes over is not taken because it was opened to be looked at.
            if name not in listed and (index.complete or index.names) and buffer.path.exists():
                continue
            found[name] = _Open(document, None if index.why_not(name) else self._of(name, document))
        return found

    def _of(self, name: str, document: Document) -> Tagged | None:
        known = self._tagged.get(document)
        if known is None or known[0] != name:
            known = name, tagged_text(name, document.text, document.language)
            self._tagged[document] = known
        return known[1]


@dataclass(frozen=True, slots=True)
class _Open:
    document: Document
    tagged: Tagged | None


def gather(
    wanted: Wanted,
    index: Index | None,
    buffers: Sequence[Buffer],
    open_files: OpenFiles,
    until: float,
) -> Related:
    """Return what goes along with a region; not to be called on the event loop.

    After `until` (of `time.monotonic`) no more files are read.
    """
    if index is None:
        return _chosen(wanted, Catalogue(), Listing((), lambda _: None))
    reader = _Reader(index, open_files.of(index, buffers, wanted.path), until)
    for last in (*[False] * (_ROUNDS - 1), True):
        found = _chosen(wanted, index.catalogue(reader.instead), reader.listing)
        paths = {piece.path for piece in found.pieces if not piece.here} - reader.open.keys()
        # All of them are looked at, so that one round is enough for as many as there are.
        moved = [path for path in sorted(paths) if not index.recheck(path)]
        if not moved:
            break
        reader.forget()
        if last:
            kept = tuple(piece for piece in found.pieces if piece.path not in moved)
            found = replace(found, pieces=kept)
    kept_back = [LeftOut(path, why) for path, why in sorted(reader.kept.items())]
    return replace(found, left_out=all_left_out([found.left_out, kept_back, _unseen(index)]))


def _chosen(wanted: Wanted, catalogue: Catalogue, listing: Listing) -> Related:
    definitions, ambiguous = definitions_for(wanted, catalogue, listing)
    if not wanted.callers:
        found = fitted(definitions, wanted.room)
        return replace(found, left_out=(*found.left_out, *ambiguous))
    calls = list(callers_of(wanted, catalogue, listing))
    most = _CALLS if wanted.room > _SMALL else _CALLS // 2
    for_calls = int(wanted.room * _FOR_CALLS) if calls else 0
    found = fitted(definitions, wanted.room - for_calls)
    callers = fitted(calls[:most], max(for_calls, wanted.room // 3))
    more = len(calls) - most
    left = [LeftOut(f"{more} more calls", f"{most} are shown at the most")] if more > 0 else []
    return Related(
        (*found.pieces, *callers.pieces),
        (*found.left_out, *ambiguous, *callers.left_out, *left),
    )


def _unseen(index: Index) -> list[LeftOut]:
    left = []
    if not index.complete:
        why = "the workspace is still being looked through"
        left.append(LeftOut("what files declare that were not looked at yet", why))
    if index.full:
        left.append(LeftOut("what more files declare", "there is no room to know them all"))
    if index.beyond:
        why = f"at most {MAX_FILES} are looked into, those next to the file first"
        left.append(LeftOut(f"what {index.beyond} more files declare", why))
    return left


class _Reader:
    """Reads files that may be sent along, and keeps which may not."""

    def __init__(self, index: Index, open_files: Mapping[str, _Open], until: float) -> None:
        self.open = open_files
        self.kept: dict[str, str] = {}
        self._index = index
        self._until = until
        self._texts: dict[str, str | None] = {}
        names = dict.fromkeys((*index.names, *open_files))
        self.listing = Listing(tuple(names), self.read)

    @property
    def instead(self) -> dict[str, Tagged | None]:
        """What takes the place of files on disk."""
        return {name: one.tagged for name, one in self.open.items()}

    def forget(self) -> None:
        """Read everything anew."""
        self._texts.clear()

    def read(self, name: str) -> str | None:
        """Return the text of a file that may be sent along, as the editor has it or the disk."""
        if name not in self._texts:
            if time.monotonic() > self._until:
                return None
            self._texts[name] = self._read(name)
        return self._texts[name]

    def _read(self, name: str) -> str | None:
        why = self._index.why_not(name)
        if why is not None:
            self.kept[name] = why
            return None
        opened = self.open.get(name)
        return opened.document.text if opened is not None else self._index.read(name)
