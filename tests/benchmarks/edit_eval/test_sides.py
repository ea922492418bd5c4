"""That the product's side really edits through the real server, and what is noted of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dola_ls.core.actions import REFACTOR
from dola_ls.core.strategy import Predictions, choose
from tests.benchmarks.edit_eval import dola
from tests.benchmarks.edit_eval.__main__ import SIDES, _in_order, _one
from tests.benchmarks.edit_eval.dola import Dola
from tests.benchmarks.edit_eval.served import FORMS, TABLE
from tests.benchmarks.edit_eval.tasks import Task, load_all
from tests.benchmarks.edit_eval.tools import Tools
from tests.benchmarks.engine import Address
from tests.benchmarks.relay import Relay
from tests.fakes.api import ThreadedFakeApi, answer

_TASKS = {task.name: task for task in load_all()}


@pytest.fixture(scope="module")
def api() -> Iterator[ThreadedFakeApi]:
    with ThreadedFakeApi() as fake:
        yield fake


@pytest.fixture(scope="module")
def relay(api: ThreadedFakeApi) -> Iterator[Relay]:
    address = Address(api.base_url.removesuffix("/v1"), "a-key", "a-model")
    with Relay(address).running() as relay:
        yield relay


@pytest.fixture(scope="module")
def rewriting(relay: Relay) -> Iterator[Dola]:
    side = Dola(relay.address, "rewrite")
    yield side
    side.stop()


def _solved(task: Task) -> str:
    """Return the region as it is in the reference: the same symbol there."""
    there = task.model_copy(update={"source": task.reference})
    region = there.target.region
    return task.reference[region.start : region.end]


def test_a_right_answer_becomes_the_reference(
    api: ThreadedFakeApi, relay: Relay, rewriting: Dola
) -> None:
    # Outside of ASCII, where positions differ between encodings.
    task = _TASKS["emoji_comprehension"]
    api.answer_with(lambda _: f"```python\n{_solved(task)}```\n")
    record = _one(task, rewriting, relay, Tools())
    assert (record.outcome, record.said, record.rule) == ("edited", "", "")
    assert record.text == task.reference
    assert record.passed
    assert record.well_formed
    assert record.excess == ""
    assert record.plan == list(FORMS["rewrite"])
    [exchange] = record.exchanges
    assert _solved(task) in exchange.text
    assert exchange.finish == "stop"
    assert record.answer_tokens == 20


def test_a_side_may_be_shown_nothing_of_other_files(api: ThreadedFakeApi, relay: Relay) -> None:
    task = _TASKS["invoice_money_elsewhere"]
    api.answer_with(lambda _: f"```python\n{_solved(task)}```\n")
    shown = {}
    for context in (True, False):
        side = Dola(relay.address, context=context)
        try:
            record = _one(task, side, relay, Tools())
        finally:
            side.stop()
        assert record.passed
        shown[record.side] = "class Money:" in api.requests[-1].prompt
    assert shown == {"table": True, "table-alone": False}
    assert {*shown} <= {*SIDES}


def test_a_side_may_not_be_told_what_other_tools_say(api: ThreadedFakeApi, relay: Relay) -> None:
    task = _TASKS["parcel_attribute_told"]
    api.answer_with(lambda _: f"```python\n{_solved(task)}```\n")
    told = {}
    for tells in (True, False):
        side = Dola(relay.address, told=tells)
        try:
            record = _one(task, side, relay, Tools())
        finally:
            side.stop()
        assert record.passed
        told[record.side] = api.requests[-1].prompt.count('did you mean "weight_in_grams"?')
    assert told == {"table": 2, "table-untold": 0}
    assert {*told} <= {*SIDES}


def test_an_edit_that_does_not_do_the_task_is_applied_and_does_not_pass(
    api: ThreadedFakeApi, relay: Relay, rewriting: Dola
) -> None:
    task = _TASKS["history_reverse"]
    region = task.target.region
    old = task.source[region.start : region.end]
    api.answer_with(lambda _: f"```python\n{old.rstrip()}  # looked at\n```\n")
    record = _one(task, rewriting, relay, Tools())
    assert record.applied
    assert not record.passed
    assert record.reason


def test_prose_is_no_well_formed_answer(
    api: ThreadedFakeApi, relay: Relay, rewriting: Dola
) -> None:
    api.answer_with(lambda _: "You could rename it.")
    record = _one(_TASKS["history_reverse"], rewriting, relay, Tools())
    assert (record.outcome, record.rule) == ("refused", "prose")
    assert not record.well_formed
    assert not record.applied
    assert not record.passed
    assert "answered without code" in record.said


def test_an_answer_without_end_is_stopped_and_the_next_task_gets_its_turn(
    api: ThreadedFakeApi, relay: Relay, rewriting: Dola, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = _TASKS["history_reverse"]
    monkeypatch.setattr(dola, "LIMIT", 0.5)
    api.enqueue(answer("```python\n" + "x = 1\n" * 2000, delay=0.05))
    record = _one(task, rewriting, relay, Tools())
    assert (record.outcome, record.text, record.well_formed) == ("timeout", None, False)
    monkeypatch.undo()
    api.answer_with(lambda _: f"```python\n{_solved(task)}```\n")
    assert _one(task, rewriting, relay, Tools()).passed


def test_a_form_is_forced(api: ThreadedFakeApi, relay: Relay) -> None:
    task = _TASKS["history_reverse"]
    old, new = task.target.region, _solved(task)
    block = f"<<<<<<< SEARCH\n{task.source[old.start : old.end]}=======\n{new}>>>>>>> REPLACE\n"
    api.answer_with(lambda _: block)
    for form in ("blocks", "file_blocks"):
        side = Dola(relay.address, form)
        try:
            record = _one(task, side, relay, Tools())
        finally:
            side.stop()
        assert record.plan == list(FORMS[form])
        assert record.passed
        assert "<<<<<<< SEARCH" in api.requests[-1].prompt


def test_the_forced_forms_fall_back_as_the_product_does() -> None:
    assert FORMS["rewrite"] == choose(REFACTOR, 10, Predictions.LOCAL).forms
    blocks = choose(REFACTOR, 10, Predictions.LOCAL, elsewhere=True).forms
    assert FORMS["file_blocks"] == blocks
    assert FORMS["blocks"][1:] == blocks[1:]


def test_the_table_comes_before_the_forms_it_may_have_chosen() -> None:
    assert _in_order(["blocks", "aider-diff", TABLE]) == [TABLE, "blocks", "aider-diff"]
    assert _in_order(["aider-diff", TABLE, "blocks"]) == ["aider-diff", TABLE, "blocks"]
    assert _in_order(["aider-diff", "blocks"]) == ["aider-diff", "blocks"]
