"""Finding nodes of a syntax tree by their place, without a look at all the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

#: What grammars call a comment.
COMMENTS = frozenset({"comment", "line_comment", "block_comment", "html_comment"})


def children_between(node: tree_sitter.Node, low: int, high: int) -> Iterator[tree_sitter.Node]:
    """Yield the named children of a node that hold some of the bytes ``[low, high)``.

    The root of a large file has thousands of children, and a cursor finds those at one place
    thousands of times as fast as a look at each.
    """
    cursor = node.walk()
    found = cursor.goto_first_child_for_byte(low) is not None
    while found and (child := cursor.node) is not None and child.start_byte < high:
        if child.is_named and child.end_byte > low:
            yield child
        found = cursor.goto_next_sibling()


def children_at(node: tree_sitter.Node, places: Sequence[int]) -> Iterator[tree_sitter.Node]:
    """Yield the named children of a node that hold any of some bytes, which are in order."""
    reached = node.start_byte
    for number in range(bisect_left(places, reached), bisect_left(places, node.end_byte)):
        place = places[number]
        if place >= reached:
            for child in children_between(node, place, place + 1):
                reached = child.end_byte
                yield child
