"""What a file declares, as an index keeps it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dola_ls.core.document import Document
from dola_ls.core.languages import LANGUAGES
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.tags import SHORT_LINES, Definition, definitions_of, tag

from .regions import REGIONS

PYTHON = '''\
"""Money."""

RATE, OTHER = 0.2, 1


@dataclass(frozen=True)
class Money:
    """An amount.

    Really.
    """

    cents: int

    def plus(self, other: "Money") -> "Money":
        """Add."""
        return Money(self.cents + other.cents)

    def long(self):
        one()
        two()
        three()
        four()
        five()
        six()
        seven()
        eight()


async def rounded(
    value: float,
    digits: int = 2,
) -> float:
    """Round it."""
    return round(value, digits)
'''
SAMPLES: dict[str, tuple[str, set[tuple[str, str, str]]]] = {
    "go": (
        "package shop\n\nfunc Tax(v int) int {\n\treturn v * 2\n}\n\n"
        "type Cart struct {\n\titems []int\n}\n"
        "\nfunc (c *Cart) Total() int {\n\treturn 1\n}\n\nconst Rate = 2\n",
        {("Tax", "function", ""), ("Cart", "type", ""), ("Total", "method", ""),
         ("Rate", "constant", "")},
    ),
    "rust": (
        "pub struct Cart {\n    items: Vec<u32>,\n}\n\n"
        "impl Cart {\n    pub fn total(&self) -> u32 {\n"
        "        1\n    }\n}\n\npub const RATE: u32 = 3;\n",
        {("Cart", "type", ""), ("Cart", "class", ""), ("total", "method", "Cart"),
         ("RATE", "constant", "")},
    ),
    "java": (
        "class Cart {\n    static final int RATE = 2;\n"
        "    int total(int l) {\n        return 1;\n    }\n}\n",
        {("Cart", "class", ""), ("total", "method", "Cart")},
    ),
    "c": (
        "#define RATE 3\nint tax(int v);\nint total(const int *i, int n) {\n    return 1;\n}\n",
        {("RATE", "constant", ""), ("tax", "constant", ""), ("total", "function", "")},
    ),
    "cpp": (
        "namespace shop {\nclass Cart {\n public:\n  int total(int n) const { return 1; }\n};\n}\n",
        {("Cart", "class", ""), ("total", "method", "Cart")},
    ),
    "csharp": (
        "namespace Shop {\n  class Cart {\n    int Total(int l) { return 1; }\n  }\n}\n",
        {("Cart", "class", ""), ("Total", "method", "Cart")},
    ),
    "ruby": (
        "module Shop\n  RATE = 2\n  class Cart\n    def total(l)\n      1\n    end\n  end\nend\n",
        {("RATE", "constant", ""), ("Cart", "class", ""), ("total", "method", "Cart")},
    ),
    "php": (
        "<?php\nnamespace Shop;\n"
        "class Cart {\n    public function total(int $l): int { return 1; }\n}\n"
        "function tax($v) { return 1; }\n",
        {("Cart", "class", ""), ("total", "method", "Cart"), ("tax", "function", "")},
    ),
    "typescript": (
        "export interface Item { price: number }\nexport const RATE = 0.2;\n"
        "export const tax = (v: number) => v * RATE;\n"
        "export default class Cart {\n  total(limit: number): number {\n    return 1;\n  }\n}\n",
        {("Item", "type", ""), ("RATE", "constant", ""), ("tax", "function", ""),
         ("Cart", "class", ""), ("total", "method", "Cart")},
    ),
    "javascript": (
        "const RATE = 2;\nfunction tax(v) { return v; }\nmodule.exports = { tax };\n",
        {("RATE", "constant", ""), ("tax", "function", "")},
    ),
}  # fmt: skip


def tree_of(text: str, language: str = "python") -> Tree:
    tree = parse(Document("", language, 0, text))
    assert tree is not None
    return tree


def named(found: tuple[Definition, ...], name: str) -> Definition:
    [one] = [one for one in found if one.name == name]
    return one


def test_a_python_file() -> None:
    found = definitions_of(tree_of(PYTHON))
    assert [(one.name, one.kind, one.container) for one in found] == [
        ("RATE", "constant", ""),
        ("OTHER", "constant", ""),
        ("Money", "class", ""),
        ("plus", "method", "Money"),
        ("long", "method", "Money"),
        ("rounded", "function", ""),
    ]
    assert named(found, "RATE").whole == "RATE, OTHER = 0.2, 1"
    money = named(found, "Money")
    assert (money.first, money.end, money.whole) == (5, 27, "")
    assert money.head.startswith('@dataclass(frozen=True)\nclass Money:\n    """An amount."""\n')
    assert "cents: int" in money.head
    assert 'def plus(self, other: "Money") -> "Money":' in money.head
    assert "Money(self.cents" not in money.head
    plus = named(found, "plus")
    assert plus.whole.startswith("def plus(self, other:")
    assert plus.whole.endswith("return Money(self.cents + other.cents)")
    long = named(found, "long")
    assert (long.head, long.whole) == ("def long(self):", "")
    rounded = named(found, "rounded")
    assert rounded.head == (
        "async def rounded(\n    value: float,\n    digits: int = 2,\n) -> float:\n"
        '    """Round it."""'
    )


@pytest.mark.parametrize("language", SAMPLES)
def test_each_language(language: str) -> None:
    text, wanted = SAMPLES[language]
    found = definitions_of(tree_of(text, language))
    assert {(one.name, one.kind, one.container) for one in found} == wanted
    lines = text.split("\n")
    for one in found:
        assert one.head
        assert any(one.name in line for line in lines[one.first : one.end])


def test_samples_are_of_every_language_with_a_grammar() -> None:
    known = {id.removesuffix("react") for id, one in LANGUAGES.items() if one.grammar}
    assert known == {*SAMPLES, "python"}


def test_what_a_comment_says_of_a_function_goes_with_its_head() -> None:
    found = definitions_of(tree_of("// Tax is due.\n// Always.\nfunc Tax(v int) int {\n}\n", "go"))
    assert named(found, "Tax").head == "// Tax is due.\nfunc Tax(v int) int"
    assert named(found, "Tax").whole == "// Tax is due.\nfunc Tax(v int) int {\n}"
    text = "/**\n * What is carried.\n *\n * Really.\n */\nexport type Load = A | B;\n"
    [load] = definitions_of(tree_of(text, "typescript"))
    assert load.head == load.whole == "// What is carried.\nexport type Load = A | B;"


def test_line_ends_do_not_matter() -> None:
    assert definitions_of(tree_of(PYTHON)) == definitions_of(tree_of(PYTHON.replace("\n", "\r\n")))


def test_a_file_of_thousands_of_names_is_cut() -> None:
    found = definitions_of(tree_of("".join(f"a{n} = {n}\n" for n in range(5000))))
    assert 100 < len(found) < 1000
    assert found[0].name == "a0"


def test_names_of_a_file() -> None:
    tagged = tag(tree_of("def total(items):\n    return summed(items, No_1)  # of it\n"), "a.py")
    assert tagged.names >= {"total", "items", "summed", "No_1"}
    assert (tagged.path, tagged.language) == ("a.py", "python")


LINES = st.lists(
    st.sampled_from(
        ["class A:", "def f(a, b=1):", "    def g(self):", "        return 1", "X = 1", "", "{",
         "}", "func F() int {", "type T struct {", "@d", "    '''", "é = '😀'", "impl A {",
         "fn f() {}",
         "export const f = () => {", "<?php", "def x", "end", "#define A 1", "\t", "if (x) {"]
    ),
    max_size=25,
)  # fmt: skip


@given(LINES, st.sampled_from(sorted(LANGUAGES)))
@example(["def f(a, b=1):", "X = 1"], "c")
def test_whatever_a_file_holds_its_definitions_stand_in_it(lines: list[str], language: str) -> None:
    text = "\n".join(lines)
    tree = parse(Document("", language, 0, text))
    if tree is None:
        return
    found = definitions_of(tree)
    assert found == definitions_of(tree)
    for one in found:
        assert 0 <= one.first < one.end <= text.count("\n") + 1
        assert one.name
        assert one.whole.count("\n") < SHORT_LINES


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)
def test_regions_of_all_kinds(region) -> None:
    tree = parse(Document("", region.language, 0, region.text))
    if tree is not None:
        assert len(definitions_of(tree)) < 50
