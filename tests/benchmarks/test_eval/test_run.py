"""That a run goes through the real server, and goes on where it was stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.engine import Address
from tests.benchmarks.relay import Relay
from tests.benchmarks.test_eval import __main__ as command
from tests.benchmarks.test_eval import writer as writing
from tests.benchmarks.test_eval.__main__ import main, one
from tests.benchmarks.test_eval.project import missing
from tests.benchmarks.test_eval.report import by_task, figures, table
from tests.benchmarks.test_eval.results import Record, Results
from tests.benchmarks.test_eval.tasks import Task, load_all
from tests.benchmarks.test_eval.writer import Writer
from tests.fakes.api import Request, ThreadedFakeApi, answer

TASKS = load_all()
_TASKS = {task.name: task for task in TASKS}


@pytest.fixture(scope="module")
def api() -> Iterator[ThreadedFakeApi]:
    if program := missing("javascript"):
        pytest.skip(f"{program} is not installed here")
    with ThreadedFakeApi() as fake:
        yield fake


@pytest.fixture(scope="module")
def address(api: ThreadedFakeApi) -> Address:
    return Address(api.base_url.removesuffix("/v1"), "a-key", "a-model")


@pytest.fixture(scope="module")
def relay(address: Address) -> Iterator[Relay]:
    with Relay(address).running() as relay:
        yield relay


@pytest.fixture(scope="module")
def writer(relay: Relay) -> Iterator[Writer]:
    writer = Writer(relay.address)
    yield writer
    writer.close()


def _fenced(task: Task) -> str:
    return f"```{task.language}\n{task.reference}```\n"


def _asked_about(request: Request) -> str:
    """Answer as a model that knows all the functions: with the tests of the one it is shown."""
    if request.prompt == "Hi":
        return "Hello"
    return next(
        _fenced(task) for task in TASKS if f"tests for {task.target.name}." in request.prompt
    )


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_good_answers_come_to_the_right_file_and_nowhere_else(
    api: ThreadedFakeApi, writer: Writer, task: Task
) -> None:
    api.answer_with(lambda _: _fenced(task))
    written = writer.write_tests(task)
    assert (written.ended.outcome, written.ended.said, written.ended.rule) == (
        "edited" if task.merges else "created",
        "",
        "",
    )
    assert list(written.changed) == [task.tests]
    text = written.changed[task.tests]
    for name in re.findall(r"(?:def |it\(\"|test\(\")(\w[\w ,-]+)", task.reference):
        assert name in text


@pytest.mark.parametrize("name", ["password_problems", "to_roman", "add_months", "parse_args"])
def test_good_answers_pass_and_catch(
    api: ThreadedFakeApi, relay: Relay, writer: Writer, name: str
) -> None:
    task = _TASKS[name]
    api.answer_with(lambda _: _fenced(task))
    record = one(task, writer, relay)
    assert (record.placed, record.collected, record.passed) == (True, True, True)
    assert (record.noticed, record.lost, record.naive) == (3, [], "lost")
    [exchange] = record.exchanges
    assert exchange.text == _fenced(task)
    assert record.answer_tokens == 20


def test_an_answer_that_does_not_parse_is_refused(
    api: ThreadedFakeApi, relay: Relay, writer: Writer
) -> None:
    task = _TASKS["parse_duration"]
    api.answer_with(lambda _: "```python\ndef test_a(:\n    assert parse_duration(\n```\n")
    record = one(task, writer, relay)
    assert record.outcome == "refused"
    assert record.said
    assert (record.changed, record.collected, record.passed) == ({}, False, False)
    assert record.destroyed


def test_an_answer_without_end_is_stopped_and_the_next_task_gets_its_turn(
    api: ThreadedFakeApi, relay: Relay, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = _TASKS["batches"]
    lines = "".join(f"def test_{number}():\n    pass\n" for number in range(2000))
    with monkeypatch.context() as patch:
        patch.setattr(writing, "LIMIT", 0.5)
        api.enqueue(answer("```python\n" + lines, delay=0.05))
        record = one(task, writer, relay)
    assert (record.outcome, record.changed) == ("timeout", {})
    api.answer_with(lambda _: _fenced(task))
    assert one(task, writer, relay).passed


def test_the_command_prints_a_table_and_goes_on_where_it_was_stopped(
    api: ThreadedFakeApi,
    address: Address,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def engine(model: str) -> Iterator[Address]:
        assert model == "1.5b"
        yield address

    monkeypatch.setattr(command, "engine", engine)
    api.answer_with(_asked_about)
    out = tmp_path / "out.json"
    only = ["--only", "slugify", "--only", "truncate", "--out", str(out)]
    assert main([*only, "--limit", "1"]) == 0
    assert [record.task for record in Results.load(out).records] == ["python/slugify"]
    asked = len(api.requests)
    capsys.readouterr()
    assert main([*only, "--resume", "--tasks"]) == 0
    printed = capsys.readouterr()
    assert [line.split(":")[0] for line in printed.err.splitlines()] == ["1/1 javascript/truncate"]
    # One word before the run, and one answer.
    assert len(api.requests) == asked + 2
    rows = [[cell.strip() for cell in line.split("|")] for line in printed.out.splitlines()]
    [total] = [row for row in rows if row[1:2] == ["all"]]
    assert total[2:8] == ["2", "100%", "100%", "100%", "6 of 6 (100%)", "100%"]
    assert "tests that pass: 14 of 14 (100%)" in printed.out
    assert main([*only, "--resume"]) == 0
    assert len(api.requests) == asked + 2
    out.write_text('{"about": {}, "records": [{"task": "t", "exchanges": []}]}', "utf-8")
    with pytest.raises(SystemExit):
        main([*only, "--resume"])
    assert "holds no results to go on with" in capsys.readouterr().err


def test_tasks_can_be_checked_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check-tasks", "--only", "paginate"]) == 0
    told = capsys.readouterr().out
    assert told == "javascript/paginate: sound\n1 tasks, 0 of them not sound\n"
    with pytest.raises(SystemExit):
        main(["--only", "nothing"])


def test_what_is_missing_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "missing", lambda language: "node" * (language != "python"))
    assert main(["--check-tasks", "--only", "batches"]) == 0
    with pytest.raises(SystemExit):
        main(["--check-tasks", "--limit", "2"])
    assert "node is not installed here" in capsys.readouterr().err


_RECORD = Record(
    task="python/a",
    digest="d",
    language="python",
    outcome="created",
    rule="",
    said="",
    seconds=10.0,
    changed={"tests/test_a.py": ""},
    placed=True,
    lost=[],
    collected=True,
    passed=True,
    reason="",
    tests={"a": True, "b": True},
    caught={"x": ["a"], "y": []},
    naive="lost",
    exchanges=[],
)
_FAILS = replace(
    _RECORD,
    task="python/b",
    seconds=30.0,
    passed=False,
    tests={"a": True, "b": False},
    caught={"x": ["a"], "y": ["a"]},
    naive="works",
)
_REFUSED = replace(
    _RECORD,
    task="javascript/c",
    language="javascript",
    outcome="refused",
    rule="prose",
    changed={},
    placed=False,
    collected=False,
    passed=False,
    tests={},
    caught={"x": [], "y": []},
    naive=None,
)


def test_the_table_adds_up() -> None:
    lines = table([_RECORD, _FAILS, _REFUSED]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2][:7] == ["Python", "2", "100%", "100%", "50%", "1 of 2 (50%)", "50%"]
    assert cells[3][:7] == ["JavaScript", "1", "0%", "0%", "0%", "–", "–"]
    assert cells[4][:9] == ["all", "3", "67%", "67%", "33%", "1 of 2 (50%)", "50%", "10.0", "50"]
    assert len(table([_RECORD]).splitlines()) == 3


def test_the_other_figures_add_up() -> None:
    told = figures([_RECORD, _FAILS, _REFUSED, replace(_RECORD, lost=["t"])])
    assert "tests that pass: 5 of 6 (83%)" in told
    assert "the 3 files that are collected catch 4 of 6 (67%) mutations" in told
    assert "of 3, 2 lose the function, 1 keep it" in told
    assert "no tests came: 1 prose" in told
    assert "tests that were there are gone: python/a" in told
    assert "not collected" in by_task([_REFUSED])
