"""A real Neovim, driven step by step through `nvim_drive.lua`."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from pprint import pformat
from typing import Any

HERE = Path(__file__).resolve().parent
EDITORS = HERE.parents[1] / "editors"
#: Long enough for a loaded machine; no test waits for it unless something is broken.
PATIENCE = 60.0
_POLL = 0.02
#: What a server under test may see of this process's environment.
_INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def find_nvim() -> tuple[str | None, str]:
    """Return the Neovim to use, or None and the reason why there is none."""
    beside = Path(sys.executable).parent / "nvim"
    found = str(beside) if beside.exists() else shutil.which("nvim")
    if found is None:
        return None, "no `nvim` on the path (on Linux, the `test` extra installs one)"
    output = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"NVIM v(\d+)\.(\d+)", output.stdout)
    if version is None or (int(version[1]), int(version[2])) < (0, 11):
        return None, f"{found} is older than Neovim 0.11"
    return found, ""


@dataclass(frozen=True, slots=True)
class Buffer:
    """One loaded buffer as Neovim holds it."""

    path: Path
    text: str
    modified: bool
    filetype: str
    current: bool
    #: Whether a window shows it.
    visible: bool
    attached: bool
    #: Line from zero, message and source of each.
    diagnostics: list[list[Any]]


@dataclass(frozen=True, slots=True)
class State:
    """All that was seen in Neovim up to now."""

    buffers: tuple[Buffer, ...]
    clients: tuple[dict[str, Any], ...]
    #: The diagnostics of the current buffer: `line` from 1, `source`, `code`, `message`.
    problems: tuple[dict[str, Any], ...]
    #: In the current window: the line (from 1) and the byte column (from 0).
    cursor: tuple[int, int]
    #: The texts of the floating windows.
    floats: tuple[str, ...]
    #: What `:messages` shows.
    history: str
    mode: str
    #: Process ids of Neovim's children: the language servers.
    children: tuple[int, ...]
    menus: tuple[dict[str, Any], ...]
    #: What Dola told the user: `level` and `text`.
    messages: tuple[dict[str, Any], ...]
    #: What boxes for text asked.
    inputs: tuple[str, ...]
    #: vim.notify, which is where Neovim reports faults of a server or of its own handlers.
    notices: tuple[dict[str, Any], ...]
    progress: tuple[dict[str, Any], ...]

    def buffer(self, path: Path) -> Buffer | None:
        """Return the buffer of a file, if it is loaded."""
        return next((b for b in self.buffers if b.path == path), None)

    @property
    def current(self) -> Buffer:
        """The buffer in the current window."""
        return next(b for b in self.buffers if b.current)

    def codes(self, source: str) -> list[str]:
        """Return the rules that a server finds broken in the current buffer, by line."""
        found = [problem for problem in self.problems if problem["source"] == source]
        return [problem.get("code", "") for problem in sorted(found, key=lambda one: one["line"])]

    @property
    def told(self) -> str:
        """Everything the user was told, one message a line."""
        return "\n".join(m["text"] for m in self.messages)

    def progress_of(self, kind: str) -> list[str]:
        """Return the tokens for which a `begin`, `report` or `end` was seen."""
        return [p["token"] for p in self.progress if p["kind"] == kind]


@dataclass
class Neovim:
    """A running Neovim; every method is one step, `until` waits for what it brings about."""

    process: subprocess.Popen[bytes]
    home: Path
    log: Path
    _socket: socket.socket
    _rest: bytes = field(default=b"", repr=False)

    @classmethod
    def start(
        cls, nvim: str, home: Path, runtime: Path = EDITORS / "neovim", init: str | None = None
    ) -> Neovim:
        """Start Neovim with no configuration but `runtime`, at home in an empty folder.

        `init` is an init.lua to start with as a user does; then `runtime` does not count.
        """
        home.mkdir(parents=True, exist_ok=True)
        log = home / "nvim.log"
        env = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        env["HOME"] = str(home)
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            env[f"XDG_{name}_HOME"] = str(home / name.lower())
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as sink:
            listener.settimeout(PATIENCE)
            env["NVIM_DRIVE_PORT"] = str(listener.getsockname()[1])
            if init is None:
                folder = str(runtime).replace(" ", "\\ ").replace(",", "\\,")
                how = ["--clean", "--cmd", f"set runtimepath^={folder}"]
            else:
                config = home / "config" / "nvim" / "init.lua"
                config.parent.mkdir(parents=True)
                config.write_text(init, encoding="utf-8")
                how = []
            process = subprocess.Popen(
                [nvim, *how, "--headless", "-n", "-S", str(HERE / "nvim_drive.lua")],
                env=env,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            try:
                connection, _ = listener.accept()
            except BaseException:
                process.kill()
                process.wait()
                raise
        connection.settimeout(PATIENCE)
        return cls(process, home, log, connection)

    def step(self, step: str, **arguments: Any) -> Any:
        """Have Neovim take one step and return its answer."""
        self._socket.sendall(json.dumps({"step": step, **arguments}).encode() + b"\n")
        while b"\n" not in self._rest:
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                raise AssertionError(f"Neovim ended at step {step!r}\n{self._log_text()}")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        reply = json.loads(line)
        if "error" in reply:
            raise AssertionError(f"step {step!r} failed in Neovim: {reply['error']}")
        return reply.get("value")

    def enable(self, command: list[str], environment: dict[str, str], **config: Any) -> None:
        """Enable the shipped configuration with the server command replaced."""
        self.step("enable", config={"cmd": command, "cmd_env": environment, **config})

    def enable_beside(self, name: str, command: list[str], filetype: str) -> None:
        """Enable another language server for files of one type."""
        config = {"cmd": command, "filetypes": [filetype], "root_markers": ["pyproject.toml"]}
        self.step("enable_beside", name=name, config=config)

    def open(self, path: Path) -> None:
        """Edit a file and wait until the server is attached to it."""
        self.step("open", path=str(path))
        self.until(
            lambda s: (
                s.current.path == path
                and s.current.attached
                and all(c["initialized"] for c in s.clients)
            ),
            f"the server attaches to {path.name}",
        )

    def cursor(self, line: int, column: int = 0) -> None:
        """Put the cursor on a line (from 1) and byte column (from 0)."""
        self.step("cursor", line=line, column=column)

    def type(self, keys: str) -> None:
        """Type keys, special ones written `<Esc>`."""
        self.step("type", keys=keys)

    def ex(self, command: str) -> None:
        """Run an Ex command."""
        self.step("ex", command=command)

    def lua(self, code: str) -> Any:
        """Run a chunk of Lua and return what it returns."""
        return self.step("lua", code=code)

    def prepare(self, choose: str | None = None, enter: str | None = None) -> None:
        """Say what the next menu, or the next box for text, is to be left with."""
        self.step("prepare", choose=choose, enter=enter)

    def actions(self, choose: str | None = None) -> list[tuple[str, str]]:
        """Press `gra`; return (title, kind) of each row of the menu, none when there is no menu."""
        before = self.state()
        self.step("actions", choose=choose)
        after = self.until(
            lambda s: len(s.menus) > len(before.menus) or len(s.notices) > len(before.notices),
            "the menu of code actions, or a notice that there is none",
        )
        menus = after.menus[len(before.menus) :]
        return [(row["title"], row["kind"]) for row in menus[0]["rows"]] if menus else []

    def pick(self, title: str) -> None:
        """Take the code action with this title from the menu."""
        titles = [title for title, _kind in self.actions(choose=title)]
        assert title in titles, f"{title!r} is not offered, only {titles}"

    def cancel_progress(self) -> list[str]:
        """Send window/workDoneProgress/cancel for all that is in progress; return the tokens."""
        return list(self.step("cancel_progress"))

    def state(self) -> State:
        """Return all that was seen up to now."""
        raw = self.step("state")
        seen = raw["seen"]
        return State(
            buffers=tuple(Buffer(**{**b, "path": Path(b["path"])}) for b in raw["buffers"]),
            clients=tuple(raw["clients"]),
            problems=tuple(raw["problems"]),
            cursor=tuple(raw["cursor"]),
            floats=tuple(raw["floats"]),
            history=raw["history"],
            mode=raw["mode"],
            children=tuple(raw["children"]),
            menus=tuple(seen["menus"]),
            messages=tuple(seen["messages"]),
            inputs=tuple(seen["inputs"]),
            notices=tuple(seen["notices"]),
            progress=tuple(seen["progress"]),
        )

    def until(self, holds: Callable[[State], object], what: str) -> State:
        """Poll until something holds and return that state; fail after a minute with all seen."""
        deadline = time.monotonic() + PATIENCE
        while not holds(state := self.state()):
            if time.monotonic() > deadline:
                seen = pformat(state, width=140)
                raise AssertionError(f"never happened: {what}\n{seen}\n{self._log_text()}")
            time.sleep(_POLL)
        return state

    def quit(self) -> None:
        """Leave as a user does, and wait until Neovim is gone."""
        self._socket.sendall(b'{"step": "ex", "command": "qall!"}\n')
        self.process.wait(PATIENCE)

    def crash(self) -> None:
        """Kill Neovim from within; it has no chance to tell the server."""
        self._socket.sendall(b'{"step": "crash"}\n')
        self.process.wait(PATIENCE)

    def close(self) -> None:
        """End Neovim whatever state it is in."""
        self._socket.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _log_text(self) -> str:
        logs = (self.log, self.home / "state" / "nvim" / "lsp.log")
        return "\n".join(
            log.read_text(encoding="utf-8", errors="replace")[-4000:]
            for log in logs
            if log.exists()
        )


def wait_for(holds: Callable[[], object], what: str) -> None:
    """Poll until something outside Neovim holds; fail after a minute."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(_POLL)


def is_alive(pid: int) -> bool:
    """Tell whether a process still runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self/stat").exists()
