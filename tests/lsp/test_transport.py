"""Frames, TCP, and how a connection ends; stdio's own dangers are in tests/security."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.lsp.frames import MAX_FRAME, MAX_HEADER, FrameParser, FrameTooLarge
from dola_ls.lsp.session import Session
from dola_ls.lsp.transport import loopback, serve_tcp
from tests.fakes.raw import Raw
from tests.lsp.bare import Bare

ROOT = Path(__file__).parent.parent.parent
BARE = ("-m", "tests.lsp.bare")


def frame(body: bytes, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    return header % len(body) + body


# -- frames ------------------------------------------------------------------------------------

headers = st.sampled_from(
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length:%d\n\n",
        b"CONTENT-LENGTH : %d \r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"Content-Type: x\nContent-Length: 000%d\n\n",
    ]
)
#: What is no frame and must not swallow the one behind it.
rubbish = st.sampled_from(
    [
        b"",
        b"\r\n",
        b"\n\n\n",
        b"hello\n",
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: five\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"Content-Type: x\r\n\r\n",
        b"X-Content-Length: 7\r\n\r\n",
        b"\xff\xfe\x00\r\n",
        b'{"jsonrpc": "2.0"}',
        b"x" * 9_000 + b"}",
        b"x" * 9_000 + b"\n",
    ]
)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(rubbish, headers, st.binary(min_size=1, max_size=30)), max_size=4),
    st.lists(st.sampled_from([1, 2, 3, 17, 100, 10_000]), min_size=1, max_size=5),
)
def test_frames_come_out_however_the_stream_is_cut(
    parts: list[tuple[bytes, bytes, bytes]], sizes: list[int]
) -> None:
    stream = b"".join(junk + frame(body, header) for junk, header, body in parts)
    parser, out, position = FrameParser(), [], 0
    for size in cycle(sizes):
        if position >= len(stream):
            break
        out += parser.feed(stream[position : position + size])
        position += size
    assert out == [body for _, _, body in parts]


def test_each_byte_by_itself() -> None:
    stream = b"Content-Length: -1\r\n\r\n" + frame(b"one") + b"rubbish\n" + frame(b"\r\n\r\n")
    parser = FrameParser()
    out = [body for byte in stream for body in parser.feed(bytes([byte]))]
    assert out == [b"one", b"\r\n\r\n"]


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=60) | st.just(b"Content-Length: 3\n\n"), max_size=10))
def test_any_bytes_are_survived_and_a_frame_behind_them_found(chunks: list[bytes]) -> None:
    parser = FrameParser()
    for chunk in chunks:
        parser.feed(chunk)
    # Whatever half a frame is left over ends within these; after them the stream is in step.
    parser.feed(b"\n" * 200)
    parser.feed(b"\n" * 200)
    assert parser.feed(frame(b"found")) == [b"found"]


def test_a_message_whose_length_was_told_too_small_costs_no_other() -> None:
    told_too_small = b'Content-Length: 5\r\n\r\n{"a": "\xc3\xa9"}'
    out = FrameParser().feed(told_too_small + frame(b'{"b": 1}'))
    assert out == [b'{"a":', b'{"b": 1}']


@pytest.mark.parametrize(
    "digits", [b"%d" % (MAX_FRAME + 1), b"9" * 11, b"9" * 30, b"9" * 5000], ids=len
)
def test_a_frame_that_is_too_large_is_refused_before_it_comes(digits: bytes) -> None:
    with pytest.raises(FrameTooLarge, match="are the most that is taken"):
        FrameParser().feed(b"Content-Length: " + digits + b"\r\n\r\n")


def test_the_largest_frame_is_taken() -> None:
    parser = FrameParser()
    assert parser.feed(b"Content-Length: %d\r\n\r\n" % MAX_FRAME) == []
    half = bytes(MAX_FRAME // 2)
    assert parser.feed(half) == []
    [body] = parser.feed(half)
    assert len(body) == MAX_FRAME


def test_a_header_without_end_takes_no_memory() -> None:
    parser = FrameParser()
    for _ in range(100):
        parser.feed(b"x" * 100_000)
    assert len(parser._buffer) <= MAX_HEADER + 100_000


# -- sessions ----------------------------------------------------------------------------------


class Bytes:
    """A connection that delivers some bytes and then ends."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = [*chunks, b""]
        self.written = b""

    async def read(self) -> bytes:
        return self.chunks.pop(0)

    def write(self, data: bytes) -> None:
        self.written += data


async def test_a_client_that_goes_away_is_no_success() -> None:
    bare, wire = Bare(), Bytes()
    assert await Session(bare).run(wire.read, wire) == 1
    assert bare.closed == 1


async def test_after_shutdown_the_end_of_the_stream_is_as_good_as_exit() -> None:
    initialize = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
    shutdown = b'{"jsonrpc":"2.0","id":2,"method":"shutdown"}'
    bare, wire = Bare(), Bytes(frame(initialize), frame(shutdown))
    assert await Session(bare).run(wire.read, wire) == 0


async def test_a_frame_too_large_ends_the_session_with_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bare, wire = Bare(), Bytes(b"Content-Length: 99999999999\r\n\r\n")
    assert await Session(bare).run(wire.read, wire) == 1
    [record] = caplog.records
    assert "99999999999 bytes was announced" in record.getMessage()
    assert record.exc_info is None
    assert bare.closed == 1


async def test_what_does_not_close_in_time_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(Bare):
        async def close(self) -> None:
            await asyncio.sleep(60)

    monkeypatch.setattr("dola_ls.lsp.session.GRACE", 0.01)
    wire = Bytes()
    assert await Session(Slow()).run(wire.read, wire) == 1
    assert "did not end" in caplog.text


async def test_a_server_that_fails_to_close_still_ends(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Bare):
        async def close(self) -> None:
            raise ValueError

    wire = Bytes()
    assert await Session(Broken()).run(wire.read, wire) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


# -- TCP ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"])
def test_hosts_that_are_this_machine(host: str) -> None:
    assert loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.168.0.1", "example.org", "localhost.evil.org", "127.0.0"]
)
def test_hosts_that_others_can_reach_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match="Nothing was started"):
        serve_tcp(Bare(), host, 0)


async def port_of(raw: Raw) -> int:
    """Return the port a server process says that it listens on."""
    return int((await raw.stderr_match(rb"listens on 127\.0\.0\.1:(\d+)\n"))[1])


def tcp(*argv: str) -> Any:
    return Raw.python(*BARE, *argv, cwd=ROOT)


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return await reader.readexactly(int(head.split(b":")[1]))


INITIALIZE = frame(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}')
SHUTDOWN = frame(b'{"jsonrpc":"2.0","id":2,"method":"shutdown"}')
EXIT = frame(b'{"jsonrpc":"2.0","method":"exit"}')


async def test_serves_one_client_over_tcp_and_ends() -> None:
    async with tcp("localhost", "0") as raw:
        port = await port_of(raw)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(INITIALIZE + SHUTDOWN)
        assert b"serverInfo" in await read_frame(reader)
        assert await read_frame(reader) == b'{"jsonrpc":"2.0","id":2,"result":null}'
        writer.write(EXIT)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert await raw.exit_code() == 0
        assert raw.rubbish == b""


async def test_a_web_page_is_not_taken_for_an_editor() -> None:
    """A page may POST to any local port; its text must not be read as messages."""
    async with tcp("127.0.0.1", "0") as raw:
        port = await port_of(raw)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + INITIALIZE)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        # The real editor still finds the server.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(INITIALIZE)
        assert b"serverInfo" in await read_frame(reader)
        writer.close()
        await writer.wait_closed()
        assert await raw.exit_code() == 1


async def test_says_when_a_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with tcp("127.0.0.1", str(taken.getsockname()[1])) as raw:
            assert await raw.exit_code() == 1
    assert raw.stderr.startswith(b"Dola cannot listen on 127.0.0.1:")
    assert b"Traceback" not in raw.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
async def test_ends_on_a_signal_before_any_client_came() -> None:
    async with tcp("127.0.0.1", "0") as raw:
        await port_of(raw)
        raw.process.send_signal(signal.SIGTERM)
        assert await raw.exit_code() == 1
    assert b"Traceback" not in raw.stderr
