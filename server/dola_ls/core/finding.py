"""Finding a symbol by its name in the tree of one file: where it is declared, and where used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dola_ls.core.document import Span
from dola_ls.core.nodes import COMMENTS
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, symbols_in
from dola_ls.core.testing.outlines import declarations
from dola_ls.core.tools import container_part, last_part

#: Parts of the names of nodes that hold text, in which a name is only a word.
_TEXTS = ("string", "char", "heredoc")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of code, counted from 1, without the blanks round it."""

    number: int
    text: str


def definitions_in(tree: Tree, name: str) -> list[Span]:
    """Return the whole lines of each declaration of a name, such as ``total`` or ``Cart.total``."""
    bare, container = last_part(name), container_part(name)
    found = [symbol for symbol in symbols_in(tree) if _bare(symbol) == bare]
    inside = [symbol for symbol in found if symbol.container == container] if container else []
    if found:
        # What stands before the dot may be a module, of which the tree knows nothing.
        return [symbol.span for symbol in inside or found]
    outer = [one.outer for one in declarations(tree) if bare in one.names]
    spans = [Span(tree.offset(node.start_byte), tree.offset(node.end_byte)) for node in outer]
    return [tree.document.whole_lines(span) for span in spans]


def uses_in(tree: Tree, name: str) -> Iterator[Line]:
    """Yield the lines that use a name, other than to declare it, in comments and in texts."""
    bare = last_part(name)
    document = tree.document
    declared = {symbol.name_span.start for symbol in symbols_in(tree) if _bare(symbol) == bare}
    seen = -1
    for match in word(bare).finditer(document.text):
        line = document.line_of(match.start())
        if line == seen or match.start() in declared or not _is_code(tree, match.start()):
            continue
        seen = line
        yield Line(line + 1, document.line_text(line).strip())


def word(name: str) -> re.Pattern[str]:
    """Return what finds a name where it stands by itself."""
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")


def _bare(symbol: Symbol) -> str:
    return last_part(symbol.name.removeprefix("impl ").partition("<")[0])


def _is_code(tree: Tree, offset: int) -> bool:
    byte = tree.byte(offset)
    node = tree.tree.root_node.descendant_for_byte_range(byte, byte + 1)
    while node is not None:
        if node.type == "interpolation" or "substitution" in node.type:
            return True
        if node.type in COMMENTS or any(part in node.type for part in _TEXTS):
            return False
        node = node.parent
    return True
