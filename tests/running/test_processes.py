"""Programs that are run with limits: whatever happens, nothing of them is left behind."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from dola_ls import processes
from dola_ls.processes import KEPT, Ran, run_program
from tests.editors.nvim import is_alive

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
#: Starts a process that heeds no SIGTERM, in a session of its own if asked, writes down both
#: numbers, and goes on for ever, or ends at once.
PARENT = """\
import os, signal, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c",
     "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
     "open(sys.argv[1], 'w').close(); time.sleep(600)", "ready"],
    start_new_session="session" in sys.argv,
)
while not os.path.exists("ready"):
    time.sleep(0.01)
with open("pids.part", "w") as file:
    print(os.getpid(), child.pid, file=file)
os.rename("pids.part", "pids")
print("started", flush=True)
if "stay" in sys.argv:
    time.sleep(600)
"""


async def run(tmp_path: Path, code: str, *arguments: str, seconds: float = 60) -> Ran:
    command = [sys.executable, "-c", code, *arguments]
    return await run_program(command, tmp_path, os.environ, seconds)


async def pids_of(folder: Path) -> list[int]:
    """Wait for the numbers of parent and child."""
    async with asyncio.timeout(30):
        while True:
            if (folder / "pids").exists():
                return [int(word) for word in (folder / "pids").read_text().split()]
            await asyncio.sleep(0.01)


def gone(pids: list[int]) -> bool:
    """Wait for processes that were killed; the kernel takes a moment to clear them away."""
    end = time.monotonic() + 20
    while any(map(is_alive, pids)) and time.monotonic() < end:
        time.sleep(0.01)
    return not any(map(is_alive, pids))


async def test_code_and_both_outputs_are_told(tmp_path: Path):
    said = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"
    assert await run(tmp_path, said) == Ran(3, "out\nerr\n")


async def test_there_is_no_input_and_the_folder_is_the_one_asked_for(tmp_path: Path):
    ran = await run(tmp_path, "import os, sys; print(repr(sys.stdin.read()), os.getcwd())")
    assert ran.output == f"'' {tmp_path.resolve()}\n"


async def test_the_time_limit_ends_the_program_and_its_children(tmp_path: Path):
    ran = await run(tmp_path, PARENT, "stay", seconds=5)
    assert (ran.code, ran.stopped) == (None, "it was stopped after 5 seconds")
    assert ran.output == "started\n"
    assert gone(await pids_of(tmp_path))


@pytest.mark.parametrize("how", ["", pytest.param("session", marks=ON_LINUX)])
async def test_what_a_program_leaves_running_is_ended_too(how: str, tmp_path: Path):
    ran = await run(tmp_path, PARENT, how)
    assert ran == Ran(0, "started\n")
    assert gone((await pids_of(tmp_path))[1:])


@pytest.mark.parametrize("how", ["", pytest.param("session", marks=ON_LINUX)])
async def test_cancelling_ends_the_program_and_its_children(how: str, tmp_path: Path):
    running = asyncio.create_task(run(tmp_path, PARENT, "stay", how))
    pids = await pids_of(tmp_path)
    assert all(map(is_alive, pids))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(pids)


async def test_cancelling_twice_ends_them_as_well(tmp_path: Path):
    running = asyncio.create_task(run(tmp_path, PARENT, "stay"))
    pids = await pids_of(tmp_path)
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(gone, pids)


async def test_of_much_output_the_end_is_kept(tmp_path: Path):
    ran = await run(tmp_path, "import sys; sys.stdout.write('x' * 1_000_000 + 'end')")
    assert ran.code == 0
    assert len(ran.output) == KEPT
    assert ran.output.endswith("xend")


async def test_a_flood_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "MOST", 1_000_000)
    ran = await run(tmp_path, "while True: print('x' * 1000)")
    assert (ran.code, ran.stopped) == (None, "it was stopped because it wrote too much")
    assert len(ran.output) <= KEPT


async def test_bytes_that_are_no_text_are_no_fault(tmp_path: Path):
    ran = await run(tmp_path, "import sys; sys.stdout.buffer.write(b'\\xff\\xfe ok\\r\\n')")
    assert ran.output == "\ufffd\ufffd ok\n"


async def test_a_program_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(OSError):
        await run_program([str(tmp_path / "none")], tmp_path, os.environ, 5)
