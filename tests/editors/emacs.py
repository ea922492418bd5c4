"""A real Emacs in batch mode, driven form by form through `emacs_drive.el`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .nvim import EDITORS, PATIENCE
from .programs import make_programs

HERE = Path(__file__).resolve().parent
SHIPPED = EDITORS / "emacs"
_POLL = 0.05
_BATCH = ("--batch", "-l", "package", "--eval", "(package-initialize)")


@cache
def find_emacs() -> tuple[str | None, str]:
    """Return the Emacs to use, or None and the reason why there is none."""
    found = shutil.which("emacs")
    if found is None:
        return None, "no `emacs` on the path (Debian: emacs-nox and elpa-eglot)"
    ask = """(princ (if (and (>= emacs-major-version 28) (require 'eglot nil t)) "yes" "no"))"""
    done = subprocess.run([found, *_BATCH, "--eval", ask], capture_output=True, text=True)
    if done.stdout.strip() != "yes":
        return None, f"{found} is older than Emacs 28, or has no Eglot (Debian: elpa-eglot)"
    return found, ""


def run_batch(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Emacs in batch mode to its end."""
    executable, reason = find_emacs()
    assert executable is not None, reason
    return subprocess.run([executable, *_BATCH, *arguments], capture_output=True, text=True)


@dataclass
class Emacs:
    """A running Emacs."""

    process: subprocess.Popen[bytes]
    home: Path
    _socket: socket.socket
    _rest: bytes = field(default=b"", repr=False)

    @classmethod
    @contextmanager
    def running(
        cls, home: Path, environment: dict[str, str], beside: tuple[str, ...] = ()
    ) -> Iterator[Emacs]:
        """Start Emacs with the shipped init file and `dola-ls` on its path."""
        executable, reason = find_emacs()
        assert executable is not None, reason
        lisp = home / ".emacs.d" / "lisp"
        lisp.mkdir(parents=True)
        for file in ("dola.el", "dola-eglot.el"):
            shutil.copy(SHIPPED / file, lisp)
        shutil.copy(SHIPPED / "example-init.el", home / ".emacs.d" / "init.el")
        env = {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": f"{make_programs(home / 'bin', beside)}:/usr/bin:/bin",
            **{name: os.environ[name] for name in ("PYTHONPATH", "TMPDIR") if name in os.environ},
            **environment,
        }
        with socket.create_server(("127.0.0.1", 0)) as listener, _log(home).open("wb") as sink:
            listener.settimeout(PATIENCE)
            env["EMACS_DRIVE_PORT"] = str(listener.getsockname()[1])
            process = subprocess.Popen(
                [executable, *_BATCH, "-l", str(HERE / "emacs_drive.el")],
                env=env,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            try:
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE)
                emacs = cls(process, home, connection)
                emacs.eval('(load (expand-file-name "~/.emacs.d/init.el"))')
                yield emacs
                connection.close()
            finally:
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def eval(self, form: str) -> Any:
        """Evaluate a form in the buffer that the window shows, and return its value."""
        self._socket.sendall(json.dumps({"form": form}).encode() + b"\n")
        while b"\n" not in self._rest:
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                raise AssertionError(f"Emacs ended at {form}\n{self._log_text()}")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        reply = json.loads(line)
        if "error" in reply:
            raise EmacsError(reply["error"])
        return reply["value"]

    def call(self, command: str, *answers: str) -> None:
        """Run a command as `M-x` does, and answer what it asks in the minibuffer."""
        given = " ".join(map(_lisp, answers))
        self.eval(f"(setq drive-answers (list {given}))")
        self.eval(f"(call-interactively #'{command})")

    def open(self, path: Path, line: int) -> None:
        """Edit a file and start the server for it."""
        self.eval(f"(find-file {_lisp(str(path))})")
        self.eval("(setq eglot-sync-connect 60 eglot-connect-timeout 60)")
        self.call("eglot")
        self.goto(line)

    def goto(self, line: int) -> None:
        """Put point on a line, counted from 1."""
        self.eval(f"(progn (goto-char (point-min)) (forward-line {line - 1}) t)")

    def insert(self, text: str) -> None:
        """Type a text at point."""
        self.eval(f"(progn (insert {_lisp(text)}) (undo-boundary))")

    def text(self, path: Path) -> str | None:
        """Return what the buffer of a file holds, None where there is none."""
        buffer = f"(find-buffer-visiting {_lisp(str(path))})"
        text = self.eval(f"(let ((b {buffer})) (and b (with-current-buffer b (buffer-string))))")
        return str(text) if text is not None else None

    @property
    def shown(self) -> dict[str, str]:
        """The texts of the buffers that windows show, by name."""
        found = self.eval(
            "(mapcar (lambda (w) (with-current-buffer (window-buffer w)"
            " (vector (buffer-name) (buffer-string)))) (window-list))"
        )
        return dict(found)

    @property
    def told(self) -> str:
        """Everything the echo area showed, one message a line."""
        return "\n".join(reversed(self.eval("drive-messages") or []))

    @property
    def asked(self) -> list[str]:
        """What was asked in the minibuffer."""
        return list(self.eval("drive-asked") or [])

    def until(self, holds: Any, what: str) -> None:
        """Poll until something holds; fail after a minute with all that is to be seen."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"never happened: {what}\n{self.shown}\n{self.told}\n{self._log_text()}"
                )
            time.sleep(_POLL)

    def until_text(self, path: Path, text: str) -> None:
        """Wait until the buffer of a file holds a text."""
        self.until(lambda: self.text(path) == text, f"{path.name} reads\n{text}")

    def until_told(self, words: str) -> None:
        """Wait until the echo area has shown something with these words."""
        self.until(lambda: words in self.told, f"{words!r} is told")

    def _log_text(self) -> str:
        return _log(self.home).read_text(encoding="utf-8", errors="replace")[-4000:]


class EmacsError(Exception):
    """What a form signalled."""


def _log(home: Path) -> Path:
    return home / "emacs.log"


def _lisp(text: str) -> str:
    """Return a text as Lisp reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
