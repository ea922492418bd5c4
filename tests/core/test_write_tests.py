"""Generated tests: what the model is told, and where its answer goes."""

from dataclasses import replace
from pathlib import Path

from dola_ls.core.actions import GENERATE_TESTS
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.outcome import Created, Edited, Proposed, Refused
from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.placement import Placement
from dola_ls.placing import Home
from dola_ls.run import run
from tests.core.running import PLACE, selected, set_up
from tests.core.running import TEXT as SOURCE
from tests.fakes.model import FakeModel, fenced

TESTS = "from a import total\n\n\ndef test_total():\n    assert total([1]) == 1\n"
THERE = "from a import tax\n\n\ndef test_tax():\n    assert tax(2) == 4\n"
RUST = "pub fn twice(n: i32) -> i32 {\n    n * 2\n}\n"
RUST_TESTS = (
    "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn doubles() {\n"
    "        assert_eq!(twice(2), 4);\n    }\n}\n"
)


def existing(text: str = THERE, version: int = 3) -> Document:
    return Document("file:///shop/tests/test_a.py", "python", version, text)


async def test_a_new_file_and_what_the_model_was_told():
    task, editor = set_up(GENERATE_TESTS)
    editor.home = replace(editor.home, sample="def test_other():\n    assert True\n")
    model = FakeModel(fenced(TESTS))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Created)
    assert editor.created == [(Path("/shop/tests/test_a.py"), TESTS)]
    [prompt] = model.prompts
    assert "Begin with this import:\nfrom a import total\n" in prompt.user
    assert "A test file of this project, for its style:\n```python\ndef test_other()" in prompt.user
    assert "pytest.raises" in prompt.system


async def test_tests_join_those_that_are_there():
    task, editor = set_up(GENERATE_TESTS)
    there = existing()
    place = replace(PLACE, exists=True, sample="tests/test_a.py")
    editor.home = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], place, THERE)
    editor.test_file = editor.document = there
    model = FakeModel(fenced(TESTS))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert editor.document.text == (
        "from a import tax, total\n\n\ndef test_tax():\n    assert tax(2) == 4\n\n\n"
        "def test_total():\n    assert total([1]) == 1\n"
    )
    assert "write only tests that are not in it" in model.prompts[0].user


async def test_what_the_user_types_into_the_test_file_meanwhile_is_kept():
    task, editor = set_up(GENERATE_TESTS)
    place = replace(PLACE, exists=True)
    editor.home = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], place, THERE)
    editor.test_file = editor.document = existing()
    editor.refusals = ["stale"]
    editor.on_refusal = lambda: editor.type(Edit(0, 0, "# mine\n"))
    assert isinstance(await run(task, editor, FakeModel(fenced(TESTS))), Edited)
    assert editor.document.text.startswith("# mine\nfrom a import tax, total\n")


async def test_review_keeps_the_tests_and_knows_where_they_came_from():
    task, editor = set_up(GENERATE_TESTS, review=True)
    place = replace(PLACE, exists=True)
    editor.home = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], place, THERE)
    editor.test_file = existing()
    outcome = await run(task, editor, FakeModel(fenced(TESTS)))
    assert isinstance(outcome, Proposed)
    [kept] = editor.proposals
    assert kept.task.document is editor.test_file
    assert kept.task.origin is task
    assert kept.task.label == "Generate tests for total"


async def test_a_test_file_that_cannot_be_opened_is_left_alone():
    task, editor = set_up(GENERATE_TESTS)
    place = replace(PLACE, exists=True)
    editor.home = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], place, THERE)
    outcome = await run(task, editor, FakeModel(fenced(TESTS)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "test_a.py was not changed: it is locked."


async def test_without_a_place_nothing_is_sent():
    task, editor = set_up(GENERATE_TESTS)
    editor.home = Refused("No framework. Nothing was sent.", "no_home")
    model = FakeModel(fenced(TESTS))
    assert await run(task, editor, model) is editor.home
    assert model.prompts == []


async def test_unit_tests_of_rust_stand_in_the_source_itself():
    at = RUST.index("n * 2")
    task, editor = selected(RUST, Span(at, at), GENERATE_TESTS, "rust")
    place = Placement("src/lib.rs", True, "rust", "twice", "twice", name="tests", inline=True)
    editor.home = Home(Path("/shop/src/lib.rs"), FRAMEWORKS["rust"], place)
    editor.on_report = lambda: None if editor.changes else editor.type(Edit(0, 0, "// mine\n"))
    assert isinstance(await run(task, editor, FakeModel(fenced(RUST_TESTS, "rust"))), Edited)
    assert editor.document.text == f"// mine\n{RUST}\n{RUST_TESTS}"


async def test_an_answer_in_pieces_is_put_together():
    task, editor = set_up(GENERATE_TESTS)
    more = "def test_none():\n    assert total([]) == 0\n"
    answer = f"{fenced(TESTS)}\nAnd:\n{fenced(more)}\n"
    assert isinstance(await run(task, editor, FakeModel(answer)), Created)
    [(_, text)] = editor.created
    assert text.count("def test_") == 2
    assert SOURCE not in text


async def test_of_an_answer_without_an_end_the_whole_tests_are_taken():
    task, editor = set_up(GENERATE_TESTS)
    model = FakeModel(f"```python\n{TESTS}" + "    assert total([2]) == 2\n" * 100)
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Created)
    assert outcome.text == TESTS + "    assert total([2]) == 2\n"
    assert "did not come to an end" in outcome.note


async def test_an_answer_that_only_counts_up_is_not_waited_for():
    task, editor = set_up(GENERATE_TESTS)
    counting = "".join(f"    assert total([{n}]) == {n}\n" for n in range(10, 99))
    model = FakeModel(f"```python\n{TESTS}{counting}```\n")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Created)
    assert outcome.text == TESTS + "".join(counting.splitlines(True)[:2])
    assert "did not come to an end" in outcome.note


async def test_a_test_that_is_no_valid_code_is_left_out_and_the_user_is_told():
    task, editor = set_up(GENERATE_TESTS)
    broken = "\n\ndef test_broken():\n    assert total([2])) == 2\n"
    outcome = await run(task, editor, FakeModel(fenced(TESTS + broken)))
    assert isinstance(outcome, Created)
    assert outcome.text == TESTS
    assert outcome.note == "One test that the model wrote is not valid code, and was left out."


async def test_an_answer_that_was_cut_on_its_way_is_refused_as_before():
    task, editor = set_up(GENERATE_TESTS)
    outcome = await run(task, editor, FakeModel(fenced(TESTS), ended=False))
    assert isinstance(outcome, Refused)
    assert editor.created == []


async def test_tests_for_another_framework_are_asked_for_once_more():
    task, editor = set_up(GENERATE_TESTS)
    editor.home = replace(editor.home, framework=FRAMEWORKS["unittest"])
    right = (
        "import unittest\n\nfrom a import total\n\n\nclass TestTotal(unittest.TestCase):\n"
        "    def test_total(self):\n        self.assertEqual(total([1]), 1)\n"
    )
    wrong = "import pytest\n\n" + TESTS
    model = FakeModel(fenced(wrong), fenced(right))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Created)
    assert outcome.text == right
    first, second = model.prompts
    assert second.user.startswith(first.user)
    assert "it was not written for unittest" in second.user
    assert second.again
    assert not first.again

    task, editor = set_up(GENERATE_TESTS)
    editor.home = replace(editor.home, framework=FRAMEWORKS["unittest"])
    model = FakeModel(fenced(wrong))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert (outcome.rule, len(model.prompts), editor.created) == ("framework", 2, [])


async def test_after_a_loop_without_a_test_it_is_asked_once_more():
    task, editor = set_up(GENERATE_TESTS)
    table = "@pytest.mark.parametrize('n', [\n" + "    (1, 2, 'one and two'),\n" * 60
    model = FakeModel(f"```python\n{table}", fenced(TESTS))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Created)
    assert outcome.text == TESTS
    assert "without a table of cases" in model.prompts[1].user
