"""Real projects, answers as models write them: the whole test file that comes of each.

A case under ``answers`` names a fixture and a symbol, and holds the answer and the file that it
makes, be it new or one that was there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dola_ls.core.document import Document
from dola_ls.core.testing.testcode import read_code
from tests.core.testing.projects import FIXTURES, fixture
from tests.programs import working

_CASES = Path(__file__).parent / "answers"


@dataclass(frozen=True)
class Case:
    name: str
    fixture: str
    language: str
    source: str
    symbol: str
    framework: str
    #: ``new`` or ``merge``, and the path.
    place: str
    answer: str
    file: str


def _cases() -> Iterator[Case]:
    for path in sorted(_CASES.glob("*.case")):
        head, _, rest = path.read_text(encoding="utf-8").partition("=== answer\n")
        answer, _, file = rest.partition("=== file\n")
        fields = dict(line.split(": ", 1) for line in head.splitlines())
        yield Case(path.stem, answer=answer, file=file, **fields)


CASES = list(_cases())
every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@every_case
def test_framework_and_place(case: Case) -> None:
    placement, framework = fixture(case.fixture).place(case.language, case.source, case.symbol)
    assert framework.id == case.framework
    assert f"{'merge' if placement.exists else 'new'} {placement.path}" == case.place


@every_case
def test_the_file_that_comes_of_an_answer(case: Case) -> None:
    path, text = fixture(case.fixture).written(case.language, case.source, case.symbol, case.answer)
    assert path == case.place.split(" ", 1)[1]
    assert text == case.file


@every_case
def test_the_code_under_test_is_seen_and_not_copied(case: Case) -> None:
    placement, framework = fixture(case.fixture).place(case.language, case.source, case.symbol)
    for line in placement.imports:
        # Of several names from one place, the import may hold more than the one asked for.
        name = re.escape(placement.binding)
        where = re.search(r"['\"][^'\"]+['\"]", line)
        if placement.language == "go":
            line = line.removeprefix("import ")
        assert line in case.file or (
            where and re.search(rf"\b{name}\b[^\n]*{re.escape(where[0])}", case.file)
        ), line
    if placement.language == "kotlin":
        return
    document = Document(placement.path, placement.language, 0, case.file)
    assert read_code(case.file, placement.language, framework).faults == 0
    if not placement.inline:
        declared = [
            unit.name
            for unit in read_code(document.text, placement.language, framework).units()
            if unit.kind == "declaration"
        ]
        assert case.symbol.rpartition(".")[2] not in declared  # fmt: skip


def test_every_fixture_has_an_answer() -> None:
    fixtures = {path.name for path in FIXTURES.iterdir() if path.is_dir()} - {"monorepo"}
    assert fixtures == {case.fixture for case in CASES}


@dataclass(frozen=True)
class Runner:
    program: str
    command: list[str]
    #: What breaks the code under test.
    breaks: tuple[str, str]


_RUNNERS = {
    "pytest": Runner(
        sys.executable,
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "{path}"],
        ("return sum(|+ count", "return 1 + sum(|+ count + 1"),
    ),
    "unittest": Runner(sys.executable, ["-m", "unittest", "{path}"], ("return ", "return 1 + ")),
    "node:test": Runner(
        "node",
        ["--test", "{path}"],
        ("return |=> (price / 6", "return 1 + |=> 1 + (price / 6"),
    ),
    "testing": Runner(
        "go", ["test", "./..."], ("sum += price|price * 5", "sum -= price|price * 4")
    ),
    "rust": Runner(
        "cargo",
        ["test", "--offline", "-q"],
        (".iter().sum()|price / 5|* 5 / 6", ".iter().sum::<u32>() + 1|price / 6|* 4 / 6"),
    ),
}
_RUN = [case for case in CASES if case.framework in _RUNNERS]


@pytest.mark.parametrize("case", _RUN, ids=[case.name for case in _RUN])
def test_the_file_really_runs(case: Case, tmp_path: Path) -> None:
    runner = _RUNNERS[case.framework]
    program = working(runner.program)
    if program is None:
        pytest.skip(f"{runner.program} is not installed: this file was only parsed")
    folder = tmp_path / "project"
    shutil.copytree(FIXTURES / case.fixture, folder)
    path = case.place.split(" ", 1)[1]
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(case.file, encoding="utf-8")
    done = _run(runner, program, path, folder)
    assert done.returncode == 0, done.stdout
    source = folder / case.source
    text = source.read_text(encoding="utf-8")
    for old, new in zip(*(part.split("|") for part in runner.breaks), strict=True):
        text = text.replace(old, new)
    assert text != source.read_text(encoding="utf-8")
    source.write_text(text, encoding="utf-8")
    done = _run(runner, program, path, folder)
    assert done.returncode != 0, f"the tests pass on broken code:\n{done.stdout}"


def _run(runner: Runner, program: str, path: str, folder: Path) -> subprocess.CompletedProcess[str]:
    target = str(folder.parent / "target")
    hidden = {"PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "NODE_TEST_CONTEXT", "NODE_OPTIONS"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [program, *(part.format(path=path) for part in runner.command)],
        cwd=folder,
        env={**environment, "CARGO_TARGET_DIR": target, "GOFLAGS": "-count=1", "GOPROXY": "off",
             "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )  # fmt: skip


_JAVA = [case for case in CASES if case.framework == "junit5" and case.language == "java"]


@pytest.mark.parametrize("case", _JAVA, ids=[case.name for case in _JAVA])
def test_a_java_file_compiles_with_junit(case: Case, tmp_path: Path) -> None:
    javac = working("javac")
    found = [
        next(iter(sorted((Path.home() / ".m2/repository/org").glob(pattern))), None)
        for pattern in ("junit/jupiter/junit-jupiter-api/5*/*.jar", "opentest4j/**/*.jar",
                        "apiguardian/**/*.jar", "junit/platform/junit-platform-commons/1*/*.jar")
    ]  # fmt: skip
    jars = [str(jar) for jar in found if jar is not None]
    if javac is None or len(jars) < len(found):
        pytest.skip("javac or JUnit's jars are not on this machine: this file was only parsed")
    folder = tmp_path / "project"
    shutil.copytree(FIXTURES / case.fixture, folder)
    path = case.place.split(" ", 1)[1]
    (folder / path).write_text(case.file, encoding="utf-8")
    sources = [str(file) for file in sorted(folder.rglob("*.java"))]
    done = subprocess.run(
        [javac, "-d", str(tmp_path / "out"), "-cp", os.pathsep.join(jars), *sources],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
