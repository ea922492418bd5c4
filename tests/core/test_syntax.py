"""Symbols, incremental parsing and faults, for every language with a grammar."""

import random

import pytest

from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.languages import LANGUAGES
from dola_ls.core.parsing import parse, python_parses
from dola_ls.core.syntax import enclosing_symbol, paragraph, symbols_in

SAMPLES = {
    "python": (
        "class Cart:\n    @property\n    def total(self):\n        return ‹1\n",
        "Cart.total",
    ),
    "javascript": ("export const total = (a) => {\n  return ‹a;\n};\n", "total"),
    "javascriptreact": ("function App() {\n  return ‹<div/>;\n}\n", "App"),
    "typescript": ("class Cart {\n  total(): number {\n    return ‹1;\n  }\n}\n", "Cart.total"),
    "typescriptreact": ("export function App(): X {\n  return ‹<div/>;\n}\n", "App"),
    "go": ("package a\n\nfunc (c *Cart) Total() int {\n\treturn ‹1\n}\n", "Total"),
    "rust": ("impl Cart {\n    fn total(&self) -> i32 {\n        ‹1\n    }\n}\n", "Cart.total"),
    "java": ("class Cart {\n  int total() {\n    return ‹1;\n  }\n}\n", "Cart.total"),
    "c": ("static int *total(int a) {\n  return ‹0;\n}\n", "total"),
    "cpp": ("template <class T>\nT total(T a) {\n  return ‹a;\n}\n", "total"),
    "csharp": ("class Cart {\n  int Total() {\n    return ‹1;\n  }\n}\n", "Cart.Total"),
    "ruby": ("class Cart\n  def total\n    ‹1\n  end\nend\n", "Cart.total"),
    "php": ("<?php\nclass Cart {\n  function total() {\n    return ‹1;\n  }\n}\n", "Cart.total"),
}


def marked(language: str, text: str) -> tuple[Document, Span]:
    at = text.index("‹")
    return Document("file:///a", language, 1, text.replace("‹", "")), Span(at, at)


def test_every_language_with_a_grammar_has_a_sample():
    assert set(SAMPLES) == {id for id, language in LANGUAGES.items() if language.grammar}


@pytest.mark.parametrize("language", SAMPLES)
def test_the_enclosing_symbol_is_named(language):
    document, span = marked(language, SAMPLES[language][0])
    tree = parse(document)
    assert tree is not None
    assert tree.faults == 0
    symbol = enclosing_symbol(tree, span)
    assert symbol is not None
    assert symbol.qualified_name == SAMPLES[language][1]
    assert document.whole_lines(symbol.span) == symbol.span


@pytest.mark.parametrize("language", SAMPLES)
def test_broken_code_has_faults(language):
    document, _ = marked(language, SAMPLES[language][0])
    broken = Document("file:///a", language, 1, document.text.rstrip("\nend}") + "((((\n")
    tree = parse(broken)
    assert tree is not None
    assert tree.faults > 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("‹@app.route('/')\n@cached\ndef home():\n    pass\n", "home"),
        ("@cached\n‹def home():\n    pass\n", "home"),
        ("class A:\n‹    def m(self):\n        pass\n", "m"),
        ("class A:\n    x = 1‹\n    def m(self):\n        pass\n", "A"),
        ("def f():\n    return 1‹\n", "f"),
        ("def outer():\n    def inner():\n        return ‹1\n", "inner"),
        ("x = ‹1\n\ndef f():\n    pass\n", None),
        ("def f():\n    pass\n‹\n", None),
        ("‹", None),
    ],
)
def test_where_the_cursor_counts_as_inside(text, name):
    document, span = marked("python", text)
    tree = parse(document)
    assert tree is not None
    symbol = enclosing_symbol(tree, span)
    assert (symbol.name if symbol else None) == name


#: By language: a cursor before a symbol or above it, and the symbol that it is on.
BESIDE = {
    "python": [
        ("@app.rou‹te('/')\n@cached\ndef home():\n    pass\n", "home"),
        ("@app(\n    ‹1,\n)\nasync def home():\n    pass\n", "home"),
        ("# Goes ho‹me.\n# Yes.\n@cached\ndef home():\n    pass\n", "home"),
        ("def a():\n    pass\n\n# ab‹out b\ndef b():\n    pass\n", "b"),
        ("class A:\n    # ab‹out f\n    def f(self):\n        pass\n", "A.f"),
        ("# not‹ right above\n\ndef f():\n    pass\n", None),
        ("x = 1  # about ‹x\ndef f():\n    pass\n", None),
        ("def f():\n    # about‹ the line\n    x = 1\n", "f"),
        ("class A:\n    # about‹ x\n    x = 1\n\n    def f(self):\n        pass\n", "A"),
        ("# the en‹d", None),
    ],
    "javascript": [
        ("‹export const total = () => {\n  return 1;\n};\n", "total"),
        ("exp‹ort default class Cart {\n  total() {}\n}\n", "Cart"),
        ("/**\n * Adds ‹up.\n */\nexport const total = () => 1;\n", "total"),
        ("/** Adds ‹up. */ function total() {}\n", "total"),
        ("class Cart {\n  // ad‹ds\r\n  total() {}\n}\n", "Cart.total"),
        ("class Cart {\n  @In‹put()\n  total() {}\n}\n", "Cart.total"),
        ("‹export const limit = 1;\n", None),
    ],
    "javascriptreact": [("ex‹port const App = () => <div/>;\n", "App")],
    "typescript": [
        ("‹export const total = (): number => 1;\n", "total"),
        ("@Inject‹able()\nexport class Cart {}\n", "Cart"),
        ("class Cart {\n  @In‹put()\n  total() {}\n}\n", "Cart.total"),
        ("class Cart {\n  /** d‹ */\n  @Input()\n  total() {}\n}\n", "Cart.total"),
        ("class Cart {\n  @Inpu‹t() limit: number;\n}\n", "Cart"),
        ("/** ‹ */\nexport interface Cart {}\n", "Cart"),
    ],
    "typescriptreact": [("exp‹ort const App = () => <div/>;\n", "App")],
    "go": [
        ("package a\n\n// Total ‹adds.\n// Up.\nfunc Total() {}\n", "Total"),
        ("package a\n\n// Cart ‹is.\ntype Cart struct{}\n", "Cart"),
    ],
    "rust": [
        ("/// Add‹s.\n#[test]\nfn total() {}\n", "total"),
        ("#[te‹st]\n/// Adds.\nfn total() {}\n", "total"),
        ("#[test]\n/// Ad‹ds.\nfn total() {}\n", "total"),
        ("impl Cart {\n    /// Ad‹ds.\n    pub fn total() {}\n}\n", "Cart.total"),
    ],
    "java": [
        ("/** ‹ */\n@Entity\npublic class Cart {}\n", "Cart"),
        ("class Cart {\n  @Over‹ride\n  int total() { return 1; }\n}\n", "Cart.total"),
        ("class Cart {\n  // ‹a\n  @Override\n  int total() { return 1; }\n}\n", "Cart.total"),
    ],
    "c": [
        ("/* Ad‹ds. */\nstatic int total(void) { return 1; }\n", "total"),
        ("‹typedef struct cart { int total; } cart;\n", "cart"),
    ],
    "cpp": [
        ("/// Ad‹ds.\ntemplate <class T>\nT total(T a) { return a; }\n", "total"),
        ("class Cart {\n  // ad‹ds\n  int total() { return 1; }\n};\n", "Cart.total"),
    ],
    "csharp": [
        ("class Cart {\n  /// <sum‹mary>\n  [Fact]\n  void Total() {}\n}\n", "Cart.Total"),
        ("‹[Serializable]\npublic class Cart {}\n", "Cart"),
    ],
    "ruby": [
        ("# Ad‹ds.\ndef total\nend\n", "total"),
        ("class Cart\n  pri‹vate def total\n  end\nend\n", "Cart.total"),
    ],
    "php": [
        ("<?php\n/** Ad‹ds. */\nfunction total() {}\n", "total"),
        ("<?php\nclass A {\n  /** ‹ */\n  #[Test]\n  public function f() {}\n}\n", "A.f"),
    ],
}


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [(language, *case) for language, cases in BESIDE.items() for case in cases],
)
def test_a_cursor_beside_or_right_above_a_symbol_means_that_symbol(language, text, name):
    document, span = marked(language, text)
    tree = parse(document)
    assert tree is not None
    for length in (0, 1):  # Helix always selects a character
        symbol = enclosing_symbol(tree, Span(span.start, span.start + length))
        assert (symbol.qualified_name if symbol else None) == name


def test_that_is_tried_for_every_language_with_a_grammar():
    assert set(BESIDE) == set(SAMPLES)


def test_a_selected_comment_lies_in_no_symbol_below_it():
    document, _ = marked("python", "# about f‹\ndef f():\n    pass\n")
    tree = parse(document)
    assert tree is not None
    assert enclosing_symbol(tree, Span(0, 9)) is None


@pytest.mark.parametrize("language", SAMPLES)
def test_a_symbol_knows_where_its_name_is(language):
    document, span = marked(language, SAMPLES[language][0])
    tree = parse(document)
    assert tree is not None
    symbol = enclosing_symbol(tree, span)
    assert symbol is not None
    assert document.text[symbol.name_span.start : symbol.name_span.end] == symbol.name


def test_decorators_and_attributes_belong_to_their_symbol():
    document, span = marked("python", "@a\n@b(1)\ndef f():\n    return ‹1\n\nx = 1\n")
    tree = parse(document)
    assert tree is not None
    symbol = enclosing_symbol(tree, span)
    assert symbol is not None
    assert document.text[: symbol.span.end] == "@a\n@b(1)\ndef f():\n    return 1\n"
    document, span = marked("rust", "#[test]\n#[ignore]\nfn t() { ‹1; }\n")
    tree = parse(document)
    assert tree is not None
    symbol = enclosing_symbol(tree, span)
    assert symbol is not None
    assert symbol.span == Span(0, len(document.text))


def test_offsets_are_code_points_not_bytes():
    text = "é = '😀'\n\n\ndef gruß(ß):\n    return '‹漢'\n\n\ny = 2\n"
    document, span = marked("python", text)
    tree = parse(document)
    assert tree is not None
    symbol = enclosing_symbol(tree, span)
    assert symbol is not None
    assert symbol.name == "gruß"
    assert document.text[symbol.span.start : symbol.span.end] == ("def gruß(ß):\n    return '漢'\n")


def test_a_tree_made_from_the_one_before_is_as_good_as_a_new_one():
    rng = random.Random(3)
    text = "\n\n".join(f"def f{i}(a):\n    é = 'x{i}'\n    return é + a" for i in range(60)) + "\n"
    document = Document("file:///a.py", "python", 0, text)
    tree = parse(document)
    for version in range(1, 200):
        start = rng.randrange(len(document.text) + 1)
        end = min(start + rng.randrange(12), len(document.text))
        new = rng.choice(
            ["", "x", "\n", "    y = 1\n", "(", ")", "é", "def g():\n    pass\n", "😀"]
        )
        document = document.changed(Edit(start, end, new), version)
        tree = parse(document, tree)
        fresh = parse(document)
        assert tree is not None
        assert fresh is not None
        assert str(tree.tree.root_node) == str(fresh.tree.root_node)
        assert [s.name for s in symbols_in(tree)] == [s.name for s in symbols_in(fresh)]


def test_languages_without_a_grammar_have_no_tree():
    assert parse(Document("file:///a", "brainfuck", 1, "++")) is None


def test_a_paragraph_ends_at_blank_lines():
    document = Document("file:///a", "text", 1, "a\nb\n\n  c\nd")
    assert paragraph(document, 0) == Span(0, 4)
    assert paragraph(document, 7) == Span(5, 10)
    assert paragraph(document, 4) is None


def test_python_is_judged_by_its_own_parser():
    assert python_parses("    def f(self):\n        return 1\n")
    assert python_parses("def f():\r\n    return 1\r\n")
    assert not python_parses("def f():\nreturn 1\n")
    assert not python_parses("else:\n    pass\n")
