"""Each rule of the gate refuses what it is for, and lets ordinary rewrites pass."""

from pathlib import PurePosixPath

import pytest

from dola_ls.core import gate, nodes, scopes, syntax
from dola_ls.core.actions import Target, find_target
from dola_ls.core.candidate import candidate
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.edits import Rewrite, rewrite_region
from dola_ls.core.nodes import children_between
from dola_ls.core.parsing import parse

FUNCTION = (
    "def total(items):\n" + "".join(f"    a{i} = {i}\n" for i in range(12)) + "    return a1\n"
)
CLASS = (
    "class Cart:\n    def add(self, item):\n        self.items.append(item)\n\n"
    "    def total(self):\n        return sum(self.items)\n\n"
    "    def _audit(self):\n        pass\n"
)


def judged(text: str, code: str, language: str = "python", at: int = 0):
    document = Document("file:///a.py", language, 1, text)
    tree = parse(document)
    target = find_target(document, tree, Span(at, at)) or find_target(
        document, tree, Span(0, len(text))
    )
    assert target is not None
    rewrite = rewrite_region(document, target.region, code)
    verdict = gate.judge(candidate(document, tree, target, rewrite))
    return verdict.rule if verdict else None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FUNCTION, "def total(items):\n    a1 = 1\n    a2 = 2\n    return a1\n"),
        ("def f(a):\n    return a\n", "def f(a: int) -> int:\n    return a\n"),
        (CLASS, CLASS.replace("\n    def _audit(self):\n        pass\n", "")),
        ("def f():\n    ...\n", "def f() -> None:\n    ...\n"),
        ("def f(:\n    pass\n", "def f(:\n    return\n"),
        ("x = 'a\u200b'\n", "y = 'a\u200b'\n"),
        (
            "def f():\n    pass\n",
            "def f():\n    # keep the order unchanged for callers\n    pass\n",
        ),
    ],
)
def test_ordinary_rewrites_pass(text, code):
    assert judged(text, code) is None


@pytest.mark.parametrize(
    ("rule", "text", "code"),
    [
        ("emptied", FUNCTION, "\n"),
        ("elided", FUNCTION, "def total(items):\n    # ... existing code ...\n    return 1\n"),
        ("elided", FUNCTION, "def total(items):\n    ...\n    return 1\n"),
        ("elided", FUNCTION, "def total(items):\n    # rest of the code\n    return 1\n"),
        ("elided", FUNCTION, "def total(items):\n    # ... (rest unchanged)\n    return 1\n"),
        ("hidden", FUNCTION, "def total(items):\n    return 'a\u202eb'\n"),
        ("hidden", FUNCTION, "def total(items):\n    return 'a\u200bb'\n"),
        ("garbled", FUNCTION, "def total(items):\n    return '\ufffd'\n"),
        ("garbled", FUNCTION, "def total(items):\n    return '\x00'\n"),
        ("shrunk", FUNCTION, "def total(items): return 1\n"),
        ("swollen", "def f():\n    pass\n", "def f():\n" + "    x = 1\n" * 80),
        ("unparsable", FUNCTION, FUNCTION.replace("return a1", "return (a1")),
        ("unparsable", FUNCTION, FUNCTION.replace("    a5", "  a5")),
        ("unparsable", FUNCTION, "Here is the function you asked for:\n" + FUNCTION),
        ("lost_symbols", "def f(a):\n    return a\n", "def g(a):\n    return a\n"),
        ("lost_symbols", "def f(a):\n    return a\n", "x = 1\n"),
        ("lost_symbols", CLASS, CLASS.replace("def add", "def insert")),
        ("diff_answer", FUNCTION, "@@ -1,2 +1,2 @@\n-    b1 = 1\n+    b1 = 2\n"),
        ("diff_answer", FUNCTION, "     a1 = 1\n-    a2 = 2\n+    a2 = 3\n     a3 = 3\n"),
        ("json_answer", FUNCTION, '{"code": "def total(items):\\n    return 1"}'),
        ("json_answer", FUNCTION, '"def total(items):\\n    return 1\\n"'),
        ("edit_markers", FUNCTION, FUNCTION + "<<<<<<< HEAD\n"),
        ("edit_markers", FUNCTION, FUNCTION + ">>>>>>> REPLACE\n"),
        ("numbered", FUNCTION, "1: def total(items):\n2:     return 1\n"),
        ("numbered", FUNCTION, "  9\tdef total(items):\n 10\t    return 1\n"),
        ("escaped", FUNCTION, "def total(items):\\n    a = 1\\n    return a"),
        ("escaped", "def f(a):\n    return a < 1\n", "def f(a):\n    return a &lt; 1\n"),
        ("region_twice", FUNCTION, FUNCTION + "\n\n" + FUNCTION + "\n\n" + FUNCTION),
        ("declared_twice", FUNCTION, FUNCTION.replace("0", "1") + FUNCTION.replace("0", "2")),
        ("declared_twice", CLASS, CLASS.replace("_audit", "total")),
        (
            "code_fences",
            'def f():\n    """\n    ```\n    f()\n    ```\n    """\n',
            'def f():\n    """\n    ```\n    f()\n    """\n',
        ),
    ],
)
def test_what_must_not_become_an_edit_is_refused(rule, text, code):
    assert judged(text, code) == rule


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("javascript", "function f(a) {\n  return a;\n}\n", "function f(a) {\n  return a;\n"),
        ("typescript", "function f(a: X) {\n  g(a);\n}\n", "function f(a: X) {\n  g((a;\n}\n"),
        ("go", "package a\n\nfunc f() {\n\tg()\n}\n", "func f() {\n\tg(\n}\n"),
        ("rust", "fn f() {\n    g();\n}\n", "fn f() {\n    g(;\n}\n"),
        ("java", "class A {\n  int f() { g(); }\n}\n", "class A {\n  int f() { g();\n}\n"),
        ("c", "int f() {\n  return 1;\n}\n", "int f() {\n  return 1\n}\n"),
        ("cpp", "int f() {\n  return 1;\n}\n", "int f() {\n  return (1;\n}\n"),
        ("csharp", "class A {\n  int F() { G(); }\n}\n", "class A {\n  int F() { G(); }\n"),
        ("ruby", "def f\n  1\nend\n", "def f\n  1\n"),
        ("php", "<?php\nfunction f() {\n  return 1;\n}\n", "function f() {\n  return 1\n}\n"),
    ],
)  # fmt: skip
def test_code_that_parses_no_more_is_refused_in_every_language(language, text, code):
    assert judged(text, code, language, at=text.index("f") if language != "csharp" else 0) == (
        "unparsable"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # What looks like another form, and is code or text all the same.
        ("x = {}\n", 'x = {"code": "a"}\n'),
        ("a = (b\n  - c)\n", "a = (b\n  - d\n  + e)\n"),
        ("s = ''\n", "s = '1: a'\n"),
        ("def f(a):\n    return a\n", "def f(a):\n    return '\\n\\n'\n"),
        ("def f(a):\n    return a\n", "def f(a):\n    return a.replace('<', '&lt;')\n"),
        ("x = 0\nx = 0\n", "x = 0\nx = 0\nx = 0\n"),
        (
            "class A:\n    @property\n    def f(self):\n        return 1\n",
            "class A:\n    @property\n    def f(self):\n        return 1\n\n"
            "    @f.setter\n    def f(self, a):\n        pass\n",
        ),
        (
            "try:\n    import a\nexcept ImportError:\n    pass\n",
            "try:\n    from a import f\nexcept ImportError:\n\n    def f():\n        pass\n",
        ),
        (
            "def f(a):\n    return a\n",
            "def f(a):\n    if a:\n\n        def g():\n            return 1\n"
            "    else:\n\n        def g():\n            return 2\n    return g\n",
        ),
    ],
)
def test_what_only_looks_like_another_form_passes(text, code):
    assert judged(text, code) is None


def test_an_object_may_get_a_text_of_its_own():
    old = '{\n  "id": 1\n}\n'
    assert judged(old, '{\n  "id": 1,\n  "text": "a"\n}\n', "json") is None
    assert judged(old, '{\n  "code": "{}"\n}\n', "json") == "json_answer"


def test_names_with_other_parameters_are_no_second_declaration():
    for language in ("java", "csharp"):
        one = "class A {\n    int f(int a) { return a; }\n}\n"
        two = "class A {\n    int f(int a) { return a; }\n    int f(long a) { return 1; }\n}\n"
        assert judged(one, two, language) is None
        assert judged(one, two.replace("long", "int"), language) == "declared_twice"
    one = "impl X for A {\n    fn f(&self) {}\n}\n"
    assert judged(one, one + one.replace("X", "Y"), "rust") is None


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        (
            "go",
            "func (s Square) Area() int {\n\treturn s.a\n}\n",
            "func (c *Circle) Area() int {\n\treturn c.r\n}\n",
        ),
        ("ruby", "def call\n  1\nend\n", "def self.call\n  new.call\nend\n"),
        (
            "rust",
            "#[cfg(unix)]\nfn open() -> i32 {\n    1\n}\n",
            "#[cfg(windows)]\n// As there.\nfn open() -> i32 {\n    2\n}\n",
        ),
        (
            "javascript",
            "class A {\n  get total() {\n    return 1;\n  }\n}\n",
            "class A {\n  get total() {\n    return 1;\n  }\n\n  set total(n) {\n    n();\n  }\n\n"
            "  static total() {\n    return 2;\n  }\n}\n",
        ),
    ],
)
def test_names_that_belong_elsewhere_are_no_second_declaration(language, first, second):
    more = second if second.startswith("class") else f"{first}\n{second}"
    text = f"package a\n\n{first}" if language == "go" else first
    assert judged(text, more, language, text.index(first)) is None


def test_a_second_method_of_the_same_type_is_one():
    text = "package a\n\nfunc (s Square) Area() int {\n\treturn s.a\n}\n"
    more = "func (s Square) Area() int {\n\treturn 2 * s.a\n}\n\n"
    more += "func (q *Square) Area() int {\n\treturn q.a\n}\n"
    assert judged(text, more, "go", text.index("func")) == "declared_twice"


def test_the_lines_next_to_the_region_are_not_put_in_twice():
    text = "a = f(1)\nb = f(2)\nc = f(3)\nd = f(4)\ne = f(5)\n"
    document = Document("file:///a.py", "python", 1, text)
    target = find_target(document, parse(document), Span(18, 26))
    assert target is not None
    doubled = "a = f(1)\nb = f(2)\n"
    edit = Edit(target.region.start, target.region.end, doubled)
    rewrite = Rewrite(target.region, doubled, (edit,))
    verdict = gate.judge(candidate(document, parse(document), target, rewrite))
    assert verdict is not None
    assert verdict.rule == "repeats"


def test_local_functions_may_go_but_not_what_others_call():
    nested = "def f(a):\n    def g(b):\n        return b\n    return g(a)\n"
    assert judged(nested, "def f(a):\n    return a\n") is None
    two = "def f(a):\n    return a\n\n\ndef _g(a):\n    return a\n"
    document = Document("file:///a.py", "python", 1, two)
    tree = parse(document)
    target = find_target(document, tree, Span(0, len(two)))
    assert target is not None
    rewrite = rewrite_region(document, target.region, "def f(a):\n    return a\n")
    verdict = gate.judge(candidate(document, tree, target, rewrite))
    assert verdict is not None
    assert (verdict.rule, verdict.reason) == ("lost_symbols", "it no longer declares _g")


def test_an_edit_outside_the_region_is_refused():
    document = Document("file:///a.py", "python", 1, "x = 1\ny = 2\n")
    target = find_target(document, parse(document), Span(0, 5))
    assert target is not None
    stray = Rewrite(target.region, "x = 1\n", (Edit(6, 7, "z"),))
    verdict = gate.judge(candidate(document, parse(document), target, stray))
    assert verdict is not None
    assert verdict.rule == "outside_region"


def test_rebased_edits_are_checked_against_the_buffer_as_it_is():
    now = Document("file:///a.py", "python", 2, "def f():\n    return (1,\n            2)\n")
    broken = (Edit(now.text.index("2)"), now.text.index("2)") + 2, "2"),)
    verdict = gate.still_parses(now, broken, parse)
    assert verdict is not None
    assert verdict.rule == "unparsable"
    assert gate.still_parses(now, (), parse) is None


def test_control_files_are_no_targets():
    verdict = gate.may_edit(PurePosixPath(".vscode/settings.json"))
    assert verdict is not None
    assert verdict.rule == "control_file"
    assert gate.may_edit(PurePosixPath("src/a.py")) is None


def judged_whole(old: str, new: str, language: str, words: str) -> str | None:
    """Return the rule that refuses `new` in place of a whole file."""
    document = Document(f"file:///a.{language}", language, 1, old)
    tree = parse(document)
    target = find_target(document, tree, Span(0, len(old)))
    assert target is not None
    rewrite = rewrite_region(document, target.region, new)
    verdict = gate.judge(candidate(document, tree, target, rewrite, words))
    return verdict.rule if verdict else None


PRICES = "def bill(used):\n    return used * 0.31\n"


@pytest.mark.parametrize(
    ("instruction", "code", "rule"),
    [
        (
            "Extract 0.31 into a constant PRICE.",
            "    return used * PRICE\n",
            "asked_but_undeclared",
        ),
        ("Introduce a helper cost.", "    return cost(used)\n", "asked_but_undeclared"),
        ("Use PRICE.", "    return used * PRICE\n", None),
        ("Extract the number.", "    return used * PRICE\n", None),
        (None, "    return used * PRICE\n", None),
    ],
)
def test_a_name_that_was_to_be_made_has_to_be_there(instruction, code, rule):
    document = Document("file:///a.py", "python", 1, PRICES)
    tree = parse(document)
    target = find_target(document, tree, Span(0, 0))
    rewrite = rewrite_region(document, target.region, "def bill(used):\n" + code)
    verdict = gate.judge(candidate(document, tree, target, rewrite, instruction))
    assert (verdict.rule if verdict else None) == rule


def test_the_work_of_judging_a_whole_file_grows_with_its_length(monkeypatch):
    looked = 0

    def counting(*args):
        nonlocal looked
        looked += 1
        return children_between(*args)

    def covers(one, other):
        nonlocal looked
        looked += 1
        return one.start <= other.start and other.end <= one.end

    for module in (nodes, scopes, syntax):
        monkeypatch.setattr(module, "children_between", counting)
    monkeypatch.setattr(Span, "covers", covers)

    def work(functions: int) -> int:
        nonlocal looked
        looked = 0
        old = "".join(
            f"def f{n}(a):\n    b = a + {n}\n    return b\n\n\n" for n in range(functions)
        )
        assert judged_whole(old, old.replace("a + 7\n", "a - 7\n"), "python", "Subtract.") is None
        return looked

    assert work(200) < 2.5 * work(100)


LATE = {
    "typescript": ("function f() {\n  return 11;\n}\n", "export const MOST: number = 11;\n"),
    "javascript": ("function f() {\n  return 11;\n}\n", "const MOST = 11;\n"),
    "c": ("int f(void) {\n  return 11;\n}\n", "#define MOST 11\n"),
    "cpp": ("int f() {\n  return 11;\n}\n", "static constexpr int MOST = 11;\n"),
    "python": ("def f():\n    return 11\n", "MOST: int = 11\n"),
}


@pytest.mark.parametrize("language", LATE)
def test_a_constant_that_was_asked_for_stands_above_what_uses_it(language):
    old, made = LATE[language]
    mark = "#" if language == "python" else "//"
    used = old.replace("11", "MOST")
    words = "Extract 11 into a constant MOST."
    assert judged_whole(old, used + made, language, words) == "declared_late"
    assert judged_whole(old, made + used, language, words) is None
    # Only the line of a comment speaks of it above; or it was below before.
    assert judged_whole(old, f"{mark} MOST\n" + made + used, language, words) is None
    below = used + made
    wrapped = below.replace("return MOST", "return (MOST)")
    assert judged_whole(below, wrapped, language, words) is None
    assert judged_whole(old, used + made, language, "Name the number.") is None


def test_where_a_constant_may_stand_anywhere_it_may():
    old = "package a\n\nfunc f() int {\n\treturn 11\n}\n"
    new = old.replace("11", "MOST") + "\nconst MOST = 11\n"
    assert judged_whole(old, new, "go", "Extract 11 into a constant MOST.") is None


METER = "import java.util.List;\n\n/** A meter. */\nclass Meter {\n    double p = 0.31;\n}\n"


@pytest.mark.parametrize(
    "member",
    ["private static final double PRICE = 0.31;", "void f() {\n}", "System.out.println(1);"],
)
def test_nothing_of_java_stands_outside_of_every_class(member):
    new = METER.replace("class Meter", f"{member}\n\nclass Meter")
    assert judged(METER, new, "java") == "outside_class"
    # A program of one file, as new Javas have it, may go on being one.
    assert judged(new, new + "\nint more = 1;\n", "java") is None


def test_nothing_of_csharp_stands_outside_of_every_class():
    old = "using System;\n\nclass Meter {\n    double P = 0.31;\n}\n"
    new = old.replace("class Meter", "const double Price = 0.31;\n\nclass Meter")
    assert judged(old, new, "csharp") == "outside_class"
    assert judged(new, new + "\nclass Other {\n}\n", "csharp") is None
    assert judged(old, old + "\nenum E { A }\n", "csharp") is None


@pytest.mark.parametrize(
    "more",
    ["record R(int a) {}", "enum E { A }", "interface I {}", "@interface A {}", "// words", ";"],
)
def test_what_may_stand_beside_a_class_may(more):
    assert judged(METER, f"{METER}\n{more}\n", "java") is None


HEAD = "## Prices\n\nFor a month.\n\n"
TABLE = "| Plan | Price |\n| --- | --- |\n| Free | 0 |\n| Solo | 5 |\n| Team | 9 |\n"
PLANS = HEAD + TABLE.replace("| Free | 0 |\n", "") + "\nThat is all.\n"


@pytest.mark.parametrize(
    ("instruction", "text", "rule"),
    [
        ("Add the plan Free.", TABLE, "fragment"),
        ("Add the plan Free.", "For a month.\n\n" + TABLE + "\nThat is all.\n", None),
        ("Add the plan Free.", PLANS.replace("| Solo", "| Free | 0 |\n| Solo"), None),
        ("Add the plan Free.", TABLE + "\n## Prices\n\nFor a month. That is all.\n", None),
        ("Remove all but the table.", TABLE, None),
        ("Keep the table.", TABLE, None),
        (None, TABLE, None),
    ],
)
def test_a_part_of_the_lines_is_not_all_of_them(instruction, text, rule):
    document = Document("file:///a.md", "markdown", 1, PLANS)
    whole = Target(Span(0, len(PLANS)), "lines", None, False)
    rewrite = rewrite_region(document, whole.region, text)
    verdict = gate.judge(candidate(document, None, whole, rewrite, instruction))
    assert (verdict.rule if verdict else None) == rule


SUM = "fun total(count: Long): Long {\n    val sum = start(count)\n    return sum\n}\n"


@pytest.mark.parametrize(
    ("language", "old", "new", "instruction", "rule"),
    [
        ("kotlin", SUM, "import os; os.system('x')\n", None, "unrelated"),
        ("kotlin", SUM, "import os; os.system('x')\n", "Call os.system instead.", None),
        ("kotlin", SUM, "fun total(count: Long) = start(count)\n", None, None),
        ("kotlin", "val sum = total()\n", "TODO()\n", None, None),
        ("markdown", "The shop opens at nine.\n", "Ab neun Uhr ist auf.\n", None, None),
    ],
)
def test_what_has_nothing_to_do_with_the_lines_is_no_edit_of_them(
    language, old, new, instruction, rule
):
    document = Document("file:///a", language, 1, old)
    whole = Target(Span(0, len(old)), "lines", None, False)
    rewrite = rewrite_region(document, whole.region, new)
    verdict = gate.judge(candidate(document, None, whole, rewrite, instruction))
    assert (verdict.rule if verdict else None) == rule
