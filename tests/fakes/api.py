"""A raw fake of an OpenAI-compatible server, on loopback, that can drip, split, reset and lie.

It writes HTTP by hand, because no library will send half an answer or the wrong line ends::

    async with FakeApi() as api:
        api.enqueue(answer("```python\\nx = 1\\n```"), status(429, headers={"Retry-After": "1"}))
        ...                        # a client posts to f"{api.base_url}/chat/completions"
        assert api.requests[0].json["stream"]

`FakeApi.answer_with` sets a function that makes a reply from a request. `ThreadedFakeApi` is the
same in a thread of its own, for tests that have no event loop, and ``python -m tests.fakes.api
--script FILE`` in a process of its own, for tests of an installed server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import ssl
import stat
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

#: What is written to the connection: bytes, or a number of seconds to wait.
Piece = bytes | float
#: How a reply ends: properly; by closing the connection; by a reset; or not at all, until the
#: client goes away.
End = Literal["finish", "close", "reset", "hold"]


@dataclass(frozen=True)
class Reply:
    """What the server does with one request.

    `framing` is ``chunked``, ``close`` (the body ends where the connection does), ``length``, or
    ``raw`` for pieces that hold status line and headers themselves.
    """

    pieces: tuple[Piece, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    framing: Literal["chunked", "close", "length", "raw"] = "chunked"
    end: End = "finish"

    @property
    def body(self) -> bytes:
        """The bytes of the body, without the waits."""
        return b"".join(piece for piece in self.pieces if isinstance(piece, bytes))


@dataclass
class Request:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    #: Counts connections, so that two requests on a kept one have the same number.
    connection: int
    #: Whether the client went away before the reply was over.
    aborted: bool = False
    #: Set when the reply is over, whichever way.
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def json(self) -> dict[str, Any]:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def prompt(self) -> str:
        """The text of the last user message."""
        return next(m["content"] for m in reversed(self.json["messages"]) if m["role"] == "user")


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """Return one chunk of a stream, in the shape the provider documents."""
    return {
        "id": "021777553573335",
        "object": "chat.completion.chunk",
        "created": 1777553611,
        "model": "seed-2-0-code-preview-260328",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}],
        **more,
    }


def usage_of(
    prompt: int = 40,
    completion: int = 20,
    *,
    reasoning: int = 0,
    cached: int = 0,
    accepted: int | None = None,
    rejected: int | None = None,
) -> dict[str, Any]:
    """Return a usage object."""
    details = {"reasoning_tokens": reasoning}
    if accepted is not None or rejected is not None:
        details["accepted_prediction_tokens"] = accepted or 0
        details["rejected_prediction_tokens"] = rejected or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": details,
    }


def sse(events: Iterable[dict[str, Any] | str], eol: str = "\n") -> list[bytes]:
    """Return each event as the bytes that carry it; a text goes out as it is after ``data: ``."""
    texts = (e if isinstance(e, str) else json.dumps(e, ensure_ascii=False) for e in events)
    return [f"data: {text}{eol}{eol}".encode() for text in texts]


def answer(
    text: str,
    *,
    reasoning: str = "",
    size: int = 12,
    delay: float = 0.0,
    start: float = 0.0,
    finish: str | None = "stop",
    done: bool = True,
    usage: dict[str, Any] | None = None,
    usd: float | None = None,
    eol: str = "\n",
    comments: bool = False,
    cut: int | None = None,
    headers: Sequence[tuple[str, str]] = (),
    framing: Literal["chunked", "close"] = "chunked",
    end: End = "finish",
) -> Reply:
    """Return a streamed answer: reasoning, then text in deltas of `size` characters.

    `start` and `delay` are seconds before the first and between all events. `usage` is sent in a
    chunk without choices, `usd` in its `meta`. `comments` puts a keep-alive before each event and
    `cut` cuts the bytes into pieces of that length, characters or not. With `finish` None and
    `done` False the answer just ends.
    """
    events: list[dict[str, Any] | str] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"reasoning_content": part}) for part in _parts(reasoning, size)]
    events += [chunk({"content": part}) for part in _parts(text, size)]
    if finish is not None:
        events.append(chunk({}, finish))
    if usage is not None or usd is not None:
        meta = {"usage": {"credits_used": int((usd or 0) * 2_000_000), "usd_spent": usd}}
        more = {"meta": meta} if usd is not None else {}
        events.append({**chunk(None, usage=usage or usage_of(), **more), "choices": []})
    if done:
        events.append("[DONE]")
    return events_reply(
        sse(events, eol),
        delay=delay,
        start=start,
        comments=comments,
        cut=cut,
        headers=headers,
        framing=framing,
        end=end,
    )


def calls(
    *called: tuple[str, str | dict[str, Any]],
    said: str = "",
    reasoning: str = "",
    finish: str = "tool_calls",
    size: int = 7,
    usage: dict[str, Any] | None = None,
) -> Reply:
    """Return a streamed answer that calls tools: names and arguments, these in small pieces."""
    events: list[dict[str, Any] | str] = [chunk({"role": "assistant", "content": None})]
    events += [chunk({"reasoning_content": part}) for part in _parts(reasoning, size)]
    events += [chunk({"content": part}) for part in _parts(said, size)]
    for index, (name, arguments) in enumerate(called):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        first = {"name": name, "arguments": ""}
        opened = {"index": index, "id": f"call-{index}", "type": "function", "function": first}
        events.append(chunk({"tool_calls": [opened]}))
        events += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
            for part in _parts(text, size)
        ]
    events.append(chunk({}, finish))
    events.append({**chunk(None, usage=usage or usage_of()), "choices": []})
    return events_reply(sse([*events, "[DONE]"]))


def events_reply(
    events: Sequence[bytes],
    *,
    delay: float = 0.0,
    start: float = 0.0,
    comments: bool = False,
    cut: int | None = None,
    headers: Sequence[tuple[str, str]] = (),
    framing: Literal["chunked", "close"] = "chunked",
    end: End = "finish",
) -> Reply:
    """Return a reply of ready-made events; see `answer` for the rest."""
    pieces: list[Piece] = [start] if start else []
    for event in events:
        data = (b": keep-alive\n\n" if comments else b"") + event
        pieces += _cut(data, cut)
        if delay:
            pieces.append(delay)
    kind = ("Content-Type", "text/event-stream; charset=utf-8")
    return Reply(tuple(pieces), 200, (kind, *headers), framing, end)


def status(
    code: int,
    body: dict[str, Any] | str | bytes = b"",
    *,
    headers: dict[str, str] | None = None,
    end: End = "finish",
) -> Reply:
    """Return an answer with a status, of JSON where `body` is an object."""
    kind = "application/json" if isinstance(body, dict) else "text/html"
    data = json.dumps(body) if isinstance(body, dict) else body
    raw = data.encode() if isinstance(data, str) else data
    named = {"Content-Type": kind, **(headers or {})}
    return Reply((raw,), code, tuple(named.items()), "length", end)


def reset() -> Reply:
    """Return a connection reset before one byte of the answer."""
    return Reply(framing="raw", end="reset")


def silence() -> Reply:
    """Return no answer at all, until the client goes away."""
    return Reply(framing="raw", end="hold")


def _parts(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def _cut(data: bytes, size: int | None) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)] if size else [data]


#: From a request to what is answered: a reply, or the text of an ordinary answer.
Answerer = Callable[[Request], Reply | str]


class FakeApi:
    """The server; an asynchronous context manager."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.open_connections = 0
        self._replies: deque[Reply] = deque()
        self._answerer: Answerer | None = None
        self._repeat = False
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrival = asyncio.Event()
        self._change = asyncio.Event()
        self.port = 0

    @property
    def base_url(self) -> str:
        """The address to give to a client as its base."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        """Scheme, host and port; the host is a name under TLS, as certificates want it."""
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def enqueue(self, *replies: Reply) -> None:
        """Add replies, used in turn; they come before `answer_with`."""
        self._replies += replies

    def answer_with(self, answerer: Answerer) -> None:
        """Make replies from requests, once the queue is empty."""
        self._answerer = answerer

    def repeat_last(self) -> None:
        """Give the last reply of the queue again and again."""
        self._repeat = True

    async def arrived(self, count: int = 1, within: float = 5.0) -> Request:
        """Wait until `count` requests have arrived, and return the last of them."""
        async with asyncio.timeout(within):
            while len(self.requests) < count:
                self._arrival.clear()
                await self._arrival.wait()
        return self.requests[count - 1]

    async def connected(self, count: int, within: float = 5.0) -> None:
        """Wait until just `count` connections are open."""
        async with asyncio.timeout(within):
            while self.open_connections != count:
                self._change.clear()
                await self._change.wait()

    async def __aenter__(self) -> FakeApi:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _reply(self, request: Request) -> Reply:
        if self._replies:
            last = self._repeat and len(self._replies) == 1
            return self._replies[0] if last else self._replies.popleft()
        if self._answerer is None:
            return status(418, "this request was not expected")
        made = self._answerer(request)
        return answer(made, usage=usage_of()) if isinstance(made, str) else made

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        self._change.set()
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer, self.connections)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_connections -= 1
            self._change.set()
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        ahead = b""
        while True:
            head = ahead + await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ", 2)
            fields = (line.partition(":") for line in lines[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in fields}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(method, path, headers, body, number)
            self.requests.append(request)
            self._arrival.set()
            reply = self._reply(request)
            # While the reply goes out nothing comes in, unless the client goes away.
            watch = asyncio.ensure_future(reader.read(1))
            try:
                alive = await self._send(reply, writer, watch)
            finally:
                gone = watch.done() and not watch.cancelled()
                lost = gone and (watch.exception() is not None or watch.result() == b"")
                request.aborted = lost
                request.over.set()
                if not gone:
                    watch.cancel()
            if not alive or lost:
                return
            if gone:
                ahead = watch.result()
            else:
                ahead = b""
                with contextlib.suppress(asyncio.CancelledError):
                    await watch

    async def _send(
        self, reply: Reply, writer: asyncio.StreamWriter, watch: asyncio.Future[bytes]
    ) -> bool:
        """Write a reply; tell whether the connection can take another request."""
        if reply.framing != "raw":
            writer.write(_head(reply))
        for piece in reply.pieces:
            if watch.done():
                return False
            if isinstance(piece, bytes):
                if piece:
                    chunked = reply.framing == "chunked"
                    writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                    await writer.drain()
                    # Each piece is to arrive on its own.
                    await asyncio.sleep(0)
            else:
                await asyncio.wait([watch], timeout=piece)
        if reply.end == "hold":
            await asyncio.wait([watch])
            return False
        if reply.end == "reset":
            # The bytes so far are to be read before the reset throws the rest away.
            await asyncio.sleep(0.05)
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if reply.end == "close" or reply.framing in ("close", "raw"):
            await writer.drain()
            with contextlib.suppress(OSError, NotImplementedError):
                writer.write_eof()
            await asyncio.sleep(0.02)
            return False
        if reply.framing == "chunked":
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Whatever"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if reply.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif reply.framing == "length":
        lines.append(f"Content-Length: {len(reply.body)}")
    else:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class ThreadedFakeApi:
    """The server in a thread with an event loop of its own; a context manager."""

    def __init__(self) -> None:
        self._api = FakeApi()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> ThreadedFakeApi:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._api.start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._api.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def base_url(self) -> str:
        """The address to give to a client as its base."""
        return self._api.base_url

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._api.origin

    @property
    def requests(self) -> list[Request]:
        """The requests so far."""
        return list(self._api.requests)

    def enqueue(self, *replies: Reply) -> None:
        """Add replies, used in turn."""
        self._api.enqueue(*replies)

    def answer_with(self, answerer: Answerer) -> None:
        """Make replies from requests, once the queue is empty; `answerer` runs in the thread."""
        self._api.answer_with(answerer)

    def repeat_last(self) -> None:
        """Give the last reply of the queue again and again."""
        self._api.repeat_last()


def canned(entry: dict[str, Any]) -> Reply:
    """Return the reply a script's entry describes.

    ``text``, ``reasoning``, ``delay`` and ``start`` (seconds), ``finish``, ``done``, ``size``,
    ``usd`` as in `answer`; or ``status`` with ``body`` and ``headers``; or ``silence``.
    """
    if entry.get("silence"):
        return silence()
    if entry.get("status", 200) != 200:
        return status(entry["status"], entry.get("body", ""), headers=entry.get("headers"))
    names = ("reasoning", "delay", "start", "finish", "done", "size", "usd")
    options = {name: entry[name] for name in names if name in entry}
    return answer(entry["text"], usage=usage_of(), **options)


async def _serve_script(script: Path, port: int, record: Path | None) -> None:
    api = FakeApi()
    api.enqueue(*(canned(entry) for entry in json.loads(script.read_text("utf-8"))))
    api.repeat_last()
    await api.start(port)
    print(json.dumps({"url": api.base_url}), flush=True)
    loop = asyncio.get_running_loop()
    stdin_ended: asyncio.Future[Any] = loop.create_future()
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        # Whoever started this holds the other end, and does not always get to end it.
        stdin_ended = loop.run_in_executor(None, sys.stdin.buffer.read)
    written = 0
    try:
        while not stdin_ended.done():
            await asyncio.wait([stdin_ended], timeout=0.05)
            if record is not None and len(api.requests) > written:
                with record.open("a", encoding="utf-8") as file:
                    for request in api.requests[written:]:
                        entry = {"path": request.path, "headers": request.headers}
                        file.write(json.dumps({**entry, "json": request.json}) + "\n")
                written = len(api.requests)
    finally:
        await api.stop()


def main() -> None:
    """Serve a script until killed or, where stdin is a pipe, until it ends; print the address."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--script", type=Path, required=True, help="JSON list of canned replies")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="file that gets one JSON line per request")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_script(options.script, options.port, options.record))


if __name__ == "__main__":
    main()
