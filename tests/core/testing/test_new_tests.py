"""The model's test file is set right where a machine can decide."""

import pytest

from dola_ls.core.candidate import Verdict
from dola_ls.core.testing.python_tests import tidy_tests

IMPORT = "from shop.pricing import total"
TEST = "def test_total():\n    assert total([]) == 0\n"


def tidy(code: str, declared=("total", "tax"), line: str = IMPORT) -> str:
    text = tidy_tests(code, line, declared)
    assert isinstance(text, str), text
    return text


def test_a_good_file_stays_as_it_is():
    code = f"import pytest\n\n{IMPORT}\n\n\n@pytest.mark.slow\n{TEST}"
    assert tidy(code) == code


def test_a_missing_import_is_added_after_the_others():
    assert tidy(TEST) == f"{IMPORT}\n\n\n{TEST}"
    assert tidy(f'"""Tests."""\nimport math\n\n\n{TEST}') == (
        f'"""Tests."""\nimport math\n{IMPORT}\n\n\n{TEST}'
    )


def test_an_import_from_a_made_up_module_is_set_right():
    assert tidy(f"from your_module import total\n\n{TEST}") == f"{IMPORT}\n\n{TEST}"
    assert tidy(f"from pricing import (\n    total,\n    tax,\n)\n\n{TEST}") == (
        f"from shop.pricing import total, tax\n\n{TEST}"
    )
    assert tidy(f"from x import total, helper\n\n{TEST}") == (
        f"from x import helper\n{IMPORT}\n\n{TEST}"
    )
    assert tidy(f"import total\n\n{TEST}") == f"{IMPORT}\n\n\n{TEST}"


def test_a_copy_of_what_is_tested_goes():
    code = f"import math\n\n\n@cached\ndef total(items):\n    return math.fsum(items)\n\n\n{TEST}"
    text = tidy(code)
    assert "def total" not in text
    assert "@cached" not in text
    assert IMPORT in text
    assert text.endswith(TEST)


def test_pytest_is_imported_where_it_is_used():
    code = "def test_total():\n    with pytest.raises(ValueError):\n        total(None)\n"
    assert tidy(code) == f"import pytest\n\n{IMPORT}\n\n\n{code}"


def test_names_that_were_forgotten_are_imported_as_the_module_does():
    source = "import datetime as dt\nfrom math import inf, pi\nfrom . import near\n\nRATE = 2\n"
    code = "def test_total():\n    assert total(dt.date(2026, 1, 1), pi, Cart, near) == unknown\n"
    text = tidy_tests(code, IMPORT, ("total", "Cart"), "\n", source)
    assert text == (
        "import datetime as dt\nfrom math import pi\nfrom shop.pricing import Cart\n"
        f"{IMPORT}\n\n\n{code}"
    )


def test_names_bound_in_any_way_are_not_imported():
    code = (
        f"{IMPORT}\n\n\ndef helper(inf):\n    return inf\n\n\n"
        "def test_total():\n    for pi in [1]:\n"
        "        try:\n            total([helper(pi)])\n        except ValueError as dt:\n"
        "            print(dt)\n"
    )
    source = "import datetime as dt\nfrom math import inf, pi\n"
    assert tidy_tests(code, IMPORT, ("total",), "\n", source) == code


def test_line_ends_are_the_projects():
    text = tidy_tests(f"{IMPORT}\n\n{TEST}", IMPORT, (), "\r\n")
    assert isinstance(text, str)
    assert text.count("\r\n") == text.count("\n")


@pytest.mark.parametrize(
    "code",
    [
        "class TestTotal:\n    def test_empty(self):\n        assert total([]) == 0\n",
        "import unittest\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        total\n",
        "async def test_total():\n    assert total([]) == 0\n",
    ],
)
def test_tests_come_in_several_forms(code):
    assert "total" in tidy(code)


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("", "emptied"),
        ("  \n", "emptied"),
        ("def test_total(:\n", "unparsable"),
        ("Here are your tests.", "unparsable"),
        ("def total(items):\n    return 0\n", "no_tests"),
        ("class TestNothing:\n    pass\n", "no_tests"),
        ("def test_a():\n    assert 'a\u202eb'\n", "hidden"),
        ("def test_a():\n    assert '\ufffd'\n", "garbled"),
    ],
)
def test_what_is_no_test_file_is_refused(code, rule):
    verdict = tidy_tests(code, IMPORT, ("total",))
    assert isinstance(verdict, Verdict)
    assert verdict.rule == rule
