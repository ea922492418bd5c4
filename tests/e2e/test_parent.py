"""An editor that dies while something else holds the server's input open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dola_ls.lsp.parent import ancestors
from tests.fakes.api import FakeApi, answer
from tests.fakes.raw import Raw
from tests.reliability.load import order
from tests.reliability.page import Page
from tests.reliability.surroundings import environment

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells the end of a process that was left behind"
)

#: Starts an editor, and tells how each process ended that it or the editor started.
_REAPER = """\
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
editor = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]])
try:
    while True:
        pid, status = os.wait()
        print("ended", pid, os.waitstatus_to_exitcode(status), file=sys.stderr, flush=True)
except ChildProcessError:
    pass
"""
#: Starts what it is given, and stays.
_EDITOR = """\
import os, signal, subprocess, sys
server = subprocess.Popen(sys.argv[1:])
print("editor", os.getpid(), "started", server.pid, file=sys.stderr, flush=True)
signal.pause()
"""
SERVER = (sys.executable, "-m", "dola_ls")
#: On a system that does not tell of the end of a process.
LOOKING = (
    sys.executable,
    "-c",
    "import os, dola_ls.cli; del os.pidfd_open; raise SystemExit(dola_ls.cli.main([]))",
)
#: As some editors and users start it: what they know is not the server's own number.
BY_SHELL = ("sh", "-c", '"$@"; exit $?', "sh")


@dataclass(frozen=True, slots=True)
class Started:
    """The editor, and what it started: the server or the shell round it."""

    raw: Raw
    editor: int
    server: int


@contextlib.asynccontextmanager
async def edited(argv: tuple[str, ...], env: dict[str, str], cwd: Path) -> AsyncIterator[Started]:
    """Start an editor that starts a server, which reads from this test and from nobody else."""
    async with Raw.python("-c", _REAPER, _EDITOR, *argv, env=env, cwd=cwd) as raw:
        match = await raw.stderr_match(rb"editor (\d+) started (\d+)\n")
        editor, server = int(match[1]), int(match[2])
        try:
            yield Started(raw, editor, server)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(editor, signal.SIGKILL)


@pytest.mark.parametrize("argv", [SERVER, LOOKING, BY_SHELL + SERVER, BY_SHELL + LOOKING])
async def test_the_server_goes_with_its_editor(argv: tuple[str, ...], tmp_path: Path) -> None:
    page = Page((tmp_path / "a.py").as_uri(), 1)
    async with FakeApi() as api:
        api.answer_with(lambda _: answer("```python\ndef", finish=None, done=False, end="hold"))
        env = environment(tmp_path / "home", api.base_url)
        async with edited(argv, env, tmp_path) as started:
            raw = started.raw
            await raw.initialize(processId=started.editor)
            raw.open(page.uri, page.text)
            await raw.request("workspace/executeCommand", order(page.uri, 3))
            await api.arrived(1)
            os.kill(started.editor, signal.SIGKILL)
            # The shell ends with the code of the server in it.
            await raw.stderr_match(rb"ended %d 1\n" % started.server, limit=60)
            await api.connected(0, within=20)
            assert b"Traceback" not in raw.stderr


async def test_a_number_that_is_not_of_an_editor_here_ends_nothing(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    other = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        async with edited(SERVER, env, tmp_path) as started:
            raw = started.raw
            await raw.initialize(processId=other.pid)
            [log] = (tmp_path / "home").rglob("*.log")
            assert f"process {other.pid} of the client is none that started" in log.read_text()
            other.kill()
            await other.wait()
            assert await raw.request("shutdown") is None
    finally:
        with contextlib.suppress(ProcessLookupError):
            other.kill()
        await other.wait()


@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 1, 0, -1])
async def test_a_number_of_no_process_ends_nothing(number: int, tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    async with Raw.python("-m", "dola_ls", env=env, cwd=tmp_path) as raw:
        await raw.initialize(processId=number)
        assert await raw.leave() == 0


def test_the_parent_is_the_first_that_is_told() -> None:
    assert ancestors()[0] == os.getppid()
