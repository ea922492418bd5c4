"""The sample project: copied to a folder of its own, and asked whether it still does the same."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from dola_ls.demo.trial import run_python

#: The files of the sample end in this, so that no tool takes them for code of this package.
_SUFFIX = ".txt"
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of the sample."""

    root: Path

    @property
    def module(self) -> Path:
        """The file the actions are tried on."""
        return self.root / "shop" / "pricing.py"

    def behaviour(self) -> list[str] | str:
        """Return what the module does for many inputs, a line each, or why that is not known."""
        ran = run_python(["behaviour.py"], self.root, _SECONDS)
        if ran.code == 0:
            return ran.output.rstrip("\n").split("\n")
        return ran.stopped or (ran.output.strip().split("\n")[-1] or f"exit code {ran.code}")


def copy_to(folder: Path) -> Project:
    """Copy the sample into an empty folder."""
    _copy(files("dola_ls.demo") / "sample", folder)
    return Project(folder)


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                _copy(entry, target / entry.name)
        else:
            name = entry.name.removesuffix(_SUFFIX)
            (target / name).write_text(entry.read_text("utf-8"), encoding="utf-8", newline="\n")


def compare(before: list[str], after: list[str] | str) -> str:
    """Return how the behaviour changed, as a clause; empty where it is the same."""
    if isinstance(after, str):
        return f"the module does not run any more: {after}"
    pairs = zip(before, after, strict=False)
    if first := next(((old, new) for old, new in pairs if old != new), None):
        changed = sum(1 for old, new in zip(before, after, strict=False) if old != new)
        call, _, was = first[0].partition(" -> ")
        return (
            f"it changes what the code does in {changed} of {len(before)} calls tried: {call} "
            f"was {was} and is {first[1].partition(' -> ')[2]}"
        )
    return "" if len(before) == len(after) else "the module prints something else now"


def parses(text: str) -> bool:
    """Tell whether a text is valid Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
