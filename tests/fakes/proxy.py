"""A small CONNECT proxy on loopback, with or without a name and a password.

Whatever host it is asked for, it leads to one port of this machine::

    async with Proxy(api.port, "user:password") as proxy:
        ...                        # a client goes through f"http://user:password@{proxy.address}"
        assert proxy.asked == ["models.invalid:443"]
"""

from __future__ import annotations

import asyncio
import base64
import contextlib


class Proxy:
    """The proxy; an asynchronous context manager."""

    def __init__(self, port: int, credentials: str | None = None) -> None:
        #: The hosts it was asked to connect to, also by those whom it let through nowhere.
        self.asked: list[str] = []
        #: The first lines and headers that were for its own eyes.
        self.heads: list[str] = []
        self._port = port
        self._credentials = credentials
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Host and port."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, host, _ = head.split("\r\n")[0].split(" ")
        self.asked.append(host)
        self.heads.append(head)
        if method != "CONNECT":
            writer.write(b"HTTP/1.1 405 Not Here\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        if self._credentials is not None:
            token = base64.b64encode(self._credentials.encode()).decode()
            if f"proxy-authorization: basic {token}".lower() not in head.lower():
                writer.write(
                    b"HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Basic\r\n"
                    b"Content-Length: 0\r\n\r\n"
                )
                await writer.drain()
                return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(b"HTTP/1.1 200 Go On\r\n\r\n")
            both = [
                asyncio.create_task(_copy(reader, far_writer)),
                asyncio.create_task(_copy(far_reader, writer)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in both:
                    one.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        finally:
            far_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
