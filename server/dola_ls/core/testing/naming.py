"""Which files of a project are tests, and the name of what each of them tests."""

from __future__ import annotations

from dola_ls.core.testing.frameworks import NameForm, frameworks_of
from dola_ls.core.testing.listing import Listing, shared_parts

_EXTENSIONS = {
    "python": ("py",),
    "go": ("go",),
    "rust": ("rs",),
    "java": ("java",),
    "kotlin": ("kt",),
    "csharp": ("cs",),
    "ruby": ("rb",),
    "php": ("php",),
}
_SCRIPT = ("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts")
_CPP = ("cc", "cpp", "cxx", "c++", "c", "C")

#: Folders that hold tests; in them a name alone can make a test file.
TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "__test__", "spec", "specs"})
#: Folders whose files are no unit tests of the sources, whatever they are called.
_OTHER = frozenset(
    {"fixtures", "__fixtures__", "__mocks__", "__snapshots__", "e2e", "cypress", "playwright",
     "vendor", "third_party", "node_modules", "testdata", "dist"}
)  # fmt: skip


def extensions_of(language: str) -> tuple[str, ...]:
    """Return the extensions of a language's files, without the dot."""
    if language.startswith(("javascript", "typescript")):
        return _SCRIPT
    return _CPP if language in {"c", "cpp"} else _EXTENSIONS.get(language, ())


def stem_of(path: str) -> tuple[str, str]:
    """Return the name of a file without its extension, and the extension with its dot."""
    file = path.rpartition("/")[2]
    stem, dot, extension = file.rpartition(".")
    return (stem, dot + extension) if stem else (file, "")


def plain(stem: str) -> str:
    """Return a stem by which ``shopping_cart``, ``ShoppingCart`` and ``shopping-cart`` meet."""
    return stem.casefold().replace("_", "").replace("-", "")


def tested(path: str, language: str) -> tuple[str, NameForm] | None:
    """Return the stem that a test file tests, and the form of its name; None for other files."""
    extensions = extensions_of(language)
    stem, extension = stem_of(path)
    if extension[1:] not in extensions:
        return None
    parts = path.split("/")[:-1]
    if _OTHER.intersection(parts):
        return None
    framework = frameworks_of(language)
    for before, behind in framework[0].names if framework else ():
        if not (before or behind):
            if TEST_FOLDERS.intersection(parts) and plain(stem) not in _HELPERS:
                return stem, ("", "")
        elif stem.startswith(before) and stem.endswith(behind):
            inner = stem[len(before) : len(stem) - len(behind)]
            # `Latest.java` is not the test of `La`, nor `Testing.java` that of `ing`.
            whole = (
                not behind[:1].isalpha() or behind[:1].isupper()
            ) and (not before[-1:].isalpha() or inner[:1].isupper())  # fmt: skip
            if inner and whole:
                return inner, (before, behind)
    return None


_HELPERS = frozenset(
    {"setup", "helper", "helpers", "testhelper", "spechelper", "railshelper", "util", "utils",
     "testutil", "testutils", "mod", "main", "common", "index", "conftest", "init", "pest",
     "testcase", "globals", "mocks", "teardown"}
)  # fmt: skip


def files_with_tests(listing: Listing, language: str) -> dict[str, tuple[str, NameForm]]:
    """Return the test files of a project in a language, with what each tests."""
    return {name: found for name in sorted(listing.files) if (found := tested(name, language))}


def nearest_tests(listing: Listing, source: str, language: str, limit: int = 8) -> list[str]:
    """Return the test files that lie nearest to a source, the nearest first."""
    found = [name for name in files_with_tests(listing, language) if name != source]
    found.sort(key=lambda name: (-shared_parts(name, source), name.count("/"), name))
    return found[:limit]
