"""Answers without an end: the tests that are whole in them are taken, and no half of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Document
from dola_ls.core.parsing import parse
from dola_ls.core.testing.examples import EXAMPLES, example_for
from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.testcode import read_code
from dola_ls.core.testing.unfinished import (
    MOST,
    TOO_MANY,
    TestWatch,
    code_so_far,
    finished_tests,
)

PYTEST = FRAMEWORKS["pytest"]
HEAD = "import pytest\n\nfrom a import f\n\n"


def language(framework: str) -> str:
    known = FRAMEWORKS[framework].languages
    return next(id for id in ("python", "javascript", "java", "cpp", *sorted(known)) if id in known)


def case(number: int) -> str:
    return f"\ndef test_{number}():\n    assert f({number}) == {number}\n"


def names(code: str | None, framework: str = "pytest") -> list[str]:
    assert code is not None
    return [t.name for t in read_code(code, language(framework), FRAMEWORKS[framework]).tests()]


def test_the_last_test_is_left_out_as_nobody_knows_whether_it_is_whole() -> None:
    cut = HEAD + case(1) + case(2) + "\ndef test_3():\n    x = f(3)\n    assert"
    assert names(finished_tests(cut, "python", PYTEST)) == ["test_1", "test_2"]


def test_a_line_that_was_cut_is_never_taken_though_it_would_parse() -> None:
    cut = HEAD + "\ndef test_a():\n    assert f(1) == 1\n    assert f(1"
    kept = finished_tests(cut + "2)", "python", PYTEST)
    assert kept is not None
    assert "12" not in kept


def test_what_is_said_again_and_again_is_taken_once() -> None:
    again = HEAD + "\ndef test_a():\n    assert f(1) == 1\n" + "    assert f(2) == 2\n" * 30
    kept = finished_tests(again, "python", PYTEST)
    assert kept is not None
    assert kept.count("assert") == 2
    same = HEAD + "".join(case(1).replace("test_1", f"test_{n}") for n in range(30))
    assert names(finished_tests(same, "python", PYTEST)) == ["test_0"]


def test_no_more_are_taken_than_are_asked_for() -> None:
    many = HEAD + "".join(case(number) for number in range(40))
    assert len(names(finished_tests(many, "python", PYTEST))) == MOST


def test_blocks_that_were_open_are_closed() -> None:
    open_ = """\
import { describe, it } from "node:test";

describe("f", () => {
  it("adds", () => {
    assert.equal(f(1), 1);
  });

  it("takes", () => {
    assert.equal(f(2), 2
"""
    kept = finished_tests(open_, "javascript", FRAMEWORKS["node:test"])
    assert names(kept, "node:test") == ["adds"]


SCRIPT = """\
import test from "node:test";
import { cut } from "./text.js";

test("cuts", () => {
  assert.throws(() => cut());
"""
COUNTING = "".join(f'  assert.equal(cut("Hello", {n}), "Hello");\n' for n in range(95, 140))


def seen_at(watch: TestWatch, answer: str) -> int | None:
    """Return how much of an answer is there when it is broken off."""
    ends = [at + 1 for at, letter in enumerate(answer) if letter == "\n"]
    return next((end for end in ends if watch.enough(answer[:end])), None)


def test_an_answer_that_only_counts_up_is_broken_off_and_its_test_ends_there() -> None:
    watch = TestWatch("javascript", FRAMEWORKS["node:test"])
    answer = "```javascript\n" + SCRIPT + COUNTING
    end = seen_at(watch, answer)
    assert end is not None
    assert answer[:end].count("assert.equal") < 25
    code = code_so_far(answer[:end])
    kept = finished_tests(code, "javascript", FRAMEWORKS["node:test"], broken_off=True)
    assert kept == SCRIPT + "".join(COUNTING.splitlines(True)[:3]) + "});\n"
    # One that was cut anywhere else may lack the half of its last test.
    assert finished_tests(code, "javascript", FRAMEWORKS["node:test"]) is None


@pytest.mark.parametrize("id", ["pytest", "vitest"])
def test_an_answer_with_too_many_tests_is_broken_off(id: str) -> None:
    known = language(id)
    names_ = [f"{'x' * (n % 7)}_{chr(97 + n % 26)}{n}" for n in range(40)]
    if id == "pytest":
        cases = [f"\ndef test_{name}():\n    assert {name}() == {name!r}\n" for name in names_]
    else:
        cases = [
            f"  it({name!r}, () => {{\n    expect({name}()).toBe({name!r});\n  }});\n"
            for name in names_
        ]
    head = "from a import f\n" if id == "pytest" else "describe('f', () => {\n"
    answer = f"```{known}\n{head}" + "".join(cases)
    watch = TestWatch(known, FRAMEWORKS[id])
    end = seen_at(watch, answer)
    assert end is not None
    code = code_so_far(answer[:end])
    assert TOO_MANY < code.count("test_" if id == "pytest" else "it(") <= TOO_MANY + 4
    assert len(names(finished_tests(code, known, FRAMEWORKS[id], broken_off=True), id)) == MOST


@pytest.mark.parametrize("id", sorted(EXAMPLES))
def test_what_is_asked_for_is_never_broken_off(id: str) -> None:
    answer = f"```\n{EXAMPLES[id]}\n```\n"
    assert seen_at(TestWatch(language(id), FRAMEWORKS[id]), answer) is None


@pytest.mark.parametrize("text", ["", "import pytest\n", "def test_a():\n", "x" * 500, "(((\n"])
def test_where_no_test_is_whole_there_is_none(text: str) -> None:
    assert finished_tests(text, "python", PYTEST) is None


@given(st.data())
def test_cut_anywhere_it_parses_and_holds_only_tests_of_the_answer(data: st.DataObject) -> None:
    id = data.draw(st.sampled_from(sorted(EXAMPLES)))
    whole = EXAMPLES[id] + "\n"
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    kept = finished_tests(cut, language(id), FRAMEWORKS[id])
    if kept is not None:
        assert read_code(kept, language(id), FRAMEWORKS[id]).faults == 0
        assert set(names(kept, id)) <= set(names(whole, id))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Here:\n```python\na\nb", "a\nb"),
        ("````\na\n```\nb\n````\nbye", "a\n```\nb\n"),
        ("no code", ""),
        ("```", ""),
    ],
)
def test_the_code_so_far(answer: str, code: str) -> None:
    assert code_so_far(answer) == code


@pytest.mark.parametrize("id", sorted(FRAMEWORKS))
def test_each_framework_has_an_example_with_two_tests_of_its_own(id: str) -> None:
    for known in sorted(FRAMEWORKS[id].languages - {"c"}):
        text = ("<?php\n" if known == "php" else "") + example_for(id, known) + "\n"
        tree = parse(Document("file:///a", known, 1, text))
        if tree is not None:
            assert len(list(read_code(text, known, FRAMEWORKS[id]).tests())) == 2
