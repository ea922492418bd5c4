"""The files of a project as pure code sees them: their names, and a way to read one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

#: Gives the text of a file by its project-relative path; None where it is missing or too large.
Read = Callable[[str], str | None]


@dataclass(frozen=True)
class Listing:
    """A project's files. Paths are relative to its top, with forward slashes."""

    files: Collection[str]
    read: Read

    @cached_property
    def known(self) -> frozenset[str]:
        """All names, for look-ups."""
        return frozenset(self.files)

    @cached_property
    def folded(self) -> dict[str, str]:
        """Names by what they are on a disk that does not tell cases apart."""
        return {name.casefold(): name for name in sorted(self.files)}

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders that hold a file, at any depth; the top is the empty string."""
        found: set[str] = set()
        for name in self.files:
            for folder in folders_above(name):
                if folder in found:
                    break
                found.add(folder)
        return frozenset(found)

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """The names of the files that lie right in each folder."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.files):
            folder, _, file = name.rpartition("/")
            found.setdefault(folder, []).append(file)
        return found

    def text(self, path: str) -> str:
        """Return the text of a file; empty where there is none."""
        return (self.read(path) or "") if path in self.known else ""


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that hold a file, the nearest first, the top as the empty string."""
    for parent in PurePosixPath(path).parents:
        yield "" if parent == PurePosixPath(".") else str(parent)


def joined(folder: str, name: str) -> str:
    """Return the path of `name` in `folder`, which may be the top."""
    return f"{folder}/{name}" if folder else name


def shared_parts(one: str, two: str) -> int:
    """Return how many folders two paths have in common from the top."""
    count = 0
    for a, b in zip(one.split("/")[:-1], two.split("/")[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count
