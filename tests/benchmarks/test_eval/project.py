"""A task's project in a folder of its own, and its tests run there."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from tests.benchmarks.processes import run
from tests.benchmarks.test_eval.tasks import Task
from tests.programs import working

#: Seconds for all tests of a file; they take one or two, on a busy machine ten.
_SECONDS = 60.0
_REPORTERS = Path(__file__).with_name("reporters")
#: What this Python needs to run tests; one of the projects has async ones.
_PACKAGES = ("pytest", "pytest_asyncio")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of the tests of one file."""

    #: Whether each passed, by its name; one that was skipped did not.
    tests: dict[str, bool] = field(default_factory=dict)
    #: Why the file could not be loaded.
    broken: str = ""
    #: Whether it took too long and was ended.
    stopped: bool = False
    #: What the first test that did not pass said.
    why: str = ""

    @property
    def passing(self) -> set[str]:
        """The tests that passed."""
        return {name for name, passed in self.tests.items() if passed}

    @property
    def sound(self) -> bool:
        """Whether there are tests and all of them passed."""
        return bool(self.tests) and all(self.tests.values()) and not (self.broken or self.stopped)


def missing(language: str) -> str:
    """Return what a language's tests lack on this machine; empty where nothing is."""
    if language == "javascript":
        return "" if working("node") else "node"
    return next((name for name in _PACKAGES if find_spec(name) is None), "")


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write a project as a repository of its own, at which a search for its top ends."""
    (folder / ".git").mkdir(parents=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def run_tests(task: Task, changed: Mapping[str, str], file: str) -> Run:
    """Run the tests in `file` of a task's project with some of its files changed.

    The project is made anew each time, so that nothing is left of a run before.
    """
    # A child that was stopped may still write, which is no reason to fail here.
    place = tempfile.TemporaryDirectory(prefix="dola-eval-", ignore_cleanup_errors=True)
    with place as name:
        top = Path(name).resolve()
        folder, lines = top / "project", top / "lines"
        write({**task.files, **changed}, folder)
        env = {"HOME": str(top), "TEST_EVAL_LINES": str(lines), "TEST_EVAL_FILE": file}
        argv = _python(task, file) if task.language == "python" else _node(file, lines)
        if task.language == "python":
            env |= {"PYTHONPATH": str(_REPORTERS), "PYTHONDONTWRITEBYTECODE": "1"}
            env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONIOENCODING": "utf-8"}
        ran = run(argv, folder, _SECONDS, env)
        told = lines.read_text("utf-8").splitlines() if lines.exists() else []
    found = _read([json.loads(line) for line in told if line.endswith("}")])
    if ran.code is None:
        return Run(found.tests, found.broken, True, ran.output[-500:])
    if not (found.tests or found.broken):
        return Run(broken=f"no test was found. {ran.output[-500:]}".strip())
    return found


def run_reference(task: Task, source: str) -> Run:
    """Run the task's own tests of the function on a text of its file."""
    suffix = ".py" if task.language == "python" else f".test{PurePosixPath(task.tests).suffix}"
    file = str(PurePosixPath(task.tests).with_name(f"test_of_the_reference{suffix}"))
    return run_tests(task, {task.file: source, file: task.reference}, file)


def _python(task: Task, file: str) -> list[str]:
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "lines_of_pytest", "-p", "no:cacheprovider"]
    if task.framework == "unittest":
        # Only what unittest would find, too.
        argv += ["-o", "python_functions=unittest_has_none", "-o", "python_classes=UnittestHasNone"]
    return [*argv, "--color=no", "--tb=line", file]


def _node(file: str, lines: Path) -> list[str]:
    node = working("node")
    assert node is not None
    reporter = f"--test-reporter={(_REPORTERS / 'lines_of_node.mjs').as_uri()}"
    return [node, "--test", reporter, f"--test-reporter-destination={lines}", file]


def _read(lines: list[dict[str, object]]) -> Run:
    """Put together what a reporter told."""
    tests: dict[str, bool] = {}
    broken = why = ""
    for line in lines:
        if "broken" in line:
            broken = broken or str(line["broken"]).strip()
        if "test" not in line:
            continue
        name, passed = str(line["test"]), bool(line["passed"])
        if line.get("suite"):
            # Its tests speak for themselves, if it came to them.
            below = (ok for test, ok in tests.items() if test.startswith(f"{name} > "))
            if passed or not all(below):
                continue
        number, plain = 1, name
        while name in tests:
            number += 1
            name = f"{plain} ({number})"
        tests[name] = passed
        if not passed:
            why = why or f"{name}: {line.get('why') or 'it did not pass'}"
    return Run(tests, broken, False, why)
