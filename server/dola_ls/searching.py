"""Where a project declares and uses a name, found by looking through its files.

`Workspace` is what the tools need to know; `FileSearch` finds it out anew each time, within limits
of files, bytes and time, and an index may take its place. Both answer for files only of which
something may leave the machine (S7): what is kept back is as if it were not there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from dola_ls.core.document import CLOSED, Document
from dola_ls.core.finding import definitions_in, uses_in, word
from dola_ls.core.languages import language_of, language_of_file
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.testing.cases import cases_of
from dola_ls.core.testing.detection import detect_framework
from dola_ls.core.testing.frameworks import Unknown
from dola_ls.core.testing.listing import Listing, shared_parts
from dola_ls.core.testing.naming import extensions_of
from dola_ls.core.testing.testcode import code_of
from dola_ls.core.testing.twins import tests_of, twins_of
from dola_ls.core.tools import last_part
from dola_ls.keeping_back import Wishes, why_kept_back, why_not_along
from dola_ls.project import list_files, nearest_manifest, project_root, real_path

#: What one search looks at: files, bytes of one and of all, seconds.
_FILES, _LARGEST, _BYTES, _SECONDS = 4000, 256_000, 32_000_000, 2.0
#: Definitions and test files that are told; nobody wants to read more of the same name.
_DEFINITIONS, _TEST_FILES = 4, 5
_HEADERS = ("h", "hpp")


@dataclass(frozen=True, slots=True)
class Definition:
    """A declaration with its code; `path` is relative to the project, lines count from 1."""

    path: str
    line: int
    code: str
    language: str


@dataclass(frozen=True, slots=True)
class Use:
    """A line that uses a name."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class FileTests:
    """A test file and the names of its tests, with the groups they stand in."""

    path: str
    names: tuple[str, ...]


class Workspace(Protocol):
    """What can be found out of a project. Reads the disk; not to be called on the event loop."""

    def definitions(self, name: str, path: str = "") -> Sequence[Definition]:
        """Return the declarations of a name, those in the file that `path` names alone if any.

        `path` is the model's word: it is compared with names of files, and never opened.
        """
        ...

    def references(self, name: str, most: int) -> Sequence[Use]:
        """Return at most so many lines that use a name."""
        ...

    def tests(self) -> Sequence[FileTests]:
        """Return the tests that belong to the document."""
        ...

    def stop(self) -> None:
        """End a search that is under way in another thread."""
        ...


@dataclass
class FileSearch:
    """The project of one document."""

    document: Document
    tree: Tree | None
    source: Path
    folders: Sequence[Path]
    wishes: Wishes
    #: The text of files that are open in the editor.
    open_texts: dict[Path, str]
    frameworks: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _stopped: threading.Event = field(default_factory=threading.Event)
    _judged: dict[str, bool] = field(default_factory=dict)

    def definitions(self, name: str, path: str = "") -> Sequence[Definition]:
        """Return the declarations of a name; those of the document itself are enough."""
        named = set(self._named(path)) if path else set()
        found: list[Definition] = []
        for file, tree in self._trees(last_part(name), first=named):
            if found and file not in named:
                first = found[0].path
                if first in named or first == self._relative or len(found) >= _DEFINITIONS:
                    break
            text, language = tree.document.text, tree.document.language
            for span in definitions_in(tree, name):
                line = tree.document.line_of(span.start) + 1
                found.append(Definition(file, line, text[span.start : span.end], language))
        return found[:_DEFINITIONS]

    def references(self, name: str, most: int) -> Sequence[Use]:
        """Return lines that use a name, those of the nearest files first."""
        found: list[Use] = []
        for file, tree in self._trees(last_part(name)):
            found += [Use(file, line.number, line.text) for line in uses_in(tree, name)]
            if len(found) >= most:
                break
        return found[:most]

    def tests(self) -> Sequence[FileTests]:
        """Return the tests of the files that are named like the document, and its own."""
        language = language_of(self.document.language).id
        listing = Listing(self._files, self._text)
        framework = detect_framework(
            language, self._relative, self._files, self._text, list(self.frameworks) or None
        )
        if isinstance(framework, Unknown):
            return ()
        named = tests_of(twins_of(listing, language, self._relative), self._relative)
        found = []
        for path in [self._relative, *named[:_TEST_FILES]]:
            text = self._sendable(path)
            if text is None or self._stopped.is_set():
                continue
            document = Document("", language_of_file(Path(path)) or language, CLOSED, text)
            if language_of(document.language).grammar is None:
                continue
            cases = cases_of(code_of(document, document.language, framework))
            if cases or path != self._relative:
                names = tuple(" > ".join(filter(None, case.id)) for case in cases)
                found.append(FileTests(path, names))
        return found

    def stop(self) -> None:
        """End a search that is under way in another thread."""
        self._stopped.set()

    # -- files -----------------------------------------------------------------------------------

    @cached_property
    def _root(self) -> Path:
        return project_root(self.source, self.folders)

    @cached_property
    def _relative(self) -> str:
        return self.source.relative_to(self._root).as_posix()

    @cached_property
    def _files(self) -> list[str]:
        """The project's files, the nearest first."""
        near = nearest_manifest(self.source, self._root)
        names: dict[str, None] = {self._relative: None}
        if near != self._root:
            # A walk through a large repository ends before its end.
            folder = near.relative_to(self._root).as_posix()
            names.update(dict.fromkeys(f"{folder}/{name}" for name in list_files(near)))
        names.update(dict.fromkeys(list_files(self._root)))
        for path in self.open_texts:
            if path.is_relative_to(self._root):
                names[path.relative_to(self._root).as_posix()] = None
        return sorted(names, key=lambda name: -shared_parts(name, self._relative))

    @cached_property
    def _searched(self) -> list[str]:
        """The files that may name what the document names: those of its own languages."""
        language = language_of(self.document.language).id
        extensions = extensions_of(language)
        if language in ("c", "cpp"):
            extensions = (*extensions, *_HEADERS)
        files = [name for name in self._files if name.rpartition(".")[2] in extensions]
        return [self._relative, *(name for name in files if name != self._relative)]

    def _named(self, path: str) -> Iterator[str]:
        """Yield the files whose names end as the model says."""
        wanted = path.replace("\\", "/").removeprefix("./").strip("/")
        for name in self._searched:
            if name == wanted or name.endswith(f"/{wanted}"):
                yield name

    def _trees(self, name: str, first: set[str] | None = None) -> Iterator[tuple[str, Tree]]:
        """Yield the files that hold a name, within the limits, those in `first` before others."""
        first = first or set()
        until, size = self.clock() + _SECONDS, 0
        files = sorted(self._searched, key=lambda file: file not in first)
        finder = word(name)
        for file in files[:_FILES]:
            if self._stopped.is_set() or self.clock() > until or size > _BYTES:
                return
            text = self._text(file)
            size += len(text or "")
            if text is None or name not in text or not finder.search(text):
                continue
            if not self._may_go(file):
                continue
            if file == self._relative and self.tree is not None:
                yield file, self.tree
                continue
            language = language_of_file(Path(file)) or self.document.language
            tree = parse(Document("", language, CLOSED, text))
            if tree is not None:
                yield file, tree

    def _sendable(self, file: str) -> str | None:
        return self._text(file) if self._may_go(file) else None

    def _text(self, file: str) -> str | None:
        """Return the text of a file of the project; None where it is large, or leads out of it."""
        if file == self._relative:
            return self.document.text
        path = self._root / file
        if path in self.open_texts:
            return self.open_texts[path]
        try:
            real = real_path(path, strict=True)
            inside = real.is_relative_to(real_path(self._root))
            if not inside or not real.is_file() or real.stat().st_size > _LARGEST:
                return None
            return real.read_text(encoding="utf-8", errors="strict")
        except (OSError, ValueError):
            return None

    def _may_go(self, file: str) -> bool:
        """Tell whether anything of a file may be sent; the document itself was judged before."""
        if file == self._relative:
            return True
        if file not in self._judged:
            path, strict = self._root / file, Wishes(self.wishes.exclude)
            self._judged[file] = (
                why_not_along(path, self._root, self.wishes) is None
                and why_kept_back(path, self.folders, strict, at_hand=False) is None
            )
        return self._judged[file]
