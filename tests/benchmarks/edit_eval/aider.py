"""aider's side: its own code in its own interpreter, told what an editor's user would point at."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dola_ls.core.context import estimate_tokens
from tests.benchmarks.edit_eval.sides import LIMIT, Answer, SideFailed
from tests.benchmarks.edit_eval.tasks import Task
from tests.benchmarks.engine import Address, default

_DRIVER = Path(__file__).with_name("aider_driver.py")
#: Seconds that its imports may take on a cold disk.
_STARTING = 180.0
FORMATS = ("whole", "diff")


class Aider:
    """aider with one edit format. A driver that takes too long is ended, and started anew."""

    def __init__(self, engine: Address, edit_format: str, python: str) -> None:
        self.name = f"aider-{edit_format}"
        self._python = python
        self._order = {
            "url": engine.url,
            "key": engine.key,
            "model": engine.model,
            "format": edit_format,
            "context": default("n_ctx"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._home: tempfile.TemporaryDirectory[str] | None = None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def edit(self, task: Task) -> Answer:
        """Have aider do one task."""
        if self._process is None:
            self._start()
        job = {
            "file": task.file,
            "text": task.source,
            "read_only": task.files,
            "message": message_for(task),
            "max_tokens": _answer_tokens(task),
        }
        self._tell(job)
        answer = self._answer(LIMIT)
        if answer is None:
            self.stop()
            return Answer(task.source, "timeout", False, LIMIT)
        if "failed" in answer:
            raise SideFailed(answer["failed"])
        first_time = answer["malformed"] == 0 and answer["exhausted"] == 0
        changed = answer["text"] != task.source
        said = []
        if answer["reflections"]:
            said.append(f"{answer['reflections']} reflections")
        if answer["others"]:
            said.append(f"also wrote {', '.join(answer['others'])}")
        return Answer(
            answer["text"],
            "edited" if changed else "unchanged",
            first_time and answer["edited"],
            answer["seconds"],
            rule="malformed" if answer["malformed"] else "exhausted" * bool(answer["exhausted"]),
            said="; ".join(said),
        )

    def stop(self) -> None:
        """End the driver and what it started."""
        process, self._process = self._process, None
        if process is not None:
            if sys.platform == "win32":
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
        if self._home is not None:
            self._home.cleanup()
            self._home = None

    def _start(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="edit-eval-", ignore_cleanup_errors=True)
        folder = Path(self._home.name).resolve()
        self._answers = queue.SimpleQueue()
        self._process = subprocess.Popen(
            # -I: the files beside the driver, this one among them, are not to be imported.
            [self._python, "-I", "-B", str(_DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(os.environ, folder),
            start_new_session=True,
        )
        threading.Thread(
            target=_read, args=(self._process, self._answers), name=self.name, daemon=True
        ).start()
        self._tell(self._order)
        if self._answer(_STARTING) is None:
            self.stop()
            raise SideFailed(f"aider was not ready within {_STARTING:.0f} s")

    def _tell(self, message: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self.stop()
            raise SideFailed(f"aider has ended; {self._python} may not have it") from None

    def _answer(self, limit: float) -> dict[str, Any] | None:
        try:
            line = self._answers.get(timeout=limit)
        except queue.Empty:
            return None
        if not line:
            self.stop()
            raise SideFailed(f"aider has ended; {self._python} may not have it")
        answer: dict[str, Any] = json.loads(line)
        return answer


def message_for(task: Task) -> str:
    """Return the instruction with the place in words, as aider has no cursor."""
    lines, name = task.region_lines, task.target.name
    symbol = task.target.symbol
    called = f" (`{name}`)" if symbol is not None and task.target.whole_symbol else ""
    place = f"lines {lines.start + 1}–{lines.stop}" if len(lines) > 1 else f"line {lines.stop}"
    return f"In `{task.file}`, {place}{called}: {task.instruction}"


def _answer_tokens(task: Task) -> int:
    """Return how long an answer may be: for the whole file what the product allows a region."""
    return max(512, int(estimate_tokens(task.source) * 1.5) + 256)


def _environment(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment for aider: no keys and settings of the user's, and a home of its own.

    It reads ``.aider.conf.yml`` and ``.env`` from the home and writes caches there.
    """
    kept = {
        name: value
        for name, value in env.items()
        if not name.endswith("_API_KEY") and not name.startswith(("AIDER_", "LITELLM_", "PYTHON"))
    }
    home = {"HOME": str(folder), "USERPROFILE": str(folder), "TMPDIR": str(folder)}
    return kept | home | {"TEMP": str(folder), "TMP": str(folder)}


def _read(process: subprocess.Popen[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        for line in stream:
            answers.put(line)
    answers.put(b"")
