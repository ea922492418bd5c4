"""How bytes come in and go out: stdio on private descriptors, TCP on loopback, and the end.

pygls' `start_io` reads through the pool that runs its thread handlers, writes wherever descriptor 1
points, dies of a large Content-Length, stalls on bare line feeds, and ends with 0 whatever
happened (no upstream issue found).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from dola_ls.lsp.frames import FrameParser, FrameTooLarge
from dola_ls.lsp.parent import Parent
from dola_ls.lsp.session import GRACE, Session

__all__ = ["FrameParser", "FrameTooLarge", "Session", "loopback", "serve_stdio", "serve_tcp"]

log = logging.getLogger(__name__)

CHUNK = 64 * 1024
#: How many seconds the client may take to read the last bytes.
FLUSH = 0.5
#: After this many seconds the process is gone, whatever still runs in it.
HARD_LIMIT = 6.0


def _run(main: Coroutine[Any, Any, int]) -> int:
    """Run `main` and whatever it left behind, for at most `GRACE` seconds more.

    Not asyncio.run, which waits for the threads of the default executor without a limit.
    """
    loop = asyncio.new_event_loop()
    try:
        code = loop.run_until_complete(main)
        if left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=GRACE))
        loop.run_until_complete(loop.shutdown_asyncgens())
        return code
    finally:
        loop.close()


def _end_process_later(session: Session) -> None:
    """Make sure that the process ends, also where something blocks its event loop or its exit."""

    def wait() -> None:
        time.sleep(HARD_LIMIT)
        _exit_now(session.code, "some work did not end in time; the process ends all the same")

    threading.Thread(target=wait, name="dola-ls end", daemon=True).start()


def _exit_now(code: int, sentence: str) -> None:
    # Not through the log: whoever holds its lock may be what blocks.
    with contextlib.suppress(OSError):
        os.write(2, f"dola-ls: {sentence}\n".encode())
    os._exit(code)


def _listen_to_signals(session: Session) -> None:
    """End the session on SIGINT, SIGTERM and their like; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    session.ended.add_done_callback(lambda _: _end_process_later(session))

    told = False

    def stop() -> None:
        nonlocal told
        if told:
            _exit_now(1, "told to stop twice; the process ends at once")
        told = True
        log.info("told to stop by a signal")
        session.end()

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        if signal.getsignal(number) == signal.SIG_IGN:
            continue  # As under nohup.
        # Windows' event loop has no signal handlers; no loop has them outside the main thread.
        try:
            loop.add_signal_handler(number, stop)
        except (NotImplementedError, RuntimeError, ValueError):
            with contextlib.suppress(ValueError):
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


# -- stdio -------------------------------------------------------------------------------------


def serve_stdio(server: Any) -> int:
    """Serve one client over standard input and output; return the exit code.

    Takes the process' descriptors 0 and 1 for itself: from here on a stray `print`, a warning or
    a child process reads nothing and writes to stderr.
    """
    incoming, outgoing = take_stdio()
    return _run(_serve_descriptors(server, incoming, outgoing))


def take_stdio() -> tuple[int, int]:
    """Move standard input and output to private descriptors, which children do not inherit.

    The null device and stderr take their places.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming, os.O_BINARY)
        msvcrt.setmode(outgoing, os.O_BINARY)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(null, 1)
    os.close(null)
    # sys.stdin reads descriptor 0, and so nothing. What sys.stdout still holds goes to stderr.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    sys.stdout = sys.stderr
    return incoming, outgoing


async def _serve_descriptors(server: Any, incoming: int, outgoing: int) -> int:
    session = Session(server)
    _listen_to_signals(session)
    reader = _Reader(incoming, session)
    writer = _Writer(outgoing, session)
    parent = Parent(session.end)
    server.protocol.on_process = parent.watch
    code = await session.run(reader.read, writer)
    parent.close()
    await writer.drain()
    return code


class _Reader:
    """Reads a descriptor in a thread: not every system's event loop can wait for a pipe."""

    def __init__(self, descriptor: int, session: Session) -> None:
        self._descriptor = descriptor
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        # Bounds how far it reads ahead of the server, and so the memory a flood takes.
        self._ahead = threading.Semaphore(16)
        threading.Thread(target=self._pump, name="dola-ls reader", daemon=True).start()

    async def read(self) -> bytes:
        """Return the next bytes, or b"" at the end."""
        data = await self._chunks.get()
        self._ahead.release()
        return data

    def _pump(self) -> None:
        data = b"-"
        while data:
            self._ahead.acquire()
            try:
                data = os.read(self._descriptor, CHUNK)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, data)
            except RuntimeError:
                return  # The loop is closed: nobody reads any more.
        _end_process_later(self._session)


class _Writer:
    """Writes to a descriptor in a thread, so that a client that does not read blocks nothing."""

    def __init__(self, descriptor: int, session: Session) -> None:
        self._descriptor = descriptor
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._drained = asyncio.Event()
        threading.Thread(target=self._pump, name="dola-ls writer", daemon=True).start()

    def write(self, data: bytes) -> None:
        """Queue some bytes."""
        self._frames.put(data)

    async def drain(self) -> None:
        """Write all there is, or as much as the client reads within `FLUSH` seconds."""
        self._frames.put(None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH):
                await self._drained.wait()

    def _pump(self) -> None:
        try:
            while (data := self._frames.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._descriptor, view) :]
        except OSError:
            self._tell(self._session.end)
        self._tell(self._drained.set)

    def _tell(self, what: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what)


# -- TCP ---------------------------------------------------------------------------------------


def serve_tcp(server: Any, host: str, port: int) -> int:
    """Serve one client over TCP on this machine, then end; return the exit code.

    Port 0 lets the system choose; the address is told on stderr. Raises ValueError, with a
    sentence for the user, where `host` is not this machine alone.
    """
    return _run(_serve_socket(server, loopback(host), port))


def loopback(host: str) -> str:
    """Return the address of a host that is this machine alone, or raise ValueError."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host
    raise ValueError(
        f"Dola does not listen on {host!r}: whoever reaches that port can read the code that is "
        "open. Nothing was started. Use 127.0.0.1, ::1 or localhost, and a tunnel (ssh -L) to "
        "connect from elsewhere."
    )


async def _serve_socket(server: Any, host: str, port: int) -> int:
    session = Session(server)
    clients: asyncio.Queue[_Socket] = asyncio.Queue()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Socket(reader, writer)
        if await client.speaks_lsp():
            clients.put_nowait(client)
        else:
            log.warning("refused a connection that does not speak the language server protocol")
            writer.close()

    try:
        listener = await asyncio.start_server(connect, host, port)
    except OSError as error:
        sys.stderr.write(f"Dola cannot listen on {host}:{port}: {error.strerror}.\n")
        return 1
    _listen_to_signals(session)
    name, number = listener.sockets[0].getsockname()[:2]
    sys.stderr.write(f"dola-ls listens on {name}:{number}\n")
    sys.stderr.flush()
    first = asyncio.ensure_future(clients.get())
    events: set[asyncio.Future[Any]] = {first, session.ended}
    await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
    listener.close()
    if not first.done():
        first.cancel()
        return session.code
    client = first.result()
    code = await session.run(client.read, client)
    await client.drain()
    return code


class _Socket:
    """A connected client, of which the first bytes are looked at before it is served.

    A web page can send requests to any local port. The headers of HTTP would be skipped here as
    rubbish, all but Content-Length, and the page's text be taken for a message.
    """

    _HEADER = re.compile(rb"content-(length|type)[ \t]*:", re.IGNORECASE)
    _ENOUGH = len(b"content-length:")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._first = b""

    async def speaks_lsp(self) -> bool:
        """Tell whether the connection begins with a header of the LSP's base protocol."""
        while len(self._first) < self._ENOUGH and (data := await self._receive()):
            self._first += data
        return self._HEADER.match(self._first) is not None

    async def read(self) -> bytes:
        """Return the next bytes, or b"" at the end."""
        first, self._first = self._first, b""
        return first or await self._receive()

    def write(self, data: bytes) -> None:
        """Queue some bytes."""
        self._writer.write(data)

    async def drain(self) -> None:
        """Send all there is, or as much as the client takes within `FLUSH` seconds, and close."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(FLUSH):
                self._writer.close()
                await self._writer.wait_closed()

    async def _receive(self) -> bytes:
        try:
            return await self._reader.read(CHUNK)
        except OSError:
            return b""
