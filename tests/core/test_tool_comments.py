"""Comments are not all words: tools read some, and compilers parts of others."""

import pytest

from tests.core.documented import refused

TOOL = "a comment that tools read"
PY = "def f(a=1):\n    return a\n"

TOOLS = [
    ("python", "import a  # noqa: F401\n", "import a\n"),
    ("python", "import a  # noqa: F401\n", "import a  # noqa\n"),
    ("python", "import a  # noqa\nimport b\n", "import a\nimport b  # noqa\n"),
    ("python", "import a\n", "import a  # noqa\n"),
    ("python", "a = b  # type: ignore[x]\n", "a = b  # of type x\n"),
    ("python", "if a:  # pragma: no cover\n    b()\n", "if a:\n    b()\n"),
    ("python", "#!/usr/bin/env python\na()\n", "# A.\n#!/usr/bin/env python\na()\n"),
    ("python", "#!/bin/a\n# coding: latin-1\na()\n", "#!/bin/a\n# A.\n# coding: latin-1\na()\n"),
    ("python", "# /// script\n# dependencies = []\n# ///\na()\n", "# /// script\n# ///\na()\n"),
    ("javascript", "/* eslint-disable */\nf();\n", "f();\n"),
    ("javascript", "// @ts-ignore\nf();\n", "// @ts-ignore\n/** F. */\nf();\n"),
    ("javascript", "import(/* webpackChunkName: 'a' */ 'b');\n", "import(/* a */ 'b');\n"),
    (
        "javascript",
        "/** @jest-environment jsdom */\nf();\n",
        "/** F. */\n/** @jest-environment jsdom */\nf();\n",
    ),
    (
        "javascriptreact",
        "a = <b>\n  {/* prettier-ignore */}\n  {c}\n</b>;\n",
        "a = <b>\n  {c}\n</b>;\n",
    ),
    ("typescript", '/// <reference types="a" />\nf();\n', "f();\n"),
    ("typescriptreact", "/** @jsx h */\nf();\n", "/** F. */\nf();\n"),
    ("go", "//go:build linux\n\npackage a\n", "// go:build linux\n\npackage a\n"),
    ("go", "//go:build linux\n\npackage a\n", "//go:build linux\n// Package a does.\npackage a\n"),
    ("go", "package a\n\nvar b = 1 //nolint\n", "package a\n\nvar b = 1\n"),
    ("go", "package a\n", "//go:build ignore\n\npackage a\n"),
    (
        "go",
        'package a\n\n// #include <b.h>\nimport "C"\n',
        'package a\n\n// Includes b.\nimport "C"\n',
    ),
    (
        "go",
        "package a\n\nfunc ExampleF() {\n\tF()\n\t// Output:\n\t// 1\n}\n",
        "package a\n\nfunc ExampleF() {\n\tF()\n\t// Output:\n\t// 2\n}\n",
    ),
    (
        "java",
        "class A { String b = f(); // NOSONAR\n}\n",
        "class A { String b = f(); // sound\n}\n",
    ),
    ("java", "class A {\n/** @deprecated b */\nint c; }\n", "class A {\n/** C. */\nint c; }\n"),
    ("c", "int a; // NOLINT(b)\n", "int a; // a\n"),
    ("cpp", "// clang-format off\nint a;\n", "int a;\n"),
    ("csharp", "// ReSharper disable A\nclass B {}\n", "class B {}\n"),
    ("ruby", "# frozen_string_literal: true\n\na\n", "a\n"),
    ("ruby", "def a # rubocop:disable B\nend\n", "def a\nend\n"),
    ("php", "<?php\n/**\n * @ORM\\Id\n */\nclass A {}\n", "<?php\n/**\n * A.\n */\nclass A {}\n"),
    (
        "php",
        "<?php\n/**\n * @ORM\\B(\n *   c=1\n * )\n */\nclass A {}\n",
        "<?php\n/**\n * @ORM\\B(\n *   c=2\n * )\n */\nclass A {}\n",
    ),
    ("rust", "/// cbindgen:rename=A\nfn b() {}\n", "/// B.\nfn b() {}\n"),
]


@pytest.mark.parametrize(("language", "before", "after"), TOOLS)
def test_comments_that_tools_read_are_kept_where_they_are(language, before, after):
    assert TOOL in (refused(language, before, after) or "")


MISREAD = [
    ("python", PY, 'def f(a=1):\n    """A \\d."""\n    return a\n', "backslash"),
    ("python", PY, 'def f(a=1):\n    """C:\\Users"""\n    return a\n', "backslash"),
    ("python", PY, 'def f(a=1):\n    """A.\n\n    C:\\new\\x"""\n    return a\n', "backslash"),
    (
        "python",
        "if a:\n        def f():\n                b()\n",
        'if a:\n        def f():\n\t\t"""F."""\n                b()\n',
        "indents",
    ),
    ("python", '"""A."""\nprint(__doc__)\n', '"""B."""\nprint(__doc__)\n', "__doc__"),
    ("python", PY, "# F.\f\n" + PY, "line end"),
    ("go", "package a\n", "// A.\u2028\npackage a\n", "line end"),
    ("csharp", "class A {}\n", "// A.\u0085class B {}\nclass A {}\n", "line end"),
    ("java", "class A {}\n", "// A. \\u000a class B {}\nclass A {}\n", "\\u"),
    ("java", "class A {}\n", "/** In C:\\users. */\nclass A {}\n", "\\u"),
    ("c", "int a;\n", "// A. \\ \nint a;\n", "backslash"),
    ("cpp", "int a;\n", "// Which??/\nint a;\n", "backslash"),
    ("rust", "fn f() { g(1) }\n", "fn f() {\n    /// One.\n    g(1)\n}\n", "Rust takes no"),
    ("rust", "fn f() { g() }\n", "fn f() { g() }\n\n/// The end.\n", "Rust takes no"),
    ("rust", "fn f() { g() }\n", "fn f() { g() }\n//! Shop.\n", "Rust takes no"),
    ("rust", "fn f(a: u8) {}\n", "fn f(\n    /// A.\n    a: u8) {}\n", "Rust takes no"),
    ("php", "<?php\n/** A. */\nclass A {}\n", "<?php\nclass A {}\n", "PHP programs can read"),
]


@pytest.mark.parametrize(("language", "before", "after", "why"), MISREAD)
def test_comments_that_a_compiler_reads_otherwise_are_refused(language, before, after, why):
    assert why in (refused(language, before, after) or "")


def test_what_only_looks_like_a_tool_comment_may_come_and_go():
    for language, comment in (
        ("python", "# The type: a word. Noted by all."),
        ("go", "// A region: go: see nolint in the manual."),
        ("javascript", "// The global state, in eslint's words."),
        ("ruby", "# Its encoding: any."),
        ("php", "/** @param int $a One. */"),
        ("c", "// The pragmatic way; lint is quiet."),
    ):
        head = {"go": "package a\n\n", "php": "<?php\n", "ruby": "b = 1\nc = 1\n"}.get(language, "")
        tail = {"go": "var b = 1\n", "php": "$a = 1;\n", "c": "int a;\n"}.get(language, "a = 1\n")
        assert refused(language, head + tail, f"{head}{comment}\n{tail}") is None
