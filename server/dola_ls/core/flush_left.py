"""Lines of strings that stand left of the code they are part of: their blanks are their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dola_ls.core.document import Document
from dola_ls.core.parsing import parse

if TYPE_CHECKING:
    import tree_sitter

#: What may begin a string of several lines; without any of it nothing has to be parsed.
_OPENS = re.compile('"""|\'\'\'|`|@"|R"|r#*"|<<')
_STRING = re.compile(r"string|text_block|heredoc")


def flush_left(language: str, lines: Sequence[str]) -> frozenset[int]:
    """Return which lines lie in a string and begin left of the line that opens it.

    A docstring goes with its function and stands no further left; the text of a template or a
    query often does, and would be another text with other blanks.
    """
    code = "\n".join(lines)
    tree = parse(Document("", language, 0, code)) if _OPENS.search(code) else None
    if tree is None:
        return frozenset()
    found: set[int] = set()
    stack: list[tree_sitter.Node] = [tree.tree.root_node]
    while stack:
        node = stack.pop()
        first, last = node.start_point.row, node.end_point.row
        if first == last:
            continue
        if not _STRING.search(node.type):
            stack.extend(node.children)
            continue
        base = _blanks(lines[first])
        found.update(
            row
            for row in range(first + 1, min(last + 1, len(lines)))
            if lines[row].strip() and _blanks(lines[row]) < base
        )
    return frozenset(found)


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
