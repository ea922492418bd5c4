"""The tools at work on a project that is made up."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Sequence

import pytest

from dola_ls.core.actions import EXPLAIN
from dola_ls.core.conversation import ToolCall
from dola_ls.core.document import Document
from dola_ls.core.outcome import Explained
from dola_ls.core.screening import Screen
from dola_ls.model.ledger import Ledger, Metered
from dola_ls.model.prices import Price, Terms, estimate
from dola_ls.run import run
from dola_ls.searching import Definition, FileTests, Use
from dola_ls.settings import LimitSettings
from dola_ls.toolbox import SECONDS, Toolbox
from tests.core.running import set_up
from tests.fakes.model import FakeModel


class Project:
    """A project in which everything is declared once, with as many lines as its name says."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.stopped = threading.Event()
        #: Holds a search up until it is stopped.
        self.hangs = False

    def definitions(self, name: str, path: str = "") -> Sequence[Definition]:
        self.begun.set()
        if self.hangs:
            self.stopped.wait(20)
        lines = int(name.rpartition("_")[2]) if name.rpartition("_")[2].isdigit() else 1
        return [Definition("a/b.py", 7, f"{name} = 1\n" * lines, "python")]

    def references(self, name: str, most: int) -> Sequence[Use]:
        return [Use("a/b.py", line, f"print({name})") for line in range(1, 100)]

    def tests(self) -> Sequence[FileTests]:
        return [FileTests("tests/test_a.py", tuple(f"test_{number}" for number in range(500)))]

    def stop(self) -> None:
        self.stopped.set()


def read(name: str) -> ToolCall:
    return ToolCall("1", "read_symbol", json.dumps({"name": name}))


def toolbox(project: Project, **more: object) -> Toolbox:
    document = Document("file:///shop/a.py", "python", 1, "x = 1\n")
    return Toolbox(project, document, Screen(), **more)  # type: ignore[arg-type]


async def test_what_is_found_is_told_with_its_place_and_shown_while_it_is_read() -> None:
    shown: list[str] = []
    calls = [
        read("total"),
        ToolCall("2", "find_references", '{"name": "total"}'),
        ToolCall("3", "list_tests", ""),
    ]
    box = toolbox(Project())
    definition, uses, tests = await box.answer(calls, shown.append)
    assert definition == "a/b.py, from line 7:\n```python\ntotal = 1\n```"
    assert uses.split("\n")[0] == "a/b.py:1: print(total)"
    assert len(uses.split("\n")) == 30
    assert tests.startswith("tests/test_a.py: test_0, test_1, ")
    assert "test_99" in tests
    assert "test_100" not in tests
    assert shown[:3] == [
        "looking for total",
        "reading total in a/b.py",
        "reading total in a/b.py; looking for uses of total",
    ]
    assert shown[-1].endswith("looking for uses of total; listing the tests of a.py")
    assert box.called == ["read_symbol", "find_references", "list_tests"]


async def test_no_result_takes_more_than_half_and_none_comes_after_the_whole() -> None:
    box = toolbox(Project(), whole=1000)
    first, second, third = await box.answer([read("x_900"), read("y_900"), read("z_1")], print)
    for text in (first, second):
        assert len(text) < 2000
        assert text.endswith("\n```\n(the rest is left out, as there is no room for it)")
    assert third == "There is no room for more. Answer with what you know."
    assert box.spent
    assert box.called == ["read_symbol", "read_symbol"]


async def test_the_time_ends_it() -> None:
    now = [0.0]
    box = toolbox(Project(), clock=lambda: now[0])
    now[0] = 10 * SECONDS
    assert not box.spent  # while the user thinks about consent
    box.start()
    await box.answer([read("a")], print)
    assert not box.spent
    now[0] += SECONDS + 1
    assert box.spent


async def test_two_rounds_with_mistakes_end_it_however_many_there_are_in_one() -> None:
    box, wrong = toolbox(Project()), ToolCall("1", "no_such_tool", "")
    await box.answer([wrong] * 5, print)
    assert not box.spent
    await box.answer([read("a")], print)
    assert not box.spent
    told = await box.answer([wrong, read("b")], print)
    assert box.spent
    assert told[1] == "There is no room for more. Answer with what you know."
    assert box.called == ["read_symbol"]


async def test_a_cancel_stops_the_search() -> None:
    project = Project()
    project.hangs = True
    looking = asyncio.create_task(toolbox(project).answer([read("a")], print))
    assert await asyncio.to_thread(project.begun.wait, 20)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert project.stopped.is_set()


async def test_the_embedded_engine_is_given_none() -> None:
    task, editor = set_up(EXPLAIN)
    editor.project = Project()
    for screen, offered in [(Screen(stays=True), 0), (Screen(), 3)]:
        model = FakeModel("It adds up.")
        outcome = await run(task, editor, model, screen)
        assert isinstance(outcome, Explained)
        assert len(model.prompts[0].tools) == offered


LOOK = (
    "<seed:tool_call><function=read_symbol><parameter=name>total</parameter></function>"
    "</seed:tool_call>"
)


@pytest.mark.parametrize(
    ("requests", "finals"), [(2.0, [False, True]), (9.0, [False] * 3 + [True])]
)
async def test_limits_end_it_before_they_are_reached(requests: float, finals: list[bool]) -> None:
    """The last request is one that still fits: none is refused for the sake of a look at more."""
    terms = Terms(Price(1, 1))
    text = "def total(items):\n" + "    items = sorted(items, key=lambda item: item.price)\n" * 100
    task, editor = set_up(EXPLAIN, text, "sorted")
    editor.project = Project()
    model = FakeModel("It sorts.", context_tokens=500)
    model.terms = terms
    await run(task, editor, Metered(model, Ledger(), limits=LimitSettings()))
    one = estimate(terms, model.prompts[0]).input_tokens
    # Room for that many requests, and for the results of tools in each.
    limits = LimitSettings(action_input_tokens=int(one * requests) + 1100 * math.ceil(requests))
    model = FakeModel(lambda prompt: "It sorts." if prompt.final else LOOK, context_tokens=500)
    model.terms = terms
    outcome = await run(task, editor, Metered(model, Ledger(), limits=limits))
    assert isinstance(outcome, Explained)
    assert [prompt.final for prompt in model.prompts] == finals
    assert outcome.receipt.tools == ("read_symbol",) * (len(finals) - 1)


@pytest.mark.parametrize(("lines", "offered"), [(30, 3), (390, 0)])
async def test_a_request_that_is_long_already_is_asked_once(lines: int, offered: int) -> None:
    line = "    items = sorted(items, key=lambda item: (item.price, item.name, item.number))\n"
    text = "def total(items):\n" + line * lines
    task, editor = set_up(EXPLAIN, text, "sorted")
    editor.project = Project()
    model = FakeModel("It sorts.", context_tokens=6000)
    await run(task, editor, model)
    assert len(model.prompts[0].tools) == offered
