"""The event parser: whatever the bytes look like and wherever they are cut, the same events."""

from __future__ import annotations

import json

import pytest

from dola_ls.model.sse import MAX_EVENT_BYTES, Event, EventParser, EventTooLarge


def chunk(text: str) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=False)


LINES = chunk("a\u2028b\u2029c")
X, Y = chunk("x"), chunk("y")
EMOJI = chunk("é😀漢")
SPREAD = '{"choices":\n[{"delta":{"content":"x"}}]}'

CASES: dict[str, tuple[bytes, list[Event]]] = {
    "emoji": (
        f"data: {EMOJI}\n\ndata: [DONE]\n\n".encode(),
        [Event(EMOJI), Event("[DONE]")],
    ),
    "U+2028 within JSON": (
        f"data: {LINES}\n\ndata: [DONE]\n\n".encode(),
        [Event(LINES), Event("[DONE]")],
    ),
    "NEL, VT and FF raw": (
        'data: {"a":"b\u0085\u000b\u000cc"}\n\ndata: [DONE]\n\n'.encode(),
        [Event('{"a":"b\u0085\u000b\u000cc"}'), Event("[DONE]")],
    ),
    "CRLF": (f"data: {X}\r\n\r\ndata: [DONE]\r\n\r\n".encode(), [Event(X), Event("[DONE]")]),
    "CR only": (f"data: {X}\r\rdata: [DONE]\r\r".encode(), [Event(X), Event("[DONE]")]),
    "line ends mixed": (
        f"data: {X}\r\n\ndata: {Y}\r\r\ndata: [DONE]\n\r\n".encode(),
        [Event(X), Event(Y), Event("[DONE]")],
    ),
    "comments": (
        f": PROCESSING\n\n:\n\ndata: {X}\n\n: ping\n\ndata: [DONE]\n\n".encode(),
        [Event(X), Event("[DONE]")],
    ),
    "no space after the colon": (
        f"data:{X}\n\ndata:[DONE]\n\n".encode(),
        [Event(X), Event("[DONE]")],
    ),
    "byte order mark": (
        b"\xef\xbb\xbf" + f"data: {X}\n\ndata: [DONE]\n\n".encode(),
        [Event(X), Event("[DONE]")],
    ),
    "no blank line after [DONE]": (
        f"data: {X}\n\ndata: [DONE]".encode(),
        [Event(X), Event("[DONE]")],
    ),
    "no [DONE], no blank line after the last chunk": (
        f"data: {X}\n\ndata: {Y}".encode(),
        [Event(X), Event(Y)],
    ),
    "last event cut off": (f'data: {X}\n\ndata: {{"choices": [{{"del'.encode(), [Event(X)]),
    "invalid UTF-8": (
        b'data: {"a":"b\xffc"}\n\ndata: [DONE]\n\n',
        [Event('{"a":"b\ufffdc"}'), Event("[DONE]")],
    ),
    "several data lines": (
        b'data: {"choices":\ndata: [{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n',
        [Event(SPREAD), Event("[DONE]")],
    ),
    "named event": (
        b'event: error\ndata: {"error":{"message":"boom","code":502}}\n\ndata: 1\n\n',
        [Event('{"error":{"message":"boom","code":502}}', "error"), Event("1")],
    ),
    "ids and retries": (b"id: 7\nretry: 10\nnonsense\ndata: 1\n\n", [Event("1")]),
    "empty data": (b"data:\n\ndata\n\ndata: [DONE]\n\n", [Event(""), Event(""), Event("[DONE]")]),
    "no events at all": (b"<html><body>502 Bad Gateway</body></html>", []),
}


def parse(*pieces: bytes, limit: int = MAX_EVENT_BYTES) -> list[Event]:
    parser = EventParser(limit)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.finish()


@pytest.mark.parametrize(("body", "events"), CASES.values(), ids=CASES)
def test_events_are_the_same_wherever_the_bytes_are_cut(body: bytes, events: list[Event]) -> None:
    assert parse(body) == events
    assert parse(*(body[i : i + 1] for i in range(len(body)))) == events
    for cut in range(len(body) + 1):
        assert parse(body[:cut], body[cut:]) == events, cut


def test_an_event_comes_out_with_its_blank_line_and_not_later() -> None:
    parser = EventParser()
    assert parser.feed(b"data: 1\r") == []
    assert parser.feed(b"\r") == [Event("1")]
    assert parser.feed(b"\ndata: 2\n") == []
    assert parser.feed(b"\n") == [Event("2")]


@pytest.mark.parametrize("size", [1, 1000, 2_000_000])
def test_an_event_larger_than_the_limit_is_an_error_and_is_not_held(size: int) -> None:
    body = b"data: " + b"x" * 2000 + b"\n\n"
    with pytest.raises(EventTooLarge):
        parse(*(body[i : i + size] for i in range(0, len(body), size)), limit=1000)


def test_many_small_data_lines_count_as_one_event() -> None:
    parser = EventParser(limit=1000)
    with pytest.raises(EventTooLarge):
        parser.feed(b"data: 0123456789\n" * 200)


def test_an_event_within_the_limit_passes() -> None:
    text = json.dumps("x" * 1_000_000)
    assert parse(f"data: {text}\n\n".encode()) == [Event(text)]
