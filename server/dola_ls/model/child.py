"""The embedded engine's child process as its parent sees it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dola_ls.model.client import HttpModel


class Engine:
    """The child process and, once it serves, the client for it."""

    http: HttpModel

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as is known."""
        return self._process.returncode is None

    async def has_died(self) -> bool:
        """Tell whether the process is gone, which the network may notice a moment earlier."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._process.wait()
        return not self.alive

    def kill(self) -> None:
        """End the process now; it has nothing to put in order."""
        if self.alive:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def end(self) -> None:
        """End the process and wait for that, also when cancelled meanwhile."""
        self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.shield(self._process.wait())
        if hasattr(self, "http"):
            await self.http.aclose()


async def spawn(command: Sequence[str], folder: Path) -> asyncio.subprocess.Process:
    """Start the child with pipes to it and none of the user's keys."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # llama.cpp talks a lot. What matters comes in the reply.
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
        # Ctrl-C in a terminal is for this process, which then ends the child.
        start_new_session=True,
        creationflags=flags,
    )


async def order(
    process: asyncio.subprocess.Process, message: Mapping[str, object]
) -> dict[str, object]:
    """Send the engine its order; return its reply, empty if the child ended without one."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(message).encode() + b"\n")
        await process.stdin.drain()
        reply = json.loads(await process.stdout.readline())
    except (OSError, ValueError):
        return {}
    return reply if isinstance(reply, dict) else {}
