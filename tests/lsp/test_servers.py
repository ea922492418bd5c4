"""An edit and an explanation with every kind of server, from its recorded replies."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls.lsp.server import DolaServer
from tests.fakes.api import FakeApi
from tests.fakes.editor import Editor
from tests.lsp.shop import server_with
from tests.model.test_dialects import KINDS, REFUSED, recorded

BEFORE = "def add(a, b):\n    total = a + b\n    return total\n"
AFTER = "def add(a, b):\n    return a + b\n"


def server_at(api: FakeApi, tmp_path: Path) -> DolaServer:
    env = {"DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "usual", "DOLA_API_KEY": "key-0123456789"}
    return server_with(tmp_path, None, **env)


async def refactor(editor: Editor, uri: str) -> None:
    await editor.open(uri, BEFORE)
    await editor.run("dola.refactor", {"uri": uri, "range": editor.cursor_at(uri, "total")})
    await editor.idle()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_becomes_an_edit_and_what_it_took_is_told(
    kind: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        api.enqueue(recorded(kind, "200.sse"))
        await refactor(editor, uri)
        assert editor.text(uri) == AFTER
        editor.take_edits()
        figures = editor.server.ledger.session
        assert (figures.calls, figures.prompt_tokens, figures.completion_tokens) == (1, 39, 62)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_breaks_off_with_an_error_changes_nothing(
    kind: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        api.enqueue(recorded(kind, "200-error.sse"))
        await refactor(editor, uri)
        assert editor.text(uri) == BEFORE
        [message] = editor.take_messages()
        assert "Nothing was changed." in message
        assert len(api.requests) == 1


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_field_that_is_refused_costs_the_user_nothing(
    kind: str, tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        # What a server refuses that is not sent unasked is asked for here.
        options = {"sampling": {"refactor": {"reasoning_effort": "low"}}}
        async with Editor.connect(server_at(api, tmp_path), options=options) as editor:
            api.enqueue(recorded(kind, "400-unknown-field.json"), recorded(kind, "200.sse"))
            await refactor(editor, uri)
            assert editor.text(uri) == AFTER
            editor.take_edits()
            assert editor.take_messages() == []
            assert editor.server.ledger.session.calls == 1
        assert [REFUSED[kind] in request.json for request in api.requests] == [True, False]
