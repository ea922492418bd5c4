"""The tasks: a file, what a user asks for, and which lines that may change."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dola_ls.core.actions import Target, find_target
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import parse

FOLDER = Path(__file__).with_name("tasks")
#: The folders under `FOLDER`, which are LSP's names of the languages.
LANGUAGES = ("python", "typescript", "go", "rust", "java", "c", "markdown")


#: Paths of files in the same folder or below it.
_BESIDE = r"^(?:[A-Za-z_][A-Za-z0-9_]*/)*[A-Za-z_][A-Za-z0-9_]*\.[a-z]+$"


class WrongTask(ValueError):
    """A task file cannot be used; the text says which and why."""


class Said(BaseModel):
    """What another tool says of the source, as the editor tells with the command."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: It is about the one place of this text.
    at: str = Field(min_length=1)
    message: str = Field(min_length=1)
    source: str = Field(min_length=1)
    code: str | int
    #: As the LSP counts: 1 is an error, 4 a hint.
    severity: int = Field(1, ge=1, le=4)


class _File(BaseModel):
    """What a task file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    #: The bare name of the file that is edited.
    file: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\.[a-z]+$")
    instruction: str = Field(min_length=1)
    #: The cursor stands at the first character of this text; or else `select` tells the lines.
    at: str | None = None
    select: tuple[str, str] | None = None
    #: Whether the edit needs changes outside of the region too.
    elsewhere: bool = False
    #: Pairs of texts: from the line of the first to the line of the second, lines may change.
    may_change: tuple[tuple[str, str], ...] = Field(min_length=1)
    #: Regular expressions (`re.MULTILINE`) that the file matches afterwards, and does not match.
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    #: Other files of the project, by their paths beside `file`; none of them changes.
    files: dict[Annotated[str, Field(pattern=_BESIDE)], str] = {}
    #: What other tools say of the lines.
    diagnostics: tuple[Said, ...] = ()
    source: str = Field(min_length=1)
    reference: str = Field(min_length=1)
    check: str = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if (self.at is None) == (self.select is None):
            raise ValueError("exactly one of `at` and `select` is needed")
        for needle in (
            self.at,
            *(self.select or ()),
            *(n for pair in self.may_change for n in pair),
            *(one.at for one in self.diagnostics),
        ):
            if needle is not None and (count := self.source.count(needle)) != 1:
                raise ValueError(f"{needle!r} stands in the source {count} times, not once")
        if self.file in self.files:
            raise ValueError(f"{self.file} is the file that is edited")
        for pattern in (*self.has, *self.lacks):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        if self.reference == self.source:
            raise ValueError("the reference is the source")
        for first, last in self.may_change:
            if _line(self.source, first, 0) > _line(self.source, last, len(last) - 1):
                raise ValueError(f"{first!r} stands after {last!r}")
        return self


class Task(_File):
    """One task, with where it came from."""

    language: str
    name: str
    #: Changes with every byte of the task's file.
    digest: str

    @property
    def id(self) -> str:
        """``python/cart_rename_parameter``."""
        return f"{self.language}/{self.name}"

    @property
    def lines(self) -> list[str]:
        """The lines of the source, each with its line end."""
        return lines_of(self.source)

    @property
    def free_lines(self) -> list[range]:
        """The lines that may change."""
        return [
            range(_line(self.source, first, 0), _line(self.source, last, len(last) - 1) + 1)
            for first, last in self.may_change
        ]

    @property
    def selected(self) -> Span:
        """Where the cursor stands, or what is selected: whole lines."""
        if self.at is not None:
            at = self.source.index(self.at)
            return Span(at, at)
        assert self.select is not None
        first, last = self.select
        start = self.source.rfind("\n", 0, self.source.index(first)) + 1
        end = self.source.find("\n", self.source.index(last) + len(last) - 1) + 1
        return Span(start, end or len(self.source))

    @property
    def target(self) -> Target:
        """What the product takes for the region: the symbol at the cursor, or the selection."""
        document = Document(f"file:///{self.file}", self.language, 1, self.source)
        target = find_target(document, parse(document), self.selected)
        if target is None:
            raise WrongTask(f"{self.id}: there is nothing at the cursor")
        return target

    @property
    def region_lines(self) -> range:
        """The lines of the region."""
        region = self.target.region
        text = self.source[region.start : region.end]
        first = self.source.count("\n", 0, region.start)
        return range(first, first + len(lines_of(text)))


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each with its line end."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def load(path: Path) -> Task:
    """Read one task file. Raises WrongTask."""
    try:
        data = path.read_bytes()
        told = tomllib.loads(data.decode())
        file = _File.model_validate(told)
        if path.parent.name not in LANGUAGES:
            raise ValueError(f"{path.parent.name} is none of {', '.join(LANGUAGES)}")
        return Task(
            **file.model_dump(),
            language=path.parent.name,
            name=path.stem,
            digest=hashlib.sha256(data).hexdigest()[:16],
        )
    except ValidationError as error:
        said = "; ".join(f"{_path(e['loc'])}{e['msg']}" for e in error.errors())
        raise WrongTask(f"{path.parent.name}/{path.name}: {said}") from None
    except (OSError, ValueError) as error:
        raise WrongTask(f"{path.parent.name}/{path.name}: {error}") from None


def files(folder: Path = FOLDER) -> list[Path]:
    """Return the task files, by language in the order of `LANGUAGES`."""
    found = [path for language in LANGUAGES for path in sorted((folder / language).glob("*.toml"))]
    strays = set(folder.glob("**/*.toml")) - set(found)
    if strays:
        raise WrongTask(f"{min(strays)} does not lie in the folder of a language")
    return found


def load_all(folder: Path = FOLDER) -> list[Task]:
    """Read all tasks. Raises WrongTask at the first that cannot be used."""
    return [load(path) for path in files(folder)]


def _line(text: str, needle: str, character: int) -> int:
    return text.count("\n", 0, text.index(needle) + character)


def _path(location: Sequence[int | str]) -> str:
    return "".join(f"{part}." for part in location)[:-1] + ": " if location else ""
