"""How code is laid out: line ends, steps of indentation, and new code fitted to a region's own.

Models write most code with line feeds, four blanks to a step and no base indentation, whatever
they were shown. So lines are compared by the column they begin at, in several readings of the
answer, and the reading counts that finds most of the old lines again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from dola_ls.core.document import Document, Span, split_lines

_INDENT = re.compile(r"[ \t]*")
_INDENTED = re.compile(r"^[ \t]+\S", re.MULTILINE)
#: How many lines before and behind a region tell how code is indented there.
_ROUND = 200
_DEFAULT = "    "
#: What a step of blanks can be wide; the widest that fits counts.
_STEPS = (8, 4, 3, 2, 6, 5, 7)

#: The column a line begins at, and what it says.
Key = tuple[int, str]


def bare(line: str) -> str:
    """Return `line` without its line end."""
    return line.rstrip("\r\n")


def ending(line: str) -> str:
    """Return the line end of `line`."""
    return line[len(bare(line)) :]


def indent_of(line: str) -> str:
    """Return the blanks and tabs that `line` begins with."""
    match = _INDENT.match(line)
    return match[0] if match else ""


def says(line: str) -> bool:
    """Tell whether a line holds a letter or a digit: a brace alone says nothing."""
    return any(char.isalnum() for char in line)


def trim_blank(lines: list[str]) -> list[str]:
    """Return `lines` without the blank ones at either end."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def line_ending(document: Document) -> str:
    """Return the line end that most lines of a document have; ``\\n`` where it has none."""
    # Counted by `str`, not line by line: 10 000 lines are looked through after every answer.
    text = document.text
    if "\r" not in text:
        return "\n"
    both = text.count("\r\n")
    counts = {"\n": text.count("\n") - both, "\r\n": both, "\r": text.count("\r") - both}
    return max(counts, key=lambda ending: counts[ending])


def step_of(lines: Sequence[str]) -> int | None:
    """Return the blanks of one step, as lines without tabs show it; None where they do not.

    What counts is how far lines stand from the leftmost one, so the base does not matter.
    """
    widths = [
        len(indent) for line in lines if line.strip() and "\t" not in (indent := indent_of(line))
    ]
    base = min(widths, default=0)
    deeper = [width - base for width in widths if width - base > 1]
    for step in _STEPS:
        fits = sum(width % step == 0 for width in deeper)
        if deeper and fits * 10 >= len(deeper) * 9 and step in deeper:
            return step
    return None


@dataclass(frozen=True, slots=True)
class Style:
    """How the lines of a region are indented."""

    #: One step: a tab or some blanks.
    unit: str
    #: Whether any line shows it; else it is only the usual one.
    known: bool = True
    #: Whether some lines begin with tabs and others with blanks.
    mixed: bool = False

    @property
    def columns(self) -> int:
        """The columns of one step, and of one tab."""
        return 4 if self.unit == "\t" else len(self.unit)


def _kinds(lines: Sequence[str]) -> tuple[int, int]:
    """Count the lines that begin with tabs, and those that begin with blanks."""
    indents = [indent_of(line) for line in lines if line.strip()]
    # One blank alone is the look of a comment: ` * like this`.
    return (
        sum(indent[:1] == "\t" for indent in indents),
        sum(indent[:1] == " " and indent != " " for indent in indents),
    )


def style_of(document: Document, region: Span) -> Style:
    """Return how a region is indented, as its own lines show it, else those round it."""
    own = split_lines(document.text[region.start : region.end])
    first = max(document.line_of(region.start) - _ROUND, 0)
    last = min(document.line_of(region.end) + _ROUND, document.line_count - 1)
    text = document.text[document.starts[first] : document.line_span(last).end]
    if not _INDENTED.search(text):
        text = document.text
    round_it = split_lines(text)
    tabs, blanks = _kinds(own)
    mixed = bool(tabs and blanks)
    if not tabs and not blanks:
        tabs, blanks = _kinds(round_it)
    if not tabs and not blanks:
        return Style(_DEFAULT, known=False)
    if tabs > blanks:
        return Style("\t", mixed=mixed)
    near = step_of([line for line in round_it if "\t" not in indent_of(line)])
    step = step_of(own) or near or 4
    if near is not None and step > near and step % near == 0:
        step = near  # the region's only deeper lines are continued ones
    return Style(" " * step, mixed=mixed)


def _columns(indent: str, tab: int) -> int:
    return sum(tab if char == "\t" else 1 for char in indent)


def _text(line: str) -> str:
    return line[len(indent_of(line)) :].rstrip()


def _key(line: str, tab: int) -> Key:
    text = _text(line)
    return (_columns(indent_of(line), tab) if text else 0, text)


def scaled(columns: int, step: int, to: int) -> int:
    """Return a distance in steps of `step` columns as one in steps of `to` columns."""
    size = abs(columns)
    size = size // step * to + size % step
    return size if columns >= 0 else -size


class Layout:
    """The lines of an answer, fitted to those of a region; neither has blank lines at its ends.

    `old` and `new` are what the lines are compared by: equal ones are the same line.
    """

    def __init__(
        self,
        answer: Sequence[str],
        region: Sequence[str],
        style: Style,
        rescale: bool,
        literal: Set[int] = frozenset(),
    ) -> None:
        """Choose the reading of `answer` that finds the most lines of `region` again.

        `rescale` says that steps of another width are the answer's own even where no line
        shows it: true of code, not of prose, in which depths mean other things. The lines of
        `answer` numbered in `literal` keep their own blanks.
        """
        self._answer = [line.rstrip(" \t") for line in answer]
        self._style = style
        self._literal = literal
        texts = [_text(line) for line in answer]
        best = -1
        self.old: list[Key] = []
        self.new: list[Key] = []
        self._tab = style.columns
        self._raw = True
        for tab in dict.fromkeys((style.columns, 4, 8, 2) if style.mixed else (style.columns,)):
            old = [(_columns(indent_of(line), tab) if line.strip() else 0, line.strip())
                   for line in region]  # fmt: skip
            known = Counter(key for key in old if says(key[1]))
            written = [_columns(indent_of(line), tab) for line in self._answer]
            for columns, raw in self._readings(old, tab, rescale):
                for at in literal:
                    columns[at] = written[at]
                new = [(at if text else 0, text) for at, text in zip(columns, texts, strict=True)]
                found = sum((Counter(key for key in new if says(key[1])) & known).values())
                if found > best:
                    best, self._tab, self._raw, self.old, self.new = found, tab, raw, old, new
        if self._raw and style.known:
            tabs, blanks = _kinds(region)
            kinds = {char for line in answer for char in indent_of(line)}
            allowed = {"\t"} if tabs else {" "} if blanks else {style.unit[0]}
            self._raw = not style.mixed and (kinds - {" "}) <= allowed and (
                kinds != {" "} or allowed == {" "}
            )  # fmt: skip
        self._indents: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for at, line in enumerate(region):
            if line.strip():
                self._indents[self.old[at][0]].append((at, indent_of(line)))

    def _readings(
        self, old: list[Key], tab: int, rescale: bool
    ) -> Iterator[tuple[list[int], bool]]:
        """Yield the columns of the answer's lines, and whether they are as they were written.

        Of readings that do as well, the first is taken.
        """
        columns = [_columns(indent_of(line), tab) for line in self._answer]
        if not columns or not old:
            yield columns, True
            return
        have, want = columns[0], old[0][0]
        tabs = any("\t" in indent_of(line) for line in self._answer)
        code = [line for at, line in enumerate(self._answer) if at not in self._literal]
        step = None if tabs or not self._style.known else step_of(code)
        other = step is not None and step != tab
        # Eight columns are more often a continued line than a step.
        sure = rescale and other and step != 8
        if sure and step is not None:
            yield [max(want + scaled(at - have, step, tab), 0) for at in columns], False
        shifted = [max(at + want - have, 0) for at in columns]
        left = {key for key in old if key[0] < want}
        if left and have < want:
            # Text of a string, or a label, that stands left of all code and stays there.
            known = set(old)
            texts = [_text(line) for line in self._answer]
            shifted = [
                at if (at, text) in left and (to, text) not in known else to
                for at, to, text in zip(columns, shifted, texts, strict=True)
            ]
        yield shifted, have == want
        if have != want:
            yield columns, True
            yield [want, *columns[1:]], False
        if other and not sure and step is not None:
            yield [max(want + scaled(at - have, step, tab), 0) for at in columns], False

    def line(self, at: int, beside: int) -> str:
        """Return a line of the answer as it is to stand, next to line `beside` of the region."""
        text = self._answer[at]
        said = text[len(indent_of(text)) :]
        if self._raw or not said or at in self._literal:
            return text if said else ""
        return self._indent(self.new[at][0], beside) + said

    def _indent(self, columns: int, beside: int) -> str:
        unit, prefix = self._style.unit, ""
        if self._style.mixed:
            # As the nearest line of the region that begins at the same column, else less deep.
            while columns and columns not in self._indents:
                columns -= 1
                prefix += " "
            found = self._indents.get(columns, [(0, "")])
            at = bisect_left(found, (beside, ""))
            near = min(found[max(at - 1, 0) : at + 1], key=lambda one: abs(one[0] - beside))
            rest = len(prefix)
            if (near[1] or unit)[0] == "\t":
                return near[1] + "\t" * (rest // self._tab) + " " * (rest % self._tab)
            return near[1] + prefix
        if unit == "\t":
            return "\t" * (columns // self._tab) + " " * (columns % self._tab)
        return " " * columns
