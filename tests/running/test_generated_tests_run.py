"""New tests are run where the user wants that, marked where they fail, and repaired."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from dola_ls import processes, running_tests
from tests.fakes.editor import Editor
from tests.lsp.shop import chosen
from tests.running.project import (
    RIGHT,
    SOURCE,
    WRONG,
    answers,
    generate,
    leftovers,
    project,
    server_for,
    shown,
    use_python,
)
from tests.running.test_processes import gone, pids_of

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test finds a Python with pytest."""
    use_python(monkeypatch)


async def test_tests_that_pass_are_counted(profile: str, tmp_path: Path):
    file = project(tmp_path / "work")
    model = answers(RIGHT)
    async with Editor.connect(server_for(tmp_path, model), profile, folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert editor.take_messages()[-1].endswith("1 test passed.")
        assert shown(editor) == []
        editor.take_edits()
        editor.take_shown()
    assert len(model.prompts) == 1
    assert leftovers(file.parent) == []


async def test_a_test_that_fails_is_marked_and_repaired(profile: str, tmp_path: Path):
    file = project(tmp_path / "work")
    tests = (file.parent / "tests" / "test_a.py").as_uri()
    model = answers(WRONG, RIGHT)
    server = server_for(tmp_path, model)
    async with Editor.connect(server, profile, folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        first, *others = editor.take_diagnostics()
        [mark] = first["diagnostics"]
        assert mark["range"]["start"] == {"line": 4, "character": 4}
        assert mark["message"].startswith("assert 3 == 4")
        assert (mark["severity"], mark["source"]) == (1, "dola-ls")
        assert others[-1]["diagnostics"] == []
        [message] = editor.take_messages()
        assert message.endswith(
            "1 test passed. What test_two expects was changed to what the code does: check that "
            "total is right."
        )
        assert editor.text(tests) == RIGHT
        assert editor.text(file.as_uri()) == SOURCE
        editor.take_edits()
        editor.take_shown()
    _, repair = model.prompts
    assert "You repair pytest tests" in repair.system
    assert "def test_two():\n    assert total([1, 2]) == 4" in repair.user
    assert "- test_two: assert 3 == 4" in repair.user
    assert str(tmp_path) not in repair.user
    assert leftovers(file.parent) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("def test_two():\n    total([1, 2])\n", "test_two would check less than it does now"),
        ("def test_two():\n    total([1, 2])\n    assert True\n", "would hold whatever the code"),
        (f"import pytest\n\n\n@pytest.mark.skip\n{WRONG[WRONG.index('def') :]}", "be skipped"),
        ("def test_one():\n    assert total([1]) == 1\n", "changes none of the tests that fail"),
    ],
)
async def test_a_repair_that_checks_less_is_refused(answer: str, why: str, tmp_path: Path):
    file = project(tmp_path / "work")
    tests = (file.parent / "tests" / "test_a.py").as_uri()
    model = answers(WRONG, answer)
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert shown(editor) == [(4, "assert 3 == 4\n+  where 3 = total([1, 2])")]
        [message] = editor.take_messages()
        assert "0 of 1 test passed; it is marked in test_a.py. A repair was not used: " in message
        assert why in message
        assert editor.text(tests) == WRONG
        assert len(editor.take_edits()) == 1
        editor.take_shown()
    assert len(model.prompts) == 3
    assert "An earlier answer was not used" in model.prompts[2].user


async def test_what_fails_after_two_repairs_stays_marked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    file = project(tmp_path / "work")
    model = answers(WRONG, WRONG.replace("== 4", "== 5"), WRONG.replace("== 4", "== 6"), RIGHT)
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        [message] = editor.take_messages()
        assert "0 of 1 test passed; it is marked in test_a.py. What test_two expects" in message
        assert shown(editor) == [(4, "assert 3 == 6\n+  where 3 = total([1, 2])")]
        assert len(editor.take_edits()) == 3
        editor.take_shown()
    assert len(model.prompts) == 3
    assert "tests: 0 passed, 1 failed, 2 repairs" in caplog.text
    # S22: no code, no answer and nothing that a test printed.
    assert not any(word in caplog.text for word in ("test_two", "total([", "assert 3"))


async def test_a_model_that_holds_the_code_for_wrong_is_passed_on(tmp_path: Path):
    file = project(tmp_path / "work", SOURCE.replace("+ item", "- item"))
    model = answers(RIGHT)
    model.answers = [*model.answers, "CANNOT: total subtracts, the test is right."]
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), file.read_text())
        await generate(editor, file)
        [message] = editor.take_messages()
        assert "did not repair them: total subtracts, the test is right." in message
        assert len(shown(editor)) == 1
        editor.take_edits()
        editor.take_shown()


async def test_the_users_own_tests_are_run_and_never_repaired(tmp_path: Path):
    file = project(tmp_path / "work")
    tests = file.parent / "tests" / "test_a.py"
    tests.parent.mkdir()
    mine = "from a import total\n\n\ndef test_mine():\n    assert total([]) == 1\n"
    tests.write_text(mine)
    model = answers(WRONG, RIGHT + "\n\ndef test_mine():\n    assert total([]) == 0\n")
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "neovim-0.11", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert editor.text(tests.as_uri()) == mine + "\n\n" + RIGHT[RIGHT.index("def") :]
        [message] = editor.take_messages()
        assert "1 of 2 tests passed; the other one is marked in test_a.py. " in message
        assert "Of those that fail, one of them was there before and left as before." in message
        assert shown(editor) == [(4, "assert 0 == 1\n+  where 0 = total([])")]
        editor.take_edits()
        editor.take_shown()
    assert "test_mine" not in model.prompts[1].user
    assert tests.read_text() == mine


async def test_a_file_that_cannot_be_read_is_written_anew(tmp_path: Path):
    file = project(tmp_path / "work")
    tests = (file.parent / "tests" / "test_a.py").as_uri()
    broken = "import nothing_of_that_name\n" + RIGHT.replace("total([1", "total([0, 1")
    model = answers(broken, RIGHT.replace("total([1", "total([0, 1"))
    server = server_for(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        [message] = editor.take_messages()
        assert message.endswith(": 1 test passed.")
        assert "nothing_of_that_name" not in editor.text(tests)
        first, *_, last = editor.take_diagnostics()
        assert "No module named 'nothing_of_that_name'" in first["diagnostics"][0]["message"]
        assert last["diagnostics"] == []
        editor.take_edits()
        editor.take_shown()


async def test_marks_go_where_the_user_types_and_when_the_file_is_closed(tmp_path: Path):
    file = project(tmp_path / "work")
    tests = (file.parent / "tests" / "test_a.py").as_uri()
    two = WRONG + "\n\ndef test_three():\n    assert total([3]) == 4\n"
    model = answers(two, "I cannot tell.")
    async with Editor.connect(
        server_for(tmp_path, model), "vscode-1.139", folder=file.parent
    ) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert [line for line, _ in shown(editor)] == [4, 8]
        await editor.type(tests, "from a import total\n", "from a import total\n\n")
        assert editor.take_diagnostics() == []
        await editor.type(tests, "== 4\n\n", "== 3\n\n")
        await editor.idle()
        assert [line for line, _ in shown(editor)] == [9]
        await editor.close(tests)
        await editor.idle()
        [closed] = editor.take_diagnostics()
        assert (closed["uri"], closed["diagnostics"]) == (tests, [])
        editor.take_messages()
        editor.take_edits()
        editor.take_shown()


CANARY = SOURCE + "\n\nopen('ran', 'w').close()\n"


@pytest.mark.parametrize("shape", [{"tests": {"run": True}}, {"tests.run": ["touch", "ran"]}])
@pytest.mark.parametrize("way", ["options", "settings"])
async def test_no_editor_and_no_workspace_has_tests_run(
    shape: dict[str, object], way: str, tmp_path: Path
):
    file = project(tmp_path / "work", CANARY)
    (file.parent / "config.toml").write_text("[tests]\nrun = true\n")
    sent = {"options": {"dola": shape}} if way == "options" else {"settings": {"dola": shape}}
    model = answers(RIGHT)
    server = server_for(tmp_path, model, "false")
    async with Editor.connect(server, "vscode-1.139", folder=file.parent, **sent) as editor:
        await editor.open(file.as_uri(), CANARY)
        if way == "settings":
            await editor.until(lambda: server.configuration.client_settings)
        await generate(editor, file)
        [warning] = editor.take_messages()
        assert "`tests.run` from the editor's settings: ignored" in warning
        editor.take_edits()
        editor.take_shown()
    assert not (file.parent / "ran").exists()


async def test_nothing_is_run_by_default(tmp_path: Path):
    file = project(tmp_path / "work", CANARY)
    server = server_for(tmp_path, answers(RIGHT), "false")
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), CANARY)
        await generate(editor, file)
        editor.take_edits()
        editor.take_shown()
    assert not (file.parent / "ran").exists()


async def test_a_source_that_is_not_saved_is_not_tried(tmp_path: Path):
    file = project(tmp_path / "work", CANARY)
    server = server_for(tmp_path, answers(RIGHT))
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), CANARY.replace("result = 0", "result = 1"))
        await generate(editor, file, "result = 1")
        [message] = editor.take_messages()
        assert (
            "The tests were not run: a.py has changes that are not saved. Save it, then run: "
            "python -m pytest -q "
        ) in message
        editor.take_edits()
        editor.take_shown()
    assert not (file.parent / "ran").exists()


ENVIRONMENT = """\
import os

def total(items):
    result = 0
    kept = [name for name in os.environ if "KEY" in name or name.startswith("DOLA_A")]
    return kept, [part for part in os.environ["PATH"].split(os.pathsep) if not os.path.isabs(part)]
"""


async def test_tests_see_no_key_and_no_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("DOLA_API_KEY", "AIMLAPI_API_KEY", "ARK_API_KEY", "SOME_API_KEY"):
        monkeypatch.setenv(name, "canary-0123456789")
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], ".", "", "bin"]))
    file = project(tmp_path / "work", ENVIRONMENT)
    server = server_for(tmp_path, answers(RIGHT.replace("== 3", "== ([], [])")))
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), ENVIRONMENT)
        await generate(editor, file)
        [message] = editor.take_messages()
        assert message.endswith(": 1 test passed.")
        editor.take_edits()
        editor.take_shown()


def trap(folder: Path) -> Path:
    """Put a program into a project that would be run in the place of Python."""
    folder.mkdir(parents=True)
    for name in ("python", "python3"):
        program = folder / name
        program.write_text("#!/bin/sh\ntouch trapped\necho '1 passed in 0.01s'\n")
        program.chmod(0o755)
    return folder / "python3"


async def test_no_program_of_the_project_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = project(tmp_path / "work")
    trapped = trap(file.parent / ".venv" / "bin")
    monkeypatch.setenv("PATH", os.pathsep.join([str(trapped.parent), os.environ["PATH"]]))
    server = server_for(tmp_path, answers(RIGHT))
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert editor.take_messages()[0].endswith(": 1 test passed.")
        editor.take_edits()
        editor.take_shown()
    assert not (file.parent / "trapped").exists()


async def test_a_program_of_the_project_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = project(tmp_path / "work")
    trapped = trap(file.parent / ".venv" / "bin")
    monkeypatch.setenv("PATH", str(trapped.parent))
    server = server_for(tmp_path, answers(RIGHT))
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        [message] = editor.take_messages()
        assert "is one of the project's own, and those are run only where `tests.run`" in message
        editor.take_edits()
        editor.take_shown()
    assert not (file.parent / "trapped").exists()
    assert leftovers(file.parent) == []


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
async def test_the_users_own_words_name_what_is_run(tmp_path: Path):
    file = project(tmp_path / "work")
    trap(file.parent / ".venv" / "bin")
    words = '["{root}/.venv/bin/python3", "-m", "pytest", "{file}"]'
    server = server_for(tmp_path, answers(RIGHT), words)
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert editor.take_messages()[0].endswith(": 1 test passed.")
        editor.take_edits()
        editor.take_shown()
    assert (file.parent / "trapped").exists()


async def test_a_command_without_the_file_needs_it_saved(tmp_path: Path):
    file = project(tmp_path / "work")
    server = server_for(tmp_path, answers(RIGHT), '["python3", "-m", "pytest"]')
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert (
            "test_a.py is not saved yet. Save it, then run: python3 -m pytest."
            in editor.take_messages()[0]
        )
        editor.take_edits()
        editor.take_shown()


async def test_a_runner_that_is_missing_is_told(tmp_path: Path):
    file = project(tmp_path / "work")
    server = server_for(tmp_path, answers(RIGHT), '["no-such-program", "{file}"]')
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        assert "The tests were not run: no-such-program was not found." in editor.take_messages()[0]
        editor.take_edits()
        editor.take_shown()


async def test_what_a_runner_says_cannot_be_clicked_on(tmp_path: Path):
    """S19: VS Code makes links of some Markdown in messages, be it to commands."""
    file = project(tmp_path / "work")
    words = """["python3", "-c", "print('[run](command:evil) http://evil.example')", "{file}"]"""
    server = server_for(tmp_path, answers(RIGHT), words)
    async with Editor.connect(server, "vscode-1.139", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        [message] = editor.take_messages()
        assert "No test was run. python3 said: run" in message
        assert "command:" not in message
        assert "http:" not in message
        editor.take_edits()
        editor.take_shown()


async def test_what_a_runner_says_instead_of_running_is_told(tmp_path: Path):
    file = project(tmp_path / "work")
    words = '["python3", "-m", "no_such_runner", "{file}"]'
    server = server_for(tmp_path, answers(RIGHT), words)
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), SOURCE)
        await generate(editor, file)
        [message] = editor.take_messages()
        assert "No test was run. python3 said: " in message
        assert "No module named no_such_runner" in message
        editor.take_edits()
        editor.take_shown()


HANGING = """\
import os, signal, subprocess, sys, time


def total(items):
    result = 0
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
         "open('ready', 'w').close(); time.sleep(600)"],
    )
    while not os.path.exists("ready"):
        time.sleep(0.01)
    with open("pids.part", "w") as file:
        print(os.getpid(), child.pid, file=file)
    os.rename("pids.part", "pids")
    time.sleep(600)
"""


@pytest.mark.parametrize("how", ["progress", "close", "shutdown"])
async def test_cancelling_ends_the_tests_and_all_they_started(how: str, tmp_path: Path):
    file = project(tmp_path / "work", HANGING)
    server = server_for(tmp_path, answers(RIGHT))
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), HANGING)
        await editor.execute(await chosen(editor, file.as_uri(), "dola.generateTests", "result"))
        pids = await pids_of(file.parent)
        assert leftovers(file.parent)
        if how == "progress":
            [token] = editor.progress
            await editor.until(lambda: "running the tests" in str(editor.progress))
            editor.cancel_progress(token)
        elif how == "close":
            await editor.close(file.as_uri())
        else:
            await server.jobs.close()
        await editor.idle()
        assert await asyncio.to_thread(gone, pids)
        assert leftovers(file.parent) == []
        editor.take_edits()
        editor.take_shown()


async def test_tests_that_take_too_long_are_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(running_tests, "SECONDS", 5.0)
    file = project(tmp_path / "work", HANGING)
    server = server_for(tmp_path, answers(RIGHT))
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), HANGING)
        await generate(editor, file, "result")
        assert "they were stopped after 5 seconds." in editor.take_messages()[0]
        assert await asyncio.to_thread(gone, await pids_of(file.parent))
        editor.take_edits()
        editor.take_shown()
    assert leftovers(file.parent) == []


async def test_tests_that_write_too_much_are_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(processes, "MOST", 1_000_000)
    source = "import os\n\n\ndef total(items):\n    result = 0\n    while True:\n"
    source += "        os.write(1, b'x' * 10_000)\n"
    file = project(tmp_path / "work", source)
    server = server_for(tmp_path, answers(RIGHT), '["python3", "-m", "pytest", "-s", "{file}"]')
    async with Editor.connect(server, "helix-25.01", folder=file.parent) as editor:
        await editor.open(file.as_uri(), source)
        await generate(editor, file)
        assert "they were stopped because they wrote too much." in editor.take_messages()[0]
        editor.take_edits()
        editor.take_shown()
    assert leftovers(file.parent) == []
