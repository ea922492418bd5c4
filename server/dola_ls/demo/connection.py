"""A language server as a child process: JSON-RPC over its standard input and output."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

#: Lines of the child's stderr that are kept for the case that it dies.
_TAIL = 12
#: Seconds a child gets to leave once it was asked to.
_GRACE = 5.0

Message = dict[str, Any]


class ServerDied(Exception):
    """The server ended by itself; the text says how, with the end of what it wrote to stderr."""


class Connection:
    """The child, and a thread that takes in what it says. End it with `close`."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=dict(env),
            # Ctrl-C is for the demo, which then ends the server as an editor does.
            start_new_session=True,
            creationflags=_new_group(),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._said: deque[str] = deque(maxlen=_TAIL)
        self._threads = [
            threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, message: Mapping[str, object]) -> None:
        """Write one message. Raises ServerDied."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            self._stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._stdin.flush()
        except OSError:
            raise self._death() from None

    def receive(self, seconds: float) -> Message | None:
        """Return the next message, or None where none comes in time. Raises ServerDied."""
        try:
            message = self._messages.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            raise self._death()
        return message

    def close(self) -> None:
        """End the child: by the end of its input, and if that is not enough, by force."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()
            for thread in self._threads:
                thread.join(_GRACE)
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()

    def _death(self) -> ServerDied:
        try:
            code = self._process.wait(_GRACE)
            self._threads[1].join(_GRACE)
            how = f"ended by itself with exit code {code}"
        except subprocess.TimeoutExpired:
            how = "closed its output and is still there"
        said = "\n".join(f"  {line}" for line in self._said)
        return ServerDied(
            f"The language server {how}."
            + (f" The last it wrote to its log:\n{said}" if said else "")
        )

    def _read(self, stream: IO[bytes]) -> None:
        try:
            while (body := _frame(stream)) is not None:
                self._messages.put(json.loads(body))
        except (OSError, ValueError):
            pass  # whatever is wrong with the stream, nothing more comes from it
        self._messages.put(None)

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._said.append(line.decode("utf-8", "replace").rstrip())


def _frame(stream: IO[bytes]) -> bytes | None:
    """Return the body of the next message, or None at the end."""
    length = 0
    while line := stream.readline():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if not line.strip():
            return stream.read(length)
    return None


def _new_group() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


def server_command() -> list[str]:
    """Return what starts the server of this very installation, on stdio.

    ``-P``: modules in the folder it is started in are not imported.
    """
    return [sys.executable, "-P", "-m", "dola_ls"]


def server_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the user's environment with edits applied at once, for the demo has no reviewer.

    Nor is anyone asked for consent: what is sent is the demo's own code.
    """
    return {**os.environ, "DOLA_APPLY": "direct", "DOLA_CONSENT": "always", **more}
