"""The fake server itself, by hand over a socket: a test double that lies by accident is no use."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.api import FakeApi, Reply, ThreadedFakeApi, answer, reset, silence, status

ROOT = Path(__file__).parents[2]
BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


async def exchange(api: FakeApi) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    data = json.dumps(BODY).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)
    try:
        received = b""
        while piece := await asyncio.wait_for(reader.read(65536), 0.3):
            received += piece
        return received
    finally:
        writer.close()


async def test_an_answer_is_a_stream_of_events() -> None:
    async with FakeApi() as api:
        api.enqueue(answer("hello there", size=6, framing="close", usd=0.5))
        received = await exchange(api)
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        events = [part.removeprefix(b"data: ") for part in body.split(b"\n\n") if part]
        assert events.pop() == b"[DONE]"
        chunks = [json.loads(event) for event in events]
        texts = [c["choices"][0]["delta"].get("content") for c in chunks if c["choices"]]
        assert texts == ["", "hello ", "there", None]
        assert chunks[-1]["meta"]["usage"]["usd_spent"] == 0.5
        assert api.requests[0].json == BODY
        assert api.requests[0].prompt == "hello"


async def test_it_resets_and_is_silent_when_told_to() -> None:
    async with FakeApi() as api:
        api.enqueue(reset(), silence())
        with pytest.raises(ConnectionResetError):
            await exchange(api)
        with pytest.raises(TimeoutError):
            await exchange(api)
        await api.requests[1].over.wait()
        assert [request.aborted for request in api.requests] == [False, True]


async def test_a_function_can_answer_and_the_unexpected_is_an_error() -> None:
    async with FakeApi() as api:
        assert b"not expected" in await exchange_once(api)
        api.answer_with(lambda request: f"You said {request.prompt}.")
        assert b"You said hel" in await exchange_once(api)
        api.enqueue(status(503, {"message": "busy"}))
        assert (await exchange_once(api)).startswith(b"HTTP/1.1 503 ")


async def exchange_once(api: FakeApi) -> bytes:
    """Ask over a connection that the server keeps, and take what comes before it falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    data = json.dumps(BODY).encode()
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(data), data))
    received = b""
    try:
        while True:
            received += await asyncio.wait_for(reader.read(65536), 0.1)
    except TimeoutError:
        return received
    finally:
        writer.close()


def post(url: str) -> tuple[int, str]:
    data = json.dumps(BODY).encode()
    request = urllib.request.Request(f"{url}/chat/completions", data, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_runs_in_a_thread() -> None:
    with ThreadedFakeApi() as api:
        api.enqueue(answer("one"), Reply(status=500, framing="length"))
        api.answer_with(lambda request: request.prompt.upper())
        assert '"one"' in post(api.base_url)[1]
        assert post(api.base_url)[0] == 500
        assert '"HELLO"' in post(api.base_url)[1]
        assert len(api.requests) == 3


def test_it_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    script, record = tmp_path / "script.json", tmp_path / "record.jsonl"
    script.write_text(json.dumps([{"status": 429, "body": "slow down"}, {"text": "done"}]))
    command = [sys.executable, "-m", "tests.fakes.api", "--script", str(script), "--port", "0"]
    process: subprocess.Popen[Any]
    with subprocess.Popen(
        [*command, "--record", str(record)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            assert post(url) == (429, "slow down")
            assert '"done"' in post(url)[1]
            assert '"done"' in post(url)[1]
            assert process.stdin is not None
            # The end of its stdin is its end.
            process.stdin.close()
            assert process.wait(5) == 0
        finally:
            process.kill()
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["json"] for line in lines] == [BODY] * 3
