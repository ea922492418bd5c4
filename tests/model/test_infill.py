"""Gaps that are filled, through llama.cpp's own request, with events as its server sends them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dola_ls.core.prompt import Fill, Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import CutOff, ModelError, OutOfTokens, ProtocolFault
from dola_ls.model.exchange import Timeouts
from dola_ls.model.infill import to_fill
from dola_ls.model.local import LocalModel
from tests.fakes.api import FakeApi, Reply, answer, events_reply, sse, status
from tests.model.conftest import Heard, listen

GAP = Prompt(
    system="",
    user="def f(x):\n    return \n",
    max_tokens=64,
    action="complete",
    fill=Fill("def f(x):\n    return ", "\n"),
)


def event(content: str, **more: Any) -> dict[str, Any]:
    return {"index": 0, "content": content, "tokens": [1], "stop": False, "id_slot": 0, **more}


def last(stop_type: str = "eos", **more: Any) -> dict[str, Any]:
    timings = {"prompt_n": 20, "predicted_n": 3, "draft_n": 4, "draft_n_accepted": 3}
    return event(
        "",
        stop=True,
        model="Qwen2.5-Coder-1.5B-Instruct",
        tokens_predicted=3,
        tokens_evaluated=20,
        truncated=False,
        stop_type=stop_type,
        stopping_word="",
        timings=timings,
        **more,
    )


def filled(*parts: str, end: dict[str, Any] | None = None, **how: Any) -> Reply:
    events: list[Any] = [event(part) for part in parts]
    return events_reply(sse([*events, *([end] if end is not None else [])]), **how)


@pytest.fixture
async def engine(api: FakeApi) -> AsyncIterator[HttpModel]:
    model = HttpModel(
        Endpoint(
            provider="local",
            base_url=api.base_url,
            model="Qwen2.5-Coder-1.5B-Instruct",
            api_key="k",
            key_origin=api.origin,
            reasoning_effort=None,
            reasoning_tokens=0,
        ),
        timeouts=Timeouts(idle=2.0, first_token=2.0),
    )
    yield model
    await model.aclose()


async def test_the_gap_goes_out_as_it_is_and_the_text_comes_back(
    api: FakeApi, engine: HttpModel
) -> None:
    api.enqueue(filled("x", " * 2", end=last()))
    heard = await listen(engine, GAP)
    [request] = api.requests
    assert request.path == "/infill"
    assert request.headers["authorization"] == "Bearer k"
    assert request.json == {
        "input_prefix": "def f(x):\n    return ",
        "input_suffix": "\n",
        "n_predict": 64,
        "stop": [],
        "temperature": 0.0,
        "stream": True,
        "cache_prompt": True,
    }
    assert heard.text == "x * 2"
    completion = heard.completion
    assert (completion.finish_reason, completion.model) == ("stop", "Qwen2.5-Coder-1.5B-Instruct")
    usage = completion.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (20, 3)
    assert (usage.accepted_prediction_tokens, usage.rejected_prediction_tokens) == (3, 1)


def test_one_line_ends_with_its_line() -> None:
    assert to_fill(Fill("f(", ")", single_line=True), 64).stop == ["\n"]


def test_marks_in_the_text_stay_text_and_half_characters_are_replaced() -> None:
    body = json.loads(to_fill(Fill("<|fim_suffix|>\ud800", ""), 8).body())
    assert body["input_prefix"] == "<|fim_suffix|>\ufffd"


async def test_a_question_goes_the_usual_way(api: FakeApi, engine: HttpModel) -> None:
    api.enqueue(answer("x = 1"))
    await listen(engine, Prompt(system="s", user="u"))
    assert api.requests[0].path == "/v1/chat/completions"


async def test_no_other_server_is_sent_a_gap(api: FakeApi) -> None:
    model = HttpModel(Endpoint("custom", api.base_url, "m"))
    api.enqueue(answer("x = 1"))
    await listen(model, GAP)
    assert api.requests[0].path == "/v1/chat/completions"
    await model.aclose()


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (filled("x", " * ", end=last("limit")), OutOfTokens),
        (filled("x", " * "), CutOff),
        (events_reply([b"data: not json\n\n"]), ProtocolFault),
        (events_reply(sse([{"error": {"code": 500, "message": "no slot", "type": "x"}}])),
         ModelError),
        (status(501, {"error": {"code": 501, "message": "Infill is not supported by this model",
                                "type": "not_supported_error"}}), ModelError),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_a_fault(
    reply: Reply, fault: type[ModelError], api: FakeApi, engine: HttpModel
) -> None:
    api.enqueue(reply)
    assert isinstance((await listen(engine, GAP)).error, fault)


async def test_cancelling_closes_the_connection(api: FakeApi, engine: HttpModel) -> None:
    api.enqueue(filled(*"x" * 500, delay=0.01))
    task: asyncio.Task[Heard] = asyncio.create_task(listen(engine, GAP))
    request = await api.arrived()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await asyncio.wait_for(request.over.wait(), 2)
    assert request.aborted


def test_the_embedded_engine_says_that_it_fills_gaps() -> None:
    assert LocalModel.fills
    assert not hasattr(HttpModel, "fills")
