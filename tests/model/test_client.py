"""What is sent, and what comes of answers that are well."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import pytest

from dola_ls import __version__
from dola_ls.core.prompt import Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import BadRequest
from dola_ls.model.exchange import Timeouts
from dola_ls.model.prediction import Capability, PredictionBook
from tests.fakes.api import FakeApi, Reply, answer, chunk, events_reply, sse, status, usage_of
from tests.model.conftest import KEY, PROMPT, MakeModel, listen

TEXT = "```python\ndef add(a: int, b: int) -> int:\n    return a + b  # é😀漢\u2028\n```\n"
LONG = "x = 1\n" * 50


async def test_the_request_is_what_the_server_documents(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(answer(TEXT))
    await listen(model, Prompt("system text", "user text", max_tokens=100))
    request = api.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.json == {
        "model": "bytedance/dola-seed-2-0-code",
        "messages": [
            {"role": "system", "content": "system text"},
            {"role": "user", "content": "user text"},
        ],
        "max_tokens": 100 + 4096,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "reasoning_effort": "low",
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"] == f"dola-ls/{__version__}"
    assert re.fullmatch(r"[A-Za-z0-9._:-]{16,128}", request.headers["x-client-request-id"])


async def test_fields_a_server_does_not_know_can_be_left_out(
    api: FakeApi, make_model: MakeModel
) -> None:
    model = make_model(
        provider="local",
        reasoning_effort=None,
        reasoning_tokens=0,
        temperature=None,
        api_key=None,
        key_origin=None,
    )
    api.enqueue(answer(TEXT))
    await listen(model, Prompt("s", "u", prediction=LONG, max_tokens=100))
    sent = api.requests[0].json
    assert set(sent) == {"model", "messages", "max_tokens", "stream", "stream_options"}
    assert sent["max_tokens"] == 100
    assert "authorization" not in api.requests[0].headers


async def test_what_is_asked_again_is_asked_at_a_higher_temperature(
    api: FakeApi, make_model: MakeModel
) -> None:
    for given, sent in ((0.0, 0.6), (0.9, 0.9), (None, None)):
        api.enqueue(answer(TEXT))
        await listen(make_model(temperature=given), Prompt("s", "u", max_tokens=100, again=True))
        assert api.requests[-1].json.get("temperature") == sent


async def test_nothing_is_opened_before_the_first_prompt(
    api: FakeApi, make_model: MakeModel
) -> None:
    model = make_model()
    model.stream(PROMPT)
    await asyncio.sleep(0.05)
    assert api.connections == 0
    await model.aclose()
    assert api.connections == 0


async def test_an_answer_arrives_with_its_end_and_its_figures(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(
        answer(
            TEXT,
            reasoning="Let me think.",
            usage=usage_of(39, 62, reasoning=12, accepted=30, rejected=2),
            usd=0.0115775,
            headers=[("x-inference-id", "inf-1")],
        )
    )
    heard = await listen(model)
    assert heard.text == TEXT
    assert heard.reasoning == "Let me think."
    end = heard.completion
    assert (end.finish_reason, end.done, end.ended) == ("stop", True, True)
    assert end.model == "seed-2-0-code-preview-260328"
    assert end.inference_id == "inf-1"
    usage = end.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens) == (39, 62, 12)
    assert (usage.accepted_prediction_tokens, usage.rejected_prediction_tokens) == (30, 2)
    assert usage.cost_usd == 0.0115775


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("cut", [None, 1, 7])
@pytest.mark.parametrize("framing", ["chunked", "close"])
async def test_the_text_is_the_same_however_the_bytes_come(
    api: FakeApi, make_model: MakeModel, eol: str, cut: int | None, framing: str
) -> None:
    api.enqueue(answer(TEXT, eol=eol, cut=cut, comments=True, framing=framing, usd=0.5))
    # What it cost comes last and is waited for, byte by byte, on a busy machine too.
    heard = await listen(make_model(Timeouts()))
    assert heard.text == TEXT
    assert heard.completion.usage.cost_usd == 0.5


async def test_text_arrives_while_the_answer_is_still_being_written(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(answer("first second", size=6, end="hold", finish=None, done=False))
    stream = model.stream(PROMPT)
    assert (await anext(stream)).text == "first "
    assert not api.requests[0].over.is_set()
    await stream.aclose()


QUARTER = {"usage": {"credits_used": 500000, "usd_spent": 0.25}}

ODD = {
    "no [DONE]": answer(TEXT, done=False, usd=0.25),
    "[DONE] but no finish reason": answer(TEXT, finish=None, usd=0.25),
    "left open after [DONE]": answer(TEXT, end="hold", usd=0.25),
    "no [DONE] and left open": answer(TEXT, done=False, end="hold", usd=0.25),
    "reset after the end": answer(TEXT, done=False, end="reset", usd=0.25),
    "odd chunks in between": events_reply(
        sse(
            [
                chunk(None),
                {"choices": None},
                {"choices": [None]},
                {"choices": [{"index": 0}]},
                {"choices": [], "error": None},
                chunk({"content": None}),
                chunk({"content": [{"type": "text", "text": TEXT[:9]}, {"type": "odd"}]}),
                chunk({"tool_calls": "none", "content": TEXT[9:30], "role": 7}),
                {"choices": [{"index": 1, "delta": {"content": "another answer"}}]},
                {"choices": [{"message": {"content": TEXT[30:]}, "finish_reason": "stop"}]},
                chunk({}, "stop"),
                {"usage": usage_of(), "choices": [], "meta": QUARTER},
                "",
                "[DONE]",
                "what follows the end is not read",
            ]
        )
    ),
    "last event without its blank line": events_reply(
        [*sse([chunk({"content": TEXT}, "stop", meta=QUARTER)]), b"data: [DONE]"]
    ),
    "blank keep-alives before the first event": events_reply(
        [*[b"\n"] * 100, b"\r\n" * 100, *sse([chunk({"content": TEXT}, "stop", meta=QUARTER)])]
    ),
    "JSON after a mark and blanks": Reply(
        (
            b"\xef\xbb\xbf",
            *[b" \n" * 50] * 3,
            json.dumps({**chunk({"content": TEXT}, "stop"), "meta": QUARTER})
            .replace('"delta"', '"message"')
            .encode(),
        ),
    ),
    "JSON although a stream was asked for": status(
        200,
        {
            "model": "seed-2-0-code-preview-260328",
            "choices": [{"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}],
            "usage": usage_of(),
            "meta": QUARTER,
        },
    ),
}


@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
async def test_an_odd_but_complete_answer_is_an_answer(
    api: FakeApi, make_model: MakeModel, reply: object
) -> None:
    model = make_model()
    api.enqueue(reply)
    heard = await listen(model)
    assert heard.error is None
    assert heard.text == TEXT
    assert heard.completion.ended
    assert heard.completion.usage.cost_usd == 0.25
    # And the client is none the worse for it.
    api.enqueue(answer("next"))
    assert (await listen(model)).text == "next"


async def test_lone_surrogates_are_replaced_and_pairs_are_kept(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(answer(TEXT))
    await listen(model, Prompt("s\udc00", "a\ud83db \ud83d\ude00 é", prediction="\ud800" * 250))
    sent = api.requests[0].json
    assert sent["messages"][0]["content"] == "s\ufffd"
    assert sent["messages"][1]["content"] == "a\ufffdb 😀 é"
    assert sent["prediction"]["content"] == "\ufffd" * 250


async def test_a_prediction_of_some_length_is_sent_as_the_only_extra(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(answer(TEXT), answer(TEXT))
    heard = await listen(model, Prompt("s", "u", prediction=LONG))
    sent = api.requests[0].json
    assert sent["prediction"] == {"type": "content", "content": LONG}
    assert sent["max_tokens"] == 2048 + 4096
    assert heard.completion.predicted
    heard = await listen(model, Prompt("s", "u", prediction="x" * 199))
    assert "prediction" not in api.requests[1].json
    assert not heard.completion.predicted


async def test_counters_of_predictions_are_entered_in_the_book(
    api: FakeApi, make_model: MakeModel
) -> None:
    book = PredictionBook()
    model = make_model(predictions=book)
    api.enqueue(answer(TEXT, usage=usage_of(accepted=40, rejected=5)))
    await listen(model, Prompt("s", "u", prediction=LONG))
    assert book.capability(api.origin, "bytedance/dola-seed-2-0-code") is Capability.WORKS
    assert book.tally(api.origin, "bytedance/dola-seed-2-0-code").accepted == 40


async def test_a_server_that_refuses_the_prediction_is_asked_without_it_from_then_on(
    api: FakeApi, make_model: MakeModel
) -> None:
    book = PredictionBook()
    model = make_model(predictions=book)
    refusal = {"error": {"message": "property 'prediction' is unsupported", "code": "bad"}}
    api.enqueue(status(400, refusal), answer(TEXT), answer(TEXT))
    heard = await listen(model, Prompt("s", "u", prediction=LONG))
    assert heard.text == TEXT
    assert not heard.completion.predicted
    assert ["prediction" in request.json for request in api.requests] == [True, False]
    assert book.capability(api.origin, "bytedance/dola-seed-2-0-code") is Capability.REFUSED
    await listen(model, Prompt("s", "u", prediction=LONG))
    assert "prediction" not in api.requests[2].json


async def test_a_refusal_within_a_list_is_read(api: FakeApi, make_model: MakeModel) -> None:
    said = 'Invalid JSON payload received. Unknown name "prediction": Cannot find field.'
    error = {"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}
    api.enqueue(status(400, json.dumps([error])), answer(TEXT))
    heard = await listen(make_model(), Prompt("s", "u", prediction=LONG))
    assert heard.text == TEXT
    assert ["prediction" in request.json for request in api.requests] == [True, False]


async def test_a_400_that_names_another_field_is_told_and_not_sent_again(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(status(400, {"error": {"message": "no", "param": "messages"}}))
    heard = await listen(model, Prompt("s", "u", prediction=LONG))
    assert isinstance(heard.error, BadRequest)
    assert heard.error.parameter == "messages"
    assert len(api.requests) == 1


async def test_a_refusal_of_the_prediction_is_believed_once(api: FakeApi, model: HttpModel) -> None:
    refusal = status(400, {"error": {"message": "no", "param": "prediction"}})
    api.enqueue(refusal, refusal, answer(TEXT))
    heard = await listen(model, Prompt("s", "u", prediction=LONG))
    assert isinstance(heard.error, BadRequest)
    assert len(api.requests) == 2


async def test_several_answers_at_once_do_not_mix(api: FakeApi, model: HttpModel) -> None:
    api.answer_with(lambda request: request.prompt * 20)
    prompts = [Prompt("s", f"question {number} ") for number in range(8)]
    all_heard = await asyncio.gather(*(listen(model, prompt) for prompt in prompts))
    assert [heard.text for heard in all_heard] == [prompt.user * 20 for prompt in prompts]


async def test_a_closed_model_can_be_asked_again(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(answer("one"), answer("two"))
    assert (await listen(model)).text == "one"
    await model.aclose()
    await model.aclose()
    assert (await listen(model)).text == "two"


async def test_another_model_at_the_same_address_shares_the_connection_and_nothing_it_learnt(
    api: FakeApi, make_model: MakeModel
) -> None:
    book = PredictionBook()
    usual = make_model(predictions=book)
    there = Endpoint("custom", api.base_url, "small", KEY, api.origin, reasoning_effort="high")
    other = usual.asking(replace(there, context_tokens=99))
    assert (usual.name, other.name, other.context_tokens) == (
        "bytedance/dola-seed-2-0-code",
        "small",
        99,
    )
    # The error's short body leaves the connection in the pool.
    api.enqueue(status(401), answer("two", usage=usage_of(accepted=40, rejected=5)))
    assert (await listen(usual)).error is not None
    assert (await listen(other, Prompt("s", "u", prediction=LONG))).text == "two"
    first, second = api.requests
    assert (second.json["model"], second.json["reasoning_effort"]) == ("small", "high")
    assert first.connection == second.connection
    assert book.capability(api.origin, "small") is Capability.WORKS
    assert book.capability(api.origin, "bytedance/dola-seed-2-0-code") is Capability.UNKNOWN
    await usual.aclose()
    await api.connected(0)
