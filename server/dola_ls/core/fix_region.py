"""What a fix works on: the function round a problem, or the statements that it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dola_ls.core.actions import Target, lines_target
from dola_ls.core.blocks_by_indent import block_round
from dola_ls.core.document import Document, Span
from dola_ls.core.limits import MAX_REGION, MAX_REGION_LINES
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, enclosing_symbol

if TYPE_CHECKING:
    import tree_sitter

#: Up to so many lines a class is taken whole, and a statement with the one it is a part of.
_WHOLE = 50
#: At most so many lines above and below are taken along where only blank lines part the code.
_NEAR = 20


def fix_target(document: Document, tree: Tree | None, spans: Sequence[Span]) -> Target:
    """Return what is to be rewritten to fix problems at `spans`, of which there is at least one.

    That is the innermost function round them all, or a short class. Outside of these it is the
    statements they stand on, with imports all that follow each other. Where the code does not
    parse, its indentation tells; without a grammar it is the lines up to the next blank ones.
    """
    spans = [_without_blanks(document, span) for span in spans]
    hull = _hull(spans)
    around = enclosing_symbol(tree, hull) if tree is not None else None
    if around is not None and not around.span.covers(hull):
        around = None  # blanks at the ends count for nothing in it, but here they part problems
    if tree is not None and around is not None and _is_taken_whole(document, around, hull):
        return _whole(document, tree, around, hull)
    targets = [_target(document, tree, span) for span in spans]
    region = _hull([target.region for target in targets])
    same = next((target for target in targets if target.region == region), None)
    return same or lines_target(document, region, around)


def _target(document: Document, tree: Tree | None, span: Span) -> Target:
    if tree is None:
        return lines_target(document, _paragraph(document, span), None)
    symbol = enclosing_symbol(tree, span)
    if symbol is not None and _is_taken_whole(document, symbol, span):
        return _whole(document, tree, symbol, span)
    return lines_target(document, _statements(document, tree, span), symbol)


def _hull(spans: Sequence[Span]) -> Span:
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def _without_blanks(document: Document, span: Span) -> Span:
    """Return a span without the blanks at its ends, which may reach into the next line."""
    text = document.text[span.start : span.end]
    if not text.strip():
        return Span(span.start, span.start)
    return Span(span.start + len(text) - len(text.lstrip()), span.start + len(text.rstrip()))


def _is_taken_whole(document: Document, symbol: Symbol, span: Span) -> bool:
    """Tell whether a symbol is small enough to be rewritten for a problem in it."""
    lines = _line_count(document, symbol.span)
    if symbol.kind == "module" or lines > MAX_REGION_LINES or len(symbol.span) > MAX_REGION:
        return False
    if symbol.kind in ("function", "method") or lines <= _WHOLE:
        return True
    # A problem at the head of a class is one of all of it: a method that is missing, say.
    name = document.text.find(symbol.name, symbol.span.start, symbol.span.end)
    return document.line_of(span.start) <= document.line_of(max(name, symbol.span.start))


def _whole(document: Document, tree: Tree, symbol: Symbol, span: Span) -> Target:
    """Return a symbol as a target; where it does not parse, what it is by its looks."""
    low, high = tree.byte(symbol.span.start), tree.byte(symbol.span.end)
    node = tree.tree.root_node.descendant_for_byte_range(low, max(low, high - 1))
    if node is not None and node.has_error:
        block = block_round(document, span)
        if block is not None and block != symbol.span:
            return lines_target(document, block, symbol)
    return Target(symbol.span, symbol.name, symbol, True)


def _line_count(document: Document, span: Span) -> int:
    return document.line_of(max(span.end - 1, span.start)) - document.line_of(span.start) + 1


def _paragraph(document: Document, span: Span) -> Span:
    """Return the lines of a span and those next to them up to the next blank ones.

    Blank lines belong to the code above them, or to what is below where there is none.
    """

    def says(line: int) -> bool:
        return bool(document.line_text(line).strip())

    first, last = document.line_of(span.start), document.line_of(span.end)
    if not any(says(line) for line in range(first, last + 1)):
        while first > 0 and not says(first):
            first -= 1
        while not says(last) and not says(first) and last + 1 < document.line_count:
            last += 1
    top, end = max(first - _NEAR, 0), min(last + _NEAR, document.line_count - 1)
    while first > top and says(first) and says(first - 1):
        first -= 1
    while last < end and says(last) and says(last + 1):
        last += 1
    return Span(document.starts[first], document.line_span(last).end)


def _statements(document: Document, tree: Tree, span: Span) -> Span:
    """Return the whole lines of the statements that a span stands on."""
    low, high = tree.byte(span.start), tree.byte(span.end)
    root = tree.tree.root_node
    node = root.descendant_for_byte_range(low, max(low, high - 1)) or root
    if _does_not_parse(node):
        return block_round(document, span) or _paragraph(document, span)
    while (outer := node.parent) is not None and outer.parent is not None:
        if _row_count(outer) > _WHOLE:
            break
        node = outer
    nodes = [node]
    if node.parent is None or _row_count(node) > _WHOLE:
        nodes = [
            child
            for child in node.named_children
            if child.start_byte < high and child.end_byte > low
        ]
    if not nodes:
        return _paragraph(document, span)
    nodes = _with_imports_beside(tree, nodes)
    own = document.whole_lines(span)
    return _hull([own, *(_lines(document, node) for node in (nodes[0], nodes[-1]))])


def _does_not_parse(node: tree_sitter.Node) -> bool:
    """Tell whether there is a fault in a node that is not the whole file, or round it."""
    if node.has_error and node.parent is not None:
        return True
    outer: tree_sitter.Node | None = node
    while outer is not None and not outer.is_error:
        outer = outer.parent
    return outer is not None


def _with_imports_beside(tree: Tree, nodes: list[tree_sitter.Node]) -> list[tree_sitter.Node]:
    """Return imports with those on the lines next to them, or past a gap where they are alone."""
    imports = tree.language.imports
    if not all(node.type in imports for node in nodes):
        return nodes
    for gap in (1, _WHOLE):
        while (above := nodes[0].prev_named_sibling) is not None and above.type in imports:
            if nodes[0].start_point[0] - _last_row(above) > gap:
                break
            nodes = [above, *nodes]
        while (below := nodes[-1].next_named_sibling) is not None and below.type in imports:
            if below.start_point[0] - _last_row(nodes[-1]) > gap:
                break
            nodes = [*nodes, below]
        if len(nodes) > 1:
            break
    return nodes


def _lines(document: Document, node: tree_sitter.Node) -> Span:
    return Span(document.starts[node.start_point[0]], document.line_span(_last_row(node)).end)


def _row_count(node: tree_sitter.Node) -> int:
    return _last_row(node) - node.start_point[0] + 1


def _last_row(node: tree_sitter.Node) -> int:
    """Return the line of a node's last character; some take in their line end."""
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point[0] else row
