"""Markdown from a model, made safe to show: it can load, run and link to nothing.

Viewers disagree on where code begins and ends, so nothing hangs on that: code blocks are written
anew in the one form that all of them read alike, and what is not surely code is defused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dola_ls.core.policy import CONTROL, HIDDEN

_MAX_SHOWN = 60_000

#: A line that opens a block of code, also inside a quotation or an item of a list.
_OPENS = re.compile(
    r"^(?P<before>(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)"
    r"(?P<mark>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)$"
)
_RUN = re.compile(r"`+")
INLINE_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_IMAGE = re.compile(r"!\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?")
#: Not `items[0](x)`, which is code without backticks.
_LINK = re.compile(r"(?<![\w\])])\[([^\]]*)\]\([^)]*\)")
#: What makes a link, or the definition of one, of words in brackets.
_LINKS = re.compile(r"\](?=[(\[:])")
_COLON = r"(?::|&#0*58;?|&#x0*3a;?|&colon;)"
_ADDRESS = re.compile(rf"\b([a-z][a-z0-9+.-]*){_COLON}(?://|\\\\)(?=\S)", re.IGNORECASE)
_SCHEME = re.compile(
    r"\b(https?|wss?|ftps?|file|command|vscode[a-z-]*|javascript|data|mailto|ssh|git|smb)"
    rf"{_COLON}(?=[^\s:])",
    re.IGNORECASE,
)
_WWW = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w/\\\[])(//|\\\\)(?=[^\s/])")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph, or a block of code with its fences; blank lines stand between parts or none."""

    lines: tuple[str, ...]
    code: bool = False

    @property
    def blank(self) -> bool:
        """Whether it is an empty line between others."""
        return self.lines == ("",)


def safe_markdown(text: str) -> str:
    """Return Markdown that shows the same words but can load, run or link to nothing.

    No HTML, images, links or references, no control or invisible characters, and at most 60 000
    characters; code keeps its text, and a block left open is closed.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = HIDDEN.sub("", CONTROL.sub("", _ANSI.sub("", text)))
    if len(text) > _MAX_SHOWN:
        text = text[:_MAX_SHOWN].rstrip() + "\n\n… cut here."
    lines: list[str] = []
    for part in _parts(text):
        lines += part.lines if part.code else _safe_paragraph(part.lines)
    return "\n".join(lines).strip() + "\n"


def parts(markdown: str) -> Iterator[Part]:
    """Yield the paragraphs, the blank lines and the blocks of code of safe Markdown."""
    yield from _parts(markdown.strip("\n"))


def is_plain(lines: tuple[str, ...]) -> bool:
    """Tell whether every viewer finds the same inline code in the lines of a paragraph.

    That is so where each span ends in its own line, none begins after a backslash, and none holds
    a ``|``, at which a table would cut it.
    """
    return all(map(_is_plain, lines))


def _is_plain(line: str) -> bool:
    if "\\`" in line:
        return False
    spans = INLINE_CODE.findall(line)
    return "`" not in INLINE_CODE.sub("", line) and not any("|" in span[1] for span in spans)


def _parts(text: str) -> Iterator[Part]:
    paragraph: list[str] = []
    lines = iter(text.split("\n"))
    for line in lines:
        opens = _OPENS.match(line)
        code = opens is not None and ">" not in opens["before"]
        if opens is not None and not code:
            # Where a quotation ends, the code in it does too: that is for no line to tell.
            start = opens.start("mark")
            line = f"{line[:start]}\\{line[start:]}"
        if not code and line.strip():
            paragraph.append(line)
            continue
        item = opens["before"].strip() if opens is not None and code else ""
        if item:
            paragraph.append(item)
        if paragraph:
            yield Part(tuple(paragraph))
            paragraph = []
        yield _code(opens, lines) if opens is not None and code else Part(("",))
    if paragraph:
        yield Part(tuple(paragraph))


def _code(opens: re.Match[str], lines: Iterator[str]) -> Part:
    """Return a block of code, up to its end, at the left margin and between fences that hold."""
    mark, width = opens["mark"], len(opens["before"].expandtabs(4))
    body: list[str] = []
    for line in lines:
        end = line.strip()
        if len(end) >= len(mark) and not end.strip(mark[0]):
            break
        blanks = len(line) - len(line.lstrip(" "))
        body.append(line[min(blanks, width) :])
    longest = max((len(run) for line in body for run in _RUN.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    info = re.sub(r"[^\w+#.-]", "", opens["info"].strip().partition(" ")[0])
    return Part((fence + info, *body, fence), code=True)


def _safe_paragraph(lines: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a paragraph; inline code keeps its ``<`` only where it surely is code."""
    plain = is_plain(lines)
    for line in lines:
        yield "".join(_safe_line(line, plain))


def _safe_line(line: str, plain: bool) -> Iterator[str]:
    position = 0
    for match in INLINE_CODE.finditer(line) if plain else ():
        yield _defuse(line[position : match.start()])
        yield _defang(match[0])
        position = match.end()
    yield _defuse(line[position:])


def _defuse(text: str) -> str:
    """Take everything out of a piece of Markdown that a viewer could load, run or follow."""
    text = _IMAGE.sub(lambda match: match[1], text)
    text = _LINK.sub(lambda match: match[1], text)
    return _LINKS.sub(r"]\\", _defang(text.replace("<", "&lt;")))


def _defang(text: str) -> str:
    """Write addresses so that they read well and no viewer makes a link of them.

    This is done inside inline code too: where such a span begins and ends is something on which
    viewers disagree, so nothing may hang on it.
    """
    text = _SCHEME.sub(r"\1[:]", _ADDRESS.sub(r"\1[://]", text))
    text = _HOST.sub(r"[\1]", _WWW.sub("www[.]", text))
    return text.replace("![", "!\\[")
