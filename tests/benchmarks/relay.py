"""What stands between the sides and the engine and notes every exchange.

Each side counts tokens and time in its own way, if at all. Here all of them are counted by what the
engine itself says at the end of a stream. Nothing is held back: a line goes on as it comes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.benchmarks.engine import Address

_PATIENCE = 600.0
_MOMENT = 5.0


@dataclass(slots=True)
class Exchange:
    """One request and what came of it; the counts are llama.cpp's ``timings``."""

    seconds: float = 0.0
    #: From the request to the first word.
    first_word: float | None = None
    text: str = ""
    finish: str | None = None
    #: Of the prompt, what was read; the rest was known from a request before.
    read_tokens: int = 0
    read_ms: float = 0.0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    answer_ms: float = 0.0
    drafted: int = 0
    accepted: int = 0
    #: The beginning of the system text and the limit of tokens.
    asked: dict[str, Any] = field(default_factory=dict)

    def note(self, event: dict[str, Any], since: float) -> None:
        """Take in one event of the stream, or the whole answer where there is no stream."""
        for choice in event.get("choices") or []:
            said = choice.get("delta") or choice.get("message") or {}
            if word := said.get("content"):
                self.text += word
                # Of an answer that is broken off nobody tells the count.
                self.answer_tokens += 1
                self.first_word = self.first_word or since
            self.finish = choice.get("finish_reason") or self.finish
        if usage := event.get("usage"):
            self.prompt_tokens = usage.get("prompt_tokens") or 0
            self.answer_tokens = usage.get("completion_tokens") or 0
        if timings := event.get("timings"):
            self.read_tokens = timings.get("prompt_n") or 0
            self.read_ms = timings.get("prompt_ms") or 0.0
            self.answer_tokens = timings.get("predicted_n") or self.answer_tokens
            self.answer_ms = timings.get("predicted_ms") or 0.0
            self.drafted = timings.get("draft_n") or 0
            self.accepted = timings.get("draft_n_accepted") or 0


class Relay:
    """A server on loopback with the engine behind it."""

    def __init__(self, engine: Address) -> None:
        self.engine = engine
        self._exchanges: list[Exchange] = []
        self._live: set[http.client.HTTPConnection] = set()
        self._over = threading.Condition()
        self._server = _Server(self)

    @property
    def address(self) -> Address:
        """Where the sides ask; the key is the engine's."""
        return replace(self.engine, url=f"http://127.0.0.1:{self._server.server_port}")

    def take(self) -> list[Exchange]:
        """Return the exchanges since the last call, those that broke off among them."""
        with self._over:
            # A side knows that an answer is whole a moment before the relay has noted it.
            self._over.wait_for(lambda: not self._live, timeout=_MOMENT)
            taken, self._exchanges = self._exchanges, []
        return taken

    def hang_up(self) -> None:
        """Break off all exchanges, and wait until the engine is free again."""
        with self._over:
            live = list(self._live)
        for connection in live:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
        self.ask_one_word()

    def ask_one_word(self) -> None:
        """Have the engine answer something that is not counted, in its turn."""
        body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        connection = self.connection()
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/v1/chat/completions", json.dumps(body), self.headers())
            connection.getresponse().read()
        self.over(connection, None)

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection to the engine; `over` has to be called with it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.engine.port, timeout=_PATIENCE)
        with self._over:
            self._live.add(connection)
        return connection

    def headers(self, authorization: str | None = None) -> dict[str, str]:
        """Return the headers of a request."""
        key = authorization or f"Bearer {self.engine.key}"
        return {"Content-Type": "application/json", "Authorization": key}

    def over(self, connection: http.client.HTTPConnection, exchange: Exchange | None) -> None:
        """Note an exchange, and close its connection, which stops an answer under way."""
        connection.close()
        with self._over:
            self._live.discard(connection)
            if exchange is not None:
                self._exchanges.append(exchange)
            self._over.notify_all()

    @contextmanager
    def running(self) -> Iterator[Relay]:
        """Serve in a thread."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a side that is stopped hangs up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Pass a request on, and the answer back line by line."""
        relay = self.server.relay
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        exchange = Exchange(asked=_asked(body))
        started = time.perf_counter()
        connection = relay.connection()
        try:
            headers = relay.headers(self.headers.get("Authorization") or "Bearer none")
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type") or "")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while line := answer.readline():
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                if event := _event(line):
                    exchange.note(event, time.perf_counter() - started)
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            self.close_connection = True
        finally:
            exchange.seconds = time.perf_counter() - started
            relay.over(connection, exchange)


def _event(line: bytes) -> dict[str, Any]:
    """Return the event that a line of a stream holds, or a whole answer on one line."""
    text = line.removeprefix(b"data:").strip()
    if not text.startswith(b"{"):
        return {}
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _asked(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
        first = request["messages"][0]["content"]
        return {"max_tokens": request.get("max_tokens"), "begins": str(first)[:60]}
    except (ValueError, KeyError, IndexError, TypeError):
        return {}
