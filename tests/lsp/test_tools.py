"""Explaining and testing with tools: the model looks things up in the project, and then answers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dola_ls.lsp.server import DolaServer
from tests.fakes.api import FakeApi, Reply, answer, calls, silence, status, usage_of
from tests.fakes.editor import Editor
from tests.fakes.model import fenced
from tests.lsp.shop import chosen
from tests.lsp.test_show_prompt import body_of, page_of, server_at

CART = """\
from shop.money import rounded


def total_price(items):
    return rounded(sum(items))
"""
MONEY = '''\
RATE = 0.2


def rounded(value):
    """Round it to cents."""
    return round(value * (1 + RATE), 2)
'''
TEST = (
    "from shop.cart import total_price\n\n\ndef test_nothing():\n    assert total_price([]) == 0\n"
)
SAID = "Adds up all `items`, with tax, rounded to cents.\n"


def project(folder: Path) -> Path:
    """Make a project; return the file to work on."""
    (folder / "shop").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "cart.py").write_text(CART)
    (folder / "shop" / "money.py").write_text(MONEY)
    (folder / "tests" / "test_cart.py").write_text(TEST)
    return folder / "shop" / "cart.py"


@dataclass
class Session:
    """An editor on the project, at a server that asks a fake provider."""

    editor: Editor
    api: FakeApi
    server: DolaServer
    uri: str
    folder: Path

    async def run(self, command: str = "dola.explain") -> None:
        await self.editor.execute(await chosen(self.editor, self.uri, command, "return rounded"))
        await self.editor.idle()

    async def own(self, id: str) -> None:
        """Run an action of the user's own on the function."""
        place = {"uri": self.uri, "range": self.editor.cursor_at(self.uri, "return rounded")}
        await self.editor.run("dola.own", {"action": id, **place})
        await self.editor.idle()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.json for request in self.api.requests]

    @property
    def told(self) -> list[str]:
        """What the tools gave in the last request, in order."""
        messages = self.bodies[-1]["messages"]
        return [message["content"] for message in messages if message["role"] == "tool"]

    @property
    def progress(self) -> list[str]:
        values = [value for each in self.editor.progress.values() for value in each]
        return [value.get("message") or "" for value in values]


@asynccontextmanager
async def session(
    tmp_path: Path,
    *replies: Reply,
    profile: str = "vscode-1.139",
    config: str = "",
    settings: dict[str, Any] | None = None,
    change: Callable[[Path], object] = lambda folder: None,
) -> AsyncIterator[Session]:
    folder = tmp_path / "work"
    source = project(folder)
    change(folder)
    async with FakeApi() as api:
        api.enqueue(*replies)
        server = server_at(api, tmp_path)
        (tmp_path / "config.toml").write_text(config)
        async with Editor.connect(
            server, profile, folder=folder, settings={"dola": settings or {}}
        ) as editor:
            uri = source.as_uri()
            await editor.open(uri, source.read_text())
            yield Session(editor, api, server, uri, folder)
            editor.take_shown()
            editor.take_edits()


async def test_an_explanation_after_two_calls(
    profile: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    both = ("read_symbol", {"name": "rounded", "path": "money.py"}), ("list_tests", "")
    async with session(
        tmp_path,
        calls(*both, said="Let me look."),
        answer(SAID, start=0.3, usage=usage_of()),
        profile=profile,
    ) as at:
        await at.run()
        first, second = at.bodies
        assert first["tool_choice"] == second["tool_choice"] == "auto"
        assert first["messages"] == second["messages"][:2]
        assert second["messages"][2]["content"] == "Let me look."
        assert at.told == [
            f"shop/money.py, from line 4:\n```python\n{MONEY[MONEY.index('def') :]}```",
            "tests/test_cart.py: test_nothing",
        ]
        if at.server.client.show_document:
            [shown] = at.editor.take_shown()
            assert "rounded to cents" in Path(shown["uri"].removeprefix("file://")).read_text()
        else:
            assert len(at.editor.take_messages()) == 1
        if at.server.client.work_done_progress:
            assert any("reading rounded in shop/money.py" in said for said in at.progress)
        assert any("2 tool calls (read_symbol list_tests)" in line for line in at.editor.logged())
        assert "80 tokens in" in at.editor.logged()[-1]
    logged = "\n".join(record.getMessage() for record in caplog.records if "dola" in record.name)
    assert "2 tool calls (read_symbol list_tests)" in logged
    for private in ("rounded", "money", "RATE", "test_nothing", "Let me look"):
        assert private not in logged


async def test_new_tests_after_a_look_at_what_is_there(profile: str, tmp_path: Path) -> None:
    code = fenced("def test_total_price():\n    assert total_price([1]) == 1.2\n")
    looks = calls(("find_references", {"name": "total_price"}), ("list_tests", "{}"))
    async with session(tmp_path, looks, answer(code), profile=profile) as at:
        test_uri = (at.folder / "tests" / "test_cart.py").as_uri()
        await at.editor.open(test_uri, TEST)
        await at.run("dola.generateTests")
        assert at.told == [
            "tests/test_cart.py:1: from shop.cart import total_price\n"
            "tests/test_cart.py:5: assert total_price([]) == 0",
            "tests/test_cart.py: test_nothing",
        ]
        assert at.editor.text(test_uri).startswith(TEST)
        assert "def test_total_price" in at.editor.text(test_uri)
        assert len(at.editor.take_edits()) == 1


async def test_calls_in_the_text_are_carried_out_and_never_shown(tmp_path: Path) -> None:
    text = (
        "Let me see.\n<seed:tool_call>\n<function=read_symbol>\n<parameter=name>rounded"
        "</parameter>\n</function>\n</seed:tool_call>"
    )
    async with session(tmp_path, answer(text), answer(SAID)) as at:
        await at.run()
        assert "Round it to cents" in at.told[0]
        sent = at.bodies[1]["messages"][2]
        assert sent["content"] == "Let me see."
        assert sent["tool_calls"][0]["function"]["name"] == "read_symbol"
        [shown] = at.editor.take_shown()
        assert "tool_call" not in Path(shown["uri"].removeprefix("file://")).read_text()


async def test_a_model_that_never_stops_asking_is_made_to_answer(tmp_path: Path) -> None:
    more = calls(("read_symbol", {"name": "rounded"}))
    async with session(tmp_path, more, more, more, answer(SAID)) as at:
        await at.run()
        assert [body["tool_choice"] for body in at.bodies] == ["auto", "auto", "auto", "none"]
        assert len(at.editor.take_shown()) == 1


async def test_one_that_asks_all_the_same_gets_a_sentence(tmp_path: Path) -> None:
    async with session(tmp_path, calls(("read_symbol", {"name": "rounded"}))) as at:
        at.api.answer_with(lambda request: calls(("list_tests", "")))
        await at.run()
        assert len(at.bodies) == 4
        [message] = at.editor.take_messages()
        assert "asked to look up more instead of answering" in message
        assert at.editor.take_shown() == []


async def test_no_more_than_eight_calls_are_carried_out(tmp_path: Path) -> None:
    five = [("read_symbol", {"name": "rounded"})] * 5
    async with session(tmp_path, calls(*five), calls(*five), answer(SAID)) as at:
        await at.run()
        assert at.bodies[2]["tool_choice"] == "none"
        assert ["Round it" in told for told in at.told] == [True] * 8 + [False] * 2
        assert "There is no room for more" in at.told[-1]
        assert any("8 tool calls" in line for line in at.editor.logged())


async def test_what_they_give_has_a_budget(tmp_path: Path) -> None:
    def long(folder: Path) -> None:
        body = "".join(f"    value += {number}  # a line of code\n" for number in range(800))
        (folder / "shop" / "money.py").write_text(f"def rounded(value):\n{body}")

    async with session(
        tmp_path, calls(*[("read_symbol", {"name": "rounded"})] * 3), answer(SAID), change=long
    ) as at:
        await at.run()
        assert "the rest is left out" in at.told[0]
        assert "the rest is left out" in at.told[1]
        assert "There is no room for more" in at.told[2]
        assert sum(map(len, at.told)) < 16_000
        assert at.bodies[1]["tool_choice"] == "none"


async def test_bad_arguments_are_told_once_and_then_it_has_to_answer(tmp_path: Path) -> None:
    wrong = calls(("read_symbol", '{"name": '))
    async with session(tmp_path, wrong, wrong, answer(SAID)) as at:
        await at.run()
        assert [body["tool_choice"] for body in at.bodies] == ["auto", "auto", "none"]
        assert all(told.startswith("Error: The arguments are not") for told in at.told)
        assert at.bodies[1]["messages"][2]["tool_calls"][0]["function"]["arguments"] == "{}"
        assert len(at.editor.take_shown()) == 1
        assert not any("tool call" in line for line in at.editor.logged())


async def test_one_mistake_is_forgiven(tmp_path: Path) -> None:
    replies = calls(("read_file", {"path": "/etc/passwd"}), ("read_symbol", {"name": 5}))
    good = calls(("read_symbol", {"name": "rounded"}))
    async with session(tmp_path, replies, good, answer(SAID)) as at:
        await at.run()
        assert at.told[0].startswith("Error: There is no such tool.")
        assert at.told[1].startswith("Error: `name` has to be there")
        assert "Round it to cents" in at.told[2]


async def test_where_what_was_looked_up_is_too_much_it_is_asked_without(tmp_path: Path) -> None:
    full = status(400, {"error": {"message": "This model's maximum context length is 4096."}})
    look = calls(("read_symbol", {"name": "rounded"}))
    async with session(tmp_path, look, full, answer(SAID)) as at:
        await at.run()
        assert "tools" not in at.bodies[2]
        assert len(at.bodies[2]["messages"]) == 2
        assert len(at.editor.take_shown()) == 1


async def test_a_cancel_between_two_requests_ends_it(tmp_path: Path) -> None:
    first = calls(("read_symbol", {"name": "rounded"}))
    async with session(tmp_path, first, silence()) as at:
        await at.editor.execute(await chosen(at.editor, at.uri, "dola.explain", "return"))
        await at.api.arrived(2)
        await at.editor.run("dola.cancel", {})
        await at.editor.idle()
        await at.api.requests[1].over.wait()
        assert at.api.requests[1].aborted
        assert at.editor.take_shown() == []


async def test_a_server_that_refuses_tools_explains_all_the_same(tmp_path: Path) -> None:
    refusal = status(400, {"error": {"message": "this model does not support tools"}})
    async with session(tmp_path, refusal, answer(SAID), answer(SAID)) as at:
        await at.run()
        await at.run()
        assert ["tools" in body for body in at.bodies] == [True, False, False]
        assert len(at.editor.take_shown()) == 2
        await at.editor.run("dola.status")
        [message] = at.editor.take_messages()
        assert "Tools are not offered to fake" in message
        call = {"uri": at.uri, "range": at.editor.cursor_at(at.uri, "return")}
        await at.editor.run("dola.showPrompt", {**call, "action": "dola.explain"})
        await at.editor.idle()
        page = page_of(at.editor)
        assert "- No tools are offered: the server refuses them." in page
        assert body_of(page) == at.bodies[2]


@pytest.mark.parametrize(
    ("config", "settings"), [("tools = false", {}), ("", {"tools": False})], ids=["user", "editor"]
)
async def test_they_can_be_turned_off(
    config: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    async with session(tmp_path, answer(SAID), config=config, settings=settings) as at:
        await at.editor.until(lambda: at.server.configuration.client_settings == settings)
        await at.run()
        assert "tools" not in at.bodies[0]


async def test_only_explaining_and_testing_have_them(tmp_path: Path) -> None:
    async with session(tmp_path, answer("CANNOT: no")) as at:
        await at.run("dola.refactor")
        assert "tools" not in at.bodies[0]
        at.editor.take_messages()


OWN = """
[[actions]]
id = "who-calls"
title = "Who calls {name}?"
scope = "symbol"
answer = "explain"
prompt = "Who calls {name}, and with what? {instruction}"

[[actions]]
id = "sum-up"
title = "Sum up {name}"
prompt = "Use sum()."
"""


async def test_an_action_of_the_users_own_that_explains_has_them_too(
    profile: str, tmp_path: Path
) -> None:
    both = ("find_references", {"name": "total_price"}), ("read_symbol", {"name": "rounded"})
    replies = calls(*both), answer(SAID, start=0.3, usage=usage_of())
    async with session(tmp_path, *replies, profile=profile, config=OWN) as at:
        await at.own("who-calls")
        first, second = at.bodies
        named = [tool["function"]["name"] for tool in first["tools"]]
        assert named == ["read_symbol", "find_references", "list_tests"]
        assert "Who calls total_price, and with what?" in first["messages"][1]["content"]
        assert first["messages"] == second["messages"][:2]
        assert "tests/test_cart.py:5: assert total_price([]) == 0" in at.told[0]
        assert "Round it to cents" in at.told[1]
        if at.server.client.show_document:
            assert len(at.editor.take_shown()) == 1
        else:
            assert len(at.editor.take_messages()) == 1
        if at.server.client.work_done_progress:
            assert any("reading rounded in shop/money.py" in said for said in at.progress)
        logged = at.editor.logged()
        assert any("2 tool calls (find_references read_symbol)" in line for line in logged)


async def test_one_that_edits_has_none_nor_one_where_they_are_turned_off(tmp_path: Path) -> None:
    for place, config, id in (("a", OWN, "sum-up"), ("b", f"tools = false\n{OWN}", "who-calls")):
        (tmp_path / place).mkdir()
        async with session(tmp_path / place, answer("CANNOT: no"), config=config) as at:
            await at.own(id)
            assert len(at.bodies) == 1
            assert "tools" not in at.bodies[0]
            at.editor.take_messages()


async def test_what_would_be_sent_shows_the_tools(tmp_path: Path) -> None:
    async with session(tmp_path, answer(SAID)) as at:
        call = {"uri": at.uri, "range": at.editor.cursor_at(at.uri, "return")}
        await at.editor.run("dola.showPrompt", {**call, "action": "dola.explain"})
        await at.editor.idle()
        page = page_of(at.editor)
        assert at.api.requests == []
        assert "## Tools offered\n\n- `read_symbol`: Return the definition" in page
        assert "at most 8 times" in page
        await at.run()
        assert body_of(page) == at.bodies[0]


async def test_limits_that_leave_room_for_one_request_leave_the_tools_out(tmp_path: Path) -> None:
    from dola_ls.model.prices import Price, Terms

    for tokens, offered in [(4000, False), (100_000, True)]:
        config = f"[limits]\naction_input_tokens = {tokens}\n"
        folder = tmp_path / str(tokens)
        folder.mkdir()
        async with session(folder, answer(SAID), config=config) as at:
            model = await at.server.configuration.model()
            type_ = type(model)
            with pytest.MonkeyPatch.context() as patch:
                # On this machine nothing is billed; here it is.
                patch.setattr(type_, "terms", Terms(Price(1, 1)))
                await at.run()
            assert ("tools" in at.bodies[0]) == offered
            assert len(at.editor.take_shown()) == 1


async def test_a_document_that_is_on_no_disk_has_none(tmp_path: Path) -> None:
    async with session(tmp_path, answer(SAID)) as at:
        uri = "untitled:Untitled-1"
        await at.editor.open(uri, CART)
        await at.editor.execute(await chosen(at.editor, uri, "dola.explain", "return"))
        await at.editor.idle()
        assert "tools" not in at.bodies[0]


async def test_what_is_open_in_the_editor_counts_and_not_what_is_on_the_disk(
    tmp_path: Path,
) -> None:
    async with session(tmp_path, calls(("read_symbol", {"name": "rounded"})), answer(SAID)) as at:
        money = (at.folder / "shop" / "money.py").as_uri()
        await at.editor.open(money, MONEY.replace("Round it", "Typed just now"))
        await at.run()
        assert "Typed just now" in at.told[0]
