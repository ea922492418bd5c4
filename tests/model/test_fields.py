"""The page on the model's interface names every documented field once, and tests that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.model.test_wire import CHUNK, COMPLETION, REQUEST

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "server" / "README.md"


def table(heading: str) -> list[list[str]]:
    """Return the cells of the one table below a heading."""
    section = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def paths(schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Yield the dotted path of every property; ``[]`` stands for any element of a list."""
    for branch in schema.get("anyOf") or schema.get("oneOf") or ():
        yield from paths(branch, at)
    for name, inner in schema.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        yield path
        yield from paths(inner, path)
    if "items" in schema:
        yield from paths(schema["items"], f"{at}[]")


DOCUMENTED = {
    "Request": set(paths(REQUEST)),
    "Answer": set(paths(COMPLETION)) | set(paths(CHUNK)),
}


def covers(name: str, path: str) -> bool:
    """Tell whether a row that names `name` is about `path`."""
    return path.startswith(name[:-1]) if name.endswith(".*") else path == name


def test_every_documented_field_has_one_row_and_every_row_a_field() -> None:
    for heading, documented in DOCUMENTED.items():
        rows = [re.findall(r"`([^`]+)`", row[0]) for row in table(heading)]
        for path in documented:
            found = [row for row in rows if any(covers(name, path) for name in row)]
            assert len(found) == 1, path
        for name in (name for row in rows for name in row):
            assert any(covers(name, path) for path in documented), name
    assert len(DOCUMENTED["Request"]) > 40
    assert len(DOCUMENTED["Answer"]) > 70


def test_every_row_names_a_test_that_is_there() -> None:
    for heading in ("Request", "Answer", "What other servers have besides"):
        for row in table(heading):
            assert len(row) == 4
            assert all(row), row
            named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1])
            assert named, row
            assert re.sub(r"`[^`]*`|[,\s]", "", row[-1]) == "", row
            for file, test in named:
                text = (ROOT / file).read_text(encoding="utf-8")
                found = re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE)
                assert found, f"{file}::{test}"


def test_what_is_ignored_says_why() -> None:
    for heading in DOCUMENTED:
        for row in table(heading):
            if "ignored" in row[1] or "never sent" in row[1]:
                assert re.search(r": \w|as above", row[1]), row
