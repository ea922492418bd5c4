"""That the figures measure what they say; how long anything takes is not looked at."""

from __future__ import annotations

import ast

import pytest

from tests.benchmarks.answering import answering
from tests.benchmarks.corpus import LINES, Text, refactored, source
from tests.benchmarks.effort import Effort
from tests.benchmarks.table import Row, Section, Target


@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_file_is_valid_python_of_the_size_it_is_said_to_have(ascii_only: bool) -> None:
    text = source(ascii_only=ascii_only)
    assert text.count("\n") == LINES
    assert text.isascii() is ascii_only
    ast.parse(text)
    name, offset = Text("file:///a.py", text, "utf-8").functions()[3]
    new = refactored(name, ascii_only=ascii_only)
    ast.parse(new)
    assert new not in text
    assert text.startswith(f"{name}(", offset)


def test_answers_of_a_model_arrive_as_edits() -> None:
    """Each round fails where the buffer does not hold the model's answer afterwards."""
    section = answering(Effort(answers=1))
    assert [len(row.samples) for row in section.rows] == [1, 1, 1]


def test_the_table_tells_what_was_met_and_what_was_not_there() -> None:
    rows = [
        Row("ours", (1.0, 2.0, 30.0), Target("p95", 10)),
        Row("quick", (1.0,), Target("ratio", 1.25)),
        Row("floor", (1.0, 1.0)),
        Row("other", instead="not installed"),
    ]
    section = Section("A figure", "ms", rows, floor="floor")
    assert [section.met(row) for row in rows] == [False, True, None, None]
    lines = section.markdown().split("\n")
    assert "target p95 10 ms: missed" in lines[4]
    assert "target 1.25 × floor: met" in lines[5]
    assert "not installed" in lines[7]
    assert len({len(line) for line in lines[2:8]}) == 1
