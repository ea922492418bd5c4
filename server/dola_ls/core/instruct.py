"""Orders and questions that stand in comments: ``dola: …`` and ``dola? …``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dola_ls.core.actions import Target
from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.find_comment import Comment, comment_round
from dola_ls.core.order_target import target_of
from dola_ls.core.parsing import Tree

#: The call, but not an address (``dola://``) or a name in a namespace (``dola::cart``).
_CALL = re.compile(r"(?<!\w)dola[ \t]?(?:(?P<ask>[?？]):?|[:：](?!:|//))", re.IGNORECASE)
#: What may stand between a comment's mark and its words.
_RULE = re.compile(r"[/!#;%*\-|<>=\s]*")
#: The part of it that makes ``///`` another kind of comment than ``//``.
_KIND = re.compile(r"[/!#;%*<>|=]*")
#: Comments that speak to a tool, or that are notes of their own, continue no order.
_OTHERS = re.compile(
    r"(?:noqa|nosec|nolint|nosonar|type:|(?:pylint|mypy|ruff|flake8|isort|fmt|yapf|pyright|ty"
    r"|tslint|rubocop|swiftlint|lint|go|cspell|sorbet|syntax|typed|frozen_string_literal"
    r"|(?:en)?coding|vim?)\s?[:=]|pragma\b|(?:eslint|biome|prettier|deno|ktlint|clang|istanbul|c8"
    r"|v8|codespell|detekt)[- ](?:ignore|disable|enable|format|fmt|lint)|ts-\w+|jshint\b"
    r"|(?:shellcheck|hadolint) |(?:end)?region\b|-\*-|@|(?:todo|fixme|xxx)\b"
    r"|(?:hack|note|bug|safety|copyright|spdx-[\w-]+)\s?[:(]|[\W_]+$)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
#: The most lines an order can have.
_LONGEST = 100
#: The most places that are looked at, so that no text can keep the server busy.
_MOST = 200
#: How many lines of a block comment may stand above its call without a word.
_LEAD = 3


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a comment asks for. Build it with `instruction_at`."""

    #: The words, without marks; a line end where the comment has one.
    text: str
    kind: Literal["order", "question"]
    #: What vanishes with the comment: whole lines, or the comment and the blanks before it.
    span: Span
    #: The code that the words are about; the comment may stand in it, above it or at its end.
    target: Target
    #: Patterns of what must get rarer, and how often each is in the document.
    traces: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Call:
    """A call and its words, before it is known what they are about."""

    comment: Comment
    #: From the first mark to the last character.
    span: Span
    lines: tuple[str, ...]
    ask: bool
    #: The whole comment, where the call is a part of one; braces that only hold it included.
    around: Span


def instruction_at(document: Document, tree: Tree | None, span: Span) -> Instruction | None:
    """Return the order or question on the lines of a cursor or a selection.

    Of several the one in which `span` begins counts, else the first. A call counts where a
    comment begins with it; in a block comment, where a line does. Without words it is none.
    """
    text = document.text
    lines = document.whole_lines(Span(min(span.start, len(text)), min(span.end, len(text))))
    first, last = document.line_of(lines.start), document.line_of(max(lines.end - 1, lines.start))
    low = document.starts[max(first - _LONGEST, 0)]
    calls: list[_Call] = []
    reached = low
    high = document.line_span(min(last + _LEAD, document.line_count - 1)).end
    for match in islice(_CALL.finditer(text, low, high), _MOST):
        if match.start() < reached:
            continue  # a word of the one before
        call = _call(document, tree, match)
        if call is None:
            continue
        reached = call.span.end
        if document.line_of(reached) >= first and document.line_of(call.span.start) <= last:
            calls.append(call)
    if not calls:
        return None
    at = span.start
    call = next((one for one in calls if one.span.start <= at <= one.span.end), calls[0])
    words = "\n".join(call.lines).strip()
    gone = _vanishing(document, call.span)
    target = target_of(document, tree, call.around, gone)
    kind: Literal["order", "question"] = "question" if call.ask else "order"
    return Instruction(words, kind, gone, target, _traces(text, call))


def without_instruction(document: Document, instruction: Instruction) -> Edit:
    """Return the edit that removes just the comment.

    Where it alone keeps two words or operators apart, a blank takes its place.
    """
    start, end = instruction.span.start, instruction.span.end
    around = document.text[max(start - 1, 0) : start] + document.text[end : end + 1]
    apart = len(around) < 2 or any(char.isspace() or char in "()[]{},;\ufeff" for char in around)
    return Edit(start, end, "" if apart else " ")


def is_gone(text_after: str, instruction: Instruction) -> bool:
    """Tell whether a comment is no longer there; `text_after` is the whole text of the document.

    The same order may stand elsewhere; so its words have to be found less often than before.
    """
    return all(_times(trace, text_after) < times for trace, times in instruction.traces)


def _call(document: Document, tree: Tree | None, match: re.Match[str]) -> _Call | None:
    """Return the call that `match` is, or None where it is a word among others."""
    text = document.text
    comment = comment_round(document, tree, match.start())
    if comment is None:
        return None
    body = comment.body
    begin = max(body.start, document.starts[document.line_of(match.start())])
    if match.end() > body.end or not _RULE.fullmatch(text, begin, match.start()):
        return None
    if not comment.close:
        call = _of_lines(document, tree, comment, match)
    elif _WORD.search(text, body.start, begin):
        call = _inside_block(document, comment, match)
    else:
        span = _with_braces(tree, comment.span)
        words = text[match.end() : body.end].rstrip("*" if "*" in comment.open else "")
        call = _Call(comment, span, _block_lines(words, comment), bool(match["ask"]), span)
    return call if any(line.strip() for line in call.lines) else None


def _of_lines(
    document: Document, tree: Tree | None, comment: Comment, match: re.Match[str]
) -> _Call:
    """Return a call in a line comment, with the line comments below that go on with it."""
    text = document.text
    kind = _kind(text, comment)
    column = _column(document, comment.span.start)
    lines, end = [text[match.end() : comment.span.end].strip()], comment.span.end
    first = document.line_of(comment.span.end)
    for line in range(first + 1, min(first + _LONGEST, document.line_count)):
        content = document.line_text(line)
        at = document.starts[line] + len(content) - len(content.lstrip(" \t"))
        if not text.startswith(comment.open, at) or _column(document, at) != column:
            break
        next_one = comment_round(document, tree, at)
        if next_one is None or next_one.span.start != at or next_one.open != comment.open:
            break
        words = text[next_one.body.start + len(kind) : next_one.span.end].strip()
        if _kind(text, next_one) != kind or not words:
            break
        if _CALL.match(words) or _OTHERS.match(words):
            break
        # Tools speak to themselves right behind the mark: //go:embed, #!, #:
        if not kind and text[next_one.body.start] in "@$:":
            break
        lines.append(words)
        end = next_one.span.end
    span = Span(comment.span.start, end)
    return _Call(comment, span, tuple(lines), bool(match["ask"]), span)


def _inside_block(document: Document, comment: Comment, match: re.Match[str]) -> _Call:
    """Return a call below other words of a block comment; it ends at a blank line or a tag."""
    first = document.line_of(match.start())
    last_line = document.line_of(comment.span.end)
    said: list[str] = []
    line = first
    while line <= last_line:
        begin = match.end() if line == first else document.starts[line]
        end = min(document.line_span(line).end, comment.body.end)
        words = _block_lines(document.text[begin:end], comment)
        word = " ".join(words).strip()
        if line > first and (not word or word.startswith("@") or _CALL.match(word)):
            break
        said.append(word)
        line += 1
    start = document.starts[first]
    if line <= last_line:
        end = document.starts[line - 1] + len(document.line_text(line - 1))
    else:
        # The closing mark stands behind the words; it stays, in their place.
        content = document.line_text(first)
        start += len(content) - len(content.lstrip(" \t"))
        end = comment.body.end
    return _Call(comment, Span(start, end), tuple(said), bool(match["ask"]), comment.span)


def _block_lines(text: str, comment: Comment) -> tuple[str, ...]:
    """Return the words of a block comment's lines, without the stars before them."""
    lines = [line.strip() for line in split_lines(text)]
    if "*" in comment.open:
        lines = [re.sub(r"^\*+(?:\s+|$)", "", line) for line in lines]
    return tuple(lines)


def _with_braces(tree: Tree | None, span: Span) -> Span:
    """Return the span of a comment with the braces that only hold it, as JSX needs them."""
    if tree is None:
        return span
    low, high = tree.byte(span.start), tree.byte(span.end)
    node = tree.tree.root_node.descendant_for_byte_range(low, high - 1)
    outer = node.parent if node is not None else None
    if outer is None or outer.type != "jsx_expression" or outer.named_child_count != 1:
        return span
    if outer.parent is None or outer.parent.type not in {"jsx_element", "jsx_fragment"}:
        return span
    return Span(tree.offset(outer.start_byte), tree.offset(outer.end_byte))


def _vanishing(document: Document, span: Span) -> Span:
    """Return what has to go for a comment to leave no trace of its own."""
    line = document.line_span(document.line_of(span.start))
    last = document.line_of(span.end)
    end = document.starts[last] + len(document.line_text(last))
    before = document.text[line.start : span.start]
    after = document.text[span.end : end]
    alone = not before.strip().strip("\ufeff")
    if alone and not after.strip():
        mark = before.startswith("\ufeff")
        return Span(line.start + mark, document.line_span(last).end)
    if not after.strip():
        return Span(line.start + len(before.rstrip(" \t")), end)
    blanks = len(after) - len(after.lstrip(" \t"))
    if alone or before[-1] in "([{":
        return Span(span.start, span.end + blanks)
    if blanks:
        return Span(line.start + len(before.rstrip(" \t")), span.end)
    return span


def _traces(text: str, call: _Call) -> tuple[tuple[str, int], ...]:
    """Return what of a call has to be found less often once it is gone."""
    words = _WORD.findall("\n".join(call.lines))[:3]
    asks = r"[?？]" if call.ask else "[:：]"
    # Three words: the rest of the order may have been wrapped in another way.
    found = [rf"(?<!\w)dola[ \t]?{asks}[\W_]*{_in_a_row(words)}"]
    if not call.comment.close:
        mark = re.escape(call.comment.open)
        for line in call.lines[1:]:
            words = _WORD.findall(line)
            if len(words) >= 3:
                found.append(rf"{mark}[\W_]*{_in_a_row(words)}(?!\w)")
    return tuple((trace, _times(trace, text)) for trace in dict.fromkeys(found))


def _in_a_row(words: list[str]) -> str:
    return r"[\W_]+".join(map(re.escape, words))


def _times(trace: str, text: str) -> int:
    return sum(1 for _ in re.finditer(trace, text, re.IGNORECASE))


def _kind(text: str, comment: Comment) -> str:
    match = _KIND.match(text, comment.body.start, comment.body.end)
    return match[0] if match else ""


def _column(document: Document, offset: int) -> int:
    """Return how far from the line's beginning a character is drawn."""
    start = document.starts[document.line_of(offset)]
    return len(document.text[start:offset].lstrip("\ufeff").expandtabs(8))
