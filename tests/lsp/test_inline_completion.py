"""`textDocument/inlineCompletion`, in the editors that declare it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.model.errors import CutOff, Facts, ModelError
from dola_ls.model.local import LocalModel
from dola_ls.model.prices import Price, Terms
from dola_ls.model.stream import Remote
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import Editor, load_profile
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import path_of

TEXT = "import os\n\n\ndef total(items):\n    return \n\n\nprint(total())\n"
BEHIND = "    return "
#: VS Code 1.139 declares it. Neovim 0.12 does; its 0.11 with that much added stands for it.
CLIENTS = ("vscode-1.139", "neovim-0.11")


def declares(params: dict[str, Any]) -> None:
    params["capabilities"]["textDocument"]["inlineCompletion"] = {"dynamicRegistration": False}


def server_with(folder: Path, model: FakeModel | None, config: str = "", **env: str) -> DolaServer:
    file = folder / "config.toml"
    file.write_text(config)
    file.chmod(0o600)
    return create_server(env={"DOLA_CONFIG": str(file), **env}, model=model, state=folder / "state")


def connected(server: DolaServer, client: str = "vscode-1.139", **more: Any) -> Any:
    return Editor.connect(server, client, change=declares, **more)


def applied(editor: Editor, uri: str, item: dict[str, Any]) -> str:
    """Return the text of a buffer with a completion taken."""
    buffer = editor.buffer(uri)
    start, end = buffer.span(item["range"])
    return buffer.text[:start] + item["insertText"] + buffer.text[end:]


class Filling(FakeModel):
    """A model that fills gaps, as the embedded engine does."""

    fills = True


def test_which_of_the_recorded_editors_declare_it() -> None:
    declared = {
        name: "inlineCompletion" in load_profile(name)["capabilities"]["textDocument"]
        for name in ("vscode-1.139", "neovim-0.11", "helix-25.01", "emacs-28-eglot")
    }
    assert [name for name, does in declared.items() if does] == ["vscode-1.139"]


async def test_it_is_announced_where_it_is_declared(profile: str, tmp_path: Path) -> None:
    server = server_with(tmp_path, FakeModel(""))
    async with Editor.connect(server, profile) as editor:
        announced = editor.initialized["capabilities"]
        assert ("inlineCompletionProvider" in announced) is (profile == "vscode-1.139")
        # The menu of completions is other servers' business.
        assert "completionProvider" not in announced


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_chat_model_completes_the_line(client: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("    return sum(items)"))
    async with connected(server_with(tmp_path, model), client) as editor:
        assert "inlineCompletionProvider" in editor.initialized["capabilities"]
        await editor.open(uri, TEXT)
        [item] = await editor.complete(uri, BEHIND)
        assert item["insertText"] == "sum(items)"
        assert applied(editor, uri, item) == TEXT.replace("return ", "return sum(items)")
        # Plain text, and nothing runs when it is taken.
        assert set(item) == {"insertText", "range"}
        await editor.idle()
        assert editor.progress == {}
        assert editor.take_edits() == []
    [prompt] = model.prompts
    assert "return <|cursor|>\n" in prompt.user
    assert prompt.fill is None


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_model_that_fills_gaps_is_given_the_gap(
    client: str, tmp_path: Path, uri: str
) -> None:
    model = Filling("sum(\n        items\n    )\n\n\ndef other():\n    pass\n")
    text = TEXT.replace("\n", "\r\n")
    async with connected(server_with(tmp_path, model), client) as editor:
        await editor.open(uri, text)
        [item] = await editor.complete(uri, BEHIND)
        assert item["insertText"] == "sum(\r\n        items\r\n    )"
    [prompt] = model.prompts
    assert prompt.fill is not None
    assert prompt.fill.prefix == TEXT[: TEXT.index("return ") + 7]
    assert prompt.fill.suffix == "\n\n\nprint(total())\n"
    # What comes behind the block is not waited for.
    assert model.closed == 1


async def test_an_editor_that_asks_by_itself_is_answered_only_if_the_user_wants(
    tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced("sum(items)"))
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        assert await editor.complete(uri, BEHIND, trigger=2) == []
        await editor.idle()
    assert model.prompts == []
    wanted = "[completion]\nautomatic = true\ndebounce_ms = 0\n"
    async with connected(server_with(tmp_path, model, wanted)) as editor:
        await editor.open(uri, TEXT)
        [item] = await editor.complete(uri, BEHIND, trigger=2)
        assert item["insertText"] == "sum(items)"


async def test_a_pause_comes_before_an_automatic_one(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    wanted = "[completion]\nautomatic = true\ndebounce_ms = 10000\n"
    async with connected(server_with(tmp_path, model, wanted)) as editor:
        await editor.open(uri, TEXT)
        _, first = editor.ask_to_complete(uri, BEHIND, trigger=2)
        await editor.type(uri, "return ", "return s")
        assert (await asyncio.wait_for(first, 5))["result"] == []
        assert model.prompts == []
        # Whoever asks need not wait.
        assert len(await editor.complete(uri, "return ", trigger=1)) == 1


@pytest.mark.parametrize("settings", [{"enabled": False}, {"max_lines": 1}, {"automatic": True}])
async def test_what_the_editor_may_set(settings: dict[str, Any], tmp_path: Path, uri: str) -> None:
    """A project's own settings reach the server too, and must not have code sent unasked."""
    model = Filling("max(\n        items\n    )")
    async with connected(server_with(tmp_path, model), options={"completion": settings}) as editor:
        await editor.open(uri, TEXT)
        found = await editor.complete(uri, BEHIND)
        if "automatic" in settings:
            model.prompts.clear()
            assert await editor.complete(uri, "import os", trigger=2) == []
            assert model.prompts == []
            [message] = editor.take_messages()
            assert "`completion.automatic` from the editor's settings: ignored" in message
        elif "enabled" in settings:
            assert found == []
        else:
            assert [item["insertText"] for item in found] == ["max("]


async def test_typing_ends_it(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.go.clear()
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        _, answered = editor.ask_to_complete(uri, BEHIND)
        await model.half_way.wait()
        await editor.type(uri, "return ", "return x")
        assert (await asyncio.wait_for(answered, 5))["result"] == []
        await editor.idle()
        assert model.closed == 1


async def test_typing_elsewhere_leaves_it(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.go.clear()
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        await editor.open("file:///elsewhere/b.py", TEXT)
        _, answered = editor.ask_to_complete(uri, BEHIND)
        await model.half_way.wait()
        await editor.type("file:///elsewhere/b.py", "return ", "return x")
        model.go.set()
        [item] = (await asyncio.wait_for(answered, 5))["result"]
        assert item["insertText"] == "sum(items)"


async def test_a_newer_one_ends_an_older_one(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.go.clear()
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        _, older = editor.ask_to_complete(uri, BEHIND)
        await model.half_way.wait()
        _, newer = editor.ask_to_complete(uri, "print(", trigger=1)
        assert (await asyncio.wait_for(older, 5))["result"] == []
        model.go.set()
        [item] = (await asyncio.wait_for(newer, 5))["result"]
        assert item["insertText"] == "sum(items)"


async def test_the_client_takes_it_back(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.go.clear()
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        number, answered = editor.ask_to_complete(uri, BEHIND)
        await model.half_way.wait()
        editor.notify("$/cancelRequest", {"id": number})
        assert (await asyncio.wait_for(answered, 5))["error"]["code"] == -32800
        await editor.idle()
        assert model.closed == 1
        model.go.set()
        assert len(await editor.complete(uri, BEHIND)) == 1


@pytest.mark.parametrize("how", ["close", "leave"])
async def test_it_ends_with_the_document_and_with_the_session(
    how: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.go.clear()
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        _, answered = editor.ask_to_complete(uri, BEHIND)
        await model.half_way.wait()
        if how == "close":
            await editor.close(uri)
        else:
            await editor.server.close()
        assert (await asyncio.wait_for(answered, 5))["result"] == []
    assert model.closed == 1


async def test_cancelling_closes_the_connection(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        api.enqueue(answer("x" * 4000, size=1, delay=0.01))
        env = {
            "DOLA_PROVIDER": "custom",
            "DOLA_BASE_URL": api.base_url,
            "DOLA_MODEL": "large",
            "DOLA_FAST_MODEL": "small",
        }
        async with connected(server_with(tmp_path, None, **env)) as editor:
            await editor.open(uri, TEXT)
            _, answered = editor.ask_to_complete(uri, BEHIND)
            request = await api.arrived()
            await editor.type(uri, "return ", "return x")
            await asyncio.wait_for(request.over.wait(), 5)
            assert request.aborted
            assert (await asyncio.wait_for(answered, 5))["result"] == []
            await editor.idle()
        # The model for cheap work.
        assert request.json["model"] == "small"


async def test_what_was_given_is_given_again_and_gone_on_with(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"), fenced("other"))
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        for _ in range(2):
            [item] = await editor.complete(uri, BEHIND)
            assert item["insertText"] == "sum(items)"
        await editor.type(uri, "return ", "return sum(")
        [item] = await editor.complete(uri, "return sum(")
        assert item["insertText"] == "items)"
        assert len(model.prompts) == 1
        await editor.type(uri, "return sum(", "return max(")
        [item] = await editor.complete(uri, "return max(")
        assert item["insertText"] == "other"
        assert len(model.prompts) == 2


async def test_what_the_menu_has_selected_is_gone_on_with(tmp_path: Path, uri: str) -> None:
    model = Filling("(items)\n")
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT.replace("return ", "return su"))
        range_ = editor.range_of(uri, "su")
        selected = {"range": range_, "text": "sum"}
        [item] = await editor.complete(uri, "return su", selected=selected)
        assert (item["insertText"], item["range"]) == ("sum(items)", range_)
        # One that is not where the cursor is says nothing.
        elsewhere = {"range": editor.range_of(uri, "os"), "text": "sys"}
        [item] = await editor.complete(uri, "return su", selected=elsewhere)
        assert item["insertText"] == "(items)"
    assert model.prompts[0].fill is not None
    assert model.prompts[0].fill.prefix.endswith("return sum")


@pytest.mark.parametrize(
    "said",
    [
        "CANNOT: nothing to complete",
        "You could return the sum of the items here.",
        "Sure, here is the rest of your line!",
        "",
        fenced("a") + "\nor\n" + fenced("b"),
        "<think>What does the user want",
        fenced("sum(items)  # \u202eabc"),
        fenced("sum(items)\0"),
    ],
)
async def test_what_is_no_code_is_not_inserted(said: str, tmp_path: Path, uri: str) -> None:
    async with connected(server_with(tmp_path, FakeModel(said))) as editor:
        await editor.open(uri, TEXT)
        assert await editor.complete(uri, BEHIND) == []
        await editor.idle()
        assert editor.take_messages() == []


async def test_what_begins_at_the_left_edge_is_put_in_its_column(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("result = sum(items)\nreturn result"))
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, "def total(items):\n    \n")
        [item] = await editor.complete(uri, ":\n    ")
        assert item["insertText"] == "result = sum(items)\n    return result"


async def test_bare_code_is_taken(tmp_path: Path, uri: str) -> None:
    async with connected(server_with(tmp_path, FakeModel("sum(items)\n"))) as editor:
        await editor.open(uri, TEXT)
        [item] = await editor.complete(uri, BEHIND)
        assert item["insertText"] == "sum(items)"


async def test_an_answer_that_was_cut_off_is_not_inserted(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"), ended=False)
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        assert await editor.complete(uri, BEHIND) == []


async def test_of_an_answer_that_is_too_long_the_whole_lines_are_kept(
    tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(answer("```python\nsum(\n        items,\n        start=", finish="length"))
        env = {"DOLA_PROVIDER": "custom", "DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "m"}
        async with connected(server_with(tmp_path, None, **env)) as editor:
            await editor.open(uri, TEXT)
            [item] = await editor.complete(uri, BEHIND)
            assert item["insertText"] == "sum(\n        items,"


async def test_an_answer_that_is_all_thinking_is_told(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        api.enqueue(answer("", reasoning="What may they want?", finish="length"))
        env = {"DOLA_PROVIDER": "custom", "DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "m"}
        async with connected(server_with(tmp_path, None, **env)) as editor:
            await editor.open(uri, TEXT)
            assert await editor.complete(uri, BEHIND) == []
            assert len(editor.take_messages()) == 1


async def test_what_fails_is_told_once_of_each_kind(tmp_path: Path, uri: str) -> None:
    faults: list[ModelError] = [CutOff(Facts(host="h", model="m"))] * 3
    async with connected(server_with(tmp_path, FakeModel(*faults))) as editor:
        await editor.open(uri, TEXT)
        for _ in range(3):
            assert await editor.complete(uri, BEHIND) == []
        [message] = editor.take_messages()
        assert message.startswith("Completion: ")


async def test_a_fault_of_the_server_is_told_without_its_text(
    tmp_path: Path, uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(prompt: Prompt) -> str:
        raise ValueError("secret code")

    async with connected(server_with(tmp_path, FakeModel(broken))) as editor:
        await editor.open(uri, TEXT)
        assert await editor.complete(uri, BEHIND) == []
        assert editor.take_messages() == [
            "Completion: Something went wrong inside dola-ls; its log says more."
        ]


async def test_without_consent_nothing_is_asked_and_it_is_said_once_where_to_agree(
    tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.remote = Remote("https://api.example:443", "small", "api.example")
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        for _ in range(3):
            assert await editor.complete(uri, BEHIND) == []
        assert model.prompts == []
        assert editor.take_questions() == []
        [message] = editor.take_messages()
        assert "“Dola: Allow sending code of shop to api.example”" in message
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "def total"))
        # Beside it stands what shows the request, as that of a completion.
        show = next(a for a in actions if a["title"] == "Dola: Show what would be sent")
        assert show["command"]["arguments"][0]["action"] == "dola.complete"
        allow = next(a for a in actions if a["title"].startswith("Dola: Allow sending code"))
        await editor.execute(allow)
        editor.take_messages()
        assert len(await editor.complete(uri, BEHIND)) == 1


@pytest.mark.parametrize("local", [False, True])
async def test_what_would_be_sent_can_be_seen(local: bool, tmp_path: Path, uri: str) -> None:
    env = {
        "DOLA_PROVIDER": "custom",
        "DOLA_BASE_URL": "https://api.example/v1",
        "DOLA_MODEL": "large",
        "DOLA_FAST_MODEL": "small",
    }
    model = LocalModel(tmp_path / "own.gguf") if local else None
    async with connected(server_with(tmp_path, cast(Any, model), **env)) as editor:
        await editor.open(uri, TEXT)
        at = editor.range_of(uri, BEHIND)["end"]
        range_ = {"start": at, "end": at}
        await editor.run(
            "dola.showPrompt", {"action": "dola.complete", "uri": uri, "range": range_}
        )
        await editor.idle()
        [shown] = editor.take_shown()
        page = path_of(shown["uri"]).read_text()
        if local:
            assert "Nothing leaves this machine" in page
            assert "input_prefix" in page
        else:
            assert "POST https://api.example/v1/chat/completions" in page
            assert '"model": "small"' in page
            assert "<|cursor|>" in page
        assert "Complete line 5" in page
        assert "goes back to the model" not in page


async def test_an_untrusted_workspace_has_none(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    server = server_with(tmp_path, model)
    async with connected(server, options={"workspaceTrusted": False}) as editor:
        await editor.open(uri, TEXT)
        for _ in range(2):
            assert await editor.complete(uri, BEHIND) == []
        [message] = editor.take_messages()
        assert "is not trusted" in message
    assert model.prompts == []


def ignored(folder: Path) -> str:
    (folder / ".aiignore").write_text("a.py\n")
    return TEXT


def secret(folder: Path) -> str:
    return TEXT.replace("import os", f'KEY = "ghp_{"a1B2" * 9}"')


@pytest.mark.parametrize(
    ("given", "words"), [(ignored, "a.py is kept back"), (secret, "looks like")]
)
async def test_what_must_not_leave_does_not(
    given: Callable[[Path], str], words: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced("sum(items)"))
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, given(tmp_path / "shop"))
        for _ in range(2):
            assert await editor.complete(uri, BEHIND) == []
        [message] = editor.take_messages()
        assert words in message
    assert model.prompts == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("session_usd = 0.0001", "the limit for one session"),
        ("ask_above_usd = 0.0001", "may cost up to"),
    ],
)
async def test_the_limits_hold_and_nobody_is_asked(
    limits: str, words: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced("sum(items)"))
    model.terms = Terms(Price(10.0, 10.0))
    async with connected(server_with(tmp_path, model, f"[limits]\n{limits}\n")) as editor:
        await editor.open(uri, TEXT)
        assert await editor.complete(uri, BEHIND) == []
        [message] = editor.take_messages()
        assert words in message
        assert editor.take_questions() == []
    assert model.prompts == []


async def test_it_is_counted_in_the_session_and_told_nowhere_else(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    async with connected(server_with(tmp_path, model), options={"receipts": True}) as editor:
        await editor.open(uri, TEXT)
        await editor.complete(uri, BEHIND)
        await editor.idle()
        assert editor.received("telemetry/event") == []
        await editor.run("dola.status")
        [message] = editor.take_messages()
        assert "1 answer (complete 1)" in message


class Loading(Filling):
    """A model that has to be loaded first, as the embedded engine has."""

    def __init__(self, *answers: Any) -> None:
        super().__init__(*answers)
        self.loads = 0
        self.loaded = asyncio.Event()
        self.fault: ModelError | None = None

    async def load(self) -> None:
        self.loads += 1
        await self.loaded.wait()
        if self.fault is not None:
            raise self.fault


async def test_typing_does_not_start_the_engine_anew(tmp_path: Path, uri: str) -> None:
    model = Loading("sum(items)\n")
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        for old, new in (("return ", "return  "), ("return  ", "return ")):
            _, answered = editor.ask_to_complete(uri, old)
            await editor.until(lambda: model.loads)
            await editor.type(uri, old, new)
            assert (await asyncio.wait_for(answered, 5))["result"] == []
        assert model.loads == 1
        _, answered = editor.ask_to_complete(uri, BEHIND)
        model.loaded.set()
        [item] = (await asyncio.wait_for(answered, 5))["result"]
        assert item["insertText"] == "sum(items)"


async def test_an_engine_that_does_not_start_is_told_once(tmp_path: Path, uri: str) -> None:
    model = Loading("sum(items)\n")
    model.fault = ModelError("The local model could not be loaded.")
    model.loaded.set()
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        for _ in range(2):
            assert await editor.complete(uri, BEHIND) == []
        assert editor.take_messages() == ["Completion: The local model could not be loaded."]
    assert model.prompts == []


async def test_loading_ends_with_the_session(tmp_path: Path, uri: str) -> None:
    model = Loading("sum(items)\n")
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        _, answered = editor.ask_to_complete(uri, BEHIND)
        await editor.until(lambda: model.loads)
        await editor.server.close()
        assert (await asyncio.wait_for(answered, 5))["result"] == []


async def test_a_cell_is_completed_with_the_cells_before_it(tmp_path: Path) -> None:
    model = Filling("total(frame)\n")
    uri = (tmp_path / "trip.ipynb").as_uri()
    async with connected(server_with(tmp_path, model)) as editor:
        cells = await editor.open_notebook(
            uri,
            ("markdown", "# Words"),
            ("python", "def total(frame): ...\n"),
            ("python", "x = "),
            ("python", "y = 1\n"),
        )
        [item] = await editor.complete(cells[2], "x = ")
        assert item["insertText"] == "total(frame)"
    assert model.prompts[0].fill is not None
    assert model.prompts[0].fill.prefix == "def total(frame): ...\n\nx = "


async def test_where_there_is_nothing_to_complete(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced("sum(items)"))
    async with connected(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": 99, "character": 3},
            "context": {"triggerKind": 1},
        }
        assert await editor.request("textDocument/inlineCompletion", params) == []
        params["textDocument"] = {"uri": "file:///not/open.py"}
        assert await editor.request("textDocument/inlineCompletion", params) == []
        await editor.open("file:///x.bin", "a\0b", "plaintext")
        assert await editor.complete("file:///x.bin", "b") == []
    assert model.prompts == []


async def test_an_empty_document_may_be_begun(tmp_path: Path) -> None:
    uri = (tmp_path / "new.py").as_uri()
    async with connected(server_with(tmp_path, FakeModel(fenced("import os")))) as editor:
        await editor.open(uri, "")
        [item] = await editor.complete(uri, "")
        assert item["insertText"] == "import os"
