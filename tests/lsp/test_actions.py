"""The actions from the menu to the buffer, in every recorded editor, with a scripted model."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls.model.errors import Facts, OutOfCredit
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.fakes.raw import RequestFailed
from tests.lsp.shop import AFTER, NEW, TEXT, chosen, path_of, server_with


async def test_what_is_offered(profile: str, tmp_path: Path, uri: str) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        await editor.open(uri, TEXT)
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
        assert [(a["title"], a["kind"]) for a in actions] == [
            ("Dola: Refactor total", "refactor.rewrite.dola"),
            ("Dola: Explain total", "dola.explain"),
            ("Dola: Document total", "refactor.rewrite.dola"),
            ("Dola: Generate tests for total", "dola.tests"),
        ]
        assert all("isPreferred" not in action for action in actions)
        offered = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"), only=["dola"])
        assert len(offered) == 2
        assert await editor.code_actions(uri, editor.cursor_at(uri, "result"), trigger=2) == []
        assert await editor.code_actions(uri, editor.cursor_at(uri, "import")) == []
        selection = editor.range_of(uri, "result = 0\n    for")
        titles = [a["title"] for a in await editor.code_actions(uri, selection)]
        assert titles[0] == "Dola: Refactor lines 5-6"
        assert "resolveProvider" not in editor.initialized["capabilities"]["codeActionProvider"]


async def test_a_refactor(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        result = await editor.execute(await chosen(editor, uri, "dola.refactor"))
        assert result is None
        await editor.idle()
        assert editor.text(uri) == AFTER
        [edit] = editor.take_edits()
        assert edit["label"] == "Dola: Refactor total"
        changes = edit["edit"].get("documentChanges")
        if changes is None:
            assert list(edit["edit"]["changes"]) == [uri]
        else:
            assert changes[0]["textDocument"] == {
                "uri": uri,
                "version": 1 if profile[0] != "n" else 0,
            } or (changes[0]["textDocument"]["uri"] == uri)
        if editor.progress:
            [(token, values)] = editor.progress.items()
            assert str(token).startswith("dola-refactor-")
            assert values[0]["title"] == "Dola: Refactor total"
            assert values[0]["cancellable"] is True
            assert values[-1]["kind"] == "end"
    assert model.closed == 1


async def test_an_edit_while_the_model_answers(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await model.half_way.wait()
        await editor.type(uri, "import os", "import os\nimport sys  # 😀")
        await editor.type(uri, "* 2", "* 3")
        model.go.set()
        await editor.idle()
        editor.take_edits()
        assert editor.text(uri) == AFTER.replace(
            "import os", "import os\nimport sys  # 😀"
        ).replace("* 2", "* 3")


async def test_a_change_to_the_same_lines_keeps_the_answer(
    profile: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(NEW))
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await model.half_way.wait()
        await editor.type(uri, "result = 0", "result = 100")
        model.go.set()
        await editor.idle()
        typed = TEXT.replace("result = 0", "result = 100")
        assert editor.text(uri) == typed
        [message] = editor.take_messages()
        assert "Nothing was applied" in message
        assert editor.take_edits() == []

        # The proposal cannot be applied over the change, but shown, retried and discarded.
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 100"))
        titles = {a["title"].split(" (")[0]: a for a in actions}
        assert "Dola: Apply proposed edit" not in titles
        await editor.execute(titles["Dola: Show proposed edit"])
        await editor.idle()
        shown = editor.take_shown() or editor.take_messages()
        assert len(shown) == 1
        await editor.execute(titles["Dola: Discard proposed edit"])
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 100"))
        assert len(actions) == 4


async def test_review_applies_only_when_told(profile: str, tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, FakeModel(fenced(NEW)), DOLA_APPLY="review")
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        assert editor.text(uri) == TEXT
        assert len(editor.take_messages()) == 1
        await editor.type(uri, "import os", "import sys")
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
        apply = next(a for a in actions if a["title"].startswith("Dola: Apply proposed edit"))
        await editor.execute(apply)
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert editor.text(uri) == AFTER.replace("import os", "import sys")
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "return sum"))
        assert len(actions) == 4


async def test_an_explanation(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel("It **adds** up. <img src=//evil.example>")
    server = server_with(tmp_path, model)
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.explain"))
        await editor.idle()
        if server.client.show_document:
            [shown] = editor.take_shown()
            page = path_of(shown["uri"])
        else:
            [message] = editor.take_messages()
            page = Path(message.rpartition(" ")[2])
        assert "\n\nIt **adds** up. &lt;img src=[//]evil.example>\n" in page.read_text()
        assert page.stat().st_mode & 0o077 == 0
        assert page.parent.stat().st_mode & 0o077 == 0
        assert editor.text(uri) == TEXT
    assert not page.exists()


async def test_new_tests(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("def test_total():\n    assert total([1, 2]) == 3"))
    server = server_with(tmp_path, model)
    folder = path_of(uri).parent
    async with Editor.connect(server, profile, folder=folder) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.generateTests"))
        await editor.idle()
        expected = "from a import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
        target = folder / "tests" / "test_a.py"
        if server.client.create_files:
            [edit] = editor.take_edits()
            create, fill = edit["edit"]["documentChanges"]
            assert create == {"kind": "create", "uri": target.as_uri()}
            assert fill["textDocument"] == {"uri": target.as_uri(), "version": None}
            assert fill["edits"][0]["newText"] == expected
        else:
            assert target.read_text() == expected
        assert (len(editor.take_shown()) == 1) == server.client.show_document
        # Where the file has opened, that says it all.
        assert editor.take_messages() == (
            []
            if server.client.show_document
            else ["Generate tests for total: test_a.py was created."]
        )
        assert editor.text(uri) == TEXT


@pytest.mark.parametrize("how", ["progress", "command", "token", "request", "close"])
async def test_cancelling(how: str, profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    model.go.clear()
    server = server_with(tmp_path, model)
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        action = await chosen(editor, uri, "dola.refactor")
        command = {"command": "dola.refactor", "arguments": action["command"]["arguments"]}
        number, answer = editor.begin("workspace/executeCommand", command)
        assert (await answer)["result"] is None
        await model.half_way.wait()
        if how == "progress" and not server.client.work_done_progress:
            how = "command"
        if how == "progress":
            token = await editor.until(lambda: next(iter(editor.progress), None))
            editor.cancel_progress(token)
        elif how == "command":
            await editor.run("dola.cancel")
        elif how == "token":
            actions = await editor.code_actions(uri, editor.cursor_at(uri, "import os"))
            [cancel] = [a for a in actions if a["command"]["command"] == "dola.cancel"]
            assert cancel["title"] == "Dola: Cancel Refactor total"
            await editor.execute(cancel)
        elif how == "request":
            editor.notify("$/cancelRequest", {"id": number})
        else:
            await editor.close(uri)
        await editor.idle()
        assert model.closed == 1
        assert editor.take_edits() == []
        if how != "close":
            assert editor.text(uri) == TEXT
        assert all(values[-1]["kind"] == "end" for values in editor.progress.values())


async def test_shutdown_stops_what_is_under_way(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    model.go.clear()

    async def session() -> None:
        async with Editor.connect(server_with(tmp_path, model), "emacs-28-eglot") as editor:
            await editor.open(uri, TEXT)
            await editor.execute(await chosen(editor, uri, "dola.refactor"))
            await model.half_way.wait()
            await editor.request("shutdown")
            assert model.closed == 1
            assert editor.text(uri) == TEXT

    # At its end the editor asks for `shutdown` again, which the server must not take twice.
    with pytest.raises(RequestFailed, match="-32600"):
        await session()


async def test_no_model_says_what_to_do(profile: str, tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, None, DOLA_PROVIDER="aimlapi", HOME=str(tmp_path))
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert "DOLA_API_KEY" in message
        assert "dola-ls local install" in message
        assert editor.text(uri) == TEXT


async def test_a_fault_of_the_model_is_told(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(OutOfCredit(Facts(host="api.example", status=403)), fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert message.startswith("Refactor total: api.example refused the request (403)")
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        assert editor.text(uri) == AFTER
        editor.take_edits()


async def test_a_fault_inside_is_told_and_the_server_goes_on(tmp_path: Path, uri: str) -> None:
    def broken(_: object) -> str:
        raise RuntimeError("secret detail")

    model = FakeModel(broken, fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "neovim-0.11") as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert "Something went wrong inside dola-ls" in message
        assert "secret" not in message
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        assert editor.text(uri) == AFTER
        editor.take_edits()


async def test_several_actions_at_once(tmp_path: Path, uri: str) -> None:
    model = FakeModel(
        lambda prompt: fenced(
            NEW
            if "def total(items)" in prompt.user.split("Region")[1]
            else ("def tax(value):\n    return 2 * value\n")
        )
    )
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.execute(await chosen(editor, uri, "dola.refactor", "return value"))
        await editor.until(lambda: len(model.prompts) == 2)
        model.go.set()
        await editor.idle()
        editor.take_edits()
        assert editor.text(uri) == AFTER.replace("return value * 2", "return 2 * value")


async def test_receipts_come_only_when_asked_for(tmp_path: Path, uri: str) -> None:
    for options, count in (({}, 0), ({"dola": {"receipts": True}}, 1)):
        model = FakeModel(fenced(NEW))
        server = server_with(tmp_path, model)
        async with Editor.connect(server, "vscode-1.139", options=options) as editor:
            await editor.open(uri, TEXT)
            await editor.execute(await chosen(editor, uri, "dola.refactor"))
            await editor.idle()
            editor.take_edits()
            received = editor.received("telemetry/event")
            assert len(received) == count
            if received:
                event = received[0]["params"]
                assert event["action"] == "refactor"
                assert event["outcome"] == "edited"
                assert event["promptTokens"] == 100
