"""A JSON-RPC client over the stdio of a real process, which can also send rubbish."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

_HEADER = re.compile(rb"Content-Length: (\d+)\r\n")


class RequestFailed(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.error = error


class Raw:
    """One server process. Every byte it writes to stdout has to be part of a frame."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        #: Every message from the server, in order.
        self.messages: list[dict[str, Any]] = []
        self.stderr = bytearray()
        #: What the server wrote to stdout outside of any frame.
        self.rubbish = b""
        #: Results for requests of the server, by method; null for any other.
        self.answers: dict[str, Any] = {}
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._arrived = asyncio.Condition()
        self._number = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        *argv: str,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> AsyncIterator[Raw]:
        """Start a process (by default of this Python) and speak to it; kill it if it stays."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        client = cls(process)
        readers = [
            asyncio.create_task(client._read_stdout()),
            asyncio.create_task(client._read_stderr()),
        ]
        try:
            yield client
        finally:
            if process.stdin is not None:
                process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 10)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await asyncio.gather(*readers)
            # Lets asyncio close the pipes' transports while its loop still runs.
            await asyncio.sleep(0)

    @classmethod
    def python(cls, *argv: str, **options: Any) -> contextlib.AbstractAsyncContextManager[Raw]:
        """Start a program of this Python."""
        return cls.start(sys.executable, *argv, **options)

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def send(self, message: Any) -> None:
        """Send anything as the JSON of one frame."""
        body = json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def begin(self, method: str, params: Any = None) -> tuple[int, asyncio.Future[dict[str, Any]]]:
        """Send a request; return its id and the answer to come."""
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        self.send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return self._number, answer

    async def request(self, method: str, params: Any = None, *, limit: float = 20) -> Any:
        """Send a request and return its result; raise RequestFailed where it has none."""
        _, answer = self.begin(method, params)
        message = await asyncio.wait_for(answer, limit)
        if "error" in message:
            raise RequestFailed(message["error"])
        return message["result"]

    async def initialize(self, capabilities: Any = None, **params: Any) -> Any:
        """Go through the handshake; return the result of `initialize`."""
        base = {"processId": None, "rootUri": None, "capabilities": capabilities or {}}
        result = await self.request("initialize", {**base, **params})
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    async def wait_for(self, what: Any, *, limit: float = 20) -> dict[str, Any]:
        """Return the first message for which `what(message)` holds, now or later."""

        async def found() -> dict[str, Any]:
            async with self._arrived:
                while True:
                    for message in self.messages:
                        if what(message):
                            return message
                    await self._arrived.wait()

        return await asyncio.wait_for(found(), limit)

    async def stderr_match(self, pattern: bytes, *, limit: float = 20) -> re.Match[bytes]:
        """Wait until a pattern is found in what the server wrote to stderr."""
        async with asyncio.timeout(limit):
            while True:
                if match := re.search(pattern, self.stderr):
                    return match
                await asyncio.sleep(0.01)

    async def exit_code(self, *, limit: float = 20) -> int:
        """Wait for the process to end by itself."""
        return await asyncio.wait_for(self.process.wait(), limit)

    async def leave(self) -> int:
        """Shut the server down as a client should; return its exit code."""
        await self.request("shutdown")
        self.notify("exit")
        return await self.exit_code()

    async def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        while data := await self.process.stderr.read(65536):
            self.stderr += data

    async def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        buffer = b""
        while data := await self.process.stdout.read(1 << 20):
            buffer = await self._take_frames(buffer + data)
        self.rubbish += buffer

    async def _take_frames(self, buffer: bytes) -> bytes:
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            header = _HEADER.fullmatch(buffer[: end + 2])
            if header is None:
                self.rubbish += buffer[: end + 4]
                buffer = buffer[end + 4 :]
                continue
            stop = end + 4 + int(header[1])
            if len(buffer) < stop:
                break
            await self._receive(json.loads(buffer[end + 4 : stop]))
            buffer = buffer[stop:]
        return buffer

    async def _receive(self, message: dict[str, Any]) -> None:
        async with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()
        if "method" not in message:
            answer = self._waiting.pop(message["id"], None)
            if answer is not None and not answer.done():
                answer.set_result(message)
        elif "id" in message:
            result = self.answers.get(message["method"])
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
