"""One client's connection, whatever carries its bytes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from dola_ls.lsp.frames import FrameParser, FrameTooLarge

if TYPE_CHECKING:
    from dola_ls.lsp.protocol import Protocol

log = logging.getLogger(__name__)

#: How many seconds the work under way may take to end.
GRACE = 1.0


class Session:
    """A connection, from the first byte to the exit code."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._protocol: Protocol = server.protocol
        #: Done once the session is to end.
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: What to exit with: 0 only if the client asked for `shutdown` first.
        self.code = 1

    def end(self, code: int | None = None) -> None:
        """End the session: the client said `exit` or has gone, or the process is to stop."""
        if not self.ended.done():
            self.code = self._protocol.exit_code if code is None else code
            self.ended.set_result(None)

    async def run(self, read: Callable[[], Awaitable[bytes]], writer: Any) -> int:
        """Serve until the end; return the exit code. `read` gives b"" when the client has gone."""
        self._protocol.on_exit = self.end
        self._protocol.set_writer(writer)
        reading = asyncio.ensure_future(self._receive(read))
        try:
            await asyncio.wait({reading, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
        fault = None if reading.cancelled() else reading.exception()
        if isinstance(fault, FrameTooLarge):
            log.error("%s", fault)
        elif fault is not None:
            log.error("the connection failed", exc_info=fault)
        self.end(None if fault is None else 1)
        await self._wind_up()
        return self.code

    async def _receive(self, read: Callable[[], Awaitable[bytes]]) -> None:
        frames = FrameParser()
        while data := await read():
            for body in frames.feed(data):
                self._protocol.receive(body)
                # One turn of the loop, in which the task of an asynchronous handler takes its
                # first step: what it does before its first `await` sees the documents as they
                # were when the request came, even if a change follows in the same chunk.
                await asyncio.sleep(0)
                if self.ended.done():
                    return

    async def _wind_up(self) -> None:
        self._protocol.hang_up()
        try:
            async with asyncio.timeout(GRACE):
                await self.server.close()
        except TimeoutError:
            log.warning("some work did not end within %s s", GRACE)
        except Exception:
            log.exception("the server did not close cleanly")
