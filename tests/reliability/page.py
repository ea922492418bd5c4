"""A document as it has to be: kept line by line, apart from the editor's and the server's text.

It knows three things only: what the user typed where, what the model was asked to change in which
lines, and that nothing else ever changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

_FUNCTION = """\
def step_{n}(value):
    \"\"\"Return what step {n} makes of a value: ré\u0301sumé 🙂 {n}.\"\"\"
    # notes
    first = value + {n}
    total = 0
    for item in range(first):
        total = total + item * value
    total = total + {n}
    return total


"""
_FIRST = re.compile(r"    first = value \+ (\d+)")
_ADDED = re.compile(r"    total = total \+ (\d+)")
#: So many of the lines that the model adds are kept; then it takes one away again.
_MOST_ADDED = 4
_REGION = re.compile(r"Region to rewrite:\n(`{3,})\w*\n(.*?)\n?\1\n", re.DOTALL)


def region_of(prompt: str) -> str | None:
    """Return the code that a prompt asks to be rewritten, as a model finds it."""
    found = _REGION.search(prompt)
    return found[2] if found else None


@dataclass(eq=False, slots=True)
class Line:
    """One line; the same object as long as it is the same line, whatever stands in it."""

    text: str
    function: int
    typed: bool = False


def improved(code: str, number: int) -> str:
    """Return a function as a model gives it back: one line changed, one added or taken away."""
    lines = code.split("\n")
    at = next(i for i, line in enumerate(lines) if _FIRST.match(line))
    lines[at] = _FIRST.sub(f"    first = value + {number}", lines[at])
    added = [i for i, line in enumerate(lines) if _ADDED.match(line)]
    if len(added) >= _MOST_ADDED:
        del lines[added[0]]
    else:
        end = next(i for i, line in enumerate(lines) if line.startswith("    return "))
        lines.insert(end, f"    total = total + {number}")
    return "\n".join(lines)


@dataclass(slots=True)
class Change:
    """What one action may change: decided when it starts, from the lines as they are then."""

    number: int
    first: Line
    first_text: str
    #: The line to go; or None where one is added between those `above` and `last`.
    gone: Line | None
    gone_text: str
    above: list[Line]
    last: Line


@dataclass(slots=True)
class Page:
    """The lines of one document."""

    uri: str
    functions: int
    eol: str = "\n"
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the functions."""
        for number in range(self.functions):
            code = _FUNCTION.format(n=number).removesuffix("\n")
            self.lines += [Line(text, number) for text in code.split("\n")]
        self.lines.append(Line("", -1))

    @property
    def text(self) -> str:
        """The whole text."""
        return self.eol.join(line.text for line in self.lines)

    def of(self, function: int) -> list[Line]:
        """Return the lines of a function."""
        return [line for line in self.lines if line.function == function]

    def end_of(self, line: Line) -> int:
        """Return the offset of the end of a line."""
        at = self.lines.index(line)
        return sum(len(one.text) + len(self.eol) for one in self.lines[:at]) + len(line.text)

    def code(self, function: int) -> str:
        """Return the text of a function, without the blank lines behind it."""
        return "\n".join(line.text for line in self.of(function)).rstrip("\n")

    def change(self, function: int, number: int) -> Change:
        """Return what `improved` does to a function as it is now."""
        lines = self.of(function)
        first = next(line for line in lines if _FIRST.match(line.text))
        added = [line for line in lines if _ADDED.match(line.text)]
        last = next(line for line in lines if line.text.startswith("    return "))
        gone = added[0] if len(added) >= _MOST_ADDED else None
        above = lines[: lines.index(last)]
        gone_text = gone.text if gone else ""
        return Change(number, first, first.text, gone, gone_text, above, last)

    def outcomes(self, change: Change) -> Iterator[list[Line]]:
        """Yield every text that applying a change, whole or in part, may lead to.

        A line that the user has touched since is the user's; then that part may not be applied.
        """
        untouched = change.first in self.lines and change.first.text == change.first_text
        firsts = [None, change.first] if untouched else [None]
        for first in firsts:
            for lines in chain([self.lines], self._seconds(change)):
                if first is None and lines is self.lines:
                    continue
                yield [self._rewritten(line, change) if line is first else line for line in lines]

    def _seconds(self, change: Change) -> Iterator[list[Line]]:
        if change.gone is not None:
            if change.gone in self.lines and change.gone.text == change.gone_text:
                yield [line for line in self.lines if line is not change.gone]
            return
        # The user may have taken away the line above, which the new one does not touch.
        above = next((line for line in reversed(change.above) if line in self.lines), None)
        if above is not None and change.last in self.lines:
            new = Line(f"    total = total + {change.number}", change.last.function)
            # The user may have put lines between the two; on which side of those does not matter.
            start, end = self.lines.index(above) + 1, self.lines.index(change.last)
            for at in range(start, end + 1):
                yield [*self.lines[:at], new, *self.lines[at:]]

    def _rewritten(self, line: Line, change: Change) -> Line:
        text = _FIRST.sub(f"    first = value + {change.number}", line.text)
        return Line(text, line.function, line.typed)

    def take(self, text: str, changes: list[Change]) -> Change | None:
        """Find which of the changes led to a text, and make it; None where none of them could."""
        for change in changes:
            for lines in self.outcomes(change):
                if self.eol.join(line.text for line in lines) == text:
                    self._become(lines)
                    return change
        return None

    def _become(self, lines: list[Line]) -> None:
        """Take over lines, and keep the identity of one that was only rewritten."""
        old = {id(line) for line in self.lines}
        new = {id(line) for line in lines}
        left = [line for line in self.lines if id(line) not in new and _FIRST.match(line.text)]
        for at, line in enumerate(lines):
            if id(line) not in old and _FIRST.match(line.text) and left:
                left[0].text = line.text
                lines[at] = left[0]
        self.lines = lines
