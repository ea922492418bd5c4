"""What of a model's text is inserted at the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Document, Span
from dola_ls.core.inline import Place, Window, window
from dola_ls.core.trimming import fitted, is_enough, trimmed


def at(code: str, language: str = "python") -> Window:
    """Return the window at the mark in a text."""
    before, _, after = code.partition("¦")
    place = Place(Span(len(before), len(before)))
    return window(Document("file:///a", language, 1, before + after), place, 4000)


@pytest.mark.parametrize(
    ("code", "said", "kept"),
    [
        # As deep as the block that was begun, and no further.
        ("def f():\n    ¦\n", "return 1\n\n\ndef g():\n    return 2\n", "return 1"),
        ("def f(x):¦\n", "\n    if x:\n        return 1\n    return 2\n\ndef g(): ...",
         "\n    if x:\n        return 1\n    return 2"),
        ("def f(x):¦\n", "\n    a = 1\n\n    return a\nf(1)\n", "\n    a = 1\n\n    return a"),
        ("    if x:¦\n", "\n        a()\n    else:\n        b()\n    c()\n",
         "\n        a()\n    else:\n        b()"),
        ("¦\n", "def f():\n    return 1\n\n\nf()\n", "def f():\n    return 1"),
        ("def f():\n¦\n", "    a = 1\n    return a\nf()\n", "    a = 1\n    return a"),
        ("x = ¦\n", "1\ny = 2\n\nz = 3\n", "1\ny = 2"),
        ("x = f(¦\n", "\n    1,\n    2,\n)\ny = 1\n", "\n    1,\n    2,\n)"),
        # Below where it began.
        ("class A:\n    def f(self):\n        ¦\n", "return 1\n\n    def g(self):\n        pass",
         "return 1"),
        # One line where text follows.
        ("print(¦)\n", "a, b\nprint(c)", "a, b"),
        ("a = ¦ + 1\n", "\nb", ""),
        # What follows is not repeated.
        ("a = 1\n¦\nreturn a + b\n", "b = 2\nreturn a + b\n", "b = 2"),
        ("a = ¦  # the sum\n", "b + c  # the sum", "b + c"),
        ("f(¦, key=None)\n", "items, key=None)", "items"),
        ("¦name\n", "user_", "user_"),
        # Brackets and quotes.
        ("print(¦)\n", "len(x))", "len(x)"),
        ("print(¦)\n", "len(x)", "len(x)"),
        ("print(¦\n", "len(x))", "len(x))"),
        ('x = "¦"\n', 'hello"', "hello"),
        ('x = "¦\n', 'hello"', 'hello"'),
        ('x = "¦"\n', 'a (b]"', "a (b]"),
        ('f("a¦")\n', 'b", ")")', "b"),
        ("x = [¦]\n", "a[0], ']']", "a[0], ']'"),
        ("x = [\n    ¦\n]\n", "1,\n    2,\n]\n", "1,\n    2,"),
        ("x = {¦\n}\n", '\n    "a": {},\n}\n', '\n    "a": {},'),
        ("x = 1  # don't¦\n", " (do it)", " (do it)"),
        # What fill-in-the-middle models leave at their ends.
        ("x = ¦\n", "1<|fim_pad|><|endoftext|>y", "1"),
        ("x = ¦\n", "1<|file_sep|>other.py\ny", "1"),
        ("x = ¦\n", "   \n\n", ""),
        ("x = ¦\n", "", ""),
    ],
)  # fmt: skip
def test_python(code: str, said: str, kept: str) -> None:
    assert trimmed(at(code), said, 16) == kept


@pytest.mark.parametrize(
    ("code", "said", "kept"),
    [
        ("function f() {¦\n}\n", "\n  return 1;\n}\n\nf();\n", "\n  return 1;"),
        ("function f() {¦\n", "\n  return 1;\n}\n\nf();\n", "\n  return 1;\n}"),
        ("  if (a) {¦\n", "\n    b();\n  } else {\n    c();\n  }\n  d();\n",
         "\n    b();\n  } else {\n    c();\n  }"),
        ("list.map((x) => ¦);\n", "x * 2);", "x * 2"),
        ("const s = `a ${¦}`;\n", "b}`;", "b"),
        ("// don't¦\nf();\n", " care\nf();\n", " care"),
    ],
)  # fmt: skip
def test_javascript(code: str, said: str, kept: str) -> None:
    assert trimmed(at(code, "javascript"), said, 16) == kept


def test_a_half_line_is_left_out() -> None:
    found = at("def f():¦\n")
    assert trimmed(found, "\n    a = 1\n    b = a +", 16, whole=False) == "\n    a = 1"
    assert trimmed(found, " return a +", 16, whole=False) == ""
    assert trimmed(at("f(¦)\n"), "a, b", 16, whole=False) == ""
    # The line that is wanted is whole where another one follows.
    assert trimmed(at("f(¦)\n"), "a, b\nc", 16, whole=False) == "a, b"
    # What the model's own end stands behind is whole.
    assert trimmed(found, " pass<|endoftext|>", 16, whole=False) == " pass"


def test_no_more_lines_than_are_wanted() -> None:
    said = "\n".join(f"    x{number} = 1" for number in range(40))
    assert trimmed(at("def f():¦\n"), f"\n{said}", 4).count("\n") == 3


@pytest.mark.parametrize(
    ("code", "said", "enough"),
    [
        ("def f():¦\n", "\n    return 1\n", False),
        ("def f():¦\n", "\n    return 1\n\ndef g():\n", True),
        ("f(¦)\n", "a", False),
        ("f(¦)\n", "a\n", True),
        ("def f():¦\n", "\n    a\n    b\n    c\n    d\n", True),
        ("def f():¦\n", "", False),
    ],
)
def test_more_is_waited_for_only_where_it_counts(code: str, said: str, enough: bool) -> None:
    assert is_enough(at(code), said, 4) is enough


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "    ", "        ", "\t"]),
        st.sampled_from(["a = 1", "f(", ")", "if x:", "}", "{", "'", '"b"', "", "# it's", "é😀"]),
    ).map("".join),
    max_size=10,
).map("\n".join)


@given(LINES, LINES, LINES, st.integers(1, 8), st.booleans())
def test_it_is_a_beginning_of_what_was_said(
    before: str, after: str, said: str, most: int, whole: bool
) -> None:
    found = at(f"{before}¦{after}")
    kept = trimmed(found, said, most, whole=whole)
    assert said.startswith(kept)
    assert kept == "" or kept.strip()
    assert kept.count("\n") < most
    assert not (found.single_line and "\n" in kept)
    # Trimmed once, it is trimmed.
    assert trimmed(found, kept, most) == kept


@given(LINES, LINES, LINES, LINES, st.integers(1, 8))
def test_what_comes_after_enough_changes_nothing(
    before: str, after: str, said: str, more: str, most: int
) -> None:
    found = at(f"{before}¦{after}")
    if is_enough(found, said, most):
        assert trimmed(found, said, most) == trimmed(found, said + more, most)


@pytest.mark.parametrize(
    ("text", "said", "fit"),
    [
        ("def f():\r\n    return 1\r\n", "a\n    b", "a\r\n    b"),
        ("def f():\n\treturn 1\n\tif x:\n\t\tpass\n", "a\n    b\n        c", "a\n\tb\n\t\tc"),
        ("def f():\n\treturn 1\n", "a\n\tb", "a\n\tb"),
        ("def f():\n  return 1\n", "a\n\tb", "a\n  b"),
        ("x", "a\nb", "a\nb"),
    ],
)
def test_lines_end_and_begin_as_in_the_document(text: str, said: str, fit: str) -> None:
    assert fitted(Document("file:///a.py", "python", 1, text), len(text), said) == fit
