"""`dola.showPrompt`: the very request that an action would send, as a page, and nothing is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from dola_ls.lsp.server import DolaServer
from dola_ls.model.endpoint import origin_of
from dola_ls.model.prediction import PredictionBook
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import Editor
from tests.fakes.model import fenced
from tests.lsp.shop import NEW, TEXT, server_with

KEY = "key-0123456789abcdef"


def server_at(api: FakeApi, tmp_path: Path, **env: str) -> DolaServer:
    address = {"DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "fake", "DOLA_API_KEY": KEY}
    return server_with(tmp_path, None, DOLA_PROVIDER="custom", **{**address, **env})


def call(editor: Editor, uri: str, **more: Any) -> dict[str, Any]:
    return {"uri": uri, "range": editor.cursor_at(uri, "result = 0"), **more}


def page_of(editor: Editor) -> str:
    """Return the text of the one page that was shown, or that a message names."""
    shown = [unquote(urlsplit(params["uri"]).path) for params in editor.take_shown()]
    told = [message.rpartition(" in ")[2] for message in editor.take_messages()]
    [path] = shown or told
    return Path(path).read_text(encoding="utf-8")


def body_of(page: str) -> dict[str, Any]:
    """Return the request that a page shows."""
    found = re.search(r"^(`{3,})json\n(.*?)\n\1$", page, re.DOTALL | re.MULTILINE)
    assert found is not None
    body: dict[str, Any] = json.loads(found[2])
    return body


async def shown(editor: Editor, uri: str, **more: Any) -> str:
    await editor.run("dola.showPrompt", call(editor, uri, **more))
    await editor.idle()
    return page_of(editor)


async def test_it_shows_what_the_action_then_sends_and_sends_nothing(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        async with Editor.connect(server_at(api, tmp_path), profile) as editor:
            await editor.open(uri, TEXT)
            page = await shown(editor, uri)
            assert api.requests == []
            assert editor.text(uri) == TEXT
            await editor.run("dola.refactor", call(editor, uri))
            await editor.idle()
            editor.take_edits()
        [request] = api.requests
        assert body_of(page) == request.json
        assert f"POST {api.base_url}/chat/completions" in page
        assert "`fake`" in page
        assert KEY not in page
        assert "Nothing was sent." in page
        assert re.search(r"about \d+ tokens", page)
        for message in request.json["messages"]:
            assert message["content"].strip() in page


ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("dola.explain", {}),
    ("dola.document", {}),
    ("dola.generateTests", {}),
    ("dola.instruct", {"instruction": "use the sum of it"}),
]


@pytest.mark.parametrize(("action", "more"), ACTIONS)
async def test_each_action_is_shown_as_it_is_sent(
    action: str, more: dict[str, Any], tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(answer("I cannot do that."))
        async with Editor.connect(server_at(api, tmp_path), folder=tmp_path / "shop") as editor:
            await editor.open(uri, TEXT)
            page = await shown(editor, uri, action=action, **more)
            assert api.requests == []
            assert sorted(path.name for path in (tmp_path / "shop").iterdir()) == [
                "a.py",
                "pyproject.toml",
            ]
            await editor.run(action, call(editor, uri, **more))
            await editor.idle()
            editor.take_messages()
            editor.take_shown()
        assert body_of(page) == api.requests[0].json


async def test_what_does_not_go_along_is_named(tmp_path: Path, uri: str) -> None:
    long = TEXT + "".join(
        f"\n\ndef other_{number}():\n    return {number}\n" * 9 for number in range(2000)
    )
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(uri, long)
        page = await shown(editor, uri)
    assert re.search(r"^- Lines \d+ to \d+ of a\.py: there is no room for it", page, re.MULTILINE)


async def test_a_file_that_is_kept_back_is_not_shown_but_why(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        private = uri.replace("a.py", ".env")
        await editor.open(private, TEXT)
        await editor.run("dola.showPrompt", call(editor, private))
        await editor.idle()
        [message] = editor.take_messages()
    assert "it may hold secrets" in message
    assert "Nothing was sent" in message


async def test_a_fix_is_shown_with_its_problems(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(uri, TEXT)
        problem = {"range": editor.range_of(uri, "result"), "message": "canary is not defined"}
        page = await shown(editor, uri, action="dola.fix", diagnostics=[problem])
        assert "canary is not defined" in body_of(page)["messages"][1]["content"]
        assert api.requests == []


async def test_an_action_of_the_users_own_is_shown(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        server = server_at(api, tmp_path)
        own = '[[actions]]\nid = "log"\ntitle = "Log {name}"\nmodel = "other"\nprompt = "Log it."\n'
        (tmp_path / "config.toml").write_text(own)
        async with Editor.connect(server) as editor:
            await editor.open(uri, TEXT)
            body = body_of(await shown(editor, uri, action="log"))
            assert body["model"] == "other"
            assert "Log it." in body["messages"][1]["content"]
            await editor.run("dola.showPrompt", call(editor, uri, action="nobody-has-this"))
            [message] = editor.take_messages()
            assert "no action that can be used has this id" in message
        assert api.requests == []


async def test_without_a_key_all_else_is_shown(tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, None, DOLA_PROVIDER="aimlapi")
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        page = await shown(editor, uri)
        assert "https://api.aimlapi.com/v1/chat/completions" in page
        assert "none was found, so this cannot be sent" in page
        assert body_of(page)["model"] == "bytedance/dola-seed-2-0-code"


async def test_the_embedded_engine_is_shown_and_not_started(tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, None, DOLA_PROVIDER="local")
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        page = await shown(editor, uri)
        assert "Nothing leaves this machine" in page
        assert "127.0.0.1" not in page
        assert body_of(page)["messages"][1]["content"]


@pytest.mark.parametrize("refused", [False, True])
async def test_a_prediction_is_shown_or_why_there_is_none(
    refused: bool, tmp_path: Path, uri: str
) -> None:
    text = TEXT.replace("    result = 0\n", "    result = 0\n" + "    result += 0  # again\n" * 10)
    async with FakeApi() as api:
        api.enqueue(answer("I cannot do that."))
        if refused:
            book = PredictionBook()
            book.refuse(origin_of(api.base_url), "fake")
            book.save(tmp_path / "state" / "predictions.json")
        server = server_at(api, tmp_path)
        server.configuration.state = tmp_path / "state"
        async with Editor.connect(server) as editor:
            await editor.open(uri, text)
            page = await shown(editor, uri)
            await editor.run("dola.refactor", call(editor, uri))
            await editor.idle()
            editor.take_messages()
        assert body_of(page) == api.requests[0].json
        assert ("## Predicted output" in page) is ("prediction" in body_of(page)) is not refused
        assert ("No predicted output goes along: the server refuses the field." in page) is refused


async def test_the_query_of_an_address_is_not_shown(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        server = server_at(api, tmp_path, DOLA_BASE_URL=f"{api.base_url}?token=canary")
        async with Editor.connect(server) as editor:
            await editor.open(uri, TEXT)
            assert "canary" not in await shown(editor, uri)


async def test_code_cannot_step_out_of_its_block(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        text = TEXT.replace(
            "    result = 0", "    '''\n````\n![](https://x.example/)\n'''\n    result = 0"
        )
        await editor.open(uri, text)
        page = await shown(editor, uri)
        outside = re.sub(r"^(`{3,})\w+\n.*?\n\1$", "", page, flags=re.DOTALL | re.MULTILINE)
        assert "x.example" in page
        assert "x.example" not in outside
        assert api.requests == []


async def test_it_is_listed_for_those_who_ask_for_it_alone(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path), profile) as editor:
        await editor.open(uri, TEXT)
        at = editor.cursor_at(uri, "result = 0")
        offered = await editor.code_actions(uri, at)
        assert "Dola: Show what would be sent" not in [action["title"] for action in offered]
        [action] = await editor.code_actions(uri, at, only=["dola.showPrompt"])
        assert action["title"] == "Dola: Show what would be sent"
        await editor.execute(action)
        await editor.idle()
        assert "total" in body_of(page_of(editor))["messages"][1]["content"]
        kinds = editor.initialized["capabilities"]["codeActionProvider"]["codeActionKinds"]
        assert "dola.showPrompt" in kinds


async def test_without_arguments_it_is_about_where_the_menu_was_open(
    tmp_path: Path, uri: str
) -> None:
    async with (
        FakeApi() as api,
        Editor.connect(server_at(api, tmp_path), "helix-25.01") as editor,
    ):
        await editor.open(uri, TEXT)
        await editor.run("dola.showPrompt")
        [message] = editor.take_messages()
        assert "Open the menu of code actions" in message
        await editor.code_actions(uri, editor.cursor_at(uri, "value * 2"))
        await editor.run("dola.showPrompt")
        await editor.idle()
        assert "`Refactor tax`" in page_of(editor)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"action": 7}, "`action` has to be"),
        ({"range": None}, "`range` has to be"),
        ({"uri": ""}, "`uri` has to be"),
    ],
)
async def test_wrong_arguments_are_named(
    more: dict[str, Any], complaint: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(uri, TEXT)
        await editor.run("dola.showPrompt", call(editor, uri) | more)
        [message] = editor.take_messages()
        assert complaint in message


async def test_where_the_action_does_not_work_its_reason_is_told(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(uri, TEXT)
        where = call(editor, uri) | {"range": editor.cursor_at(uri, "import os")}
        await editor.run("dola.showPrompt", where)
        [message] = editor.take_messages()
        assert "no function, class or other symbol" in message
