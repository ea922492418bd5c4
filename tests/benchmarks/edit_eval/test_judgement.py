"""That the judgement of an edit's place sees what it is there for, and nothing else."""

from __future__ import annotations

import pytest

from tests.benchmarks.edit_eval.judgement import in_place, judge
from tests.benchmarks.edit_eval.tasks import Task

_SOURCE = """\
import os

LIMIT = 3


def f(x):
    # Why.
    y = x
    return y


def g(x):
    return x
"""


def _task(*may_change: tuple[str, str], at: str = "def f") -> Task:
    return Task(
        title="t",
        file="a.py",
        instruction="i",
        at=at,
        may_change=may_change or (("    y = x", "return y"),),
        source=_SOURCE,
        reference="other",
        check="c",
        language="python",
        name="t",
        digest="",
    )


def test_a_change_of_the_lines_it_is_for_is_in_place() -> None:
    kept = judge(_task(), _SOURCE.replace("    y = x\n    return y\n", "    return x\n"))
    assert (kept.wrong_place, kept.lost_text, kept.excess) == ("", "", "")


@pytest.mark.parametrize("put_in", ["    y = x\n", "    # Why.\n", "\n", "\n\ndef g(x):\n", "a\n"])
@pytest.mark.parametrize("where", ["    y = x\n", "\n\ndef g"])
def test_lines_put_in_at_the_border_are_in_place_even_if_they_look_like_their_neighbours(
    put_in: str, where: str
) -> None:
    kept = judge(_task(), _SOURCE.replace(where, put_in + where))
    assert (kept.wrong_place, kept.lost_text, kept.excess) == ("", "", "")


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("LIMIT = 3", "LIMIT = 4", True),
        ("LIMIT = 3\n", "", True),
        ("import os\n", "import sys\nimport os\n", False),
        ("    return x\n", "    return x\n\n", False),
        ("    return x\n", "    return x", True),
        ("    return x\n", "    return x\r\n", True),
        ("def g(x):\n    return x\n", "", True),
        ("import os\n\nLIMIT = 3\n", "LIMIT = 3\n\nimport os\n", True),
        ("LIMIT = 3\n", "LIMIT = 3\nLIMIT = 3\n", False),
    ],
)
def test_a_change_outside_of_the_region_is_in_the_wrong_place(
    old: str, new: str, lost: bool
) -> None:
    kept = judge(_task(), _SOURCE.replace(old, new))
    assert kept.wrong_place
    assert kept.excess
    assert bool(kept.lost_text) is lost


def test_a_right_change_does_not_hide_a_wrong_one() -> None:
    text = _SOURCE.replace("    y = x\n    return y\n", "    return x\n")
    assert "LIMIT" in judge(_task(), text.replace("LIMIT = 3\n", "")).lost_text


def test_the_region_itself_twice_is_in_the_wrong_place_only_beyond_it() -> None:
    function = _SOURCE[_SOURCE.index("def f") : _SOURCE.index("\n\ndef g")]
    doubled = judge(_task(), _SOURCE.replace(function, function + function))
    assert (doubled.wrong_place, doubled.lost_text) == ("", "")
    assert judge(_task(), _SOURCE + function).wrong_place


def test_more_than_was_asked_for_within_the_region_is_told_by_itself() -> None:
    kept = judge(_task(), _SOURCE.replace("    # Why.\n", ""))
    assert (kept.wrong_place, kept.lost_text) == ("", "")
    assert "Why" in kept.excess


def test_lines_that_may_change_outside_of_the_region_are_no_wrong_place() -> None:
    task = _task(("import os", "import os"), ("    y = x", "return y"))
    assert judge(task, _SOURCE.replace("import os\n", "import os\nimport sys\n")).excess == ""
    assert judge(task, _SOURCE.replace("LIMIT = 3", "LIMIT = 4")).wrong_place


@pytest.mark.parametrize(
    ("fixed", "result", "whole"),
    [
        ("|", "", True),
        ("|", "anything", True),
        ("ab|cd", "abcd", True),
        ("ab|cd", "abxcd", True),
        ("ab|cd", "abd", False),
        ("ab|b", "ab", False),
        ("a|b|c", "abc", True),
        ("a|bb|c", "abcbbc", True),
        ("a|bb|c", "abcbc", False),
        ("a|b|b|c", "abc", False),
        ("a|bc|c", "abc", False),
        ("|b|", "abc", True),
        ("|b|", "ac", False),
    ],
)
def test_pieces_stand_whole_apart_and_in_order(fixed: str, result: str, whole: bool) -> None:
    assert in_place([list(piece) for piece in fixed.split("|")], list(result)) is whole
