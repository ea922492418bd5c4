"""What the model is shown beside the code to test: what that code uses, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.actions import find_target
from dola_ls.core.context import estimate_tokens
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of_file
from dola_ls.core.parsing import parse
from dola_ls.core.testing.listing import Listing
from dola_ls.core.testing.needs import Need, fitted, needs_of

CART = '''\
import math
from decimal import Decimal

from shop import money as m
from shop import round_cents

RATE, OTHER = Decimal("0.2"), 3
UNUSED = 4


class Cart:
    """Goods and
    their prices.
    """

    size = 3

    def __init__(self, currency: m.Currency) -> None:
        self.prices: list[Decimal] = []

    def add(self, price: Decimal) -> None:
        """Put it in."""
        self.prices.append(price)

    def _net(self) -> Decimal:
        return sum(self.prices)

    def total(self) -> Decimal:
        return round_cents(self._net() * (1 + RATE)) + half(m.one()) + long(1)


def half(value: Decimal) -> Decimal:
    return value / 2


def unused(value):
    return value
'''
LONG = '\n\ndef long(value):\n    """Do a lot.\n\n    Really.\n    """\n' + "    value += 1\n" * 60
MONEY = '''\
"""Money."""


class Currency:
    """A currency."""

    code: str

    def __init__(self, code: str) -> None:
        self.code = code

    @property
    def sign(self) -> str:
        return "$"


def round_cents(value: Decimal, places: int = 2) -> Decimal:
    """Round half up.

    To whole cents.
    """
    return value.quantize(Decimal("0.01"))


def one():
    return 1
'''
PYTHON = {
    "shop/__init__.py": "from .money import round_cents\n",
    "shop/money.py": MONEY,
    "shop/cart.py": CART + LONG,
}


def uses(files: Mapping[str, str], source: str, needle: str, room: int = 2000) -> str:
    """Return what is shown with the symbol round `needle`."""
    text = files[source]
    language = language_of_file(PurePosixPath(source))
    document = Document(f"file:///{source}", language, 1, text)
    tree = parse(document)
    assert tree is not None
    at = text.index(needle)
    target = find_target(document, tree, Span(at, at))
    assert target is not None
    return fitted(needs_of(tree, target, source, Listing(files, files.get)), room)


def test_a_method_is_shown_with_its_class_and_what_it_uses():
    assert (
        uses(PYTHON, "shop/cart.py", "return round_cents")
        == '''\
class Cart:
    """Goods and"""
    size = 3
    def __init__(self, currency: m.Currency) -> None:
        self.prices: list[Decimal] = []
    def add(self, price: Decimal) -> None:
    def total(self) -> Decimal:

def _net(self) -> Decimal:
    return sum(self.prices)

from decimal import Decimal
from shop import money as m
from shop import round_cents

RATE, OTHER = Decimal("0.2"), 3

def half(value: Decimal) -> Decimal:
    return value / 2

def long(value):
    """Do a lot."""

# from shop.money
def one():

# from shop
def round_cents(value: Decimal, places: int = 2) -> Decimal:
    """Round half up."""'''
    )


def test_what_matters_least_goes_first():
    everything = uses(PYTHON, "shop/cart.py", "return round_cents")
    for room in range(estimate_tokens(everything)):
        shown = uses(PYTHON, "shop/cart.py", "return round_cents", room)
        assert not shown or estimate_tokens(shown) <= room
    assert uses(PYTHON, "shop/cart.py", "return round_cents", 80).startswith("class Cart:")
    assert "# from shop" not in uses(PYTHON, "shop/cart.py", "return round_cents", 130)
    assert uses(PYTHON, "shop/cart.py", "return round_cents", 0) == ""


def test_of_what_does_not_fit_whole_the_head_is_shown():
    needs = [
        Need("def a():", "def a():\n    return 1 + 2 + 3"),
        Need("", "def c():\n    return 1 + 2 + 3"),
        Need("def b():"),
    ]
    assert fitted(needs, 8) == "def a():\n\ndef b():"


@pytest.mark.parametrize(
    ("line", "use", "shown"),
    [
        ("from .money import round_cents as rc", "rc(1)", "def round_cents("),
        ("from . import money", "money.round_cents(1)", "def round_cents("),
        ("import shop.money", "shop.money.one()", "def one():"),
        ("import shop.money as m", "m.Currency('x').sign", "    def sign(self) -> str:"),
        ("from ..shop.money import one", "one()", "def one():"),
        ("from shop import one_more", "one_more()", ""),
        ("from shop.gone import one", "one()", ""),
        ("from json import dumps", "dumps(1)", ""),
        ("from shop.cart import one", "one()", ""),
        ("try:\n    from shop.money import one\nexcept ImportError:\n    one = 1", "one()",
         "def one():"),
    ],
)  # fmt: skip
def test_imports_of_python_are_followed_to_the_projects_own_files(line: str, use: str, shown: str):
    files = {
        "src/shop/__init__.py": "from shop.cart import one_more\n",
        "src/shop/money.py": MONEY,
        "src/shop/json.py": "def dumps(x):\n    return x\n",
        "src/shop/cart.py": f"{line}\n\n\ndef f():\n    return {use}\n",
    }
    found = uses(files, "src/shop/cart.py", "return")
    assert shown in found
    assert ("# from" in found) is bool(shown)


SCRIPT = {
    "src/money.ts": (
        "/**\n * Rounds to cents.\n * @param v value\n */\n"
        "export function roundCents(v: number, places = 2): number {\n  return v;\n}\n"
        "export default class Currency {\n  constructor(readonly code: string) {}\n}\n"
    ),
    "src/types.ts": "export interface Item {\n  price: number;\n}\n",
    "src/index.ts": 'export { roundCents as rc } from "./money";\nexport * from "./types.js";\n',
    "src/old.js": (
        "// Halves.\nfunction half(x) {\n  return x / 2;\n}\nmodule.exports = { half };\n"
    ),
}


@pytest.mark.parametrize(
    ("line", "use", "shown"),
    [
        ('import { rc } from "./index";', "rc(1)",
         "// from ./index\n// Rounds to cents.\nexport function roundCents(v: number, places = 2)"),
        ('import { rc as r } from ".";', "r(1)", "roundCents(v: number"),
        ('import type { Item } from "./index.js";', "x as Item", "price: number;"),
        ('import { type Item } from "./types";', "x as Item", "price: number;"),
        ('import Currency from "./money.js";', "new Currency(1)", "constructor(readonly code"),
        ('import * as money from "./money";', "money.roundCents(1)", "roundCents(v: number"),
        ('const { half } = require("./old");', "half(1)", "// Halves.\nfunction half(x)"),
        ('const old = require("./old");', "old.half(1)", "function half(x)"),
        ('import { half } from "lodash";', "half(1)", ""),
        ('import { half } from "./gone";', "half(1)", ""),
    ],
)  # fmt: skip
def test_imports_of_scripts_are_followed_to_the_projects_own_files(line: str, use: str, shown: str):
    files = {**SCRIPT, "src/a.ts": f"{line}\n\nexport function f(x: unknown) {{\n  {use};\n}}\n"}
    found = uses(files, "src/a.ts", "(x: unknown)")
    assert shown in found
    assert ("// from" in found) is bool(shown)


@pytest.mark.parametrize(
    ("file", "text", "needle", "expected"),
    [
        ("a.go",
         "package a\n\nvar ErrX = errors.New(\"x\")\n\n// Cart holds.\ntype Cart struct {\n"
         "\tItems []int\n}\n\nfunc (c *Cart) Total() error {\n\treturn wrap(ErrX)\n}\n\n"
         "func wrap(err error) error {\n\treturn err\n}\n",
         "return wrap",
         "var ErrX = errors.New(\"x\")\n\ntype Cart struct {\n\tItems []int\n}\n\n"
         "func wrap(err error) error {\n\treturn err\n}"),
        ("a.rs",
         "const LIMIT: u32 = 3;\n\npub struct Cart {\n    items: Vec<u32>,\n}\n\nimpl Cart {\n"
         "    pub fn new() -> Self {\n        Cart { items: vec![] }\n    }\n\n"
         "    pub fn total(&self) -> u32 {\n        self.items.len().min(LIMIT)\n    }\n}\n",
         "self.items.len",
         "pub struct Cart {\n    items: Vec<u32>,\n}\n\nimpl Cart {\n    pub fn new() -> Self {\n"
         "        Cart { items: vec![] }\n    }\n    pub fn total(&self) -> u32\n}\n\n"
         "const LIMIT: u32 = 3;"),
        ("A.java",
         "import java.util.List;\nimport java.util.Map;\n\npublic class Cart {\n"
         "    private int rate = 2;\n\n    public Cart(int x) {\n        rate = x;\n    }\n\n"
         "    public int total(List<Integer> p) {\n        return help(1);\n    }\n\n"
         "    int help(int n) {\n        return n;\n    }\n}\n",
         "return help",
         "public class Cart {\n    private int rate = 2;\n    public Cart(int x) {\n"
         "        rate = x;\n    }\n    public int total(List<Integer> p)\n    int help(int n)\n}"
         "\n\nint help(int n) {\n    return n;\n}\n\nimport java.util.List;"),
        ("a.rb",
         "module Shop\n  RATE = 2\n\n  class Cart\n    def initialize(items)\n"
         "      @items = items\n    end\n\n    def total\n      Shop.half(@items) * RATE\n    end\n"
         "  end\n\n  def self.half(n)\n    n / 2\n  end\nend\n",
         "Shop.half",
         "class Cart\n    def initialize(items)\n      @items = items\n    end\n    def total\nend"
         "\n\nRATE = 2\n\ndef self.half(n)\n  n / 2\nend"),
        ("a.cpp",
         "namespace shop {\nstatic const int RATE = 2;\n\nint half(int n) {\n  return n / 2;\n}\n\n"
         "int total(int n) {\n  return half(n) * RATE;\n}\n}\n",
         "return half",
         "static const int RATE = 2;\n\nint half(int n) {\n  return n / 2;\n}"),
    ],
    ids=["go", "rust", "java", "ruby", "cpp"],
)  # fmt: skip
def test_other_languages_show_what_stands_in_the_same_file(
    file: str, text: str, needle: str, expected: str
):
    assert uses({file: text}, file, needle) == expected


@given(st.integers(0, len(CART)), st.integers(0, 40), st.sampled_from(["", "\r", "é\n", "class "]))
def test_half_written_code_is_no_fault(at: int, length: int, put: str):
    text = CART[:at] + put + CART[at + length :]
    document = Document("file:///shop/cart.py", "python", 1, text)
    tree = parse(document)
    assert tree is not None
    for cursor in range(0, len(text), 60):
        target = find_target(document, tree, Span(cursor, cursor))
        if target is not None:
            needs_of(tree, target, "shop/cart.py", Listing(PYTHON, PYTHON.get))
