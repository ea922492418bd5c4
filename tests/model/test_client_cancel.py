"""Cancelling: the connection closes at once, and the next request is none the worse.

httpx 0.28.1 loses places in its pool to unlucky cancels (https://github.com/encode/httpx/issues/3782,
https://github.com/encode/httpcore/issues/1093): these are the two ways that were seen to do it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

import httpx
import pytest

from dola_ls.model.client import HttpModel
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import FakeApi, answer, silence, status
from tests.model.conftest import PROMPT, Heard, MakeModel, listen

#: How many requests are cancelled in the two ways; set it to 1000 for a thorough run.
CANCELS = int(os.environ.get("DOLA_TEST_CANCELS", "40"))
ENDLESS = answer("x" * 2000, size=1, delay=0.01)
PATIENT = Timeouts(pool=2.0)


async def cancel(task: asyncio.Task[Heard], times: int = 1) -> None:
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_cancelled_task_closes_the_connection(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(ENDLESS)
    task = asyncio.create_task(listen(model))
    await api.arrived()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(api.requests[0].over.wait(), 2)
    assert api.requests[0].aborted
    await api.connected(0)


async def test_a_closed_generator_closes_the_connection(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(ENDLESS)
    stream = model.stream(PROMPT)
    await anext(stream)
    await stream.aclose()
    await asyncio.wait_for(api.requests[0].over.wait(), 2)
    assert api.requests[0].aborted
    await api.connected(0)


async def test_a_cancel_before_the_answer_closes_the_connection(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(silence())
    task = asyncio.create_task(listen(model))
    await api.arrived()
    await cancel(task)
    await asyncio.wait_for(api.requests[0].over.wait(), 2)
    assert api.requests[0].aborted
    await api.connected(0)


async def test_a_cancel_while_waiting_sends_nothing_more(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(429), answer("too late"))
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.sleep(60)

    model = make_model(sleep=sleep)
    task = asyncio.create_task(listen(model))
    await asyncio.wait_for(waiting.wait(), 2)
    await cancel(task)
    assert task.cancelled()
    assert len(api.requests) == 1


async def test_many_double_cancels_in_mid_stream_leave_the_client_sound(
    api: FakeApi, make_model: MakeModel, small_pool: None
) -> None:
    model = make_model(PATIENT)
    api.answer_with(lambda _: ENDLESS)
    for number in range(CANCELS):
        task = asyncio.create_task(listen(model))
        await api.arrived(number + 1, within=20)
        for _ in range(number % 12):
            await asyncio.sleep(0)
        await cancel(task, times=2)
    await check_sound(api, model)


async def test_many_cancels_during_connect_leave_the_client_sound(
    api: FakeApi, make_model: MakeModel, small_pool: None
) -> None:
    model = make_model(PATIENT)
    api.answer_with(lambda _: ENDLESS)
    for steps in range(5 * CANCELS):
        task = asyncio.create_task(listen(model))
        for _ in range(steps % 12):
            await asyncio.sleep(0)
        await cancel(task)
    await check_sound(api, model)


async def test_a_cancel_does_not_disturb_the_answer_beside_it(
    api: FakeApi, make_model: MakeModel
) -> None:
    model = make_model(PATIENT)
    text = "steady " * 30
    api.enqueue(answer(text, delay=0.005))
    steady = asyncio.create_task(listen(model))
    await api.arrived()
    api.answer_with(lambda _: ENDLESS)
    for _ in range(5):
        task = asyncio.create_task(listen(model))
        await asyncio.sleep(0.02)
        await cancel(task, times=2)
    assert (await steady).text == text
    await check_sound(api, model)


@pytest.fixture
def small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give httpx a pool of 10, as a leak of the default 100 would take longer to show."""
    whole = httpx.Limits

    def limits(**_: object) -> httpx.Limits:
        return whole(max_connections=10, max_keepalive_connections=5)

    monkeypatch.setattr(httpx, "Limits", limits)


async def check_sound(api: FakeApi, model: HttpModel) -> None:
    api.answer_with(lambda _: answer("alive"))
    heard = await asyncio.gather(*(listen(model) for _ in range(12)))
    assert [one.text for one in heard] == ["alive"] * 12
    await model.aclose()
    await api.connected(0)
    assert not model._connections._closing
