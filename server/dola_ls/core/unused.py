"""Symbols that diagnostics call unused, or declared once too often: a fix may remove them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, enclosing_symbol, symbols_in
from dola_ls.core.words import has_word

_TO_GO = re.compile(
    r"\b(?:unused|unreachable|redundant|commented[- ]out"
    r"|(?:never|not|isn['’]t)(?: been)? (?:used|read|called|accessed|constructed|referenced|needed)"
    r"|redefin\w+|redeclar\w+|re-?implement\w+|duplicate[ds]?|obscured|already (?:been )?"
    r"(?:defined|declared|imported|exists)|(?:defined|declared) (?:twice|multiple|more than))\b",
    re.IGNORECASE,
)


def says_to_go(diagnostic: Diagnostic) -> bool:
    """Tell whether a problem can be solved by removing what it marks."""
    return diagnostic.unnecessary or _TO_GO.search(diagnostic.message) is not None


def symbols_to_go(tree: Tree, diagnostics: Sequence[Diagnostic]) -> list[Symbol]:
    """Return the symbols that problems with their own declaration allow to be removed."""
    return [
        symbol
        for diagnostic in diagnostics
        if says_to_go(diagnostic) and (symbol := _declared_at(tree, diagnostic)) is not None
    ]


def unused_names(tree: Tree, diagnostics: Sequence[Diagnostic]) -> set[str]:
    """Return the names of these symbols, and of all that is declared inside them."""
    return {
        inner.name
        for symbol in symbols_to_go(tree, diagnostics)
        for inner in symbols_in(tree, symbol.span)
    }


def _declared_at(tree: Tree, diagnostic: Diagnostic) -> Symbol | None:
    """Return the symbol that is declared on the line of a problem, if the problem is about it.

    Of the parameters on that line, and of what stands inside a function, it is not.
    """
    document, start = tree.document, diagnostic.span.start
    symbol = enclosing_symbol(tree, Span(start, start))
    if symbol is None:
        return None
    name = _name(document, symbol)
    if name is None or document.line_of(name.start) != document.line_of(start):
        return None
    if not start <= name.start:
        return None
    if name.end == diagnostic.span.end:
        return symbol  # the name itself is marked, or all up to it
    marked = name.end <= diagnostic.span.end or start == diagnostic.span.end
    return symbol if marked and has_word(diagnostic.message, symbol.name) else None


def _name(document: Document, symbol: Symbol) -> Span | None:
    pattern = re.compile(rf"(?<![\w@.]){re.escape(symbol.name)}(?!\w)")
    match = pattern.search(document.text, symbol.span.start, symbol.span.end)
    return Span(*match.span()) if match else None
