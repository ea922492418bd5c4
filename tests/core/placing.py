"""Blocks put into a text, with what must always hold checked on the way."""

from __future__ import annotations

from dola_ls.core.blocks import Block
from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.core.matching import Located, Unmatched, locate

TEXT = """\
import os


def total(items):
    result = 0
    for item in items:
        result = result + item
    return result


def tax(value):
    result = 0
    return value * 2
"""


def block(search: str, replace: str) -> Block:
    return Block(search, replace)


def place(text: str, *blocks: Block, span: Span | None = None, prefer: Span | None = None):
    document = Document("file:///a.py", "python", 1, text)
    span = Span(0, len(text)) if span is None else span  # an empty span is false
    found = locate(document, span, blocks, prefer)
    if isinstance(found, Located):
        assert all(span.start <= e.start <= e.end <= span.end for e in found.edits)
        result = apply_edits(text, found.edits)
        assert result == text[: span.start] + found.rewrite.text + text[span.end :]
    return found


def applied(text: str, *blocks: Block, **options) -> str:
    found = place(text, *blocks, **options)
    assert isinstance(found, Located), found
    return apply_edits(text, found.edits)


def failed(text: str, *blocks: Block, **options) -> list[str]:
    found = place(text, *blocks, **options)
    assert isinstance(found, Unmatched), found
    return [failure.rule for failure in found.failures]


def span_of(text: str, first: str, last: str) -> Span:
    document = Document("file:///a.py", "python", 1, text)
    return document.whole_lines(Span(text.index(first), text.index(last) + len(last)))


TOTAL = span_of(TEXT, "def total", "    return result")
