"""That the tasks are sound: functions that can be tested, and faults that such tests notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls.core.testing.detection import detect_framework
from dola_ls.core.testing.frameworks import Unknown
from dola_ls.core.testing.places import place_tests
from tests.benchmarks.test_eval.project import missing
from tests.benchmarks.test_eval.tasks import LANGUAGES, Mutation, Task, WrongTask, load, load_all
from tests.benchmarks.test_eval.validity import faults

TASKS = load_all()
BY_NAME = {task.name: task for task in TASKS}


def _run_here() -> list[Task]:
    """Return one task of each framework, and one of each that has tests to merge into.

    ``python -m tests.benchmarks.test_eval --check-tasks`` runs the others.
    """
    return list({(task.framework, task.merges): task for task in TASKS}.values())


def test_there_are_tasks_of_both_languages_and_of_all_sorts() -> None:
    for language in LANGUAGES:
        tasks = [task for task in TASKS if task.language == language]
        assert len(tasks) == 15
        assert sum(task.merges for task in tasks) >= 3
    assert sum(task.framework == "unittest" for task in TASKS) == 2
    assert len({task.id for task in TASKS}) == len(TASKS)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_the_project_says_which_framework_it_has_and_where_tests_belong(task: Task) -> None:
    symbol = task.target.symbol
    assert symbol is not None
    framework = detect_framework(task.language, task.file, list(task.files), task.files.get)
    assert not isinstance(framework, Unknown), framework.reason
    assert framework.id == task.framework
    name = symbol.qualified_name
    place = place_tests(task.file, name, task.language, framework, list(task.files), task.files.get)
    assert not isinstance(place, Unknown), place.reason
    assert (place.path, place.exists) == (task.tests, task.merges)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_mutation_parses_and_leaves_the_function_where_it_is(task: Task) -> None:
    for mutation in task.mutations:
        _, tree = task.parsed(task.mutated(mutation))
        assert tree.faults == 0
        files = {**task.files, task.file: task.mutated(mutation)}
        assert task.model_copy(update={"files": files}).target.name == task.target.name


@pytest.mark.parametrize("task", _run_here(), ids=lambda task: task.id)
def test_the_reference_passes_on_sound_code_and_notices_every_mutation(task: Task) -> None:
    if program := missing(task.language):
        pytest.skip(f"{program} is not installed here")
    assert faults(task) == []


def test_what_makes_a_task_none_is_found() -> None:
    task = BY_NAME["password_problems"]
    same = Mutation(what="nothing", old="in password.lower()", new="in  password.lower()")
    noted = Mutation(what="all", old="user_name.lower() in", new="user_name.lower() not in")
    [first] = faults(task.model_copy(update={"mutations": (same, noted)}))
    assert first == "the reference does not notice 'nothing'"

    unloadable = Mutation(what="crash", old="return problems", new="return problems)")
    # The tests that are there notice that, too.
    crash, _ = faults(task.model_copy(update={"mutations": (unloadable,)}))
    assert crash.startswith("with 'crash' the reference does not run: ")
    assert "SyntaxError" in crash

    files = {**task.files, task.tests: task.reference}
    seen = faults(task.model_copy(update={"files": files, "mutations": (noted,)}))
    assert seen == ["the tests that are there notice 'all' already"]

    wrong = task.reference.replace('== ["no digit"]', '== ["no figure"]')
    assert wrong != task.reference
    said = faults(task.model_copy(update={"reference": wrong, "mutations": (noted,)}))
    assert len(said) == 1
    assert said[0].startswith("the reference does not pass: test_a_digit_is_needed: ")


_TOML = """
title = "t"
framework = "pytest"
file = "a.py"
at = "def f"
tests = "tests/test_a.py"
reference = "def test_f(): assert f(1) == 2"

[files]
"a.py" = "X = 1\\ndef f(x):\\n    return x + X\\n"

[[mutations]]
what = "less"
old = "x + X"
new = "x - X"

[[mutations]]
what = "more"
old = "return x"
new = "return 2 + x"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('old = "x + X"', 'old = "x"'), "'x' stands in the source 2 times"),
        (('at = "def f"', 'at = "def g"'), "'def g' stands in the source 0 times"),
        (('at = "def f"', 'at = "X = 1"'), "there is no function at the cursor"),
        (('old = "x + X"', 'old = "X = 1"'), "'X = 1' does not stand in the function"),
        (('new = "x - X"', 'new = "x + X"'), "'less' changes nothing"),
        (('file = "a.py"', 'file = "b.py"'), "there is no 'b.py' in the project"),
        (('"tests/test_a.py"', '"../test_a.py"'), "'../test_a.py' is no plain path"),
        (('"pytest"', '"nose"'), "framework: Input should be"),
        (('"t"', '"t"\nhint = "h"'), "hint: Extra inputs are not permitted"),
        (('"t"', "t"), "Invalid value"),
    ],
)
def test_a_task_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = tmp_path / "python" / "bad.toml"
    path.parent.mkdir()
    path.write_text(_TOML, encoding="utf-8")
    assert load(path).target.name == "f"
    assert change[0] in _TOML
    path.write_text(_TOML.replace(*change), encoding="utf-8")
    with pytest.raises(WrongTask, match=r"python/bad") as caught:
        load(path)
    assert said in str(caught.value)
