"""Problems that other servers report, as a prompt names them: each with the text of its line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from dola_ls.core.diagnostics import LONGEST, Diagnostic
from dola_ls.core.document import Document, Span

#: Characters of all messages together, so that many of them leave room for the code.
_MESSAGES = 8000
#: Characters of a line of code that are quoted, of which so many may stand before the problem.
_QUOTED, _BEFORE = 120, 60
#: The longest piece of a line that is quoted as the place of a problem.
_PLACE = 40


def with_lines(
    document: Document, region: Span, diagnostics: Sequence[Diagnostic], longest: int = LONGEST
) -> list[str]:
    """Return problems with the text of their lines: models read, but do not count.

    `longest` is how many characters a message may have.
    """
    longest = max(min(_MESSAGES // max(len(diagnostics), 1), longest), 100)
    told: list[str] = []
    for diagnostic, following in zip_longest(diagnostics, diagnostics[1:]):
        told.append(f"- {diagnostic.line_for(document, longest)}{_place(document, diagnostic)}")
        at = document.line_of(diagnostic.span.start)
        if following is None or document.line_of(following.span.start) != at:
            told.append(f"  {_line(document, region, diagnostic.span.start)}")
    return told


def _place(document: Document, diagnostic: Diagnostic) -> str:
    """Say where in its line a problem is, if the message does not."""
    span = diagnostic.span
    line = document.line_text(document.line_of(span.start))
    marked = document.text[span.start : span.end].strip()
    if not marked or len(marked) > _PLACE or marked in diagnostic.message:
        return ""
    # Of several such pieces in a line the place would still not be told.
    alone = line.count(marked) == 1 and marked != line.strip()
    return f", at “{marked}”" if alone else ""


def _line(document: Document, region: Span, offset: int) -> str:
    at = document.line_of(offset)
    line = document.line_text(at)
    if not line.strip():
        return "That line is blank."
    count, number = _among(document, region, at)
    which = f", number {number} of {count} that are alike" if number and count > 1 else ""
    return f"That line{which}: {_cut(line, offset - document.starts[at])}"


def _among(document: Document, region: Span, at: int) -> tuple[int, int]:
    """Return how many lines of a region read like one of them, and which of these it is."""
    text = document.line_text(at).strip()
    first, last = document.line_of(region.start), document.line_of(max(region.end - 1, 0))
    alike = [line for line in range(first, last + 1) if document.line_text(line).strip() == text]
    return len(alike), alike.index(at) + 1 if at in alike else 0


def _cut(line: str, column: int) -> str:
    """Return a line, or what of a long one stands round a column."""
    if len(line.strip()) <= _QUOTED:
        return line.strip()
    start = max(min(column - _BEFORE, len(line.rstrip()) - _QUOTED), 0)
    return line[start : start + _QUOTED].strip()
