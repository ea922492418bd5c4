"""An edit that documents code may touch comments and docstrings, and nothing else."""

from __future__ import annotations

import pytest

from dola_ls.core.document import Document, Span
from dola_ls.core.documentation import only_comments_changed
from dola_ls.core.languages import LANGUAGES
from dola_ls.core.parsing import parse
from dola_ls.core.rewrite import Rewrite
from tests.core.documented import FILES, refused

CODE = "it would change code, and only comments were asked for"


PY = "def f(a=1):\n    return a\n"
JS = "function f(a) {\n  return a;\n}\n"
ALLOWED = [
    # Docstrings are added, changed, taken away, and put on a line of their own.
    ("python", PY, 'def f(a=1):\n    """Give a."""\n    return a\n'),
    (
        "python",
        'def f():\n    """A."""\n    return 1\n',
        "def f():\n    '''B\n\n    C.\n    '''\n    return 1\n",
    ),
    ("python", 'def f():\n    """A."""\n    return 1\n', "def f():\n    return 1\n"),
    ("python", "def f(): return 1\n", 'def f():\n    """One."""\n    return 1\n'),
    ("python", "def f():  # noqa\n    pass\n", 'def f():  # noqa\n    """One."""\n    pass\n'),
    ("python", "x = 1\n", '"""Module."""\n\nx = 1\n'),
    ("python", "#!/bin/python\nimport os\n", '#!/bin/python\n"""Module."""\nimport os\n'),
    (
        "python",
        "class A:\n    x = 1\n",
        'class A:\n    """A.\n\n    Attributes:\n        x: One.\n    """\n\n    x = 1\n',
    ),
    ("python", "async def f():\n    'a'\n", 'async def f():\n    r"""A \\d."""\n'),
    ("python", "def f():\n    'a' 'b'\n    return 1\n", 'def f():\n    "ab"\n    return 1\n'),
    ("python", PY, "# Gives a.\ndef f(a=1):  # with a default\n    # done\n    return a  # a\n"),
    ("python", "x = (1,\n     2)\n", "x = (1,  # one\n     # then\n     2)\n"),
    ("python", "x = ('a'\n     'b')\n", "x = ('a'  # one\n     'b')\n"),
    (
        "python",
        "def f():\r\n    return 1\r\n",
        'def f():\r\n    """One.\r\n    """\r\n    return 1\r\n',
    ),
    (
        "python",
        "s = 'ä𝒳'\n\ndef f():\n    return 'ö'\n",
        's = \'ä𝒳\'\n\ndef f():\n    """𝒳."""\n    return \'ö\'\n',
    ),
    ("python", "def f(:\n    x = 1\n", "# a\ndef f(:\n    x = 1\n"),
    # A comment of a tool stays on its line, whatever comes above or below.
    ("python", "x = 1  # noqa: E501\ny = 2\n", "# one\nx = 1  # noqa: E501\n# two\ny = 2\n"),
    ("javascript", JS, "/**\n * Gives a.\n * @param {number} a what\n */\n" + JS),
    ("javascript", "f(a, b);\n", "f(/* one */ a, b); // two\n"),
    (
        "javascript",
        "// eslint-disable-next-line\nf();\n",
        "/** F. */\n// eslint-disable-next-line\nf();\n",
    ),
    ("javascriptreact", "x = <b>\n  {a}\n</b>;\n", "x = <b>\n  {/* a */}\n  {a}\n</b>;\n"),
    (
        "typescript",
        "function f(a: string): void {}\n",
        "/** F. */\nfunction f(a: string /* a */): void {}\n",
    ),
    (
        "typescriptreact",
        "const a = <T,>(b: T) => <i>{b}</i>;\n",
        "/** A. */\nconst a = <T,>(b: T) => <i>{b}</i>;\n",
    ),
    (
        "go",
        "package a\n\nfunc F() {\n}\n",
        "package a\n\n// F does.\nfunc F() {\n\t// nothing\n}\n",
    ),
    (
        "go",
        "package a\n\n//go:noinline\nfunc F() {}\n",
        "package a\n\n// F does.\n//\n//go:noinline\nfunc F() {}\n",
    ),
    (
        "rust",
        "#[inline]\nfn f() -> u8 { 1 }\n",
        "/// One.\n///\n/// # Panics\n/// Never.\n#[inline]\nfn f() -> u8 { 1 }\n",
    ),
    ("rust", "use a::b;\n", "//! A crate.\n\nuse a::b;\n"),
    (
        "rust",
        "struct A { b: u8 }\nenum C { D }\n",
        "struct A {\n    /// B.\n    b: u8,\n}\nenum C { D }\n".replace("u8,\n", "u8\n"),
    ),
    (
        "java",
        "class A { int f(int b) { return b; } }\n",
        "/** A. */\nclass A {\n  /** F. */\n  int f(int b) { return b; }\n}\n",
    ),
    ("c", "int f(void);\n", "/**\n * @brief F.\n */\nint f(void); ///< F\n"),
    ("c", "#ifdef A\nint a;\n#endif\n", "#ifdef A\n/** A. */\nint a;\n#endif /* A */\n"),
    (
        "cpp",
        "template <typename T> T f(T a) { return a; }\n",
        "/// F.\ntemplate <typename T> T f(T a) { return a; } // f\n",
    ),
    (
        "csharp",
        "class A { int F() => 1; }\n",
        "/// <summary>A.</summary>\nclass A { /* f */ int F() => 1; }\n",
    ),
    (
        "ruby",
        "def f(a = 1)\n  a\nend\n",
        "# F.\n#\n# @param a [Integer] one\ndef f(a = 1)\n  a # a\nend\n",
    ),
    ("ruby", "def f\nend\n", "=begin\nF.\n=end\ndef f\nend\n"),
    (
        "php",
        "<?php\nfunction f(int $a) { return $a; }\n",
        "<?php\n/**\n * F.\n *\n * @param int $a One.\n * @return int\n */\n"
        "function f(int $a) { return $a; }\n",
    ),
    (
        "php",
        "<?php\n/**\n * A.\n * @ORM\\Id\n */\nclass A {}\n",
        "<?php\n/**\n * The class.\n *\n * @ORM\\Id\n * @see B\n */\nclass A {}\n",
    ),
]


@pytest.mark.parametrize(("language", "before", "after"), ALLOWED)
def test_comments_and_docstrings_may_change(language, before, after):
    assert refused(language, before, after) is None


CHANGED = [
    ("python", PY, "def f(a=2):\n    return a\n", "def f(a=1):"),
    ("python", PY, 'def f(a=1):\n    """A."""\n    return a + 1\n', "return a"),
    ("python", PY, "def f(a=1):\n    # return a\n    pass\n", "return a"),
    ("python", PY, 'def f(a=1):\n    x = """A."""\n    return a\n', 'x = """A."""'),
    ("python", PY, 'def f(a=1):\n    f"""A {a}."""\n    return a\n', 'f"""A {a}."""'),
    ("python", PY, 'def f(a=1):\n    b"""A."""\n    return a\n', 'b"""A."""'),
    ("python", PY, 'def f(a=1):\n    return a\n    """A."""\n', '"""A."""'),
    (
        "python",
        'def f():\n    """A."""\n    g()\n',
        'def f():\n    print("A.")\n    g()\n',
        'print("A.")',
    ),
    ("python", 'def f():\n    """A."""\n', "def f():\n    pass\n", "pass"),
    ("python", "def f():\n    pass\n", 'def f():\n    """A."""\n', "pass"),
    ("python", "def f():\n    'a'\n    'b'\n", "def f():\n    'b'\n", "'b'"),
    ("python", "x = f'{a} # {b}'\n", "x = f'{a} # {c}'\n", "x = f'{a} # {b}'"),
    ("python", "x = f'{a} # b'\n", "x = f'{a} # c'\n", "x = f'{a} # b'"),
    ("python", "x = '# a'\n", "x = '# b'\n", "x = '# a'"),
    ("python", "x = '''a  b'''\n", "x = '''a b'''\n", "x = '''a  b'''"),
    ("python", "x = '''a\n  b'''\n", "x = '''a\n    b'''\n", "x = '''a"),
    ("python", "@a\n@b\ndef f():\n    g()\n", '@a\ndef f():\n    """F."""\n    g()\n', "@b"),
    ("python", "if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n", "c()"),
    ("python", "x = 1\n'doc of x'\n", "x = 1\n'other'\n", "'doc of x'"),
    ("python", "import os\nx = 1\n", 'import os\n"""Too late."""\nx = 1\n', '"""Too late."""'),
    ("python", "x = 10_000\n", "x = 10000\n", "x = 10_000"),
    ("python", "x = 'a'\n", 'x = "a"\n', "x = 'a'"),
    ("python", "# x = 1\ny = 2\n", "x = 1\ny = 2\n", "x = 1"),
    ("python", "x = 1\r\ny = '''a\r\nb'''\r\n", "x = 1\r\ny = '''a\nb'''\r\n", "y = '''a"),
    ("javascript", JS, JS.replace("return a;", "return\n  // a\n  a;"), "return a;"),
    ("javascript", JS, JS.replace("return a;", "return /*\n*/ a;"), "return a;"),
    ("javascript", JS, JS.replace("return a;", "// return a;"), "return a;"),
    ("javascript", "a = `x ${b} // y`;\n", "a = `x ${b} // z`;\n", "a = `x ${b} // y`;"),
    ("javascript", "a = `x  y`;\n", "a = `x y`;\n", "a = `x  y`;"),
    ("javascript", "a = /\\/\\/x/g;\n", "a = /\\/\\/x/;\n", "a = /\\/\\/x/g;"),
    (
        "javascript",
        "#!/usr/bin/env node\nf();\n",
        "// F.\n#!/usr/bin/env node\nf();\n",
        "#!/usr/bin/env node",
    ),
    ("javascript", "f();\n", "// F.\u2028g();\nf();\n", "f();"),
    ("javascriptreact", "x = <b>a // b</b>;\n", "x = <b>a</b>;\n", "x = <b>a // b</b>;"),
    ("javascriptreact", "x = <b>a</b>;\n", "x = <b>// one\na</b>;\n", "x = <b>a</b>;"),
    ("typescript", "let a: string = b;\n", "let a = b; // string\n", "let a: string = b;"),
    (
        "typescriptreact",
        "let a = <b c={1} />;\n",
        "let a = <b /* c={1} */ />;\n",
        "let a = <b c={1} />;",
    ),
    ("go", "package a\n\nvar b = `// c`\n", "package a\n\nvar b = `// d`\n", "var b = `// c`"),
    (
        "go",
        "package a\n\nfunc f() int { return 1 }\n",
        "package a\n\nfunc f() int { return /*\n*/ 1 }\n",
        "func f() int { return 1 }",
    ),
    ("rust", "#[derive(A)]\nstruct B;\n", "/// B.\nstruct B;\n", "#[derive(A)]"),
    ("rust", '#[doc = "A."]\nstruct B;\n', "/// A.\nstruct B;\n", '#[doc = "A."]'),
    ("rust", "m!(a);\n", "m!(/// doc\na);\n", "m!(/// doc"),
    ("rust", 'let a = r#"x"#;\n', 'let a = r##"x"##;\n', 'let a = r#"x"#;'),
    (
        "java",
        "class A { @Override int f() { return 1; } }\n",
        "/** A. */\nclass A { int f() { return 1; } }\n",
        "class A { @Override int f() { return 1; } }",
    ),
    (
        "java",
        'class A { String s = "// a"; }\n',
        'class A { String s = "// b"; }\n',
        'class A { String s = "// a"; }',
    ),
    ("c", "int a; // b\nint c;\n", "int a; // b \\\nint c;\n", "int c;"),
    ("c", "#define A 1\n", "#define A 1 + 1\n", "#define A 1"),
    ("c", "#if 0\nint a;\n#endif\n", "#if 1\nint a;\n#endif\n", "#if 0"),
    ("cpp", 'auto a = R"(// b)";\n', 'auto a = R"(// c)";\n', 'auto a = R"(// b)";'),
    ("cpp", "int f() const;\n", "/// F.\nint f();\n", "int f() const;"),
    ("csharp", 'var a = $"{b} // c";\n', 'var a = $"{b} // d";\n', 'var a = $"{b} // c";'),
    (
        "csharp",
        "#pragma warning disable A\nclass B {}\n",
        "class B {}\n",
        "#pragma warning disable A",
    ),
    ("ruby", 'a = "#{b} # c"\n', 'a = "#{b} # d"\n', 'a = "#{b} # c"'),
    ("ruby", "a = <<~B\n  # c\nB\n", "a = <<~B\n  # d\nB\n", "# c"),
    ("ruby", "return 1\n", "return # 1\n1\n", "return 1"),
    ("php", "<?php\n$a = '# b';\n", "<?php\n$a = '# c';\n", "$a = '# b';"),
    ("php", "<?php\n// a\nf();\n", "<?php\n// a ?>\nf();\n", "f();"),
    ("php", "<?php\n#[A]\nclass B {}\n", "<?php\n# [A]\nclass B {}\n", "#[A]"),
]


@pytest.mark.parametrize(("language", "before", "after", "line"), CHANGED)
def test_a_change_of_code_is_refused_and_named(language, before, after, line):
    assert refused(language, before, after) == f"{CODE}: “{line}”"


def test_every_language_with_a_grammar_is_covered():
    bundled = {id for id, language in LANGUAGES.items() if language.grammar is not None}
    for table in ([case[0] for case in ALLOWED], [case[0] for case in CHANGED], FILES):
        assert bundled <= set(table)


def test_without_a_grammar_nothing_is_certain():
    reason = refused("makefile", "a: b\n", "# A.\na: b\n")
    assert reason == "it may change code: comments and code of makefile cannot be told apart"


def test_only_the_region_is_rewritten():
    text = 'x = "ä𝒳"\n\n\ndef f():\n    return 1\n\n\ny = 2\n'
    document = Document("file:///a.py", "python", 1, text)
    region = Span(text.index("def"), text.index("\n\ny"))
    sound = 'def f():\n    """One."""\n    return 1\n'
    assert only_comments_changed(document, parse(document), Rewrite(region, sound, ())) is None
    reason = only_comments_changed(
        document, parse(document), Rewrite(region, sound.replace("1", "2"), ())
    )
    assert reason == f"{CODE}: “return 1”"


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("python", PY, 'def f(a=1):\n    """A.\n    return a\n'),
        ("javascript", "f();\n/* a */\ng();\n", "f();\n/* a\ng();\n"),
        ("c", "int a;\n/* b */\nint b;\n", "int a;\n/* b\nint b;\n"),
        ("ruby", "a\nb\n", "a\n=begin\nb\n"),
    ],
)
def test_documentation_without_an_end_is_refused(language, before, after):
    assert CODE in (refused(language, before, after) or "")
