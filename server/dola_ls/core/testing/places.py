"""Where the tests of a piece of code go: by the project's own habit, then by convention.

Pure: it is given the project's file names and a way to read them. The model has no say in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath
from posixpath import relpath

from dola_ls.core.languages import language_of
from dola_ls.core.testing.evidence import part_of, project_with_tests
from dola_ls.core.testing.frameworks import Framework, NameForm, Unknown, frameworks_of
from dola_ls.core.testing.import_lines import Head, Wanted, head_of, rust_path
from dola_ls.core.testing.listing import Listing, Read, joined, shared_parts
from dola_ls.core.testing.naming import TEST_FOLDERS, files_with_tests, stem_of
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.twins import (
    Twins,
    folders_of_tests,
    free_or_existing,
    habit,
    named_like,
    tests_of,
    twins_of,
)

#: How many tests are read to find one to show as a sample.
_SAMPLES = 6
#: How many files of a crate are read to learn where its tests stand.
_RUST_FILES = 40
_UNIT = re.compile(r"^\s*#\[cfg\((?:all\()?test\b", re.MULTILINE)
_UNIT_FILE = re.compile(
    r"^\s*#\[cfg\(test\)\]\s*(?:pub(?:\(\w+\))?\s+)?mod\s+(\w+)\s*;", re.MULTILINE
)


def place_tests(
    source: str,
    symbol: str,
    language: str,
    framework: Framework,
    files: Collection[str],
    read: Read,
) -> Placement | Unknown:
    """Return where tests of `symbol` in `source` go, or why no test can reach it.

    A source's existing test file comes first, then the place that the other tests suggest, then
    what is usual for the framework.
    """
    language = language_of(language).id
    listing = Listing(files, read)
    pairs = twins_of(listing, language, source)
    name = re.sub(r"\bimpl\s+", "", symbol)
    binding = re.split(r"[.<]|::|#", name.strip())[0]
    if language == "rust":
        path, exists, inline = _rust_place(listing, source, pairs)
    else:
        path, exists = _place(listing, source, language, framework, pairs)
        inline = False
    if exists and not inline and language_of(language).grammar is None:
        # Without a grammar nothing can be put into a file, only beside it.
        path, exists = _beside(listing, path, symbol)
    sample = _sample(listing, path, exists, source, language, framework, pairs)
    text = listing.text(sample) if sample else ""
    wanted = Wanted(source, binding, language, framework, path, (sample or "", text), listing)
    head = head_of(wanted)
    if isinstance(head, Unknown):
        return head
    if language == "go" and exists and _package(listing.text(path)) != head.package:
        # The file tests the package from outside, and this name is not seen there.
        path, exists = free_or_existing(
            listing, *_split(path.replace("_test.go", "_internal_test.go"))
        )
    return _finished(
        Placement(path, exists, language, name, binding), head, inline, sample, framework
    )


def _finished(
    placement: Placement, head: Head, inline: bool, sample: str | None, framework: Framework
) -> Placement:
    stem = stem_of(placement.path)[0]
    language = "cpp" if placement.language == "c" else placement.language
    if language in _SCRIPTS and stem_of(placement.path)[1] in {".tsx", ".jsx"}:
        language = "typescriptreact" if placement.path.endswith(".tsx") else "javascriptreact"
    name = stem
    if language == "rust":
        name = "tests"
    elif language == "python":
        name = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", placement.symbol))
        name = f"Test{name}"
    elif framework.id == "minitest":
        plain = stem.removeprefix("test_").removesuffix("_test")
        name = "".join(part[:1].upper() + part[1:] for part in plain.split("_")) + "Test"
    elif language == "go":
        name = head.package.removeprefix("package ")
    return Placement(
        placement.path,
        placement.exists,
        language,
        placement.symbol,
        placement.binding,
        head.imports,
        head.package,
        name,
        inline,
        sample,
        head.style,
        framework.root,
    )


_SCRIPTS = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})


def _split(path: str) -> tuple[str, str]:
    folder, _, file = path.rpartition("/")
    return folder, file


def _package(text: str) -> str:
    found = re.search(r"^package\s+(\w+)", text, re.MULTILINE)
    return f"package {found[1]}" if found else ""


def _place(
    listing: Listing, source: str, language: str, framework: Framework, pairs: list[Twins]
) -> tuple[str, bool]:
    own = [name for name in tests_of(pairs, source) if _takes(listing, name, language, framework)]
    if own:
        return own[0], True
    folder, form = habit(pairs, listing, language, source)
    if form is None:
        form = _form_in_use(listing, source, language, framework)
    if folder is None:
        folder = _usual_folder(listing, source, language, framework)
        if framework.id in {"mocha", "node:test"} or language in {"c", "cpp"}:
            form = form if form != ("", "") else framework.names[0]
    elif form == ("", "") and folder == _split(source)[0]:
        form = framework.names[0]
    _, extension = stem_of(source)
    if language == "c":
        extension = next(
            (stem_of(pair.test)[1] for pair in pairs if stem_of(pair.test)[1] != ".c"), ".cpp"
        )
    elif extension in {".h", ".hpp", ".hh", ".hxx"}:
        extension = next((stem_of(pair.test)[1] for pair in pairs), ".cpp")
    path, exists = free_or_existing(listing, folder, named_like(source, form, pairs) + extension)
    if exists and not _takes(listing, path, language, framework):
        stem = named_like(joined(folder, stem_of(source)[0] + "_other"), form, pairs)
        return free_or_existing(listing, folder, stem + extension)
    return path, exists


def _takes(listing: Listing, test: str, language: str, framework: Framework) -> bool:
    """Tell whether a test file holds no tests of another framework."""
    text = listing.text(test)
    if not text or framework.marks(text) or language == "python":
        return True
    return not any(other.marks(text) for other in frameworks_of(language))


def _form_in_use(listing: Listing, source: str, language: str, framework: Framework) -> NameForm:
    tests = files_with_tests(listing, language)
    forms = [
        (shared_parts(name, source), form)
        for name, (_, form) in tests.items()
        if form in framework.names and form != ("", "")
    ]
    if not forms:
        return framework.names[0]
    near = max(distance for distance, _ in forms)
    found = [form for distance, form in forms if distance == near]
    return max(framework.names, key=found.count)


def _usual_folder(listing: Listing, source: str, language: str, framework: Framework) -> str:
    """Return the folder that a framework's users would look in."""
    part = part_of(language, listing, source)
    own, _ = _split(source)
    inner = relpath(own or ".", part or ".")
    inner = "" if inner == "." else inner
    if language == "go":
        return own
    if language in {"java", "kotlin"}:
        for main, test in (("src/main/", "src/test/"), ("src/", "test/")):
            if f"{inner}/".startswith(main):
                return joined(part, test + f"{inner}/"[len(main) :]).rstrip("/")
        return joined(part, f"src/test/{language}")
    if language == "csharp":
        project = project_with_tests(listing, source) or ""
        return joined(_split(project)[0], inner) if project and inner else _split(project)[0]
    if language == "php":
        below = inner.partition("/")[2] if inner.startswith(("src", "app", "lib")) else inner
        units = [name for name in listing.folders if name == joined(part, "tests/Unit")]
        return joined(units[0] if units else joined(part, "tests"), below).rstrip("/")
    if language == "ruby":
        top = joined(part, "spec" if framework.id == "rspec" else "test")
        below = re.sub(r"^(?:lib|app)(?:/|$)", "", inner)
        return joined(top, below).rstrip("/")
    folders = folders_of_tests(listing, language, source, TEST_FOLDERS)
    local = {"__tests__", "__test__"}
    inside = [name for name in folders if not part or name.startswith(part + "/")]
    for folder in inside or (folders if language == "python" else []):
        if _split(folder)[1] not in local:
            return folder
    if language in {"python", "c", "cpp"}:
        return joined(part, "tests")
    if framework.id in {"mocha", "node:test"}:
        # Where both look by themselves.
        return joined(part, "test")
    return own


def _rust_place(listing: Listing, source: str, pairs: list[Twins]) -> tuple[str, bool, bool]:
    """Return the place of Rust tests: the source, a module of tests beside it, or ``tests/``."""
    text = listing.text(source)
    part = part_of("rust", listing, source)
    if found := _UNIT_FILE.search(text):
        stem, _ = stem_of(source)
        folder = _split(source)[0] if stem in {"mod", "lib", "main"} else source.removesuffix(".rs")
        return *free_or_existing(listing, folder, f"{found[1]}.rs"), False
    own = [name for name in tests_of(pairs, source) if name.startswith(joined(part, "tests/"))]
    if _UNIT.search(text) or rust_path(source, listing) is None:
        return source, True, True
    if own:
        return own[0], True, False
    others = [name for name in sorted(listing.files) if name.endswith(".rs") and name != source]
    sources = [name for name in others if name.startswith(joined(part, "src/"))][:_RUST_FILES]
    units = any(_UNIT.search(listing.text(name)) for name in sources)
    beside = [pair for pair in pairs if pair.test.startswith(joined(part, "tests/"))]
    if beside and not units:
        file = named_like(source, beside[0].form, pairs) + ".rs"
        return *free_or_existing(listing, joined(part, "tests"), file), False
    return source, True, True


def _beside(listing: Listing, path: str, symbol: str) -> tuple[str, bool]:
    """Return the path of a further test file, named after the symbol too."""
    folder, file = _split(path)
    stem, extension = stem_of(file)
    plain = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+", symbol))
    behind = next((end for end in ("Tests", "Test") if stem.endswith(end)), "")
    new = f"{stem.removesuffix(behind)}{plain}{behind}"
    for number in ("", *map(str, range(2, 100))):
        found, exists = free_or_existing(listing, folder, f"{new}{number}{extension}")
        if not exists:
            break
    return found, exists


def _sample(
    listing: Listing,
    path: str,
    exists: bool,
    source: str,
    language: str,
    framework: Framework,
    pairs: list[Twins],
) -> str | None:
    """Return the test file whose style new tests follow: their own, else the nearest."""
    if exists and framework.marks(listing.text(path)):
        return path
    paired = {pair.test for pair in pairs}
    names = [name for name in files_with_tests(listing, language) if name not in {source, path}]
    if language == "rust":
        names += [name for name in sorted(listing.files) if name.endswith(".rs") and name != source]
    folder = PurePosixPath(path).parent
    names.sort(
        key=lambda name: (
            PurePosixPath(name).parent != folder,
            -shared_parts(name, path),
            name not in paired,
            name,
        )
    )
    for name in names[: _SAMPLES * (5 if language == "rust" else 1)]:
        if framework.marks(listing.text(name)):
            return name
    return None
