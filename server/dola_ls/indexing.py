"""The definitions in the files of one workspace folder, as the disk has them.

Worked on in slices, in a thread; what is asked of it meanwhile is answered by what is known.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from dola_ls.core.catalogue import Catalogue
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of, language_of_file
from dola_ls.core.parsing import parse
from dola_ls.core.policy import is_control_file
from dola_ls.core.tags import Tagged, tag
from dola_ls.core.testing.listing import shared_parts
from dola_ls.keeping_back import Wishes, why_not_along
from dola_ls.project import list_files, real_path

#: Bytes of a file; larger ones were hardly written by hand.
MAX_FILE = 512_000
#: Files that are looked into. About 10 ms and 15 kB each.
MAX_FILES = 3000
#: Bytes that all that is known may take, about; generated code can declare any amount.
MAX_SIZE = 50_000_000
#: Longer paths, and such that cannot be printed, are nothing to be shown to a model.
_LONGEST_PATH = 200


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was looked at; `tagged` is None where nothing of it may or can be used."""

    stamp: tuple[int, int]
    tagged: Tagged | None = None
    #: A rule kept it back, or there was no room: that may change while the file does not.
    refused: bool = False

    @property
    def size(self) -> int:
        """About how many bytes it takes to know it."""
        if self.tagged is None:
            return 0
        texts = sum(len(one.head) + len(one.whole) + 150 for one in self.tagged.definitions)
        return texts + 40 * len(self.tagged.names)


class Index:
    """What is known of one folder. `walk` and `work` belong to one thread at a time."""

    def __init__(self, root: Path, wishes: Wishes) -> None:
        self.root = root
        self._real = root.resolve()
        self.wishes = wishes
        #: Files with a grammar that the last walk found, whether or not they may be used.
        self.names: tuple[str, ...] = ()
        #: Whether every file of the last walk was looked at.
        self.complete = False
        #: How many files there are beyond the most that are looked into.
        self.beyond = 0
        self._seen: dict[str, _Seen] = {}
        self._todo: deque[str] = deque()
        self._size = 0
        self._lock = Lock()
        self._catalogue: Catalogue | None = None

    @property
    def full(self) -> bool:
        """Whether no more can be known."""
        return self._size > MAX_SIZE

    def walk(self, near: str = "") -> None:
        """List the files again, those nearest to the file `near` first to be looked into."""
        found = [name for name in list_files(self._real) if _is_of_use(name)]
        found.sort(key=lambda name: (-shared_parts(name, near), name.count("/"), name))
        self.beyond = max(len(found) - MAX_FILES, 0)
        found = found[:MAX_FILES]
        with self._lock:
            self.names = tuple(found)
            self.complete = not found
            self._todo = deque(found)
            known = set(found)
            for gone in [name for name in self._seen if name not in known]:
                self._size -= self._seen.pop(gone).size
                self._catalogue = None

    def work(self, seconds: float) -> bool:
        """Look into files for so long; tell whether there are no more."""
        end = time.monotonic() + seconds
        while self._todo:
            self.look(self._todo.popleft())
            if time.monotonic() >= end:
                break
        self.complete = not self._todo
        return self.complete

    def look(self, name: str) -> bool:
        """Look at one file, and into it if it has changed; tell whether it is as it was known."""
        before = self._seen.get(name)
        stamp = self._stamp(name)
        if stamp is not None and before is not None and before.stamp == stamp:
            return self._may_stay(name, before)
        after = self._into(name, stamp) if stamp is not None else None
        self._put(name, after)
        return (before.tagged if before else None) == (after.tagged if after else None)

    def recheck(self, name: str) -> bool:
        """Look at a file that is about to be used, and at what says whether it may be.

        Tells whether it is as it was known.
        """
        if not self.look(name):
            return False
        seen = self._seen.get(name)
        if seen is None or seen.tagged is None or self.why_not(name) is None:
            return True
        self._put(name, _Seen(seen.stamp, refused=True))
        return False

    def why_not(self, name: str) -> str | None:
        """Return why nothing may be sent of a file, as a clause; None where it may."""
        if is_control_file(Path(name)):
            return "it steers an editor or a tool"
        try:
            return why_not_along(self._real / name, self._real, self.wishes)
        except (OSError, RuntimeError):  # a link that leads to itself
            return "its path leads nowhere"

    def read(self, name: str) -> str | None:
        """Return the text of a file by its name; None where it is none, or nothing to be read.

        Whether it may be sent is not looked at.
        """
        path = self._real / name
        try:
            # A link is known by the name of what it leads to, if that lies in the folder.
            if path.resolve(strict=True) != path:
                return None
            found = path.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_FILE:
                return None
            with path.open("rb") as file:
                raw = file.read(MAX_FILE + 1)
            return None if b"\0" in raw or len(raw) > MAX_FILE else raw.decode("utf-8-sig")
        except (OSError, ValueError, RuntimeError):
            return None

    def catalogue(self, instead: Mapping[str, Tagged | None] | None = None) -> Catalogue:
        """Return what is known by now; `instead` are files as an editor has them, or None."""
        with self._lock:
            if self._catalogue is None:
                files = {n: s.tagged for n, s in self._seen.items() if s.tagged is not None}
                self._catalogue = Catalogue(files)
            known = self._catalogue
        return known.but(instead or {})

    def name_of(self, path: Path) -> str | None:
        """Return the name of a file by its real path; None where it lies outside of the folder."""
        real = real_path(path)
        if real == self._real or not real.is_relative_to(self._real):
            return None
        return real.relative_to(self._real).as_posix()

    def _may_stay(self, name: str, seen: _Seen) -> bool:
        """Look again whether a file may be used that was kept back the last time."""
        if not seen.refused:
            return True
        after = self._into(name, seen.stamp)
        self._put(name, after)
        return after.tagged is None

    def _put(self, name: str, seen: _Seen | None) -> None:
        with self._lock:
            before = self._seen.pop(name, None)
            self._size += (seen.size if seen else 0) - (before.size if before else 0)
            if seen is not None:
                self._seen[name] = seen
            if (before and before.tagged) or (seen and seen.tagged):
                self._catalogue = None

    def _stamp(self, name: str) -> tuple[int, int] | None:
        try:
            found = os.stat(self._real / name)
        except (OSError, ValueError):
            return None
        return found.st_mtime_ns, found.st_size

    def _into(self, name: str, stamp: tuple[int, int]) -> _Seen:
        """Look into a file, if it may be used and there is room to know it."""
        if self.why_not(name) is not None or self.full:
            return _Seen(stamp, refused=True)
        text = self.read(name)
        return _Seen(stamp, tagged_text(name, text) if text is not None else None)


def tagged_text(name: str, text: str, language: str = "") -> Tagged | None:
    """Return what a text declares; None without a grammar."""
    tree = parse(Document("", language or language_of_file(Path(name)), 0, text))
    return tag(tree, name) if tree is not None else None


def _is_of_use(name: str) -> bool:
    if len(name) > _LONGEST_PATH or not name.isprintable():
        return False
    language = language_of_file(Path(name))
    return bool(language) and language_of(language).grammar is not None
