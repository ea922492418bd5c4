"""Imports that stand above the code of an answer come to stand with those of the file."""

import pytest

from dola_ls.core.actions import find_target
from dola_ls.core.blocks import BlockReader
from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.core.edits import rewrite_region
from dola_ls.core.imports import split_imports, with_imports
from dola_ls.core.parsing import parse
from dola_ls.core.reading import read_rewrite
from dola_ls.core.rewrite import Rewrite

PYTHON = '"""Totals."""\n\nimport os\n\n\ndef total(items):\n    return len(items)\n'
GO = (
    'package shop\n\nimport (\n\t"fmt"\n)\n\n'
    "func total(n int) int {\n\tfmt.Println(n)\n\treturn n\n}\n"
)
RUST = "use std::fmt;\n\nfn total(n: i32) -> i32 {\n    n\n}\n"
JAVA = (
    "package shop;\n\nimport java.util.List;\n\n"
    "class Cart {\n    int total() {\n        return 1;\n    }\n}\n"
)
SCRIPT = "import { a } from './a';\n\nexport function total(n) {\n  return a(n);\n}\n"
C = "#include <stdio.h>\n\nint total(int n)\n{\n    return n;\n}\n"
CPP = C.replace("stdio.h", "string")
CSHARP = "using System;\n\nclass Cart\n{\n    int Total()\n    {\n        return 1;\n    }\n}\n"
PHP = "<?php\n\nuse Shop\\Price;\n\nfunction total($n)\n{\n    return $n;\n}\n"


def edited(language: str, text: str, needle: str, code: str) -> str:
    document = Document(f"file:///a.{language}", language, 1, text)
    tree = parse(document)
    at = text.index(needle)
    target = find_target(document, tree, Span(at, at))
    assert target is not None
    imports, rest = split_imports(document, tree, target.region, code)
    rewrite = rewrite_region(document, target.region, rest)
    rewrite = with_imports(document, tree, rewrite, imports)
    after = apply_edits(text, rewrite.edits)
    region = rewrite.region
    assert after == text[: region.start] + rewrite.text + text[region.end :]
    return after


@pytest.mark.parametrize(
    ("language", "text", "needle", "code", "after"),
    [
        (
            "python",
            PYTHON,
            "return len",
            "import math\nfrom a import b\n\ndef total(items):\n    return math.fsum(items)\n",
            '"""Totals."""\n\nimport os\nimport math\nfrom a import b\n\n\ndef total(items):\n'
            "    return math.fsum(items)\n",
        ),
        (
            "go",
            GO,
            "return n",
            'package shop\n\nimport (\n\t"fmt"\n\t"os"\n)\n\nfunc total(n int) int {\n'
            "\tos.Exit(n)\n\treturn n\n}\n",
            'package shop\n\nimport (\n\t"fmt"\n)\nimport (\n\t"fmt"\n\t"os"\n)\n\n'
            "func total(n int) int {\n\tos.Exit(n)\n\treturn n\n}\n",
        ),
        (
            "rust",
            RUST,
            "    n\n",
            "use std::cmp;\n\nfn total(n: i32) -> i32 {\n    cmp::max(n, 0)\n}\n",
            "use std::fmt;\nuse std::cmp;\n\nfn total(n: i32) -> i32 {\n    cmp::max(n, 0)\n}\n",
        ),
        (
            "java",
            JAVA,
            "return 1",
            "import java.util.List;\nimport java.util.Map;\n\nint total() {\n    return 2;\n}\n",
            JAVA.replace("List;\n", "List;\nimport java.util.Map;\n").replace("1", "2"),
        ),
        (
            "typescript",
            SCRIPT,
            "return a",
            "import { b } from './b';\n\nexport function total(n) {\n  return b(n);\n}\n",
            SCRIPT.replace("'./a';\n", "'./a';\nimport { b } from './b';\n").replace(
                "a(n)", "b(n)"
            ),
        ),
        (
            "c",
            C,
            "return n",
            "#include <stdlib.h>\n#include <stdio.h>\n\n"
            "int total(int n)\n{\n    return abs(n);\n}\n",
            C.replace("stdio.h>\n", "stdio.h>\n#include <stdlib.h>\n").replace(" n;", " abs(n);"),
        ),
        (
            "cpp",
            CPP,
            "return n",
            "#include <cmath>\n\nint total(int n)\n{\n    return std::abs(n);\n}\n",
            CPP.replace("string>\n", "string>\n#include <cmath>\n").replace(" n;", " std::abs(n);"),
        ),
        (
            "csharp",
            CSHARP,
            "return 1",
            "using System.Linq;\n\nint Total()\n{\n    return 2;\n}\n",
            CSHARP.replace("System;\n", "System;\nusing System.Linq;\n").replace("1", "2"),
        ),
        (
            "php",
            PHP,
            "return $n",
            "use Shop\\Tax;\n\nfunction total($n)\n{\n    return Tax::of($n);\n}\n",
            None,
        ),
    ],
)
def test_new_imports_go_where_the_file_imports(language, text, needle, code, after):
    got = edited(language, text, needle, code)
    if language == "php":
        # Without its opening tag PHP's grammar reads the answer as HTML: it is left as it came.
        assert got.startswith(text.partition("function")[0])
        return
    if language == "go":
        # A second declaration may not import "fmt" again.
        assert got.count('"fmt"') == 1, got
        assert got.count('"os"') == 1
        assert got.index('"os"') < got.index("func total")
        assert "package shop" not in got[8:]
        return
    assert got == after


def test_what_is_imported_already_is_not_imported_again():
    code = "import os\n\n\ndef total(items):\n    return os.getpid()\n"
    assert edited("python", PYTHON, "return len", code) == PYTHON.replace(
        "len(items)", "os.getpid()"
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("def f():\n    pass\n", "import re\n\ndef f():\n    return re\n"),
        (
            '#!/usr/bin/env python\n# coding: utf-8\n"""Doc."""\n\ndef f():\n    pass\n',
            '#!/usr/bin/env python\n# coding: utf-8\n"""Doc."""\nimport re\n\ndef f():\n'
            "    return re\n",
        ),
        ("# Adds.\ndef f():\n    pass\n", "import re\n\n# Adds.\ndef f():\n    return re\n"),
        (
            "# Copyright: us.\n\nX = 1\ndef f():\n    pass\n",
            "# Copyright: us.\nimport re\n\nX = 1\ndef f():\n    return re\n",
        ),
        ("\ufeffdef f():\n    pass\n", "\ufeffimport re\n\ndef f():\n    return re\n"),
        (
            "import a\r\n\r\ndef f():\r\n    pass\r\n",
            "import a\r\nimport re\r\n\r\ndef f():\r\n    return re\r\n",
        ),
    ],
)
def test_where_imports_go_in_python(text, after):
    assert edited("python", text, "pass", "import re\n\ndef f():\n    return re\n") == after


def test_imports_inside_the_region_are_its_own():
    text = "import a\nX = a.b\n"
    document = Document("file:///a.py", "python", 1, text)
    whole = Span(0, len(text))
    code = "import b\nX = b.b\n"
    assert split_imports(document, parse(document), whole, code) == ([], code)


@pytest.mark.parametrize(
    "code", ["import re\n", "import re", "def f():\n    import re\n    return re\n", "", "x = 1\n"]
)
def test_code_that_is_nothing_but_imports_or_has_none_stays_whole(code):
    document = Document("file:///a.py", "python", 1, PYTHON)
    region = Span(PYTHON.index("def"), len(PYTHON))
    assert split_imports(document, parse(document), region, code) == ([], code)


def test_an_answer_that_changes_nothing_imports_nothing():
    code = "import math\n\n\ndef total(items):\n    return len(items)\n"
    assert edited("python", PYTHON, "return len", code) == PYTHON


def test_where_imports_are_in_order_a_new_one_keeps_the_order():
    text = "use std::collections::HashMap;\nuse std::fmt::Write;\n\nfn f() -> i32 {\n    1\n}\n"
    code = "use std::collections::BTreeMap;\nuse std::io;\n\nfn f() -> i32 {\n    2\n}\n"
    assert edited("rust", text, "    1", code) == (
        "use std::collections::BTreeMap;\nuse std::collections::HashMap;\nuse std::fmt::Write;\n"
        "use std::io;\n\nfn f() -> i32 {\n    2\n}\n"
    )
    assert edited("rust", text, "    1", code.replace("io", "env")).splitlines()[2] == (
        "use std::env;"
    )


@pytest.mark.parametrize(
    ("language", "text", "code", "after"),
    [
        (
            "javascript",
            "import A, { b } from './a';\n\nfunction f() {\n  return A;\n}\n",
            "import A, { b, c as d } from './a';\n\nfunction f() {\n  return d;\n}\n",
            "import A, { b } from './a';\nimport { c as d } from './a';\n\n"
            "function f() {\n  return d;\n}\n",
        ),
        (
            "typescript",
            "import type { A } from './a';\n\nfunction f() {\n  return 1;\n}\n",
            "import type { A, B } from './a';\nimport * as c from './a';\n\n"
            "function f() {\n  return c;\n}\n",
            "import type { A } from './a';\nimport type { B } from './a';\n"
            "import * as c from './a';\n\nfunction f() {\n  return c;\n}\n",
        ),
        (
            "rust",
            "use std::collections::HashMap;\n\nfn f() -> i32 {\n    1\n}\n",
            "use std::collections::{self, hash_map::{Entry, Iter as I}, HashMap};\n\n"
            "fn f() -> i32 {\n    2\n}\n",
            "use std::collections::HashMap;\nuse std::collections;\n"
            "use std::collections::hash_map::Entry;\nuse std::collections::hash_map::Iter as I;\n\n"
            "fn f() -> i32 {\n    2\n}\n",
        ),
        (
            "python",
            "from a import b\n\n\ndef f():\n    return b\n",
            "from a import (\n    b,\n    c as d,\n)\n\n\ndef f():\n    return d\n",
            "from a import b\nfrom a import c as d\n\n\ndef f():\n    return d\n",
        ),
    ],
)
def test_only_the_names_that_are_new_are_imported(language, text, code, after):
    assert edited(language, text, "return" if language != "rust" else "    1", code) == after


def test_an_import_of_names_that_are_there_is_none():
    text = "import { a, b } from './a';\n\nfunction f() {\n  return 1;\n}\n"
    code = 'import { b } from "./a";\n\nfunction f() {\n  return b;\n}\n'
    assert edited("javascript", text, "return", code) == text.replace("1;", "b;")


def test_what_changes_how_a_file_is_read_comes_first():
    future = "from __future__ import annotations\n"
    text = '"""Doc."""\n\nimport os\n\n\ndef f(a):\n    return os\n'
    code = f"{future}\n\ndef f(a: int | None):\n    return os\n"
    after = f'"""Doc."""\n{future}\nimport os\n\n\ndef f(a: int | None):\n    return os\n'
    assert edited("python", text, "return", code) == after
    # And no other goes before it, in whatever order they are.
    text = f"{future}import b\n\n\ndef f(a):\n    return b\n"
    code = "from .a import c\n\n\ndef f(a):\n    return c\n"
    assert edited("python", text, "return", code).startswith(
        f"{future}import b\nfrom .a import c\n"
    )


def test_an_import_comes_before_new_code_that_stands_at_its_place():
    text = "def f(n):\n    return n\n"
    code = "import re\n\nWORD = re.compile('a')\n\n\ndef f(n):\n    return WORD\n"
    assert edited("python", text, "return", code).startswith(
        "import re\n\nWORD = re.compile('a')\n"
    )


def test_an_import_at_the_end_of_a_file_is_not_where_others_go():
    text = "import os\n\n\nclass A:\n    def f(self):\n        return os\n\n\nfrom a import b\n"
    code = "# Needed.\nimport re  # for words\n\ndef f(self):\n    return re\n"
    after = text.replace("os\n\n\nclass", "os\nimport re\n\n\nclass").replace(
        "return os", "return re"
    )
    assert edited("python", text, "return os", code) == after


def test_an_import_with_a_comment_of_its_own_keeps_it():
    text = 'package a\n\n// #include <x.h>\nimport "C"\nimport "fmt"\n\n'
    text += "func f() {\n\tfmt.Print(1)\n}\n"
    code = 'import "bytes"\n\nfunc f() {\n\tfmt.Print(bytes.Title)\n}\n'
    assert '// #include <x.h>\nimport "C"\nimport "fmt"\nimport "bytes"\n' in edited(
        "go", text, "fmt.Print", code
    )


def test_includes_go_into_the_guard_of_a_header():
    head = "#ifndef A_H\n#define A_H\n"
    text = f"{head}#include <stdio.h>\n\nint f(int a)\n{{\n    return a;\n}}\n\n#endif\n"
    code = "#include <stdlib.h>\n#include <stdio.h>\n\nint f(int a)\n{\n    return abs(a);\n}\n"
    after = text.replace("stdio.h>\n", "stdio.h>\n#include <stdlib.h>\n").replace(" a;", " abs(a);")
    assert edited("c", text, "return", code) == after
    text = text.replace("#include <stdio.h>\n", "")
    # One for a system has no such line, and another define may stand far below.
    wrapped = text.replace(head, "#ifdef A_H\n").replace("#endif", "#define B 1\n\n#endif")
    assert edited("c", wrapped, "return", code).startswith("#ifdef A_H\n#include <stdlib.h>\n")
    assert edited("c", text, "return", code).startswith(f"{head}#include <stdlib.h>\n")


def test_a_helper_in_a_block_of_its_own_brings_its_imports():
    text = "import os\n\n\ndef f(a):\n    return a\n"
    document = Document("file:///a.py", "python", 1, text)
    tree = parse(document)
    target = find_target(document, tree, Span(len(text) - 3, len(text) - 3))
    assert target is not None
    reader = BlockReader()
    reader.feed(
        "```python\nimport json\n\n\ndef f(a):\n    return half(json.loads(a))\n```\n"
        "```python\nimport math\n\n\ndef half(a):\n    return math.floor(a / 2)\n```\n"
    )
    found = read_rewrite(document, tree, target, reader, True)
    assert isinstance(found, Rewrite)
    assert apply_edits(text, found.edits) == (
        "import os\nimport json\nimport math\n\n\ndef half(a):\n    return math.floor(a / 2)\n\n\n"
        "def f(a):\n    return half(json.loads(a))\n"
    )
