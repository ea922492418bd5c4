"""S6: where the client says that the workspace is not trusted, no action does anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, chosen, server_with

URI = "file:///workspace/a.py"
WORDS = "the editor says that this workspace is not trusted, so nothing was sent. Trust it"
NO: list[dict[str, Any]] = [
    {"workspaceTrusted": False},
    {"dola": {"workspaceTrusted": False}},
    {"dola.workspaceTrusted": False},
    {"workspaceTrusted": "false"},
]
COMMANDS = ["dola.explain", "dola.refactor", "dola.instruct", "dola.document",
            "dola.generateTests", "dola.fix"]  # fmt: skip


@pytest.mark.parametrize("source", ["options", "settings"])
@pytest.mark.parametrize("said", NO)
async def test_actions_are_greyed_out_and_commands_refused(
    said: dict[str, Any], source: str, tmp_path: Path
) -> None:
    model = FakeModel(fenced(NEW))
    given: dict[str, Any] = {"options": {"workspaceTrusted": True}, "settings": {}}
    given[source] = {"dola": said} if source == "settings" else said
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139", **given) as editor:
        await editor.open(URI, TEXT)
        await editor.until(lambda: not editor.server.configuration.trusted)
        actions = await editor.code_actions(URI, editor.cursor_at(URI, "result = 0"))
        assert actions
        assert all(action["disabled"]["reason"][1:].startswith(WORDS[1:]) for action in actions)
        assert not any("command" in action for action in actions)
        for command in COMMANDS:
            diagnostic = {"range": editor.cursor_at(URI, "result = 0"), "message": "wrong"}
            call = {"uri": URI, "range": diagnostic["range"], "instruction": "Use sum()."}
            await editor.run(command, {**call, "diagnostics": [diagnostic]})
            await editor.idle()
            [message] = editor.take_messages()
            assert WORDS in message
        assert editor.text(URI) == TEXT
    assert model.prompts == []


async def test_where_the_client_cannot_grey_out_the_command_says_it(tmp_path: Path) -> None:
    model, options = FakeModel(fenced(NEW)), {"workspaceTrusted": False}

    async with Editor.connect(
        server_with(tmp_path, model), "neovim-0.11", options=options
    ) as editor:
        await editor.open(URI, TEXT)
        await editor.execute(await chosen(editor, URI, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert WORDS in message
    assert model.prompts == []


@pytest.mark.parametrize("said", [{}, {"workspaceTrusted": True}, {"workspaceTrusted": None}, []])
async def test_a_client_that_trusts_or_says_nothing_is_served(said: Any, tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "neovim-0.11", options=said) as editor:
        await editor.open(URI, TEXT)
        await editor.execute(await chosen(editor, URI, "dola.refactor"))
        await editor.idle()
        editor.take_edits()
        assert editor.text(URI) == AFTER


async def test_settings_that_come_later_take_trust_away_and_never_give_it(tmp_path: Path) -> None:
    server = server_with(tmp_path, FakeModel(fenced(NEW)))
    server.configuration.initialization_options = {"workspaceTrusted": False}
    server.configuration.client_settings = {"dola": {"workspaceTrusted": True}}
    assert not server.configuration.trusted
    server.configuration.initialization_options = None
    assert server.configuration.trusted
    server.configuration.client_settings = {"dola": {"workspaceTrusted": False}}
    assert not server.configuration.trusted
