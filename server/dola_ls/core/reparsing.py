"""Telling a syntax tree what has changed, so that only that is parsed again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dola_ls.core.shared_ends import shared_head, shared_tail

if TYPE_CHECKING:
    import tree_sitter

#: How far round an edit the code next to it is looked for, in bytes.
_NEAR = 1000
#: Up to how many declarations behind an edit are told to be looked at again.
_AHEAD = 32


def edited(before: tree_sitter.Tree, old: bytes, data: bytes) -> tree_sitter.Tree:
    """Return a tree to parse `data` from: the one `before`, of `old`, told what differs.

    Some scanners make tokens without width: the indents and dedents of Python, the semicolons
    that JavaScript leaves out. Where an edit stops right beside one, the scanner's state is not
    the one the old tree has at that place, and tree-sitter then skips the whole node that comes
    next, which may be all the rest of the file: 50 ms instead of 3 for a key press at the end of
    a line. An edit that is told to reach from the last character of one token into the blanks
    before the next does not do that. So the edit itself is told from the code before it to its
    line end, and the ends of some declarations behind it are told as edits that change nothing.
    """
    start = shared_head(old, data)
    tail = shared_tail(old, data, min(len(old), len(data)) - start)
    near = max(start - _NEAR, 0)
    start = max(near + len(old[near:start].rstrip()) - 1, 0)
    line_end = data.find(b"\n", len(data) - tail, len(data) - tail + _NEAR)
    if line_end >= 0:
        tail = len(data) - line_end - 1
    tree = before.copy()
    for at, (row, column) in _ends_behind(before, len(old) - tail):
        if column and at < len(old):
            behind = (row + 1, 0) if old[at : at + 1] == b"\n" else (row, column + 1)
            tree.edit(at - 1, at + 1, at + 1, (row, column - 1), behind, behind)
    point = old.count(b"\n", 0, start), start - old.rfind(b"\n", 0, start) - 1
    tree.edit(
        start,
        len(old) - tail,
        len(data) - tail,
        point,
        _moved(point, old[start : len(old) - tail]),
        _moved(point, data[start : len(data) - tail]),
    )
    return tree


def _ends_behind(tree: tree_sitter.Tree, at: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield where some outermost nodes end, in ever larger steps, from the one at a byte on."""
    node: tree_sitter.Node | None = tree.root_node.descendant_for_byte_range(at, at)
    while node is not None and node.parent is not None and node.parent.parent is not None:
        node = node.parent
    step, wait = 1, 0
    for _ in range(_AHEAD):
        if node is None or node.parent is None:
            return
        if node.end_byte > at and wait == 0:
            yield node.end_byte, node.end_point
            step, wait = step * 2, step
        wait = max(wait - 1, 0)
        node = node.next_sibling


def _moved(point: tuple[int, int], text: bytes) -> tuple[int, int]:
    """Return the row and column, in bytes, to which `text` leads from `point`."""
    rows = text.count(b"\n")
    return point[0] + rows, len(text) - text.rfind(b"\n") - 1 + (0 if rows else point[1])
