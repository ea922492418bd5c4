"""Which definitions go along with a region: of what it uses, and of nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.along import Piece, Related
from dola_ls.core.candidates import Candidate, fitted, slim
from dola_ls.core.context import estimate_tokens
from dola_ls.core.prompt import shown_related
from dola_ls.core.tags import Tagged

from .shelves import catalogue_of, definitions, places

MONEY = '''\
class Money:
    """An amount in cents."""

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def plus(self, other):
        return Money(self.cents + other.cents)

    def minus(self, other):
        return Money(self.cents - other.cents)


def rounded(value):
    """Round it."""
    return round(value, 2)


def unused(value):
    return value
'''
USER = """\
from shop import Money
from shop import money as m
from shop.rates import *


def total(items: list[Money]) -> Money:
    result = Money(0)
    for item in items:
        result = result.plus(item)
    return m.rounded(result * STANDARD)
"""
SHOP = {
    "shop/__init__.py": "from shop.money import Money\n",
    "shop/money.py": MONEY,
    "shop/rates.py": "STANDARD = 1.2\nREDUCED = 1.07\n",
    "shop/a.py": USER,
    "other/money.py": "class Money:\n    pass\n\n\ndef rounded(x):\n    return x\n",
}


def test_imports_are_followed_and_namesakes_are_not_taken() -> None:
    found, left = definitions(SHOP, "shop/a.py", "result =")
    assert places(found) == [
        ("shop/money.py", "definition of Money"),
        ("shop/money.py", "definition of rounded"),
        ("shop/rates.py", "definition of STANDARD"),
    ]
    assert left == []
    assert found[1].forms[0].startswith("def rounded(value):")
    assert found[0].piece.why == "definition of Money, used in the region"


def test_the_same_file_comes_first_where_it_is_not_shown_anyway() -> None:
    text = "RATE = 2\n\n\ndef half(x):\n    return x / 2\n\n\n" + USER.replace(
        "* STANDARD", "* half(RATE)"
    )
    files = {**SHOP, "shop/a.py": text}
    found, _ = definitions(files, "shop/a.py", "result =")
    assert [path for path, _ in places(found)] == ["shop/money.py", "shop/money.py"]
    found, _ = definitions(files, "shop/a.py", "result =", hidden=((0, 5),))
    assert places(found)[:2] == [
        ("a.py", "definition of half"),
        ("a.py", "definition of RATE"),
    ]
    assert all(one.piece.here for one in found[:2])


def test_the_class_of_a_method_goes_along_where_its_head_is_far_away() -> None:
    text = "class Cart:\n    size: int\n" + "".join(
        f"\n    def m{n}(self):\n        return {n}\n" for n in range(20)
    )
    found, _ = definitions({"a.py": text}, "a.py", "m19", hidden=((0, 40),))
    assert places(found) == [("a.py", "definition of Cart")]
    found, _ = definitions({"a.py": text}, "a.py", "m19")
    assert found == []


def test_a_method_of_the_same_class_that_is_not_shown() -> None:
    text = (
        "class Cart:\n    def _net(self):\n        return 1\n\n"
        "    def total(self):\n        return self._net()\n"
    )
    found, _ = definitions({"a.py": text}, "a.py", "total", hidden=((1, 3),))
    assert places(found) == [("a.py", "definition of Cart._net")]


UNIQUE = {
    "a.py": "def total(order):\n"
    "    return priced(order) + order.net_price() + order.total() + Vat(1)\n",
    "b.py": "def priced(order):\n    return 1\n\n\nclass Order:\n    def net_price(self):\n"
    "        return 1\n\n    def total(self):\n        return 1\n",
    "c.py": "class Vat:\n    pass\n",
}


def test_a_name_that_one_file_declares_is_taken_without_an_import() -> None:
    found, left = definitions(UNIQUE, "a.py", "return")
    assert places(found) == [
        ("b.py", "definition of priced"),
        ("b.py", "definition of Order.net_price"),
        ("c.py", "definition of Vat"),
    ]
    assert left == []


def test_a_name_that_several_files_declare_is_left_out_and_told() -> None:
    files = {**UNIQUE, "d.py": "def priced(order):\n    return 2\n"}
    found, left = definitions(files, "a.py", "return")
    assert "definition of priced" not in [what for _, what in places(found)]
    assert [(one.what, one.why) for one in left] == [
        ("the definition of priced", "2 files of the workspace declare that name")
    ]
    imported = {**files, "a.py": "from d import priced\n\n\n" + files["a.py"]}
    found, left = definitions(imported, "a.py", "return")
    assert ("d.py", "definition of priced") in places(found)
    assert left == []


def test_names_of_python_and_variables_are_not_looked_for() -> None:
    files = {
        "a.py": "def f(items):\n    total = len(items)\n    for tax in items:\n"
        "        total += tax\n    return max(total, tax)\n",
        "b.py": "def total():\n    pass\n\n\ndef tax():\n    pass\n\n\ndef max(a):\n    pass\n\n\n"
        "items = 3\n",
    }
    assert definitions(files, "a.py", "total")[0] == []


IMPORTED: dict[str, tuple[str, str, str]] = {
    "Python": (
        "a.py",
        "from pathlib import Path\n\n\ndef f(x: Path):\n    return Path(x)\n",
        "class Path:\n    pass\n",
    ),
    "TypeScript": (
        "a.ts",
        'import { Path } from "paths";\n\nexport function f(x: Path) {\n  return x;\n}\n',
        "export class Path {}\n",
    ),
    "Java": (
        "A.java",
        "import java.nio.Path;\n\nclass A {\n  Path f(Path x) {\n    return x;\n  }\n}\n",
        "class Path {\n}\n",
    ),
    "Rust": (
        "a.rs",
        "use std::path::Path;\n\nfn f(x: Path) -> Path {\n    return x;\n}\n",
        "pub struct Path {\n    x: i32,\n}\n",
    ),
}


@pytest.mark.parametrize(("path", "text", "namesake"), IMPORTED.values(), ids=IMPORTED)
def test_what_is_imported_from_a_library_is_no_namesake_in_the_workspace(
    path: str, text: str, namesake: str
) -> None:
    ending = path.rpartition(".")[2]
    files = {path: text, f"other/path.{ending}": namesake}
    assert definitions(files, path, "return") == ([], [])


def test_an_import_that_cannot_be_followed_still_says_which_file_is_meant() -> None:
    files = {
        "web/a.ts": 'import { User } from "@/models/user";\n\n'
        "export function f(x: User) {\n  return x;\n}\n",
        "web/src/models/user.ts": "export interface User {\n  name: string;\n}\n",
        "old/user.ts": "export interface User {\n  id: string;\n}\n",
    }
    found, _ = definitions(files, "web/a.ts", "return")
    assert places(found) == [("web/src/models/user.ts", "definition of User")]


def test_a_capital_at_the_beginning_of_a_sentence_is_no_name() -> None:
    files = {"a.py": "def f(x):\n    return x\n", "b.py": "class Handle:\n    pass\n"}
    for instruction, found in (
        ("Handle None. Handle 0.", []),
        ("Take a Handle for it.", [("b.py", "definition of Handle")]),
        ("`Handle` it.", [("b.py", "definition of Handle")]),
    ):
        assert places(definitions(files, "a.py", "return", instruction=instruction)[0]) == found


def test_what_the_instruction_names_comes_along() -> None:
    files = {**SHOP, "shop/b.py": "class Invoice:\n    pass\n", "shop/a.py": USER + "\n\nx = 1\n"}
    found, _ = definitions(
        files, "shop/a.py", "result =", instruction="Use Invoice and `unused`, and Return early."
    )
    assert ("shop/b.py", "definition of Invoice") in places(found)
    assert ("shop/money.py", "definition of unused") in places(found)
    [invoice] = [one for one in found if "Invoice" in one.what]
    assert invoice.piece.why.endswith("named in the instruction")


TYPESCRIPT = {
    "src/a.ts": 'import Cart, { tax as t } from "./index";\nimport * as money from "./money.js";\n'
    'import type { Item } from "./types";\n\n'
    "export function total(cart: Cart, item: Item): number {\n"
    "  return t(money.rounded(cart.sum));\n}\n",
    "src/index.ts": 'export { default } from "./cart";\nexport * from "./tax";\n',
    "src/cart.ts": "export default class Cart {\n  sum = 0;\n}\n",
    "src/tax.ts": "export const tax = (v: number): number => v * 2;\n",
    "src/money.ts": "export function rounded(v: number): number {\n  return v;\n}\n",
    "src/types.ts": "export interface Item {\n  price: number;\n}\n",
    "lib/tax.ts": "export const tax = 3;\nexport const t = 4;\n",
}


def test_typescript_imports_are_followed_through_files_that_pass_on() -> None:
    found, _ = definitions(TYPESCRIPT, "src/a.ts", "return")
    assert sorted(places(found)) == [
        ("src/cart.ts", "definition of Cart"),
        ("src/money.ts", "definition of rounded"),
        ("src/tax.ts", "definition of tax"),
        ("src/types.ts", "definition of Item"),
    ]


def test_types_that_a_definition_names_come_after_all_that_is_used() -> None:
    files = {
        "src/a.ts": 'import { failed, ok } from "./result";\n\n'
        "export function f(x: number) {\n  return x ? ok(x) : failed(x);\n}\n",
        "src/result.ts": "export interface Fault {\n  code: number;\n}\n\n"
        "export interface Other {\n  code: number;\n}\n\n"
        "export function failed(fault: Fault): number {\n  return fault.code;\n}\n\n"
        "export function ok(x: number): number {\n  return x;\n}\n",
    }
    found, _ = definitions(files, "src/a.ts", "return")
    assert [one.piece.why for one in found] == [
        "definition of ok, used in the region",
        "definition of failed, used in the region",
        "definition of Fault, named by failed",
    ]


OTHERS: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "a package of Go": (
        {
            "shop/a.go": "package shop\n\nfunc Total() int {\n\treturn tax(1)\n}\n",
            "shop/tax.go": "package shop\n\nfunc tax(v int) int {\n\treturn v\n}\n",
            "other/tax.go": "package other\n\nfunc tax(v int) int {\n\treturn v\n}\n",
        },
        "shop/a.go",
        ["shop/tax.go"],
    ),
    "an import of Go": (
        {
            "main.go": 'package main\n\nimport "x.example/shop/rates"\n\n'
            "func total() rates.Rate {\n\treturn rates.Rate{}\n}\n",
            "shop/rates/all.go": "package rates\n\ntype Rate struct {\n\tv int\n}\n",
            "old/all.go": "package old\n\ntype Rate struct {\n\tw int\n}\n",
        },
        "main.go",
        ["shop/rates/all.go"],
    ),
    "a class of Java": (
        {
            "a/Cart.java": "package a;\n\nimport b.Money;\n\nclass Cart {\n  int total(Money m) {\n"
            "    return new Rate(m).value;\n  }\n}\n",
            "b/Money.java": "package b;\n\nclass Money {\n}\n",
            "c/Money.java": "package c;\n\nclass Money {\n}\n",
            "a/Rate.java": "package a;\n\nclass Rate {\n}\n",
        },
        "a/Cart.java",
        ["a/Rate.java", "b/Money.java"],
    ),
    "a header of C": (
        {
            "a.c": '#include "money.h"\n\nint total(int x) {\n    return rounded(x);\n}\n',
            "money.h": "int rounded(int x);\n",
            "money.c": "int rounded(int x) {\n    return x;\n}\n",
            "old/money2.c": "int rounded(int x) {\n    return 0;\n}\n",
        },
        "a.c",
        ["money.h"],
    ),
    "a use of Rust": (
        {
            "src/lib.rs": "use crate::money::Money;\n\nfn total(m: Money) -> Money {\n    m\n}\n",
            "src/money.rs": "pub struct Money {\n    cents: i64,\n}\n\nimpl Money {\n"
            "    pub fn new() -> Self {\n        Money { cents: 0 }\n    }\n}\n",
            "src/old.rs": "pub struct Money;\n",
        },
        "src/lib.rs",
        ["src/money.rs", "src/money.rs"],
    ),
    "a require of Ruby": (
        {
            "a.rb": 'require_relative "lib/money"\n\ndef total(x)\n  Money.new(x)\nend\n',
            "lib/money.rb": "class Money\n  def initialize(x)\n    @x = x\n  end\nend\n",
            "lib/cash.rb": "class Money\nend\n",
        },
        "a.rb",
        ["lib/money.rb"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "path", "wanted"), OTHERS.values(), ids=OTHERS)
def test_other_languages_go_by_what_the_imports_say(
    files: dict[str, str], path: str, wanted: list[str]
) -> None:
    text = files[path]
    needle = next(n for n in ("return", "Money.new", "    m\n") if n in text)
    found, _ = definitions(files, path, needle)
    assert sorted(one.piece.path for one in found) == wanted


def test_a_language_has_no_use_of_anothers_names() -> None:
    files = {"a.py": "def f():\n    return Money(1)\n", "b.ts": "export class Money {}\n"}
    assert definitions(files, "a.py", "return") == ([], [])


def test_of_a_large_class_only_what_is_used_is_shown_where_room_is_scarce() -> None:
    many = MONEY + "".join(
        f"\n    def other_{n}(self, value: int) -> int:\n        return {n}\n" for n in range(30)
    ).replace("\n    def", "\n    def")
    big = MONEY.partition("\n\ndef rounded")[0] + many[len(MONEY) :]
    found, _ = definitions({**SHOP, "shop/money.py": big}, "shop/a.py", "result =", room=150)
    [money] = [one for one in found if "Money" in one.what]
    related = fitted([money], 150)
    [piece] = related.pieces
    assert "def plus(self, other):" in piece.text
    assert "other_3" not in piece.text
    assert piece.text.startswith("class Money:")


def test_the_outline_of_a_class_with_members_of_several_lines() -> None:
    head = (
        "@d\nclass A:\n    x: int\n    def f(\n        self,\n        y: int,\n    ) -> int:\n"
        "    def g(self):"
    )
    assert slim(head, frozenset({"g"})) == "@d\nclass A:\n    def g(self):"
    assert slim(head, frozenset({"f"})) == (
        "@d\nclass A:\n    def f(\n        self,\n        y: int,\n    ) -> int:"
    )
    assert slim("struct A {\n    x: i32,\n}", frozenset()) == "struct A {\n}"
    assert slim("struct A {\n    x: i32,\n}", frozenset(), fields=True).count("x: i32") == 1
    assert slim(head, frozenset(), fields=True) == "@d\nclass A:\n    x: int"
    made = (
        'class A:\n    """Say."""\n    def __init__(self, x):\n        self.x = x\n    def f(self):'
    )
    assert slim(made, frozenset()) == ("class A:\n    def __init__(self, x):\n        self.x = x")


def test_the_order_hangs_on_nothing_but_the_files() -> None:
    wanted = definitions(SHOP, "shop/a.py", "result =")
    for order in (sorted(SHOP), sorted(SHOP, reverse=True)):
        assert definitions({name: SHOP[name] for name in order}, "shop/a.py", "result =") == wanted


NAMES = st.sampled_from(["a.py", "b.py", "c.py", "d.ts"])
TEXTS = st.sampled_from(["x = 1\n", "def x(): pass\n\ny = 2\n", "class y:\n    z = 1\n", "\n"])


@given(
    st.dictionaries(NAMES, TEXTS),
    st.dictionaries(NAMES, st.none() | TEXTS),
    st.dictionaries(NAMES, st.none() | TEXTS),
)
def test_a_catalogue_with_other_files_is_as_one_that_is_made_of_them(
    files: dict[str, str], over: dict[str, str | None], more: dict[str, str | None]
) -> None:
    def tagged(texts: dict[str, str | None]) -> dict[str, Tagged | None]:
        known = catalogue_of({name: text for name, text in texts.items() if text is not None})
        return {name: known.files.get(name) for name in texts}

    layered = catalogue_of(files).but(tagged(over)).but(tagged(more))
    merged = {n: text for n, text in {**files, **over, **more}.items() if text is not None}
    whole = catalogue_of(merged)
    assert dict(layered.files) == dict(whole.files)
    for name in ("x", "y"):
        for language in ("python", "typescript"):
            assert layered.defining(name, language) == whole.defining(name, language)
        assert layered.naming(name, "python") == whole.naming(name, "python")


def candidate(path: str, size: int, number: int) -> Candidate:
    piece = Piece(path, "", f"definition of x{number}", number)
    what = f"the definition of x{number}"
    return Candidate(f"x{number}", what, piece, ("x" * size, "x" * (size // 4 + 1)))


@given(
    st.lists(st.tuples(st.sampled_from(["a.py", "b.py"]), st.integers(1, 900)), max_size=12),
    st.integers(0, 500),
)
def test_what_goes_along_never_takes_more_than_its_room(
    sizes: list[tuple[str, int]], room: int
) -> None:
    given = [candidate(path, size, n) for n, (path, size) in enumerate(sizes)]
    related = fitted(given, room)
    taken = sum(estimate_tokens(piece.text) for piece in related.pieces)
    assert taken <= room
    shown = shown_related(related)
    assert estimate_tokens(shown) <= room + 12 or not related.pieces
    # Each is either there or told.
    assert len(related.pieces) + len(related.left_out) == len(given)
    assert fitted(given, room) == related


def test_a_large_class_keeps_nothing_else_out() -> None:
    big = Candidate("A", "the definition of A", Piece("a.py", "", "A"), ("x" * 1500, "x" * 90))
    small = candidate("b.py", 300, 1)
    assert [len(piece.text) for piece in fitted([big, small], 250).pieces] == [90, 300]
    assert [len(piece.text) for piece in fitted([big, small], 1000).pieces] == [1500, 300]
    extra = Candidate("B", "the definition of B", Piece("c.py", "", ""), ("x" * 900,), extra=True)
    assert fitted([big, small, extra], 100) == fitted([big, small], 100)


def test_the_prompt_shows_pieces_by_file_and_calls_last() -> None:
    pieces = (
        Piece("b.py", "price = total(1)", "calls total", 3, calls=True),
        Piece("z.py", "def z(): ...", "definition of z", 1),
        Piece("b.py", "def two(): ...", "definition of two", 9),
        Piece("b.py", "def one(): ...  # ```", "definition of one", 2),
        Piece("a.ts", "far = 1", "definition of far", 1, here=True),
    )
    shown = shown_related(Related(pieces))
    assert shown == (
        "Code that it uses, to read only:\n"
        "b.py\n````python\ndef one(): ...  # ```\n\ndef two(): ...\n````\n"
        "z.py\n```python\ndef z(): ...\n```\n"
        "a.ts, further away\n```typescript\nfar = 1\n```\n"
        "\nCode that calls it, to read only:\n"
        "b.py\n```python\nprice = total(1)\n```\n\n"
    )
    assert shown_related(Related(pieces[::-1])) == shown
    assert "far" not in shown_related(Related(pieces).elsewhere())
    assert shown_related(Related()) == ""
