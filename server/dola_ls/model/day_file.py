"""The file in which all servers of one user count the day's spending, each in its turn."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dola_ls.model.day_book import Book, Unreadable
from dola_ls.model.state_file import write_whole

log = logging.getLogger(__name__)

#: The names of the file, of its copy and of its lock in the state folder.
FILE, COPY, LOCK = "spending.json", "spending.copy.json", "spending.lock"
#: Seconds to wait for other servers, each of which takes a few milliseconds.
_PATIENCE = 5.0
_LARGEST_FILE = 4 << 20


class Occupied(Exception):
    """Another server holds the file and does not let go."""


class Damaged(Exception):
    """There is a file and it cannot be read, so nobody knows what was spent."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Money that was set aside on a day (`date.toordinal`), to be settled later."""

    day: int
    micros: int


class DayFile:
    """The day's spending as this server knows it, and as the file at `path` does.

    Everything that reads or writes the file blocks: call it in a thread. `path` None, and a folder
    that cannot be written, leave this server with its own count.
    """

    def __init__(self, folder: Path | None, today: Callable[[], date] = date.today) -> None:
        self.path = folder / FILE if folder is not None else None
        self._today = today
        self._server = secrets.token_hex(6)
        self._book = Book()
        self._changed = False
        #: Why the file cannot be used, in the words of the system; empty while it can.
        self.trouble = ""
        # One at a time in this process; held while waiting for the disk.
        self._turn = threading.Lock()
        # Held for moments, so that the event loop may take it.
        self._memory = threading.Lock()

    @property
    def today(self) -> int:
        """The day as a number."""
        return self._today().toordinal()

    @property
    def changed(self) -> bool:
        """Whether the file does not know everything yet."""
        return self._changed

    def spent(self) -> int:
        """Return what was spent today as far as this server knows; reads nothing."""
        with self._memory:
            return self._book.spent(self.today)

    def take(self, micros: int, cap: float) -> Taken | None:
        """Set money aside; None where the day's sum would pass `cap`. May raise as `_held` does.

        It counts from now on, whatever becomes of this process.
        """
        with self._held() as theirs, self._memory:
            today = self.today
            self._book = self._book.merged(theirs, today)
            if self._book.spent(today) + micros > cap:
                return None
            self._book = self._book.adding(today, self._server, taken=micros)
            self._changed = True
            return Taken(today, micros)

    def settle(self, taken: Taken, micros: int) -> None:
        """Put what it really was in the place of what was set aside; the file is told by `save`."""
        more, less = max(micros - taken.micros, 0), max(taken.micros - micros, 0)
        with self._memory:
            if taken.day in self._book.days:
                self._book = self._book.adding(taken.day, self._server, more, less)
            else:
                self._book = self._book.adding(self.today, self._server, more)
            self._changed = True

    def look(self) -> None:
        """Take over what others have spent; writes nothing."""
        if self.path is not None:
            with contextlib.suppress(Damaged):
                theirs = self._read(self.path)
                with self._memory:
                    self._book = self._book.merged(theirs, self.today)

    def save(self) -> None:
        """Take over what others have spent, and tell them what this server has."""
        with contextlib.suppress(Occupied, Damaged), self._held() as theirs, self._memory:
            self._book = self._book.merged(theirs, self.today)

    @contextlib.contextmanager
    def _held(self) -> Iterator[Book]:
        """Hold the file: give what it says, and afterwards write what is known by then.

        Raises Occupied and Damaged. Where the folder cannot be written, nothing is.
        """
        with self._turn:
            if self.path is None:
                yield Book()
                return
            try:
                lock = _locked(self.path.with_name(LOCK))
            except OSError as error:
                self._note(error)
                yield self._read(self.path)
                return
            try:
                before = self._read(self.path)
                yield before
                with self._memory:
                    known = self._book
                book = known.at(self.today)
                if book != before and not self._written(self.path, book):
                    return
                with self._memory:
                    self._changed = self._book is not known
            finally:
                _unlock(lock)

    def _read(self, path: Path) -> Book:
        """Return what the file says, or its copy where that is damaged. Raises Damaged."""
        if not os.path.lexists(path):
            return Book()
        places = (path, path.with_name(COPY))
        for place in places:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                return _book(place)
        # What was last written before today cannot tell of today.
        if max(_last_changed(place) for place in places) < self.today:
            return Book()
        raise Damaged

    def _written(self, path: Path, book: Book) -> bool:
        text = json.dumps(book.to_json())
        try:
            write_whole(path.with_name(COPY), text)
            write_whole(path, text, lasting=True)
        except OSError as error:
            self._note(error)
            return False
        self.trouble = ""
        return True

    def _note(self, error: OSError) -> None:
        if not self.trouble:
            self.trouble = error.strerror or type(error).__name__
            log.warning("%s cannot be written: %s", self.path, self.trouble)


def _book(path: Path) -> Book:
    """Return the book in a file; raises OSError, ValueError or RecursionError."""
    if not path.is_file():  # opening a pipe would wait for ever
        raise Unreadable
    with path.open("rb") as file:
        raw = file.read(_LARGEST_FILE + 1)
    if len(raw) > _LARGEST_FILE:
        raise Unreadable
    return Book.from_json(json.loads(raw))


def _last_changed(path: Path) -> int:
    """Return the day a file was last written; 0 where there is none."""
    try:
        return date.fromtimestamp(path.stat().st_mtime).toordinal()
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, OverflowError):
        return sys.maxsize


def _locked(path: Path) -> int:
    """Return the descriptor of a lock that is held; raises Occupied, or OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    end = time.monotonic() + _PATIENCE
    try:
        while not _try_lock(descriptor):
            if time.monotonic() >= end:
                raise Occupied
            # Not in step with others that wait.
            time.sleep(random.uniform(0.001, 0.008))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


# The system lets go of both kinds of lock when their process ends, whatever ends it.
if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        os.close(descriptor)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.close(descriptor)
