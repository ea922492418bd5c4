"""When a request is sent again: never where the first one may be billed.

Each row counts the requests that reached the server, in an action that fails to its end.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

from dola_ls.model import client as clients
from dola_ls.model import errors
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import origin_of
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import FakeApi, Reply, answer, chunk, events_reply, reset, silence, sse, status
from tests.model.conftest import PROMPT, Heard, MakeModel, Nap, listen
from tests.model.tls import server_context

#: Five seconds, by the server's own clock.
DATES = {"Date": "Sun, 17 Mar 2030 17:46:40 GMT", "Retry-After": "Sun, 17 Mar 2030 17:46:45 GMT"}


@dataclass(frozen=True)
class Row:
    """What the server does each time, how often it is asked, and the seconds waited for that."""

    reply: Reply
    requests: int
    least: float = 0.0
    most: float = 0.0


ROWS: dict[str, Row] = {
    "429 without a time": Row(status(429), 3, 8, 10),
    "429 with a time": Row(status(429, headers={"Retry-After": "4"}), 3, 8, 8),
    "429 with milliseconds": Row(status(429, headers={"Retry-After-Ms": "400"}), 3, 0.8, 0.8),
    "429 with a date": Row(status(429, headers=DATES), 3, 10, 10),
    "429 with the longest time": Row(status(429, headers={"Retry-After": "30"}), 3, 60, 60),
    "429 with a longer time": Row(status(429, headers={"Retry-After": "31"}), 1),
    "429 of an empty account": Row(status(429, {"error": {"code": "insufficient_quota"}}), 1),
    "503 that wants no retry": Row(status(503, headers={"x-should-retry": "false"}), 1),
    **{str(code): Row(status(code), 3, 2.5, 4) for code in (408, 500, 502, 503, 529)},
    **{
        str(code): Row(status(code), 1)
        for code in (300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 407, 409, 410,
                     413, 415, 422, 504)
    },
    "sensitive content": Row(status(400, {"error": {"code": "SensitiveContentDetected"}}), 1),
    "content filter": Row(events_reply(sse([chunk({}, "content_filter"), "[DONE]"])), 1),
    "refusal": Row(events_reply(sse([chunk({"refusal": "No."}, "stop"), "[DONE]"])), 1),
    "length": Row(answer("x", finish="length"), 1),
    "thoughts only": Row(answer("", reasoning="Hm."), 1),
    "silence": Row(silence(), 1),
    "reset": Row(reset(), 1),
    "closed without a word": Row(Reply(framing="raw", end="close"), 1),
    "reset after the head": Row(Reply(end="reset"), 1),
    "reset after the first word": Row(events_reply(sse([chunk({"content": "x"})]), end="reset"), 1),
    "429 after the first word": Row(
        events_reply(sse([chunk({"content": "x"}), {"error": {"code": 429}}])), 1
    ),
    "429 as the first event": Row(events_reply(sse([{"error": {"code": 429}}])), 1),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_fault_is_worth_so_many_requests(
    api: FakeApi, model: HttpModel, nap: Nap, row: Row
) -> None:
    api.enqueue(row.reply)
    api.repeat_last()
    heard = await listen(model)
    assert heard.error is not None
    assert len(api.requests) == row.requests
    assert row.least <= sum(nap.seconds) <= row.most + 0.001


async def test_nothing_is_asked_again_once_a_word_was_heard(api: FakeApi, model: HttpModel) -> None:
    """A server that was busy before does not earn another try by breaking off later."""
    api.enqueue(status(503), events_reply(sse([chunk({"content": "x"})]), end="reset"), answer("y"))
    heard = await listen(model)
    assert isinstance(heard.error, errors.CutOff)
    assert len(api.requests) == 2


@pytest.fixture
async def nobody() -> AsyncIterator[str]:
    """Give an address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


async def test_where_no_connection_was_made_two_more_tries_cost_nothing(
    make_model: MakeModel, nap: Nap, nobody: str
) -> None:
    heard = await listen(make_model(base_url=nobody, key_origin=origin_of(nobody)))
    assert isinstance(heard.error, errors.Unreachable)
    assert "Nothing was sent and nothing was changed." in str(heard.error)
    assert 2.5 <= sum(nap.seconds) <= 4


async def test_a_name_that_is_found_at_the_second_try_is_not_told(
    api: FakeApi, make_model: MakeModel, nap: Nap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network that has only just come back."""
    looked_up: list[object] = []
    resolve = socket.getaddrinfo

    def flaky(host: object, *rest: object, **more: object) -> object:
        looked_up.append(host)
        if len(looked_up) == 1:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", flaky)
    url = f"http://localhost:{api.port}/v1"
    api.enqueue(answer("found"))
    heard = await listen(make_model(base_url=url, key_origin=origin_of(url)))
    assert heard.text == "found"
    assert len(api.requests) == 1
    assert len(nap.seconds) == 1


async def test_a_pool_that_is_used_up_is_replaced(
    api: FakeApi, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places that httpx lost do not come back; a new client has all of them."""
    whole = httpx.Limits
    monkeypatch.setattr(httpx, "Limits", lambda **_: whole(max_connections=1))
    model = make_model(Timeouts(pool=0.1))
    api.enqueue(answer("first", end="hold", finish=None, done=False), answer("second"))
    stream = model.stream(PROMPT)
    await anext(stream)
    assert (await listen(model)).text == "second"
    assert len(api.requests) == 2
    await stream.aclose()


# A connection that was kept, and died meanwhile, as when a laptop sleeps


async def keep_connection(api: FakeApi, model: HttpModel) -> None:
    """Have an error with a short body leave its connection in the pool."""
    api.enqueue(status(401))
    assert isinstance((await listen(model)).error, errors.WrongKey)


LOST = {"reset": reset(), "closed": Reply(framing="raw", end="close")}


@pytest.fixture(params=["http", "https"])
async def kept(
    request: pytest.FixtureRequest, tmp_path: Path, make_model: MakeModel
) -> AsyncIterator[tuple[FakeApi, HttpModel]]:
    """Give a server and a client of it that has a kept connection, without TLS and with it."""
    authority = trustme.CA()
    bundle = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(bundle))
    tls = server_context(authority) if request.param == "https" else None
    async with FakeApi(tls=tls) as api:
        model = make_model(base_url=api.base_url, key_origin=api.origin, ca_bundle=str(bundle))
        await keep_connection(api, model)
        yield api, model


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_kept_connection_that_died_is_replaced_once(
    kept: tuple[FakeApi, HttpModel], lost: Reply
) -> None:
    api, model = kept
    api.enqueue(lost, answer("done"))
    assert (await listen(model)).text == "done"
    assert [request.connection for request in api.requests] == [1, 1, 2]
    await model.aclose()


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_second_connection_that_dies_is_told(
    kept: tuple[FakeApi, HttpModel], lost: Reply
) -> None:
    api, model = kept
    api.enqueue(lost, lost, answer("too late"))
    heard = await listen(model)
    assert isinstance(heard.error, errors.CutOff)
    assert "this try may be billed" in str(heard.error)
    assert "Nothing was sent" not in str(heard.error)
    assert len(api.requests) == 3
    await model.aclose()


async def test_a_server_that_hangs_up_after_thinking_about_it_is_not_asked_again(
    api: FakeApi, make_model: MakeModel
) -> None:
    """A dead connection shows at once; this one was alive, and the answer may be billed."""
    model = make_model(Timeouts(connect=0.1))
    await keep_connection(api, model)
    api.enqueue(Reply((0.3,), framing="raw", end="reset"), answer("too late"))
    heard = await listen(model)
    assert isinstance(heard.error, errors.CutOff)
    assert [request.connection for request in api.requests] == [1, 1]


async def test_a_cancel_in_a_wait_sends_nothing_more(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(status(503))
    api.repeat_last()
    waiting = asyncio.Event()

    async def sleep(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(listen(make_model(sleep=sleep)))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(api.requests) == 1


# The pause after failures in a row


class Clock:
    """The steady clock and the one on the wall, both set by a test."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall = 1_900_000_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.wall


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Put a clock into the client."""
    made = Clock()
    monkeypatch.setattr(clients, "time", made)
    monkeypatch.setattr(time, "time", made.time)
    return made


async def fail(api: FakeApi, model: HttpModel, times: int) -> list[Heard]:
    api.enqueue(*[status(504)] * times)
    return [await listen(model) for _ in range(times)]


async def test_the_pause_answers_at_once_with_its_reason_and_then_ends(
    api: FakeApi, model: HttpModel, clock: Clock
) -> None:
    await fail(api, model, 5)
    clock.now += 10
    paused = (await listen(model)).error
    assert isinstance(paused, errors.Paused)
    assert str(paused) == (
        f"127.0.0.1:{api.port} failed several times in a row, so it is left alone for now: "
        "nothing was sent and nothing was changed. Try again in 20 s."
    )
    assert len(api.requests) == 5
    clock.now += 20
    api.enqueue(answer("back"))
    assert (await listen(model)).text == "back"


async def test_failures_over_more_than_a_minute_bring_no_pause(
    api: FakeApi, model: HttpModel, clock: Clock
) -> None:
    for _ in range(10):
        [heard] = await fail(api, model, 1)
        assert isinstance(heard.error, errors.TimedOut)
        clock.now += 16


async def test_an_answer_between_failures_begins_the_count_anew(
    api: FakeApi, model: HttpModel, clock: Clock
) -> None:
    await fail(api, model, 4)
    api.enqueue(answer("well"))
    assert (await listen(model)).text == "well"
    heard = await fail(api, model, 4)
    assert all(isinstance(one.error, errors.TimedOut) for one in heard)


async def test_a_pause_itself_is_no_failure(api: FakeApi, model: HttpModel, clock: Clock) -> None:
    """Otherwise a user who tries again and again would never be let through."""
    await fail(api, model, 5)
    for _ in range(29):
        assert isinstance((await listen(model)).error, errors.Paused)
        clock.now += 1
    clock.now += 1
    api.enqueue(answer("back"))
    assert (await listen(model)).text == "back"


@pytest.mark.parametrize("jump", [-1e9, 1e9], ids=["back", "ahead"])
async def test_a_clock_that_is_set_changes_no_wait_and_no_pause(
    api: FakeApi, model: HttpModel, nap: Nap, clock: Clock, jump: float
) -> None:
    clock.wall += jump
    api.enqueue(status(429, headers=DATES), answer("waited for"))
    assert (await listen(model)).text == "waited for"
    assert sum(nap.seconds) == 5
    await fail(api, model, 5)
    clock.wall -= 2 * jump
    paused = (await listen(model)).error
    assert isinstance(paused, errors.Paused)
    assert paused.seconds == 30


async def test_a_date_without_the_servers_own_is_not_taken_by_this_machines_clock(
    api: FakeApi, model: HttpModel, nap: Nap
) -> None:
    api.enqueue(status(429, headers={"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}), answer("ok"))
    assert (await listen(model)).text == "ok"
    assert 2 <= sum(nap.seconds) <= 3
