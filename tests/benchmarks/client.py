"""A client on the stdio of a real server that notes when each message arrives.

Blocking and without an event loop, so that what is timed is the server. A thread reads, notes the
time before anything is decoded, and waits for the next bytes.
"""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_PROFILE = Path(__file__).parent.parent / "clients" / "neovim-0.11.json"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class ServerFailed(Exception):
    """A server ended or did not answer in time."""


class Refused(ServerFailed):
    """A server answered a request with an error."""


class Client:
    """One server process. All times are those of `time.perf_counter`, in seconds."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self.folder = folder
        self.encoding = "utf-16"
        #: Answers requests of the server, by method; any other gets null.
        self.answers: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": lambda params: [None] * len(params["items"])
        }
        self._folder_of_log = tempfile.TemporaryDirectory(prefix="dola-bench-log-")
        self._log = Path(self._folder_of_log.name, "stderr")
        self._number = 0
        self._arrived: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self.started = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(env),
                cwd=folder,
            )
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return self._process.pid

    def cpu(self) -> float | None:
        """Return the seconds its threads have computed so far; None where the system tells not.

        On a machine that has other work this says what the server would take by itself.
        """
        total = 0
        for file in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            try:
                total += int(file.read_text().split()[0])
            except (OSError, ValueError):
                continue
        return total / 1e9 if total else None

    def initialize(self) -> float:
        """Go through the handshake; return the seconds from the spawn to the answer."""
        params = json.loads(_PROFILE.read_text("utf-8"))
        uri = self.folder.as_uri()
        params |= {"rootUri": uri, "rootPath": str(self.folder)}
        params["workspaceFolders"] = [{"uri": uri, "name": self.folder.name}]
        result, arrived = self.request("initialize", params)
        self.encoding = result["capabilities"].get("positionEncoding", "utf-16")
        self.notify("initialized", {})
        return arrived - self.started

    def open(self, name: str, text: str) -> str:
        """Write a Python file and open it; return its address."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8", newline="")
        item = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return file.as_uri()

    def code_actions(self, uri: str, position: dict[str, int]) -> tuple[list[Any], float]:
        """Ask as a user does what can be done at a place; return that and when it arrived."""
        params = {
            "textDocument": {"uri": uri},
            "range": {"start": position, "end": position},
            "context": {"diagnostics": [], "triggerKind": 1},
        }
        result, arrived = self.request("textDocument/codeAction", params)
        return result or [], arrived

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Any, *, limit: float = 60.0) -> tuple[Any, float]:
        """Send a request; return its result and when that arrived."""
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        message, arrived = self.wait_for(
            lambda m: "method" not in m and m.get("id") == number, limit=limit
        )
        if "error" in message:
            raise Refused(f"{method}: {message['error']['message']}")
        return message["result"], arrived

    def wait_for(
        self, wanted: Callable[[Any], bool], *, limit: float = 60.0
    ) -> tuple[dict[str, Any], float]:
        """Return the next message that is wanted, and when it arrived; requests get answers."""
        end = time.perf_counter() + limit
        while True:
            try:
                arrived, body = self._arrived.get(timeout=max(end - time.perf_counter(), 0.001))
            except queue.Empty:
                raise ServerFailed(
                    f"no answer within {limit:.0f} s. {self._complaints()}"
                ) from None
            if not body:
                self._arrived.put((arrived, body))
                raise ServerFailed(f"the server has ended. {self._complaints()}")
            message = json.loads(body)
            if "method" in message and "id" in message:
                answer = self.answers.get(message["method"], lambda _: None)(message.get("params"))
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": answer})
            if wanted(message):
                return message, arrived

    def idle(self, seconds: float) -> None:
        """Let the server be for a while, but answer what it asks."""
        try:
            self.wait_for(lambda _: False, limit=seconds)
        except ServerFailed:
            if self._process.poll() is not None:
                raise

    def end(self) -> None:
        """Shut the server down; it is killed where it stays."""
        assert self._process.stdin is not None
        try:
            self.request("shutdown", None, limit=5)
            self.notify("exit", None)
            self._process.stdin.close()
            self._process.wait(5)
        except (ServerFailed, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._folder_of_log.cleanup()

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        body = json.dumps(message).encode()
        try:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._process.stdin.flush()
        except OSError:
            raise ServerFailed(f"the server has ended. {self._complaints()}") from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        buffer = b""
        while data := os.read(descriptor, 1 << 20):
            now = time.perf_counter()
            buffer += data
            while (end := buffer.find(b"\r\n\r\n")) >= 0:
                length = _LENGTH.search(buffer, 0, end)
                stop = end + 4 + (int(length[1]) if length else 0)
                if len(buffer) < stop:
                    break
                self._arrived.put((now, buffer[end + 4 : stop]))
                buffer = buffer[stop:]
        self._process.stdout.close()
        self._arrived.put((time.perf_counter(), b""))

    def _complaints(self) -> str:
        return self._log.read_text("utf-8", "replace")[-2000:]
