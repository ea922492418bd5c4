"""Orders and questions in comments: found, aimed and removed without a trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.comments import comment_syntax
from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.core.instruct import Instruction, instruction_at, is_gone, without_instruction
from dola_ls.core.parsing import Tree, parse

from .test_comments import CASES


def document(language: str, text: str) -> tuple[Document, Tree | None]:
    doc = Document("file:///a", language, 1, text)
    return doc, parse(doc)


def at(language: str, text: str) -> tuple[Document, Instruction | None]:
    """Return the instruction at the mark ‹, or between ‹ and ›."""
    start = text.index("‹")
    text = text.replace("‹", "")
    end = text.index("›") if "›" in text else start
    doc, tree = document(language, text.replace("›", ""))
    return doc, instruction_at(doc, tree, Span(start, end))


def here(language: str, text: str) -> tuple[Document, Instruction]:
    doc, found = at(language, text)
    assert found is not None
    return doc, found


def without(doc: Document, found: Instruction) -> str:
    return apply_edits(doc.text, [without_instruction(doc, found)])


@pytest.mark.parametrize(("language", "comment"), CASES)
@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("call", "kind"), [("dola: use 😀 here", "order"), ("Dola? use 😀 here", "question")]
)
def test_a_comment_in_any_language_is_found_and_vanishes(language, comment, eol, call, kind):
    comment = comment.replace("X", call).replace("\n", eol)
    doc = Document("file:///a", language, 1, f"a{eol}\t{comment}{eol}b{eol}")
    if comment.startswith("="):
        doc = Document("file:///a", language, 1, doc.text.replace("\t", ""))

    found = instruction_at(doc, None, Span(4, 4))

    assert found is not None
    assert (found.text, found.kind) == ("use 😀 here", kind)
    assert without(doc, found) == f"a{eol}b{eol}"
    assert not is_gone(doc.text, found)
    assert is_gone(without(doc, found), found)


@pytest.mark.parametrize(("language", "comment"), CASES)
def test_a_comment_after_code_vanishes_with_the_blanks_before_it(language, comment):
    before = "a 😀"
    doc = Document("file:///a", language, 1, f"{before} \t{comment}\r\nb".replace("X", "dola: x"))

    found = instruction_at(doc, None, Span(0, 0))

    syntax = comment_syntax(language)
    if comment.startswith("=") or (syntax.place == "own-line" and comment.startswith(syntax.line)):
        assert found is None
    else:
        assert found is not None
        assert without(doc, found) == f"{before}\r\nb"


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("python", "‹# dola: use a set", "use a set"),
        ("python", "# DOLA : ‹use a set", "use a set"),
        ("python", "a = 1 # do‹la：use a set", "use a set"),
        ("python", "a = ‹1 # dola: use a set", "use a set"),
        ("python", "# dola: use a set\n#   rather than ‹a list\n", "use a set\nrather than a list"),
        ("python", "a = 1 # dola: use\n      # a ‹set\nb = 2 # not\n", "use\na set"),
        ("python", "# dola:\n# use a ‹set\n", "use a set"),
        ("python", "# Adds.\n# dola: ‹faster\n", "faster"),
        ("python", "# dola: ‹one\n# dola: two\n", "one"),
        ("python", "# dola: one\n# ‹dola: two\n", "two"),
        ("python", "‹# dola: one\n# dola: two\n›", "one"),
        ("python", "‹def f():\n    a = 1\n    # dola: one\n    return a\n›", "one"),
        ("python", "# dola: ‹one\n#\n# two\n", "one"),
        ("python", "# dola: ‹one\n# noqa: E501\n", "one"),
        ("python", "# dola: ‹one\n# TODO two\n", "one"),
        ("python", "# dola: ‹one\n# note that two is none\n", "one\nnote that two is none"),
        ("python", "# dola: ‹one\n    # two\n", "one"),
        ("python", "#: dola: ‹one\n", None),
        ("go", "package a\n\n// dola: ‹one\n//go:embed a\nvar b string\n", "one"),
        ("rust", "/// dola: ‹one\n/// two\n// three\nfn f() {}\n", "one\ntwo"),
        ("javascript", "/* dola: one\n * ‹two\n */\n", "one\ntwo"),
        ("javascript", "/**\n * dola: one\n *\n * ‹two\n **/\n", "one\n\ntwo"),
        ("javascript", "/** Adds.\n *\n * dola: ‹one\n * two\n * @param a\n */\n", "one\ntwo"),
        ("javascript", "f(/* dola: one */ a, ‹/* dola? two */ b);", "two"),
        ("javascript", "f(/* dola: one */ a, b‹);", "one"),
        ("c", "#define A 1 ‹// dola: one\n", "one"),
        ("python", '"""\n# dola: ‹one\n"""\n', None),
        ("python", 'a = "‹# dola: one"\n', None),
        ("python", "# say ‹dola: one\n", None),
        ("python", "# “dola: ‹one” is an order\n", None),
        ("python", "# dola:‹\n", None),
        ("python", "# dola: one\n‹\n", None),
        ("python", "# dola: one\na = ‹1\n", None),
        ("python", "‹# dola://one\n", None),
        ("python", "‹# dola::one\n", None),
        ("python", "‹# pandola: one\n", None),
        ("python", "", None),
        ("javascript", "/* a dola: ‹one */\n", None),
        ("yaml", "a: '# dola: ‹one'\n", None),
    ],
)
def test_what_counts_as_an_order(language, text, said):
    _, found = at(language, text or "‹")

    assert (found.text if found else None) == said


@pytest.mark.parametrize("mark", ["?", "？", " ?", "?:"])
def test_a_question_mark_asks(mark):
    _, found = here("python", f"‹# dola{mark} why a set\n")

    assert (found.kind, found.text) == ("question", "why a set")


@pytest.mark.parametrize(
    ("language", "text", "after"),
    [
        ("python", "a\n‹# dola: x", "a\n"),
        ("python", "\ufeff‹# dola: x\na\n", "\ufeffa\n"),
        ("python", "if a:\n\t‹# dola: x\n\n\tb()\r\n", "if a:\n\n\tb()\r\n"),
        ("python", "a = 1\t # dola: x‹  \nb\n", "a = 1\nb\n"),
        ("python", "a = 1 # dola: x‹\r\n      # y\r\nb\r\n", "a = 1\r\nb\r\n"),
        ("python", "# a\n‹# dola: x\n# y\n#\n# b\n", "# a\n#\n# b\n"),
        ("javascript", "a /* ‹dola: x */ b;\n", "a b;\n"),
        ("javascript", "a+/* ‹dola: x */+b;\n", "a+ +b;\n"),
        ("javascript", "f(/* ‹dola: x */ a);\n", "f(a);\n"),
        ("javascript", "f(a/* ‹dola: x */);\n", "f(a);\n"),
        ("javascript", "  /* ‹dola: x */ a();\n", "  a();\n"),
        ("javascript", "a(); /* ‹dola:\n x */  \nb();\n", "a();\nb();\n"),
        ("javascript", "a(); /* ‹dola:\n x */ b();\n", "a(); b();\n"),
        ("javascript", "/**\n * A.\n * ‹dola: x\n * y\n */\n", "/**\n * A.\n */\n"),
        ("javascript", "/**\r\n * A.\r\n * ‹dola: x */\r\n", "/**\r\n * A.\r\n */\r\n"),
        ("javascript", "/**\n * ‹dola: x\n\n y **/\nf();\n", "f();\n"),
        (
            "javascriptreact",
            "a = <b>\n  {/* ‹dola: x */}\n  <c/>{/* y */}\n</b>;\n",
            "a = <b>\n  <c/>{/* y */}\n</b>;\n",
        ),
        ("typescriptreact", "a = () => {/* ‹dola: x */};\n", "a = () => {};\n"),
        ("typescriptreact", "a = <b>{/* ‹dola: x */ c}</b>;\n", "a = <b>{c}</b>;\n"),
        ("rust", "/// A.\n/// ‹dola: x\nfn f() {}\n", "/// A.\nfn f() {}\n"),
        ("ruby", "a\n=begin\n‹dola: x\n=end\nb\n", "a\nb\n"),
        ("php", "<?php // ‹dola: x ?>\n", "<?php ?>\n"),
        ("markdown", "A.<!-- ‹dola: x -->\n\n> b\n", "A.\n\n> b\n"),
    ],
)
def test_removing_leaves_nothing_of_the_comment_and_all_the_rest(language, text, after):
    doc, found = here(language, text)

    assert without(doc, found) == after
    assert doc.text[: found.span.start] == after[: found.span.start]


CODE = {
    "python": ["a = 1", "def f():", "    return 'é'", "", "b = '# 😀'", "class C: x = 2"],
    "javascript": ["let a = 1;", "const f = () => 'é';", "", "b('// 😀');", "x = `a`;"],
    "lua": ["local a = 1", "f('é')", "", 'b("-- 😀")', "\tx()"],
    "yaml": ["a: 1", "b: don't", "", "c: '# 😀'", "\u2028d: 2"],
}
MARKS = {"python": "#", "javascript": "//", "lua": "--", "yaml": "#"}


@given(st.data())
def test_a_comment_put_into_a_text_and_removed_gives_the_text_back(data):
    language = data.draw(st.sampled_from(sorted(CODE)))
    ends = st.sampled_from(["\n", "\r\n", "\r"])
    lines = data.draw(st.lists(st.tuples(st.sampled_from(CODE[language]), ends), max_size=8))
    last = data.draw(st.sampled_from(["", "x"]))
    indent = data.draw(st.sampled_from(["", "    ", "\t"]))
    words = data.draw(st.lists(st.sampled_from(["use a set", "😀 é", "fast"]), min_size=1))
    eol = data.draw(ends)
    place = data.draw(st.integers(0, len(lines)))
    head = "".join(line + end for line, end in lines[:place])
    tail = "".join(line + end for line, end in lines[place:]) + last
    mark = MARKS[language]
    told = [f"dola: {words[0]}", *words[1:]]
    comment = "".join(f"{indent}{mark} {line}{eol}" for line in told)
    # Beside a CR alone, an LF makes another line end of it.
    if head.endswith("\r") and tail.startswith("\n"):
        return
    if eol == "\r" and tail.startswith("\n"):
        return
    doc, tree = document(language, head + comment + tail)
    line = data.draw(st.integers(0, len(told) - 1))
    start = doc.starts[doc.line_of(len(head)) + line]

    for syntax in (tree, None):
        found = instruction_at(doc, syntax, Span(start, start))
        assert found is not None
        assert found.text == "\n".join(words)
        assert without(doc, found) == head + tail
        assert not is_gone(doc.text, found)
        assert is_gone(head + tail, found)


@given(st.data())
def test_a_comment_put_behind_a_line_and_removed_gives_the_text_back(data):
    language = data.draw(st.sampled_from(sorted(CODE)))
    ends = st.sampled_from(["\n", "\r\n", "\r"])
    codes = st.sampled_from([line for line in CODE[language] if line])
    lines = data.draw(st.lists(st.tuples(codes, ends), min_size=1, max_size=8))
    place = data.draw(st.integers(0, len(lines) - 1))
    blanks = data.draw(st.sampled_from([" ", "  ", "\t"]))
    plain = "".join(line + end for line, end in lines)
    lines[place] = f"{lines[place][0]}{blanks}{MARKS[language]} dola: go", lines[place][1]
    doc, tree = document(language, "".join(line + end for line, end in lines))

    for syntax in (tree, None):
        found = instruction_at(doc, syntax, Span(doc.starts[place], doc.starts[place]))
        assert found is not None
        assert without(doc, found) == plain


@given(st.text(st.sampled_from("dola:? #/*'\"\n\r\t{}()a😀\ufeff"), max_size=60), st.data())
def test_any_text_is_read_without_a_fault(text, data):
    span = Span(*sorted(data.draw(st.tuples(*[st.integers(0, len(text) + 2)] * 2))))
    for language in ("python", "javascriptreact", "swift", "nobody-knows"):
        doc, tree = document(language, text)
        found = instruction_at(doc, tree, span)
        if found is not None:
            rest = without(doc, found)
            assert len(rest) < len(text)
            assert rest.startswith(text[: found.span.start])
            assert rest.endswith(text[found.span.end :])
            assert is_gone(rest, found)


@pytest.mark.parametrize(
    ("language", "text", "name", "region"),
    [
        ("python", "def f():\n    # dola: ‹x\n    a()\n", "f", None),
        ("python", "def f():  # dola: ‹x\n    a()\n", "f", None),
        ("python", "def f():\n    a()\n\n    # dola: ‹x\n\n\nb()\n", "f", "def f():…# dola: x\n"),
        ("python", "# dola: ‹x\n@b\ndef f():\n    a()\n\nb()\n", "f", "@b\ndef f():\n    a()\n"),
        ("python", "# dola: ‹x\n#\n# About f.\ndef f(): a\n", "f", "def f(): a\n"),
        (
            "python",
            "class A:\n    def f(self): a\n    # dola: ‹x\n    def g(self): b\n",
            "g",
            "    def g(self): b\n",
        ),
        ("python", "class A:\n    # dola: ‹x\n    b = 1\n\n    c = 2\n", "A", None),
        (
            "python",
            "class A:\n    b = 1\n    # dola: ‹x\ndef f(): a\n",
            "A",
            "class A:…# dola: x\n",
        ),
        ("python", "# dola: ‹x\na = 1\nb = 2\n\nc = 3\n", "lines 2-3", "a = 1\nb = 2\n"),
        ("python", "# dola: ‹x\na = [\n\n  1]\n\nc = 3\n", "lines 2-4", "a = [\n\n  1]\n"),
        ("python", "if a:\n    # dola: ‹x\n    b()\n\n    c()\n", "line 3", "    b()\n"),
        ("python", "a = {  # dola: ‹x\n  1: 2,\n}\nb = 1\n", "lines 1-3", "a = {…}\n"),
        ("python", "a = {\n  1: 2,  # dola: ‹x\n}\n", "line 2", "  1: 2,  # dola: x\n"),
        ("python", "a = 1\n# dola: ‹x\n\ndef f(): a\n", "line 2", "# dola: x\n"),
        ("python", "a = 1\n# dola: ‹x", "line 2", "# dola: x"),
        ("javascript", "// dola: ‹x\nexport const f = () => {\n  a();\n};\n", "f", "export…};\n"),
        ("javascript", "const f = () => {\n  a();\n}; // dola: ‹x\nb();\n", "f", "const…x\n"),
        ("javascript", "/**\n * A.\n * dola: ‹x\n */\nfunction f() {}\n", "f", "function f() {}\n"),
        ("javascript", "a(); /* dola: ‹x */\nb();\n", "line 1", "a(); /* dola: x */\n"),
        ("typescript", "class A {\n  // dola: ‹x\n  f() {}\n}\n", "f", "  f() {}\n"),
        ("rust", "/// dola: ‹x\n#[a]\nfn f() {}\n", "f", "#[a]\nfn f() {}\n"),
        (
            "rust",
            "mod a {\n    // dola: ‹x\n    use b;\n\n    use c;\n}\n",
            "line 3",
            "    use b;\n",
        ),
        ("go", "package a\n\n// dola: ‹x\ntype A struct {\n}\n", "A", "type A struct {\n}\n"),
        ("c", "#define A 1 // dola: ‹x\n#define B 2\n", "line 1", "#define A 1 // dola: x\n"),
        ("lua", "-- dola: ‹x\na()\nb()\n\nc()\n", "lines 2-3", "a()\nb()\n"),
        ("lua", "a() -- dola: ‹x\nb()\n\nc()\n", "lines 1-2", "a() -- dola: x\nb()\n"),
        ("markdown", "<!-- dola: ‹x -->\r\n\r\nA.\r\n", "line 1", "<!-- dola: x -->\r\n"),
    ],
)
def test_what_an_order_is_about(language, text, name, region):
    doc, found = here(language, text)
    got = doc.text[found.target.region.start : found.target.region.end]

    assert found.target.name == name
    head, dots, tail = (doc.text if region is None else region).partition("…")
    if dots:
        assert got.startswith(head)
        assert got.endswith(tail)
    else:
        assert got == head
    assert found.target.whole_symbol == (not name.startswith("line"))
    assert found.target.region == doc.whole_lines(found.target.region)


@pytest.mark.parametrize(
    ("after", "gone"),
    [
        ("a = {1}\n", True),
        ("# Uses a set, not a list.\na = {1}\n", True),
        ("# DOLA: use a set rather than\n# a list\na = {1}\n", False),
        ("# dola: Use a\n# set\na = {1}\n", False),
        ("a = {1}  # dola: use a set\n", False),
        ("# but keep the order\na = {1}\n", False),
        ("b = 'dola: say nothing'\na = {1}\n", True),
    ],
)
def test_a_left_over_of_an_order_is_noticed(after, gone):
    text = "# dola: use a set\n# but keep the order\na = [1]\n"
    doc, tree = document("python", text)
    found = instruction_at(doc, tree, Span(0, 0))

    assert found is not None
    assert is_gone(after, found) == gone


def test_the_same_order_elsewhere_may_stay():
    order = "# dola: add a docstring\ndef {}():\n    pass\n"
    doc, tree = document("python", order.format("f") + order.format("g"))
    found = instruction_at(doc, tree, Span(0, 0))

    assert found is not None
    assert is_gone(without(doc, found), found)
    assert not is_gone(doc.text, found)
