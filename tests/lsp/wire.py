"""A client of message bodies, for tests of one protocol object: no frames, no manners."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from dola_ls.lsp.frames import FrameParser
from dola_ls.lsp.protocol import Protocol
from tests.lsp.bare import Bare


class Stock(LanguageServer):
    """A server on pygls' own protocol, to see whether its faults are still there."""

    def __init__(self) -> None:
        super().__init__("stock", "0")


class Wire:
    """Hands message bodies to a server's protocol and collects what it sends."""

    def __init__(self, server: Bare | Stock) -> None:
        self.server = server
        self.messages: list[dict[str, Any]] = []
        self._number = 0
        self._frames = FrameParser()
        server.protocol.set_writer(self)

    # -- the server's writer

    def write(self, data: bytes) -> None:
        self.messages += map(json.loads, self._frames.feed(data))

    def close(self) -> None:
        pass

    # -- to the server

    def body(self, body: bytes) -> None:
        """Hand over one message body."""
        protocol = self.server.protocol
        if isinstance(protocol, Protocol):
            protocol.receive(body)
            return
        # As pygls.io_.run_async does.
        try:
            message = json.loads(body, object_hook=protocol.structure_message)
            protocol.handle_message(message)
        except Exception as error:
            self.server.report_server_error(error, JsonRpcException)

    def send(self, message: Any) -> None:
        """Hand over anything as JSON."""
        self.body(json.dumps(message).encode())

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def begin(self, method: str, params: Any = None) -> int:
        """Send a request; return its id."""
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.send(message)
        return self._number

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request; return the one answer to it."""
        return await self.answer(self.begin(method, params))

    async def answer(self, msg_id: Any) -> dict[str, Any]:
        """Wait for the answer to a request, and make sure that it stays the only one."""
        # Where pygls is expected not to answer at all, waiting for long proves no more.
        limit = 0.3 if isinstance(self.server, Stock) else 10
        async with asyncio.timeout(limit):
            while True:
                if found := self.answers(msg_id):
                    break
                await asyncio.sleep(0.001)
        await self.settle()
        assert len(self.answers(msg_id)) == 1
        return found[0]

    async def initialize(self, **capabilities: Any) -> dict[str, Any]:
        """Go through the handshake; return the answer to `initialize`."""
        answer = await self.ask("initialize", {"capabilities": capabilities})
        self.notify("initialized", {})
        return answer

    async def settle(self) -> None:
        """Let everything that is ready run."""
        for _ in range(10):
            await asyncio.sleep(0)

    def open(self, uri: str, text: Any) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, line: int, character: int, text: Any) -> None:
        """Insert some text into a document."""
        at = {"line": line, "character": character}
        change = {"range": {"start": at, "end": at}, "text": text}
        identifier = {"uri": uri, "version": 2}
        params = {"textDocument": identifier, "contentChanges": [change]}
        self.notify("textDocument/didChange", params)

    def text(self, uri: str) -> str:
        """Return a document as the server has it."""
        if isinstance(self.server, Bare):
            document = self.server.documents.get(uri)
            assert document is not None
            return document.text
        return self.server.workspace.get_text_document(uri).source

    # -- from the server

    def answers(self, msg_id: Any) -> list[dict[str, Any]]:
        """Return all answers to a request."""
        return [m for m in self.messages if "method" not in m and m.get("id") == msg_id]

    def sent(self, method: str) -> list[dict[str, Any]]:
        """Return the messages of one method."""
        return [m for m in self.messages if m.get("method") == method]


def code(answer: dict[str, Any]) -> int:
    """Return the error code of an answer."""
    assert "result" not in answer, answer
    number: int = answer["error"]["code"]
    return number
