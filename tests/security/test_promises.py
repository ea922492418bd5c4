"""Each promise of the page on security names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / ".github" / "SECURITY.md"
#: S1 to S24 of the requirements.
ALL = [f"S{number}" for number in range(1, 25)]


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_requirement_is_there_once_and_in_order() -> None:
    assert [row[0] for row in rows() if row[0]] == ALL


def test_each_row_says_what_it_is_against_and_names_tests_that_are_there() -> None:
    for number, promise, threat, tests in rows():
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert promise, number
        assert threat, number
        assert named, promise
        # Nothing else stands in the cell.
        assert re.sub(r"`[^`]*`|[,\s]", "", tests) == "", promise
        for file, test in named:
            text = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE), f"{file}::{test}"
