"""What tree-sitter tells of a document: symbols, and whether it still parses."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
import threading
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from dola_ls.core.document import Document, Span
from dola_ls.core.languages import Language, SymbolKind, language_of
from dola_ls.core.nodes import COMMENTS, children_between
from dola_ls.core.reparsing import edited

if TYPE_CHECKING:
    import tree_sitter

#: How many code points apart the places are whose bytes a tree knows.
_STRIDE = 1024
#: From the end of a comment to what comes next, at most one line further down.
_TO_NEXT = re.compile(r"[ \t]*(?:(?:\r\n|\n|\r)[ \t]*)?")
_LONE_CR = re.compile(rb"\r(?!\n)")


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


class _Parsers(threading.local):
    """The parsers of one thread: a parser has a state, and files are parsed in threads too."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], tree_sitter.Parser] = {}


_PARSERS = _Parsers()


@cache
def _grammar(package: str, function: str) -> tree_sitter.Language:
    # Imported on first use: a grammar is a shared library of up to 5 MB.
    import tree_sitter

    return tree_sitter.Language(getattr(importlib.import_module(package), function)())


def _parser(grammar: tuple[str, str]) -> tree_sitter.Parser:
    import tree_sitter

    made = _PARSERS.made.get(grammar)
    if made is None:
        made = _PARSERS.made[grammar] = tree_sitter.Parser(_grammar(*grammar))
    return made


class Tree:
    """The syntax tree of one document version. Build it with `parse`."""

    __slots__ = ("_ascii", "_marks", "data", "document", "language", "tree")

    def __init__(
        self, document: Document, language: Language, data: bytes, tree: tree_sitter.Tree
    ) -> None:
        self.document = document
        self.language = language
        self.data = data
        self.tree = tree
        self._ascii = len(data) == len(document.text)
        self._marks: list[int] | None = None

    def byte(self, offset: int) -> int:
        """Return the byte offset of a code point offset."""
        if self._ascii:
            return offset
        offset = min(offset, len(self.document.text))
        mark = offset // _STRIDE
        behind = self.document.text[mark * _STRIDE : offset]
        return self._bytes_at_marks()[mark] + len(behind.encode("utf-8", "surrogatepass"))

    def offset(self, byte: int) -> int:
        """Return the code point offset of a byte offset."""
        if self._ascii:
            return byte
        marks = self._bytes_at_marks()
        mark = bisect_right(marks, byte) - 1
        behind = self.data[marks[mark] : byte].decode("utf-8", "surrogatepass")
        return mark * _STRIDE + len(behind)

    def _bytes_at_marks(self) -> list[int]:
        """Return the byte offset of every `_STRIDE`th code point."""
        if self._marks is None:
            text = self.document.text
            whole = len(text) // _STRIDE * _STRIDE
            pieces = (text[at : at + _STRIDE] for at in range(0, whole, _STRIDE))
            lengths = (len(piece.encode("utf-8", "surrogatepass")) for piece in pieces)
            self._marks = list(accumulate(lengths, initial=0))
        return self._marks

    def text_of(self, node: tree_sitter.Node) -> str:
        """Return the text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    @property
    def faults(self) -> int:
        """The number of places that do not parse."""
        if not self.tree.root_node.has_error:
            return 0
        # Only where something is wrong is looked at; a query would visit every node of the file.
        found = 0
        stack = [self.tree.root_node]
        while stack:
            node = stack.pop()
            found += node.is_error or node.is_missing
            stack += (child for child in node.children if child.has_error)
        return max(found, 1)


def parse(document: Document, before: Tree | None = None) -> Tree | None:
    """Parse a document, or return None where no grammar for its language is bundled.

    `before` is a tree of an earlier version; what did not change is taken from it, which turns
    60 ms into 3 ms on a file of 450 KB.
    """
    language = language_of(document.language)
    if language.grammar is None:
        return None
    data = document.text.encode("utf-8", "surrogatepass")
    if b"\r" in data:
        # Grammars do not take a CR alone for a line end; no offset moves.
        data = _LONE_CR.sub(b"\n", data)
    parser = _parser(language.grammar)
    if before is None or before.language is not language:
        return Tree(document, language, data, parser.parse(data))
    return Tree(
        document, language, data, parser.parse(data, edited(before.tree, before.data, data))
    )


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


def python_parses(code: str) -> bool:
    """Tell whether Python's own parser accepts a piece of code, whatever its indentation.

    It is stricter than tree-sitter, which mends what it cannot read, and it is only ever asked
    about a region: a whole file of 10 000 lines would take it 150 ms.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(textwrap.dedent(code.replace("\r\n", "\n").replace("\r", "\n")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
