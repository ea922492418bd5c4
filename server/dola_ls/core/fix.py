"""Problems that other servers report, put into words for the model: to be fixed, or explained."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dola_ls.core.actions import Target
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import Tree
from dola_ls.core.problem_lines import with_lines
from dola_ls.core.unused import says_to_go, symbols_to_go

#: How messages speak of code that goes on where the file does not.
_ENDS = re.compile(
    r"expected|missing|unterminated|unclosed|not closed|\bEOF\b|end of (?:file|input)",
    re.IGNORECASE,
)


def fix_words(
    document: Document,
    region: Span,
    diagnostics: Sequence[Diagnostic],
    others: Sequence[Diagnostic] = (),
    instruction: str | None = None,
) -> str:
    """Return what the model is asked to do about problems in a region.

    `others` are problems in the region that are not to be fixed now; `instruction` is what the user
    adds in words.
    """
    told = with_lines(document, region, diagnostics)
    what = "this problem" if len(diagnostics) == 1 else f"these {len(diagnostics)} problems"
    parts = [
        f"Fix {what}:",
        *told,
        "Fix the cause, and change nothing else. Do not hide a message with a comment.",
    ]
    beside = [one for one in others if region.start <= one.span.start < max(region.end, 1)]
    if beside:
        parts.append("Reported there too, but not to be fixed now, unless it has the same cause:")
        parts += with_lines(document, region, beside)
    if instruction:
        parts.append(instruction)
    return "\n".join(parts)


def explain_words(
    document: Document,
    region: Span,
    diagnostics: Sequence[Diagnostic],
    instruction: str | None = None,
) -> str:
    """Return what the model is asked to say about problems in a region."""
    what = "this problem" if len(diagnostics) == 1 else "these problems"
    parts = [
        f"A tool reports {what} in the code:",
        *with_lines(document, region, diagnostics),
        "Explain what is meant, why it arises in this code, and how to fix it, in at most 150 "
        "words. Do not explain the rest of the code.",
    ]
    return "\n".join([*parts, instruction] if instruction else parts)


def needs_file(
    document: Document, tree: Tree | None, target: Target, diagnostics: Sequence[Diagnostic]
) -> bool:
    """Tell whether a fix may have to change the file outside of the region.

    It has to where nothing of the region would be left, as what is unused may go: an answer that
    is empty could as well be none at all; and where the end of the file comes too early. Names that
    are not known need no more than an import, and imports go to the head of the file by themselves.
    """
    if ends_too_early(document, tree, diagnostics):
        return True
    region = target.region
    if target.symbol is not None and target.whole_symbol:
        going = symbols_to_go(tree, diagnostics) if tree is not None else ()
        return any(symbol.span == region for symbol in going)
    unused = [document.whole_lines(one.span) for one in diagnostics if says_to_go(one)]
    return bool(unused) and all(
        any(lines.start < piece.end and piece.start < lines.end for lines in unused)
        for piece in _pieces(document, tree, region)
    )


def ends_too_early(
    document: Document, tree: Tree | None, diagnostics: Sequence[Diagnostic]
) -> bool:
    """Tell whether a problem is that the file is over: what is missing may belong anywhere."""
    if tree is None or not tree.faults:
        return False
    code = len(document.text.rstrip())
    return any(
        one.span.end >= code and (not len(one.span) or _ENDS.search(one.message))
        for one in diagnostics
    )


def _pieces(document: Document, tree: Tree | None, region: Span) -> list[Span]:
    """Return the statements of a region, or its lines of code where there is no grammar."""
    first, last = document.line_of(region.start), document.line_of(max(region.end - 1, 0))
    if tree is not None:
        inside = [
            Span(tree.offset(node.start_byte), tree.offset(node.end_byte))
            for node in tree.tree.root_node.named_children
            if first <= node.start_point[0] <= last and "comment" not in node.type
        ]
        if inside:
            return inside
    lines = [document.line_span(line) for line in range(first, last + 1)]
    return [line for line in lines if document.text[line.start : line.end].strip()]
