"""What a tested symbol uses: in its own file, and in files of the project that it imports from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.actions import Target
from dola_ls.core.context import estimate_tokens
from dola_ls.core.parsing import Tree
from dola_ls.core.testing.imported import heads_of_imports, import_nodes
from dola_ls.core.testing.listing import Listing
from dola_ls.core.testing.outlines import Declared, declarations, head_of, is_small, makes, text_of
from dola_ls.core.testing.testcode import is_name

if TYPE_CHECKING:
    import tree_sitter


@dataclass(frozen=True, slots=True)
class Need:
    """A piece of code that tests are written against; `whole` is empty where the head will do."""

    head: str
    whole: str = ""


def needs_of(tree: Tree, target: Target, source: str, listing: Listing) -> tuple[Need, ...]:
    """Return what the target's symbol uses, what matters most first.

    That is the class of a method, the imports and declarations of the same file that the symbol
    names, and then the heads of what it imports from other files of the project.
    """
    low, high = tree.byte(target.region.start), tree.byte(target.region.end)
    used = dict.fromkeys(_names(tree, low, high))
    symbol = target.symbol
    container = symbol.container if symbol is not None else None
    every = list(declarations(tree))
    if container is not None:
        for maker in _makers(tree, every, container):
            used |= dict.fromkeys(_names(tree, maker.start_byte, maker.end_byte))
    used.pop(container or "", None)
    mine: list[Need] = []
    theirs: list[Need] = []
    for found in every:
        node = found.outer
        if node.start_byte >= low and node.end_byte <= high:
            continue
        apart = node.end_byte <= low or node.start_byte >= high
        if container is not None and container in found.names:
            # A struct stands apart from the code of its methods, a class round it.
            mine.append(_need(tree, found) if apart else Need(head_of(tree, found)))
            mine += _siblings(tree, found, used, low, high)
        elif apart and not used.keys().isdisjoint(found.names):
            theirs.append(_need(tree, found))
    lines = [
        text
        for node in import_nodes(tree)
        if is_small(text := text_of(tree, node))
        and not used.keys().isdisjoint(re.findall(r"\w+", text))
    ]
    imports = [Need("\n".join(lines))] if lines else []
    code = tree.data[low:high].decode("utf-8", "replace")
    heads = heads_of_imports(tree, used, code, source, listing)
    return (*mine, *imports, *theirs, *(Need(head) for head in heads))


def _makers(tree: Tree, every: list[Declared], container: str) -> Iterator[tree_sitter.Node]:
    """Yield what makes an object of a class: a test of its methods needs what that needs."""
    for found in every:
        body = found.node.child_by_field_name("body")
        if container in found.names and body is not None:
            yield from (member.outer for member in declarations(tree, body) if makes(member))


def _need(tree: Tree, found: Declared) -> Need:
    whole = text_of(tree, found.outer)
    return Need(head_of(tree, found), whole if is_small(whole) else "")


def _siblings(
    tree: Tree, found: Declared, used: dict[str, None], low: int, high: int
) -> Iterator[Need]:
    """Yield the members of a method's own class that it uses, where they are short."""
    body = found.node.child_by_field_name("body")
    for member in declarations(tree, body) if body is not None else ():
        apart = member.outer.end_byte <= low or member.outer.start_byte >= high
        # What makes the object is in the outline already.
        if not apart or makes(member) or used.keys().isdisjoint(member.names):
            continue
        whole = text_of(tree, member.outer)
        if "\n" in whole and is_small(whole):
            yield Need("", whole)


def _names(tree: Tree, low: int, high: int) -> Iterator[str]:
    """Yield the names in a piece of code, in their order."""
    stack: list[tree_sitter.Node] = [tree.tree.root_node]
    while stack:
        node = stack.pop()
        if node.end_byte <= low or node.start_byte >= high:
            continue
        if not node.named_children and is_name(node):
            yield tree.text_of(node).lstrip("$")
        stack.extend(reversed(node.named_children))


def fitted(needs: Sequence[Need], room: int) -> str:
    """Return as much as fits into `room` tokens; of what does not fit whole, the head."""
    shown: list[str] = []
    for need in needs:
        for text in (need.whole, need.head):
            size = estimate_tokens(text + "\n\n")
            if text and size <= room and text not in shown:
                shown.append(text)
                room -= size
                break
    return "\n\n".join(shown)
