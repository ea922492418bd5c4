"""Server-sent events from bytes.

A line ends at CR, LF or CRLF and nowhere else
(https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream): text
libraries also break lines at U+2028 and its like, which may stand raw inside a JSON string, so
lines are found before anything is decoded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

#: Bytes one event may have; a larger one is no chat chunk.
MAX_EVENT_BYTES = 1024 * 1024
DONE = "[DONE]"

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventTooLarge(ValueError):
    """One event is larger than the parser was told to hold."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data lines joined by line feeds, and its name if it has one."""

    data: str
    name: str = ""


class EventParser:
    """A push parser: `feed` it bytes however they are cut, then `finish` it.

    Comments, ids and retry hints are dropped; bytes that are not UTF-8 become U+FFFD.
    """

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._scanned = 0
        self._first_line = True
        self._after_cr = False
        self._data: list[str] = []
        self._size = 0
        self._name = ""

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes. Raises EventTooLarge."""
        if self._after_cr and data:
            # The CR already ended its line; an LF that follows belongs to the same line end.
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
        self._rest += data
        events: list[Event] = []
        start = 0
        for end in _LINE_END.finditer(self._rest, self._scanned):
            event = self._line(bytes(self._rest[start : end.start()]))
            if event is not None:
                events.append(event)
            start = end.end()
        self._after_cr = self._rest.endswith(b"\r")
        del self._rest[:start]
        self._scanned = len(self._rest)
        if self._size + len(self._rest) > self._limit:
            raise EventTooLarge(f"an event of more than {self._limit} bytes")
        return events

    def finish(self) -> list[Event]:
        """Return the last event, if the stream ended before its blank line but not before its end.

        The specification drops such an event; servers do send ``data: [DONE]`` and close.
        """
        if self._rest:
            self._line(bytes(self._rest))
            self._rest.clear()
        event = self._dispatch()
        return [event] if event is not None and _is_complete(event.data) else []

    def _line(self, line: bytes) -> Event | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._size += len(value) + 1
            if self._size > self._limit:
                raise EventTooLarge(f"an event of more than {self._limit} bytes")
            self._data.append(value.decode("utf-8", "replace"))
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> Event | None:
        event = Event("\n".join(self._data), self._name) if self._data else None
        self._data, self._size, self._name = [], 0, ""
        return event


def _is_complete(data: str) -> bool:
    if data.strip() == DONE:
        return True
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
