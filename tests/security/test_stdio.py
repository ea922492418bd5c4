"""Standard input and output belong to the protocol alone, and the process always ends."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.raw import Raw, RequestFailed

ROOT = Path(__file__).parent.parent.parent
BARE = ("-m", "tests.lsp.bare", "--stdio")

no_windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    """A server process before `initialize`; whatever it does, stdout holds frames only."""
    async with Raw.python(*BARE, cwd=ROOT) as raw:
        yield raw
    assert raw.rubbish == b""


def execute(command: str, *arguments: Any) -> tuple[str, Any]:
    return "workspace/executeCommand", {"command": command, "arguments": list(arguments)}


# -- purity ------------------------------------------------------------------------------------


async def test_nothing_but_frames_reaches_stdout(raw: Raw) -> None:
    await raw.initialize()
    assert await raw.request(*execute("print")) is None
    assert await raw.leave() == 0
    for line in (b"printed", b"written", b"written to descriptor 1", b"written by a child"):
        assert line in bytes(raw.stderr).splitlines()


async def test_nobody_else_reads_the_protocol(raw: Raw) -> None:
    await raw.initialize()
    assert await raw.request(*execute("read")) == "''''"
    assert await raw.leave() == 0


# -- rubbish on stdin --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rubbish",
    [
        b"hello\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 3\n\n{]}",
        b"Content-Length: 4\r\n\r\n\xff\xff\xff\xff",
        b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000,
        b'Content-Length: 150000\r\n\r\n{"a":' + b"[" * 149_995,
        b"x" * 1_000_000 + b"\n",
    ],
    ids=lambda rubbish: ascii(rubbish[:24]),
)
async def test_rubbish_is_survived(raw: Raw, rubbish: bytes) -> None:
    raw.write(rubbish)
    assert "capabilities" in await raw.initialize()
    raw.write(rubbish)
    raw.open("file:///a.py", "text")
    assert await raw.request(*execute("text", "file:///a.py")) == "text"
    assert await raw.leave() == 0
    assert b"Traceback" not in raw.stderr


async def test_line_feeds_alone_end_a_header(raw: Raw) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
    raw.write(b"content-length: %d\n\n%b" % (len(body), body))
    answer = await raw.wait_for(lambda message: message.get("id") == 1)
    assert "result" in answer


async def test_a_frame_too_large_ends_the_server_with_a_sentence(raw: Raw) -> None:
    await raw.initialize()
    raw.write(b"Content-Length: 99999999999\r\n\r\n")
    assert await raw.exit_code() == 1
    assert b"A message of 99999999999 bytes was announced" in raw.stderr
    assert b"Traceback" not in raw.stderr


async def test_a_flood_of_output_stops_nobody_who_does_not_read(raw: Raw) -> None:
    """A client may be busy writing to us; both waiting for the other would be the end."""
    await raw.initialize()
    raw.begin(*execute("flood", 8))
    for number in range(200):
        raw.open(f"file:///{number}.py", "x" * 10_000)
    last = "file:///199.py"
    assert await raw.request(*execute("text", last), limit=60) == "x" * 10_000
    assert await raw.leave() == 0


# -- the end -----------------------------------------------------------------------------------


async def test_ends_with_0_after_shutdown_and_exit(raw: Raw) -> None:
    await raw.initialize()
    assert await raw.leave() == 0
    assert raw.stderr == b""


async def test_ends_with_1_after_exit_alone(raw: Raw) -> None:
    await raw.initialize()
    raw.notify("exit")
    assert await raw.exit_code() == 1


async def test_ends_with_1_when_the_client_goes_away(raw: Raw) -> None:
    await raw.initialize()
    _, answer = raw.begin(*execute("sleep", 60))
    await raw.stderr_match(b"at work")
    assert raw.process.stdin is not None
    raw.process.stdin.close()
    assert await raw.exit_code() == 1
    assert b"sleep was cancelled" in raw.stderr
    assert b"Traceback" not in raw.stderr
    answer.cancel()


async def test_shutdown_answers_what_it_cancels(raw: Raw) -> None:
    await raw.initialize()
    _, answer = raw.begin(*execute("sleep", 60))
    await raw.request("shutdown")
    assert (await answer)["error"]["code"] == -32800
    raw.notify("exit")
    assert await raw.exit_code() == 0


@no_windows
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
async def test_ends_on_a_signal(raw: Raw, number: signal.Signals) -> None:
    await raw.initialize()
    raw.begin(*execute("sleep", 60))
    await raw.stderr_match(b"at work")
    raw.process.send_signal(number)
    assert await raw.exit_code() == 1
    assert b"sleep was cancelled" in raw.stderr
    assert b"Traceback" not in raw.stderr


@no_windows
async def test_a_second_signal_ends_it_at_once(raw: Raw) -> None:
    await raw.initialize()
    raw.begin(*execute("stubborn"))
    await raw.stderr_match(b"at work")
    raw.process.send_signal(signal.SIGTERM)
    raw.process.send_signal(signal.SIGINT)
    assert await raw.exit_code() == 1
    assert b"told to stop twice" in raw.stderr


@pytest.mark.parametrize("how", ["stubborn", "thread", "block"])
async def test_ends_whatever_still_runs(raw: Raw, how: str) -> None:
    """A task that will not be cancelled, a thread that will not end, a loop that is blocked."""
    await raw.initialize()
    raw.begin(*execute(how, *([] if how == "stubborn" else [60])))
    await raw.stderr_match(b"at work")
    assert raw.process.stdin is not None
    raw.process.stdin.close()
    assert await raw.exit_code() == 1
    assert (b"did not end in time" in raw.stderr) is (how != "stubborn")


async def test_a_request_before_initialize_is_refused(raw: Raw) -> None:
    with pytest.raises(RequestFailed, match="initialize has to come first"):
        await raw.request("shutdown")
