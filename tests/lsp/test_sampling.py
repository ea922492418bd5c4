"""How answers are drawn, from the user's file to the request of each action and the page on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dola_ls.lsp.server import DolaServer, create_server
from tests.fakes.api import FakeApi, answer, status
from tests.fakes.editor import Editor
from tests.fakes.model import fenced
from tests.lsp.shop import NEW, TEXT
from tests.lsp.test_show_prompt import body_of, call, page_of, shown

TEMPERATE = """
[sampling]
seed = 21
[sampling.refactor]
temperature = 0.25
max_tokens = 1234
stop = ["# the end"]
[sampling.explain]
top_p = 0.5
"""


def server_with(tmp_path: Path, api: FakeApi, config: str = TEMPERATE) -> DolaServer:
    file = tmp_path / "config.toml"
    usual = f'provider = "custom"\nbase_url = "{api.base_url}"\nmodel = "usual"\n'
    file.write_text(f'{usual}fast_model = "small"\n{config}', encoding="utf-8")
    file.chmod(0o600)
    return create_server(env={"DOLA_CONFIG": str(file)})


def drawn(request: dict[str, Any]) -> dict[str, Any]:
    names = ("model", "temperature", "top_p", "seed", "max_tokens", "stop", "presence_penalty")
    return {name: request[name] for name in names if name in request}


async def run(editor: Editor, uri: str, command: str, **more: Any) -> None:
    await editor.run(command, call(editor, uri, **more))
    await editor.idle()


async def test_each_action_is_asked_as_the_user_wants_and_shown_so(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(answer(fenced(NEW)), answer("It adds up."))
        async with Editor.connect(server_with(tmp_path, api), profile) as editor:
            await editor.open(uri, TEXT)
            pages = [await shown(editor, uri, action=one) for one in ("dola.refactor",)]
            pages.append(await shown(editor, uri, action="dola.explain"))
            assert api.requests == []
            await run(editor, uri, "dola.refactor")
            assert "sum(items)" in editor.text(uri)
            await editor.type(uri, editor.text(uri), TEXT)
            await run(editor, uri, "dola.explain")
            editor.take_edits()
            editor.take_shown()
            editor.take_messages()
        refactor, explain = (request.json for request in api.requests)
        assert [body_of(page) for page in pages] == [refactor, explain]
    assert drawn(refactor) == {
        "model": "usual",
        "temperature": 0.25,
        "seed": 21,
        "max_tokens": 1234,
        "stop": ["# the end"],
    }
    assert drawn(explain) == {
        "model": "small",
        "top_p": 0.5,
        "seed": 21,
        "max_tokens": explain["max_tokens"],
    }


async def test_the_page_says_what_does_not_go_along(tmp_path: Path, uri: str) -> None:
    config = "[sampling]\npresence_penalty = 0.5\nstop = ['result']\n"
    long = TEXT.replace("    return result\n", "    result += 0\n" * 20 + "    return result\n")
    async with (
        FakeApi() as api,
        Editor.connect(server_with(tmp_path, api, config)) as editor,
    ):
        await editor.open(uri, long)
        page = await shown(editor, uri)
    assert "No predicted output goes along: `sampling.presence_penalty` is above 0" in page
    assert "'result' of `sampling.stop`: it stands in the code and would cut it short." in page
    assert drawn(body_of(page))["presence_penalty"] == 0.5
    assert not {"prediction", "stop"} & set(body_of(page))


async def test_a_limit_below_the_lines_is_told_and_nothing_is_sent(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        server = server_with(tmp_path, api, "[sampling.refactor]\nmax_tokens = 20\n")
        async with Editor.connect(server, profile) as editor:
            await editor.open(uri, TEXT)
            await run(editor, uri, "dola.refactor")
            [message] = editor.take_messages()
            assert "`sampling.refactor.max_tokens` lets an answer have 20 tokens" in message
            assert "Nothing was sent." in message
            assert editor.text(uri) == TEXT
            page = await shown(editor, uri)
            assert "This cannot be sent: `sampling.refactor.max_tokens`" in page
        assert api.requests == []


async def test_an_editor_may_draw_otherwise_and_not_end_answers(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        server = server_with(tmp_path, api, "")
        options = {"sampling": {"refactor": {"seed": 3, "stop": "return"}, "temperature": 9}}
        async with Editor.connect(server, options=options) as editor:
            await editor.open(uri, TEXT)
            await run(editor, uri, "dola.refactor")
            editor.take_edits()
            told = editor.take_messages()
        assert drawn(api.requests[0].json)["seed"] == 3
        assert "stop" not in api.requests[0].json
    assert any("`sampling.refactor.stop` from the editor's settings: ignored" in m for m in told)
    assert any("`sampling.temperature` (initializationOptions) was ignored" in m for m in told)


async def test_what_the_server_refuses_is_left_out_and_the_edit_is_made(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(
            status(400, {"error": {"message": "Unknown parameter: 'seed'.", "param": "seed"}}),
            answer(fenced(NEW)),
        )
        async with Editor.connect(server_with(tmp_path, api), profile) as editor:
            await editor.open(uri, TEXT)
            await run(editor, uri, "dola.refactor")
            assert "sum(items)" in editor.text(uri)
            editor.take_edits()
            assert editor.take_messages() == []
            await editor.type(uri, editor.text(uri), TEXT)
            await editor.run("dola.showPrompt", call(editor, uri))
            await editor.idle()
            assert "- `seed`: the server refuses it with this model." in page_of(editor)
        assert ["seed" in request.json for request in api.requests] == [True, False]


@pytest.mark.parametrize("word", ["temperature", "seed"])
async def test_changed_settings_hold_for_the_next_action(
    word: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(answer("a"), answer("b"))
        server = server_with(tmp_path, api, "")
        async with Editor.connect(server, "vscode-1.139") as editor:
            await editor.open(uri, TEXT)
            await run(editor, uri, "dola.explain")
            editor.settings["dola"] = {"sampling": {"explain": {word: 1}}}
            editor.notify("workspace/didChangeConfiguration", {"settings": None})
            await editor.until(lambda: server.configuration.client_settings)
            await run(editor, uri, "dola.explain")
            editor.take_shown()
            editor.take_messages()
        assert [request.json.get(word) for request in api.requests] == [
            0 if word == "temperature" else None,
            1,
        ]


async def test_what_the_provider_has_no_use_for_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('provider = "ark"\n[sampling]\nseed = 4\n', encoding="utf-8")
    file.chmod(0o600)
    env = {"DOLA_CONFIG": str(file), "DOLA_API_KEY": "key-0123456789"}
    configuration = create_server(env=env).configuration
    assert configuration.new_problems() == []
    for _ in range(2):
        await configuration.model()
    assert configuration.new_problems() == [
        "`sampling.seed` is not sent: it is not documented for this provider."
    ]
    assert configuration.new_problems() == []
    await configuration.close()
