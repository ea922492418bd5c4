"""Running a program with limits on its time and its words, and leaving nothing of it behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

#: Bytes of output that are kept, those at its end, and those after which a program is stopped.
KEPT = 256 * 1024
MOST = 64 * 1024 * 1024
#: Seconds to wait for the output of processes that were killed.
_DRAIN = 2.0
#: In the environment of everything that a program starts, so that it is found again.
_MARK = "DOLA_STARTED_BY"
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended; `code` is None where it was stopped, and `stopped` says why."""

    code: int | None
    #: The end of what it wrote to its output and its errors.
    output: str
    stopped: str = ""


async def run_program(
    command: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float
) -> Ran:
    """Run a program without a shell or input; raises OSError where it cannot be started.

    Whatever it started is gone when this returns, be it that the program ended, ran out of its
    time, wrote too much, or that the caller was cancelled.
    """
    child = _Child(command, folder, env)
    stopped = ""
    try:
        async with asyncio.timeout(seconds):
            await child.over()
    except TimeoutError:
        stopped = f"it was stopped after {seconds:g} seconds"
    finally:
        # Shielded: a second cancellation must not leave the processes of the first one behind.
        await asyncio.shield(asyncio.ensure_future(child.end()))
    if child.flooded:
        stopped = "it was stopped because it wrote too much"
    output = child.tail.decode("utf-8", "replace").replace("\r\n", "\n")
    return Ran(None if stopped else child.process.returncode, output, stopped)


class _Child:
    """A running program and all that it starts.

    Threads look after it, as the pipes of asyncio's own processes stay open, and the wait for them
    goes on, for as long as a process of the program's own holds on to them.
    """

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._read = asyncio.Event()
        self._mark = f"{_MARK}={uuid4().hex}"
        self.tail = bytearray()
        self.flooded = False
        name, _, value = self._mark.partition("=")
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**env, name: value},
            # A group of its own, to be ended as one, that Ctrl-C in a terminal does not reach.
            start_new_session=True,
            creationflags=flags,
        )
        for work in (self._wait, self._take_in):
            threading.Thread(target=work, name="dola-child", daemon=True).start()

    async def over(self) -> None:
        """Wait until the program has ended or has written too much."""
        await self._over.wait()

    async def end(self) -> None:
        """End all that is left, and wait for what it wrote."""
        await asyncio.to_thread(self._kill)
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN):
                await self._read.wait()

    def _wait(self) -> None:
        if hasattr(os, "waitid"):
            # It stays a zombie, so that its group keeps its number until the group is killed.
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self.process.wait()
        self._tell(self._over)

    def _take_in(self) -> None:
        assert self.process.stdout is not None
        count = 0
        with self.process.stdout as stream:
            while block := os.read(stream.fileno(), 65536):
                self.tail += block
                del self.tail[:-KEPT]
                count += len(block)
                if count > MOST and not self.flooded:
                    self.flooded = True
                    self._tell(self._over)
        self._tell(self._read)

    def _tell(self, event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(event.set)

    def _kill(self) -> None:
        """Kill the program and all that it started, and wait for the program."""
        if sys.platform == "win32":
            taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
            with suppress(OSError):
                subprocess.run(
                    [str(taskkill), "/T", "/F", "/PID", str(self.process.pid)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
            self.process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            # What has left the group is still known by its environment.
            for _ in range(_ROUNDS):
                found = _marked(self._mark)
                for pid in found:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                if not found:
                    break
        self.process.wait()


def _marked(mark: str) -> list[int]:
    """Return the processes with a mark in their environment; none where /proc does not tell."""
    wanted = mark.encode()
    found = []
    try:
        names = [name for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []
    for name in names:
        with suppress(OSError):
            if wanted in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                found.append(int(name))
    return found
