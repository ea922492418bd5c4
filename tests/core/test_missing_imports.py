"""Imports that new code forgot are found where they can mean one thing only."""

import pytest

from dola_ls.core.document import Document, Span
from dola_ls.core.edits import rewrite_region
from dola_ls.core.missing_imports import missing_imports

PYTHON = "import os\n\n\ndef f(x):\n    return x\n"
GO = 'package p\n\nimport "fmt"\n\nfunc F(n int) string {\n\treturn fmt.Sprint(n)\n}\n'
JAVA = "class A {\n    int f(int n) {\n        return n;\n    }\n}\n"
RUST = "fn f(n: i32) -> i32 {\n    n\n}\n"


def missing(language: str, text: str, needle: str, code: str) -> list[str]:
    document = Document(f"file:///a.{language}", language, 1, text)
    region = Span(text.index(needle), len(text))
    return missing_imports(document, rewrite_region(document, region, code))


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("def f(x):\n    return json.dumps(math.floor(x))\n", {"import json", "import math"}),
        ("def f(x):\n    return os.path.join(x)\n", set()),
        ("def f(x):\n    import json\n    return json.dumps(x)\n", set()),
        ("def f(x, json):\n    return json.dumps(x)\n", set()),
        ("def f(x):\n    string = str(x)\n    return string.strip()\n", set()),
        ("def f(x):\n    for token in x:\n        token.go()\n", set()),
        ("def f(x):\n    return x.json.loads\n", set()),
        ("def f(x):\n    return numpy.array(x)\n", set()),
        ("def f(x):\n    return '''json.dumps'''\n", set()),
        ("def f(x:\n    return json.x\n", set()),
        ("def f(x):\n    with x as queue:\n        queue.put(1)\n", set()),
        ("def f(x):\n    try:\n        x()\n    except E as signal:\n        signal.x\n", set()),
        ("def f(x):\n    return [code.x for code in x]\n", set()),
    ],
)
def test_python(code, lines):
    assert set(missing("python", PYTHON, "def f", code)) == lines


def test_a_name_that_the_file_has_is_not_ours():
    text = "json = object()\n" + PYTHON
    assert missing("python", text, "def f", "def f(x):\n    return json.dumps(x)\n") == []
    # Perhaps from a wildcard import, perhaps a global that another module sets.
    text = "def g():\n    return json.loads\n\n\n" + PYTHON
    assert missing("python", text, "def f", "def f(x):\n    return json.dumps(x)\n") == []


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("return strings.ToUpper(strconv.Itoa(n))", {'import "strings"', 'import "strconv"'}),
        ("return fmt.Sprint(n)", set()),
        ("strings := []string{}\n\treturn strings[0]", set()),
        ('// strings.ToUpper\n\treturn "strings.Up"', set()),
        ("return strings.lower(n)", set()),
        ("return x.strings.Up(n)", set()),
    ],
)
def test_go(body, lines):
    code = f"func F(n int) string {{\n\t{body}\n}}\n"
    assert set(missing("go", GO, "func F", code)) == lines


def test_java():
    body = "        List<String> a = new ArrayList<>();\n        return n;\n"
    code = f"    int f(int n) {{\n{body}    }}\n}}\n"
    expected = {"import java.util.List;", "import java.util.ArrayList;"}
    assert set(missing("java", JAVA, "    int f", code)) == expected
    own = "class List {}\n" + JAVA
    assert set(missing("java", own, "    int f", code)) == {"import java.util.ArrayList;"}
    said = '    int f(int n) {\n        return "List".length();\n    }\n}\n'
    assert missing("java", JAVA, "    int f", said) == []


def test_rust():
    code = "fn f(n: i32) -> i32 {\n    let m: HashMap<i32, i32> = HashMap::new();\n    n\n}\n"
    assert missing("rust", RUST, "fn f", code) == ["use std::collections::HashMap;"]
    full = "fn f(n: i32) -> i32 {\n    let m = std::collections::HashMap::new();\n    n\n}\n"
    assert missing("rust", RUST, "fn f", full) == []
    own = "    use std::collections::HashMap;\n    HashMap::<i32, i32>::new();\n"
    inside = f"fn f(n: i32) -> i32 {{\n{own}    n\n}}\n"
    assert missing("rust", RUST, "fn f", inside) == []


def test_other_languages_are_left_alone():
    assert missing("typescript", "f();\n", "f", "path.basename(x);\n") == []


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ('import "strings"', []),
        ('import (\n\t"os"\n\t"strings"\n)', []),
        ('import strings "my.org/strings/v2"', []),
        ('import "my.org/strings/v2"', []),
        ('import words "strings"', ['import "strings"']),
        ('import "my.org/stringsutil"', ['import "strings"']),
    ],
)
def test_what_an_answer_in_go_imports_itself_is_not_missing(line, lines):
    code = f"{line}\n\nfunc F(n int) string {{\n\treturn strings.ToUpper(fmt.Sprint(n))\n}}\n"
    assert missing("go", GO, "func F", code) == lines
