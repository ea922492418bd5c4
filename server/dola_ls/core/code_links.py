"""Links from an explanation to the lines and the symbols of the code that it names.

They are made of safe Markdown, in which nothing else links. The words stay as they read, in
brackets, and where they lead stands at the end: `see [line 12]`, and below `[line 12]: a.py#L12`.
An answer is mostly read as plain text, in which an address after each line would be in the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dola_ls.core.document import Span
from dola_ls.core.parsing import Tree
from dola_ls.core.safe_markdown import INLINE_CODE, is_plain, parts
from dola_ls.core.syntax import Symbol, symbol_of

#: `line 12`, `lines 12–15`, `lines 3, 5 and 8`, `L12-L15`. With one digit `L2` is a name.
_LINES = re.compile(
    r"\b(?:[Ll]ines?[ \u00a0]\d{1,7}(?:(?:, ?(?:and )?| and | to | ?[-–—] ?)\d{1,7}){0,6}"
    r"|L\d{2,7}(?:[-–]L?\d{2,7})?)\b"
)
#: What may stand before a paragraph on its first line.
_BEGINNING = re.compile(r"(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*")
_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"(?P<name>[^\W\d]\w*(?:(?:\.|::|#)[^\W\d]\w*)*)(?:\([^`\n]{0,80}\))?")
#: Qualifiers that name nothing.
_OWN = frozenset({"self", "cls", "this", "super"})
#: In a text a name may stand this often before its declaration.
_MOST_PLACES = 500


@dataclass(slots=True)
class _Links:
    """What has been linked so far: a label and its line for each."""

    line_of: Callable[[str], int | None]
    lines: range
    #: By the form in which labels are compared.
    found: dict[str, tuple[str, int]] = field(default_factory=dict)
    #: Names link where they come first, and nowhere else.
    names: set[str] = field(default_factory=set)

    def line(self, text: str) -> str:
        """Return a line of a paragraph with its links; headings are for outlines, and have none."""
        if text.lstrip().startswith("#"):
            return text
        pieces: list[str] = []
        position = 0
        for match in INLINE_CODE.finditer(text):
            pieces += self._prose(text, position, match.start()), self._code(text, match)
            position = match.end()
        return "".join(pieces) + self._prose(text, position, len(text))

    def _prose(self, text: str, start: int, end: int) -> str:
        done: list[str] = []
        for match in _LINES.finditer(text, start, end):
            numbers = [int(number) for number in _NUMBER.findall(match[0])]
            if all(number in self.lines for number in numbers):
                done += text[start : match.start()], self._link(text, match, numbers[0])
                start = match.end()
        return "".join(done) + text[start:end]

    def _code(self, text: str, match: re.Match[str]) -> str:
        name = _NAME.fullmatch(match[2].strip())
        if name is None or name["name"] in self.names:
            return match[0]
        self.names.add(name["name"])
        line = self.line_of(name["name"])
        return self._link(text, match, line) if line is not None else match[0]

    def _link(self, text: str, match: re.Match[str], line: int) -> str:
        """Return words in brackets, where these make a link of them and of nothing else."""
        if match.start() and text[match.start() - 1] in "![]\\":
            return match[0]
        self.found.setdefault(_label(match[0]), (match[0], line))
        before, behind = text[: match.start()], text[match.end() : match.end() + 1]
        if behind == ":" and _BEGINNING.fullmatch(before):
            # At the beginning of a paragraph that would be a definition.
            return f"**[{match[0]}]**"
        return f"[{match[0]}][]" if behind and behind in "([" else f"[{match[0]}]"


def _label(text: str) -> str:
    return " ".join(text.casefold().split())


def with_links(
    markdown: str, address: str, lines: range, line_of: Callable[[str], int | None]
) -> str:
    """Return safe Markdown with links to what it names.

    `address` is that of the document, percent-encoded; `#L12` is put behind it. `lines` are the
    numbers that the model could know; `line_of` gives the line of a name, where one is declared.
    """
    links = _Links(line_of, lines)
    written: list[str] = []
    for part in parts(markdown):
        # Where viewers may find different pieces of code, brackets could be part of some.
        linked = not part.code and is_plain(part.lines)
        written += map(links.line, part.lines) if linked else part.lines
    ends = [f"[{label}]: {address}#L{line}" for label, line in links.found.values()]
    return "\n".join([*written, "", *ends] if ends else written) + "\n"


def line_of_symbol(tree: Tree, name: str, but: Symbol | None = None) -> int | None:
    """Return the line, from one up, on which the only symbol of a name is declared.

    `name` may be qualified. `but` is the symbol that the reader has before them.
    """
    *qualifiers, last = re.split(r"\.|::|#", name)
    found = {one for one in _declared(tree, last) if but is None or one.name_span != but.name_span}
    if qualifiers and qualifiers[-1] not in _OWN:
        found = {one for one in found if one.container == qualifiers[-1]}
    lines = {tree.document.line_of(symbol.name_span.start) + 1 for symbol in found}
    return lines.pop() if len(lines) == 1 else None


def _declared(tree: Tree, name: str) -> Iterator[Symbol]:
    for count, match in enumerate(re.finditer(rf"\b{re.escape(name)}\b", tree.document.text)):
        if count == _MOST_PLACES:
            return
        low = tree.byte(match.start())
        node = tree.tree.root_node.descendant_for_byte_range(low, low + 1)
        while node is not None:
            symbol = symbol_of(tree, node)
            if symbol is not None:
                if symbol.name_span.covers(Span(match.start(), match.end())):
                    yield symbol
                break
            node = node.parent
