"""Where a symbol is called, and when that matters."""

from __future__ import annotations

import pytest

from dola_ls.core.callers import may_change_calls

from .shelves import calls, places

SHOP = {
    "shop/__init__.py": "",
    "shop/a.py": "def total(items):\n    return sum(items)\n\n\nprint(total([1]))\n",
    "shop/cart.py": "from shop.a import total\n\n\nclass Cart:\n    def checkout(self):\n"
    "        price = total(\n            self.items,\n        )\n        return price\n",
    "tests/test_a.py": "from shop import a\n\n\ndef test_total():\n    assert a.total([1]) == 1\n"
    "    assert a.total([]) == 0\n    assert a.total([2]) == 2\n",
    "other/b.py": "# total(1)\nx = 'total(2)'\ny = subtotal(3)\n",
}


def test_calls_are_shown_with_their_lines_and_the_nearest_first() -> None:
    found = calls(SHOP, "shop/a.py", "return")
    assert (
        places(found)
        == [("shop/cart.py", "calls total")] + [("tests/test_a.py", "calls total")] * 2
    )
    assert found[0].forms == ("# in Cart.checkout\nprice = total(\n    self.items,\n)",)
    assert found[1].forms == ("# in test_total\nassert a.total([1]) == 1",)
    assert all(one.piece.calls for one in found)


def test_calls_in_the_same_file_that_are_not_shown_come_first() -> None:
    found = calls(SHOP, "shop/a.py", "return", hidden=((4, 5),))
    assert places(found)[0] == ("a.py", "calls total")
    assert found[0].forms == ("print(total([1]))",)


def test_of_namesakes_only_those_count_that_import_the_symbol() -> None:
    files = {
        **SHOP,
        "other/c.py": "def total(x):\n    return x\n\n\nprint(total(3))\n",
        "other/d.py": "from other.c import total\n\nprint(total(4))\n",
    }
    paths = {path for path, _ in places(calls(files, "shop/a.py", "return"))}
    assert paths == {"shop/cart.py", "tests/test_a.py"}


def test_a_method_whose_name_others_have_too_has_no_certain_calls() -> None:
    files = {
        "a.py": "class A:\n    def close(self):\n        return 1\n",
        "b.py": "def f(x):\n    x.close()\n",
    }
    assert places(calls(files, "a.py", "return")) == [("b.py", "calls A.close")]
    files["c.py"] = "class C:\n    def close(self):\n        return 1\n"
    assert calls(files, "a.py", "return") == []


@pytest.mark.parametrize(
    ("instruction", "so"),
    [
        ("Add a parameter `rate` with default 0.2", True),
        ("Rename it", True),
        ("Return None where there is nothing", True),
        ("Raise ValueError for negative values", True),
        ("Make it async", True),
        ("Use a comprehension", False),
        ("Make it simpler", False),
        ("", False),
    ],
)
def test_what_callers_notice(instruction: str, so: bool) -> None:
    assert may_change_calls(instruction) is so


def test_other_languages() -> None:
    files = {
        "a.go": "package shop\n\nfunc Total(v int) int {\n\treturn v\n}\n",
        "b.go": "package shop\n\nfunc Pay() int {\n\treturn Total(3)\n}\n",
    }
    [one] = calls(files, "a.go", "return")
    assert one.forms == ("// in Pay\nreturn Total(3)",)
    files = {
        "src/a.ts": "export function total(v: number): number {\n  return v;\n}\n",
        "src/b.ts": 'import { total as sum } from "./a";\n\nexport const x = sum(1);\n',
        "src/c.ts": 'import * as a from "./a";\n\nexport const x = a.total(1);\n',
    }
    assert places(calls(files, "src/a.ts", "return")) == [("src/c.ts", "calls total")]
