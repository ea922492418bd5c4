"""What other servers report is offered to be fixed and explained, and is: in every editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.core.problems import SERVERS, recorded
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import path_of, server_with

URI = "file:///workspace/shop.py"
TEXT = """\
import os


def total(items):
    result = 0
    for item in items:
        result = result + item
    return reslt


def tax(value):
    return value * 2
"""
TOTAL = TEXT[TEXT.index("def total") : TEXT.index("\n\ndef tax")].replace("reslt", "result")
FIXED = TEXT.replace("reslt", "result")


def at(editor: Editor, part: str, message: str, **more: Any) -> dict[str, Any]:
    """Return a diagnostic at the first occurrence of `part`."""
    return {"range": editor.range_of(URI, part), "message": message, **more}


def ruff(editor: Editor) -> dict[str, Any]:
    return at(editor, "reslt", "Undefined name `reslt`", severity=1, source="Ruff", code="F821")


def pyright(editor: Editor) -> dict[str, Any]:
    rule = "reportUndefinedVariable"
    return at(editor, "reslt", '"reslt" is not defined', severity=1, source="Pyright", code=rule)


async def offered(
    editor: Editor, diagnostics: list[dict[str, Any]], part: str = "reslt", **more: Any
) -> list[dict[str, Any]]:
    """Return the actions that come of problems alone."""
    cursor = editor.cursor_at(URI, part)
    actions = await editor.code_actions(URI, cursor, diagnostics=diagnostics, **more)
    return [action for action in actions if "diagnostics" in action]


def titles(actions: list[dict[str, Any]]) -> list[str]:
    return [action["title"] for action in actions]


def words_of(model: FakeModel) -> str:
    [prompt] = model.prompts
    return prompt.user


# -- the menu --------------------------------------------------------------------------------


async def test_a_problem_is_offered_to_be_fixed_and_explained(profile: str, tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        await editor.open(URI, TEXT)
        problem = ruff(editor)
        fix, explain = await offered(editor, [problem])
        assert (fix["title"], fix["kind"]) == (
            "Dola: Fix: Undefined name `reslt`",
            "quickfix.dola",
        )
        assert (explain["title"], explain["kind"]) == (
            "Dola: Explain: Undefined name `reslt`",
            "dola.explain",
        )
        for action, command in ((fix, "dola.fix"), (explain, "dola.explain")):
            assert action["diagnostics"] == [problem]
            assert "isPreferred" not in action
            tags = editor.capabilities["textDocument"]["codeAction"].get("tagSupport")
            assert action.get("tags") == ([1] if tags else None)
            assert action["command"]["command"] == command
            [arguments] = action["command"]["arguments"]
            assert arguments["diagnostics"] == [problem]
            assert arguments["range"] == problem["range"]
            assert arguments["version"] == editor.buffer(URI).version
        # It comes before what is always offered.
        actions = await editor.code_actions(
            URI, editor.cursor_at(URI, "reslt"), diagnostics=[problem]
        )
        assert titles(actions)[2] == "Dola: Refactor total"
        kinds = editor.initialized["capabilities"]["codeActionProvider"]["codeActionKinds"]
        assert "quickfix.dola" in kinds


@pytest.mark.parametrize(
    ("only", "commands"),
    [
        (None, {"dola.fix", "dola.explain"}),
        ([""], {"dola.fix", "dola.explain"}),
        (["quickfix"], {"dola.fix"}),
        (["quickfix.dola"], {"dola.fix"}),
        (["quickfix.other"], set()),
        (["quick"], set()),
        (["dola"], {"dola.explain"}),
        (["refactor"], set()),
        (["source.fixAll"], set()),
    ],
)
async def test_only_the_kinds_that_the_client_asks_for(
    only: list[str] | None, commands: set[str], tmp_path: Path
) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        found = await offered(editor, [ruff(editor)], only=only)
        assert {action["command"]["command"] for action in found} == commands


async def test_nothing_is_offered_of_the_clients_own_accord(profile: str, tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        await editor.open(URI, TEXT)
        assert await offered(editor, [ruff(editor)], trigger=2) == []
        # Without a trigger it may well be the user: clients before LSP 3.17 send none.
        assert len(await offered(editor, [ruff(editor)], trigger=None)) == 2


async def test_the_line_of_a_problem_counts_and_not_its_column(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        problem = ruff(editor)
        assert len(await offered(editor, [problem], "    return reslt")) == 2
        assert await offered(editor, [problem], "for item") == []
        assert await offered(editor, [problem], "return value") == []


async def test_what_is_said_twice_is_offered_once(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        same = at(editor, "return reslt", "Undefined  name `reslt`\n", source="pylsp")
        fix, explain = await offered(editor, [ruff(editor), ruff(editor), same])
        assert fix["diagnostics"] == explain["diagnostics"] == [ruff(editor)]
        # Two servers on the very same name mean the same.
        fix, explain = await offered(editor, [pyright(editor), ruff(editor)])
        assert fix["title"] == 'Dola: Fix: "reslt" is not defined'
        assert fix["diagnostics"] == explain["diagnostics"] == [pyright(editor), ruff(editor)]
        # One server with two messages means two things.
        other = ruff(editor) | {"message": "`reslt` is a bad name", "code": "N1"}
        assert titles(await offered(editor, [ruff(editor), other])) == [
            "Dola: Fix: Undefined name `reslt`",
            "Dola: Fix: `reslt` is a bad name",
            "Dola: Fix all 2 problems in total",
            "Dola: Explain: Undefined name `reslt`",
            "Dola: Explain: `reslt` is a bad name",
        ]


async def test_all_problems_of_a_function_can_be_fixed_at_once(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        inside = at(editor, "result = 0", "too simple", severity=3)
        below = at(editor, "value * 2", "no unit", severity=1)
        found = await offered(editor, [below, inside, ruff(editor)])
        assert titles(found) == [
            "Dola: Fix: Undefined name `reslt`",
            "Dola: Fix all 2 problems in total",
            "Dola: Explain: Undefined name `reslt`",
        ]
        one, both, _ = (action["command"]["arguments"][0] for action in found)
        assert one["others"] == [inside]
        assert both["diagnostics"] == [ruff(editor), inside]
        assert "others" not in both
        # A selection has its own problems.
        lines = editor.range_of(URI, TEXT[TEXT.index("    return reslt") :])
        actions = await editor.code_actions(
            URI, lines, diagnostics=[below, inside, ruff(editor)], only=["quickfix"]
        )
        assert titles(actions)[-1] == "Dola: Fix all 2 problems in lines 8-12"


async def test_outside_of_any_symbol_the_line_is_what_counts(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        problems = [at(editor, "os", "unused"), at(editor, "import os", "not sorted")]
        found = await offered(editor, [*problems, ruff(editor)], "import")
        assert titles(found) == [
            "Dola: Fix: not sorted",
            "Dola: Fix: unused",
            "Dola: Fix all 2 problems in line 1",
            "Dola: Explain: not sorted",
            "Dola: Explain: unused",
        ]


async def test_of_many_the_worst_are_offered(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        many = [at(editor, "reslt", f"problem {n}", severity=3 - n % 3) for n in range(60)]
        found = titles(await offered(editor, many))
        assert found == [
            *(f"Dola: Fix: problem {n}" for n in (2, 5, 8, 11, 14)),
            "Dola: Fix 50 of 60 problems in total",
            *(f"Dola: Explain: problem {n}" for n in (2, 5, 8)),
        ]


async def test_hints_are_offered_only_where_there_is_nothing_else(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        hint = at(editor, "reslt", "a hint", severity=4)
        assert len(await offered(editor, [hint])) == 2
        found = await offered(editor, [hint, ruff(editor)])
        assert len(found) == 2
        assert "others" not in found[0]["command"]["arguments"][0]


async def test_what_cannot_be_meant_is_left_out(profile: str, tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        await editor.open(URI, TEXT)
        far = {"start": {"line": 90, "character": 0}, "end": {"line": 90, "character": 1}}
        upside_down = {"start": {"line": 7, "character": 9}, "end": {"line": 6, "character": 0}}
        problems = [
            {"range": far, "message": "of an older text"},
            {"range": {**far, "start": {"line": 7, "character": 0}}, "message": "too long"},
            {"range": upside_down, "message": "ends before it begins"},
            at(editor, "reslt", " \n "),
            at(editor, "reslt", "our own", source="dola-ls"),
        ]
        assert await offered(editor, problems) == []
        assert len(await offered(editor, [*problems, ruff(editor)])) == 2


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"severity": 9}, 2),
        ({"severity": 0}, 2),
        ({"severity": "error"}, 2),
        ({"severity": None}, 2),
        ({"tags": [1, 99]}, 2),
        ({"tags": ["x"]}, 2),
        ({"code": None, "source": None}, 2),
        ({"code": 1.5}, 2),
        ({"code": {"value": "F821", "target": "https://example.org"}}, 2),
        ({"codeDescription": {}}, 2),
        ({"data": {"any": ["thing"]}}, 2),
        ({"relatedInformation": "none"}, 2),
        ({"unknown": 1}, 2),
        ({"message": None}, 0),
        ({"message": 7}, 0),
        ({"range": None}, 0),
        ({"range": {}}, 0),
    ],
)
async def test_a_broken_diagnostic_costs_no_more_than_itself(
    change: dict[str, Any], count: int, tmp_path: Path
) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        assert len(await offered(editor, [ruff(editor) | change])) == count
        sound = at(editor, "reslt", "another")
        found = titles(await offered(editor, [ruff(editor) | change, sound]))
        assert "Dola: Fix: another" in found
        actions = await editor.code_actions(
            URI, editor.cursor_at(URI, "reslt"), diagnostics=[ruff(editor) | change]
        )
        assert "Dola: Refactor total" in titles(actions)


@pytest.mark.parametrize("broken", [None, 7, "x", [7], [None], [[]]])
async def test_broken_lists_of_diagnostics(broken: Any, tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        cursor = editor.cursor_at(URI, "reslt")
        context = {"diagnostics": broken, "triggerKind": 1}
        params = {"textDocument": {"uri": URI}, "range": cursor, "context": context}
        _, answer = editor.begin("textDocument/codeAction", params)
        message = await answer
        if isinstance(broken, list):
            assert "Dola: Refactor total" in titles(message["result"])
        else:
            assert message["error"]["code"] == -32602


async def test_titles_are_one_short_line_that_hides_nothing(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        long = at(editor, "reslt", "Type\u202e \x1b[31m" + "very " * 100 + "\nand so on")
        fix, _ = await offered(editor, [long])
        assert fix["title"].startswith("Dola: Fix: Type<U+202E> <U+001B>[31mvery very")
        assert fix["title"].endswith("…")
        assert len(fix["title"]) <= 81
        reasons = at(editor, "reslt", 'No "a"\n\xa0\xa0because\n\nhelp: do')
        assert (await offered(editor, [reasons]))[0]["title"] == 'Dola: Fix: No "a"'


async def test_a_client_without_literals_gets_commands(tmp_path: Path) -> None:
    def old(params: dict[str, Any]) -> None:
        del params["capabilities"]["textDocument"]["codeAction"]["codeActionLiteralSupport"]

    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model), change=old) as editor:
        await editor.open(URI, TEXT)
        cursor = editor.cursor_at(URI, "reslt")
        actions = await editor.code_actions(URI, cursor, diagnostics=[ruff(editor)])
        assert actions[0]["command"] == "dola.fix"
        await editor.execute(actions[0])
        await editor.idle()
        editor.take_edits()
        assert editor.text(URI) == FIXED


@pytest.mark.parametrize("server", SERVERS)
async def test_what_real_servers_report_is_offered(
    server: str, profile: str, tmp_path: Path
) -> None:
    found = recorded(server)
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        await editor.open(found["uri"], found["text"], found["language"])
        for one in found["diagnostics"]:
            actions = await editor.code_actions(
                found["uri"], one["range"], diagnostics=[one], only=["quickfix"]
            )
            [title] = titles(actions)
            words = title.removeprefix("Dola: Fix: ").removesuffix("…")
            assert len(words) >= 60 or words == one["message"].partition("\n")[0]
            assert one["message"].startswith(words)
            assert actions[0]["diagnostics"][0]["message"] == one["message"]


# -- fixing ----------------------------------------------------------------------------------


async def test_a_problem_is_fixed(profile: str, tmp_path: Path) -> None:
    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, TEXT)
        fix, _ = await offered(editor, [ruff(editor)])
        assert await editor.execute(fix) is None
        await editor.idle()
        assert editor.text(URI) == FIXED
        [edit] = editor.take_edits()
        assert edit["label"] == "Dola: Fix total"
        if editor.progress:
            [token] = editor.progress
            assert str(token).startswith("dola-fix-")
    assert "- line 8: Undefined name `reslt` (Ruff F821)\n" in words_of(model)


async def test_positions_are_in_the_clients_unit(profile: str, tmp_path: Path) -> None:
    text = TEXT.replace("return reslt", 'return "😀é", reslt')
    model = FakeModel(fenced(TOTAL.replace("return result", 'return "😀é", result')))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, text)
        problem = at(editor, "reslt", "not known", code=7)
        fix, _ = await offered(editor, [problem])
        await editor.execute(fix)
        await editor.idle()
        assert editor.text(URI) == text.replace("reslt", "result")
        editor.take_edits()
    assert "- line 8: not known (7), at “reslt”\n" in words_of(model)


async def test_a_key_binding_may_send_the_diagnostics_alone(tmp_path: Path) -> None:
    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        anywhere = editor.cursor_at(URI, "import")
        arguments = {"uri": URI, "range": anywhere, "diagnostics": [ruff(editor), pyright(editor)]}
        await editor.run("dola.fix", arguments | {"instruction": "Keep it short."})
        await editor.idle()
        assert editor.text(URI) == FIXED
        editor.take_edits()
    assert "Fix these 2 problems:" in words_of(model)
    assert "Keep it short." in words_of(model)


@pytest.mark.parametrize("given", [{}, {"diagnostics": []}, {"diagnostics": {}}])
async def test_without_a_problem_nothing_is_sent(given: dict[str, Any], tmp_path: Path) -> None:
    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        await editor.run("dola.fix", {"uri": URI, "range": editor.cursor_at(URI, "reslt"), **given})
        [message] = editor.take_messages()
        assert message.startswith("Fix: this fixes problems that another tool reports, and none")
        assert "`diagnostics`" in message
        assert model.prompts == []


async def test_problems_of_an_older_text_are_dropped(tmp_path: Path) -> None:
    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        cursor = editor.cursor_at(URI, "reslt")
        line = {"line": 80, "character": 0}
        old = {"range": {"start": line, "end": line}, "message": "old"}
        await editor.run("dola.fix", {"uri": URI, "range": cursor, "diagnostics": [old]})
        [message] = editor.take_messages()
        assert "the problem lies outside shop.py, which has 13 lines. Nothing was sent." in message
        await editor.run(
            "dola.fix", {"uri": URI, "range": cursor, "diagnostics": [old, ruff(editor)]}
        )
        await editor.idle()
        assert editor.text(URI) == FIXED
        editor.take_edits()
    assert "old" not in words_of(model).partition("Task:")[2]


ZERO = {"line": 0, "character": 0}
RANGE = {"start": ZERO, "end": ZERO}
GOOD = {"range": RANGE, "message": "x"}


@pytest.mark.parametrize(
    ("diagnostics", "words"),
    [
        (7, "`diagnostics` has to be a list"),
        ("x", "`diagnostics` has to be a list"),
        ({"0": GOOD}, "`diagnostics` has to be a list"),
        ([GOOD] * 51, "`diagnostics` may hold at most 50, not 51"),
        ([7], "`diagnostics[0]` has to be an object"),
        ([GOOD, None], "`diagnostics[1]` has to be an object"),
        ([{"range": RANGE}], "`diagnostics[0].message`"),
        ([{"range": RANGE, "message": 7}], "`diagnostics[0].message`"),
        ([{"range": RANGE, "message": " "}], "`diagnostics[0].message`"),
        ([{"message": "x"}], "`diagnostics[0].range`"),
        ([GOOD | {"range": [0, 1]}], "`diagnostics[0].range`"),
        ([GOOD | {"range": {"start": ZERO}}], "`diagnostics[0].range.end`"),
        ([GOOD | {"range": {**RANGE, "end": {"line": -1, "character": 0}}}], ".range.end`"),
        ([GOOD | {"source": 7}], "`diagnostics[0].source`"),
        ([GOOD | {"code": 1.5}], "`diagnostics[0].code`"),
        ([GOOD | {"code": True}], "`diagnostics[0].code`"),
        ([GOOD | {"severity": 5}], "`diagnostics[0].severity`"),
        ([GOOD | {"severity": "error"}], "`diagnostics[0].severity`"),
        ([GOOD | {"severity": True}], "`diagnostics[0].severity`"),
    ],
)
@pytest.mark.parametrize("name", ["diagnostics", "others"])
async def test_malformed_diagnostics_are_named(
    diagnostics: Any, words: str, name: str, tmp_path: Path
) -> None:
    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        cursor = editor.cursor_at(URI, "reslt")
        arguments = {"uri": URI, "range": cursor, "diagnostics": [GOOD], name: diagnostics}
        await editor.run("dola.fix", arguments)
        [message] = editor.take_messages()
        assert message.startswith("dola.fix was not run: ")
        assert words.replace("diagnostics", name) in message
        assert model.prompts == []
        assert editor.text(URI) == TEXT


async def test_what_is_of_no_use_in_a_diagnostic_is_not_read(tmp_path: Path) -> None:
    model = FakeModel(fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        odd = {"data": [1], "tags": "x", "relatedInformation": 7, "codeDescription": None}
        problem = ruff(editor) | odd | {"message": "long " * 5000, "code": "c" * 5000}
        await editor.run(
            "dola.fix", {"uri": URI, "range": problem["range"], "diagnostics": [problem]}
        )
        await editor.idle()
        assert editor.text(URI) == FIXED
        editor.take_edits()
    assert len(words_of(model)) < 2500


async def test_a_refused_fix_can_be_asked_for_again_where_its_lines_are_by_then(
    tmp_path: Path,
) -> None:
    silent = fenced(TOTAL.replace("return result", "return reslt  # noqa"))
    model = FakeModel(silent, silent, fenced(TOTAL))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        other = at(editor, "result = 0", "also wrong")
        fix = (await offered(editor, [ruff(editor), other]))[0]
        await editor.execute(fix)
        await editor.idle()
        [message] = editor.take_messages()
        assert "it silences the message (“# noqa”) and fixes nothing" in message
        await editor.type(URI, "import os\n", "import os\nimport re\n")
        actions = await editor.code_actions(URI, editor.cursor_at(URI, "reslt"))
        await editor.execute(next(a for a in actions if "Retry" in a["title"]))
        await editor.idle()
        assert editor.text(URI) == FIXED.replace("import os\n", "import os\nimport re\n")
        editor.take_edits()
    last = model.prompts[-1].user
    assert "- line 9: Undefined name `reslt` (Ruff F821)\n  That line: return reslt\n" in last
    assert "- line 6: also wrong" in last


async def test_an_unused_import_goes(profile: str, tmp_path: Path) -> None:
    text = TEXT.replace("import os\n", "import os\nimport re\n")
    model = FakeModel(fenced("import re"))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, text)
        problem = at(editor, "os", "`os` imported but unused", severity=2, tags=[1])
        fix, _ = await offered(editor, [problem], "os")
        assert fix["command"]["arguments"][0]["diagnostics"][0]["tags"] == [1]
        await editor.execute(fix)
        await editor.idle()
        assert editor.text(URI) == text.replace("import os\n", "")
        editor.take_edits()


# -- explaining ------------------------------------------------------------------------------


async def test_a_problem_is_explained(profile: str, tmp_path: Path) -> None:
    model = FakeModel("There is no `reslt`.")
    server = server_with(tmp_path, model)
    async with Editor.connect(server, profile) as editor:
        await editor.open(URI, TEXT)
        _, explain = await offered(editor, [ruff(editor), pyright(editor)])
        await editor.execute(explain)
        await editor.idle()
        if server.client.show_document:
            [shown] = editor.take_shown()
            page = path_of(shown["uri"])
        else:
            [message] = editor.take_messages()
            page = Path(message.rpartition(" ")[2])
        assert "There is no `reslt`." in page.read_text()
        assert editor.text(URI) == TEXT
    words = words_of(model)
    assert "def total(items):" in words.partition("The code:")[2]
    assert "- line 8: Undefined name `reslt` (Ruff F821)\n" in words
    assert '- line 8: "reslt" is not defined (Pyright reportUndefinedVariable)\n' in words
    assert "how to fix it" in words
