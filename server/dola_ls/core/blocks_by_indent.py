"""What belongs together by its indentation, where the code does not parse."""

from __future__ import annotations

from dola_ls.core.document import Document, Span
from dola_ls.core.headers import declared_name
from dola_ls.core.limits import MAX_REGION_LINES

#: Up to so many lines a block is taken with the one it stands in, if it declares nothing itself.
_WHOLE = 50
_CLOSERS = (")", "]", "}", "end")
#: What stands above a head and belongs to it.
_LEADING = ("@", "#[")


def block_round(document: Document, span: Span) -> Span | None:
    """Return the whole lines of the function, or other indented block, that a span begins in.

    None where nothing is indented there, or where the block is too large to be rewritten.
    """
    at: int | None = document.line_of(span.start)
    while at is not None and (_indent(document, at) is None or _closes(document, at)):
        at = at - 1 if at else None
    if at is None:
        return None
    head = at if _last(document, at) > at else _above(document, at)
    while head is not None and declared_name(document.line_text(head)) is None:
        outer = _above(document, head)
        if outer is None or _last(document, outer) - outer >= _WHOLE:
            break
        head = outer
    if head is None:
        return None
    last = _last(document, head)
    while head > 0 and _belongs_below(document, head):
        head -= 1
    if last - head >= MAX_REGION_LINES:
        return None
    return Span(document.starts[head], document.line_span(last).end)


def _indent(document: Document, line: int) -> int | None:
    """Return how far a line is indented; None where it is blank."""
    text = document.line_text(line).expandtabs(8)
    return len(text) - len(text.lstrip()) if text.strip() else None


def _closes(document: Document, line: int) -> bool:
    return document.line_text(line).lstrip().startswith(_CLOSERS)


def _above(document: Document, line: int) -> int | None:
    """Return the nearest line above that is indented less: the one that a line stands under."""
    own = _indent(document, line) or 0
    for above in range(line - 1, -1, -1):
        indent = _indent(document, above)
        if indent is not None and indent < own:
            return above
    return None


def _last(document: Document, head: int) -> int:
    """Return the last line of what stands under a line; itself where nothing does."""
    own, last = _indent(document, head) or 0, head
    for line in range(head + 1, document.line_count):
        indent = _indent(document, line)
        if indent is None:
            continue
        opens = indent == own and document.line_text(line).lstrip().startswith("{")
        closes = indent == own and last > head and _closes(document, line)
        if indent <= own and not opens and not closes:
            break
        last = line
    return last


def _belongs_below(document: Document, head: int) -> bool:
    """Tell whether the line above a head is a part of it: a decorator, or what a brace opens."""
    if _indent(document, head - 1) != _indent(document, head):
        return False
    above, own = document.line_text(head - 1).lstrip(), document.line_text(head).lstrip()
    return above.startswith(_LEADING) or own.startswith("{")
