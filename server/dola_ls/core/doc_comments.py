"""The documentation a file already has: where it stands, and what it reads."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dola_ls.core.actions import Target
from dola_ls.core.bare_code import docstring_in
from dola_ls.core.context import plain_newlines
from dola_ls.core.document import Span
from dola_ls.core.nodes import COMMENTS
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, symbol_of, symbols_in

if TYPE_CHECKING:
    import tree_sitter

#: So many symbols are looked at: enough to know the convention of a file.
_ENOUGH = 200

#: How documentation begins, where other comments are not taken for it.
_BEGINS = {
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact", "php"),
        re.compile(r"/\*\*(?![*/])"),
    ),
    "java": re.compile(r"/\*\*(?![*/])|///(?!/)"),
    "csharp": re.compile(r"/\*\*(?![*/])|///(?!/)"),
    "rust": re.compile(r"/\*\*(?![*/])|///(?!/)|#!?\[doc"),
    "c": re.compile(r"/\*[*!](?![*/])|//[/!](?!/)"),
    "cpp": re.compile(r"/\*[*!](?![*/])|//[/!](?!/)"),
}


@dataclass(frozen=True, slots=True)
class DocComment:
    """A doc comment or docstring without its indentation, with ``\\n`` line ends."""

    text: str
    #: What it is about; None for a module.
    symbol: Symbol | None
    #: The lines it stands on.
    span: Span


def doc_comments(tree: Tree) -> Iterator[DocComment]:
    """Yield the documentation of a file's symbols, in order."""
    if tree.language.id == "python":
        yield from _docstrings(tree)
        return
    for count, symbol in enumerate(symbols_in(tree)):
        if count == _ENOUGH:
            return
        if (span := comments_above(tree, symbol.span.start)) is not None:
            text = _plain(tree.document.text[span.start : span.end])
            begins = _BEGINS.get(tree.language.id)
            if begins is None or begins.match(text):
                yield DocComment(text, symbol, span)


def with_comments_above(tree: Tree, target: Target) -> Target:
    """Return a target whose region takes in the comments right above it.

    The documentation of most languages stands there: it is to be rewritten, not put a second time.
    """
    if not target.whole_symbol or tree.language.id == "python":
        return target
    above = comments_above(tree, target.region.start)
    if above is None:
        return target
    return replace(target, region=Span(above.start, target.region.end))


def comments_above(tree: Tree, start: int) -> Span | None:
    """Return the whole lines of the comments right above the line that begins at `start`."""
    document = tree.document
    line = first = document.line_of(start)
    while first > 0:
        node = _comment_at(tree, first - 1)
        if node is None:
            break
        first = document.line_of(tree.offset(node.start_byte))
    return Span(document.starts[first], document.starts[line]) if first < line else None


def _comment_at(tree: Tree, line: int) -> tree_sitter.Node | None:
    """Return the comment that a line ends in, if only comments stand on its lines."""
    document = tree.document
    text = document.line_text(line).rstrip()
    if not text.strip():
        return None
    at = tree.byte(document.starts[line] + len(text)) - 1
    node: tree_sitter.Node | None = tree.tree.root_node.descendant_for_byte_range(at, at)
    while node is not None and node.type not in COMMENTS:
        node = node.parent
    if node is None:
        return None
    begin = tree.offset(node.start_byte)
    before = document.text[document.starts[document.line_of(begin)] : begin]
    return None if before.strip("\ufeff \t") else node


def _plain(text: str) -> str:
    lines = plain_newlines(text).removeprefix("\ufeff").strip("\n").split("\n")
    return textwrap.dedent("\n".join(line.rstrip() for line in lines))


def _docstrings(tree: Tree) -> Iterator[DocComment]:
    document = tree.document
    module = docstring_in(tree.tree.root_node, "")
    if module is not None:
        yield DocComment(_plain(tree.text_of(module)), None, _span(tree, module))
    seen = 0
    stack = [tree.tree.root_node]
    while stack and seen < _ENOUGH:
        node = stack.pop()
        stack.extend(reversed(node.named_children))
        symbol = symbol_of(tree, node)
        body = node.child_by_field_name("body")
        if symbol is None or body is None:
            continue
        seen += 1
        if (found := docstring_in(body, node.type)) is not None:
            span = _span(tree, found)
            yield DocComment(_plain(document.text[span.start : span.end]), symbol, span)


def _span(tree: Tree, node: tree_sitter.Node) -> Span:
    at = Span(tree.offset(node.start_byte), tree.offset(node.end_byte))
    return tree.document.whole_lines(at)
