"""What other tools say of the lines goes along with every action, as the client tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dola_ls.core.noted import MOST
from tests.core.test_noted import HEAD
from tests.core.test_screening import SECRET
from tests.fakes.api import FakeApi
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, server_with
from tests.lsp.test_problems import at
from tests.lsp.test_show_prompt import page_of, server_at

URI = "file:///workspace/shop.py"


def types(editor: Editor, uri: str = URI, **more: Any) -> dict[str, Any]:
    given = {
        "range": editor.range_of(uri, "return result"),
        "message": 'Type "int" is not assignable to "str"',
        "severity": 1,
        "source": "Pyright",
        "code": "reportReturnType",
    }
    return given | more


async def offered(
    editor: Editor, diagnostics: list[dict[str, Any]], *, part: str = "result = 0", **more: Any
) -> dict[str, dict[str, Any]]:
    """Return the actions on the code itself, by their commands."""
    cursor = editor.cursor_at(URI, part)
    actions = await editor.code_actions(URI, cursor, diagnostics=diagnostics, **more)
    return {
        action["command"]["command"]: action for action in actions if "diagnostics" not in action
    }


async def run(editor: Editor, action: dict[str, Any]) -> None:
    await editor.execute(action)
    await editor.idle()
    for take in (editor.take_edits, editor.take_messages, editor.take_shown):
        take()


async def test_it_goes_along_with_the_command_and_into_the_request(
    profile: str, tmp_path: Path
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, TEXT)
        given = types(editor)
        actions = await offered(editor, [given])
        for command in ("dola.refactor", "dola.explain", "dola.document", "dola.generateTests"):
            [arguments] = actions[command]["command"]["arguments"]
            assert arguments["others"] == [given]
            assert "diagnostics" not in arguments
        await run(editor, actions["dola.refactor"])
        assert editor.text(URI) == AFTER
    [prompt] = model.prompts
    assert f'{HEAD}\n- line 8: error: Type "int" is not' in prompt.user
    assert "(Pyright reportReturnType)" in prompt.user
    assert "make it simpler and easier to read" in prompt.user


async def test_a_client_that_tells_nothing_gets_the_arguments_it_always_got(
    profile: str, tmp_path: Path
) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        await editor.open(URI, TEXT)
        bare = await offered(editor, [])
        assert not any("others" in one["command"]["arguments"][0] for one in bare.values())
        elsewhere = at(editor, "value * 2", "no unit", severity=1)
        ours = types(editor, source="dola-ls")
        assert await offered(editor, [elsewhere, ours]) == bare


async def test_the_worst_of_many_go_along_and_each_once(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        many = [types(editor, message=f"problem {n}", severity=2) for n in range(60)]
        actions = await offered(editor, [*many, types(editor), types(editor)])
        others = actions["dola.refactor"]["command"]["arguments"][0]["others"]
        assert others == [types(editor), *many[: MOST - 1]]


async def test_an_order_in_a_comment_has_it_too_and_keeps_it_when_asked_again(
    tmp_path: Path,
) -> None:
    text = TEXT.replace("def total", "# dola: do what the checker says\ndef total")
    broken = fenced("def total(items:\n    return 1\n")
    model = FakeModel(broken, broken, fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, text)
        todo = at(editor, "# dola", "a comment that is too long", severity=1)
        actions = await offered(editor, [types(editor), todo], part="# dola")
        await editor.execute(actions["dola.instruct"])
        await editor.idle()
        editor.take_messages()
        # Its lines are one further down by now.
        await editor.type(URI, "import os", "import os\nimport sys")
        cursor = editor.cursor_at(URI, "def total")
        retries = [
            one
            for one in await editor.code_actions(URI, cursor)
            if one["command"]["arguments"][0].get("do") == "retry"
        ]
        await run(editor, retries[0])
        assert "return sum(items)" in editor.text(URI)
    assert len(model.prompts) >= 3
    for prompt, line in ((model.prompts[0], 8), (model.prompts[-1], 9)):
        assert f"- line {line}: error: Type" in prompt.user
        assert "That line: return result\n" in prompt.user
        assert "too long" not in prompt.user


async def test_a_command_may_bring_it_and_ours_and_what_lies_outside_are_left(
    tmp_path: Path,
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        far = {"start": {"line": 90, "character": 0}, "end": {"line": 90, "character": 1}}
        others = [
            types(editor),
            types(editor, source="dola-ls", message="our own"),
            types(editor, range=far, message="of an older text"),
            types(editor, message="see /home/ann/shop/secret/b.py", code=7),
        ]
        given = {"uri": URI, "range": editor.cursor_at(URI, "result = 0"), "others": others}
        await editor.run("dola.instruct", {**given, "instruction": "Use sum()."})
        await editor.idle()
        editor.take_edits()
    [prompt] = model.prompts
    assert prompt.user.count("- line 8: ") == 2
    assert "error: see b.py (Pyright 7)" in prompt.user
    assert "our own" not in prompt.user
    assert "older" not in prompt.user


@pytest.mark.parametrize("wrong", [{"message": ""}, {"severity": 9}, {"range": None}])
async def test_what_cannot_be_read_is_told_and_nothing_is_sent(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        given = {"uri": URI, "range": editor.cursor_at(URI, "result = 0")}
        await editor.run("dola.refactor", {**given, "others": [types(editor, **wrong)]})
        await editor.idle()
        [message] = editor.take_messages()
    assert message.startswith("dola.refactor was not run: `others[0].")
    assert model.prompts == []


async def test_a_user_who_wants_nothing_from_elsewhere_has_none_of_it(tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    server = server_with(tmp_path, model)
    (tmp_path / "config.toml").write_text("[context]\nrelated = false\n")
    async with Editor.connect(server) as editor:
        await editor.open(URI, TEXT)
        await run(editor, (await offered(editor, [types(editor)]))["dola.refactor"])
    assert HEAD not in model.prompts[0].user


async def test_it_is_shown_before_it_is_sent_and_holds_no_secret(tmp_path: Path) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(URI, TEXT)
        leak = types(editor, message=f'Literal["{SECRET}"] is no str')
        actions = await offered(
            editor, [types(editor), leak], only=["dola.showPrompt"], part="result = 0"
        )
        await editor.execute(actions["dola.showPrompt"])
        await editor.idle()
        page = page_of(editor)
        assert api.requests == []
    assert f'{HEAD}\n- line 8: error: Type "int"' in page
    assert SECRET not in page
    assert "- What Pyright says of line 8: it holds what looks like a GitHub token." in page
