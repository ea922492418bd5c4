"""Noticing that the editor is gone although its end of the pipe is still open.

Whatever an editor starts may inherit that end and outlive it; then there is no end of input. So
the process that `initialize` names is watched, as the LSP asks
(https://microsoft.github.io/language-server-protocol/specifications/lsp/3.18/specification/#initializeParams).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

#: Seconds between two looks, where the system cannot tell by itself.
INTERVAL = 2.0


class Parent:
    """The watch over the process that started this one; `gone` is called once it has ended.

    Only an ancestor of this process is watched. A number of another machine or another namespace,
    as of an editor outside of the container, may be that of a process here which has nothing to do
    with it. On Windows, where ancestors are not told, none is.
    """

    def __init__(self, gone: Callable[[], None]) -> None:
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._descriptor: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, pid: int) -> None:
        """Watch a process from now on, if it is one that started this one."""
        self.close()
        if pid not in ancestors():
            log.info("process %d of the client is none that started this one; not watched", pid)
            return
        try:
            self._descriptor = _open(pid)
        except ProcessLookupError:
            self._tell()
            return
        except OSError as error:
            log.info("process %d is looked at now and then: %s", pid, error.strerror)
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._tell)
        else:
            self._look(pid, direct=pid == os.getppid())

    def close(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _look(self, pid: int, *, direct: bool) -> None:
        # Whoever loses the parent gets another one, and a number that is used again is no matter.
        if os.getppid() == pid if direct else _is_there(pid):
            self._timer = self._loop.call_later(
                INTERVAL, functools.partial(self._look, pid, direct=direct)
            )
        else:
            self._tell()

    def _tell(self) -> None:
        log.info("the client's process has ended")
        self.close()
        self._gone()


def _open(pid: int) -> int | None:
    """Return a descriptor that can be read once a process has ended; None where there is none."""
    return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # It is another user's.
    return True


def ancestors() -> list[int]:
    """Return the processes that this one goes back to, the parent first, as far as is told."""
    if sys.platform == "win32":
        return []
    found = [os.getppid()]
    while (above := _parent_of(found[-1])) is not None and above not in found:
        found.append(above)
    # 0 stands for a parent in another namespace, and 1 is there for ever.
    return [pid for pid in found if pid > 1]


def _parent_of(pid: int) -> int | None:
    try:
        # The name of the program, in parentheses, may hold anything.
        rest = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2]
        return int(rest.split()[1])
    except (OSError, ValueError, IndexError):
        return None
