"""The declarations of a file, and what their heads say of how they are used."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.context import estimate_tokens, plain_newlines
from dola_ls.core.document import Span
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import symbol_of
from dola_ls.core.testing.marks import COMMENTS
from dola_ls.core.testing.testcode import is_name

if TYPE_CHECKING:
    import tree_sitter

#: Tokens up to which a declaration is shown with its body.
SMALL = 120
#: Characters of a line that is taken over as it is.
_LINE = 120
#: Nodes in whose bodies the declarations of a file stand as well.
_SCOPES = frozenset(
    {"namespace_declaration", "namespace_definition", "module", "mod_item", "internal_module",
     "declaration_list", "body_statement", "compound_statement", "preproc_ifdef", "if_statement",
     "block", "statement_block"}
)  # fmt: skip
_CONSTRUCTORS = frozenset(
    {"__init__", "__new__", "constructor", "initialize", "__construct", "new"}
)
_MARKS = re.compile(r"^\s*(?:/\*+!?|\*+/?|//[/!]?|#+)\s?|\s*\*+/\s*$")


@dataclass(frozen=True, slots=True)
class Declared:
    """Names that one statement declares, and the statement with its decorators or ``export``."""

    names: tuple[str, ...]
    node: tree_sitter.Node
    outer: tree_sitter.Node


def declarations(tree: Tree, parent: tree_sitter.Node | None = None) -> Iterator[Declared]:
    """Yield what stands outermost in a file, or right in `parent`: functions, types, constants."""
    for outer in (parent or tree.tree.root_node).named_children:
        node = _inside(tree, outer)
        symbol = symbol_of(tree, node)
        if symbol is not None and node.type not in _SCOPES:
            yield Declared((symbol.name.removeprefix("impl "),), node, outer)
        elif node.type in _SCOPES:
            yield from declarations(tree, node.child_by_field_name("body") or node)
        # A grammar may put in a name that is missing in broken code: it has no characters.
        elif names := tuple(filter(None, _bound(tree, node))):
            yield Declared(names, node, outer)


def _inside(tree: Tree, node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the declaration in a decorator, an ``export`` or the like."""
    while node.type in tree.language.wrappers:
        inner = [
            child
            for child in node.named_children
            if child.type in tree.language.wrappers or symbol_of(tree, child) is not None
        ]
        if len(inner) != 1:
            break
        node = inner[0]
    return node


def is_require(tree: Tree, node: tree_sitter.Node) -> bool:
    """Tell whether a statement of JavaScript imports by a call."""
    declares = node.type in {"lexical_declaration", "variable_declaration"}
    return declares and re.search(r"=\s*require\(", tree.text_of(node)) is not None


def _bound(tree: Tree, node: tree_sitter.Node, depth: int = 3) -> Iterator[str]:
    """Yield the names that a statement binds, be they constants or variables."""
    if node.type in tree.language.imports or is_require(tree, node):
        return
    for field in ("left", "name", "declarator"):
        found = node.child_by_field_name(field)
        if found is None and node.type == "const_element":
            found = node.named_children[0]
        if found is None:
            continue
        for leaf in [found, *found.named_children]:
            if not leaf.named_children and is_name(leaf):
                yield tree.text_of(leaf).lstrip("$")
        return
    if depth:
        for child in node.named_children:
            if child.type.endswith(
                ("assignment", "declaration", "declarator", "spec", "element", "list")
            ):
                yield from _bound(tree, child, depth - 1)


def text_of(tree: Tree, node: tree_sitter.Node, end: int | None = None) -> str:
    """Return the whole lines from the beginning of a node on, dedented; up to a byte if given."""
    start = tree.offset(node.start_byte)
    stop = tree.offset(node.end_byte if end is None else end)
    lines = tree.document.whole_lines(Span(start, start))
    code = tree.document.text[lines.start : start]
    indent = code if not code.strip() else ""
    return textwrap.dedent(plain_newlines(indent + tree.document.text[start:stop])).rstrip()


def is_small(text: str) -> bool:
    """Tell whether code is short enough to be shown whole."""
    return estimate_tokens(text) <= SMALL


def makes(found: Declared) -> bool:
    """Tell whether a member of a class is what its objects are made by."""
    return found.node.type == "constructor_declaration" or not _CONSTRUCTORS.isdisjoint(found.names)


def head_of(tree: Tree, found: Declared, *, told: bool = True) -> str:
    """Return a declaration up to its body, with the first line of its documentation if `told`.

    A class or a type is given in outline: its fields, how it is made, and the heads of its methods.
    """
    body = _body(found.node)
    if body is None:
        whole = text_of(tree, found.outer)
        return whole if is_small(whole) else whole.split("\n")[0][:_LINE]
    head = text_of(tree, found.outer, body.start_byte)
    summary = _summary(tree, found, body) if told else ""
    python = tree.language.id == "python"
    if summary and not python:
        head = f"{tree.language.line_comment} {summary}\n{head}"
    kind = tree.language.symbols.get(found.node.type)
    members = list(_members(tree, body)) if kind in {"class", "type", "module"} else []
    inside = [f'"""{summary}"""'] if summary and python else []
    if not members and not inside:
        return head
    lines = textwrap.indent("\n".join([*inside, *members]), "    ")
    braces = tree.text_of(body).startswith("{")
    end = "}" if braces else "end" if tree.language.id == "ruby" else ""
    return "\n".join([f"{head} {{" if braces else head, lines, *([end] if end else [])])


def _body(node: tree_sitter.Node) -> tree_sitter.Node | None:
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        return value.child_by_field_name("body") if value is not None else None
    return node.child_by_field_name("body")


def _members(tree: Tree, body: tree_sitter.Node) -> Iterator[str]:
    for outer in body.named_children:
        node = _inside(tree, outer)
        if node.type in COMMENTS:
            continue
        symbol = symbol_of(tree, node)
        if symbol is not None and symbol.kind in {"function", "method"}:
            found = Declared((symbol.name,), node, outer)
            whole = text_of(tree, outer)
            if makes(found) and is_small(whole):
                yield whole
            elif makes(found) or not symbol.name.startswith("_"):
                yield head_of(tree, found, told=False)
            continue
        text = text_of(tree, outer)
        if "\n" not in text and len(text) <= _LINE and not text.startswith(('"', "'")):
            yield text + _comma(outer)


def _comma(node: tree_sitter.Node) -> str:
    behind = node.next_sibling
    return behind.type if behind is not None and behind.type in {",", ";", ":"} else ""


def above(tree: Tree, found: Declared) -> str:
    """Return the first line of the comment above a declaration, as a comment of one line.

    Empty where there is none, and in Python, where documentation stands inside.
    """
    if tree.language.id == "python":
        return ""
    said = _comment_above(tree, found)
    return f"{tree.language.line_comment} {said}" if said else ""


def _summary(tree: Tree, found: Declared, body: tree_sitter.Node) -> str:
    """Return the first line of a docstring or of the comment above; empty where there is none."""
    if tree.language.id == "python":
        first = body.named_children[0] if body.named_children else None
        inner = first.named_children[0] if first is not None and first.named_children else None
        if first is None or first.type != "expression_statement" or inner is None:
            return ""
        said = tree.text_of(inner).strip("rRuU").strip("\"'") if inner.type == "string" else ""
        return _first(said.replace("\\", "").replace('"""', "").split("\n"))
    return _comment_above(tree, found)


def _comment_above(tree: Tree, found: Declared) -> str:
    top: tree_sitter.Node | None = None
    above = found.outer.prev_sibling
    row = found.outer.start_point[0]
    while above is not None and (
        above.type in COMMENTS or above.type in tree.language.leading
    ) and above.end_point[0] >= row - 1:  # fmt: skip
        if above.type in COMMENTS:
            top = above
        row, above = above.start_point[0], above.prev_sibling
    if top is None:
        return ""
    return _first(_MARKS.sub("", line) for line in tree.text_of(top).split("\n"))


def _first(lines: Iterator[str] | list[str]) -> str:
    for line in lines:
        words = _MARKS.sub("", line).strip()
        if words and not words.startswith("@"):
            return words[:_LINE]
    return ""
