"""Problems in words for the model, and its answers to them from the prompt to the buffer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from dola_ls.core.actions import EXPLAIN, FIX, lines_target
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.fix import explain_words, fix_words, needs_file
from dola_ls.core.fix_region import fix_target
from dola_ls.core.outcome import Edited, Explained, Proposed, Refused, Unchanged
from dola_ls.core.strategy import Predictions
from dola_ls.run import run
from dola_ls.task import Task
from tests.fakes.model import FakeModel, fenced

from .problems import diagnostics_of, marked, parsed, recorded
from .prompt_files import is_as_written
from .running import FakeEditor


def task_of(
    document: Document,
    diagnostics: list[Diagnostic],
    others: list[Diagnostic] | None = None,
    **options,
) -> tuple[Task, FakeEditor]:
    """Return the task of fixing problems, and an editor with the text open."""
    document, tree = parsed(document.text, document.language)
    target = fix_target(document, tree, [one.span for one in diagnostics])
    file = options.pop("file", PurePosixPath("a.py"))
    return Task(
        FIX,
        document,
        tree,
        target,
        file,
        diagnostics=tuple(diagnostics),
        others=tuple(others or ()),
        **options,
    ), FakeEditor(document)


def fixing(text: str, *messages: str, language: str = "python", **options):
    """Return the task of fixing what is marked in a text, each with its message."""
    plain, spans = marked(text)
    document, _ = parsed(plain, language)
    problems = [
        Diagnostic(span, message, "Ruff", "F821")
        for span, message in zip(spans, messages, strict=True)
    ]
    return task_of(document, problems, **options)


def of_server(server: str, *beginnings: str, others: tuple[str, ...] = (), **options):
    """Return the task of fixing what a real server published, found by how messages begin."""
    found = recorded(server)
    document, _ = parsed(found["text"], found["language"])
    published = diagnostics_of(document, found["diagnostics"])

    def those(begin: tuple[str, ...]) -> list[Diagnostic]:
        return [one for one in published if one.message.startswith(begin)]

    return task_of(document, those(beginnings), those(others) if others else [], **options)


def same_as(name: str, model: FakeModel) -> None:
    """Compare a model's only prompt with the file of that name."""
    [prompt] = model.prompts
    is_as_written(name, prompt)


# -- prompts ---------------------------------------------------------------------------------


async def test_the_prompt_for_one_problem() -> None:
    task, editor = of_server(
        "pyright-1.1.414", '"totl" is not defined', others=('"discount"', "Type")
    )
    fixed = task.document.text.replace("totl", "total")
    model = FakeModel(fenced(fixed[task.target.region.start : task.target.region.end]))
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == fixed
    same_as("fix-one", model)


async def test_the_prompt_for_several_problems() -> None:
    task, editor = of_server("ruff-0.17.6", "Undefined name", "Local variable")
    fixed = task.document.text.replace("totl", "total").replace("    discount = 5\n", "")
    code = fixed[fixed.index("def total") : fixed.index("\n\ndef label")]
    model = FakeModel(fenced(code))
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == fixed
    same_as("fix-several", model)


async def test_the_prompt_that_may_remove_a_function() -> None:
    task, editor = of_server("typescript-5.9.3", "'unused' is declared")
    gone = task.document.text[task.target.region.start : task.target.region.end]
    model = FakeModel(f"<<<<<<< SEARCH\n{gone}=======\n>>>>>>> REPLACE\n")
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == task.document.text.replace(gone, "")
    same_as("fix-unused-function", model)


async def test_the_prompt_that_explains_a_problem() -> None:
    task, editor = of_server("typescript-5.9.3", "Property 'prize'")
    words = explain_words(task.document, task.target.region, task.diagnostics)
    task = Task(EXPLAIN, task.document, task.tree, task.target, task.file, words)
    model = FakeModel("The type has `price`, not `prize`.")
    assert isinstance(await run(task, editor, model), Explained)
    same_as("explain-problem", model)


def test_a_prompt_says_where_a_problem_is_by_the_text_of_its_line() -> None:
    plain, spans = marked("def f(a):\n    ‹a› = 1\n    b = 1\n    ‹a› = 1\n    return ‹a, b›\n")
    document, _ = parsed(plain)
    problems = [Diagnostic(span, "wrong") for span in spans]
    assert fix_words(document, Span(0, len(plain)), problems).split("\n")[1:-1] == [
        "- line 2: wrong, at “a”",
        "  That line, number 1 of 2 that are alike: a = 1",
        "- line 4: wrong, at “a”",
        "  That line, number 2 of 2 that are alike: a = 1",
        "- line 5: wrong, at “a, b”",
        "  That line: return a, b",
    ]


def test_a_line_is_told_once_and_a_long_one_in_part() -> None:
    plain, spans = marked(f"x = [{'1, ' * 100}‹y›, ‹z›]\n\n‹›")
    document, _ = parsed(plain)
    problems = [Diagnostic(span, "no") for span in spans]
    first, second, line, blank, said = fix_words(document, Span(0, len(plain)), problems).split(
        "\n"
    )[1:-1]
    assert first.startswith("- line 1: no")
    assert second.startswith("- line 1: no")
    assert line.endswith("1, y, z]")
    assert len(line) < 150
    assert (blank, said) == ("- line 3: no", "  That line is blank.")


def test_no_folder_and_no_hidden_character_of_a_message_reaches_the_model() -> None:
    plain, [span] = marked("x = ‹y›\n")
    document, _ = parsed(plain)
    message = (
        "not found in /home/ann/shop/lib/a.py, file:///home/ann/shop/b.py or "
        "C:\\Users\\ann\\shop\\c.py\u202e\x07 (see https://example.org/rules/x/y)"
    )
    problem = Diagnostic(span, message, "a\u202eb", "x\ny")
    words = fix_words(document, Span(0, len(plain)), [problem])
    assert "ann" not in words
    assert "in a.py, b.py or c.py<U+202E><U+0007> (see https://example.org/rules/x/y)" in words
    assert "(a<U+202E>b x y)" in words


def test_many_long_messages_are_cut_to_what_there_is_room_for() -> None:
    text = "".join(f"x{n} = y{n}\n" for n in range(50))
    document, _ = parsed(text)
    problems = [Diagnostic(Span(start, start + 1), "long " * 1000) for start in document.starts]
    assert len(fix_words(document, Span(0, len(text)), problems[:50])) < 15_000
    assert len(fix_words(document, Span(0, len(text)), problems[:1])) < 1000


def test_the_users_own_words_come_last() -> None:
    task, _ = fixing("x = ‹y›\n", "Undefined name `y`", instruction="Call it z.")
    assert task.request is not None
    assert task.request.endswith("\nCall it z.")


def test_other_problems_are_named_where_they_are_in_the_region() -> None:
    plain, spans = marked("import ‹os›\n\n\ndef f():\n    ‹x› = 1\n    return ‹y›\n")
    document, _ = parsed(plain)
    os_unused, x_unused, y_unknown = (
        Diagnostic(span, f"wrong {n}") for n, span in enumerate(spans)
    )
    task, _ = task_of(document, [y_unknown], [os_unused, x_unused])
    assert task.request is not None
    asked, _, besides = task.request.partition("not to be fixed now")
    assert "wrong 2" in asked
    assert "wrong 1" in besides
    assert "wrong 0" not in task.request


# -- answers ---------------------------------------------------------------------------------

SHOP = """\
import os


def total(items):
    return sum(‹itms›)


def tax(value):
    return value * 2
"""
PLAIN = marked(SHOP)[0]
TOTAL = "def total(items):\n    return sum(items)\n"


async def test_an_import_that_is_missing_goes_to_the_others() -> None:
    text = "import os\n\n\ndef load(path):\n    return ‹json›.loads(path)\n"
    task, editor = fixing(text, "Undefined name `json`")
    model = FakeModel(fenced("import json\n\ndef load(path):\n    return json.loads(path)\n"))
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == "import os\nimport json" + marked(text)[0][9:]


async def test_an_import_that_the_answer_forgets_is_added() -> None:
    text = 'import os\n\n\ndef load(path):\n    return ‹jsn›.loads(path or "")\n'
    task, editor = fixing(text, "Undefined name `jsn`")
    model = FakeModel(fenced('def load(path):\n    return json.loads(path or "")\n'))
    assert isinstance(await run(task, editor, model), Edited)
    after = marked(text)[0].replace("jsn", "json")
    assert editor.document.text == "import os\nimport json" + after[9:]


async def test_one_of_two_imports_goes() -> None:
    task, editor = fixing("import ‹os›\nimport re\n\nre.x()\n", "`os` imported but unused")
    model = FakeModel(fenced("import re"))
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == "import re\n\nre.x()\n"
    assert "Region to rewrite:" in model.prompts[0].user


@pytest.mark.parametrize("predictions", [Predictions.UNKNOWN, Predictions.LOCAL])
async def test_the_only_import_goes(predictions: Predictions) -> None:
    task, editor = fixing('"""Doc."""\n\nimport ‹os›\n\nx = 1\n', "`os` imported but unused")
    after = '"""Doc."""\n\nx = 1\n'
    blocks = "<<<<<<< SEARCH\nimport os\n\nx = 1\n=======\nx = 1\n>>>>>>> REPLACE\n"
    model = FakeModel(fenced(after) if predictions is Predictions.LOCAL else blocks)
    model.predictions = predictions
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == after
    assert len(model.prompts) == 1


async def test_an_answer_without_code_empties_no_region() -> None:
    task, editor = fixing(SHOP, "Undefined name `itms`")
    outcome = await run(task, editor, FakeModel("```python\n```"))
    assert isinstance(outcome, Refused)
    assert editor.document.text == PLAIN


async def test_one_of_two_functions_of_a_name_may_go() -> None:
    text = "def read(a):\n    return 1\n\n\ndef ‹read›(a):\n    return 2\n\n\nprint(read(1))\n"
    task, editor = fixing(text, "Redefinition of unused `read` from line 1: `read` redefined here")
    gone = "def read(a):\n    return 2\n\n\n"
    model = FakeModel(f"<<<<<<< SEARCH\n{gone}=======\n>>>>>>> REPLACE\n")
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == marked(text)[0].replace(gone, "")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        # The problem is another one.
        ("Missing docstring in `helper`", "def ‹helper›():\n    return 1\n\n\nx = 1\n"),
        # Only an argument is unused.
        ("Unused argument `helper`", "def helper(‹helper›):\n    return 1\n\n\nx = 1\n"),
        # It is used all the same.
        ("`helper` is never used", "def ‹helper›():\n    return 1\n\n\nx = helper()\n"),
    ],
)
async def test_no_function_goes_that_a_problem_does_not_name(message: str, text: str) -> None:
    task, editor = fixing(text, message)
    plain = marked(text)[0]
    without = fenced(plain[plain.rindex("\n\n\n") + 3 :])
    model = FakeModel(without)
    model.predictions = Predictions.LOCAL
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert editor.document.text == plain


async def test_a_function_beside_the_unused_one_stays() -> None:
    text = "def a():\n    return 1\n\n\ndef ‹other›():\n    return 2\n\n\nx = 1\n"
    task, editor = fixing(text, "`other` is never used")
    model = FakeModel(fenced("x = 1\n"), fenced("def a():\n    return 1\n\n\nx = 1\n"))
    model.predictions = Predictions.LOCAL
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == "def a():\n    return 1\n\n\nx = 1\n"
    assert "it no longer declares a" in model.prompts[1].user


async def test_a_class_goes_with_its_methods() -> None:
    text = "class ‹Cart›:\n    def add(self):\n        pass\n\n\nx = 1\n"
    task, editor = fixing(text, "class `Cart` is never used")
    model = FakeModel(fenced("x = 1\n"))
    model.predictions = Predictions.LOCAL
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == "x = 1\n"


BROKEN = {
    "a parenthesis": ("def total(items:\n    return sum(items)\n", TOTAL),
    "a colon": ("def total(items)\n    return sum(items)\n", TOTAL),
    "a bracket inside": (TOTAL.replace("(items)\n", "(items\n"), TOTAL),
    "an indentation": ("def total(items):\nreturn sum(items)\n", TOTAL),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_code_that_does_not_parse_is_mended(name: str) -> None:
    broken, fixed = BROKEN[name]
    text = f"import os\n\n\n‹{broken[:-1]}›\n\n\ndef tax(value):\n    return value * 2\n"
    task, editor = fixing(text, "invalid syntax")
    model = FakeModel(fenced(fixed))
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == marked(text)[0].replace(broken, fixed)


async def test_code_that_does_not_parse_gets_no_worse() -> None:
    text = "def total(items):\n    x = = ‹1›\n    return x\n\n\ndef tax(value):\n    return 2\n"
    task, editor = fixing(text, "invalid syntax")
    model = FakeModel(fenced("def total(items:\n    x = = 1\n    return x\n"))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "unparsable"
    assert editor.document.text == marked(text)[0]


@pytest.mark.parametrize(
    ("language", "text", "fixed"),
    [
        (
            "python",
            "def a(x:\n    return x\n\n\ndef b(y):\n    return ‹y\n›",
            "def b(y):\n    pass\n",
        ),
        ("javascript", "function a(x {\n  return x\n}\nfunction b() {\n  ‹return› 2\n}\n", "b()\n"),
        (
            "java",
            "class A {\n  int a( {\n    ‹return› 1;\n  }\n  int b() {\n    return 2;\n  }\n}\n",
            "class A {\n  int a() {\n    return 1;\n  }\n}\n",
        ),
    ],
)
async def test_no_function_is_lost_from_code_that_does_not_parse(
    language: str, text: str, fixed: str
) -> None:
    task, editor = fixing(text, "invalid syntax", language=language)
    task = replace(task, target=lines_target(task.document, Span(0, len(task.document.text)), None))
    outcome = await run(task, editor, FakeModel(fenced(fixed)))
    assert isinstance(outcome, Refused)
    assert "no longer declares" in outcome.reason
    assert editor.document.text == marked(text)[0]


async def test_a_brace_that_is_missing_may_go_anywhere_above() -> None:
    text = "function a() {\n  if (x) {\n    return 1;\n}\n\nfunction b() {\n  return 2;\n}‹›\n"
    task, editor = fixing(text, "'}' expected.", language="javascript")
    blocks = "<<<<<<< SEARCH\n    return 1;\n}\n=======\n    return 1;\n  }\n}\n>>>>>>> REPLACE\n"
    assert isinstance(await run(task, editor, FakeModel(blocks)), Edited)
    assert editor.document.text == marked(text)[0].replace("1;\n}", "1;\n  }\n}")


async def test_an_answer_that_only_silences_is_asked_for_again_and_then_kept_back() -> None:
    silent = fenced("def total(items):\n    return sum(itms)  # noqa: F821\n")
    task, editor = fixing(SHOP, "Undefined name `itms`")
    model = FakeModel(silent, fenced(TOTAL))
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == PLAIN.replace("itms", "items")
    assert "it silences the message (“# noqa”)" in model.prompts[1].user

    task, editor = fixing(SHOP, "Undefined name `itms`")
    outcome = await run(task, editor, FakeModel(silent))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "silenced"
    assert editor.document.text == PLAIN
    assert len(editor.proposals) == 1

    task, editor = fixing(SHOP, "Undefined name `itms`", instruction="Ignore this rule.")
    assert isinstance(await run(task, editor, FakeModel(silent)), Edited)


async def test_an_answer_that_changes_nothing_is_asked_for_again() -> None:
    same = fenced("def total(items):\n    return sum(itms)\n")
    task, editor = fixing(SHOP, "Undefined name `itms`")
    model = FakeModel(same, fenced(TOTAL))
    assert isinstance(await run(task, editor, model), Edited)
    assert len(model.prompts) == 2

    task, editor = fixing(SHOP, "Undefined name `itms`")
    assert isinstance(await run(task, editor, FakeModel(same)), Unchanged)


async def test_what_the_user_types_meanwhile_stays() -> None:
    task, editor = fixing(SHOP, "Undefined name `itms`")
    editor.on_report = lambda: editor.changes or editor.type(Edit(0, 0, "# mine\n"))
    assert isinstance(await run(task, editor, FakeModel(fenced(TOTAL))), Edited)
    assert editor.document.text == "# mine\n" + PLAIN.replace("itms", "items")


async def test_with_review_it_is_kept() -> None:
    task, editor = fixing(SHOP, "Undefined name `itms`", review=True)
    outcome = await run(task, editor, FakeModel(fenced(TOTAL)))
    assert isinstance(outcome, Proposed)
    assert editor.document.text == PLAIN
    [kept] = editor.proposals
    assert apply_edits(PLAIN, kept.rewrite.edits) == PLAIN.replace("itms", "items")


async def test_a_file_that_steers_a_tool_is_left_alone() -> None:
    task, editor = fixing(SHOP, "Undefined name `itms`", file=PurePosixPath(".vscode/a.py"))
    model = FakeModel(fenced(TOTAL))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "control_file"
    assert model.prompts == []


@pytest.mark.parametrize(
    ("text", "message", "needed"),
    [
        (SHOP, "Undefined name `itms`", False),
        ("import ‹os›\nimport re\n", "unused", False),
        ("import ‹os›\n\nx = 1\n", "unused", True),
        ("import ‹os›\n\nx = 1\n", "could not be resolved", False),
        ("def ‹f›():\n    x = 1\n", "`f` is unused", True),
        ("def f():\n    ‹x› = 1\n", "`x` is unused", False),
        ("# ‹x = 1›\ny = 1\n", "Found commented-out code", True),
        ("def f():\n    x = (1\n    return 2‹›\n", "Expected `)`", True),
        ("def f():\n    x = (1\n    return ‹2›\n", "unexpected EOF", True),
        ("def f():\n    x = (1\n    return ‹y›\n", "Undefined name `y`", False),
        ("def f():\n    x = (1)\n    return 2‹›\n", "Expected a docstring", False),
    ],
)
def test_the_file_is_needed_where_nothing_of_the_region_may_be_left(
    text: str, message: str, needed: bool
) -> None:
    task, _ = fixing(text, message)
    assert needs_file(task.document, task.tree, task.target, task.diagnostics) is needed


def test_all_imports_may_go_at_once() -> None:
    task, _ = fixing("import ‹os›\nimport ‹re›\n\nx = 1\n", "unused", "unused")
    assert needs_file(task.document, task.tree, task.target, task.diagnostics)
