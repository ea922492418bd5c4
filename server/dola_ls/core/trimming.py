"""From what a model says to what may stand at the cursor: no more than the syntax asks for.

A completion ends where its block ends, brings in no bracket or quote that stands behind the cursor
already, and repeats nothing of what follows. All texts have ``\\n`` line ends; `fitted` gives a
completion the line ends and the tabs of its document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dola_ls.core.document import Document, Span
from dola_ls.core.inline import Window
from dola_ls.core.languages import language_of
from dola_ls.core.layout import indent_of, line_ending, says, step_of, style_of

#: What models that fill gaps put at the end, where a server does not take it away.
_SPECIAL = re.compile(r"<\|(?:endoftext|end|im_end|im_start|cursor|fim_\w+|repo_name|file_sep)\|>")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = frozenset(_PAIRS.values())
_QUOTES = ("'''", '"""', "'", '"', "`")
#: A line that closes a block at the block's own indentation.
_CLOSING = re.compile(r"[)\]}]|(?:end|fi|done|esac)\b|</")
#: A line that goes on with what a block at the same indentation began.
_GOING_ON = re.compile(
    r"(?:else|elif|elsif|except|finally|catch|rescue|ensure|when|case)\b|default:"
)
_TAB = 4
#: What closes code within a string of JavaScript.
_TEMPLATE = "}`"


def trimmed(window: Window, text: str, max_lines: int, *, whole: bool = True) -> str:
    """Return what of a model's text is inserted; empty where nothing of it is of use.

    `whole` tells that the model came to its end; if it did not, its last line is a half one.
    """
    special = _SPECIAL.search(text)
    if special is not None and special[0] not in window.prefix + window.suffix:
        text, whole = text[: special.start()], True
    lines = text.split("\n")
    if window.single_line:
        # A line that another one follows is whole, whatever became of that.
        if not whole and len(lines) == 1:
            return ""
        lines = lines[:1]
    elif not whole:
        lines.pop()
    lines = lines[: _end_of_block(window.line_prefix, lines)]
    lines = lines[: max(max_lines, 1)]
    lines = lines[: _end_before_suffix(lines, window.suffix)]
    text = _without_closers(window, "\n".join(lines))
    if window.single_line:
        text = _without_rest(text, window.line_suffix)
    text = text.rstrip() if not window.line_suffix.strip() else text.rstrip("\n")
    return text if text.strip() else ""


def is_enough(window: Window, text: str, max_lines: int) -> bool:
    """Tell whether more text cannot change the completion, so that it need not be waited for."""
    *lines, _ = text.split("\n")
    if not lines:
        return False
    if window.single_line:
        return True
    return len(lines) > max_lines or _end_of_block(window.line_prefix, lines) < len(lines)


def fitted(document: Document, at: int, text: str) -> str:
    """Return a completion at an offset with the document's line ends, and its tabs or blanks."""
    first, *others = text.split("\n")
    unit = style_of(document, Span(at, at)).unit
    if unit == "\t":
        step = step_of(others) or _TAB
        others = [_with_tabs(line, step) for line in others]
    else:
        others = [
            indent_of(line).replace("\t", unit) + line[len(indent_of(line)) :] for line in others
        ]
    return line_ending(document).join([first, *others])


def _with_tabs(line: str, step: int) -> str:
    indent = indent_of(line)
    columns = len(indent.expandtabs(step))
    return "\t" * (columns // step) + " " * (columns % step) + line[len(indent) :]


# -- how deep --------------------------------------------------------------------------------------


def _end_of_block(line_prefix: str, lines: Sequence[str]) -> int:
    """Return how many lines belong to the statement or block that is begun at the cursor."""
    base = _columns(line_prefix)
    begun = 0
    if not line_prefix.strip():
        # Where nothing stands before the cursor, the first line of the text says how deep it is.
        begun = next((number for number, line in enumerate(lines) if line.strip()), 0)
        base = _columns((line_prefix if begun == 0 else "") + lines[begun]) if lines else base
    deeper = False
    for number in range(begun + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            following = next((rest for rest in lines[number + 1 :] if rest.strip()), "")
            # A blank line may stand within a block; between statements it ends them.
            if not deeper and not (following and _columns(following) > base):
                return number
            continue
        columns = _columns(line)
        if columns < base:
            return number
        if columns > base:
            deeper = True
            continue
        if _CLOSING.match(line.strip()):
            if not _opens(line):
                return number + 1
        elif deeper and not _GOING_ON.match(line.strip()):
            return number
    return len(lines)


def _columns(line: str) -> int:
    return len(indent_of(line).expandtabs(_TAB))


def _opens(line: str) -> bool:
    return line.rstrip().endswith((*_PAIRS, ":", "then", "do", ","))


# -- what follows ----------------------------------------------------------------------------------


def _end_before_suffix(lines: Sequence[str], suffix: str) -> int:
    """Return how many lines come before those that the text behind the cursor begins with."""
    following = [line.strip() for line in suffix.split("\n") if line.strip()]
    if not following:
        return len(lines)
    for number, line in enumerate(lines):
        if number == 0 or line.strip() != following[0]:
            continue
        rest = [one.strip() for one in lines[number:] if one.strip()]
        shared = rest[: len(following)]
        # A bracket alone proves nothing: whether it is one too many is for the brackets to say.
        if shared == following[: len(rest)] and any(map(says, shared)):
            return number
    return len(lines)


def _without_rest(text: str, line_suffix: str) -> str:
    """Return a line without its end where that stands behind the cursor already."""
    rest = line_suffix.rstrip()
    if not any(map(says, [rest])):
        return text
    for length in range(min(len(rest), len(text)), 0, -1):
        if text.endswith(rest[:length]) and says(rest[:length]) and _at_word(rest, length):
            return text[: len(text) - length]
    return text


def _at_word(text: str, end: int) -> bool:
    """Tell whether a cut of a text does not go through a word."""
    return end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())


def _without_closers(window: Window, text: str) -> str:
    """Cut a text before a bracket or quote that closes nothing of it and follows already."""
    following = window.suffix.lstrip(" \t")
    next_line = window.suffix.lstrip()
    within = _state(window.line_prefix, window.language).within
    for mark in _unmatched(text, within, window.language):
        # On a line of its own only what stands in the next line is the same bracket.
        behind = next_line if "\n" in text[: mark.at] else following
        if behind.startswith(mark.text):
            return text[: mark.at]
    return text


@dataclass(frozen=True, slots=True)
class _Mark:
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class _State:
    """What a text leaves open."""

    #: The quote of the string that it ends in; empty for code.
    within: str
    marks: tuple[_Mark, ...]


def _unmatched(text: str, within: str, language: str) -> Iterator[_Mark]:
    """Yield the brackets and quotes that close what was open before the text."""
    yield from _state(text, language, within).marks


def _state(text: str, language: str, within: str = "") -> _State:
    """Read a text that begins in code, or within a string that ends with the quote `within`."""
    comment = language_of(language).line_comment
    marks: list[_Mark] = []
    stack: list[str] = []
    quote, ours, at = within, False, 0
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 2
            elif quote == "`" and text.startswith("${", at):
                # Code within the string, until the bracket that closes it.
                stack.append(_TEMPLATE)
                quote = ""
                at += 2
            elif text.startswith(quote, at):
                if not ours:
                    marks.append(_Mark(at, quote))
                at += len(quote)
                quote = ""
            else:
                # A string that ends with its line was none, but an apostrophe.
                if char == "\n" and len(quote) == 1 and quote != "`":
                    quote = ""
                at += 1
            continue
        if comment and text.startswith(comment, at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        opening = next((one for one in _QUOTES if text.startswith(one, at)), "")
        if opening:
            quote, ours = opening, True
            at += len(opening)
            continue
        if char == "}" and stack and stack[-1] == _TEMPLATE:
            stack.pop()
            quote = "`"
        elif char in _PAIRS:
            stack.append(_PAIRS[char])
        elif char in _CLOSERS:
            if stack and stack[-1] == char:
                stack.pop()
            elif not stack:
                marks.append(_Mark(at, char))
        at += 1
    return _State(quote, tuple(marks))
