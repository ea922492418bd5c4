"""What a file declares: each name with its signature, what is said of it, and its lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dola_ls.core.languages import SymbolKind
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import symbol_of
from dola_ls.core.testing.outlines import Declared, above, declarations, head_of, text_of

Kind = SymbolKind | Literal["constant"]

#: A declaration of no more lines, and characters, is shown with its body.
SHORT_LINES, SHORT = 8, 600
#: Characters of a head; the outline of a class with many members may be longer.
_LONGEST = 1600
#: Declarations of one file; generated ones have thousands.
_MOST = 400
#: Names of fewer characters are not told apart.
_NAME = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file declares."""

    name: str
    kind: Kind
    #: The class or type it stands in; empty for what stands outermost.
    container: str
    #: Up to the body, with the first line of what is said of it; of a class in outline.
    head: str
    #: All of it, where that is short; else empty.
    whole: str
    #: Its lines, from 0, up to the one after the last.
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Tagged:
    """A file as an index knows it."""

    #: Relative to the workspace folder, with forward slashes.
    path: str
    language: str
    definitions: tuple[Definition, ...]
    #: All words of the file that may be names.
    names: frozenset[str]


def tag(tree: Tree, path: str) -> Tagged:
    """Return what a file declares and which names it holds."""
    words = {sys.intern(word) for word in _NAME.findall(tree.document.text)}
    return Tagged(path, tree.language.id, definitions_of(tree), frozenset(words))


def definitions_of(tree: Tree) -> tuple[Definition, ...]:
    """Return what stands outermost in a file, and the methods of its classes, in their order."""
    found: list[Definition] = []
    for one in _all(tree):
        found.append(one)
        if len(found) == _MOST:
            break
    return tuple(found)


def defined_by(tree: Tree, found: Declared) -> tuple[Definition, ...]:
    """Return what one outermost declaration of a file defines."""
    return tuple(_definitions(tree, found, ""))


def _all(tree: Tree) -> Iterator[Definition]:
    for found in declarations(tree):
        yield from _definitions(tree, found, "")
        kind = tree.language.symbols.get(found.node.type)
        body = found.node.child_by_field_name("body")
        if kind not in ("class", "type") or body is None:
            continue
        for member in declarations(tree, body):
            # Fields stand in the outline of their class.
            if symbol_of(tree, member.node) is not None:
                yield from _definitions(tree, member, found.names[0])


def _definitions(tree: Tree, found: Declared, container: str) -> Iterator[Definition]:
    symbol = symbol_of(tree, found.node)
    kind: Kind = symbol.kind if symbol is not None else "constant"
    if container and kind == "function":
        kind = "method"
    first, last = found.outer.start_point[0], found.outer.end_point[0]
    head, said = head_of(tree, found), above(tree, found)
    if said and not head.startswith(said):
        head = f"{said}\n{head}"
    # Grammars count the line end in, some of them.
    end = last + (found.outer.end_point[1] > 0)
    short = ""
    if end - first <= SHORT_LINES:
        whole = "\n".join(filter(None, [said, text_of(tree, found.outer)]))
        short = whole if len(whole) <= SHORT else ""
    for name in found.names:
        yield Definition(
            sys.intern(name), kind, container, head[:_LONGEST], short, first, max(end, first + 1)
        )
