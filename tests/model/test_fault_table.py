"""The faults of model servers, row by row: what becomes of an action, and what its user is told.

The rows are grouped by where the fault lies: in the stream, in the answer, on the way. Each goes
through the whole of an action, from the bytes on the wire to the buffer. It either ends in the
same edit as an answer without a fault, or in nothing but a sentence, given here word for word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from dola_ls.core.outcome import Edited, Outcome, Refused
from dola_ls.model.client import HttpModel
from dola_ls.run import run
from tests.core.running import NEW, TEXT, set_up
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
from tests.fakes.model import fenced

GOOD = fenced(NEW)
HALF = GOOD[:30]
EXPECTED = "import os\n\n\n" + NEW + "\n\ndef tax(value):\n    return value * 2\n"
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
STOP = chunk({}, "stop")


def said(*deltas: dict[str, object] | None) -> list[dict[str, object] | str]:
    """Return the events of a good answer, its text coming with the deltas."""
    return [*(chunk(delta) for delta in deltas), STOP, "[DONE]"]


def half(*last: dict[str, object] | str, **options: object) -> Reply:
    """Return an answer that begins well and goes on with `last`."""
    return events_reply(sse([chunk({"content": HALF}), *last]), **options)


def whole(reply: dict[str, object]) -> Reply:
    return status(200, reply)


def in_lines(text: str) -> bytes:
    """Return an event whose JSON is spread over several data lines."""
    lines = json.dumps(chunk({"content": text}), indent=1).split("\n")
    return "".join(f"data: {line}\n" for line in lines).encode() + b"\n"


END = sse([STOP, "[DONE]"])
ONE = sse([chunk({"content": GOOD})])

#: Odd, but an answer all the same.
HARMLESS: dict[str, Reply] = {
    # In the stream
    "stream: comments as keep-alives": answer(GOOD, comments=True),
    "stream: a separator of lines within JSON": events_reply(
        sse(said({"content": "One\u2028two\u2029three\u0085four.\n" + GOOD}))
    ),
    "stream: a character cut in two": answer("Déjà vu 😀.\n" + GOOD, cut=1),
    "stream: CRLF cut in two": answer(GOOD, eol="\r\n", cut=1),
    "stream: CR alone": answer(GOOD, eol="\r"),
    "stream: no space after the colon": events_reply(
        [event.replace(b"data: ", b"data:") for event in [*ONE, *END]]
    ),
    "stream: several data lines": events_reply([in_lines(GOOD), *END]),
    "stream: a byte order mark": events_reply([b"\xef\xbb\xbf" + ONE[0], *END]),
    "stream: no blank line at the end": events_reply([*ONE, END[0], b"data: [DONE]"]),
    "stream: no [DONE]": answer(GOOD, done=False),
    "stream: no finish_reason": answer(GOOD, finish=None),
    "stream: left open after [DONE]": answer(GOOD, end="hold"),
    "stream: left open without [DONE]": answer(GOOD, done=False, end="hold"),
    "stream: reset after its end": answer(GOOD, done=False, end="reset"),
    "stream: usage without choices": answer(GOOD, usage=usage_of(), usd=0.01),
    "stream: delta null": events_reply(sse(said(None, {"content": GOOD}, None))),
    "stream: content null": events_reply(sse(said({"content": None}, {"content": GOOD}))),
    "stream: finish_reason twice": events_reply(sse([chunk({"content": GOOD}), STOP, STOP])),
    "stream: message in the place of delta": events_reply(
        sse([{"choices": [{"message": {"content": GOOD}, "finish_reason": "stop"}]}, "[DONE]"])
    ),
    "stream: content as a list of parts": events_reply(
        sse(
            said(
                {
                    "content": [
                        {"type": "reasoning", "text": "```python\nevil()\n```\n"},
                        {"type": "text", "text": GOOD},
                    ]
                }
            )
        )
    ),
    "stream: JSON in its place": whole(
        {"choices": [{"index": 0, "message": {"content": GOOD}, "finish_reason": "stop"}]}
    ),
    # In the answer
    "answer: another model's name": events_reply(
        sse([{**chunk({"content": GOOD}, "stop"), "model": "seed-2-0-fallback-260328"}, "[DONE]"])
    ),
    "answer: empty tool calls beside the text": events_reply(
        sse(said({"content": GOOD, "tool_calls": [{"function": {"arguments": ""}}]}))
    ),
}


@dataclass(frozen=True)
class Told:
    """The replies to the requests in turn, and the sentence at the end."""

    sentence: str
    replies: tuple[Reply, ...]


def told(sentence: str, *replies: Reply) -> Told:
    return Told(sentence, replies)


CUT_OFF = (
    "The connection to HOST ended before the answer was complete. Half an answer is not used: "
    "nothing was changed. Run the action again; this try may be billed. (Request ID.)"
)
SLOW = (
    "HOST did not begin to answer within 2 s. Nothing was changed. Run the action again, with "
    "fewer lines selected if that keeps happening; this try may be billed. (Request ID.)"
)
NO_CODE = (
    "bytedance/dola-seed-2-0-code answered without code. Nothing was changed. Run the action "
    "again, or ask for something more definite."
)
FILTERED = (
    "The content filter of HOST stopped the request or the answer. Nothing was changed. Select "
    "other code: names and texts in it can set the filter off. (Request ID.)"
)
#: Nothing is changed.
FAULTS: dict[str, Told] = {
    "stream: comments alone": told(SLOW, events_reply([b": PROCESSING\n\n"] * 40, delay=0.05)),
    "stream: an end without a word": told(CUT_OFF, half()),
    "stream: an end without a word, framed by the connection": told(CUT_OFF, half(framing="close")),
    "stream: reset": told(CUT_OFF, half(end="reset")),
    "stream: silence in the middle": told(
        "HOST stopped in the middle of its answer and did not go on within 1 s. Nothing was "
        "changed. Run the action again, with fewer lines selected if that keeps happening; "
        "this try may be billed. (Request ID.)",
        half(end="hold"),
    ),
    "stream: the last event cut off": told(
        "The answer of HOST cannot be used: it is not JSON. Nothing was changed. Check that "
        "the base address is that of an OpenAI-compatible chat server. (Request ID.)",
        half('{"choices": [{"del', framing="close"),
    ),
    "stream: an error object": told(
        "HOST failed (502): “boom”. Nothing was changed. Try again in a few minutes. (Request ID.)",
        half({"error": {"message": "boom", "code": 502}}),
    ),
    "stream: an error with a code in letters": told(
        "HOST failed: “boom”. Nothing was changed. Try again in a few minutes. (Request ID.)",
        half({"error": {"message": "boom", "code": "server_error"}}),
    ),
    "stream: an error without a message": told(
        "HOST takes no more requests for now (429). Nothing was changed. Try again in a "
        "minute. (Request ID.)",
        half({"error": {"message": None, "code": "429"}, "choices": None}),
    ),
    "stream: an error that is a text": told(
        "HOST failed: “Provider returned error”. Nothing was changed. Try again in a few "
        "minutes. (Request ID.)",
        half({"error": "Provider returned error"}),
    ),
    "stream: an error named by its event": told(
        "HOST failed: “boom”. Nothing was changed. Try again in a few minutes. (Request ID.)",
        events_reply([*ONE, b'event: error\ndata: {"message": "boom"}\n\n']),
    ),
    "stream: an error as JSON with status 200": told(
        "HOST failed (500): “boom”. Nothing was changed. Try again in a few minutes. (Request ID.)",
        whole({"error": {"message": "boom", "code": 500}, "choices": None}),
    ),
    "stream: a web page with status 200": told(
        "The answer of HOST cannot be used: it is a web page. Nothing was changed. Check that"
        " the base address is that of an OpenAI-compatible chat server. (Request ID.)",
        Reply((HTML,), headers=(("Content-Type", "text/event-stream"),)),
    ),
    "stream: bytes that are not UTF-8": told(
        "The model's answer was not used: it holds broken characters (U+FFFD). Nothing was "
        "changed.",
        *[events_reply([ONE[0].replace(b"sum", b"s\xffm"), *END])] * 2,
    ),
    "stream: an event of more than 1 MiB": told(
        "The answer of HOST cannot be used: one event is larger than 1 MiB. Nothing was "
        "changed. Check that the base address is that of an OpenAI-compatible chat server. "
        "(Request ID.)",
        half("x" * 1_100_000),
    ),
    # In the answer
    "answer: thoughts only": told(
        "bytedance/dola-seed-2-0-code used all its tokens for thinking, so there is no "
        "complete answer and nothing was changed. Select fewer lines, or lower the reasoning "
        "effort. (Request ID.)",
        answer("", reasoning="Hm. " * 9),
    ),
    "answer: thoughts up to the limit": told(
        "bytedance/dola-seed-2-0-code used all its 4096 tokens for thinking, so there is no "
        "complete answer and nothing was changed. Select fewer lines, or lower the reasoning "
        "effort. (Request ID.)",
        answer("", reasoning="Hm. " * 9, finish="length", usage=usage_of(39, 4096)),
    ),
    "answer: the limit as status 400": told(
        "bytedance/dola-seed-2-0-code used all its tokens before it was done, so there is no "
        "complete answer and nothing was changed. Select fewer lines, or run the action "
        "again. (Request ID.)",
        status(400, {"message": "max_tokens or model output limit was reached"}),
    ),
    "answer: cut at the limit": told(
        "bytedance/dola-seed-2-0-code used all its 2048 tokens before it was done, so there "
        "is no complete answer and nothing was changed. Select fewer lines, or run the action"
        " again. (Request ID.)",
        answer(HALF, finish="length", usage=usage_of(39, 2048)),
    ),
    "answer: cut though it says stop": told(
        "bytedance/dola-seed-2-0-code's answer is not whole: a code block is not closed. "
        "Nothing was changed. Run the action again, on fewer lines if it keeps happening.",
        answer(GOOD[:-8]),
    ),
    "answer: the rest left out": told(
        "The model's answer was not used: it leaves code out (“# ... rest of code "
        "unchanged”). Nothing was changed.",
        *[answer(fenced("def total(items):\n    result = 0\n    # ... rest of code unchanged\n"))]
        * 2,
    ),
    "answer: empty": told(NO_CODE, answer("")),
    "answer: tool calls only": told(
        NO_CODE,
        events_reply(
            sse(
                [
                    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a'}}]}),
                    chunk({"tool_calls": [{"function": {"arguments": "{}{'x"}}]}, "tool_calls"),
                    "[DONE]",
                ]
            )
        ),
    ),
    "answer: a tool call written as text": told(
        NO_CODE,
        answer(
            '<seed:tool_call><function name="edit_file"><parameter name="path">a.py</parameter>'
            "</function></seed:tool_call>"
        ),
    ),
    "answer: code within a tool call written as text": told(
        NO_CODE,
        answer(
            f'<seed:tool_call><function name="edit_file"><parameter name="text">{NEW}'
            "</parameter></function></seed:tool_call>"
        ),
    ),
    "answer: stopped by the content filter": told(
        FILTERED, half(chunk({}, "content_filter"), "[DONE]")
    ),
    "answer: sensitive content as status 400": told(
        FILTERED,
        status(400, {"error": {"code": "InputTextSensitiveContentDetected", "message": "no"}}),
    ),
    "answer: a refusal": told(
        "bytedance/dola-seed-2-0-code declined to do this: “I will not.”. Nothing was "
        "changed. Put the request differently, or select other code. (Request ID.)",
        events_reply(sse(said({"refusal": "I will not."}))),
    ),
    "answer: a refusal in prose": told(NO_CODE, answer("I'm sorry, but I can't help with that.")),
    # On the way
    "way: reset before the answer": told(CUT_OFF, reset()),
    "way: closed before the answer": told(CUT_OFF, Reply(framing="raw", end="close")),
    "way: silence": told(SLOW, silence()),
    "way: not HTTP": told(
        "The answer of HOST cannot be used: it is not HTTP. Nothing was changed. Check that "
        "the base address is that of an OpenAI-compatible chat server. (Request ID.)",
        Reply((b"SSH-2.0-OpenSSH\r\n\r\n",), framing="raw"),
    ),
    "way: a redirect": told(
        "HOST redirects to https://evil.example:443 (307). A redirect is never followed, as "
        "it would take your code along, so nothing was changed. If you trust the new address,"
        " make it the base address in Dola's config.toml.",
        status(307, headers={"Location": "https://evil.example/v1/chat/completions"}),
    ),
    "status 400": told(
        "HOST does not accept the request (400). Nothing was changed. Check that "
        "bytedance/dola-seed-2-0-code is a chat model of this server; `dola-ls check` sends "
        "the smallest request there is. (Request ID.)",
        status(400),
    ),
    "status 400, naming a field": told(
        "HOST does not accept the parameter `messages` (400): “no”. Nothing was changed. "
        "Check that bytedance/dola-seed-2-0-code is a chat model of this server; `dola-ls "
        "check` sends the smallest request there is. (Request ID.)",
        status(400, {"error": {"message": "no", "param": "messages"}}),
    ),
    "status 401": told(
        "HOST does not accept the API key (401). Nothing was changed. Copy the key again into"
        " the place it comes from; `dola-ls check` tells which place that is. (Request ID.)",
        status(401),
    ),
    "status 403": told(
        "HOST refused the request (403): the account is out of credit, or its key may not use"
        " bytedance/dola-seed-2-0-code. Nothing was changed. Top up the account or look at "
        "the key's limits on the provider's site, then try again. (Request ID.)",
        status(403),
    ),
    "status 403 with words": told(
        "HOST refused the request (403): “Your country is not supported”. Most often the account "
        "is out of credit, or its key may not use bytedance/dola-seed-2-0-code. Nothing was "
        "changed. Top up the account or look at the key's limits on the provider's site, then "
        "try again. (Request ID.)",
        status(403, {"error": {"message": "Your country is not supported"}}),
    ),
    "status 404": told(
        "HOST does not offer the model bytedance/dola-seed-2-0-code (404). Nothing was "
        "changed. It may have been retired, or its name or the address may be wrong: set "
        "DOLA_MODEL to one the provider lists, or correct DOLA_BASE_URL. (Request ID.)",
        status(404),
    ),
    "status 408": told(
        "HOST did not get the whole request in time (408). Nothing was changed. Check the "
        "network, or run the action again a little later. (Request ID.)",
        *[status(408)] * 3,
    ),
    "status 413": told(
        "The code is more than bytedance/dola-seed-2-0-code can take in one request. Nothing "
        "was changed. Select fewer lines, or use a model with a larger context. (Request ID.)",
        status(413),
    ),
    "status 422": told(
        "HOST does not accept the request (422). Nothing was changed. Check that "
        "bytedance/dola-seed-2-0-code is a chat model of this server; `dola-ls check` sends "
        "the smallest request there is. (Request ID.)",
        status(422),
    ),
    "status 429": told(
        "HOST takes no more requests for now (429). Nothing was changed. Try again in a "
        "minute. (Request ID.)",
        *[status(429)] * 3,
    ),
    "status 429, for long": told(
        "HOST takes no more requests for now (429). Nothing was changed. Try again in 10 "
        "minutes. (Request ID.)",
        status(429, headers={"Retry-After": "600"}),
    ),
    "status 500": told(
        "HOST failed (500): “model is under maintenance”. Nothing was changed. Try again in a"
        " few minutes. (Request ID.)",
        *[status(500, {"message": "model is under maintenance"})] * 3,
    ),
    "status 502, a web page": told(
        "HOST failed (502). Nothing was changed. Try again in a few minutes. (Request ID.)",
        *[status(502, HTML)] * 3,
    ),
    "status 503": told(
        "HOST is overloaded (503). Nothing was changed. Try again in a few minutes. (Request ID.)",
        *[status(503)] * 3,
    ),
    "status 504": told(
        "HOST gave up waiting for the model (504). Nothing was changed. Run the action again,"
        " with fewer lines selected if that keeps happening; this try may be billed. (Request"
        " ID.)",
        status(504),
    ),
}


async def refactored(model: HttpModel) -> tuple[Outcome, str]:
    """Refactor a function; return what came of it and the buffer."""
    task, editor = set_up()
    outcome = await run(task, editor, model)
    return outcome, editor.document.text


@pytest.mark.parametrize("reply", HARMLESS.values(), ids=HARMLESS)
async def test_an_odd_answer_is_used_all_the_same(
    api: FakeApi, model: HttpModel, reply: Reply
) -> None:
    api.enqueue(reply)
    outcome, text = await refactored(model)
    assert isinstance(outcome, Edited), outcome
    assert text == EXPECTED
    assert len(api.requests) == 1


@pytest.mark.parametrize("row", FAULTS.values(), ids=FAULTS)
async def test_a_fault_is_told_and_changes_nothing(
    api: FakeApi, model: HttpModel, row: Told
) -> None:
    api.enqueue(*row.replies)
    outcome, text = await refactored(model)
    assert isinstance(outcome, Refused), outcome
    assert text == TEXT
    assert len(api.requests) == len(row.replies)
    sentence = outcome.reason.replace(f"127.0.0.1:{api.port}", "HOST")
    sentence = sentence.replace(api.requests[-1].headers["x-client-request-id"], "ID")
    assert sentence.replace("021777553573335", "ID") == row.sentence
