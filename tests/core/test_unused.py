"""Which symbols a fix may remove: those that a problem with their own declaration calls unused."""

import pytest

from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.unused import says_to_go, unused_names

from .problems import SERVERS, diagnostics_of, marked, parsed, recorded

MESSAGES = [
    "`json` imported but unused",
    "Local variable `discount` is assigned to but never used",
    "Redefinition of unused `read` from line 25: `read` redefined here",
    'Function declaration "read" is obscured by a declaration of the same name',
    '"discount" is not accessed',
    "'unused' is declared but its value is never read.",
    "declared and not used: x",
    '"os" imported and not used',
    "function `helper` is never used",
    "struct `Cart` is never constructed",
    "The value of the field Cart.size is not used",
    "main redeclared in this block",
    "redefinition of 'total'",
    "Cannot redeclare block-scoped variable 'total'.",
    "function already defined line 3",
    "Found commented-out code",
]
OTHERS = [
    "Undefined name `totl`",
    "This name cannot be used as a type",
    "Expected `)`, found `return`",
    "Line too long (120 > 100)",
    'Argument missing for parameter "x"',
    "Missing docstring in public function",
    "use of moved value: `x`",
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_problem_that_may_be_solved_by_removing(message: str) -> None:
    _, [span] = marked("‹x›")
    assert says_to_go(Diagnostic(span, message))


@pytest.mark.parametrize("message", OTHERS)
def test_a_problem_that_may_not(message: str) -> None:
    _, [span] = marked("‹x›")
    assert not says_to_go(Diagnostic(span, message))
    assert says_to_go(Diagnostic(span, message, unnecessary=True))


@pytest.mark.parametrize(
    ("language", "text", "message", "names"),
    [
        ("python", "def ‹total›(items):\n    return 1\n", "unused", {"total"}),
        ("python", "‹def total›(items):\n    return 1\n", "already defined line 3", {"total"}),
        ("python", "‹def total(items):›\n    return 1\n", "`total` is unused", {"total"}),
        ("python", "‹›def total(items):\n    return 1\n", "`total` is unused", {"total"}),
        ("python", "‹def total(items):\n    return 1\n›", "`total` is unused", {"total"}),
        ("python", "@cache\ndef ‹total›(items):\n    return 1\n", "unused", {"total"}),
        ("python", "@total.setter\ndef ‹total›(items):\n    return 1\n", "redefined", {"total"}),
        ("go", "package a\n\nfunc ‹total›() {\n}\n", "func total is unused", {"total"}),
        ("rust", "fn ‹total›() {\n}\n", "function `total` is never used", {"total"}),
        ("typescript", "const ‹total› = () => 1\n", "never read", {"total"}),
        # With a class goes all that is in it.
        ("python", "class ‹Cart›:\n    def add(self):\n        pass\n", "unused", {"Cart", "add"}),
        # Of the parameters, the body or another problem nothing follows for the function.
        ("python", "def total(‹total›):\n    return 1\n", "unused argument `total`", set()),
        ("python", "‹def total(items):›\n    return 1\n", "unused argument `items`", set()),
        ("python", "def total(items):\n    ‹total› = 1\n", "unused variable", set()),
        ("python", "def total(items):\n    ‹return 1›\n", "`total` unreachable", set()),
        ("python", "def ‹total›(items):\n    return 1\n", "Missing docstring", set()),
        ("python", "‹import total›\n\ndef total(items):\n    return 1\n", "unused", set()),
        ("python", "class Cart:\n    ‹rate› = 1\n", "unused", set()),
    ],
)
def test_the_names_that_may_go(language: str, text: str, message: str, names: set[str]) -> None:
    plain, [span] = marked(text)
    _, tree = parsed(plain, language)
    assert tree is not None
    assert unused_names(tree, [Diagnostic(span, message)]) == names


def test_what_real_servers_call_unused() -> None:
    found = {}
    for server in SERVERS:
        reported = recorded(server)
        document, tree = parsed(reported["text"], reported["language"])
        assert tree is not None
        found[server] = unused_names(tree, diagnostics_of(document, reported["diagnostics"]))
    assert found == {
        "ruff-0.17.6": {"read"},
        "pyright-1.1.414": {"read"},
        "typescript-5.9.3": {"unused"},
    }
