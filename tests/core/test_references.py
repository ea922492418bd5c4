"""Which names a piece of code uses, and where a name is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Document, Span
from dola_ls.core.languages import LANGUAGES
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.references import Use, calls_of, uses_of

from .test_tags import LINES

PYTHON = """\
def total(self, items: list[Item], rate=RATE, *, cut: Money | None = None) -> Money:
    result = money.zero(currency=EUR)
    for item in items:
        result += item.price * rate
        self.note(item)
    with open_book(path) as book:
        book.write_line(result)
    first, second = pair()
    if isinstance(cut, Discount):
        return shop.tax.apply_tax(result, kind=Kind.LOW)
    return [half(x) for x in first]
"""
CODE = {
    "typescript": """\
export function total(items: Item[], rate: number = RATE): Money {
  const { a, b: c } = load();
  let result = money.zero({ currency: EUR });
  for (const item of items) result = result.plus(item.price);
  const f = (x: Cut) => half(x);
  return new Rounder(result, Kind.Low).rounded(this.digits);
}
""",
    "go": """\
func (c *Cart) total(rate Rate, n int) (money.Amount, error) {
	result := money.zero()
	for _, item := range c.items {
		result = result.plus(item.price)
	}
	return result, half(Rounder{depth: RATE})
}
""",
    "java": """\
Money total(Cart cart, int n) {
  Money result = money.zero();
  for (Item item : cart.items()) { result = result.plus(item.price); }
  return new Rounder(RATE).rounded(half(result));
}
""",
    "rust": """\
fn total(cart: &Cart, n: u32) -> Result<Money, Rounder> {
    let mut result = money::zero();
    for item in cart.items() { result = result.plus(item.price); }
    half(result, RATE)
}
""",
    "php": """\
<?php
function total(Cart $cart, int $n): Money {
    $result = money::zero();
    foreach ($cart->items() as $item) { $result = $result->plus($item->price); }
    return half(new Rounder($result), RATE);
}
""",
    "ruby": """\
def total(cart, n)
  result = Money.zero
  Rounder.new(half(result, RATE), result.plus(1))
end
""",
    "csharp": """\
Money total(Cart cart, int n) {
  var result = money.zero();
  foreach (var item in cart.Items()) { result = result.plus(item.Price); }
  return new Rounder(RATE).rounded(half(result));
}
""",
    "cpp": """\
Money total(const Cart &cart, int n) {
  auto result = money::zero();
  result = result.plus(Rounder(RATE));
  return half(result);
}
""",
    "c": """\
int total(const struct Money *cart, Rounder n) {
    int result = half(cart->price, RATE);
    return result;
}
""",
}


def tree_of(text: str, language: str = "python") -> Tree:
    tree = parse(Document("", language, 0, text))
    assert tree is not None
    return tree


def uses(text: str, language: str = "python") -> dict[str, Use]:
    found = uses_of(tree_of(text, language), Span(0, len(text)))
    return {f"{one.owner}.{one.name}" if one.member else one.name: one for one in found}


def test_python() -> None:
    found = uses(PYTHON)
    assert {name for name, use in found.items() if use.typed} == {"list", "Item", "Money"}
    assert {name for name, use in found.items() if use.called} == {
        "money.zero", ".note", "open_book", ".write_line", "pair", "isinstance",
        "shop.tax.apply_tax", "half",
    }  # fmt: skip
    assert found[".note"].own
    assert {"RATE", "EUR", "Discount", "Kind", "Kind.LOW"} <= found.keys()
    # What it brings in itself is not looked for elsewhere, nor are labels.
    assert found.keys().isdisjoint(
        {"self", "items", "rate", "cut", "result", "item", "book", "first", "second", "currency",
         "kind", "x", "total"}
    )  # fmt: skip


@pytest.mark.parametrize("language", CODE)
def test_each_language_tells_calls_and_types_from_what_is_bound(language: str) -> None:
    found = uses(CODE[language], language)
    assert found["half"].called
    assert "RATE" in found
    assert {"Money", "Rounder"} & found.keys()
    assert found.keys().isdisjoint({"result", "item", "n", "total"})


def test_a_parameter_is_not_the_module_of_its_name() -> None:
    found = uses("def f(money):\n    return money.rounded(1)\n")
    assert found[".rounded"].owner == ""
    assert uses("def f():\n    return money.rounded(1)\n")["money.rounded"].owner == "money"


def test_only_the_region_is_looked_at() -> None:
    text = "def a():\n    return one()\n\n\ndef b():\n    return two()\n"
    found = uses_of(tree_of(text), Span(text.index("def b"), len(text)))
    assert [use.name for use in found] == ["two"]


def test_calls() -> None:
    text = (
        "total(1)\nx = total\nshop.total(2)\nsubtotal(3)\n# total(4)\n'total(5)'\ndef total(): 1\n"
    )
    assert [node.start_point[0] for node in calls_of(tree_of(text), "total")] == [0, 2]
    java = "class A { int f() { return total(1) + cart.total(2); } int total(int x) { return x; } }"
    assert len(calls_of(tree_of(java, "java"), "total")) == 2


def test_names_outside_of_ascii() -> None:
    assert "größe" in uses("def f(x):\n    # 😀\n    return größe(x)\n")
    assert len(calls_of(tree_of("# 😀\ngröße(1)\n"), "größe")) == 1


@given(LINES, st.sampled_from(sorted(LANGUAGES)))
def test_what_is_used_stands_in_the_code(lines: list[str], language: str) -> None:
    text = "\n".join(lines)
    tree = parse(Document("", language, 0, text))
    if tree is None:
        return
    half = len(text) // 2
    for use in uses_of(tree, Span(half, len(text))):
        assert re.search(rf"{re.escape(use.name)}", text)
    for node in calls_of(tree, "f"):
        assert tree.text_of(node) == "f"
