"""What a server holds in memory while nothing happens."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.benchmarks.corpus import source
from tests.benchmarks.effort import Effort
from tests.benchmarks.servers import ALL, BARE, DOLA, Server
from tests.benchmarks.table import Row, Section, Target

_MOST_MB = 80.0
_IDLE = 2.0
#: The document that is open: some 300 lines, as most are.
_LINES = 300


def memory(effort: Effort) -> Section:
    """Start each server, open a document, list its actions, and wait."""
    rows = []
    for server in ALL:
        samples = []
        if server.installed:
            samples = [value for _ in range(effort.idles) if (value := _idle(server)) is not None]
        instead = "not measured on this system" if server.installed else "not installed"
        target = Target("p95", _MOST_MB) if server is DOLA else None
        rows.append(Row(server.title, tuple(samples), target, instead))
    return Section(
        "Memory when idle",
        "MB",
        rows,
        floor=BARE.title,
        note=f"Resident set {_IDLE:.0f} s after the code actions of a document of {_LINES} lines "
        "were listed.",
    )


def _idle(server: Server) -> float | None:
    """Return the megabytes (of 10^6 bytes) of one server, or None where they cannot be read."""
    text = "".join(line + "\n" for line in source().split("\n")[:_LINES])
    with server.running() as client:
        client.initialize()
        uri = client.open("shop.py", text)
        client.code_actions(uri, {"line": 20, "character": 8})
        client.idle(_IDLE)
        kilobytes = _resident(client.pid)
    return kilobytes * 1024 / 1e6 if kilobytes is not None else None


def _resident(pid: int) -> int | None:
    """Return the resident set of a process in KiB: Linux tells it in a file, others by `ps`."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        found = re.search(r"^VmRSS:\s*(\d+) kB", status.read_text(), re.MULTILINE)
        return int(found[1]) if found else None
    try:
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(told.stdout) if told.stdout.strip().isdecimal() else None
