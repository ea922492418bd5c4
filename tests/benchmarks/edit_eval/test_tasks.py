"""That the tasks are sound: each can be failed and passed, and its solution keeps to its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls.core.words import WORD
from tests.benchmarks.edit_eval.checks import check, static_fault
from tests.benchmarks.edit_eval.judgement import judge
from tests.benchmarks.edit_eval.tasks import LANGUAGES, Task, WrongTask, files, load, load_all
from tests.benchmarks.edit_eval.tools import Tools
from tests.benchmarks.edit_eval.validity import faults
from tests.benchmarks.picking import pick

#: Only what is on this machine: a test fetches nothing.
TOOLS = Tools()
#: Their checks take no compiler, so that all of them are run.
_QUICK = frozenset({"python", "markdown"})
TASKS = load_all()


def _run_here() -> list[Task]:
    """Return the tasks to run: all quick ones, and one of each language that is compiled.

    ``python -m tests.benchmarks.edit_eval --check-tasks`` runs the others.
    """
    first = {task.language: task for task in reversed(TASKS)}
    return [task for task in TASKS if task.language in _QUICK or first[task.language] is task]


def test_there_are_tasks_of_every_language() -> None:
    assert len(TASKS) >= 60
    assert {task.language for task in TASKS} == set(LANGUAGES)
    assert len({task.id for task in TASKS}) == len(TASKS)
    assert len(files()) == len(TASKS)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_the_reference_is_right_as_far_as_can_be_told_without_running_it(task: Task) -> None:
    assert static_fault(task, task.reference) == ""
    kept = judge(task, task.reference)
    assert (kept.excess, kept.wrong_place, kept.lost_text) == ("", "", "")
    assert task.target.name


@pytest.mark.parametrize("task", _run_here(), ids=lambda task: task.id)
def test_the_check_fails_on_the_source_and_passes_on_the_reference(task: Task) -> None:
    if missing := TOOLS.missing(task.language):
        pytest.skip(f"{' and '.join(missing)} not installed here, so that the check cannot run")
    assert check(task, task.reference, TOOLS).how == "ran"
    assert faults(task, TOOLS) == []


def test_some_tasks_need_a_definition_of_another_file() -> None:
    found = [task for task in TASKS if task.files]
    assert {task.language for task in found} == {"python", "typescript"}
    for task in found:
        # What is asked for is declared there, and not shown where it is used.
        names = set(WORD.findall(task.reference)) - set(WORD.findall(task.source))
        told = set(WORD.findall("".join(task.files.values())))
        assert names & told - set(WORD.findall(task.instruction)), task.id


def test_a_wrong_solution_is_noticed_by_the_checks() -> None:
    task = next(task for task in TASKS if task.name == "history_reverse")
    outcome = check(task, task.reference.replace("return", "return None #"), TOOLS)
    assert not outcome.passed
    assert outcome.how == "ran"


def test_without_the_tools_an_answer_has_to_keep_to_its_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = next(task for task in TASKS if task.language == "go")
    bare = Tools()
    monkeypatch.setattr(bare, "missing", lambda language: ["go"])
    assert check(task, task.reference, bare).passed
    assert check(task, task.reference, bare).how == "parsed"
    assert not check(task, task.reference + "\nfunc extra() {}\n", bare).passed
    assert not check(task, task.reference + "\nfunc extra( {\n", bare).passed


_TOML = """
title = "t"
file = "a.py"
instruction = "i"
at = "one"
may_change = [["one", "two"]]
source = "one\\ntwo\\nthree\\n"
reference = "1\\ntwo\\nthree\\n"
check = "assert True"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("one\\ntwo", "one\\none\\ntwo"), "'one' stands in the source 2 times"),
        (('at = "one"', 'at = "four"'), "'four' stands in the source 0 times"),
        (('at = "one"', ""), "exactly one of `at` and `select`"),
        (('["one", "two"]', '["two", "one"]'), "'two' stands after 'one'"),
        (('"1\\ntwo', '"one\\ntwo'), "the reference is the source"),
        (('"i"', '"i"\nhas = ["("]'), "'(' is no regular expression"),
        (('"i"', '"i"\nhint = "h"'), "hint: Extra inputs are not permitted"),
        (('"a.py"', '"../a.py"'), "file: String should match"),
        (('"i"', '"i"\nfiles = {"../b.py" = ""}'), "String should match"),
        (('"i"', '"i"\nfiles = {"a.py" = ""}'), "a.py is the file that is edited"),
        (('"t"', "t"), "Invalid value"),
    ],
)
def test_a_task_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = tmp_path / "python" / "bad.toml"
    path.parent.mkdir()
    path.write_text(_TOML, encoding="utf-8")
    assert load(path).free_lines == [range(2)]
    assert change[0] in _TOML
    path.write_text(_TOML.replace(*change), encoding="utf-8")
    with pytest.raises(WrongTask, match=r"python/bad\.toml") as caught:
        load(path)
    assert said in str(caught.value)


def test_a_few_tasks_are_of_several_languages() -> None:
    picked = pick(TASKS, [], 7)
    assert {task.language for task in picked} == set(LANGUAGES)
    picked = pick(TASKS, ["go", "history_reverse"], None)
    wanted = {task.id for task in TASKS if task.language == "go"} | {"python/history_reverse"}
    assert {task.id for task in picked} == wanted
    assert len(picked) == len(wanted)
