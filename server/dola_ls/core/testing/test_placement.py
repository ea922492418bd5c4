"""Which test file belongs to a source file, from what the project does today.

Pure: it is given the project's file names and returns a file name. The model has no say in it.
Now for Python and pytest; other frameworks add a row each.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from dola_ls.core.testing.import_lines import import_path

_TEST_FOLDERS = ("tests", "test")


__all__ = ["Placement", "import_path", "place_python_tests"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where new tests go. Paths are relative to the project, with forward slashes."""

    #: None where no free name was found; `taken` then says which exist.
    path: str | None
    #: The line that imports what is tested.
    import_line: str
    #: Files that already hold tests of this code.
    taken: tuple[str, ...] = ()


def _is_test(path: PurePosixPath) -> bool:
    return path.suffix == ".py" and (path.stem.startswith("test_") or path.stem.endswith("_test"))


def _tested_stem(path: PurePosixPath) -> str:
    return path.stem.removeprefix("test_") if path.stem.startswith("test_") else path.stem[:-5]


def _relation(test: PurePosixPath, source: PurePosixPath) -> tuple[str, str]:
    """Return the folders that stand for each other once what both paths share at their end is off.

    ``tests/unit/shop`` and ``src/shop`` give ``("src", "tests/unit")``.
    """
    mine, theirs = list(test.parent.parts), list(source.parent.parts)
    while mine and theirs and mine[-1] == theirs[-1]:
        mine.pop()
        theirs.pop()
    return "/".join(theirs), "/".join(mine)


def _folder_by_pairs(source: PurePosixPath, tests: list[PurePosixPath], known: set[str]) -> str:
    """Return the folder that the tests of other sources suggest; empty where they suggest none."""
    by_stem: dict[str, list[PurePosixPath]] = {}
    for name in known:
        path = PurePosixPath(name)
        if path.suffix == ".py" and not _is_test(path):
            by_stem.setdefault(path.stem, []).append(path)
    votes: Counter[str] = Counter()
    for test in tests:
        for twin in by_stem.get(_tested_stem(test), []):
            below, above = _relation(test, twin)
            if not source.parent.is_relative_to(below):
                continue
            rest = source.parent.relative_to(below)
            flat = twin.parent == PurePosixPath(below) and above != below
            votes[above if flat else str(PurePosixPath(above) / rest)] += 1
    return votes.most_common(1)[0][0] if votes else ""


def _nearest_test_folder(source: PurePosixPath, tests: list[PurePosixPath]) -> str:
    """Return the test folder that shares most of its path with the source; by default ``tests``."""
    folders: Counter[str] = Counter()
    for test in tests:
        top = next((i for i, part in enumerate(test.parts[:-1]) if part in _TEST_FOLDERS), None)
        if top is not None:
            folders["/".join(test.parts[: top + 1])] += 1

    def nearness(folder: str) -> tuple[int, int]:
        above = PurePosixPath(folder).parent
        return (len(above.parts) if source.is_relative_to(above) else -1), folders[folder]

    best = max(folders, key=nearness, default="tests")
    return best if folders and nearness(best)[0] >= 0 else "tests"


def place_python_tests(source: str, symbol: str, files: Collection[str]) -> Placement:
    """Return where new pytest tests of `symbol` in `source` go.

    `files` are the project's files, relative to it. The first choice is ``test_<module>.py``
    after the project's own habit; where that exists, ``test_<module>_<symbol>.py``, so that no
    file is ever written over.
    """
    path = PurePosixPath(source)
    known = set(files)
    tests = sorted(
        found for name in known if _is_test(found := PurePosixPath(name)) and found != path
    )
    folder = _folder_by_pairs(path, tests, known) or _nearest_test_folder(path, tests)
    prefixed = sum(1 for test in tests if test.stem.startswith("test_"))
    module = import_path(source, known)
    stem = path.parent.name if path.stem == "__init__" else path.stem
    name = symbol.partition(".")[0]
    line = f"from {module} import {name}" if module else f"import {name}"
    if any(keyword.iskeyword(part) or not part.isidentifier() for part in module.split(".")):
        line = ""  # such a file cannot be imported by name
    # Whatever a name holds, it becomes a part of one file name.
    plain = re.sub(r"\W+", "_", symbol).strip("_").lower()
    stems = [stem, f"{stem}_{plain}"]
    taken: list[str] = []
    # Case twins are one file on many disks.
    folded = {name.casefold() for name in known}
    for candidate in stems:
        file = f"test_{candidate}.py" if prefixed * 2 >= len(tests) else f"{candidate}_test.py"
        target = str(PurePosixPath(folder) / file)
        if target.casefold() not in folded:
            return Placement(target, line, tuple(taken))
        taken.append(target)
    return Placement(None, line, tuple(taken))
