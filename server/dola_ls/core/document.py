"""The text of one buffer, frozen, with the LSP's idea of lines and positions.

A line ends at ``\\n``, ``\\r\\n`` or ``\\r`` and nowhere else
(https://microsoft.github.io/language-server-protocol/specifications/lsp/3.18/specification/#textDocuments).
``str.splitlines`` also breaks at form feed, U+2028 and six more, which moves every later edit to
the wrong line; it is used nowhere in this package.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

#: The version of a file that no editor has open.
CLOSED = -1

EOL = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line of `text` begins; never empty."""
    if "\r" in text:
        return [0, *(match.end() for match in EOL.finditer(text))]
    # Three times as fast as the pattern, and nearly all texts take this way.
    lengths = map(len, text.split("\n")[:-1])
    return [end + line for line, end in enumerate(accumulate(lengths, initial=0))]


def split_lines(text: str) -> list[str]:
    """Split `text` after each line end, which stays with its line; ``"".join`` gives it back.

    A text that ends in a line end has no empty last entry; an empty text gives an empty list.
    """
    if "\r" in text:
        return _LINE.findall(text)
    # Twice as fast as the pattern, and nearly all texts take this way.
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points ``[start, end)`` of some text."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def covers(self, other: Span) -> bool:
        """Tell whether `other` lies within this span."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the code points ``[start, end)`` by `text`.

    Edits in one sequence all refer to the same text, are sorted and do not overlap. Changes made
    by the user are edits too, but each of those refers to the text the one before it left.
    """

    start: int
    end: int
    text: str


def check_edits(text: str, edits: Iterable[Edit]) -> None:
    """Raise ValueError where edits overlap, are out of order or lie outside `text`."""
    position = 0
    for edit in edits:
        if not position <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit.start}-{edit.end} overlaps or lies outside the text")
        position = edit.end


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with sorted, non-overlapping `edits` made.

    Raises ValueError where edits overlap, are out of order or lie outside the text.
    """
    check_edits(text, edits)
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += text[position : edit.start], edit.text
        position = edit.end
    parts.append(text[position:])
    return "".join(parts)


def _width(char: str, encoding: Encoding) -> int:
    if encoding == "utf-32":
        return 1
    if encoding == "utf-16":
        return 2 if char > "\uffff" else 1
    # A lone surrogate can arrive in JSON; clients count it as the three bytes it would take.
    return len(char.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, eq=False)
class Document:
    """One version of one text document. Offsets are code points of `text`."""

    uri: str
    language: str
    #: The client's, or `CLOSED`.
    version: int
    text: str

    @property
    def is_open(self) -> bool:
        """Whether this is a buffer of the editor, and not a file on disk."""
        return self.version != CLOSED

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins; treat as read-only."""
        return line_starts(self.text)

    @property
    def line_count(self) -> int:
        """The number of lines; a text that ends in a line end has an empty last line."""
        return len(self.starts)

    def line_of(self, offset: int) -> int:
        """Return the zero-based line that holds `offset`."""
        return bisect_right(self.starts, offset) - 1

    def line_span(self, line: int) -> Span:
        """Return the span of a line with its line end."""
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return Span(self.starts[line], end)

    def line_text(self, line: int) -> str:
        """Return a line without its line end."""
        span = self.line_span(line)
        return self.text[span.start : span.end].rstrip("\r\n")

    def whole_lines(self, span: Span) -> Span:
        """Grow `span` to whole lines, line ends included.

        A non-empty span that ends at the start of a line does not take that line in.
        """
        last = self.line_of(span.end)
        if span.end > span.start and span.end == self.starts[last]:
            last -= 1
        return Span(self.starts[self.line_of(span.start)], self.line_span(last).end)

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """Return the offset of an LSP position.

        Beyond the last line means the end of the text, beyond the end of a line its end, and the
        middle of a character its beginning, as clients do.
        """
        if line >= len(self.starts):
            return len(self.text)
        start = self.starts[line]
        text = self.line_text(line)
        if encoding == "utf-32" or text.isascii():
            return start + min(character, len(text))
        units = 0
        for index, char in enumerate(text):
            units += _width(char, encoding)
            if units > character:
                return start + index
        return start + len(text)

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Return the LSP position (line, character) of an offset."""
        line = self.line_of(offset)
        text = self.text[self.starts[line] : offset]
        if encoding == "utf-32" or text.isascii():
            return line, len(text)
        return line, sum(_width(char, encoding) for char in text)

    def changed(self, edit: Edit, version: int) -> Document:
        """Return the document after one change, with the line table carried over.

        The table is patched, not rebuilt: only the lines round the change are scanned, so a key
        press in a large file stays cheap.
        """
        text = self.text[: edit.start] + edit.text + self.text[edit.end :]
        new = Document(self.uri, self.language, version, text)
        old = self.starts
        # A change can join or part a CR and an LF, so the lines on both its sides are scanned.
        first = max(self.line_of(edit.start) - 1, 0)
        last = min(self.line_of(edit.end) + 2, len(old))
        delta = len(edit.text) - (edit.end - edit.start)
        low = old[first]
        high = old[last] + delta if last < len(old) else len(text)
        middle = [low, *(m.end() for m in EOL.finditer(text, low, high))]
        tail = old[last:]
        if tail and middle[-1] == high:
            middle.pop()
        new.__dict__["starts"] = old[:first] + middle + [start + delta for start in tail]
        return new
