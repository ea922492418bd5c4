"""A project with pictures, and a server whose model takes them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from dola_ls.lsp.server import DolaServer, create_server
from tests.core.media.samples import CANARY, PNG_METADATA, movie, png
from tests.fakes.api import FakeApi
from tests.fakes.editor import Editor

PAGE = "# Shop\n\n![](img/cart.png)\n\n![](clip.mp4)\n"
ABLE = 'abilities = ["images", "video"]\n'


def gallery(tmp_path: Path, page: str = PAGE, name: str = "README.md") -> str:
    """Make a project with a page, a picture and a video; return the page's address."""
    shop = tmp_path / "shop"
    (shop / "img").mkdir(parents=True, exist_ok=True)
    (shop / "pyproject.toml").touch()
    (shop / "img" / "cart.png").write_bytes(png(64, 48, None, *PNG_METADATA) + CANARY)
    (shop / "clip.mp4").write_bytes(movie())
    (shop / name).write_text(page, encoding="utf-8")
    return (shop / name).as_uri()


def server_at(api: FakeApi | None, tmp_path: Path, config: str = ABLE, **env: str) -> DolaServer:
    """Return a server that asks a fake one, with a user file."""
    file = tmp_path / "config.toml"
    file.touch(mode=0o600)
    file.write_text(config)
    address = {"DOLA_PROVIDER": "custom", "DOLA_MODEL": "fake", "DOLA_API_KEY": "key-0123456789abc"}
    if api is not None:
        address["DOLA_BASE_URL"] = api.base_url
    return create_server(env={"DOLA_CONFIG": str(file), **address, **env})


def parts_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of the user's message in a request."""
    content = body["messages"][-1]["content"]
    assert isinstance(content, list)
    return content


def bytes_of(url: str) -> bytes:
    """Return what a `data:` address holds."""
    return base64.b64decode(url.partition("base64,")[2], validate=True)


async def titles(editor: Editor, uri: str, at: str) -> list[str]:
    """Return the titles that are listed before a piece of a page."""
    actions = await editor.code_actions(uri, editor.cursor_at(uri, at))
    return [action["title"] for action in actions]


async def told(editor: Editor, uri: str, at: str, command: str = "dola.describeImage") -> str:
    """Run a command, and return the one message that comes of it."""
    await editor.run(command, {"uri": uri, "range": editor.cursor_at(uri, at)})
    await editor.idle()
    [message] = editor.take_messages()
    return message
