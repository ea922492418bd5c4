"""Tests that were written are tried: what is run, what the model is told, what the user is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dola_ls.core.actions import GENERATE_TESTS
from dola_ls.core.document import Document
from dola_ls.core.outcome import Created, Proposed, Tried
from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.results import Failure, Results
from dola_ls.model.errors import ModelError
from dola_ls.placing import Home
from dola_ls.run import run
from tests.core.running import PLACE, FakeEditor, set_up
from tests.fakes.model import FakeModel, fenced

RIGHT = "from a import total\n\n\ndef test_total():\n    assert total([1]) == 1\n"
WRONG = RIGHT.replace("== 1", "== 2")
PASSED = Results(1, 0)
FAILED = Results(0, 1, (Failure(("test_total",), 4, "assert 1 == 2"),))


async def tried(model: FakeModel, *results: Results | str, **options) -> tuple[Tried, FakeEditor]:
    """Generate a new file of tests, which then go as told."""
    task, editor = set_up(GENERATE_TESTS, **options)
    editor.results = list(results)
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Tried)
    assert isinstance(outcome.written, Created)
    return outcome, editor


async def test_tests_that_pass():
    outcome, editor = await tried(FakeModel(fenced(RIGHT)), PASSED)
    assert outcome.summary == "1 test passed."
    assert outcome.all_passed
    assert editor.runs == [RIGHT]
    assert editor.marked == [(), ()]
    assert "running the tests" in editor.messages


async def test_a_repair_is_an_edit_of_its_own_and_is_run_again():
    model = FakeModel(fenced(WRONG), fenced(RIGHT))
    outcome, editor = await tried(model, FAILED, PASSED)
    assert outcome.summary == (
        "1 test passed. What test_total expects was changed to what the code does: check that "
        "total is right."
    )
    assert not outcome.all_passed
    assert (outcome.passed, outcome.failed, outcome.repairs) == (1, 0, 1)
    assert editor.runs == [WRONG, RIGHT]
    assert editor.document.text == RIGHT
    assert editor.marked == [(), FAILED.failures, (), ()]
    assert outcome.receipt.prompt_tokens == 200
    repair = model.prompts[1]
    assert repair.system.startswith("You repair pytest tests")
    assert "Failing tests:\n```python\nfrom a import total\n\n\ndef test_total():" in repair.user
    assert "What went wrong:\n- test_total: assert 1 == 2\n" in repair.user
    assert not repair.again


async def test_a_test_file_that_is_kept_back_is_not_sent_for_repair():
    task, editor = set_up(GENERATE_TESTS)
    assert isinstance(editor.home, Home)
    editor.home = replace(editor.home, kept_back="line 1 of .aiignore names it")
    editor.results = [FAILED]
    model = FakeModel(fenced(WRONG), fenced(RIGHT))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Tried)
    assert len(model.prompts) == 1
    assert outcome.summary.endswith(
        "They were not repaired: test_a.py is kept back: line 1 of .aiignore names it."
    )


async def test_two_repairs_and_no_more():
    model = FakeModel(*(fenced(RIGHT.replace("== 1", f"== {n}")) for n in range(2, 9)))
    outcome, editor = await tried(model, FAILED)
    assert len(model.prompts) == 3
    assert len(editor.runs) == 3
    assert "0 of 1 test passed; it is marked in test_a.py." in outcome.summary


async def test_a_refused_repair_is_told_to_the_model_and_then_to_the_user():
    model = FakeModel(fenced(WRONG), fenced(RIGHT.replace("assert", "")), "no idea", fenced(RIGHT))
    outcome, editor = await tried(model, FAILED)
    assert "test_total would check less than it does now." in model.prompts[2].user
    assert model.prompts[2].again
    assert outcome.summary.endswith("A repair was not used: it holds no whole code.")
    assert editor.document.text == WRONG
    assert editor.runs == [WRONG]


async def test_a_fault_of_the_model_leaves_the_tests_as_they_are():
    model = FakeModel(fenced(WRONG), ModelError("It is down."))
    outcome, editor = await tried(model, FAILED)
    assert outcome.summary.endswith("They were not repaired: It is down.")
    assert editor.document.text == WRONG


async def test_what_cannot_be_run_is_told_and_not_repaired():
    model = FakeModel(fenced(WRONG))
    outcome, editor = await tried(model, "The tests were not run: it rains.")
    assert outcome.summary == "The tests were not run: it rains."
    assert (outcome.passed, outcome.all_passed) == (None, False)
    assert len(model.prompts) == 1
    assert editor.marked == [()]


async def test_an_editor_that_does_not_take_the_repair():
    task, editor = set_up(GENERATE_TESTS)
    editor.results = [FAILED]
    editor.refusals = ["it is busy"]
    outcome = await run(task, editor, FakeModel(fenced(WRONG), fenced(RIGHT)))
    assert isinstance(outcome, Tried)
    assert outcome.summary.endswith("A repair was not used: the editor did not apply it.")
    assert editor.document.text == WRONG


async def test_what_is_kept_for_review_is_not_run():
    task, editor = set_up(GENERATE_TESTS, review=True)
    there = "from a import tax\n\n\ndef test_tax():\n    assert tax(2) == 4\n"
    place = replace(PLACE, exists=True)
    editor.home = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], place, there)
    editor.test_file = Document("file:///shop/tests/test_a.py", "python", 3, there)
    editor.results = [PASSED]
    outcome = await run(task, editor, FakeModel(fenced(RIGHT)))
    assert isinstance(outcome, Proposed)
    assert editor.runs == []


async def test_failures_that_were_there_before_are_the_users():
    task, editor = set_up(GENERATE_TESTS)
    there = "from a import tax\n\n\ndef test_tax():\n    assert tax(2) == 5\n"
    place = replace(PLACE, exists=True)
    editor.home = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], place, there)
    editor.test_file = editor.document = Document("file:///x.py", "python", 3, there)
    editor.results = [Results(1, 1, (Failure(("test_tax",), 4, "assert 4 == 5"),))]
    model = FakeModel(fenced(RIGHT))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Tried)
    assert outcome.summary == (
        "1 of 2 tests passed; the other one is marked in test_a.py. Of those that fail, one of "
        "them was there before and left as before."
    )
    assert len(model.prompts) == 1
