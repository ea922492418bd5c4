"""What a fix works on: « and » stand round the region that a problem between ‹ and › grows to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Span
from dola_ls.core.fix_region import fix_target

from .problems import diagnostics_of, marked, parsed, recorded

METHODS = "".join(f"    def m{n}(self):\n        return {n}\n\n" for n in range(30))
TESTS = "".join(f"  it('{n}', () => {{\n    expect({n})\n  }})\n" for n in range(30))
LONG = "def total(items):\n" + "    items += 1\n" * 450

CASES = {
    "a function": (
        "python",
        "import os\n\n\n«def total(items):\n    return ‹itms›\n»\n\ndef tax(v):\n    return v\n",
    ),
    "a method, not its class": (
        "python",
        "class Cart:\n    rate = 1\n\n«    def total(self):\n        return ‹slf›.rate\n»",
    ),
    "the inner one of two functions": (
        "python",
        "def outer():\n«    def inner():\n        return ‹x›\n»    return inner\n",
    ),
    "its decorator is a part of it": ("python", "«@‹cache›\ndef total():\n    return 1\n»"),
    "a short class": ("python", "«class Cart:\n    rate = ‹rat›\n    size = 1\n»\nx = 1\n"),
    "one line of a long class": ("python", f"class Cart:\n{METHODS}«    rate = ‹rat›\n»"),
    "the head of a long class": ("python", f"«class Cart(‹Bskt›):\n{METHODS.rstrip()}\n»"),
    "a statement of a function that is too long": (
        "python",
        f"{LONG}«    if items:\n        return ‹itms›\n»    return 1\n",
    ),
    "a statement outside": ("python", "x = 1\n«y = max(\n    ‹z›,\n)\n»w = 1\n"),
    "a piece of a long statement": (
        "typescript",
        f"import a from 'a'\n\ndescribe('x', () => {{\n{TESTS}«  it('k', () => {{\n"
        "    expect(‹z›)\n  })\n»})\n",
    ),
    "imports on lines next to each other": (
        "python",
        '"""Doc."""\n\n«import ‹os›\nimport sys\n»\nimport shop\n\nx = 1\n',
    ),
    "an import alone comes with those past the gap": (
        "python",
        "«import ‹os›\n\nimport shop\n»\nx = 1\n",
    ),
    "the only import": ("python", "«import ‹os›\n»\nx = 1\n"),
    "an import inside a function": ("python", "«def f():\n    import ‹os›\n    return 1\n»"),
    "one of several on a line": ("python", "«import os, ‹sys›\nimport re\n»\nx = 1\n"),
    "the imports of Go": (
        "go",
        'package main\n\n«import (\n\t"fmt"\n\t‹"os"›\n)\n»\nfunc main() {\n\tfmt.Print()\n}\n',
    ),
    "a function of Go": (
        "go",
        "package main\n\n«func main() {\n\t‹x› := 1\n}\n»\nfunc other() {\n}\n",
    ),
    "a use of Rust": ("rust", "«use std::fmt;\nuse ‹std::io›;\n»\nfn main() {}\n"),
    "a method of Rust": (
        "rust",
        "struct A;\n\nimpl A {\n«    fn f(&self) -> i32 {\n        ‹y›\n    }\n»}\n",
    ),
    "a function inside a module of Rust": (
        "rust",
        "mod tests {\n«    fn f() {\n        ‹y›\n    }\n»}\n",
    ),
    "an include": ("c", "«#include <a.h>\n#include ‹<b.h>›\n»\nint x;\n"),
    "a method of Java": (
        "java",
        "class A {\n    int x;\n\n«    int f() {\n        return ‹y›;\n    }\n»}\n",
    ),
    "an arrow function": (
        "javascript",
        "const a = 1\n\n«export const f = () => {\n  return ‹b›\n}\n»\nconst c = 1\n",
    ),
    "two problems of one function": (
        "python",
        "«def total(items):\n    ‹x› = 1\n    return ‹itms›\n»\n\ny = 1\n",
    ),
    "problems of two functions": (
        "python",
        "«def total(items):\n    return ‹itms›\n\n\ndef tax(v):\n    return ‹w›\n»\n\ny = 1\n",
    ),
    "problems of a function and the one inside it": (
        "python",
        "«def outer():\n    def inner():\n        return ‹x›\n    return ‹y›\n»",
    ),
    "a problem between two functions, and one in the second": (
        "python",
        "«def a():\n    return 1‹›\n\n\n‹d›ef b():\n    return 2\n»",
    ),
    "a parenthesis that is not closed": (
        "python",
        "import os\n\n\n«‹def total(items:›\n    result = 0\n    return result\n»\n\n"
        "def tax(v):\n    return v\n",
    ),
    "a colon that is missing": (
        "python",
        "def a():\n    return 1\n\n\n«def total(items)‹›\n    result = 0\n    return result\n»\n\n"
        "def tax(v):\n    return v\n",
    ),
    "a function that seems to end too early": (
        "python",
        "«def total(items) -> float‹›\n    for item in items:\n        x = 1\n    return x\n»\n\n"
        "def tax(v) -> str:\n    return v\n",
    ),
    "a brace that is missing at the end": (
        "javascript",
        "function a() {\n  if (x) {\n    return 1;\n}\n\n«function b() {\n  return 2;\n}\n‹›»",
    ),
    "blank lines at the end": ("python", "x = 1\n\n«y = 1\n‹\n›»\n\n"),
    "a blank line at the beginning": ("python", "«‹\n›x = 1\n»\ny = 1\n"),
    "a comment": ("python", "x = 1\n«# ‹TODO› mend\n»y = 1\n"),
    "no grammar": ("yaml", "«a: 1\nb: ‹2›\n»\nc: 3\n"),
    "no grammar and no blank lines": (
        "json",
        "{\n" + '"a": 1,\n' * 79 + "«" + '"a": 1,\n' * 20 + '"a": ‹1›,\n' + '"b": 2\n' * 20
        + "»" + '"b": 2\n' * 80 + "}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_the_region_of_a_problem(name: str, eol: str) -> None:
    language, text = CASES[name]
    text = text.replace("\n", eol)
    start = text.replace("‹", "").replace("›", "").index("«")
    end = text.replace("‹", "").replace("›", "").replace("«", "").index("»")
    plain, spans = marked(text.replace("«", "").replace("»", ""))
    document, tree = parsed(plain, language)

    target = fix_target(document, tree, spans)

    assert plain[target.region.start : target.region.end] == plain[start:end]


def test_a_whole_symbol_is_called_by_its_name_and_lines_by_their_numbers() -> None:
    plain, spans = marked("import ‹os›\n\n\ndef total(items):\n    return ‹itms›\n")
    document, tree = parsed(plain)
    function = fix_target(document, tree, spans[1:])
    assert (function.name, function.whole_symbol) == ("total", True)
    lines = fix_target(document, tree, spans[:1])
    assert (lines.name, lines.whole_symbol, lines.symbol) == ("line 1", False, None)
    assert fix_target(document, tree, spans).name == "lines 1-5"


@pytest.mark.parametrize(
    ("server", "message", "first_line"),
    [
        ("ruff-0.17.6", "Undefined name", "def total_price("),
        ("ruff-0.17.6", "`json` imported", "import json\n"),
        ("ruff-0.17.6", "Redefinition", "def read("),
        ("pyright-1.1.414", "Cannot access attribute", "def label("),
        ("pyright-1.1.414", 'Type "str"', "def shout("),
        ("typescript-5.9.3", "Cannot find name", "export function totalPrice("),
        ("typescript-5.9.3", "Cannot find module", "import { join }"),
        ("typescript-5.9.3", "'RATE' is declared", "const RATE"),
    ],
)
def test_what_real_servers_report(server: str, message: str, first_line: str) -> None:
    found = recorded(server)
    document, tree = parsed(found["text"], found["language"])
    [problem] = [
        one
        for one in diagnostics_of(document, found["diagnostics"])
        if one.message.startswith(message)
    ]
    region = fix_target(document, tree, [problem.span]).region
    assert document.text[region.start :].startswith(first_line)
    assert region.covers(problem.span)


@given(st.sampled_from(sorted(CASES)), st.data())
def test_a_region_is_whole_lines_round_every_problem_and_never_blank(name: str, data) -> None:
    language, text = CASES[name]
    plain, _ = marked(text.replace("«", "").replace("»", ""))
    document, tree = parsed(plain, language)
    ends = st.integers(0, len(plain))
    spans = [
        Span(*sorted((data.draw(ends), data.draw(ends))))
        for _ in range(data.draw(st.integers(1, 3)))
    ]

    region = fix_target(document, tree, spans).region

    assert region.start in document.starts
    assert region.end in {*document.starts, len(plain)}
    assert plain[region.start : region.end].strip()
    for span in spans:
        said = plain[span.start : span.end]
        start = span.start + len(said) - len(said.lstrip()) if said.strip() else span.start
        assert region.start <= start <= region.end
