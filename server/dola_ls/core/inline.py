"""What a completion at the cursor is asked with: the text before it and after it, in a budget."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from string import Template

from dola_ls.core.actions import COMPLETE
from dola_ls.core.context import CHARS_PER_TOKEN, file_name, plain_newlines
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of
from dola_ls.core.layout import indent_of
from dola_ls.core.prompt import Fill, Prompt, fence_for

#: The most tokens that the text round the cursor takes: what stands far away is rarely of use, and
#: the answer is waited for.
_MOST_TOKENS = 2000
#: The share of them that goes to the text after the cursor.
_AFTER_SHARE = 0.3
#: The text before the cursor begins at a line whose number is a multiple of this, so that a server
#: that keeps what it has read need not read it anew after each line.
_STEADY = 8
#: Tokens of an answer, for one line and for each of several.
_ONE_LINE, _EACH_LINE, _MOST_ANSWER = 64, 16, 512
#: Where the cursor is, as a chat model sees it.
_MARK = "<|cursor|>"
#: How a line ends that a deeper one follows.
_OPENERS = (":", "{", "(", "[")
_TAB = 4


@dataclass(frozen=True, slots=True)
class Window:
    """The text round a cursor, with ``\\n`` line ends."""

    file: str
    language: str
    prefix: str
    suffix: str
    #: Whether only this line is to be completed, as there is text behind the cursor.
    single_line: bool

    @property
    def line_prefix(self) -> str:
        """The text of the cursor's line before it."""
        return self.prefix.rpartition("\n")[2]

    @property
    def line_suffix(self) -> str:
        """The text of the cursor's line behind it."""
        return self.suffix.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a completion goes: at a cursor, or in the place of what a menu would replace."""

    #: What is replaced; empty at a cursor.
    span: Span
    #: What the editor's own menu has selected, with which the new text begins.
    selected: str = ""

    def whole_prefix(self, document: Document) -> str:
        """Return all the text before the new one, with what is selected."""
        return document.text[: self.span.start] + self.selected

    def whole_suffix(self, document: Document) -> str:
        """Return all the text behind the new one."""
        return document.text[self.span.end :]


def window(document: Document, place: Place, context_tokens: int, lead: str = "") -> Window:
    """Return the text round a place, in about the tokens of context that a model can afford.

    `lead` is code that comes before the document: that of the cells before it in a notebook.
    """
    room = int(min(context_tokens, _MOST_TOKENS) * CHARS_PER_TOKEN)
    after = plain_newlines(document.text[place.span.end : place.span.end + room])
    at = document.line_of(place.span.end)
    rest = document.text[place.span.end : document.line_span(at).end]
    suffix = _head(after, int(room * _AFTER_SHARE))
    start = _start(document, place.span.start, room - len(suffix) - len(place.selected))
    prefix = plain_newlines(document.text[start : place.span.start]) + place.selected
    if start == 0:
        prefix = prefix.removeprefix("\ufeff")
        prefix = _tail(plain_newlines(lead), room - len(suffix) - len(prefix)) + prefix
    return Window(
        file_name(document.uri),
        document.language,
        prefix,
        suffix,
        single_line=bool(rest.strip()),
    )


def _head(text: str, room: int) -> str:
    """Return whole lines of the beginning of a text, or a part of its first line."""
    if len(text) <= room:
        return text
    end = text.rfind("\n", 0, room)
    return text[: end + 1] if end > 0 else text[:room]


def _tail(text: str, room: int) -> str:
    """Return whole lines of the end of a text, and a blank one behind them."""
    text = text.strip("\n")
    if len(text) + 2 > room:
        start = text.find("\n", len(text) + 2 - room) + 1 if room > 2 else 0
        text = text[start:] if start else ""
    return f"{text}\n\n" if text else ""


def _start(document: Document, offset: int, room: int) -> int:
    if offset <= room:
        return 0
    at = document.line_of(offset)
    line = document.line_of(offset - room) + 1
    if line > at:  # one line longer than all the room
        return offset - room
    steady = -(-line // _STEADY) * _STEADY
    return document.starts[steady if steady <= at else line]


def ask_to_fill(window: Window, max_lines: int) -> Prompt:
    """Return the prompt for a model that was trained to fill in the middle."""
    return Prompt(
        system="",
        # So that whoever looks through a prompt sees all of it.
        user=window.prefix + window.suffix,
        max_tokens=_answer_tokens(window, max_lines),
        action=COMPLETE.id,
        fill=Fill(window.prefix, window.suffix, window.single_line),
    )


def ask_to_chat(window: Window, max_lines: int) -> Prompt:
    """Return the prompt for a model that follows instructions; it answers with a fenced block."""
    text = (files("dola_ls.core") / "prompts" / "complete.md").read_text(encoding="utf-8")
    system, user, task = text.split("\n---\n")
    mark, number = _MARK, 1
    code = window.prefix + window.suffix
    while mark in code:
        number += 1
        mark = f"<|cursor {number}|>"
    limit = "the rest of this line" if window.single_line else f"at most {max_lines} lines"
    fields = {
        "file": window.file,
        "language": language_of(window.language).name,
        "label": window.language,
        "fence": fence_for(code),
        "code": f"{window.prefix}{mark}{window.suffix}".rstrip("\n") + "\n",
        "mark": mark,
        "limit": limit,
    }
    fields["task"] = Template(task.strip()).substitute(fields)
    return Prompt(
        system=Template(system.strip()).substitute(fields),
        user=Template(user.strip() + "\n").substitute(fields),
        # A fence, and an answer that repeats the line.
        max_tokens=_answer_tokens(window, max_lines) + 128,
        action=COMPLETE.id,
    )


def _answer_tokens(window: Window, max_lines: int) -> int:
    if window.single_line:
        return _ONE_LINE
    return min(_ONE_LINE + _EACH_LINE * max_lines, _MOST_ANSWER)


def without_repeated_line(window: Window, text: str) -> str:
    """Return a chat model's text without the beginning of the cursor's line, where it repeats it.

    Asked for what follows ``x = ``, models like to answer the whole line.
    """
    line = window.line_prefix
    if text.startswith(line):
        return text[len(line) :]
    said = line.strip()
    if len(said) > 2 and text.lstrip(" \t").startswith(said):
        rest = text.lstrip(" \t")[len(said) :]
        return rest.lstrip(" \t") if line != line.rstrip() else rest
    return text


def in_its_column(window: Window, text: str) -> str:
    """Return a chat model's text with its later lines as deep as the cursor's line.

    Asked for lines within a block, models like to begin them at the left edge.
    """
    base = indent_of(window.line_prefix)
    first, *others = text.split("\n")
    following = next((line for line in others if line.strip()), "")
    if not base or not following:
        return text
    columns = len(indent_of(following).expandtabs(_TAB))
    opens = (window.line_prefix + first).rstrip().endswith(_OPENERS)
    # A line that a blank one comes before may well belong to what encloses the block.
    at_edge = not columns and bool(others[0].strip()) and not window.line_prefix.strip()
    if not at_edge and not (opens and columns <= len(base.expandtabs(_TAB))):
        return text
    return "\n".join([first, *(base + line if line.strip() else line for line in others)])
