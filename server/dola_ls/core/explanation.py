"""An explanation as a model wrote it, and the same in the form that is shown.

What a small model writes only resembles what it was asked for. Its headings are recognised by what
they say, and its sections put into one order; no word is added, and none of its text is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dola_ls.core.safe_markdown import Part, parts

_FIRST, _VALUES = "What it does", "Inputs and outputs"
#: The sections in the order in which they are shown, and what models call them.
_SECTIONS: dict[str, re.Pattern[str]] = {
    _FIRST: re.compile(
        r"what (?:it|this|the (?:code|function|method|class)|\w+) does"
        r"|what does (?:it|this|the (?:code|function|method|class)|\w+) do"
        r"|overview|purpose|summary|description|functionality|how it works|behaviou?r"
    ),
    _VALUES: re.compile(
        r"(?=.*\b(?:input|output|parameter|argument|result|return))"
        r"(?:(?:inputs?|outputs?|parameters?|arguments?|results?|returns?|returned|values?|types?"
        r"|and|or|of|the)(?: |$))+"
    ),
    "Side effects": re.compile(r"side effects?"),
    "Pitfalls": re.compile(
        r"(?:(?:potential|possible|known|common) )?"
        r"(?:pitfalls?|bugs?|issues?|problems?|caveats?|gotchas?|limitations?|edge cases?"
        r"|surprises?)(?: (?:and|or) \w+)?"
    ),
}
#: `Returns` names but a part of its section, and stays.
_WHOLE = re.compile(r".+ (?:and|or) .+")
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*$")
_LABEL = re.compile(
    r"^(?:\*\*|__)(?P<bold>[^*_`:]{3,40}):?(?:\*\*|__):?(?:\s+(?P<after>\S.*))?$"
    r"|^(?P<plain>[A-Z][^*_`:]{2,39}):(?:\s+(?P<rest>\S.*))?$"
)
_WRAPPED = re.compile(r"\s*(?P<mark>```|~~~)[`~]*(?:markdown|md)[ \t]*\n(?P<inner>.*)", re.DOTALL)
_CHATTER = re.compile(r"^(?:certainly|sure(?: thing)?|of course|absolutely)[!.,][ \t]*", re.I)
#: The characters of the short form, and its sentences.
_SHORT, _SENTENCES = 300, 2
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])[ \n]+(?=[A-Z`*_\"(])")
_ABBREVIATION = re.compile(r"(?:e\.g|i\.e|etc|vs|cf|approx)\.$", re.I)
_NOT_PROSE = re.compile(r"^ {0,3}(?:#|>|\||[-*_]{3,}\s*$)")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it, as Markdown without blank lines at either end."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model said, in parts; those it did not write are not there."""

    #: What stands before the first heading.
    lead: str
    sections: tuple[Section, ...]

    @property
    def markdown(self) -> str:
        """All of it, the known sections first and in their own order."""
        pieces = [self.lead] if self.lead else []
        for section in self.sections:
            pieces.append(f"## {section.title}\n\n{section.text}".rstrip())
        return "\n\n".join(pieces) + "\n" if pieces else ""

    @property
    def short(self) -> str:
        """Its first one or two sentences on what the code does; empty where it has none."""
        first = next((one.text for one in self.sections if one.title == _FIRST), "")
        return next((text for text in map(_short, (self.lead, first)) if text), "")


def as_plain_text(markdown: str) -> str:
    """Return safe Markdown of one paragraph as it reads without its marks."""
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", markdown)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text.replace("`", ""))
    return text.replace("&lt;", "<")


def unwrapped(text: str) -> str:
    """Return an answer without the one block that a model may have put all of it into."""
    match = _WRAPPED.fullmatch(text)
    if match is None:
        return text
    lines = match["inner"].rstrip().split("\n")
    marks = [n for n, line in enumerate(lines) if line.lstrip().startswith(match["mark"])]
    # Those inside come in pairs; the one left over is the end.
    if len(marks) % 2 and not lines[marks[-1]].strip("`~ \t"):
        del lines[marks[-1]]
    return "\n".join(lines)


def read_explanation(markdown: str) -> Explanation:
    """Read an answer; `markdown` must be what `safe_markdown` gave."""
    reader = _Reader()
    for part in parts(markdown):
        if part.code:
            reader.take("\n".join(part.lines))
        else:
            for line in part.lines:
                reader.line(line)
    return reader.explanation()


class _Reader:
    """Sorts lines into sections."""

    def __init__(self) -> None:
        self._lead: list[str] = []
        self._known: dict[str, list[str]] = {}
        self._others: list[tuple[str, list[str]]] = []
        self._section = ""
        self._now = self._lead

    def line(self, line: str) -> None:
        heading, label = _HEADING.match(line), _LABEL.match(line)
        if heading is not None:
            self._heading(heading["title"].strip("*: "), len(heading["marks"]))
        elif label is not None and self._begins(title := label["bold"] or label["plain"]):
            self._open(title)
            self.take(label["after"] or label["rest"] or "")
        else:
            begins = not self._section and not any(map(str.strip, self._lead))
            self.take(_CHATTER.sub("", line) if begins else line)

    def take(self, text: str) -> None:
        """Take in a line, or a block of code; of several blank lines the first."""
        if text.strip() or (self._now and self._now[-1].strip()):
            self._now.append(text)

    def explanation(self) -> Explanation:
        sections = [(title, self._known[title]) for title in _SECTIONS if title in self._known]
        read = [Section(title, _trimmed(lines)) for title, lines in (*sections, *self._others)]
        return Explanation(_trimmed(self._lead), tuple(one for one in read if one.text))

    def _heading(self, title: str, level: int) -> None:
        if self._begins(title):
            self._open(title)
        elif not self._section and (level == 1 or not _short(_trimmed(self._lead))):
            return  # its own title; the page has one
        elif self._section and (level > 2 or _section_of(title)):
            self._inner(title)
        else:
            self._section, self._now = title, []
            self._others.append((title, self._now))

    def _begins(self, title: str) -> bool:
        """Tell whether a heading is that of a known section other than the one at hand."""
        section = _section_of(title)
        return section not in ("", self._section)

    def _open(self, title: str) -> None:
        self._section = _section_of(title)
        self._now = self._known.setdefault(self._section, [])
        self.take("")
        if self._section == _VALUES and not _WHOLE.fullmatch(_words(title)):
            self._inner(title.strip())

    def _inner(self, title: str) -> None:
        for line in ("", f"### {title}", ""):
            self.take(line)


def _words(title: str) -> str:
    """Return the words of a heading, without numbers, marks and pictures."""
    return " ".join(re.findall(r"[a-z]+", re.sub(r"[&/]", " and ", title.casefold())))


def _section_of(title: str) -> str:
    words = _words(title)
    return next((name for name, is_it in _SECTIONS.items() if words and is_it.fullmatch(words)), "")


def _trimmed(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def _short(markdown: str) -> str:
    for part in _prose(markdown):
        text = " ".join(line.strip() for line in part.lines)
        text = _ITEM.sub("", text)
        # "Here is what it does:" says nothing of it.
        if text and not text.endswith(":"):
            return _cut(text)
    return ""


def _prose(markdown: str) -> Iterator[Part]:
    for part in parts(markdown):
        if part.code or part.blank or _NOT_PROSE.match(part.lines[0]):
            continue
        first = part.lines[0]
        if _ITEM.match(first):
            # The first item alone, with the lines that go on with it.
            rest = part.lines[1:]
            more = next((n for n, line in enumerate(rest) if _ITEM.match(line)), len(rest))
            yield Part((first, *rest[:more]))
        else:
            stop = next((n for n, line in enumerate(part.lines) if _ITEM.match(line)), None)
            yield Part(part.lines[:stop])


def _cut(text: str) -> str:
    """Return the first sentences of a paragraph, as many as are short."""
    sentences: list[str] = []
    for piece in _SENTENCE_ENDS.split(text):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += f" {piece}"
        else:
            sentences.append(piece)
    short = ""
    for sentence in sentences[:_SENTENCES]:
        if short and len(short) + len(sentence) >= _SHORT:
            break
        short = f"{short} {sentence}".strip()
    if len(short) <= _SHORT:
        return short
    return short[:_SHORT].rpartition(" ")[0].rstrip(" ,;:") + "…"
