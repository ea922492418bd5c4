"""Children with a limit on their time and words, of which nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: What programs need of the environment. Keys and proxies are none of it, as the code that is
#: run was written by a model.
_KEPT = (
    *("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "SYSTEMDRIVE"),
    *("PATH", "PATHEXT", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("TEMP", "TMP", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME", "JAVA_HOME", "GOROOT", "GOCACHE"),
)
_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Ran:
    """How a child ended: by itself with a code, or None where it was stopped; its last words."""

    code: int | None
    output: str


def run(
    argv: Sequence[str], folder: Path, seconds: float, env: Mapping[str, str] | None = None
) -> Ran:
    """Run a program in `folder`, and end it and all it started after so many seconds."""
    with start(argv, folder, bare() | dict(env or {})) as process:
        stopped = threading.Event()

        def stop() -> None:
            stopped.set()
            end_group(process)

        timer = threading.Timer(seconds, stop)
        timer.start()
        output = b""
        try:
            assert process.stdout is not None
            while block := os.read(process.stdout.fileno(), 65536):
                output = (output + block)[-_WORDS:]
            code = process.wait()
        finally:
            timer.cancel()
            end_group(process)
    said = output.decode("utf-8", "replace").strip()
    if stopped.is_set():
        return Ran(None, f"stopped after {seconds:.0f} s. {said}".strip())
    return Ran(code, said)


def bare() -> dict[str, str]:
    """Return the environment for a program that is not trusted."""
    return {name: value for name, value in os.environ.items() if name.upper() in _KEPT}


def start(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program that leads a group of its own; its errors come with its output."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(env),
        start_new_session=True,
        creationflags=flags,
    )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and whatever it left behind in that."""
    if sys.platform == "win32":
        process.kill()
    else:
        # Also where the leader is gone: those it started keep the group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
