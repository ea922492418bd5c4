"""The symbols of a document, as its syntax tree has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.document import Document, Span
from dola_ls.core.languages import SymbolKind
from dola_ls.core.nodes import COMMENTS, children_between
from dola_ls.core.parsing import Tree

if TYPE_CHECKING:
    import tree_sitter

#: From the end of a comment to what comes next, at most one line further down.
_TO_NEXT = re.compile(r"[ \t]*(?:(?:\r\n|\n|\r)[ \t]*)?")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named declaration and the whole lines it stands on."""

    name: str
    kind: SymbolKind
    #: Whole lines, decorators and attributes included.
    span: Span
    #: Where its name stands.
    name_span: Span
    #: The symbol this one stands in, as ``Cart.total`` would be written.
    container: str | None = None

    @property
    def qualified_name(self) -> str:
        """``Cart.total`` for a method, the bare name otherwise."""
        return f"{self.container}.{self.name}" if self.container else self.name


def _name_node(node: tree_sitter.Node) -> tree_sitter.Node | None:
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        if value is None or value.type not in {
            "arrow_function",
            "function_expression",
            "generator_function",
            "class",
        }:
            return None
    if node.type == "impl_item":
        return node.child_by_field_name("type")
    name = node.child_by_field_name("name")
    if name is None:
        # C and C++ put the name inside nested declarators: int *(*f)(void).
        inner: tree_sitter.Node | None = node.child_by_field_name("declarator")
        while inner is not None:
            name, inner = inner, inner.child_by_field_name("declarator")
    return name


def _name_of(tree: Tree, node: tree_sitter.Node) -> str | None:
    name = _name_node(node)
    if name is None:
        return None
    text = tree.text_of(name).strip()
    return f"impl {text}" if text and node.type == "impl_item" else text or None


def symbol_of(tree: Tree, node: tree_sitter.Node) -> Symbol | None:
    """Return the symbol that a node declares, if it does."""
    kind = tree.language.symbols.get(node.type)
    named = _name_node(node) if kind is not None else None
    if kind is None or named is None or (name := _name_of(tree, node)) is None:
        return None
    if node.type.endswith("_specifier") and node.child_by_field_name("body") is None:
        return None  # `struct point p;` uses a type, it does not declare one
    container = None
    parent = node.parent
    while parent is not None:
        if tree.language.symbols.get(parent.type) in {"class", "type"}:
            container = (_name_of(tree, parent) or "").removeprefix("impl ") or None
            break
        parent = parent.parent
    if kind == "function" and container is not None and tree.language.id in {"python", "cpp"}:
        kind = "method"
    outer = node
    while outer.parent is not None and outer.parent.type in tree.language.wrappers:
        outer = outer.parent
    start = outer.start_byte
    sibling = outer.prev_sibling if tree.language.leading else None
    while sibling is not None and sibling.type in tree.language.leading | COMMENTS:
        # A comment may stand between an attribute and what that is for.
        start = start if sibling.type in COMMENTS else sibling.start_byte
        sibling = sibling.prev_sibling
    span = Span(tree.offset(start), tree.offset(outer.end_byte))
    name_span = Span(tree.offset(named.start_byte), tree.offset(named.end_byte))
    return Symbol(name, kind, tree.document.whole_lines(span), name_span, container)


def enclosing_symbol(tree: Tree, span: Span) -> Symbol | None:
    """Return the smallest symbol that holds all of `span`, or None outside any symbol.

    The blanks round `span` do not count, so a cursor in the indentation of a ``def`` line is in
    that function. So is one in the comments right above it, which are about it; a selection there
    is not.
    """
    text = tree.document.text
    start, end = span.start, span.end
    if start == end:
        at = tree.document.line_of(start)
        line, content = tree.document.line_span(at), tree.document.line_text(at)
        start = max(start, line.start + len(content) - len(content.lstrip()))
        start = end = min(start, max(line.start + len(content.rstrip()) - 1, line.start))
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    low, high = tree.byte(start), tree.byte(end)
    node = tree.tree.root_node.descendant_for_byte_range(low, max(low, high - 1))
    if end - start <= 1:
        below = _code_below(tree, node)
        if below is not None and (symbol := symbol_at(tree, below)) is not None:
            return symbol
    inside = node
    while inside is not None:
        if inside.type in tree.language.leading:
            inside = _past_leading(tree, inside)
            low = high = inside.start_byte
        if inside.start_byte <= low and high <= inside.end_byte:
            symbol = symbol_of(tree, inside) or _wrapped_symbol(tree, inside)
            if symbol is not None:
                return symbol
        inside = inside.parent
    return None


def _wrapped_symbol(tree: Tree, node: tree_sitter.Node) -> Symbol | None:
    """Return the declaration inside of a decorator or an ``export``, which may be wrapped twice."""
    if node.type not in tree.language.wrappers:
        return None
    for child in node.named_children:
        symbol = symbol_of(tree, child) or _wrapped_symbol(tree, child)
        if symbol is not None:
            return symbol
    return None


def symbol_headed_at(tree: Tree, offset: int) -> Symbol | None:
    """Return the symbol whose name stands at `offset`, or one of the keywords before its name."""
    symbol = enclosing_symbol(tree, Span(offset, offset))
    if symbol is None or symbol.name_span.start <= offset <= symbol.name_span.end:
        return symbol
    line_of, name = tree.document.line_of, symbol.name_span.start
    if offset > name or line_of(offset) != line_of(name):
        return None
    low = tree.byte(offset)
    node = tree.tree.root_node.descendant_for_byte_range(low, low + 1)
    # Types and decorators before the name are named nodes, and so are blanks.
    return symbol if node is not None and not node.is_named else None


def _past_leading(tree: Tree, node: tree_sitter.Node) -> tree_sitter.Node:
    """Return what an attribute or a decorator is for, with others and comments in between."""
    between = tree.language.leading | COMMENTS
    while node.type in between and (following := node.next_sibling) is not None:
        node = following
    return node


def symbol_at(tree: Tree, offset: int) -> Symbol | None:
    """Return the outermost symbol whose code begins at `offset`, decorators and all."""
    low = tree.byte(offset)
    node = tree.tree.root_node.descendant_for_byte_range(low, low + 1)
    found = None
    while node is not None and node.start_byte == low:
        if node.type in tree.language.leading:
            node = _past_leading(tree, node)
            low = node.start_byte
        found = symbol_of(tree, node) or _wrapped_symbol(tree, node) or found
        node = node.parent
    return found


def _code_below(tree: Tree, node: tree_sitter.Node | None) -> int | None:
    """Return where the code below a comment begins, if no blank line stands between."""
    comment = _comment_round(node)
    if comment is None or not _begins_line(tree, comment):
        return None
    text = tree.document.text
    at = 0
    while comment is not None:
        at = tree.offset(comment.end_byte)
        while text[at - 1] in "\r\n":
            at -= 1  # some grammars count the line end in
        gap = _TO_NEXT.match(text, at)
        at = gap.end() if gap is not None else at
        low = tree.byte(at)
        found = tree.tree.root_node.descendant_for_byte_range(low, low + 1)
        comment = _comment_round(found)
        if comment is not None and comment.start_byte != low:
            return None
    return at if text[at : at + 1].strip() else None


def _comment_round(node: tree_sitter.Node | None) -> tree_sitter.Node | None:
    while node is not None and node.type not in COMMENTS:
        node = node.parent
    return node


def _begins_line(tree: Tree, node: tree_sitter.Node) -> bool:
    """Tell whether no code stands before a node on its line."""
    start = tree.offset(node.start_byte)
    line = tree.document.starts[tree.document.line_of(start)]
    return not tree.document.text[line:start].strip("\ufeff \t")


def symbols_in(tree: Tree, span: Span | None = None) -> Iterator[Symbol]:
    """Yield the symbols whose lines lie within `span`, or all of them, in order of their start."""
    low = tree.byte(span.start) if span else 0
    high = tree.byte(span.end) if span else len(tree.data)
    stack = [tree.tree.root_node]
    while stack:
        node = stack.pop()
        if node.end_byte <= low or node.start_byte >= high:
            continue
        if node.type in tree.language.symbols:
            symbol = symbol_of(tree, node)
            if symbol is not None and (span is None or span.covers(symbol.span)):
                yield symbol
        stack.extend(reversed(list(children_between(node, low, high))))


def paragraph(document: Document, offset: int) -> Span | None:
    """Return the whole lines round `offset` up to the next blank ones; None on a blank line."""
    line = document.line_of(offset)
    if not document.line_text(line).strip():
        return None
    first = last = line
    while first > 0 and document.line_text(first - 1).strip():
        first -= 1
    while last + 1 < document.line_count and document.line_text(last + 1).strip():
        last += 1
    return Span(document.starts[first], document.line_span(last).end)
