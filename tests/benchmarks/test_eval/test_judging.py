"""That good tests, idle ones, broken ones and misplaced ones are told apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.benchmarks.editor import Ended
from tests.benchmarks.relay import Exchange
from tests.benchmarks.test_eval import project
from tests.benchmarks.test_eval.judging import judge
from tests.benchmarks.test_eval.naive import code_of, fate_of, replaced
from tests.benchmarks.test_eval.project import missing
from tests.benchmarks.test_eval.results import Record
from tests.benchmarks.test_eval.tasks import Task, load_all
from tests.benchmarks.test_eval.writer import Written

_TASKS = {task.name: task for task in load_all()}
_PYTHON, _NODE = _TASKS["split_bill"], _TASKS["group_by"]
#: A new file in Python, and a file that is there in JavaScript.
both = pytest.mark.parametrize("task", [_PYTHON, _NODE], ids=lambda task: task.language)


@pytest.fixture(autouse=True)
def _node_is_here() -> None:
    if program := missing("javascript"):
        pytest.skip(f"{program} is not installed here")


def _judged(task: Task, *tests: str, **changed: str) -> Record:
    """Judge what a server would have made of some tests, beside those that are there."""
    text = "\n".join([task.files.get(task.tests, ""), *tests])
    return judge(task, Written(Ended("created", 1.0), {task.tests: text, **changed}), [])


def _body(task: Task) -> str:
    """Return the reference without what the file that is there imports already."""
    if not task.merges:
        return task.reference
    return task.reference.replace('import assert from "node:assert/strict";\n', "")


@both
def test_good_tests_pass_and_catch(task: Task) -> None:
    record = _judged(task, _body(task))
    assert (record.placed, record.collected, record.passed) == (True, True, True)
    assert record.reason == ""
    assert record.passing == len(record.tests) >= 5
    assert record.noticed == len(record.caught) == 3
    # Those that were there do not count.
    assert not any("unique" in name for name in record.tests)


@both
def test_tests_that_assert_nothing_catch_nothing(task: Task) -> None:
    idle = {
        "python": "from dinner.bill import split_bill\n\n\n"
        "def test_split():\n    split_bill(1001, 3, 10)\n    split_bill(5, 1)\n",
        "javascript": 'import { groupBy } from "../src/collections.js";\n'
        'test("groups", () => {\n  groupBy([{ a: 1 }, { a: 1 }, {}], "a");\n});\n',
    }
    record = _judged(task, idle[task.language])
    assert (record.collected, record.passed) == (True, True)
    # One person who cannot pay alone is noticed by the call itself.
    assert record.noticed == (1 if task.language == "python" else 0)
    assert [tests for tests in record.caught.values() if tests] in ([], [["test_split"]])


@both
@pytest.mark.parametrize("fault", ["def broken(\n", "import nowhere\n", "raise_this()\n"])
def test_a_file_that_cannot_be_loaded_is_not_collected(task: Task, fault: str) -> None:
    if task.language == "javascript":
        fault = fault.replace("import nowhere", 'import "./nowhere.js";')
    record = _judged(task, _body(task), fault)
    assert (record.placed, record.collected, record.passed) == (True, False, False)
    assert "Error" in record.reason
    assert (record.noticed, record.lost) == (0, [])


@both
def test_a_file_without_tests_is_not_collected(task: Task) -> None:
    record = _judged(task)
    assert (record.collected, record.passed) == (False, False)
    assert "no " in record.reason
    assert record.tests == {}


def test_one_wrong_test_fails_the_file_and_catches_nothing_itself() -> None:
    wrong = "\n\ndef test_wrong():\n    assert split_bill(1, 1) == [2]\n"
    record = _judged(_PYTHON, _PYTHON.reference + wrong)
    assert (record.collected, record.passed) == (True, False)
    assert record.passing == len(record.tests) - 1
    assert record.reason.startswith("test_wrong: ")
    assert record.noticed == 3
    assert not any("test_wrong" in tests for tests in record.caught.values())
    alone = _judged(_PYTHON, "from dinner.bill import split_bill\n" + wrong)
    assert (alone.collected, alone.noticed) == (True, 0)


def test_a_skipped_test_does_not_pass() -> None:
    skipped = "import pytest\n\n\n@pytest.mark.skip\ndef test_a():\n    pass\n"
    assert not _judged(_PYTHON, skipped).passed
    assert not _judged(_NODE, 'test.skip("a", () => {});\n').passed


def test_nested_and_like_named_tests_are_told_apart() -> None:
    suite = (
        'import { describe, it } from "node:test";\n'
        'describe("a", () => {\n  it("b", () => {});\n  it("b", () => assert.fail("no"));\n'
        '  describe("c", () => {\n    it("b", () => {});\n  });\n});\n'
    )
    assert _judged(_NODE, suite).tests == {"a > b": True, "a > b (2)": False, "a > c > b": True}


def test_a_suite_that_fails_before_its_tests_is_a_failure() -> None:
    suite = (
        'import { describe } from "node:test";\ndescribe("a", () => {\n  throw Error("x");\n});\n'
    )
    record = _judged(_NODE, suite)
    assert record.tests == {"a": False}
    assert not record.passed


def test_only_what_unittest_would_find_counts_in_a_project_of_unittest() -> None:
    task = _TASKS["to_roman"]
    assert _judged(task, task.reference).passed
    function = (
        "from numerals import to_roman\n\n\ndef test_ten():\n    assert to_roman(10) == 'X'\n"
    )
    record = _judged(task, function)
    assert (record.collected, record.passed) == (False, False)


def test_async_tests_run_where_the_project_has_a_plugin_for_them() -> None:
    task = _TASKS["fetch_with_retries"]
    record = _judged(task, task.reference)
    assert (record.passed, record.noticed) == (True, 3)


def test_tests_that_are_gone_are_told() -> None:
    written = Written(Ended("edited", 1.0), {_NODE.tests: _NODE.reference})
    record = judge(_NODE, written, [])
    assert (record.collected, record.passed) == (True, False)
    assert record.lost == ["unique keeps the first", "unique of nothing"]


def test_another_file_and_another_place_are_noticed() -> None:
    source = _PYTHON.source.replace("people < 1", "people < 2")
    record = _judged(_PYTHON, _PYTHON.reference, **{_PYTHON.file: source})
    # The tests are judged by the function as it was.
    assert (record.placed, record.passed) == (False, True)
    elsewhere = Written(Ended("created", 1.0), {"src/dinner/test_bill.py": _PYTHON.reference})
    record = judge(_PYTHON, elsewhere, [])
    assert (record.placed, record.collected, record.noticed) == (False, True, 3)
    pasted = judge(_PYTHON, Written(Ended("edited", 1.0), {_PYTHON.file: source}), [])
    assert (pasted.placed, pasted.reason) == (False, "there is no test file")


def test_tests_without_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "_SECONDS", 3.0)
    endless = "\n\ndef test_endless():\n    while True:\n        pass\n"
    record = _judged(_PYTHON, "def test_quick():\n    pass\n" + endless)
    assert not record.passed
    assert record.reason.startswith("it was stopped")
    assert record.noticed == 0


def test_what_the_tests_write_goes_with_their_folder() -> None:
    stray = (
        "import os, pathlib\n\n\ndef test_home():\n"
        "    home = pathlib.Path.home()\n    assert home.name.startswith('dola-eval-')\n"
        "    (home / 'x').write_text('')\n"
        "    assert not [name for name in os.environ if name.endswith('_API_KEY')]\n"
    )
    assert _judged(_PYTHON, stray).passed


def _fenced(code: str, label: str = "") -> str:
    return f"Here are the tests:\n```{label}\n{code}```\nRun them with care.\n"


def _with_body(task: Task, change: Callable[[str], str]) -> str:
    region = task.target.region
    return change(task.source[region.start : region.end])


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("split_bill", "lost"),
        ("inventory_remove", "lost"),
        ("group_by", "lost"),
        # A method's tests do not even parse in the middle of a class.
        ("cart_apply_coupon", "ruined"),
        ("wrap_text", "lost"),
    ],
)
def test_tests_in_the_place_of_the_function_destroy_it(name: str, fate: str) -> None:
    task = _TASKS[name]
    assert fate_of(task, _fenced(task.reference, task.language)) == fate
    exchange = Exchange(text=_fenced(task.reference))
    record = judge(task, Written(Ended("refused", 1.0)), [Exchange(), exchange])
    assert (record.naive, record.destroyed) == (fate, True)


@both
def test_an_answer_with_the_function_in_it_does_not_destroy_it(task: Task) -> None:
    whole = _with_body(task, str)
    assert fate_of(task, _fenced(whole)) == "works"
    assert replaced(task, _fenced(whole)) == task.source
    fault = task.mutations[0]
    broken = _with_body(task, lambda body: body.replace(fault.old, fault.new))
    assert fate_of(task, _fenced(broken)) == "broken"
    assert fate_of(task, "The function needs no tests, it is fine.") == "ruined"


def test_without_an_answer_nothing_is_pasted() -> None:
    record = judge(_PYTHON, Written(Ended("timeout", 300.0)), [Exchange()])
    assert (record.naive, record.destroyed) == (None, False)
    assert (record.placed, record.collected, record.passed) == (False, False, False)


def test_the_code_of_an_answer() -> None:
    assert code_of("a\n```python\nx = 1\n```\nb\n```\ny = 2\n```\n") == "x = 1\ny = 2\n"
    assert code_of("````\n```\nx\n```\n````") == "```\nx\n```\n"
    assert code_of("```python\nx = 1\n") == "x = 1\n"
    assert code_of("x = 1\n") == "x = 1\n"
