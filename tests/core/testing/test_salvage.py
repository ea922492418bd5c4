"""Answers in which some tests do not parse: the others are taken, and nothing of those."""

from __future__ import annotations

import pytest

from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.salvage import tests_that_parse as salvaged
from dola_ls.core.testing.testcode import read_code

#: For each language: what stands at the top, two sound tests, and one with a bracket too many.
ANSWERS = {
    "pytest": (
        "python",
        "from a import f\n\n\n",
        "def test_one():\n    assert f(1) == 1\n\n\n",
        "def test_two():\n    x = f(2)\n\n    assert x == 2\n\n\n",
        "def test_bad():\n    assert f(3)) == 3\n\n\n",
    ),
    "node:test": (
        "javascript",
        'import { test } from "node:test";\nimport { f } from "./a.js";\n\n',
        'test("one", () => {\n  equal(f(1), 1);\n});\n\n',
        'test("two", () => {\n  const x = f(2);\n\n  equal(x, 2);\n});\n\n',
        'test("bad", () => {\n  equal(f(3), [3])]);\n});\n\n',
    ),
    "testing": (
        "go",
        'package a\n\nimport "testing"\n\n',
        "func TestOne(t *testing.T) {\n\tcheck(t, F(1), 1)\n}\n\n",
        "func TestTwo(t *testing.T) {\n\tx := F(2)\n\n\tcheck(t, x, 2)\n}\n\n",
        "func TestBad(t *testing.T) {\n\tcheck(t, F(3)), 3)\n}\n\n",
    ),
}


@pytest.mark.parametrize("framework", ANSWERS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_only_what_does_not_parse_is_left_out(framework: str, at: int) -> None:
    language, head, one, two, bad = ANSWERS[framework]
    tests = [one, two]
    tests.insert(at, bad)
    found = salvaged(head + "".join(tests), language, FRAMEWORKS[framework])
    assert found is not None
    assert (found.code, found.left_out) == (head + one + two, 1)
    assert read_code(found.code, language, FRAMEWORKS[framework]).faults == 0


@pytest.mark.parametrize("framework", ANSWERS)
def test_without_a_sound_test_there_is_nothing(framework: str) -> None:
    language, head, _, _, bad = ANSWERS[framework]
    assert salvaged(head + bad, language, FRAMEWORKS[framework]) is None


def test_tests_in_one_block_are_taken_together_or_not_at_all() -> None:
    class_ = "class TestF:\n    def test_one(self):\n        pass\n\n    def test_bad(self:\n"
    assert salvaged(class_, "python", FRAMEWORKS["pytest"]) is None


@pytest.mark.parametrize("text", ["", "\n", "   \n", ")\n"])
def test_of_nothing_nothing_is_taken(text: str) -> None:
    assert salvaged(text, "python", FRAMEWORKS["pytest"]) is None
