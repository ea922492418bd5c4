"""Code of other files in the request of an action, through the whole server."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from dola_ls import indexing
from dola_ls.core.prompt import Prompt
from dola_ls.lsp import surveying
from dola_ls.lsp.server import DolaServer
from tests.context.test_gathering import FILES, USER
from tests.context.test_indexing import project
from tests.core.test_screening import SECRET
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import chosen, server_with
from tests.lsp.test_show_prompt import body_of, page_of, server_at

NEW = "def total(items):\n    return 1\n"
MONEY = FILES["shop/money.py"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "work", FILES)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(fenced(NEW))


@pytest.fixture
def server(tmp_path: Path, model: FakeModel) -> DolaServer:
    return patient(server_with(tmp_path, model))


def patient(server: DolaServer) -> DolaServer:
    """Have its actions wait for all of the index: this machine may be slow today."""
    server.survey.patience = 20
    return server


def call(editor: Editor, uri: str, **more: Any) -> dict[str, Any]:
    return {"uri": uri, "range": editor.cursor_at(uri, "return"), **more}


async def act(editor: Editor, uri: str, command: str = "dola.refactor", **more: Any) -> None:
    await editor.run(command, call(editor, uri, **more))
    await editor.idle()
    for take in (editor.take_edits, editor.take_messages, editor.take_shown):
        take()


async def test_the_prompt_holds_what_the_region_uses_of_other_files(
    profile: str, folder: Path, server: DolaServer, model: FakeModel
) -> None:
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, profile, folder=folder) as editor:
        await editor.open(uri, USER)
        await act(editor, uri)
    [prompt] = model.prompts
    assert prompt.user.startswith("Code that it uses, to read only:\nshop/money.py\n```python\n")
    for name in ("money", "rates", "prices"):
        assert f"shop/{name}.py\n```python\n{FILES[f'shop/{name}.py']}```\n" in prompt.user
    assert str(folder) not in prompt.user
    assert [piece.path for piece in prompt.along] == [
        "shop/money.py", "shop/rates.py", "shop/prices.py",
    ]  # fmt: skip


async def test_what_another_buffer_holds_unsaved_wins(
    folder: Path, server: DolaServer, model: FakeModel
) -> None:
    uri, other = ((folder / "shop" / name).as_uri() for name in ("a.py", "money.py"))
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await editor.open(other, MONEY)
        await act(editor, uri)
        await editor.type(uri, "return 1", "return rounded(2)")
        await editor.type(other, "(value)", "(value, digits)")
        await act(editor, uri)
        await editor.close(other)
        await editor.type(uri, "return 1", "return rounded(2)")
        await act(editor, uri)
    first, second, third = ("def rounded(value, digits):" in p.user for p in model.prompts)
    assert (first, second, third) == (False, True, False)


async def test_files_that_are_new_or_gone_are_noticed_by_the_next_action(
    folder: Path, server: DolaServer, model: FakeModel
) -> None:
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await act(editor, uri)
        await editor.type(uri, "return 1", "return new_one() + rounded(1)")
        (folder / "shop" / "money.py").unlink()
        project(folder, {"shop/later.py": "def new_one():\n    return 1\n"})
        await act(editor, uri)
    second = model.prompts[1]
    assert "def new_one():" in second.user
    assert "def rounded" not in second.user


@pytest.mark.parametrize("where", ["user", "client"])
async def test_it_can_be_switched_off(where: str, tmp_path: Path, folder: Path) -> None:
    model = FakeModel(fenced(NEW))
    server = server_with(tmp_path, model)
    options = {"context": {"related": False}} if where == "client" else None
    if where == "user":
        (tmp_path / "config.toml").write_text("[context]\nrelated = false\n")
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder, options=options) as editor:
        await editor.open(uri, USER)
        await act(editor, uri)
    [prompt] = model.prompts
    assert prompt.user.startswith("File: a.py")
    assert prompt.along == ()
    assert server._survey is None


async def test_nothing_is_looked_at_before_the_first_action(
    folder: Path, tmp_path: Path, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[Path] = []
    real = indexing.list_files
    monkeypatch.setattr(indexing, "list_files", lambda root: walks.append(root) or real(root))
    server = server_with(tmp_path, model)
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        action = await chosen(editor, uri, "dola.refactor", "return")
        await editor.type(uri, "return", "return  1 +")
        await editor.run("dola.status")
        await editor.idle()
        editor.take_messages()
        assert walks == []
        await editor.type(uri, "return  1 +", "return")
        await editor.run(action["command"]["command"], call(editor, uri))
        await editor.idle()
        editor.take_edits()
    assert walks == [folder.resolve()]


async def test_an_action_does_not_wait_for_a_slow_disk(
    folder: Path, tmp_path: Path, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    real = indexing.list_files
    monkeypatch.setattr(indexing, "list_files", lambda root: (go.wait(30), real(root))[1])
    server = server_with(tmp_path, model)
    server.survey.patience = 0.01
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await editor.run("dola.refactor", call(editor, uri))
        # The request is sent while nothing is known yet.
        await editor.until(lambda: model.prompts)
        assert server.survey.under_way
        go.set()
        server.survey.patience = 20
        await editor.until(lambda: not server.survey.under_way)
        await editor.idle()
        await editor.type(uri, "return 1", "return rounded(1)")
        await act(editor, uri)
    first, second = model.prompts
    assert "shop/money.py" not in first.user
    assert any(
        "looked through" in left.why or "took too long" in left.why for left in first.left_out
    )
    assert "shop/money.py" in second.user


@pytest.mark.timeout(300)
async def test_the_protocol_goes_on_while_two_thousand_files_are_looked_through(
    folder: Path, tmp_path: Path, model: FakeModel
) -> None:
    code = "class Class{0}:\n    def method_{0}(self):\n        return helper_{0}()\n"
    project(folder, {f"many/d{n % 40}/f{n}.py": code.format(n) for n in range(2000)})
    server = server_with(tmp_path, model)
    uri = (folder / "shop" / "a.py").as_uri()
    asked_at: list[int] = []
    answered_at: list[int] = []
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await editor.run("dola.refactor", call(editor, uri))
        await editor.until(lambda: server.survey._indexes)
        [index] = server.survey._indexes.values()

        def known() -> int:
            return len(index._seen)

        for mark in range(100, 2000, 100):
            await editor.until(lambda mark=mark: known() >= mark, limit=60)
            asked_at.append(known())
            actions = await editor.code_actions(uri, editor.cursor_at(uri, "return"))
            answered_at.append(known())
            assert "dola.refactor" in {action["command"]["command"] for action in actions}
        # The action has long had its answer, and was applied.
        assert editor.text(uri).endswith(NEW)
        await editor.until(lambda: not server.survey.under_way, limit=60)
        assert len(index.catalogue().files) == 2000 + len(FILES)
        editor.take_edits()
        editor.take_messages()
    assert len(answered_at) == 19
    between = [after - before for before, after in zip(asked_at, answered_at, strict=True)]
    # Of some thousand files a few slices' worth were looked into meanwhile, however slow it is.
    assert sum(between) < 1000


async def test_the_session_may_end_while_files_are_looked_through(
    folder: Path, tmp_path: Path, model: FakeModel
) -> None:
    project(folder, {f"many/f{n}.py": "def f():\n    pass\n" for n in range(1500)})
    server = server_with(tmp_path, model)
    server.survey.patience = 0.01
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await editor.run("dola.refactor", call(editor, uri))
        await editor.until(lambda: editor.text(uri).endswith(NEW))
        assert server.survey.under_way
        editor.take_edits()
        # The editor ends the session now.
        await server.survey.close()
        assert not server.survey.under_way


async def test_only_the_documents_own_workspace_folder_counts(
    folder: Path, tmp_path: Path, server: DolaServer, model: FakeModel
) -> None:
    alone = {name: text for name, text in FILES.items() if "prices" not in name}
    lone = project(tmp_path / "lone", alone)
    uri = (lone / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await act(editor, uri)
        # Now it lies in one.
        event = {"added": [{"uri": lone.as_uri(), "name": "lone"}], "removed": []}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        await editor.type(uri, "return 1", "return rounded(1) + net_price(2)")
        await act(editor, uri)
        event = {"added": [], "removed": event["added"]}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        await editor.type(uri, "return 1", "return rounded(1) + net_price(2)")
        await act(editor, uri)
        assert lone not in server.survey._indexes
    along = [[piece.path for piece in prompt.along] for prompt in model.prompts]
    assert along == [[], ["shop/money.py"], []]


async def test_a_page_says_what_goes_along_from_where_and_why(tmp_path: Path, folder: Path) -> None:
    user = folder / "shop" / "cart.py"
    user.write_text("from shop.a import total\n\nprice = total([1])\n")
    (folder / ".aiignore").write_text("rates.py\n")
    (folder / "shop" / "twin.py").write_text(FILES["shop/prices.py"])
    (folder / "shop" / "money.py").write_text(f"{MONEY}\n\nrounded.key = '{SECRET}'\n")
    uri = (folder / "shop" / "a.py").as_uri()
    async with FakeApi() as api:
        api.enqueue(answer("I cannot."))
        async with Editor.connect(patient(server_at(api, tmp_path)), folder=folder) as editor:
            await editor.open(uri, USER)
            more = {"instruction": "Add a parameter `digits`."}
            given = call(editor, uri, action="dola.instruct", **more)
            await editor.run("dola.showPrompt", given)
            await editor.idle()
            page = page_of(editor)
            await act(editor, uri, "dola.instruct", **more)
        [request] = api.requests
    assert body_of(page) == request.json
    told = page.partition("## Message")[0]
    assert "- `shop/money.py`: definition of rounded, used in the region\n" in told
    assert "- `shop/cart.py`: calls total\n" in told
    assert "- Shop/rates.py: line 1 of .aiignore names it (“rates.py”).\n" in told
    assert "- The definition of net\\_price: 2 files of the workspace declare" in told or (
        "- The definition of net_price: 2 files of the workspace declare that name." in told
    )
    assert SECRET not in page


async def test_a_secret_in_other_code_leaves_that_out_and_is_told(
    folder: Path, server: DolaServer, model: FakeModel
) -> None:
    (folder / "shop" / "rates.py").write_text(f'STANDARD = "{SECRET}"\n')
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await act(editor, uri)
        assert editor.text(uri).endswith(NEW)
    [prompt] = model.prompts
    assert SECRET not in prompt.user
    assert "shop/rates.py" not in [piece.path for piece in prompt.along]
    assert any("it holds what looks like a GitHub token" in left.why for left in prompt.left_out)


async def test_a_fault_in_the_search_is_logged_and_the_action_goes_on(
    folder: Path,
    server: DolaServer,
    model: FakeModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(surveying, "gather", broken)
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        await act(editor, uri)
        assert editor.text(uri).endswith(NEW)
    assert model.prompts[0].along == ()
    assert "no related code for refactor" in caplog.text


async def test_many_actions_at_once_share_one_look(
    folder: Path, server: DolaServer, model: FakeModel
) -> None:
    def answered(prompt: Prompt) -> str:
        return "It adds things up."

    model.answers = [answered]
    uri = (folder / "shop" / "a.py").as_uri()
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, USER)
        given = call(editor, uri)
        await asyncio.gather(*(editor.run("dola.explain", given) for _ in range(4)))
        await editor.idle()
        editor.take_shown()
        editor.take_messages()
    assert len({prompt.user for prompt in model.prompts}) == 1
    assert "shop/money.py" in model.prompts[0].user
