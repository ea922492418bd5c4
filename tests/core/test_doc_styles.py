"""Documentation follows the convention of the file, and else that of the language."""

from importlib.resources import files
from string import Template

import pytest

from dola_ls.core.actions import find_target
from dola_ls.core.doc_comments import with_comments_above
from dola_ls.core.doc_styles import DocStyle, doc_style
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import parse


def style(language: str, text: str, at: str) -> DocStyle:
    document = Document("file:///a", language, 1, text)
    tree = parse(document)
    place = text.index(at)
    target = find_target(document, tree, Span(place, place))
    assert target is not None
    return doc_style(document, tree, target)


LAST = "\n\ndef last(a):\n    return a\n"
GOOGLE = """\
def f(a):
    \"\"\"Do it.

    Args:
        a: One.

    Returns:
        Two.
    \"\"\"
"""
NUMPY = (
    "def f(a):\n    '''\n    Do it.\n\n    Parameters\n    ----------\n    a : int\n"
    "        One.\n    '''\n"
)
SPHINX = 'def f(a):\n    """Do it.\n\n    :param a: One.\n    :returns: Two.\n    """\n'
PLAIN = 'def f(a):\n    """Do it."""\n\n\ndef g(a):\n    """Do more.\n\n    And so on.\n    """\n'


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (GOOGLE, "google", "“Args:”, “Returns:” and “Raises:”"),
        (NUMPY, "numpy", "underlined with dashes"),
        (SPHINX, "sphinx", "“:param name: text”"),
        (PLAIN, "plain", "no sections and no tags"),
        ('"""A module."""\n', "google", "Google style"),
        (GOOGLE + "\n\n" + NUMPY + "\n\n" + NUMPY, "numpy", "NumPy style"),
    ],
)
def test_python_follows_the_docstrings_of_the_file(text, name, said):
    found = style("python", text + LAST, "def last")
    assert found.name == name
    assert said in found.text


def test_python_follows_quotes_place_and_types():
    assert "''' quotes" in style("python", NUMPY + LAST, "def last").text
    assert "below the quotes" in style("python", NUMPY + LAST, "def last").text
    assert '""" quotes' in style("python", GOOGLE + LAST, "def last").text
    assert "right after the quotes" in style("python", GOOGLE + LAST, "def last").text
    assert "Leave the types out" in style("python", GOOGLE + LAST, "def last").text
    typed = GOOGLE.replace("a: One", "a (int): One")
    assert "name (type): text" in style("python", typed + LAST, "def last").text
    assert "Leave the types out" in style("python", "def last(a: int): pass\n", "last").text
    assert "name (type): text" in style("python", "def last(a): pass\n", "last").text
    assert "“Attributes:”" in style("python", "class Last: pass\n", "Last").text


def test_the_sample_is_of_the_file_and_not_of_the_target():
    found = style("python", GOOGLE + LAST, "def last")
    assert found.sample == ('"""Do it.\n\nArgs:\n    a: One.\n\nReturns:\n    Two.\n"""')
    assert f"```\n{found.sample}\n```" in found.text
    assert style("python", GOOGLE, "def f").sample is None
    go = "package a\n\n// F does.\nfunc F() {\n}\n\nfunc G() {\n}\n"
    assert style("go", go, "func G").sample == "// F does."
    assert style("go", go, "func F").sample is None
    fenced = "package a\n\n// F does:\n// ```\nfunc F() {\n}\n\nfunc G() {\n}\n"
    assert "````\n// F does:" in style("go", fenced, "func G").text
    java = "class A {\n  /**\n   * F.\n   */\n  int f() { return 1; }\n  int g() { return 1; }\n}\n"
    crlf = java.replace("\n", "\r\n")
    assert style("java", crlf, "int g").sample == "/**\n * F.\n */"


@pytest.mark.parametrize(
    ("language", "text", "name", "said"),
    [
        ("javascript", "", "jsdoc", "@param {type} name text, @returns {type} text"),
        ("javascript", "/**\n * F.\n * @param {a} b - c\n * @return {a} d\n */\nfunction f(b) {}\n",
         "jsdoc", "@param {type} name - text, @return {type} text"),
        ("typescript", "", "tsdoc", "@param name - text, @returns text"),
        ("typescriptreact", "", "tsdoc", "Leave types out"),
        ("go", "", "godoc", "begins with the name “last”"),
        ("rust", "", "rustdoc", "“# Errors”"),
        ("java", "", "javadoc", "a /** … */ block"),
        ("java", "/// F.\nclass F {}\n", "javadoc", "/// lines"),
        ("c", "", "doxygen", "a /** … */ block right above the declaration: a one-line summary, "
         "then @param"),
        ("c", "/// \\brief F.\n/// \\param a One.\nint f(int a) { return a; }\n", "doxygen",
         "/// lines right above the declaration: \\brief and a one-line summary, then \\param"),
        ("cpp", "//! F.\nint f(int a) { return a; }\n", "doxygen", "//! lines"),
        ("cpp", "/// F.\nint f(int a) { return a; }\n", "doxygen", "no tags"),
        ("csharp", "", "xmldoc", "<summary>"),
        ("ruby", "", "yard", "@param name [Type] text"),
        ("ruby", "# F.\ndef f\nend\n", "rdoc", "No tags"),
        ("ruby", "# F.\n# @return [A] a\ndef f\nend\n", "yard", "@return [Type]"),
        ("php", "", "phpdoc", "@param type $name text"),
    ],
)  # fmt: skip
def test_each_language_has_its_convention(language, text, name, said):
    head = {"go": "package a\n\n", "php": "<?php\n"}.get(language, "")
    last = {
        "go": "func last() {\n}\n",
        "rust": "fn last() {}\n",
        "java": "class last {}\n",
        "csharp": "class last {}\n",
        "c": "int last(int a) { return a; }\n",
        "cpp": "int last(int a) { return a; }\n",
        "ruby": "def last\nend\n",
        "python": "def last(): pass\n",
    }.get(language, "function last() {}\n")
    found = style(language, f"{head}{text}\n{last}", "last")
    assert found.name == name
    assert said in found.text


def test_the_region_takes_in_the_documentation_above_it():
    def region(language: str, text: str, at: str) -> str:
        document = Document("file:///a", language, 1, text)
        tree = parse(document)
        place = text.index(at)
        target = find_target(document, tree, Span(place, place))
        assert tree is not None
        assert target is not None
        span = with_comments_above(tree, target).region
        return text[span.start : span.end]

    go = "package a // p\n\n// No part.\n\n// F does.\n// More.\nfunc F() {\n}\n"
    assert region("go", go, "func") == "// F does.\n// More.\nfunc F() {\n}\n"
    java = "class A {\n  int b; // b\n  /**\n   * ä.\n   */\n  @C\n  int f() { return 1; }\n}\n"
    assert region("java", java, "int f").startswith("  /**\n   * ä.")
    rust = "fn e() {} // e\n#[a]\nfn f() {}\n"
    assert region("rust", rust, "fn f") == "#[a]\nfn f() {}\n"
    assert region("rust", "/// F.\n" + rust[15:], "fn f").startswith("/// F.\n")
    assert region("python", "# no doc\ndef f():\n    pass\n", "def") == "def f():\n    pass\n"


def test_the_template_names_the_style_and_ends_with_the_task():
    text = (files("dola_ls.core") / "prompts" / "document.md").read_text(encoding="utf-8")
    _, user, task = text.split("\n---\n")
    fields = dict.fromkeys(Template(user).get_identifiers(), "x")
    assert set(fields) == {
        "file",
        "language",
        "around",
        "fence",
        "label",
        "region",
        "noted",
        "style",
        "task",
    }
    assert Template(task).get_identifiers() == ["name"]
