"""A real Helix in a terminal of tmux, driven by keys and seen on its screen, the disk, its log."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .nvim import EDITORS, PATIENCE
from .programs import make_programs

#: Names the folder that setup_helix.sh has filled; without it `hx` has to be on the path.
VARIABLE = "DOLA_HELIX"
SHIPPED = EDITORS / "helix"
_OLDEST = (25, 1)
#: Since when `:lsp-workspace-command` takes arguments.
WITH_ARGUMENTS = (25, 7)
_POLL = 0.05
#: Wide enough for whole messages in the status line, high enough for the sample and a menu.
_COLUMNS, _ROWS = 240, 50
#: SPLICE_F_NONBLOCK
_DO_NOT_WAIT = 2
#: The selected row of a menu in the theme `base16_terminal`: it is reversed.
_SELECTED = re.compile(
    r"\x1b\[(?:[0-4];)*7m(?:\x1b\[[\d;]*m)* ([^\s\x1b][^\x1b\n]+?) *(?:\x1b|$)", re.MULTILINE
)
_TRAFFIC = re.compile(r"transport \[INFO\] (\S+) (->|<-) (\{.*\})$")


def find_helix() -> tuple[str | None, str]:
    """Return the Helix to start, or None and the reason why there is none."""
    if shutil.which("tmux") is None:
        return None, "no `tmux` on the path to run Helix in"
    folder = os.environ.get(VARIABLE)
    found = str(Path(folder, "hx")) if folder else shutil.which("hx") or shutil.which("helix")
    if found is None:
        return None, f"no Helix: no `hx` on the path, and {VARIABLE} names no folder made by " + (
            "tests/editors/setup_helix.sh"
        )
    try:
        output = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    except OSError as error:
        return None, f"{found} does not start: {error.strerror}"
    version = re.search(r"helix (\d+)\.(\d+)", output)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        return None, f"{found} is not Helix 25.01 or newer"
    return found, ""


@dataclass
class Helix:
    """A running Helix; every method is something a user does or sees."""

    home: Path
    folder: Path
    #: Year and month of the release.
    version: tuple[int, int]
    _socket: Path
    _env: dict[str, str]
    _command: list[str]

    @classmethod
    @contextmanager
    def running(
        cls, home: Path, folder: Path, environment: dict[str, str], beside: tuple[str, ...] = ()
    ) -> Iterator[Helix]:
        """Start tmux for a Helix with the shipped files and nothing else as its configuration.

        It finds `dola-ls` on its path and, of all other servers, those of this environment that
        `beside` names.
        """
        executable, reason = find_helix()
        assert executable is not None, reason
        version = subprocess.run([executable, "--version"], capture_output=True, text=True).stdout
        year, month = version.split()[1].split(".")[:2]
        config = home / "config" / "helix"
        config.mkdir(parents=True)
        shutil.copy(SHIPPED / "languages.toml", config)
        release = (int(year), int(month))
        keys_of = "config-25.07.toml" if release >= WITH_ARGUMENTS else "config.toml"
        keys = (SHIPPED / keys_of).read_text(encoding="utf-8")
        # A theme in which a row of a menu looks different when it is selected.
        (config / "config.toml").write_text('theme = "base16_terminal"\n' + keys, encoding="utf-8")
        env = {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": f"{make_programs(home / 'bin', beside)}:/usr/bin:/bin",
            **{f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "CACHE")},
            **{f"XDG_{name}_HOME": str(home / name.lower()) for name in ("DATA", "STATE")},
            **{name: os.environ[name] for name in ("PYTHONPATH", "TMPDIR") if name in os.environ},
            **environment,
        }
        # Sockets have short names, and a test's folder has a long one.
        with tempfile.TemporaryDirectory(prefix="hx-") as short:
            command = [executable, "-v", "--log", str(home / "helix.log")]
            helix = cls(home, folder, release, Path(short, "s"), env, command)
            try:
                yield helix
            finally:
                helix._tmux("kill-server")

    def open(self, path: Path, line: int = 1) -> None:
        """Start Helix on a file, and wait until the server knows it."""
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-s", "hx"),
            *("-x", str(_COLUMNS), "-y", str(_ROWS), "-c", str(self.folder)),
            # Not the command itself: tmux has its own children go on when they are stopped.
            *("sh", "-c", '"$@"; exit', "sh", *self._command, f"{path}:{line}"),
        )
        self.until(lambda: self.sent("textDocument/didOpen"), f"{path.name} is open in the server")
        # The request comes after all that the server does on its start.
        self.until(lambda: self.received("workspace/configuration"), "the server is ready")

    def keys(self, *keys: str) -> None:
        """Press keys, named as tmux names them: `Escape`, `Space`, `a`."""
        self._tmux("send-keys", "-t", "hx", *keys)

    def type(self, text: str) -> None:
        """Type a text as it stands."""
        self._tmux("send-keys", "-t", "hx", "-l", text)

    def insert(self, keys: str, text: str) -> None:
        """Enter insert mode by `keys`, type a text and leave the mode."""
        self.keys(*keys)
        self.until_shown(" INS ")
        self.type(text)
        self.until_shown(text)
        # Escape and a key right behind it would be one key with Alt.
        self.keys("Escape")
        self.until_shown(" NOR ")

    def ex(self, command: str) -> None:
        """Run a typable command, from normal mode."""
        self.type(f":{command}")
        self.until(lambda: f":{command}" in self.screen, f":{command} is typed")
        self.keys("Enter")

    def goto(self, line: int) -> None:
        """Put the cursor on a line, counted from 1, without a selection."""
        self.ex(str(line))
        self.until(lambda: re.search(rf"\b{line}:\d+\s*$", self.screen, re.M), f"line {line}")

    @property
    def screen(self) -> str:
        """What the terminal shows, as text."""
        return self._tmux("capture-pane", "-p", "-t", "hx")

    @property
    def selected(self) -> str:
        """The selected row of the menu, empty where there is no menu."""
        found = _SELECTED.search(self._tmux("capture-pane", "-p", "-e", "-t", "hx"))
        return found[1] if found else ""

    def menu(self) -> str:
        """Press the keys for code actions; return the screen once the menu is there."""
        asked = len(self.sent("textDocument/codeAction"))
        self.keys("Space", "a")
        self.until(lambda: len(self.sent("textDocument/codeAction")) > asked, "Helix asks")
        self.until(lambda: self.selected, "the menu of code actions")
        return self.screen

    def pick(self, title: str) -> None:
        """Take the code action whose title begins so from the menu."""
        self.menu()
        first = self.selected
        while not (before := self.selected).startswith(title):
            self.keys("Tab")
            self.until(lambda before=before: self.selected != before, f"{title!r} is offered")
            assert self.selected != first, f"{title!r} is not offered\n{self.screen}"
        self.keys("Enter")
        self.until(lambda: not self.selected, "the menu is closed")

    def save(self, path: Path) -> str:
        """Write the current buffer to its file `path`, and return what is in it then."""
        before = _written(path)
        self.ex("w")
        self.until(lambda: _written(path) not in (None, before), f"{path.name} is written")
        written = _written(path)
        assert written is not None
        return written[1]

    def until_saved(self, path: Path, text: str) -> None:
        """Write the current buffer until it holds a text."""
        self.until(lambda: self.save(path) == text, f"{path.name} reads\n{text}")

    def until_shown(self, text: str) -> None:
        """Wait until the screen shows a text."""
        self.until(lambda: text in self.screen, f"the screen shows {text!r}")

    def traffic(self, arrow: str, server: str = "dola-ls") -> list[dict[str, Any]]:
        """Return the messages that went to a server (`->`) or came from it (`<-`)."""
        log = self.home / "helix.log"
        found = []
        for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
            seen = _TRAFFIC.search(line)
            if seen is not None and seen[1] == server and seen[2] == arrow:
                try:
                    found.append(json.loads(seen[3]))
                except ValueError:
                    pass  # the end of the line is not written yet
        return found

    def sent(self, method: str, server: str = "dola-ls") -> list[Any]:
        """Return the parameters of what Helix sent to a server."""
        return [m.get("params") for m in self.traffic("->", server) if m.get("method") == method]

    def received(self, method: str, server: str = "dola-ls") -> list[Any]:
        """Return the parameters of what a server sent."""
        return [m.get("params") for m in self.traffic("<-", server) if m.get("method") == method]

    @property
    def told(self) -> str:
        """Everything the user was told, one message a line."""
        return "\n".join(params["message"] for params in self.received("window/showMessage"))

    @property
    def idle(self) -> bool:
        """Whether every action that was begun is over."""
        kinds = [params["value"]["kind"] for params in self.received("$/progress")]
        return bool(kinds) and kinds.count("begin") == kinds.count("end")

    def answers(self, name: str) -> list[Any]:
        """Return the results that Helix sent back and that have a field of this name."""
        results = [m.get("result") for m in self.traffic("->")]
        return [result for result in results if isinstance(result, dict) and name in result]

    def kill_server(self) -> None:
        """Have the server crash, and wait until Helix has only its remains."""
        for pid in self._servers():
            os.kill(pid, signal.SIGKILL)
        self.until(lambda: not self._servers(), "the server has ended")

    @contextmanager
    def stopped(self, until_sent: str) -> Iterator[None]:
        """Stop Helix itself until the block is left and the server has sent something."""
        shell = self._tmux("display-message", "-p", "-t", "hx", "#{pane_pid}").strip()
        [pid] = map(int, Path(f"/proc/{shell}/task/{shell}/children").read_text().split())
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
            [server] = self._servers()
            self.until(lambda: until_sent.encode() in _unread(server), f"{until_sent} is sent")
        finally:
            os.kill(pid, signal.SIGCONT)

    def _servers(self) -> list[int]:
        """Return the process ids of the servers that are running."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            # Other sessions of this machine may have servers of their own.
            if b"dola_ls" in arguments and f"HOME={self.home}\0".encode() in environment:
                found.append(int(process.name))
        return found

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Poll until something holds; fail after a minute with all that is to be seen."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                log = (self.home / "helix.log").read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"never happened: {what}\n{self.screen}\n{log[-4000:]}")
            time.sleep(_POLL)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments],
            env=self._env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.stdout


def _written(path: Path) -> tuple[int, str] | None:
    """Return when a file was written and what is in it; None while Helix replaces it."""
    try:
        return path.stat().st_mtime_ns, path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _unread(process: int) -> bytes:
    """Return what waits in the pipes of a process, and leave it there."""
    libc = ctypes.CDLL(None)
    waiting = b""
    for file in Path(f"/proc/{process}/fd").iterdir():
        if not os.readlink(file).startswith("pipe:"):
            continue
        reading, writing = os.pipe()
        pipe = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            # tee(2) copies from one pipe to another and takes nothing away.
            size = libc.tee(pipe, writing, 1 << 16, _DO_NOT_WAIT)
            waiting += os.read(reading, size) if size > 0 else b""
        finally:
            for end in (reading, writing, pipe):
                os.close(end)
    return waiting
