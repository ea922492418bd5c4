"""What a model's server does wrong, one way each, as replies of the fake API."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from tests.fakes.api import (
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

#: From the text of a good answer to the reply that goes out in its place.
Fault = Callable[[str], Reply]

_ERROR = {"error": {"message": "upstream failed", "type": "server_error", "code": 500}}
_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_EVENTS = (("Content-Type", "text/event-stream"),)


def _half(text: str) -> list[bytes]:
    """Return the events of the first half of an answer."""
    start = [chunk({"role": "assistant", "content": ""})]
    middle = len(text) // 2
    return sse([*start, *(chunk({"content": text[i : i + 12]}) for i in range(0, middle, 12))])


def _lazy(text: str) -> str:
    """Leave the middle of the code out, as models do."""
    lines = text.split("\n")
    return "\n".join([*lines[:3], "    # ... existing code ...", *lines[-2:]])


def _broken_characters(text: str) -> Reply:
    events = sse([chunk({"content": text})])
    return events_reply([events[0].replace(b"value", b"val\xffe", 1), *sse([chunk({}, "stop")])])


def _whole(text: str) -> Reply:
    """Return JSON although a stream was asked for, which is odd but complete."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return status(200, {"object": "chat.completion", "choices": [choice], "usage": usage_of()})


#: By name. Each has to end in an edit that is right, or in a sentence.
FAULTS: dict[str, Fault] = {
    # The connection.
    "reset before the answer": lambda _: reset(),
    "reset half way": lambda text: events_reply(_half(text), end="reset"),
    "end half way": lambda text: events_reply(_half(text), framing="close", end="close"),
    "chunk cut half way": lambda text: events_reply(_half(text), end="close"),
    "silence": lambda _: silence(),
    "silence half way": lambda text: events_reply(_half(text), end="hold"),
    "compressed rubbish": lambda text: Reply(
        (gzip.compress(text.encode())[:40],), 200, (*_EVENTS, ("Content-Encoding", "gzip"))
    ),
    # Statuses.
    "rate limit": lambda _: status(429, headers={"Retry-After": "1"}),
    "rate limit for long": lambda _: status(429, headers={"Retry-After": "9000"}),
    "server fault": lambda _: status(500, _ERROR),
    "bad gateway": lambda _: status(502, _PAGE),
    "overloaded": lambda _: status(503),
    "gateway timeout": lambda _: status(504),
    "out of credit": lambda _: status(403, {"error": {"message": "insufficient credit"}}),
    "bad request": lambda _: status(400, {"error": {"message": "unknown field"}}),
    "too long": lambda _: status(413),
    "redirect": lambda _: status(307, headers={"Location": "http://127.0.0.1:9/"}),
    # Streams.
    "web page in a 200": lambda _: status(200, _PAGE),
    "empty body": lambda _: events_reply([]),
    "error inside the stream": lambda text: events_reply(
        [*_half(text), f"data: {json.dumps(_ERROR)}\n\n".encode(), b"data: [DONE]\n\n"]
    ),
    "no reason to stop": lambda text: answer(text[: len(text) // 2], finish=None, done=False),
    "cut by its length": lambda text: answer(text[: len(text) * 2 // 3], finish="length"),
    "filtered": lambda text: answer(text[: len(text) // 2], finish="content_filter"),
    "events of no JSON": lambda text: events_reply([*_half(text), b"data: {half\n\n"]),
    "broken characters": _broken_characters,
    "only thoughts": lambda text: answer("", reasoning=text),
    # Answers.
    "nothing": lambda _: answer(""),
    "prose": lambda _: answer("I would first of all look at how this function is called."),
    "declined": lambda _: answer("CANNOT: the function is simple already."),
    "code left out": lambda text: answer(_lazy(text)),
    "block not closed": lambda text: answer(text.rstrip("`\n ")),
    "stopped in the middle": lambda text: answer(text[: len(text) // 2]),
    "another function": lambda _: answer("```python\ndef other(x):\n    return x\n```"),
    "no longer parses": lambda text: answer(text.replace("return", "return (", 1)),
    "hidden characters": lambda text: answer(text.replace("return", "return \u202e", 1)),
    # Odd, and yet complete: the edit has to come.
    "keep-alives": lambda text: answer(text, comments=True),
    "bytes in threes": lambda text: answer(text, cut=3),
    "carriage returns": lambda text: answer(text, eol="\r\n"),
    "no [DONE]": lambda text: answer(text, done=False),
    "JSON in the place of a stream": _whole,
}
