"""A repair may correct a test; it may never make it check less."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Document, apply_edits
from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.repairs import Repair, Written, excerpt, members, repair

PYTHON = (
    "python", "pytest", "from a import total\n\n\ndef test_it():\n{}",
    "def total(items):\n    return 0\n",
)  # fmt: skip
UNITTEST = (
    "python", "unittest",
    "import unittest\n\nfrom a import total\n\n\nclass TestTotal(unittest.TestCase):\n"
    "    def test_it(self):\n{}",
    "def total(items):\n    return 0\n",
)  # fmt: skip
VITEST = (
    "typescript", "vitest",
    'import {{ describe, expect, it }} from "vitest";\n\nimport {{ total }} from "./a";\n\n'
    'describe("total", () => {{\n  it("works", () => {{\n{}  }});\n}});\n',
    "export function total(a: number[]): number {\n  return 0;\n}\n",
)  # fmt: skip
NODE = (
    "javascript", "node:test",
    'import {{ it }} from "node:test";\nimport assert from "node:assert/strict";\n\n'
    'import {{ total }} from "./a.js";\n\nit("works", () => {{\n{}}});\n',
    "export function total(a) {\n  return 0;\n}\n",
)  # fmt: skip
GO = (
    "go", "testing",
    "package a\n\nimport \"testing\"\n\nfunc TestTotal(t *testing.T) {{\n{}}}\n",
    "package a\n\nfunc Total(a []int) int {\n\treturn 0\n}\n",
)  # fmt: skip
RUST = (
    "rust", "rust",
    "#[cfg(test)]\nmod tests {{\n    use super::*;\n\n    #[test]\n    fn works() {{\n{}"
    "    }}\n}}\n",
    "pub fn total(a: &[u32]) -> u32 {\n    0\n}\n",
)  # fmt: skip
JUNIT = (
    "java", "junit5",
    "package shop;\n\nimport static org.junit.jupiter.api.Assertions.assertEquals;\n"
    "import static org.junit.jupiter.api.Assertions.assertThrows;\n"
    "import static org.junit.jupiter.api.Assertions.assertTrue;\n\n"
    "import org.junit.jupiter.api.Test;\n\nclass PricingTest {{\n    @Test\n    void works() {{\n{}"
    "    }}\n}}\n",
    "package shop;\n\npublic class Pricing {\n    static int total(int a) {\n        return 0;\n"
    "    }\n}\n",
)  # fmt: skip
RSPEC = (
    "ruby", "rspec",
    'RSpec.describe Pricing do\n  it "works" do\n{}  end\nend\n',
    "module Pricing\n  def self.total(a)\n    0\n  end\nend\n",
)  # fmt: skip
PHPUNIT = (
    "php", "phpunit",
    "<?php\n\nuse PHPUnit\\Framework\\TestCase;\n\nfinal class PricingTest extends TestCase\n{{\n"
    "    public function testTotal(): void\n    {{\n{}    }}\n}}\n",
    "<?php\n\nclass Pricing\n{\n    public static function total($a) {}\n}\n",
)  # fmt: skip
XUNIT = (
    "csharp", "xunit",
    "using Xunit;\n\npublic class PricingTests\n{{\n    [Fact]\n    public void Works()\n    {{\n{}"
    "    }}\n}}\n",
    "public class Pricing\n{\n    public static int Total(int a) => 0;\n}\n",
)  # fmt: skip
_PLACES = {
    "python": ("tests/test_a.py", "total", ""),
    "typescript": ("src/a.test.ts", "total", ""),
    "javascript": ("src/a.test.js", "total", ""),
    "go": ("a_test.go", "Total", "a"),
    "rust": ("src/lib.rs", "total", "tests"),
    "java": ("src/test/java/shop/PricingTest.java", "Pricing.total", "PricingTest"),
    "ruby": ("spec/pricing_spec.rb", "Pricing.total", "pricing_spec"),
    "php": ("tests/PricingTest.php", "Pricing.total", "PricingTest"),
    "csharp": ("PricingTests.cs", "Pricing.Total", "PricingTests"),
}


@dataclass(frozen=True)
class Kind:
    language: str
    framework: str
    shape: str
    source: str

    def file(self, body: str) -> str:
        return self.shape.format(body)

    def written(self, text: str, mine: bool = True, new: bool = False) -> Written:
        path, symbol, name = _PLACES[self.language]
        imports = ("from a import total",) if self.language == "python" else ()
        package = "package a" if self.language == "go" else ""
        place = Placement(
            path, True, self.language, symbol, symbol.split(".")[0], imports, package, name,
            inline=self.language == "rust",
        )  # fmt: skip
        document = Document(f"file:///{path}", self.language, 1, text)
        source = Document("file:///a", self.language, 1, self.source)
        framework = FRAMEWORKS[self.framework]
        ours = members(document, place, framework) if mine else frozenset()
        return Written(document, place, framework, source, ours, new)


def judged(kind: tuple[str, str, str, str], before: str, after: str) -> str:
    """Return the rule that refuses a repair of a test's body, or what came of it."""
    made = Kind(*kind)
    written = made.written(made.file(before))
    found = repair(written, made.file(after), written.mine)
    if isinstance(found, Verdict):
        return found.rule
    result = apply_edits(written.document.text, found.rewrite.edits)
    assert " ".join(after.split()) in " ".join(result.split())
    return "changed" if found.changed else "same"


@pytest.mark.parametrize(
    ("kind", "before", "after", "outcome"),
    [
        # What a repair is for.
        (PYTHON, "    assert total([1]) == 2\n", "    assert total([1]) == 1\n", "changed"),
        (PYTHON, "    assert total(1) == 1\n", "    assert total([1]) == 1\n", "changed"),
        (PYTHON, "    items = 1\n    assert total(items) == 1\n",
         "    items = [1]\n    assert total(items) == 1\n", "same"),
        (PYTHON, "    assert total([-1]) == 0\n",
         "    with pytest.raises(ValueError):\n        total([-1])\n", "changed"),
        (PYTHON, "    assert total([0.1]) == 0.1\n",
         "    assert total([0.1]) == pytest.approx(0.1)\n", "changed"),
        (UNITTEST, "        self.assertEqual(total([1]), 2)\n",
         "        self.assertAlmostEqual(total([1]), 1.5)\n", "changed"),
        (VITEST, "    expect(total([1])).toBe(2);\n", "    expect(total([1])).toBe(1);\n",
         "changed"),
        (VITEST, "    expect(total([])).toBe([]);\n", "    expect(total([])).toEqual([]);\n",
         "changed"),
        (GO, '\tif got := Total([]int{1}); got != 2 {\n\t\tt.Errorf("got %d", got)\n\t}\n',
         '\tif got := Total([]int{1}); got != 1 {\n\t\tt.Errorf("got %d", got)\n\t}\n', "changed"),
        (RUST, "        assert_eq!(total(&[1]), 2);\n", "        assert_eq!(total(&[1]), 1);\n",
         "changed"),
        (JUNIT, "        assertEquals(2, Pricing.total(1));\n",
         "        assertEquals(1, Pricing.total(1));\n", "changed"),
        (RSPEC, "    expect(Pricing.total([1])).to eq(2)\n",
         "    expect(Pricing.total([1])).to eq(1)\n", "changed"),
        (PHPUNIT, "        $this->assertSame(2, Pricing::total([1]));\n",
         "        $this->assertSame(1, Pricing::total([1]));\n", "changed"),
        (XUNIT, "        Assert.Equal(2, Pricing.Total(1));\n",
         "        Assert.Equal(1, Pricing.Total(1));\n", "changed"),
        # Fewer checks.
        (PYTHON, "    assert total([1]) == 2\n", "    total([1])\n", "fewer_assertions"),
        (PYTHON, "    assert total([1]) == 2\n", "    # assert total([1]) == 2\n    total([1])\n",
         "fewer_assertions"),
        (PYTHON, "    assert total([1]) == 2\n", '    """assert total([1]) == 2"""\n    total()\n',
         "fewer_assertions"),
        (VITEST, "    expect(total([1])).toBe(2);\n    expect(total([])).toBe(0);\n",
         "    expect(total([])).toBe(0);\n", "fewer_assertions"),
        (GO, '\tif got := Total([]int{1}); got != 2 {\n\t\tt.Errorf("got %d", got)\n\t}\n',
         '\tif got := Total([]int{1}); got != 2 {\n\t\tt.Logf("got %d", got)\n\t}\n',
         "fewer_assertions"),
        (RUST, "        assert_eq!(total(&[1]), 2);\n", "        let _ = total(&[1]);\n",
         "fewer_assertions"),
        (JUNIT, "        assertEquals(2, Pricing.total(1));\n", "        Pricing.total(1);\n",
         "fewer_assertions"),
        (RSPEC, "    expect(Pricing.total([1])).to eq(2)\n", "    Pricing.total([1])\n",
         "fewer_assertions"),
        (PHPUNIT, "        $this->assertSame(2, Pricing::total([1]));\n",
         "        Pricing::total([1]);\n", "fewer_assertions"),
        (XUNIT, "        Assert.Equal(2, Pricing.Total(1));\n", "        Pricing.Total(1);\n",
         "fewer_assertions"),
        # Skipped.
        (PYTHON, "    assert total([1]) == 2\n",
         "    pytest.skip('no')\n    assert total([1]) == 2\n", "skipped"),
        (UNITTEST, "        self.assertEqual(total([1]), 2)\n",
         "        self.skipTest('no')\n        self.assertEqual(total([1]), 2)\n", "skipped"),
        (GO, '\tif Total(nil) != 2 {\n\t\tt.Error("no")\n\t}\n',
         '\tt.Skip("no")\n\tif Total(nil) != 2 {\n\t\tt.Error("no")\n\t}\n', "skipped"),
        (JUNIT, "        assertEquals(2, Pricing.total(1));\n",
         "        Assumptions.assumeTrue(false);\n        assertEquals(2, Pricing.total(1));\n",
         "skipped"),
        (RSPEC, "    expect(Pricing.total([1])).to eq(2)\n",
         "    skip\n    expect(Pricing.total([1])).to eq(2)\n", "skipped"),
        (PHPUNIT, "        $this->assertSame(2, Pricing::total([1]));\n",
         "        $this->markTestSkipped();\n        $this->assertSame(2, Pricing::total([1]));\n",
         "skipped"),
        # True whatever the code does.
        (PYTHON, "    assert total([1]) == 2\n", "    total([1])\n    assert True\n",
         "empty_assertion"),
        (PYTHON, "    assert total([1]) == 2\n", "    assert total([1]) == total([1])\n",
         "empty_assertion"),
        (PYTHON, "    assert total([1]) == 2\n", "    assert total([1]) == 2 or True\n",
         "empty_assertion"),
        (UNITTEST, "        self.assertEqual(total([1]), 2)\n",
         "        total([1])\n        self.assertEqual(2, 2)\n", "empty_assertion"),
        (VITEST, "    expect(total([1])).toBe(2);\n",
         "    total([1]);\n    expect(true).toBe(true);\n", "empty_assertion"),
        (VITEST, "    expect(total([1])).toBe(2);\n",
         "    expect(total([1])).toBe(total([1]));\n", "empty_assertion"),
        (NODE, "  assert.strictEqual(total([1]), 2);\n",
         "  total([1]);\n  assert.strictEqual(2, 2);\n", "empty_assertion"),
        (GO, '\tif got := Total(nil); got != 2 {\n\t\tt.Error("no")\n\t}\n',
         '\tif got := Total(nil); got != got {\n\t\tt.Error("no")\n\t}\n', "empty_assertion"),
        (RUST, "        assert_eq!(total(&[1]), 2);\n",
         "        total(&[1]);\n        assert!(true);\n", "empty_assertion"),
        (JUNIT, "        assertEquals(2, Pricing.total(1));\n",
         "        Pricing.total(1);\n        assertTrue(true);\n", "empty_assertion"),
        (RSPEC, "    expect(Pricing.total([1])).to eq(2)\n",
         "    Pricing.total([1])\n    expect(true).to be(true)\n", "empty_assertion"),
        (PHPUNIT, "        $this->assertSame(2, Pricing::total([1]));\n",
         "        Pricing::total([1]);\n        $this->assertTrue(true);\n", "empty_assertion"),
        (XUNIT, "        Assert.Equal(2, Pricing.Total(1));\n",
         "        Pricing.Total(1);\n        Assert.True(true);\n", "empty_assertion"),
        # True of nearly everything.
        (PYTHON, "    assert total([1]) == 2\n", "    assert total([1]) is not None\n", "weaker"),
        (PYTHON, "    assert total([1]) == 2\n", "    assert isinstance(total([1]), int)\n",
         "weaker"),
        (PYTHON, "    assert total([1]) == 2\n", "    assert total([1])\n", "weaker"),
        (VITEST, "    expect(total([1])).toBe(2);\n", "    expect(total([1])).toBeDefined();\n",
         "weaker"),
        (JUNIT, "        assertEquals(2, Pricing.total(1));\n",
         "        assertNotNull(Pricing.total(1));\n", "weaker"),
        # Not reached, or not seen to fail.
        (PYTHON, "    assert total([1]) == 2\n",
         "    try:\n        assert total([1]) == 2\n    except AssertionError:\n        pass\n",
         "evades"),
        (PYTHON, "    assert total([1]) == 2\n", "    total([1])\n    return\n    assert 1 == x\n",
         "evades"),
        (PYTHON, "    assert total([1]) == 2\n", "    if total([1]) == 2:\n        assert x == 2\n",
         "evades"),
        (PYTHON, "    assert total([1]) == 2\n",
         "    def later():\n        assert total([1]) == 2\n", "evades"),
        (VITEST, "    expect(total([1])).toBe(2);\n",
         "    try {\n      expect(total([1])).toBe(2);\n    } catch (e) {}\n", "evades"),
        (GO, '\tif Total(nil) != 2 {\n\t\tt.Error("no")\n\t}\n',
         '\tif Total(nil) == 0 {\n\t\treturn\n\t}\n'
         '\tif Total(nil) != 2 {\n\t\tt.Error("no")\n\t}\n',
         "evades"),
        # Fewer cases in a table.
        (GO, '\tfor _, c := range []struct{ in, want int }{{1, 2}, {2, 3}} {\n'
         '\t\tif Total([]int{c.in}) != c.want {\n\t\t\tt.Error("no")\n\t\t}\n\t}\n',
         '\tfor _, c := range []struct{ in, want int }{{1, 2}} {\n'
         '\t\tif Total([]int{c.in}) != c.want {\n\t\t\tt.Error("no")\n\t\t}\n\t}\n',
         "fewer_cases"),
        (PYTHON, "    for a, want in [([1], 2), ([2], 2)]:\n        assert total(a) == want\n",
         "    for a, want in [([2], 2)]:\n        assert total(a) == want\n", "fewer_cases"),
        # Another thing is tested.
        (PYTHON, "    assert total([1]) == 2\n", "    assert sum([1]) == x\n", "not_tested"),
    ],
)  # fmt: skip
def test_what_a_repair_may_do(kind, before: str, after: str, outcome: str) -> None:
    assert judged(kind, before, after) == outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n):\n    assert total([n]) == 1\n",
         "@pytest.mark.parametrize('n', [1])\ndef test_it(n):\n    assert total([n]) == 1\n",
         "fewer_cases"),
        ("def test_it():\n    assert total([1]) == 2\n",
         "@pytest.mark.xfail\ndef test_it():\n    assert total([1]) == 2\n", "skipped"),
        ("def test_it():\n    assert total([1]) == 2\n",
         "async def test_it():\n    assert total([1]) == 2\n", "evades"),
        ("def test_it():\n    assert total([1]) == 2\n",
         "def test_other():\n    assert total([1]) == 1\n", "unchanged"),
        ("def test_it():\n    assert total([1]) == 2\n", "def total(items):\n    return 2\n",
         "no_tests"),
        ("def test_it():\n    assert total([1]) == 2\n", "def test_it(:\n", "unparsable"),
    ],
)  # fmt: skip
def test_what_stands_round_a_test_counts_too(before: str, after: str, outcome: str) -> None:
    head = "import pytest\n\nfrom a import total\n\n\n"
    written = Kind(*PYTHON).written(head + before)
    found = repair(written, head + after, written.mine)
    assert isinstance(found, Verdict)
    assert found.rule == outcome


TWO = (
    "from a import total\n\nEXPECTED = 1\n\n\ndef test_mine():\n    assert total([1]) == 2\n\n\n"
    "def test_theirs():\n    assert total([]) == 1\n"
)


def test_only_what_was_just_written_and_failed_is_changed():
    written = Kind(*PYTHON).written(TWO)
    answer = TWO.replace("== 2", "== 1").replace("total([]) == 1", "total([]) == 0")
    mine = replace(written, mine=frozenset({("test_mine",)}))
    found = repair(mine, answer, {("test_mine",), ("test_theirs",)})
    assert isinstance(found, Repair)
    assert apply_edits(TWO, found.rewrite.edits) == TWO.replace("== 2", "== 1")
    assert found.changed == ("test_mine",)
    found = repair(written, answer, {("test_theirs",)})
    assert isinstance(found, Repair)
    assert apply_edits(TWO, found.rewrite.edits) == TWO.replace("[]) == 1", "[]) == 0")
    found = repair(replace(written, mine=frozenset()), answer, {("test_mine",)})
    assert isinstance(found, Verdict)


def test_what_tests_use_and_what_they_import_is_mended_as_well():
    text = TWO.replace("== 2", "== EXPECTED").replace("EXPECTED = 1", "EXPECTED = 2")
    written = Kind(*PYTHON).written(text)
    answer = "import math\n\nfrom a import total\n\nEXPECTED = 1\n\n\ndef test_mine():\n"
    answer += "    assert math.floor(total([1])) == EXPECTED\n"
    found = repair(written, answer, {("test_mine",)})
    assert isinstance(found, Repair)
    after = apply_edits(text, found.rewrite.edits)
    assert "import math\n" in after
    assert "EXPECTED = 1\n" in after
    assert "assert math.floor(total([1])) == EXPECTED\n" in after
    assert "def test_theirs():\n    assert total([]) == 1\n" in after


def test_the_layout_of_the_file_is_kept():
    text = TWO.replace("\n", "\r\n")
    written = Kind(*PYTHON).written(text)
    found = repair(written, TWO.replace("== 2", "== 1"), {("test_mine",)})
    assert isinstance(found, Repair)
    [edit] = found.rewrite.edits
    assert (text[edit.start : edit.end], edit.text) == ("2", "1")


def test_a_new_file_that_cannot_be_read_is_written_anew():
    broken = "import nothing\n" + TWO
    written = Kind(*PYTHON).written(broken, new=True)
    found = repair(written, TWO, {None})
    assert isinstance(found, Repair)
    assert apply_edits(broken, found.rewrite.edits) == TWO
    assert found.changed == ()
    fewer = repair(written, TWO[: TWO.index("\n\ndef test_theirs")], {None})
    assert isinstance(fewer, Verdict)
    assert fewer.rule == "fewer_tests"
    skipped = repair(written, "pytestmark = pytest.mark.skip\n" + TWO, {None})
    assert isinstance(skipped, Verdict)
    assert skipped.rule == "skipped"
    old = repair(replace(written, is_new=False, mine=frozenset()), TWO, {None})
    assert isinstance(old, Verdict)


def test_the_code_under_test_is_never_touched():
    made = Kind(*RUST)
    tests = made.file("        assert_eq!(total(&[1]), 2);\n")
    text = made.source + "\n" + tests
    written = made.written(text)
    written = replace(
        written,
        source=written.document,
        mine=frozenset(id for id in written.mine if id[0] == "tests"),
    )
    answer = made.source.replace("    0", "    2") + "\n" + tests
    found = repair(written, answer, written.mine)
    assert isinstance(found, Verdict)
    answer = made.source.replace("    0", "    2") + "\n" + tests.replace("]), 2", "]), 0")
    found = repair(written, answer, written.mine)
    assert isinstance(found, Repair)
    assert apply_edits(text, found.rewrite.edits) == text.replace("]), 2", "]), 0")


def test_the_model_is_shown_the_failing_tests_and_what_stands_round_them():
    written = Kind(*PYTHON).written(TWO)
    assert excerpt(written, {("test_mine",)}, 500) == TWO[: TWO.index("\n\n\ndef test_theirs")]
    assert excerpt(written, {None}, 500) == TWO.rstrip("\n")
    assert len(excerpt(written, {None}, 20).split("\n")) < 8
    made = Kind(*RUST)
    tests = made.file("        assert_eq!(total(&[1]), 2);\n")
    inline = made.written(made.source + "\n" + tests)
    inline = replace(inline, mine=frozenset(id for id in inline.mine if id[0] == "tests"))
    shown = excerpt(inline, inline.mine, 500)
    assert "pub fn total" not in shown
    assert "fn works()" in shown


_LINES = [f"    assert total([{n}]) == {n + 1}\n" for n in range(6)]


@given(st.sets(st.integers(0, 5)), st.permutations(range(6)))
def test_no_assertion_can_be_dropped(kept: set[int], order: list[int]):
    before = "".join(_LINES)
    after = "".join(_LINES[n] for n in order if n in kept) or "    total([])\n"
    outcome = judged(PYTHON, before, after)
    if len(kept) < 6:
        assert outcome == "fewer_assertions"
    else:
        assert outcome in {"same", "unchanged"}
