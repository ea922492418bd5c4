"""Answers that come compressed although that was not asked for."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from dola_ls.model import errors
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import FakeApi, Reply, answer
from tests.model.conftest import MakeModel, listen

TEXT = "an answer of some length, é漢🙂. " * 500


def packed(coding: str, data: bytes, cut: int) -> Reply:
    pieces = tuple(data[at : at + cut] for at in range(0, len(data), cut))
    return Reply(pieces, headers=(("Content-Encoding", coding),))


@pytest.mark.parametrize("cut", [7, 1_000_000])
@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
        ("", bytes),
    ],
)
async def test_it_is_read_whole(
    coding: str, pack: Callable[[bytes], bytes], cut: int, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(packed(coding, pack(answer(TEXT, size=2000).body), cut))
    heard = await listen(make_model(Timeouts()))
    assert heard.text == TEXT
    assert heard.completion.ended


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "rot13"])
async def test_a_coding_that_is_not_known_is_told(
    coding: str, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(packed(coding, answer("x").body, 1000))
    heard = await listen(make_model())
    assert isinstance(heard.error, errors.ProtocolFault)
    assert "it is not compressed as it says" in str(heard.error)
    assert heard.text == ""
