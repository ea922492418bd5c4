"""What the user agreed to: code of a folder may go to a model at an address.

Kept in a file, which several servers may share; it is read each time, so that what is withdrawn in
one editor holds for all of them at once.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from dola_ls.model.state_file import read_json, version_of, write_whole

#: The name of the file in the state folder.
FILE = "consent.json"
_VERSION = 1
#: So many are kept, the latest ones.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that the user agreed to."""

    #: The real path of the folder; empty for documents that are on no disk.
    folder: str
    #: Scheme, host and port.
    origin: str
    model: str


class ConsentBook:
    """All grants: those in the file at `path`, and those that could not be written there."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._session: list[Grant] = []
        self._lock = threading.Lock()

    def holds(self, grant: Grant) -> bool:
        """Tell whether the user agreed to this."""
        return grant in self._session or grant in self._kept()

    def add(self, grant: Grant) -> bool:
        """Enter a grant; tell whether it will be known in later sessions too."""
        with self._lock:
            self._session.append(grant)
            try:
                self._keep([one for one in self._kept() if one != grant] + [grant])
            except OSError:
                return False
            # From now on the file alone says whether it holds.
            self._session.remove(grant)
            return True

    def withdraw(self, folder: str) -> int:
        """Take out all grants of a folder and return how many there were. Raises OSError."""
        with self._lock:
            session = [one for one in self._session if one.folder == folder]
            self._session = [one for one in self._session if one.folder != folder]
            kept = self._kept()
            left = [one for one in kept if one.folder != folder]
            if len(left) < len(kept):
                self._keep(left)
            return len(session) + len(kept) - len(left)

    def _kept(self) -> list[Grant]:
        data = read_json(self._path) if self._path is not None else None
        entries = data.get("grants") if isinstance(data, dict) else None
        if version_of(data) != _VERSION or not isinstance(entries, list):
            return []
        names = ("folder", "origin", "model")
        return [
            Grant(*(entry[name] for name in names))
            for entry in entries
            if isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in names)
        ]

    def _keep(self, grants: list[Grant]) -> None:
        if self._path is None:
            raise FileNotFoundError
        version = version_of(read_json(self._path))
        if version is not None and version > _VERSION:
            raise FileExistsError(None, "it was written by a newer dola-ls")
        entries = [asdict(grant) for grant in grants[-_MOST:]]
        write_whole(self._path, json.dumps({"version": _VERSION, "grants": entries}))
