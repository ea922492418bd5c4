"""Answers that are no tests of the framework make no file, and the reason is said."""

from __future__ import annotations

import pytest

from dola_ls.core.candidate import Verdict
from dola_ls.core.testing.merging import merge_tests
from dola_ls.core.testing.new_tests import new_test_file
from tests.core.testing.projects import fixture

_SOURCES = {
    "pytest": ("python", "src/shop/pricing.py", "total"),
    "unittest": ("python", "shop/pricing.py", "total"),
    "vitest": ("typescript", "src/pricing.ts", "total"),
    "jest": ("javascript", "src/pricing.js", "total"),
    "mocha": ("javascript", "lib/pricing.js", "total"),
    "node-test": ("javascript", "src/pricing.js", "total"),
    "go": ("go", "pricing/pricing.go", "Total"),
    "rust": ("rust", "src/pricing.rs", "total"),
    "junit5-maven": ("java", "src/main/java/com/example/shop/Pricing.java", "Pricing.total"),
    "junit4-gradle": ("java", "src/main/java/shop/Pricing.java", "Pricing.total"),
    "junit5-kotlin": ("kotlin", "src/main/kotlin/shop/Pricing.kt", "total"),
    "xunit": ("csharp", "src/Shop/Orders/Pricing.cs", "Pricing.Total"),
    "nunit": ("csharp", "Shop/Pricing.cs", "Pricing.Total"),
    "mstest": ("csharp", "Shop/Pricing.cs", "Pricing.Total"),
    "rspec": ("ruby", "lib/shop/pricing.rb", "Pricing.total"),
    "minitest": ("ruby", "lib/pricing.rb", "Pricing.total"),
    "phpunit": ("php", "src/Orders/Pricing.php", "Pricing.total"),
    "pest": ("php", "src/Pricing.php", "Pricing.total"),
    "googletest": ("cpp", "src/pricing.cpp", "total"),
    "catch2": ("c", "src/pricing.c", "total"),
}


def refused(name: str, answer: str) -> Verdict:
    language, source, symbol = _SOURCES[name]
    project = fixture(name)
    placement, framework = project.place(language, source, symbol)
    verdict = new_test_file(answer, placement, framework, project.document(source, language))
    assert isinstance(verdict, Verdict), verdict
    return verdict


@pytest.mark.parametrize("name", sorted(_SOURCES))
@pytest.mark.parametrize(
    "answer", ["", "   \n\n", "\x00", "let's \u202e see", "Here are the tests you asked for."]
)
def test_what_is_no_code(name: str, answer: str) -> None:
    assert refused(name, answer).rule in {"emptied", "garbled", "hidden", "unparsable", "no_tests"}


@pytest.mark.parametrize("name", sorted(_SOURCES))
def test_the_source_itself_is_no_test(name: str) -> None:
    source = _SOURCES[name][1]
    text = fixture(name).read(source)
    assert text
    verdict = refused(name, text)
    assert verdict.rule in {"no_tests", "pasted"}, verdict


@pytest.mark.parametrize("name", sorted(_SOURCES))
def test_tests_of_another_language(name: str) -> None:
    language = _SOURCES[name][0]
    other = (
        "#[test]\nfn total_works() { assert_eq!(total(&[1]), 1); }\n"
        if language == "python"
        else "def test_total():\n    assert total([1]) == 1\n"
    )
    assert refused(name, other).rule in {"unparsable", "no_tests"}


@pytest.mark.parametrize(
    ("name", "answer", "rule", "says"),
    [
        ("unittest", "import pytest\n\n\ndef test_total():\n    assert total([]) == 0\n",
         "framework", "“pytest”"),
        ("unittest", "def test_total():\n    assert total([]) == 0\n", "no_tests", "unittest"),
        ("vitest", "import { test } from 'node:test';\ntest('a', () => { total([]); });\n",
         "framework", "node:test"),
        ("vitest", "it('a', () => { const f = jest.fn(); total([f]); });\n", "framework", "jest"),
        ("jest", "import { it } from 'mocha';\nit('a', () => { total([]); });\n", "framework",
         "mocha"),
        ("node-test", "test('a', () => { expect(total([])).toBe(0); });\n", "framework", "expect"),
        ("mocha", "it('a', () => { vi.fn(); total([]); });\n", "framework", "vi."),
        ("go", "func TestTotal(t *testing.T) {\n\tassert.Equal(t, 0, Total(nil))\n}\n",
         "framework", "assert.Equal"),
        ("junit5-maven", "import org.junit.Test;\n\nclass A {\n  @Test void a() { total(); }\n}\n",
         "framework", "org.junit.T"),
        ("junit4-gradle", "class A {\n  @BeforeEach int b;\n  @Test void a() { total(); }\n}\n",
         "framework", "@BeforeEach"),
        ("junit5-kotlin", "import org.junit.Test\n\nclass A {\n  @Test fun a() { total() }\n}\n",
         "framework", "org.junit.T"),
        ("xunit", "using NUnit.Framework;\nclass A { [Test] public void B() { Total(); } }\n",
         "framework", "using NUnit"),
        ("nunit", "class A { [Fact] public void B() { Total(); } }\n", "framework", "[Fact"),
        ("mstest", "class A { [Fact] public void B() { Total(); } }\n", "framework", "[Fact"),
        ("rspec", "class A < Minitest::Test\n  def test_a; total; end\nend\n", "framework",
         "Minitest"),
        ("minitest", "RSpec.describe(1) { it('a') { total } }\n", "framework", "RSpec"),
        ("phpunit", "it('a', function () { total(); });\n", "framework", "it"),
        ("pest", "class A extends TestCase { function testA() { total(); } }\n", "framework",
         "TestCase"),
        ("googletest", 'TEST_CASE("a") { REQUIRE(total({}) == 0); }\n', "framework", "TEST_CASE"),
        ("catch2", "TEST(A, B) { EXPECT_EQ(total(0, 0), 0); }\n", "framework", "TEST"),
        # The code under test, with the tests inside.
        ("junit5-maven", "public class Pricing {\n  int total() { return 1; }\n"
         "  @Test void a() { total(); }\n}\n", "pasted", "Pricing again"),
        # Tests of something else.
        ("vitest", "it('adds', () => { expect(1 + 1).toBe(2); });\n", "not_tested", "total"),
        ("pytest", "def test_math():\n    assert 1 + 1 == 2\n", "not_tested", "total"),
        ("rust", "#[test]\nfn adds() {\n    assert_eq!(1 + 1, 2);\n}\n", "not_tested", "total"),
    ],
)  # fmt: skip
def test_what_is_no_test_of_this_code(name: str, answer: str, rule: str, says: str) -> None:
    verdict = refused(name, answer)
    assert verdict.rule == rule, verdict
    assert says in verdict.reason


def test_a_set_up_that_would_run_before_other_tests_too() -> None:
    project = fixture("phpunit")
    placement, framework = project.place("php", "src/Cart.php", "Cart.add")
    answer = (
        "class CartTest extends TestCase {\n    protected function setUp(): void { $this->a(); }\n"
        "    public function testAdd(): void { (new Cart())->add('a'); }\n}\n"
    )
    there = project.document(placement.path, "php")
    source = project.document("src/Cart.php", "php")
    verdict = merge_tests(there, None, answer, placement, framework, source)
    assert isinstance(verdict, Verdict)
    assert verdict.rule == "setup"
