"""The tasks: a small project, a function of it, and ways to break that function."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dola_ls.core.actions import Target, find_target
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import Tree, parse

FOLDER = Path(__file__).with_name("tasks")
#: The folders under `FOLDER`, which are LSP's names of the languages.
LANGUAGES = ("python", "javascript")


class WrongTask(ValueError):
    """A task file cannot be used; the text says which and why."""


class Mutation(BaseModel):
    """A fault put into the function: one text in place of another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: What is wrong then.
    what: str = Field(min_length=1)
    old: str = Field(min_length=1)
    new: str


class _File(BaseModel):
    """What a task file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    framework: Literal["pytest", "unittest", "node:test"]
    #: The file with the function, and the text in it at whose beginning the cursor stands.
    file: str
    at: str = Field(min_length=1)
    #: Where tests of the function belong in this project; merged into where the file is there.
    tests: str
    #: A test file that passes on the sound function and fails on every mutation.
    reference: str = Field(min_length=1)
    #: The project: text by path.
    files: dict[str, str]
    mutations: tuple[Mutation, ...] = Field(min_length=2, max_length=3)

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        for path in (*self.files, self.tests):
            pure = PurePosixPath(path)
            if pure.is_absolute() or ".." in pure.parts or str(pure) != path:
                raise ValueError(f"{path!r} is no plain path within the project")
        if self.file not in self.files:
            raise ValueError(f"there is no {self.file!r} in the project")
        source = self.files[self.file]
        for needle in (self.at, *(mutation.old for mutation in self.mutations)):
            if (count := source.count(needle)) != 1:
                raise ValueError(f"{needle!r} stands in the source {count} times, not once")
        for mutation in self.mutations:
            if mutation.old == mutation.new:
                raise ValueError(f"{mutation.what!r} changes nothing")
        return self


class Task(_File):
    """One task, with where it came from."""

    language: str
    name: str
    #: Changes with every byte of the task's file.
    digest: str

    @property
    def id(self) -> str:
        """``python/next_weekday``."""
        return f"{self.language}/{self.name}"

    @property
    def source(self) -> str:
        """The text of the file with the function."""
        return self.files[self.file]

    @property
    def merges(self) -> bool:
        """Whether there is a test file that the new tests belong in."""
        return self.tests in self.files

    @property
    def cursor(self) -> int:
        """The offset of the cursor in the source."""
        return self.source.index(self.at)

    @property
    def target(self) -> Target:
        """What the product takes for the function: the symbol at the cursor, in whole lines."""
        document, tree = self.parsed(self.source)
        target = find_target(document, tree, Span(self.cursor, self.cursor))
        if target is None or target.symbol is None:
            raise WrongTask(f"{self.id}: there is no function at the cursor")
        return target

    def parsed(self, source: str) -> tuple[Document, Tree]:
        """Return a text of the function's file with its syntax tree."""
        document = Document(f"file:///{self.file}", self.language, 1, source)
        tree = parse(document)
        assert tree is not None
        return document, tree

    def mutated(self, mutation: Mutation) -> str:
        """Return the source with a fault in it."""
        return self.source.replace(mutation.old, mutation.new)


def load(path: Path) -> Task:
    """Read one task file. Raises WrongTask."""
    try:
        data = path.read_bytes()
        file = _File.model_validate(tomllib.loads(data.decode()))
        if path.parent.name not in LANGUAGES:
            raise ValueError(f"{path.parent.name} is none of {', '.join(LANGUAGES)}")
        task = Task(
            **file.model_dump(),
            language=path.parent.name,
            name=path.stem,
            digest=hashlib.sha256(data).hexdigest()[:16],
        )
        region = task.target.region
        for mutation in task.mutations:
            if not region.start <= task.source.index(mutation.old) < region.end:
                raise ValueError(f"{mutation.old!r} does not stand in the function")
        return task
    except ValidationError as error:
        said = "; ".join(f"{_path(e['loc'])}{e['msg']}" for e in error.errors())
        raise WrongTask(f"{path.parent.name}/{path.name}: {said}") from None
    except WrongTask:
        raise
    except (OSError, ValueError) as error:
        raise WrongTask(f"{path.parent.name}/{path.name}: {error}") from None


def load_all(folder: Path = FOLDER) -> list[Task]:
    """Read all tasks. Raises WrongTask at the first that cannot be used."""
    found = [path for language in LANGUAGES for path in sorted((folder / language).glob("*.toml"))]
    if strays := set(folder.glob("**/*.toml")) - set(found):
        raise WrongTask(f"{min(strays)} does not lie in the folder of a language")
    return [load(path) for path in found]


def _path(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location)) + ": " if location else ""
