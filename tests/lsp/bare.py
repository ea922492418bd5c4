"""The smallest server on this protocol; run as a program it serves, to be maltreated."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from dola_ls.lsp.documents import Documents
from dola_ls.lsp.notebooks import Notebooks
from dola_ls.lsp.protocol import MsgId, Protocol, QuietErrors
from dola_ls.lsp.transport import serve_stdio, serve_tcp


class Bare(QuietErrors, LanguageServer):
    """A server without features; tests add what they need."""

    protocol: Protocol

    def __init__(self) -> None:
        self.documents = Documents()
        self.notebooks = Notebooks(self.documents)
        self.cancelled: list[MsgId] = []
        self.closed = 0
        super().__init__("bare", "0", protocol_cls=Protocol)

    def on_cancel_request(self, msg_id: MsgId) -> None:
        self.cancelled.append(msg_id)

    async def close(self) -> None:
        self.closed += 1


def program() -> Bare:
    """Return a server whose commands do what a server should not."""
    server = Bare()

    @server.command("print")
    def write_to_stdout(ls: Bare) -> None:
        """Write to stdout in all the ways there are."""
        print("printed")
        sys.stdout.write("written\n")
        os.write(1, b"written to descriptor 1\n")
        child = "import os; os.write(1, b'written by a child\\n')"
        subprocess.run([sys.executable, "-c", child], check=True)

    @server.command("read")
    def read_stdin(ls: Bare) -> str:
        """Read from stdin, here and in a child."""
        child = "import sys; print(repr(sys.stdin.read()), file=sys.stderr)"
        done = subprocess.run([sys.executable, "-c", child], check=True, stderr=subprocess.PIPE)
        return repr(sys.stdin.read()) + done.stderr.decode().strip()

    @server.command("sleep")
    async def sleep(ls: Bare, seconds: float) -> str:
        sys.stderr.write("at work\n")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            sys.stderr.write("sleep was cancelled\n")
            raise
        return "slept"

    @server.command("stubborn")
    async def stay(ls: Bare) -> None:
        sys.stderr.write("at work\n")
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    @server.command("block")
    def block(ls: Bare, seconds: float) -> None:
        sys.stderr.write("at work\n")
        sys.stderr.flush()
        time.sleep(seconds)

    @server.command("thread")
    async def block_in_thread(ls: Bare, seconds: float) -> None:
        sys.stderr.write("at work\n")
        await asyncio.to_thread(time.sleep, seconds)

    @server.command("flood")
    def flood(ls: Bare, megabytes: int) -> None:
        for _ in range(megabytes):
            message = types.LogMessageParams(types.MessageType.Log, "x" * 2**20)
            ls.window_log_message(message)

    @server.command("text")
    def text(ls: Bare, uri: str) -> str | None:
        document = ls.documents.get(uri)
        return document.text if document else None

    return server


def main() -> int:
    """Serve: `--stdio`, or a host and a port."""
    server = program()
    if sys.argv[1] == "--stdio":
        return serve_stdio(server)
    try:
        return serve_tcp(server, sys.argv[1], int(sys.argv[2]))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
