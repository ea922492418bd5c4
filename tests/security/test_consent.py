"""S10: code goes to an address only after the user agreed to that, once for each folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

import dola_ls
from dola_ls.core.prompt import Prompt
from dola_ls.lsp import consent
from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.local import LocalModel
from dola_ls.model.stream import Delta, Remote
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import PROFILES, Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT

#: Those that can show a question.
ASKING = [name for name in PROFILES if not name.startswith("helix")]
REFACTOR = "dola.refactor"


def abroad(origin: str = "https://api.example:443", name: str = "coder") -> FakeModel:
    """Return a model that says that prompts go to another machine."""
    model = FakeModel(fenced(NEW))
    model.remote = Remote(origin, name, origin.removeprefix("https://").removesuffix(":443"))
    return model


class Watched(HttpModel):
    """A model at an address on another machine; what it would send is kept here."""

    def __init__(self) -> None:
        super().__init__(Endpoint("custom", "https://api.example/v1", "coder"))
        self.fake = FakeModel(fenced(NEW))

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        async for delta in self.fake.stream(prompt):
            yield delta


def server_for(tmp_path: Path, model: Any, toml: str = "", **env: str) -> DolaServer:
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    config.write_text(toml)
    env = {"DOLA_CONFIG": str(config), **env}
    return create_server(env=env, model=model, state=tmp_path / "state")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project with one file, `a.py`."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "a.py").write_text(TEXT)
    return folder


async def refactor(editor: Editor, folder: Path, file: str = "a.py") -> str:
    """Run the action to its end, and return the text of the buffer."""
    uri = await begin(editor, folder, file)
    await editor.idle()
    editor.take_edits()
    return editor.text(uri)


async def begin(editor: Editor, folder: Path, file: str = "a.py") -> str:
    uri = (folder / file).as_uri()
    if uri in editor.workspace.buffers:
        await editor.close(uri)
    await editor.open(uri, TEXT)
    await editor.run(REFACTOR, {"uri": uri, "range": editor.cursor_at(uri, "result = 0")})
    return uri


async def consents(editor: Editor, folder: Path) -> list[dict[str, Any]]:
    """Return the code actions on consent that the menu has."""
    uri = (folder / "a.py").as_uri()
    actions = await editor.code_actions(uri, editor.cursor_at(uri, "def total"))
    return [one for one in actions if command_of(one) in ("dola.consent", "dola.showPrompt")]


def command_of(action: dict[str, Any]) -> str:
    command: Any = action["command"]
    return str(command if isinstance(command, str) else command["command"])


@pytest.mark.parametrize("client", ASKING)
async def test_the_first_request_asks_and_later_ones_do_not(
    client: str, tmp_path: Path, folder: Path
) -> None:
    model = abroad()
    async with Editor.connect(server_for(tmp_path, model), client, folder=folder) as editor:
        editor.choices = ["Send"]
        assert await refactor(editor, folder) == AFTER
        [question] = editor.take_questions()
        assert question["message"] == (
            "Dola: Send code of shop to api.example (model coder)? You are asked once for each "
            "folder, address and model."
        )
        titles = [action["title"] for action in question["actions"]]
        assert titles == ["Send", "Show what would be sent", "Don't send"]
        assert await refactor(editor, folder) == AFTER
        assert editor.take_questions() == []
        assert await consents(editor, folder) == []
    # In another session neither.
    async with Editor.connect(server_for(tmp_path, abroad()), client, folder=folder) as editor:
        assert await refactor(editor, folder) == AFTER
    assert len(model.prompts) == 2


async def test_it_is_kept_for_the_user_alone_and_outside_of_the_folder(
    tmp_path: Path, folder: Path
) -> None:
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        editor.choices = ["Send"]
        await refactor(editor, folder)
        editor.take_questions()
    file = tmp_path / "state" / "consent.json"
    [grant] = json.loads(file.read_text())["grants"]
    assert grant == {
        "folder": str(folder.resolve()),
        "origin": "https://api.example:443",
        "model": "coder",
    }
    assert [path.name for path in file.parent.iterdir()] == ["consent.json"]
    assert [path.name for path in folder.iterdir()] == ["a.py"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["origin", "model", "folder"])
async def test_another_address_model_or_folder_asks_again(
    what: str, tmp_path: Path, folder: Path
) -> None:
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        editor.choices = ["Send"]
        await refactor(editor, folder)
        editor.take_questions()
    other = {
        "origin": abroad(origin="https://other.example:443"),
        "model": abroad(name="another"),
        "folder": abroad(),
    }[what]
    here = tmp_path / "second" if what == "folder" else folder
    here.mkdir(exist_ok=True)
    async with Editor.connect(server_for(tmp_path, other), folder=here) as editor:
        await refactor(editor, here)
        assert len(editor.take_questions()) == 1
        assert "Nothing was sent" in editor.take_messages()[0]
    assert other.prompts == []


async def test_a_link_to_a_folder_is_that_folder(tmp_path: Path, folder: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    for here, asked in ((folder, 1), (link, 0)):
        async with Editor.connect(server_for(tmp_path, abroad()), folder=here) as editor:
            editor.choices = ["Send"]
            assert await refactor(editor, here) == AFTER
            assert len(editor.take_questions()) == asked


@pytest.mark.parametrize("client", ASKING)
@pytest.mark.parametrize("choices", [["Don't send"], []])
async def test_a_no_or_a_closed_question_is_a_no_for_this_once(
    choices: list[str], client: str, tmp_path: Path, folder: Path
) -> None:
    model = abroad()
    async with Editor.connect(server_for(tmp_path, model), client, folder=folder) as editor:
        editor.choices = list(choices)
        assert await refactor(editor, folder) == TEXT
        assert len(editor.take_questions()) == 1
        [message] = editor.take_messages()
        assert "Nothing was sent, as you did not agree." in message
        assert "“Dola: Allow sending code of shop to api.example”" in message
        assert model.prompts == []
        allow, show = await consents(editor, folder)
        assert allow["title"] in message
        assert show["title"] == "Dola: Show what would be sent"
        editor.choices = ["Send"]
        assert await refactor(editor, folder) == AFTER
        assert len(editor.take_questions()) == 1
        assert await consents(editor, folder) == []


async def test_where_no_question_can_be_shown_a_code_action_asks(
    tmp_path: Path, folder: Path
) -> None:
    model = abroad()
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=folder) as editor:
        for _ in range(2):
            assert await refactor(editor, folder) == TEXT
            [message] = editor.take_messages()
            assert "this editor cannot ask you. Nothing was sent." in message
        # It was tried, and not again.
        assert len(editor.take_questions()) == 1
        assert model.prompts == []
        [allow, _] = await consents(editor, folder)
        assert allow["title"] == "Dola: Allow sending code of shop to api.example"
        await editor.execute(allow)
        [message] = editor.take_messages()
        assert message == (
            "You allowed to send code of shop to api.example (model coder). Run the action again."
        )
        assert await refactor(editor, folder) == AFTER
    assert len(model.prompts) == 1


async def test_what_is_offered_to_be_shown_is_what_was_not_sent(
    tmp_path: Path, folder: Path
) -> None:
    model = Watched()
    async with Editor.connect(server_for(tmp_path, model), "helix-25.01", folder=folder) as editor:
        uri = (folder / "a.py").as_uri()
        await editor.open(uri, TEXT)
        where = {"uri": uri, "range": editor.cursor_at(uri, "result = 0")}
        await editor.run("dola.instruct", {**where, "instruction": "use the canary"})
        await editor.idle()
        editor.take_messages()
        editor.take_questions()
        [_, show] = await consents(editor, folder)
        await editor.execute(show)
        await editor.idle()
        editor.take_shown()
        [page] = editor.server.pages.folder.glob("*.md")
        assert "use the canary" in page.read_text("utf-8")
    assert model.fake.prompts == []


async def test_nothing_is_listed_of_the_clients_own_accord(tmp_path: Path, folder: Path) -> None:
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        await refactor(editor, folder)
        editor.take_questions()
        editor.take_messages()
        uri = (folder / "a.py").as_uri()
        at = editor.cursor_at(uri, "result = 0")
        assert await editor.code_actions(uri, at, trigger=2) == []
        only = await editor.code_actions(uri, at, only=["refactor"])
        assert "dola.consent" not in map(command_of, only)


@pytest.mark.parametrize("client", ASKING)
async def test_what_would_be_sent_is_shown_and_then_asked_again(
    client: str, tmp_path: Path, folder: Path
) -> None:
    model = Watched()
    async with Editor.connect(server_for(tmp_path, model), client, folder=folder) as editor:
        editor.choices = ["Show what would be sent", "Send"]
        assert await refactor(editor, folder) == AFTER
        assert len(editor.take_questions()) == 2
        editor.take_shown()
        editor.take_messages()
        [page] = editor.server.pages.folder.glob("*.md")
        [prompt] = model.fake.prompts
        assert prompt.user.strip() in page.read_text("utf-8")


async def test_an_open_question_can_be_cancelled(tmp_path: Path, folder: Path) -> None:
    model = abroad()
    async with Editor.connect(server_for(tmp_path, model), folder=folder) as editor:
        held = editor.held["window/showMessageRequest"] = asyncio.Event()
        await begin(editor, folder)
        await editor.until(lambda: editor.received("window/showMessageRequest"))
        reports = await editor.until(
            lambda: [
                value
                for values in editor.progress.values()
                for value in values
                if "message" in value
            ]
        )
        assert "waiting for your consent" in [value["message"] for value in reports]
        editor.cancel_progress("dola-refactor-1")
        await editor.until(lambda: not editor.server.jobs.under_way())
        # What is pressed after that leads to nothing.
        editor.choices = ["Send"]
        held.set()
        await editor.idle()
        assert len(editor.take_questions()) == 1
        assert model.prompts == []
        assert await refactor(editor, folder) == TEXT
        assert len(editor.take_questions()) == 1
        editor.take_messages()


@pytest.mark.parametrize("way", ["close", "shutdown"])
async def test_an_open_question_does_not_outlive_its_document_or_the_session(
    way: str, tmp_path: Path, folder: Path
) -> None:
    model = abroad()
    async with Editor.connect(
        server_for(tmp_path, model), "emacs-28-eglot", folder=folder
    ) as editor:
        held = editor.held["window/showMessageRequest"] = asyncio.Event()
        uri = await begin(editor, folder)
        await editor.until(lambda: editor.received("window/showMessageRequest"))
        if way == "close":
            await editor.close(uri)
            await editor.until(lambda: not editor.server.jobs.under_way())
        else:
            await editor.server.jobs.close()
        held.set()
        await editor.idle()
        editor.take_questions()
        editor.take_messages()
    assert model.prompts == []


async def test_nothing_waits_for_ever(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "ANSWER_SECONDS", 0.05)
    model = abroad()
    async with Editor.connect(server_for(tmp_path, model), folder=folder) as editor:
        held = editor.held["window/showMessageRequest"] = asyncio.Event()
        await begin(editor, folder)
        await editor.until(lambda: editor._unread.get("message"))
        [message] = editor.take_messages()
        assert "no answer came. Nothing was sent." in message
        held.set()
        await editor.idle()
        editor.take_questions()
        assert len(await consents(editor, folder)) == 2
    assert model.prompts == []


@pytest.mark.parametrize(
    ("choice", "told", "after"),
    [
        ("Send", "You allowed to send code of shop to api.example", AFTER),
        ("Show what would be sent", "The action has ended meanwhile.", TEXT),
    ],
)
async def test_a_late_answer_is_not_for_nothing(
    choice: str,
    told: str,
    after: str,
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consent, "ANSWER_SECONDS", 0.05)
    model = abroad()
    async with Editor.connect(server_for(tmp_path, model), folder=folder) as editor:
        held = editor.held["window/showMessageRequest"] = asyncio.Event()
        editor.choices = [choice]
        await begin(editor, folder)
        await editor.until(lambda: editor._unread.get("message"))
        editor.take_messages()
        held.set()
        await editor.until(lambda: editor._unread.get("message"))
        assert told in editor.take_messages()[0]
        assert model.prompts == []
        monkeypatch.setattr(consent, "ANSWER_SECONDS", 10)
        assert await refactor(editor, folder) == after
        editor.take_questions()
        editor.take_messages()


async def test_a_document_on_no_disk_is_asked_for_too(tmp_path: Path) -> None:
    def without_folders(params: dict[str, Any]) -> None:
        params |= {"rootUri": None, "rootPath": None, "workspaceFolders": None}

    uri = "untitled:Untitled-1"
    model = abroad()
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", change=without_folders) as editor:
        await editor.open(uri, TEXT)
        await editor.run(REFACTOR, {"uri": uri, "range": editor.cursor_at(uri, "result = 0")})
        await editor.idle()
        [question] = editor.take_questions()
        assert "Send code of unsaved documents to api.example" in question["message"]
        editor.take_messages()
    assert model.prompts == []


def test_only_one_place_of_the_server_asks_a_model() -> None:
    """Consent is asked for there; what else streams passes on a call, or is the command line."""
    package = Path(dola_ls.__file__).parent
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\.stream\(prompt\)", path.read_text("utf-8"))
    }
    passing_on = {"model/ledger.py", "model/local.py"}
    assert asking == {"ask.py", "doctor.py"} | passing_on


async def test_actions_at_the_same_time_share_one_question(tmp_path: Path, folder: Path) -> None:
    model = abroad()
    (folder / "b.py").write_text(TEXT)
    async with Editor.connect(server_for(tmp_path, model), folder=folder) as editor:
        held = editor.held["window/showMessageRequest"] = asyncio.Event()
        editor.choices = ["Send"]
        uris = [await begin(editor, folder, name) for name in ("a.py", "b.py")]
        await editor.until(lambda: editor.received("window/showMessageRequest"))
        held.set()
        await editor.idle()
        assert len(editor.take_questions()) == 1
        assert [editor.text(uri) for uri in uris] == [AFTER, AFTER]
        editor.take_edits()


async def test_what_stays_on_this_machine_needs_no_consent(tmp_path: Path, folder: Path) -> None:
    async with FakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        where = {"DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "fake", "DOLA_PROVIDER": "custom"}
        server = server_for(tmp_path, None, **where)
        async with Editor.connect(server, folder=folder) as editor:
            assert await refactor(editor, folder) == AFTER
            assert editor.take_questions() == []


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("https://api.example/v1", True),
        ("https://10.0.0.7:8443/v1", True),
        ("https://localhost.example/v1", True),
        ("http://127.0.0.1:8000/v1", False),
        ("http://[::1]:8000/v1", False),
        ("https://localhost/v1", False),
    ],
)
def test_only_this_machine_counts_as_this_machine(url: str, leaves: bool) -> None:
    remote = HttpModel(Endpoint("custom", url, "coder")).remote
    assert (remote is not None) is leaves
    assert LocalModel(Path("/nowhere/model.gguf")).remote is None


@pytest.mark.parametrize(
    ("toml", "env"),
    [("", {"DOLA_CONSENT": "always"}), ('[privacy]\nconsent = "always"\n', {})],
)
async def test_the_user_can_switch_the_question_off(
    toml: str, env: dict[str, str], tmp_path: Path, folder: Path
) -> None:
    server = server_for(tmp_path, abroad(), toml, **env)
    async with Editor.connect(server, folder=folder) as editor:
        assert await refactor(editor, folder) == AFTER
        assert editor.take_questions() == []
    assert not (tmp_path / "state" / "consent.json").exists()


@pytest.mark.parametrize(
    "shape", [{"privacy": {"consent": "always"}}, {"privacy.consent": "always"}]
)
async def test_no_editor_setting_can_switch_it_off(
    shape: dict[str, Any], tmp_path: Path, folder: Path
) -> None:
    model = abroad()
    server = server_for(tmp_path, model)
    async with Editor.connect(
        server, folder=folder, options=shape, settings={"dola": shape}
    ) as editor:
        assert await refactor(editor, folder) == TEXT
        assert len(editor.take_questions()) == 1
        told = " ".join(editor.take_messages())
        assert "`privacy.consent` from the editor's settings: ignored" in told
    assert model.prompts == []


async def test_consent_can_be_withdrawn(tmp_path: Path, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        editor.choices = ["Send"]
        await refactor(editor, folder)
        editor.take_questions()
        await editor.run("dola.consent", {"allow": False, "uri": uri})
        [message] = editor.take_messages()
        assert message == "Code of shop is not sent any more until you agree again."
        await editor.run("dola.consent", {"allow": False, "uri": uri})
        assert editor.take_messages() == ["There was no consent to withdraw for shop."]
        assert await refactor(editor, folder) == TEXT
        assert len(editor.take_questions()) == 1
        editor.take_messages()


async def test_what_is_withdrawn_elsewhere_holds_here_at_once(tmp_path: Path, folder: Path) -> None:
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        editor.choices = ["Send"]
        await refactor(editor, folder)
        (tmp_path / "state" / "consent.json").unlink()
        assert await refactor(editor, folder) == TEXT
        assert len(editor.take_questions()) == 2
        editor.take_messages()


async def test_consent_can_be_given_before_an_action(tmp_path: Path, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        await editor.run("dola.consent", {"allow": True, "uri": uri})
        [message] = editor.take_messages()
        assert "You allowed to send code of shop to api.example" in message
        assert await refactor(editor, folder) == AFTER
        assert editor.take_questions() == []


async def test_consent_is_for_what_the_title_said(tmp_path: Path, folder: Path) -> None:
    model = abroad()
    async with Editor.connect(server_for(tmp_path, model), "helix-25.01", folder=folder) as editor:
        await refactor(editor, folder)
        [allow, _] = await consents(editor, folder)
        model.remote = Remote("https://other.example:443", "coder", "other.example")
        await refactor(editor, folder)
        editor.take_messages()
        editor.take_questions()
        await editor.execute(allow)
        [message] = editor.take_messages()
        assert "nothing was allowed" in message
        assert await refactor(editor, folder) == TEXT
        editor.take_messages()


@pytest.mark.parametrize(
    "argument", [None, {}, {"allow": "yes", "uri": "file:///a"}, {"allow": True}]
)
async def test_wrong_arguments_allow_nothing(argument: Any, tmp_path: Path, folder: Path) -> None:
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        await editor.run("dola.consent", *([] if argument is None else [argument]))
        [message] = editor.take_messages()
        assert "dola.consent was not run" in message
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b'{"version": 1, "grants": [7, {"folder": 1}]}', b'{"version": 1}'],
)
async def test_a_broken_file_allows_nothing_and_is_replaced(
    content: bytes, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "consent.json").write_bytes(content)
    for asked in (1, 0):
        async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
            editor.choices = ["Send"]
            assert await refactor(editor, folder) == AFTER
            assert len(editor.take_questions()) == asked


async def test_where_nothing_can_be_kept_it_holds_for_the_session(
    tmp_path: Path, folder: Path
) -> None:
    newer = '{"version": 2, "grants": []}'
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "consent.json").write_text(newer)
    async with Editor.connect(server_for(tmp_path, abroad()), folder=folder) as editor:
        editor.choices = ["Send"]
        for asked in (1, 0):
            assert await refactor(editor, folder) == AFTER
            assert len(editor.take_questions()) == asked
    assert (tmp_path / "state" / "consent.json").read_text() == newer
