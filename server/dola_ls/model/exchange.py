"""One request and its answer over HTTP, within time limits, every fault a `ModelError`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Literal

import httpx

from dola_ls import __version__
from dola_ls.model import errors, faults, retry, wire
from dola_ls.model.assembly import Assembly
from dola_ls.model.certificate import fetch_issuer
from dola_ls.model.connection import Closable, Connections, proxy_for
from dola_ls.model.errors import ModelError
from dola_ls.model.faults import Call
from dola_ls.model.infill import FillAssembly, FillRequest
from dola_ls.model.retry import Situation
from dola_ls.model.sending import Body, body_of
from dola_ls.model.sse import Event, EventParser, EventTooLarge
from dola_ls.model.stream import Delta
from dola_ls.model.unpacking import unpacked

#: Bytes of an error body that are read; more is not an error message.
_ERROR_BODY = 64 * 1024
#: Bytes of an answer on the wire: a text of the longest allowed length in the smallest pieces.
_MAX_BYTES = 256 * 1024 * 1024
#: A byte order mark.
_MARK = b"\xef\xbb\xbf"

_NETWORK_FAULTS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    OSError,
    # What anyio and httpcore raise when a client is closed under a running request.
    RuntimeError,
)

AnyRequest = wire.ChatRequest | FillRequest


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that may pass; who needs more of them is for `dola_ls.model.patience` to say."""

    connect: float = 5.0
    #: For sending the request, and for a free connection.
    write: float = 30.0
    pool: float = 5.0
    #: From the request to the first text or thought; keep-alive comments do not count.
    first_token: float = 120.0
    #: Between any two bytes after that.
    idle: float = 60.0
    #: For the whole answer.
    total: float = 300.0
    #: For the usage and ``[DONE]`` once the server has said why it stopped.
    after_finish: float = 3.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A try that ended before the first event, and what may be done about it."""

    error: ModelError
    situation: Situation
    headers: dict[str, str]
    #: Whether the same without tools may well be taken.
    tools: bool = False


class Exchange:
    """One request and its answer."""

    def __init__(self, connections: Connections, timeouts: Timeouts, call: Call) -> None:
        self._connections = connections
        self._timeouts = timeouts
        self._call = call
        self._started = 0.0
        #: The connection opened for this request; None where a kept one was used.
        self._socket: Closable | None = None
        self._broken = False
        #: Whether the request holds tools, and messages on what they gave.
        self._tools = self._turns = False
        #: Set when the request may perhaps be sent again; other faults are raised.
        self.failure: Failure | None = None

    async def run(self, request: AnyRequest, predicted: bool) -> AsyncGenerator[Delta, None]:
        lease = await self._connections.take()
        response: httpx.Response | None = None
        clean = False
        try:
            response = await self._open(lease.client, request)
            if response is None:
                return
            if response.status_code != 200:
                clean = await self._refused(response)
                return
            headers = dict(response.headers)
            assembled = FillAssembly if isinstance(request, FillRequest) else Assembly
            assembly = assembled(
                self._call, inference_id=faults.request_id_of(headers), predicted=predicted
            )
            async with aclosing(self._read(response, assembly)) as deltas:
                async for delta in deltas:
                    yield delta
            # A connection that was broken off while reading is as lost as a cancelled one.
            clean = not self._broken
            completion = assembly.finish()
            yield Delta(completion=completion)
        finally:
            await self._connections.give_back(lease, response, self._socket, clean=clean)

    async def _open(self, client: httpx.AsyncClient, request: AnyRequest) -> httpx.Response | None:
        """Send the request and return the answer's head, or set `failure`."""
        if isinstance(request, wire.ChatRequest):
            self._tools = request.tools is not None
            self._turns = any(message.role == "tool" for message in request.messages)
        self._started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(self._started + self._timeouts.first_token):
                return await client.send(self._request(client, request), stream=True)
        except TimeoutError:
            raise self._timed_out("first token") from None
        except _NETWORK_FAULTS as fault:
            # Who takes longer to hang up has read the request, and may send a bill for it.
            waited = asyncio.get_running_loop().time() - self._started
            reused = self._socket is None and waited <= self._timeouts.connect
            error, situation = faults.from_exception(self._call, fault, reused)
        if isinstance(error, errors.TlsFailed) and error.certificate:
            error = await self._with_issuer(error)
        self.failure = Failure(error, situation, {})
        return None

    async def _with_issuer(self, error: errors.TlsFailed) -> errors.TlsFailed:
        endpoint = self._call.endpoint
        if proxy_for(endpoint) is not None:
            return error
        return errors.TlsFailed(error.facts, error.reason, await fetch_issuer(endpoint.origin))

    def _request(self, client: httpx.AsyncClient, request: AnyRequest) -> httpx.Request:
        endpoint = self._call.endpoint
        headers = {
            "Accept": "text/event-stream, application/json",
            # A compressed stream would be held back until a block is full.
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": f"dola-ls/{__version__}",
            "X-Client-Request-Id": self._call.request_id,
        }
        if endpoint.api_key:
            headers["Authorization"] = f"Bearer {endpoint.api_key}"

        async def trace(event: str, info: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                self._socket = info["return_value"]

        if isinstance(request, FillRequest):
            url, body = endpoint.fill_url, Body((request.body(),))
        else:
            url, body = endpoint.chat_url, body_of(request)
        # Its length is told: servers that want none in chunks are not few.
        headers["Content-Length"] = str(body.size)
        return client.build_request(
            "POST", url, content=body, headers=headers, extensions={"trace": trace}
        )

    async def _refused(self, response: httpx.Response) -> bool:
        """Set `failure` from an answer other than 200; tell whether it was read to its end."""
        body, whole = bytearray(), False
        try:
            async with asyncio.timeout(self._timeouts.connect):
                async for data in unpacked(response):
                    body += data
                    if len(body) > _ERROR_BODY:
                        break
                else:
                    whole = True
        except (TimeoutError, *_NETWORK_FAULTS):
            # The status alone says enough.
            pass
        headers, status = dict(response.headers), response.status_code
        error = faults.from_status(self._call, status, headers, bytes(body[:_ERROR_BODY]))
        situation = retry.situation_of(status)
        if isinstance(error, errors.OutOfCredit):
            situation = Situation.FINAL
        tools = self._tools and faults.refuses_tools(status, bytes(body), turns=self._turns)
        self.failure = Failure(error, situation, headers, tools)
        return whole

    async def _read(
        self, response: httpx.Response, assembly: Assembly
    ) -> AsyncGenerator[Delta, None]:
        """Yield the deltas of an answer with status 200, until it is over or cannot go on."""
        parser, body = EventParser(), bytearray()
        form: Literal["", "events", "json"] = ""
        size = 0
        async with aclosing(self._bytes(response, assembly)) as pieces:
            async for data in pieces:
                size += len(data)
                if size > _MAX_BYTES:
                    raise self._protocol_fault("it does not end")
                if not form:
                    body += data
                    # Neither media types nor `stream: true` are reliable; the first byte is.
                    start = body.removeprefix(_MARK).lstrip()
                    if not start:
                        # Blank keep-alives, of which there may be many.
                        del body[len(_MARK) if body.startswith(_MARK) else 0 :]
                        continue
                    if start.startswith(b"<"):
                        raise self._protocol_fault("it is a web page")
                    form = "json" if start.startswith(b"{") else "events"
                    data = bytes(body)
                elif form == "json":
                    body += data
                if form == "json":
                    if len(body) > 8 * 1024 * 1024:
                        raise self._protocol_fault("it is longer than 8 MiB")
                    continue
                for event in self._events(parser, data):
                    delta = assembly.add(event)
                    if delta is not None:
                        yield delta
                    if assembly.done:
                        return
        if form == "json":
            delta = assembly.add_whole(body.decode("utf-8-sig", "replace"))
            if delta is not None:
                yield delta
            return
        for event in parser.finish():
            delta = assembly.add(event)
            if delta is not None:
                yield delta

    def _events(self, parser: EventParser, data: bytes) -> list[Event]:
        try:
            return parser.feed(data)
        except EventTooLarge:
            raise self._protocol_fault("one event is larger than 1 MiB") from None

    async def _bytes(
        self, response: httpx.Response, assembly: Assembly
    ) -> AsyncGenerator[bytes, None]:
        """Yield the body while it keeps within its time limits; stop quietly once it is over."""
        loop, limits = asyncio.get_running_loop(), self._timeouts
        finished: float | None = None
        body = aiter(unpacked(response))
        last = loop.time()
        while True:
            if finished is None and assembly.finish_reason is not None:
                finished = loop.time()
            limit, deadline = "total", self._started + limits.total
            if not assembly.started:
                until = self._started + limits.first_token
                limit, deadline = min(("first token", until), (limit, deadline), key=_second)
            else:
                limit, deadline = min(("idle", last + limits.idle), (limit, deadline), key=_second)
            if finished is not None:
                deadline = min(deadline, finished + limits.after_finish)
            try:
                async with asyncio.timeout_at(deadline):
                    data = await anext(body, None)
            except TimeoutError:
                self._broken = True
                if finished is not None:
                    return
                raise self._timed_out(limit) from None
            except httpx.DecodingError:
                raise self._protocol_fault("it is not compressed as it says") from None
            except _NETWORK_FAULTS:
                # Whether the answer was complete is for the assembly to say.
                self._broken = True
                return
            if data is None:
                return
            last = loop.time()
            yield data

    def _timed_out(self, limit: str) -> ModelError:
        seconds = {
            "first token": self._timeouts.first_token,
            "idle": self._timeouts.idle,
            "total": self._timeouts.total,
        }[limit]
        what = {
            "first token": "did not begin to answer",
            "idle": "stopped in the middle of its answer and did not go on",
            "total": "did not finish its answer",
        }[limit]
        facts = replace(self._call.facts, request_id=self._call.request_id)
        return errors.TimedOut(facts, what, seconds)

    def _protocol_fault(self, what: str) -> ModelError:
        facts = replace(self._call.facts, request_id=self._call.request_id)
        return errors.ProtocolFault(facts, what)


def _second(pair: tuple[str, float]) -> float:
    return pair[1]
