"""Which names a piece of code declares, scope by scope: two of a kind are one too many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.document import Span
from dola_ls.core.nodes import children_at, children_between
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, symbol_of, symbols_in

if TYPE_CHECKING:
    import tree_sitter

#: Languages in which one name may be declared with several lists of parameters.
_OVERLOADS = frozenset({"java", "cpp", "csharp"})
#: What may stand between an attribute and what it belongs to.
_ABOVE_RUST = frozenset({"attribute_item", "line_comment", "block_comment"})
#: Words that make another thing of a method of the same name in a class of JavaScript.
_ACCESS = frozenset({"get", "set", "static"})
#: Names that may be declared any number of times: they are not called by name.
_NAMELESS = {"go": frozenset({"init", "_"}), "python": frozenset({"_"})}


@dataclass(frozen=True, slots=True)
class Declared:
    """A name as one scope declares it."""

    #: The names of the symbols that the scope lies in, up to the code looked at.
    path: tuple[str, ...]
    name: str
    #: What tells it from others of its name: its kind and, where names are overloaded, its head.
    mark: str


def declarations(tree: Tree, span: Span) -> Counter[Declared]:
    """Count how often each name within `span` is declared in its scope.

    Names of the scope that holds the span count where they stand outside of it too. Of several
    scopes of the same name, the one with the most is counted.
    """
    low, high = tree.byte(span.start), tree.byte(span.end)
    outer = _around(tree, low, high)
    # Only namesakes of what stands inside count, and a large file has thousands of others.
    inner = {symbol.name.encode("utf-8", "surrogatepass") for symbol in symbols_in(tree, span)}
    # Those inside are come upon anyway.
    outside = ((outer.start_byte, low), (high, outer.end_byte))
    places = sorted(at for name in inner for part in outside for at in _places(tree, *part, name))
    scopes: dict[int, Counter[Declared]] = defaultdict(Counter)
    inside: set[Declared] = set()
    stack: list[tuple[tree_sitter.Node, int, tuple[str, ...]]] = [(outer, outer.id, ())]
    while stack:
        parent, scope, path = stack.pop()
        for node in _children(parent, low, high, places):
            # A decorated function may well have a namesake: the setter of a property has.
            if node.type in tree.language.wrappers and node.children[0].type != "decorator":
                stack.append((node, scope, path))
                continue
            within = low <= node.start_byte and node.end_byte <= high
            below = path
            apart = node.end_byte <= low or node.start_byte >= high
            if apart and not any(name in _head(tree, node) for name in inner):
                continue
            if node.type in tree.language.symbols and (found := _declared(tree, node, path)):
                scopes[scope][found] += 1
                below = (*path, found.name)
                if within:
                    inside.add(found)
            if within or (node.start_byte < high and node.end_byte > low):
                stack.append((node, node.id, below))
    most: Counter[Declared] = Counter()
    for names in scopes.values():
        most |= Counter({name: count for name, count in names.items() if name in inside})
    return most


def _places(tree: Tree, low: int, high: int, name: bytes) -> Iterator[int]:
    """Yield the bytes in ``[low, high)`` at which a name, or a longer one that holds it, stands."""
    at = tree.data.find(name, low, high)
    while at >= 0:
        yield at
        at = tree.data.find(name, at + len(name), high)


def _children(
    parent: tree_sitter.Node, low: int, high: int, places: Sequence[int]
) -> list[tree_sitter.Node]:
    """Return the children that lie in ``[low, high)``, and those that hold one of `places`."""
    found = {node.id: node for node in children_between(parent, low, high)}
    found.update((node.id, node) for node in children_at(parent, places))
    return list(found.values())


def _declared(tree: Tree, node: tree_sitter.Node, path: tuple[str, ...]) -> Declared | None:
    symbol = symbol_of(tree, node)
    if symbol is None or symbol.name.startswith("impl "):
        return None
    if symbol.name in _NAMELESS.get(tree.language.id, ()):
        return None
    mark = " ".join((symbol.kind, *_marks(tree, node)))
    if tree.language.id in _OVERLOADS and symbol.kind in {"function", "method"}:
        body = node.child_by_field_name("body")
        head = tree.data[node.start_byte : body.start_byte if body else node.end_byte]
        mark = b" ".join(head.split()).decode("utf-8", "replace")
    return Declared(path, symbol.name, mark)


def _marks(tree: Tree, node: tree_sitter.Node) -> Iterator[str]:
    """Yield what tells a declaration from others of its name, besides its parameters."""
    match tree.language.id:
        case "go":
            # Each type has methods of its own, whatever the receiver is called.
            receiver = node.child_by_field_name("receiver")
            for part in receiver.named_children if receiver is not None else ():
                kind = part.child_by_field_name("type")
                yield tree.text_of(kind).lstrip("*").partition("[")[0] if kind is not None else ""
        case "ruby":
            yield node.type  # `def self.call` beside `def call`
        case "rust":
            above = node.prev_named_sibling
            while above is not None and above.type in _ABOVE_RUST:
                if above.type == "attribute_item" and "cfg" in (text := tree.text_of(above)):
                    yield text
                above = above.prev_named_sibling
        case _:
            yield from (child.type for child in node.children if child.type in _ACCESS)


def _head(tree: Tree, node: tree_sitter.Node) -> bytes:
    """Return the code of a declaration up to its body."""
    body = node.child_by_field_name("body")
    return tree.data[node.start_byte : body.start_byte if body is not None else node.end_byte]


def _around(tree: Tree, low: int, high: int) -> tree_sitter.Node:
    """Return the smallest node that holds more than the bytes ``[low, high)`` of code."""
    while low < high and tree.data[low : low + 1].isspace():
        low += 1
    while high > low and tree.data[high - 1 : high].isspace():
        high -= 1
    node = tree.tree.root_node.descendant_for_byte_range(low, max(low, high - 1))
    while node is not None and node.parent is not None:
        if node.start_byte < low or node.end_byte > high:
            break
        node = node.parent
    while node is not None and node.parent is not None and node.type in tree.language.wrappers:
        node = node.parent
    return node if node is not None else tree.tree.root_node


def symbols_around(tree: Tree, span: Span) -> Iterator[Symbol]:
    """Yield the symbols that hold `span` and more, from the inside out."""
    node: tree_sitter.Node | None = _around(tree, tree.byte(span.start), tree.byte(span.end))
    while node is not None:
        if node.type in tree.language.symbols and (symbol := symbol_of(tree, node)) is not None:
            yield symbol
        node = node.parent
