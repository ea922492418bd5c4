"""The small projects under tests/fixtures, as the pure core sees a project."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dola_ls.core.document import Document, apply_edits
from dola_ls.core.testing.detection import detect_framework
from dola_ls.core.testing.frameworks import Framework, Unknown
from dola_ls.core.testing.merging import merge_tests
from dola_ls.core.testing.new_tests import new_test_file
from dola_ls.core.testing.places import Placement, place_tests

FIXTURES = Path(__file__).parents[2] / "fixtures"
_BUILT = frozenset({"__pycache__", "target", "node_modules", ".pytest_cache"})


@dataclass(frozen=True)
class Project:
    """A fixture, or any folder that is laid out like one."""

    folder: Path

    @cached_property
    def files(self) -> list[str]:
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file() and not _BUILT & set(path.parts)
        )

    def read(self, path: str) -> str | None:
        file = self.folder / path
        return file.read_bytes().decode() if file.is_file() else None

    def framework(self, language: str, source: str, setting: str | None = None) -> Framework:
        found = detect_framework(language, source, self.files, self.read, setting)
        assert not isinstance(found, Unknown), found.reason
        return found

    def place(self, language: str, source: str, symbol: str) -> tuple[Placement, Framework]:
        framework = self.framework(language, source)
        found = place_tests(source, symbol, language, framework, self.files, self.read)
        assert not isinstance(found, Unknown), found.reason
        return found, framework

    def document(self, path: str, language: str) -> Document:
        return Document(f"file:///{path}", language, 1, self.read(path) or "")

    def written(self, language: str, source: str, symbol: str, answer: str) -> tuple[str, str]:
        """Return the path and the text of the test file as it is after an answer."""
        placement, framework = self.place(language, source, symbol)
        code = self.document(source, language)
        if not placement.exists:
            text = new_test_file(answer, placement, framework, code)
            assert isinstance(text, str), text
            return placement.path, text
        there = self.document(placement.path, placement.language)
        merged = merge_tests(there, None, answer, placement, framework, code)
        assert not hasattr(merged, "rule"), merged
        return placement.path, apply_edits(there.text, merged.edits)


def fixture(name: str) -> Project:
    """Return one of the fixtures."""
    return Project(FIXTURES / name)
