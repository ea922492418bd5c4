"""Answers without measure: stopped at the limit, and never held in memory as a whole."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dola_ls.model import errors
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import FakeApi, Piece, Reply, answer, chunk, sse
from tests.model.conftest import MakeModel, listen

MEGABYTE = 1_000_000
#: What the client may come to hold, with the answer of 2 MiB in it, and the fake server beside it.
MOST = 20 * MEGABYTE
EVENTS = (("Content-Type", "text/event-stream"),)
#: As many pieces as one likes of it take the memory of one.
HALF_A_MEGABYTE = "x" * (MEGABYTE // 2)


def repeated(delta: dict[str, object], together: int = 1) -> Reply:
    """Return an answer that begins, and then says the same thing again and again.

    So many deltas come together; of those pieces there are a hundred.
    """
    [first, piece] = sse([chunk({"content": "begun"}), chunk(delta)])
    return Reply((first, *[piece * together] * 100), headers=EVENTS)


def one_call(number: int, arguments: str) -> dict[str, object]:
    function = {"name": "read_symbol", "arguments": arguments}
    called = {"index": number, "id": f"call-{number}", "type": "function", "function": function}
    return {"tool_calls": [called]}


def raw(*pieces: Piece, kind: str = "text/event-stream", **more: str) -> Reply:
    return Reply(pieces, headers=(("Content-Type", kind), *more.items()))


BEGUN = sse([chunk({"content": "begun"})])[0]
TOO_LONG = {
    "50 MB of text": (repeated({"content": HALF_A_MEGABYTE}), "longer than 2 MiB"),
    "50 MB of thoughts": (repeated({"reasoning_content": HALF_A_MEGABYTE}), "longer than 2 MiB"),
    "50 MB of a refusal": (repeated({"refusal": HALF_A_MEGABYTE}), "longer than 2 MiB"),
    "50 MB of arguments": (repeated(one_call(0, HALF_A_MEGABYTE)), "longer than 2 MiB"),
    "50 MB in small deltas": (repeated({"content": "y" * 500}, 1000), "longer than 2 MiB"),
    "an event that never ends": (
        raw(BEGUN, b"data: ", *[b"z" * MEGABYTE] * 50),
        "one event is larger than 1 MiB",
    ),
    "50 MB in one piece": (
        raw(b'{"choices": [{"message": {"content": "', *[b"z" * MEGABYTE] * 50,
            kind="application/json"),
        "longer than 8 MiB",
    ),
    "a thousandfold when it is unpacked": (
        raw(*[gzip.compress(b"data: " + b"z" * 50 * MEGABYTE)], **{"Content-Encoding": "gzip"}),
        "one event is larger than 1 MiB",
    ),
}  # fmt: skip


@contextmanager
def held() -> Iterator[list[int]]:
    """Give the most bytes that were held meanwhile, over those before."""
    most: list[int] = []
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield most
        most.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", TOO_LONG)
async def test_it_is_stopped_at_the_limit(name: str, api: FakeApi, make_model: MakeModel) -> None:
    reply, words = TOO_LONG[name]
    api.enqueue(reply)
    model = make_model(Timeouts())
    with held() as most:
        heard = await listen(model)
    assert isinstance(heard.error, errors.ProtocolFault)
    assert words in str(heard.error)
    assert len(heard.text) + len(heard.reasoning) <= 2.5 * MEGABYTE
    assert most[0] < MOST
    # The rest is not waited for, and not asked for once more.
    await api.connected(0, within=20)
    assert len(api.requests) == 1
    api.enqueue(answer("alive"))
    assert (await listen(model)).text == "alive"


async def test_a_page_of_50_mb_about_an_error(api: FakeApi, make_model: MakeModel) -> None:
    page = (b"<html>", *[b"z" * MEGABYTE] * 50)
    api.enqueue(Reply(page, 500, (("Content-Type", "text/html"),)), answer("alive"))
    with held() as most:
        heard = await listen(make_model(Timeouts()))
    assert heard.text == "alive"
    assert most[0] < MOST


async def test_ten_thousand_calls_are_cut_down_and_the_answer_goes_on(
    api: FakeApi, make_model: MakeModel
) -> None:
    events = [chunk(one_call(number, "{}")) for number in range(10_000)]
    api.enqueue(raw(b"".join(sse([*events, chunk({}, "tool_calls"), "[DONE]"]))))
    heard = await listen(make_model(Timeouts()))
    assert len(heard.completion.calls) == 32
