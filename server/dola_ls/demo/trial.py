"""Running code in the demo's project, in a child with limits on its time and its words."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BYTES = 200_000
#: What a Python needs of the environment; keys and proxies are none of it, as the code that is
#: run was written by a model.
_KEPT = (
    *("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "SYSTEMDRIVE"),
    *("PATH", "PATHEXT", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"),
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TEMP", "TMP", "TMPDIR"),
)
_COUNTS = re.compile(r"\b(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a child ended; `code` is None where it was stopped, and `stopped` says why."""

    code: int | None
    output: str
    stopped: str = ""


def run_python(arguments: Sequence[str], folder: Path, seconds: float) -> Ran:
    """Run this Python with `arguments` in `folder` for at most `seconds`."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name.upper() in _KEPT}
        | {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
    )
    said = bytearray()
    reader = threading.Thread(target=_read, args=(process, said), daemon=True)
    reader.start()
    stopped = ""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        stopped = f"it was stopped after {seconds:.0f} seconds"
    finally:
        process.kill()
        process.wait()
        reader.join(5.0)
    if len(said) > _BYTES:
        stopped = "it was stopped because it wrote too much"
    output = bytes(said[:_BYTES]).decode("utf-8", "replace").replace("\r\n", "\n")
    return Ran(None if stopped else process.returncode, output, stopped)


def _read(process: subprocess.Popen[bytes], said: bytearray) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        while block := os.read(stream.fileno(), 65536):
            said += block
            if len(said) > _BYTES:
                process.kill()
                return


@dataclass(frozen=True, slots=True)
class Tested:
    """What pytest made of a test file."""

    passed: int
    failed: int
    #: Its last lines.
    output: str
    #: Why no test ran, as a clause; empty where at least one did.
    trouble: str = ""


def have_pytest() -> bool:
    """Tell whether pytest can be imported here."""
    return importlib.util.find_spec("pytest") is not None


def run_tests(file: Path, folder: Path, seconds: float = 60.0) -> Tested:
    """Run one test file with pytest."""
    arguments = ["-m", "pytest", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"]
    ran = run_python([*arguments, "--color=no", str(file)], folder, seconds)
    counts = {"passed": 0, "failed": 0}
    lines = ran.output.rstrip().split("\n")
    for number, what in _COUNTS.findall(lines[-1]):
        counts[what] = counts.get(what, 0) + int(number)
    passed, failed = counts["passed"], counts["failed"] + counts.get("error", 0)
    failed += counts.get("errors", 0)
    trouble = ran.stopped
    if ran.code not in (None, 0, 1):
        # https://docs.pytest.org/en/stable/reference/exit-codes.html
        trouble = "it holds no tests" if ran.code == 5 else "pytest could not collect it"
    elif not trouble and not passed + failed:
        trouble = "no test of it ran"
    return Tested(passed, failed, "\n".join(lines[-12:]), trouble)
