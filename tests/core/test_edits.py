"""From code to edits: the buffer's own format is kept, and nothing else moves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.core.edits import (
    line_ending,
    new_file_text,
    pick_block,
    rewrite_region,
    with_helpers,
)
from dola_ls.core.layout import style_of


def rewritten(text: str, code: str, start: int = 0, end: int | None = None) -> str:
    document = Document("file:///a.py", "python", 1, text)
    region = Span(start, len(text) if end is None else end)
    rewrite = rewrite_region(document, region, code)
    result = apply_edits(text, rewrite.edits)
    assert result == text[: region.start] + rewrite.text + text[region.end :]
    assert all(region.start <= e.start <= e.end <= region.end for e in rewrite.edits)
    return result


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_line_ends_are_the_buffers(eol):
    text = eol.join(["def f():", "    a = 1", "    return a", ""])
    assert rewritten(text, "def f():\n    return 1\n") == eol.join(["def f():", "    return 1", ""])


def test_each_unchanged_line_keeps_its_own_line_end():
    text = "def f():\r\n    a = 1\n    b = 2\r\n    return a\n"
    assert rewritten(text, "def f():\n    a = 1\n    b = 3\n    return a\n") == (
        "def f():\r\n    a = 1\n    b = 3\r\n    return a\n"
    )


@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n", "\r\n"])
def test_the_end_of_the_file_stays_as_it_is(tail):
    assert rewritten("x = 1" + tail, "x = 2\n\n\n") == "x = 2" + tail


def test_a_byte_order_mark_stays():
    assert rewritten("\ufeffx = 1\n", "x = 2\n") == "\ufeffx = 2\n"


def test_white_space_at_the_end_of_unchanged_lines_stays():
    text = "def f():   \n    \n    a = 1\t\n    return a\n"
    assert rewritten(text, "def f():\n\n    a = 1\n    return 1\n") == (
        "def f():   \n    \n    a = 1\t\n    return 1\n"
    )


def test_blank_lines_round_the_region_stay():
    assert rewritten("\n\nx = 1\n\n", "x = 2\n") == "\n\nx = 2\n\n"


def test_a_nested_region_gets_its_indentation_back():
    text = "class A:\n    def f(self):\n        a = 1\n        return a\n\n    x = 1\n"
    start, end = text.index("    def"), text.index("\n    x")
    assert rewritten(text, "def f(self):\n    return 1\n", start, end) == (
        "class A:\n    def f(self):\n        return 1\n\n    x = 1\n"
    )


def test_a_nested_region_with_its_indentation_is_left_alone():
    text = "class A:\n    def f(self):\n        a = 1\n        return a\n"
    start = text.index("    def")
    assert rewritten(text, "    def f(self):\n        return 1\n", start) == (
        "class A:\n    def f(self):\n        return 1\n"
    )


def test_too_much_indentation_is_taken_away():
    assert rewritten("def f():\n    return 1\n", "    def f():\n        return 2\n") == (
        "def f():\n    return 2\n"
    )


def test_blanks_become_tabs_where_the_file_has_tabs():
    text = "func f() {\n\tif a {\n\t\tb()\n\t}\n}\n"
    assert rewritten(text, "func f() {\n    if a {\n        c()\n    }\n}\n") == (
        "func f() {\n\tif a {\n\t\tc()\n\t}\n}\n"
    )
    nested = "type a struct {\n\tfunc f() {\n\t\tb()\n\t}\n}\n"
    start, end = nested.index("\tfunc"), nested.rindex("}")
    assert rewritten(nested, "func f() {\n  c()\n}\n", start, end) == (
        "type a struct {\n\tfunc f() {\n\t\tc()\n\t}\n}\n"
    )


def test_tabs_become_blanks_where_the_file_has_blanks():
    text = "def f():\n  if a:\n    b()\n"
    assert rewritten(text, "def f():\n\tif a:\n\t\tc()\n") == "def f():\n  if a:\n    c()\n"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("def f():\n  a\n  if b:\n    c\n", "  "),
        ("def f():\n    a\n", "    "),
        ("f:\n\ta\n\tb\n", "\t"),
        ("d:\n   e\n   f:\n      g\n", "   "),
        # One blank before a star is no step, and neither is a continued line.
        ("/*\n * a\n */\nf {\n  b\n}\n", "  "),
        ("f {\n    a(\n            b)\n    c\n}\n", "    "),
    ],
)
def test_the_step_of_indentation_is_found(text, unit):
    style = style_of(Document("u", "python", 1, text), Span(0, len(text)))
    assert (style.unit, style.known) == (unit, True)


def test_where_nothing_is_indented_the_step_is_not_known():
    assert not style_of(Document("u", "python", 1, "a\nb\n"), Span(0, 4)).known
    assert rewritten("a()\n", "if a:\n\tb()\n") == "if a:\n\tb()\n"


def test_text_left_of_the_code_stays_there():
    text = 'class A:\n    def f(self):\n        a = """\nx\n"""\n        return a\n'
    code = 'def f(self):\n    a = """\nx\n"""\n    return a + a\n'
    assert rewritten(text, code, 9) == text.replace("return a", "return a + a")


def test_strings_that_stand_left_of_their_code_keep_their_blanks():
    text = 'class A:\n    def q(self):\n        return """\nselect a\nfrom t\n  where a = 1\n"""\n'
    method = text.index("    def")
    # An answer without the base indentation; the query stands where it stood.
    code = 'def q(self):\n    return """\nselect a, b\nfrom t\n  where a = 2\n"""\n'
    after = text.replace("select a", "select a, b").replace("= 1", "= 2")
    assert rewritten(text, code, method) == after
    # What stands in the string is no step of indentation.
    text = "def f(a):\n    if a:\n        return a\n    return 1\n"
    code = 'def f(a):\n    return f"""\n<p>\n  {a}\n</p>\n"""\n'
    assert rewritten(text, code) == code
    # A docstring goes with its function.
    text = "class A:\n    def f(self):\n        return 1\n"
    code = 'def f(self):\n    """One.\n\n    Always.\n    """\n    return 1\n'
    assert '\n        Always.\n        """\n' in rewritten(text, code, text.index("    def"))


def test_the_commonest_line_end_is_the_documents():
    def ending(text):
        return line_ending(Document("u", "python", 1, text))

    assert ending("a\r\nb\r\nc\n") == "\r\n"
    assert ending("a\rb") == "\r"
    assert ending("a") == "\n"


def test_the_same_code_is_no_edit():
    text = "def f():\r\n    return 1  \r\n"
    document = Document("u", "python", 1, text)
    rewrite = rewrite_region(document, Span(0, len(text)), "def f():\n    return 1\n")
    assert rewrite.edits == ()


def test_unchanged_lines_are_never_replaced():
    text = "".join(f"line {i}\n" for i in range(50))
    document = Document("u", "python", 1, text)
    rewrite = rewrite_region(document, Span(0, len(text)), text.replace("line 25\n", "line x\n"))
    assert len(rewrite.edits) == 1
    assert text[rewrite.edits[0].start : rewrite.edits[0].end] == "25"


def test_of_several_blocks_the_first_that_is_not_the_original_counts():
    region = "def f():\n    return 1\n"
    assert pick_block(["def f():\n    return 1", "def f(): return 1\n"], region) == (
        "def f(): return 1\n"
    )
    assert pick_block(["def f(): return 1\n", "f()\n"], region) == "def f(): return 1\n"
    assert pick_block([region], region) == region


def test_blocks_that_have_nothing_to_do_with_the_region_do_not_count():
    region = "def total(count):\n    result = start(count)\n    return result\n"
    other = "import os\nos.system('x')\n"
    assert pick_block([region, other], region) == region
    assert pick_block([other, region], region) == region
    new = region.replace("result", "found")
    assert pick_block([region, other, new], region) == new


def test_a_helper_in_a_block_of_its_own_goes_along():
    new = "function f(a) {\n  return half(a);\n}\n"
    helper = "function half(a) {\n  return a / 2;\n}\n"
    use = "console.log(f(1));\n"

    def whole(code: str, blocks: list[str], text: str = "function f(a) {\n}\n") -> str:
        return with_helpers(code, blocks, Document("", "javascript", 1, text), text)

    assert whole(new, [new, helper, use]) == f"{helper}\n{new}"
    assert whole(new, [helper, new]) == f"{helper}\n{new}"
    # The file has one, nothing calls it, or the code is of a method.
    assert whole(new, [new, helper], helper) == new
    assert whole(new, [new, helper.replace("half", "third")]) == new
    method = "  f() {\n    half();\n  }\n"
    assert whole(method, [method, helper], method) == method


def test_a_new_file_ends_in_one_line_end():
    assert new_file_text("\n\nx = 1  \n\n\n", "\r\n") == "x = 1\r\n"


LINES = st.sampled_from(
    ["def f():", "    a = 1", "\tb", "", "  ", "é😀 = '漢'", "x\f", "y\u2028z", "    return a  "]
)
EOLS = st.sampled_from(["\n", "\r\n", "\r"])


@settings(max_examples=300)
@given(
    st.lists(st.tuples(LINES, EOLS), min_size=1, max_size=12),
    st.lists(LINES, max_size=12),
    st.data(),
)
def test_nothing_outside_the_region_ever_moves(lines, code, data):
    text = "".join(line + eol for line, eol in lines)
    document = Document("u", "python", 1, text)
    first = data.draw(st.integers(0, document.line_count - 1))
    last = data.draw(st.integers(first, document.line_count - 1))
    region = Span(document.starts[first], document.line_span(last).end)
    after = rewritten(text, "\n".join(code), region.start, region.end)
    assert after.startswith(text[: region.start])
    assert after.endswith(text[region.end :])
