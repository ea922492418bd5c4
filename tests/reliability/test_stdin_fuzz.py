"""Rubbish on standard input costs nothing but itself."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from dola_ls.lsp.session import Session
from tests.fakes.raw import Raw
from tests.lsp.shop import server_with
from tests.reliability import stdin_fuzz as fuzz
from tests.reliability.rubbish import KINDS, frame
from tests.reliability.surroundings import environment, server


async def test_a_real_process_survives_rubbish(tmp_path: Path) -> None:
    found = await fuzz.stdin_fuzz(1_000, tmp_path, seed=1)
    assert found.problems == []
    assert found.counts["inputs fuzzed"] == 1_000


def test_every_kind_of_input_can_be_made_again() -> None:
    for maker, _ in KINDS:
        made = [maker(random.Random(number), "a") for number in range(50)]
        assert made == [maker(random.Random(number), "a") for number in range(50)]
        assert len({one.data for one in made}) > 3


async def test_a_server_that_does_not_answer_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle itself: a process that is killed in between is no success."""

    def killing(raw: Raw, chance: random.Random, numbers: range) -> list[str]:
        raw.process.kill()
        return ["fuzz-0"]

    monkeypatch.setattr(fuzz, "_send", killing)
    monkeypatch.setattr(fuzz, "_LIMIT", 0.5)
    found = await fuzz.stdin_fuzz(20, tmp_path)
    assert found.counts["deaths of the server"] + found.counts["requests unanswered"] >= 2


async def test_a_frame_too_large_is_the_one_thing_that_ends_it(tmp_path: Path) -> None:
    async with server(environment(tmp_path / "home"), tmp_path) as raw:
        await raw.initialize()
        raw.write(b"Content-Length: 99999999999\r\n\r\n")
        assert await raw.exit_code() == 1
    assert b"Traceback" not in raw.stderr


class _Pieces:
    """A connection that hands over what it is given, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter([*pieces, b""])
        self.written = b""

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return next(self._pieces)

    def write(self, data: bytes) -> None:
        self.written += data


_SESSION = (
    frame(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}')
    + frame(b'{"jsonrpc":"2.0","method":"initialized","params":{}}')
    + frame(b'{"jsonrpc":"2.0","id":2,"method":"dola/nothing"}')
    + frame(b'{"jsonrpc":"2.0","id":3,"method":"shutdown"}')
    + frame(b'{"jsonrpc":"2.0","method":"exit"}')
)


async def test_a_session_is_the_same_wherever_its_bytes_are_split(tmp_path: Path) -> None:
    async def served(pieces: list[bytes]) -> bytes:
        wire = _Pieces(pieces)
        assert await Session(server_with(tmp_path, None)).run(wire.read, wire) == 0
        return wire.written

    whole = await served([_SESSION])
    assert whole.count(b"Content-Length") == 3
    assert await served([_SESSION[at : at + 1] for at in range(len(_SESSION))]) == whole
    for at in range(1, len(_SESSION), 5):
        assert await served([_SESSION[:at], _SESSION[at:]]) == whole
