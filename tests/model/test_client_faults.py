"""Every way a call can fail: one sentence, the right number of requests, and a client that lives.

Each case ends with one more question to the same client, which has to be answered.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from dola_ls.model import errors
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import origin_of
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import (
    FakeApi,
    Reply,
    answer,
    chunk,
    events_reply,
    reset,
    silence,
    sse,
    status,
    usage_of,
)
from tests.model.conftest import KEY, PROMPT, Heard, MakeModel, Nap, listen

HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
HALF = "def add(a, b):\n    return"


async def check_alive(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(answer("alive"))
    assert (await listen(model)).text == "alive"


def check_sentence(heard: Heard, kind: type[errors.ModelError]) -> None:
    assert type(heard.error) is kind, heard.error
    text = str(heard.error)
    assert "changed" in text
    assert KEY not in text
    assert "canary" not in text
    assert not any(delta.completion for delta in heard.deltas)


@pytest.mark.parametrize(
    ("code", "kind", "requests"),
    [
        (301, errors.Redirected, 1),
        (400, errors.BadRequest, 1),
        (401, errors.WrongKey, 1),
        (403, errors.OutOfCredit, 1),
        (404, errors.ModelRetired, 1),
        (407, errors.Unreachable, 1),
        (408, errors.TimedOut, 3),
        (409, errors.BadRequest, 1),
        (413, errors.TooLong, 1),
        (422, errors.BadRequest, 1),
        (429, errors.RateLimited, 3),
        (500, errors.ServerFault, 3),
        (502, errors.ServerFault, 3),
        (503, errors.Overloaded, 3),
        (504, errors.TimedOut, 1),
        (529, errors.Overloaded, 3),
    ],
)
@pytest.mark.parametrize("body", [b"", HTML], ids=["empty", "html"])
async def test_a_status_is_told_after_the_tries_it_is_worth(
    api: FakeApi,
    model: HttpModel,
    code: int,
    kind: type[errors.ModelError],
    requests: int,
    body: bytes | str,
) -> None:
    api.enqueue(*[status(code, body)] * requests)
    heard = await listen(model)
    check_sentence(heard, kind)
    assert heard.error is not None
    assert heard.error.status == code or code == 407
    assert len(api.requests) == requests
    assert len({r.headers["x-client-request-id"] for r in api.requests}) == requests
    await check_alive(api, model)


async def test_a_busy_server_that_recovers_is_not_told_as_an_error(
    api: FakeApi, model: HttpModel, nap: Nap
) -> None:
    api.enqueue(status(503), status(500), answer("done"))
    heard = await listen(model)
    assert heard.text == "done"
    assert "busy (503); trying again in 1 s" in heard.notices[0]
    assert 2.5 <= sum(nap.seconds) <= 4


async def test_a_rate_limit_is_waited_for_with_a_countdown(
    api: FakeApi, model: HttpModel, nap: Nap
) -> None:
    api.enqueue(status(429, headers={"Retry-After": "3"}), answer("done"))
    heard = await listen(model)
    assert heard.text == "done"
    assert heard.notices == [f"Rate limited; trying again in {left} s" for left in (3, 2, 1)]
    assert sum(nap.seconds) == 3


@pytest.mark.parametrize("value", ["soon", "-3", "", "nan"])
async def test_a_rate_limit_without_a_time_is_tried_after_two_and_six_seconds(
    api: FakeApi, model: HttpModel, nap: Nap, value: str
) -> None:
    api.enqueue(*[status(429, headers={"Retry-After": value})] * 3)
    check_sentence(await listen(model), errors.RateLimited)
    assert 8 <= sum(nap.seconds) <= 10


@pytest.mark.parametrize(("value", "told"), [("600", "10 minutes"), ("1000000000", "hours")])
async def test_a_long_rate_limit_is_told_at_once(
    api: FakeApi, model: HttpModel, nap: Nap, value: str, told: str
) -> None:
    api.enqueue(status(429, headers={"Retry-After": value}))
    heard = await listen(model)
    check_sentence(heard, errors.RateLimited)
    assert told in str(heard.error)
    assert len(api.requests) == 1
    assert nap.seconds == []


def half(*last: dict[str, object] | str, **options: object) -> Reply:
    """Return an answer that begins well."""
    events = [chunk({"role": "assistant", "content": HALF[:8]}), chunk({"content": HALF[8:]})]
    return events_reply(sse([*events, *last]), **options)


AFTER_THE_BEGINNING = {
    "clean end in chunks": (half(), errors.CutOff),
    "clean end with the connection": (half(framing="close"), errors.CutOff),
    "chunks broken off": (half(end="close"), errors.CutOff),
    "reset": (half(end="reset"), errors.CutOff),
    "last event cut off": (half('{"choices": [{"del', framing="close"), errors.ProtocolFault),
    "silence": (half(end="hold"), errors.TimedOut),
    "error object": (half({"error": {"message": "boom", "code": 502}}), errors.ServerFault),
    "error text": (half({"error": "Provider returned error"}), errors.ServerFault),
    "error with null choices": (
        half({"error": {"message": None, "code": "429"}, "choices": None}),
        errors.RateLimited,
    ),
    "problem within the stream": (
        half({"message": "Too Many Requests", "statusCode": "429", "path": "/"}),
        errors.RateLimited,
    ),
    "not JSON": (half("{not json}"), errors.ProtocolFault),
    "not an object": (half("[1, 2]"), errors.ProtocolFault),
    "an event of more than 1 MiB": (half("x" * 1_100_000), errors.ProtocolFault),
    "more text than an answer has": (
        half(*[chunk({"content": "x" * 500_000})] * 5),
        errors.ProtocolFault,
    ),
    "length": (half(chunk({}, "length"), "[DONE]"), errors.OutOfTokens),
    "content filter": (half(chunk({}, "content_filter"), "[DONE]"), errors.Filtered),
    "refusal": (half(chunk({"refusal": "I will not."}, "stop"), "[DONE]"), errors.ModelRefused),
}


@pytest.mark.parametrize(("reply", "kind"), AFTER_THE_BEGINNING.values(), ids=AFTER_THE_BEGINNING)
async def test_half_an_answer_is_told_as_one_and_never_asked_for_again(
    api: FakeApi, model: HttpModel, reply: Reply, kind: type[errors.ModelError]
) -> None:
    api.enqueue(reply)
    heard = await listen(model)
    check_sentence(heard, kind)
    assert heard.text.startswith(HALF)
    assert len(api.requests) == 1
    await check_alive(api, model)


BEFORE_THE_BEGINNING = {
    "reset": (reset(), errors.CutOff),
    "closed": (Reply(framing="raw", end="close"), errors.CutOff),
    "silence": (silence(), errors.TimedOut),
    "not HTTP": (Reply((b"SSH-2.0-OpenSSH\r\n\r\n",), framing="raw"), errors.ProtocolFault),
    "headers cut off": (Reply((b"HTTP/1.1 200 OK\r\nCont",), framing="raw"), errors.CutOff),
    "headers, then nothing": (Reply(end="hold"), errors.TimedOut),
    "headers, then reset": (Reply(end="reset"), errors.CutOff),
    "an empty body": (Reply(), errors.CutOff),
    "comments only": (
        events_reply([b": keep-alive\n\n"] * 100, delay=0.05),
        errors.TimedOut,
    ),
    "a role, then comments": (
        events_reply(sse([chunk({"role": "assistant"})]) + [b":\n\n"] * 100, delay=0.05),
        errors.TimedOut,
    ),
    "a web page": (
        Reply((HTML.encode(),), headers=(("Content-Type", "text/html"),)),
        errors.ProtocolFault,
    ),
    "a web page as events": (
        Reply((HTML.encode(),), headers=(("Content-Type", "text/event-stream"),)),
        errors.ProtocolFault,
    ),
    "an error as JSON": (
        status(200, {"error": {"message": "boom", "code": 500}, "choices": None}),
        errors.ServerFault,
    ),
    "JSON cut off": (status(200, '{"choices": [{"mess'), errors.ProtocolFault),
    "JSON without an answer": (status(200, {"choices": []}), errors.ProtocolFault),
    "JSON without an end": (
        status(200, {"choices": [{"message": {"content": "x"}}]}),
        errors.CutOff,
    ),
    "JSON of no end": (Reply((b"{" + b" " * 9_000_000,)), errors.ProtocolFault),
    "garbage as gzip": (
        Reply((b"data: 1\n\n",), headers=(("Content-Encoding", "gzip"),)),
        errors.ProtocolFault,
    ),
    "an error event": (
        events_reply([b'event: error\ndata: {"message": "Overloaded", "code": 529}\n\n']),
        errors.Overloaded,
    ),
    "thoughts only": (answer("", reasoning="Hm. " * 9), errors.OutOfTokens),
    "thoughts only, up to the limit": (
        answer("\n", reasoning="Hm. " * 9, finish="length"),
        errors.OutOfTokens,
    ),
    "a refusal": (
        events_reply(sse([chunk({"refusal": "I will not."}), chunk({}, "stop"), "[DONE]"])),
        errors.ModelRefused,
    ),
    "a refusal in one piece": (
        status(
            200,
            {
                "choices": [
                    {
                        "index": 0,
                        "message": {"content": None, "refusal": "I will not."},
                        "finish_reason": "stop",
                    }
                ]
            },
        ),
        errors.ModelRefused,
    ),
}


@pytest.mark.parametrize(("reply", "kind"), BEFORE_THE_BEGINNING.values(), ids=BEFORE_THE_BEGINNING)
async def test_what_may_have_been_billed_is_not_asked_for_again(
    api: FakeApi, model: HttpModel, reply: Reply, kind: type[errors.ModelError]
) -> None:
    api.enqueue(reply)
    heard = await listen(model)
    check_sentence(heard, kind)
    assert len(api.requests) == 1
    await check_alive(api, model)


async def test_an_answer_without_use_still_tells_what_it_cost(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(
        answer("", reasoning="Hm. " * 9, finish="length", usage=usage_of(39, 4096), usd=0.016)
    )
    error = (await listen(model)).error
    assert isinstance(error, errors.OutOfTokens)
    assert error.completion is not None
    assert error.completion.usage.cost_usd == 0.016
    assert "4096 tokens for thinking" in str(error)


async def test_a_model_that_thinks_is_not_silent(api: FakeApi, make_model: MakeModel) -> None:
    """Thoughts keep the clocks from running out; so do comments, once the answer has begun."""
    model = make_model(Timeouts(first_token=0.4, idle=0.4, total=30))
    thoughts = sse([chunk({"reasoning_content": "hm"})]) * 4
    comments = [b": keep-alive\n\n"] * 4
    end = sse([chunk({"content": "done"}, "stop"), "[DONE]"])
    api.enqueue(events_reply([*thoughts, *comments, *end], delay=0.2))
    assert (await listen(model)).text == "done"


async def test_an_answer_has_to_end_some_time(api: FakeApi, make_model: MakeModel) -> None:
    model = make_model(Timeouts(first_token=0.5, idle=0.5, total=0.8))
    api.enqueue(answer("x" * 1000, size=1, delay=0.05))
    heard = await listen(model)
    check_sentence(heard, errors.TimedOut)
    assert "did not finish" in str(heard.error)
    assert heard.text.startswith("x")


async def test_a_kept_connection_that_has_died_is_replaced_once(
    api: FakeApi, model: HttpModel
) -> None:
    # The error's short body leaves the connection in the pool; the server then breaks it.
    api.enqueue(status(401), reset(), answer("done"))
    check_sentence(await listen(model), errors.WrongKey)
    heard = await listen(model)
    assert heard.text == "done"
    assert [request.connection for request in api.requests] == [1, 1, 2]
    assert heard.notices == []


async def test_a_connection_that_dies_twice_is_told(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(status(401), reset(), reset())
    await listen(model)
    check_sentence(await listen(model), errors.CutOff)
    assert len(api.requests) == 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_server_that_is_not_there_is_tried_three_times(
    make_model: MakeModel, nap: Nap
) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    model = make_model(base_url=url, key_origin=origin_of(url))
    heard = await listen(model)
    check_sentence(heard, errors.Unreachable)
    assert "takes no connection" in str(heard.error)
    assert 2.5 <= sum(nap.seconds) <= 4
    assert all("does not answer; trying again in" in notice for notice in heard.notices)


async def test_a_name_nobody_knows_is_told(make_model: MakeModel) -> None:
    # RFC 6761: .invalid never resolves.
    url = "https://models.invalid/v1"
    model = make_model(base_url=url, key_origin=origin_of(url))
    heard = await listen(model)
    check_sentence(heard, errors.Unreachable)
    assert "models.invalid" in str(heard.error)
    assert "name is unknown" in str(heard.error)


async def test_a_server_that_keeps_failing_is_left_alone_for_a_while(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(*[status(504)] * 5)
    for _ in range(5):
        check_sentence(await listen(model), errors.TimedOut)
    heard = await listen(model)
    check_sentence(heard, errors.Paused)
    assert "30 s" in str(heard.error)
    assert len(api.requests) == 5


async def test_errors_of_ours_do_not_bring_the_pause(api: FakeApi, model: HttpModel) -> None:
    api.enqueue(*[status(400)] * 8)
    for _ in range(8):
        check_sentence(await listen(model), errors.BadRequest)
    await check_alive(api, model)


async def test_closing_the_model_ends_a_running_answer_with_a_sentence(
    api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(answer("half", size=4, end="hold", finish=None, done=False))
    stream = model.stream(PROMPT)
    assert (await anext(stream)).text == "half"
    await model.aclose()
    with pytest.raises(errors.ModelError):
        await anext(stream)
    await asyncio.wait_for(api.requests[0].over.wait(), 2)
    assert api.requests[0].aborted


@pytest.mark.parametrize("bodies", [["x" * 100_000] * 3, ["{" * 200_000]], ids=["long", "deep"])
async def test_a_body_without_measure_is_only_a_status(
    api: FakeApi, model: HttpModel, bodies: Sequence[str]
) -> None:
    api.enqueue(status(400, "".join(bodies)))
    check_sentence(await listen(model), errors.BadRequest)
    await check_alive(api, model)
