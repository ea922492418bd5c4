"""A symbol found by its name, in every language that is parsed."""

from __future__ import annotations

import pytest

from dola_ls.core.document import Document
from dola_ls.core.finding import definitions_in, uses_in
from dola_ls.core.parsing import Tree, parse


def tree_of(text: str, language: str = "python") -> Tree:
    tree = parse(Document("", language, 0, text))
    assert tree is not None
    return tree


def found(text: str, name: str, language: str = "python") -> list[str]:
    tree = tree_of(text, language)
    return [text[span.start : span.end].strip() for span in definitions_in(tree, name)]


PYTHON = '''\
import os

RATE: float = 0.2
first, second = 1, 2


@decorated
def total(items):
    """Says total."""
    return sum(items)


class Cart:
    total = 1

    def total(self):
        return total([]) + self.total


class Order:
    def total(self): return 0  # total
'''


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("Cart.total", ["def total(self):"]),
        ("Order.total", ["def total(self): return 0  # total"]),
        ("total", ["@decorated", "def total(self):", "def total(self): return 0  # total"]),
        ("shop.cart.Cart", ["class Cart:"]),
        ("RATE", ["RATE: float = 0.2"]),
        ("second", ["first, second = 1, 2"]),
        ("module.total", ["@decorated", "def total(self):", "def total(self): return 0  # total"]),
        ("os", []),
        ("items", []),
        ("Says", []),
    ],
)
def test_definitions_in_python(name: str, heads: list[str]) -> None:
    assert [code.split("\n")[0] for code in found(PYTHON, name)] == heads


def test_uses_in_python() -> None:
    uses = list(uses_in(tree_of(PYTHON), "Cart.total"))
    assert [(use.number, use.text) for use in uses] == [
        (14, "total = 1"),
        (17, "return total([]) + self.total"),
    ]


OTHERS = {
    "typescript": (
        "export const RATE = 2;\nexport const total = (x: number) => x * RATE; // total\n"
        "export interface Cart { total: number }\nconst s = `total ${total(1)}`;\n",
        {"total": "export const total", "Cart": "export interface Cart", "RATE": "export const RA"},
        [3, 4],
    ),
    "go": (
        "package a\n\ntype Cart struct{ n int }\n\n// total\n"
        "func (c *Cart) total() int { return 1 }\n"
        '\nvar x = "total"\nvar y = Cart{}.total()\n',
        {"Cart.total": "func (c *Cart) total", "Cart": "type Cart struct", "y": "var y"},
        [9],
    ),
    "rust": (
        "struct Cart;\n\nimpl Cart {\n    /// total\n    fn total(&self) -> u8 { 1 }\n}\n"
        "fn f(c: Cart) { c.total(); }\n",
        {"Cart::total": "fn total", "Cart": "struct Cart;"},
        [7],
    ),
    "java": (
        "class Cart {\n  int total() { return 1; }\n  int twice() { return total() * 2; }\n}\n",
        {"Cart.total": "int total()", "Cart": "class Cart {"},
        [3],
    ),
    "cpp": (
        "int total(int x) { return x; }\nint main() { return total(1); } // total\n",
        {"total": "int total(int x)"},
        [2],
    ),
    "ruby": (
        "class Cart\n  def total\n    1\n  end\nend\n\nputs Cart.new.total, 'total'\n",
        {"Cart#total": "def total", "Cart": "class Cart"},
        [7],
    ),
    "php": (
        "<?php\nfunction total($x) { return $x; }\necho total(1), 'total';\n",
        {"total": "function total"},
        [3],
    ),
    "csharp": (
        "class Cart {\n  int Total() => 1;\n  int Twice() => total() + Total() * 2;\n}\n",
        {"Cart.Total": "int Total()"},
        [3],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages(language: str) -> None:
    text, heads, lines = OTHERS[language]
    for name, head in heads.items():
        assert found(text, name, language)[0].startswith(head), name
    assert [use.number for use in uses_in(tree_of(text, language), "total")] == lines


def test_names_with_signs_of_patterns_are_names() -> None:
    assert found("a = 1\n", "a.*") == []
    assert list(uses_in(tree_of("x = ab\n"), "a")) == []
