"""Tools on the wire: what is offered, what is called, what is sent back, and who refuses them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dola_ls.core.conversation import ToolCall, Turn
from dola_ls.core.prompt import Prompt
from dola_ls.core.tools import TOOLS
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import BadRequest, CutOff, ModelError, OutOfTokens
from dola_ls.model.prediction import PredictionBook
from dola_ls.model.prices import Price, Terms, estimate
from dola_ls.model.request import compose
from tests.fakes.api import FakeApi, Reply, answer, calls, chunk, events_reply, sse, status
from tests.model.conftest import MakeModel, listen

PROMPT = Prompt("Explain.", "def total(): return tax()", tools=TOOLS)
MADE = ToolCall("call-0", "read_symbol", '{"name": "tax"}')
TURN = Turn("Let me look.", (MADE,), ("def tax(): return canary_of_the_result",))


async def test_calls_come_out_whole_and_offered_tools_stand_in_the_request(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(
        calls(("read_symbol", {"name": "tax"}), ("list_tests", ""), said="Hm.", reasoning="So.")
    )
    heard = await listen(make_model(), PROMPT)
    assert heard.error is None
    assert heard.text == "Hm."
    assert heard.completion.finish_reason == "tool_calls"
    assert heard.completion.calls == (
        MADE,
        ToolCall("call-1", "list_tests", ""),
    )
    body = api.requests[0].json
    assert [tool["function"]["name"] for tool in body["tools"]] == [
        "read_symbol",
        "find_references",
        "list_tests",
    ]
    assert body["tool_choice"] == "auto"
    assert "parallel_tool_calls" not in body
    assert "prediction" not in body


async def test_a_model_that_knows_no_parallel_calls_keeps_its_tools(
    api: FakeApi, make_model: MakeModel
) -> None:
    said = "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."
    refusal = status(400, {"error": {"message": said, "param": "parallel_tool_calls"}})
    api.answer_with(lambda sent: refusal if "parallel_tool_calls" in sent.json else "Done.")
    book = PredictionBook()
    model = make_model(predictions=book, model="o4-mini")
    assert (await listen(model, PROMPT)).text == "Done."
    assert "tools" in api.requests[-1].json
    assert not book.tools_refused(api.origin, "o4-mini")


async def test_thinking_and_a_call_is_no_lack_of_tokens(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(calls(("list_tests", "{}"), reasoning="Which tests are there?"))
    heard = await listen(make_model(), PROMPT)
    assert heard.error is None
    assert [call.name for call in heard.completion.calls] == ["list_tests"]


@pytest.mark.parametrize(("finish", "fault"), [("length", OutOfTokens), (None, CutOff)])
async def test_calls_that_are_cut_off_are_a_fault(
    finish: str | None, fault: type[ModelError], api: FakeApi, make_model: MakeModel
) -> None:
    function = {"name": "read_symbol", "arguments": '{"na'}
    piece = {"index": 0, "id": "x", "function": function}
    api.enqueue(events_reply(sse([chunk({"tool_calls": [piece]}, finish)])))
    heard = await listen(make_model(), PROMPT)
    assert isinstance(heard.error, fault)


async def test_a_reply_in_one_piece_may_call_too(api: FakeApi, make_model: MakeModel) -> None:
    function = {"name": "read_symbol", "arguments": {"name": "tax"}}
    message = {"role": "assistant", "content": None, "tool_calls": [{"function": function}] * 2}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    api.enqueue(status(200, whole))
    heard = await listen(make_model(), PROMPT)
    assert [(call.id, json.loads(call.arguments)) for call in heard.completion.calls] == [
        ("call_1", {"name": "tax"}),
        ("call_2", {"name": "tax"}),
    ]


async def test_what_was_called_and_what_it_gave_follows_the_question(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(answer("It adds tax."))
    heard = await listen(make_model(), replace(PROMPT, turns=(TURN,), final=True))
    assert heard.text == "It adds tax."
    body = api.requests[0].json
    assert body["messages"][2:] == [
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {
                    "id": "call-0",
                    "type": "function",
                    "function": {"name": "read_symbol", "arguments": '{"name": "tax"}'},
                }
            ],
        },
        {"role": "tool", "content": TURN.results[0], "tool_call_id": "call-0"},
    ]
    assert body["tool_choice"] == "none"
    assert len(body["tools"]) == 3


@pytest.mark.parametrize(
    ("call", "name", "arguments"),
    [
        (ToolCall("1", "", ""), "unknown", "{}"),
        (ToolCall("1", "bad name!\n", '{"a": '), "bad_name__", "{}"),
        (ToolCall("1", "x" * 99, "[1]"), "x" * 64, "{}"),
        (ToolCall("1", "ok", '{"name": "\ud800"}'), "ok", '{"name": "\ufffd"}'),
    ],
)
def test_a_call_that_makes_no_sense_goes_back_in_a_form_that_servers_take(
    call: ToolCall, name: str, arguments: str
) -> None:
    prompt = replace(PROMPT, turns=(Turn("", (call,), ("Error",)),))
    endpoint = Endpoint("custom", "https://api.example/v1", "coder")
    body = json.loads(compose(endpoint, prompt, predicted=False, tools=True).body())
    assert body["messages"][2]["tool_calls"][0]["function"] == {
        "name": name,
        "arguments": arguments,
    }


def test_a_prediction_and_tools_exclude_each_other() -> None:
    prompt = replace(PROMPT, prediction="x = 1\n" * 100)
    endpoint = Endpoint("custom", "https://api.example/v1", "coder")
    with pytest.raises(AssertionError):
        compose(endpoint, prompt, predicted=True, tools=True)
    for predicted, tools in [(True, False), (False, True)]:
        body = json.loads(compose(endpoint, prompt, predicted=predicted, tools=tools).body())
        assert ("prediction" in body) == predicted
        assert ("tools" in body) == tools


async def test_of_both_the_tools_go_along(api: FakeApi, make_model: MakeModel) -> None:
    prompt = replace(PROMPT, prediction="x = 1\n" * 100)
    api.enqueue(answer("Done."))
    await listen(model := make_model(), prompt)
    assert "tools" in api.requests[0].json
    assert "prediction" not in api.requests[0].json
    assert api.requests[0].json == json.loads(model.outgoing(prompt).body)


REFUSALS: dict[str, Reply] = {
    "vLLM": status(400, {"error": {"message": '"auto" tool choice requires '
        "--enable-auto-tool-choice and --tool-call-parser to be set",
        "type": "BadRequestError", "code": 400}}),
    "llama.cpp": status(500, {"error": {"code": 500, "message": "tools param requires --jinja flag",
        "type": "server_error"}}),
    "Ollama": status(400, {"error": {"message": "gemma:2b does not support tools"}}),
    "OpenRouter": status(404, {"error": {"message":
        "No endpoints found that support tool use. Try disabling read_symbol.", "code": 404}}),
    "a validator": status(422, {"detail": [{"loc": ["body", "tools"], "msg": "extra forbidden"}]}),
    "no word": status(400),
}  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_who_refuses_tools_is_asked_without_and_remembered(
    refusal: Reply, api: FakeApi, make_model: MakeModel, tmp_path: Path
) -> None:
    book = PredictionBook()
    api.enqueue(refusal, answer("One."), answer("Two."), refusal, answer("Three."))
    model = make_model(predictions=book)
    assert (await listen(model, PROMPT)).text == "One."
    assert (await listen(model, PROMPT)).text == "Two."
    assert ["tools" in request.json for request in api.requests] == [True, False, False]
    assert "tool_choice" not in api.requests[1].json
    # It is kept for the next server, and for this model alone.
    book.save(path := tmp_path / "predictions.json")
    again = PredictionBook.load(path)
    assert again.tools_refused(api.origin, model.name)
    assert not again.tools_refused(api.origin, "another")
    other = make_model(predictions=again, model="another")
    assert (await listen(other, PROMPT)).text == "Three."
    assert "tools" in api.requests[3].json


async def test_a_fault_that_is_not_about_tools_teaches_nothing(
    api: FakeApi, make_model: MakeModel
) -> None:
    book = PredictionBook()
    wrong = status(400, {"error": {"message": "messages must end", "param": "messages"}})
    api.enqueue(wrong, status(400), status(400))
    model = make_model(predictions=book)
    assert isinstance((await listen(model, PROMPT)).error, BadRequest)
    # Here it was tried without, and that was not it.
    assert isinstance((await listen(model, PROMPT)).error, BadRequest)
    assert len(api.requests) == 3
    assert not book.tools_refused(api.origin, model.name)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (500, "Conversation roles must alternate user/assistant/user/assistant/..."),
        (400, "Missing `reasoning_content` field in the assistant message at message index 2"),
    ],
)
async def test_a_server_that_takes_no_such_messages_is_given_the_same_as_text(
    code: int, said: str, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(code, {"error": {"message": said}}), answer("It adds tax."))
    heard = await listen(make_model(), replace(PROMPT, turns=(TURN,)))
    assert heard.text == "It adds tax."
    messages = api.requests[1].json["messages"]
    assert [message["role"] for message in messages] == ["system", "user"]
    assert messages[1]["content"].startswith(PROMPT.user)
    assert TURN.results[0] in messages[1]["content"]


async def test_what_a_server_says_of_a_result_is_not_shown(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(400, {"error": {"message": "wrong: return canary_of_the_result"}}))
    heard = await listen(make_model(), replace(PROMPT, turns=(TURN,)))
    assert isinstance(heard.error, BadRequest)
    assert "canary" not in str(heard.error)


async def test_a_refusal_of_tools_is_forgotten_after_a_month() -> None:
    days = [date(2026, 11, 1)]
    book = PredictionBook(lambda: days[-1])
    book.refuse_tools("https://a.example:443", "m")
    later = days[0] + timedelta(days=29)
    for day, refused in [(later, True), (later + timedelta(days=3), False)]:
        again = PredictionBook.from_json(book.to_json(), lambda day=day: day)
        assert again.tools_refused("https://a.example:443", "m") == refused


async def test_the_embedded_engine_is_offered_none(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(answer("One."))
    await listen(make_model(provider="local"), PROMPT)
    assert "tools" not in api.requests[0].json


def test_what_was_looked_up_is_counted_before_it_is_sent() -> None:
    terms = Terms(Price(1, 1))
    bare = replace(PROMPT, tools=())
    assert estimate(terms, PROMPT).input_tokens > estimate(terms, bare).input_tokens
    long = replace(bare, turns=(Turn("", (MADE,), ("x" * 2000,)),))
    assert estimate(terms, long).input_tokens >= estimate(terms, bare).input_tokens + 1000
