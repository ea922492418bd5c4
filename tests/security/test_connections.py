"""S5: no connection before an explicit action; S16: no hidden characters come back."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from dola_ls.lsp.server import create_server
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.test_actions import AFTER, NEW, TEXT, chosen, server_with

URI = "file:///workspace/a.py"


async def test_a_thousand_requests_without_an_action_open_no_socket(
    tmp_path: Path, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        attempts.append(address)
        raise OSError("no connection may be made here")

    async with FakeApi() as api:
        env = {
            "DOLA_CONFIG": str(tmp_path / "config.toml"),
            "DOLA_PROVIDER": "custom",
            "DOLA_BASE_URL": api.base_url,
            "DOLA_MODEL": "fake",
            "DOLA_API_KEY": "k",
        }
        (tmp_path / "config.toml").touch(mode=0o600)
        server = create_server(env=env)
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", refuse)
        async with Editor.connect(server, profile) as editor:
            await editor.open(URI, TEXT)
            for number in range(300):
                await editor.type(URI, "import os", f"import os  # {number % 7}")
                await editor.code_actions(URI, editor.cursor_at(URI, "result = 0"))
                await editor.code_actions(URI, editor.cursor_at(URI, "result"), trigger=2)
            editor.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
            editor.notify("workspace/didChangeConfiguration", {"settings": {"dola": {}}})
            await editor.run("dola.status")
            editor.take_messages()
        assert attempts == []
        assert api.requests == []


async def test_an_action_does_connect(tmp_path: Path) -> None:
    """The counterpart: the test above could not pass by looking the wrong way."""
    async with FakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        env = {
            "DOLA_PROVIDER": "custom",
            "DOLA_BASE_URL": api.base_url,
            "DOLA_MODEL": "fake",
            "DOLA_API_KEY": "k",
        }
        server = server_with(tmp_path, None, **env)
        async with Editor.connect(server, "neovim-0.11") as editor:
            await editor.open(URI, TEXT)
            await editor.execute(await chosen(editor, URI, "dola.refactor"))
            await editor.idle()
            editor.take_edits()
            assert editor.text(URI) == AFTER
        assert len(api.requests) == 1


@pytest.mark.parametrize(
    "char", ["\u202e", "\u2066", "\u061c", "\u200b", "\u200d", "\u2060", "\ufeff", "\U000e0041",
             "\ufe0f", "\u200f"]
)  # fmt: skip
async def test_hidden_characters_in_an_answer_are_refused(char: str, tmp_path: Path) -> None:
    """S16: named by code point, unless the lines being replaced hold them already."""
    model = FakeModel(fenced(f"def total(items):\n    return sum(items)  # {char}x\n"))
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(URI, TEXT)
        await editor.execute(await chosen(editor, URI, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert f"U+{ord(char):04X}" in message
        assert editor.take_edits() == []
        assert editor.text(URI) == TEXT
        with_char = TEXT.replace("result = 0", f"result = 0  # {char}x")
        await editor.open("file:///workspace/b.py", with_char)
        await editor.execute(await chosen(editor, "file:///workspace/b.py", "dola.refactor"))
        await editor.idle()
        assert len(editor.take_edits()) == 1
        warnings = [f"(U+{ord(char):04X})" in said for said in editor.take_messages()]
        assert warnings == ([] if char in "\u200d\ufe0f" else [True])
    await asyncio.sleep(0)
