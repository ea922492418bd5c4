"""Which test belongs to which source in a project today, and what that says of a new test."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from dola_ls.core.testing.evidence import part_of
from dola_ls.core.testing.frameworks import NameForm
from dola_ls.core.testing.listing import Listing, joined, shared_parts
from dola_ls.core.testing.naming import extensions_of, files_with_tests, plain, stem_of

#: A name that more sources than this share tells nothing.
_ALIKE = 200
#: Languages whose tests stand in the package of their code.
_PACKAGED = frozenset({"java", "kotlin", "csharp", "php", "ruby"})
#: Folders right beside sources that hold their tests, one for each folder of sources.
_LOCAL = frozenset({"__tests__", "__test__"})


@dataclass(frozen=True, slots=True)
class Twins:
    """A test file and the source it tests."""

    test: str
    source: str
    form: NameForm


def twins_of(listing: Listing, language: str, source: str) -> list[Twins]:
    """Return the pairs of test and source of a project, where a name and its place tell them."""
    tests = files_with_tests(listing, language)
    extensions = extensions_of(language)
    by_stem: dict[str, list[str]] = {}
    for name in sorted({*listing.files, source}):
        stem, extension = stem_of(name)
        if extension[1:] in extensions and (name == source or name not in tests):
            if stem in {"__init__", "mod", "index"} and "/" in name:
                stem = PurePosixPath(name).parent.name
            by_stem.setdefault(plain(stem), []).append(name)
    found = []
    for test, (stem, form) in tests.items():
        if test == source:
            continue
        alike = by_stem.get(plain(stem), [])
        if len(alike) > _ALIKE:
            continue
        ranked = sorted(((_closeness(test, name), name) for name in alike), reverse=True)
        # Two sources that are as near as each other leave open which one is meant.
        if ranked and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
            found.append(Twins(test, ranked[0][1], form))
    return found


def _closeness(test: str, source: str) -> tuple[int, int]:
    """Tell how well the folders of two files fit: those they share at the top and at the end."""
    mine, theirs = test.split("/")[:-1], source.split("/")[:-1]
    head = shared_parts(test, source)
    tail = 0
    while tail < min(len(mine), len(theirs)) - head and mine[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    return head + tail, -abs(len(mine) - len(theirs))


def tests_of(pairs: list[Twins], source: str) -> list[str]:
    """Return the test files that a source has already, the plainest first."""
    found = [pair.test for pair in pairs if pair.source == source]
    slow = frozenset({"integration", "acceptance", "functional", "bench", "benchmarks"})
    return sorted(found, key=lambda name: (bool(slow & set(name.split("/"))), len(name), name))


def habit(
    pairs: list[Twins], listing: Listing, language: str, source: str
) -> tuple[str | None, NameForm | None]:
    """Return the folder and the form of name that other tests suggest, each None where none do.

    Pairs of the same folder count most, then those of the same part of a monorepo.
    """
    part = part_of(language, listing, source)
    folders: Counter[str] = Counter()
    forms: Counter[NameForm] = Counter()
    for pair in pairs:
        same = PurePosixPath(pair.source).parent == PurePosixPath(source).parent
        near = not part or pair.source.startswith(part + "/")
        weight = 100 if same else 10 if near else 1
        forms[pair.form] += weight
        if (folder := _mapped(pair, source, part, language)) is not None:
            folders[folder] += weight
    top = folders.most_common(1)
    return (top[0][0] if top else None), (forms.most_common(1)[0][0] if forms else None)


def _mapped(pair: Twins, source: str, part: str, language: str) -> str | None:
    """Return the folder that stands to `source` as the test's stands to its source."""
    test, twin = PurePosixPath(pair.test).parent, PurePosixPath(pair.source).parent
    mine = PurePosixPath(source).parent
    if test == twin:
        return _text(mine)
    if test.is_relative_to(twin) and (
        _LOCAL.intersection(test.parts[len(twin.parts) :])
        or (twin.parts and not mine.is_relative_to(twin))
    ):
        # shop/tests/test_cart.py: each folder of sources has a folder of tests.
        return _text(mine / test.relative_to(twin))
    above, below = list(test.parts), list(twin.parts)
    while above and below and above[-1] == below[-1]:
        above.pop()
        below.pop()
    source_top, test_top = PurePosixPath(*below), PurePosixPath(*above)
    if mine.is_relative_to(source_top):
        # A file at the very top says nothing of folders; packages are mirrored, the rest is not.
        flat = twin == source_top and test_top != source_top and language not in _PACKAGED
        return _text(test_top if flat else test_top / mine.relative_to(source_top))
    return _translated(above, below, mine, part, twin == source_top)


def _translated(
    above: list[str], below: list[str], mine: PurePosixPath, part: str, flat: bool
) -> str | None:
    """Do as another part of the project does: ``a/src`` to ``a/tests`` means the same in ``b``."""
    while above and below and above[0] == below[0]:
        above, below = above[1:], below[1:]
    if not below:
        return None
    own = list(mine.parts)
    start = len(PurePosixPath(part).parts) if part else 0
    for at in range(start, len(own) - len(below) + 1):
        if own[at : at + len(below)] == below:
            rest = [] if flat else own[at + len(below) :]
            return "/".join([*own[:at], *above, *rest])
    return None


def _text(folder: PurePosixPath) -> str:
    return "" if folder == PurePosixPath(".") else str(folder)


def folders_of_tests(
    listing: Listing, language: str, source: str, names: frozenset[str]
) -> list[str]:
    """Return the folders of tests that could take those of a source, the nearest first."""
    found: Counter[str] = Counter()
    for test in files_with_tests(listing, language):
        parts = test.split("/")[:-1]
        top = next((at for at, part in enumerate(parts) if part in names), None)
        if top is not None:
            found["/".join(parts[: top + 1])] += 1
    fitting = [
        folder
        for folder in found
        if PurePosixPath(source).is_relative_to(PurePosixPath(folder).parent)
    ]
    return sorted(fitting, key=lambda folder: (-folder.count("/"), -found[folder], folder))


def named_like(source: str, form: NameForm, pairs: list[Twins]) -> str:
    """Return the stem of the test file of a source, in a form of name."""
    stem, _ = stem_of(source)
    if stem in {"__init__", "mod", "index"} and "/" in source:
        stem = PurePosixPath(source).parent.name
    before, behind = form
    camel = (behind[:1].isupper() or before[:1].isupper()) and stem[:1].islower()
    if camel and not any(
        pair.form == form and stem_of(pair.test)[0].removesuffix(behind)[:1].islower()
        for pair in pairs
    ):
        stem = "".join(part[:1].upper() + part[1:] for part in stem.replace("-", "_").split("_"))
    return f"{before}{stem}{behind}"


def free_or_existing(listing: Listing, folder: str, file: str) -> tuple[str, bool]:
    """Return the path of a file, as it is written if it exists, and whether it does."""
    path = joined(folder, file)
    twin = listing.folded.get(path.casefold())
    return (twin, True) if twin is not None else (path, False)
