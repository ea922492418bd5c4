"""The user file is edited while the server runs: what it says holds from the next action on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dola_ls.lsp.configuration import Configuration
from dola_ls.lsp.server import create_server
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import NEW, TEXT, chosen, server_with

KEPT_BACK = "a.py is kept back"


def says(tmp_path: Path, text: str) -> None:
    """Write the user file."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    file.chmod(0o600)


async def refactor(editor: Editor, uri: str) -> None:
    await editor.execute(await chosen(editor, uri, "dola.refactor"))


async def show(editor: Editor, uri: str) -> None:
    place = {"uri": uri, "range": editor.cursor_at(uri, "result = 0")}
    await editor.run("dola.showPrompt", {"action": "dola.refactor", **place})


async def complete(editor: Editor, uri: str) -> None:
    await editor.complete(uri, "result = 0")


@pytest.mark.parametrize("act", [refactor, show, complete])
async def test_what_is_to_be_kept_back_holds_for_the_next_action(
    act: Callable[[Editor, str], Awaitable[None]], tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(NEW))
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139") as editor:
        await editor.open(uri, TEXT)
        server.configuration.settings()
        says(tmp_path, '[privacy]\nexclude = ["a.py"]\n')
        await act(editor, uri)
        await editor.idle()
        [message] = editor.take_messages()
        assert KEPT_BACK in message
    assert model.prompts == []


async def test_a_file_that_was_put_right_is_used(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    server = server_with(tmp_path, model)
    says(tmp_path, "oops = = 1\n")
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        await refactor(editor, uri)
        await editor.idle()
        assert any("Put it right" in message for message in editor.take_messages())
        assert model.prompts == []
        says(tmp_path, 'apply = "review"\n')
        await refactor(editor, uri)
        await editor.idle()
        [message] = editor.take_messages()
        assert "Edits are set to be reviewed" in message
        assert editor.text(uri) == TEXT
    assert len(model.prompts) == 1


async def test_a_file_that_was_not_there_is_read_once_it_is(tmp_path: Path, uri: str) -> None:
    file = tmp_path / "config.toml"
    model = FakeModel(fenced(NEW))
    server = create_server(env={"DOLA_CONFIG": str(file)}, model=model)
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        server.configuration.settings()
        says(tmp_path, '[privacy]\nexclude = ["a.py"]\n')
        await refactor(editor, uri)
        await editor.idle()
        assert any(KEPT_BACK in message for message in editor.take_messages())


async def test_an_action_of_ones_own_can_be_run_once_it_is_written(
    tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(NEW))
    server = server_with(tmp_path, model)
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        server.configuration.settings()
        says(tmp_path, '[[actions]]\nid = "tidy"\ntitle = "Tidy {name}"\nprompt = "Tidy up."\n')
        place = {"uri": uri, "range": editor.cursor_at(uri, "result = 0")}
        await editor.run("dola.own", {"action": "tidy", **place})
        await editor.idle()
        assert len(editor.take_edits()) == 1
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "sum(items)"))
        assert "Dola: Tidy total" in [action["title"] for action in actions]


@pytest.mark.parametrize("change", ["text", "mode", "gone"])
def test_a_file_is_read_again_only_when_it_has_changed(change: str, tmp_path: Path) -> None:
    says(tmp_path, 'apply = "review"\n')
    file = tmp_path / "config.toml"
    configuration = Configuration(env={"DOLA_CONFIG": str(file)})
    configuration.look()
    first = configuration.settings()
    configuration.look()
    assert configuration.settings() is first
    changes: dict[str, Callable[[], Any]] = {
        "text": lambda: says(tmp_path, 'apply = "direct"\n'),
        # The way to have a key in it used that others could read.
        "mode": lambda: file.chmod(0o640),
        "gone": file.unlink,
    }
    changes[change]()
    configuration.look()
    assert configuration.settings() is not first
