"""Names that new code uses and nobody declares."""

import sys

import pytest

from dola_ls.core.document import Document, Span
from dola_ls.core.doubts import undeclared
from dola_ls.core.edits import rewrite_region

PYTHON = "import os\nLIMIT = 3\n\n\ndef f(x):\n    return x\n"
SCRIPT = "const LIMIT = 3;\nfunction f(x) {\n  return x;\n}\n"


def names(language: str, text: str, needle: str, code: str) -> list[str]:
    document = Document(f"file:///a.{language}", language, 1, text)
    region = Span(text.index(needle), len(text))
    return undeclared(document, rewrite_region(document, region, code))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(x):\n    return helper(x)\n", ["helper"]),
        ("def f(x):\n    return min(x, MOST)\n", ["MOST"]),
        ("def f(x):\n    return min(x, LIMIT)\n", []),
        ("def f(x):\n    y = x\n    return y\n", []),
        ("def f(x):\n    return [y for y in x]\n", []),
        ("def f(x):\n    return x.helper(most=1)\n", []),
        ("def f(x):\n    return 'helper'  # MOST\n", []),
        ("def f(x):\n    def helper():\n        return __name__\n    return helper\n", []),
        ("def f(x):\n    match x:\n        case [a, *b]:\n            return a, b\n", []),
        ("def f(x):\n    match x:\n        case {'a': 1, **b}:\n            return b\n", []),
        ("def f(x):\n    import re as r\n    return r\n", []),
        ("MOST = 1\n\n\ndef f(x):\n    return MOST\n", []),
    ],
)
def test_python(code, expected):
    assert names("python", PYTHON, "def f", code) == expected


def test_a_wildcard_may_bring_any_name():
    text = "from shop import *\n" + PYTHON
    assert names("python", text, "def f", "def f(x):\n    return helper(x)\n") == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x > MAX_SIZE;", ["MAX_SIZE"]),
        ("return x > LIMIT;", []),
        ("const MAX = 3;\n  return MAX;", []),
        ("return Sizes.MAX + JSON.parse(x);", []),
        ("return 'MAX'; // MOST", []),
        ("return { MAX: 1 }.MAX;", []),
        ("return MAX(x);", []),
        ("return <a href='/'>FAQ, or {LIMIT}</a>;", []),
        ("return <a href='/'>{MOST}</a>;", ["MOST"]),
        ("return x > MOST && LIMIT < x;", ["MOST"]),
    ],
)
def test_constants_of_other_languages(body, expected):
    code = f"function f(x) {{\n  {body}\n}}\n"
    assert names("javascript", SCRIPT, "function", code) == expected
    assert names("c", SCRIPT, "function", code) == []


def test_a_case_may_name_what_another_file_declares():
    text = "class A {\n    int f(State s) {\n        return 1;\n    }\n}\n"
    body = "        switch (s) {\n            case OPEN:\n                return 1;\n        }\n"
    code = f"    int f(State s) {{\n{body}        return 2;\n    }}\n}}\n"
    assert names("java", text, "    int f", code) == []


def test_what_new_code_imports_is_declared():
    code = "import { MOST } from './a';\nimport B, {\n  LEAST as LEAST_OF_ALL,\n} from './b';\n\n"
    code += "function f(x) {\n  return MOST + LEAST_OF_ALL;\n}\n"
    assert names("javascript", SCRIPT, "function", code) == []
    code = "use crate::config::{LEAST, MOST};\n\nfn f() -> i32 {\n    MOST - LEAST\n}\n"
    assert names("rust", "fn f() -> i32 {\n    1\n}\n", "fn", code) == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 has type parameters")
def test_type_parameters_are_declared():
    code = "def f[T, *Ts, **P](x: T) -> T:\n    return x, Ts, P\n"
    assert names("python", PYTHON, "def f", code) == []
