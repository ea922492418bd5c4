"""A text buffer as an editor keeps it: slow, plain, and written without the server's own code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def lines_of(text: str) -> list[tuple[str, str]]:
    """Return each line and its line end: LF, CR LF or CR, and nothing else."""
    lines = []
    for part in text.split("\n"):
        *whole, last = part.split("\r")
        lines += [(line, "\r") for line in whole]
        lines.append((last, "\n"))
    lines[-1] = (lines[-1][0], "")
    joined: list[tuple[str, str]] = []
    for line, end in lines:
        # An empty piece after a CR and before an LF is no line: the two are one line end.
        if joined and joined[-1][1] == "\r" and not line and end == "\n":
            joined[-1] = (joined[-1][0], "\r\n")
        else:
            joined.append((line, end))
    return joined


def units(text: str, encoding: str) -> int:
    """Return how many code units of `encoding` a text takes."""
    return len(text.encode(CODECS[encoding], "surrogatepass")) // UNIT[encoding]


@dataclass
class Buffer:
    """A buffer in an editor; positions are (line, character) in the units of `encoding`."""

    uri: str
    language: str
    text: str
    encoding: str
    version: int = 0

    def offset(self, line: int, character: int) -> int:
        """Return the offset of a position, as far into the text as the text goes."""
        lines = lines_of(self.text)
        if line >= len(lines):
            return len(self.text)
        offset = sum(len(text) + len(end) for text, end in lines[:line])
        for char in lines[line][0]:
            character -= units(char, self.encoding)
            if character < 0:
                break
            offset += 1
        return offset

    def position(self, offset: int) -> dict[str, int]:
        """Return the position of an offset."""
        before = lines_of(self.text[:offset])
        # Between CR and LF is no line of its own.
        if self.text[offset - 1 : offset + 1] == "\r\n" and offset:
            before = lines_of(self.text[: offset - 1])
        return {"line": len(before) - 1, "character": units(before[-1][0], self.encoding)}

    def range(self, start: int, end: int) -> dict[str, Any]:
        """Return the range between two offsets."""
        return {"start": self.position(start), "end": self.position(end)}

    def span(self, range_: dict[str, Any]) -> tuple[int, int]:
        """Return the offsets of a range."""
        start, end = range_["start"], range_["end"]
        return (
            self.offset(start["line"], start["character"]),
            self.offset(end["line"], end["character"]),
        )

    def replace(self, start: int, end: int, text: str) -> dict[str, Any]:
        """Replace some text; return the content change that tells of it."""
        change = {"range": self.range(start, end), "text": text}
        self.text = self.text[:start] + text + self.text[end:]
        return change
