"""Real runs of the fixtures of other languages, with what is not saved standing in for the disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core.testing.projects import FIXTURES
from tests.fakes.editor import Editor
from tests.programs import working
from tests.running.project import answers, generate, leftovers, server_for, shown


@dataclass(frozen=True)
class Case:
    program: str
    fixture: str
    language: str
    source: str
    #: Where the cursor is, the answer, and what of it is wrong and right.
    at: str
    answer: str
    wrong: str
    right: str
    tests: str
    #: The line of the mark and the beginning of what it says.
    mark: tuple[int, str]


NODE = """\
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { total } from "../src/pricing.js";

describe("total", () => {
  it("adds nothing up", () => {
    assert.strictEqual(total([]), 0);
  });

  it("adds prices up", () => {
    assert.strictEqual(total([1, 2]), 4);
  });
});
"""
GO = """\
package pricing

import "testing"

func TestTotalOfNothing(t *testing.T) {
	if got, _ := Total(nil); got != 0 {
		t.Errorf("got %d", got)
	}
}

func TestTotal(t *testing.T) {
	if got, _ := Total([]int{1, 2}); got != 4 {
		t.Errorf("got %d, want another", got)
	}
}
"""
UNITTEST = """\
import unittest

from shop.pricing import total


class TestTotal(unittest.TestCase):
    def test_of_nothing(self):
        self.assertEqual(total([]), 0)

    def test_of_two(self):
        self.assertEqual(total([1, 2]), 4)
"""
CASES = [
    Case("node", "node-test", "javascript", "src/pricing.js", "prices.some", NODE,
         "total([1, 2]), 4", "total([1, 2]), 3", "test/pricing.test.js",
         (10, "Expected values to be strictly equal:\n3 !== 4")),
    Case("go", "go", "go", "pricing/pricing.go", "sum := 0", GO,
         "got != 4", "got != 3", "pricing/pricing_test.go", (12, "got 3, want another")),
    Case("python3", "unittest", "python", "shop/pricing.py", "return", UNITTEST,
         "total([1, 2]), 4", "total([1, 2]), 3", "tests/test_pricing.py",
         (10, "AssertionError: 3 != 4")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.fixture for case in CASES])
async def test_a_failing_test_is_marked_and_repaired(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if working(case.program) is None:
        pytest.skip(f"{case.program} is not installed")
    for name, value in {"GOPROXY": "off", "GOFLAGS": "-mod=mod"}.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "work"
    shutil.copytree(FIXTURES / case.fixture, folder)
    source = folder / case.source
    tests = (folder / case.tests).as_uri()
    right = case.answer.replace(case.wrong, case.right)
    model = answers(case.answer, right, label=case.language)
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=folder) as editor:
        await editor.open(source.as_uri(), source.read_text(), case.language)
        await generate(editor, source, case.at)
        [message] = editor.take_messages()
        assert "2 tests passed. What " in message, message
        first, *_, last = editor.take_diagnostics()
        [mark] = first["diagnostics"]
        line, said = case.mark
        assert (mark["range"]["start"]["line"], mark["message"][: len(said)]) == (line, said)
        assert last["diagnostics"] == []
        assert case.right in editor.text(tests)
        editor.take_edits()
        editor.take_shown()
    assert leftovers(folder) == []
    assert (folder / case.tests).read_text() == ""  # the buffer was never saved


async def test_go_is_given_a_source_that_is_not_saved(tmp_path: Path) -> None:
    if working("go") is None:
        pytest.skip("go is not installed")
    folder = tmp_path / "work"
    shutil.copytree(FIXTURES / "go", folder)
    source = folder / "pricing" / "pricing.go"
    text = source.read_text().replace("sum := 0", "sum := 1")
    model = answers(GO, label="go")
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=folder) as editor:
        await editor.open(source.as_uri(), text, "go")
        await generate(editor, source, "sum := 1")
        [message] = editor.take_messages()
        assert "1 of 2 tests passed" in message
        assert shown(editor)[0][0] == 6  # a total of 4 is what the buffer's code gives
        editor.take_edits()
        editor.take_shown()


async def test_tests_inside_a_source_have_to_be_saved(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(FIXTURES / "rust", folder)
    source = folder / "src" / "pricing.rs"
    model = answers(
        "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn nothing() {\n"
        "        assert_eq!(total(&[]), 0);\n    }\n}\n",
        label="rust",
    )
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=folder) as editor:
        await editor.open(source.as_uri(), source.read_text(), "rust")
        await generate(editor, source, "prices.iter()")
        [message] = editor.take_messages()
        assert (
            "The tests were not run: pricing.rs is not saved yet. Save it, then run: "
            "cargo test -- pricing::tests." in message
        )
        assert len(editor.take_edits()) == 1
        editor.take_shown()
    assert not (folder / "target").exists()


async def test_a_framework_without_a_usual_command_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(FIXTURES / "googletest", folder)
    source = folder / "src" / "pricing.cpp"
    model = answers(
        '#include <gtest/gtest.h>\n#include "shop/pricing.h"\n\nTEST(Total, Nothing) {\n'
        "  EXPECT_EQ(total({}), 0);\n}\n",
        label="cpp",
    )
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=folder) as editor:
        await editor.open(source.as_uri(), source.read_text(), "cpp")
        await generate(editor, source, "return")
        [message] = editor.take_messages()
        assert "The tests were not run: there is no usual command for GoogleTest; set" in message
        editor.take_edits()
        editor.take_shown()
    assert not os.path.exists(folder / "build")
