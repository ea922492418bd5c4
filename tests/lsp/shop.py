"""One small file, and a server with a scripted model: what tests of the actions begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dola_ls.lsp.server import DolaServer, create_server
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel

TEXT = """\
import os


def total(items):
    result = 0
    for item in items:
        result = result + item
    return result


def tax(value):
    return value * 2
"""
NEW = "def total(items):\n    return sum(items)\n"
AFTER = TEXT[: TEXT.index("def total")] + NEW + TEXT[TEXT.index("\n\ndef tax") :]


def server_with(tmp_path: Path, model: FakeModel | None, **env: str) -> DolaServer:
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    return create_server(env={"DOLA_CONFIG": str(config), **env}, model=model)


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


async def chosen(editor: Editor, uri: str, command: str, at: str = "result = 0") -> dict[str, Any]:
    actions = await editor.code_actions(uri, editor.cursor_at(uri, at))
    return next(a for a in actions if a["command"]["command"] == command)
