"""Which names a piece of code uses, and how: what is called, named as a type, or taken of what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.document import Span
from dola_ls.core.nodes import children_between
from dola_ls.core.parsing import Tree
from dola_ls.core.testing.testcode import is_name

if TYPE_CHECKING:
    import tree_sitter

#: Fields under which grammars keep what a member is taken of.
_OWNERS = ("object", "value", "receiver", "operand", "argument", "scope", "expression", "path")
#: Fields under which they keep the name of a member.
_MEMBERS = ("attribute", "property", "field", "name", "method")
_ACCESSES = re.compile(
    r"attribute|member_expression|selector_expression|field_expression|scoped_\w+"
    r"|field_access|method_invocation|member_access_expression|member_call_expression"
    r"|nullsafe_member_\w+|class_constant_access_expression|scope_resolution|call|qualified_\w+"
)
_CALLS = frozenset(
    {"call", "call_expression", "new_expression", "method_invocation", "macro_invocation",
     "object_creation_expression", "invocation_expression", "function_call_expression",
     "member_call_expression", "scoped_call_expression", "decorator"}
)  # fmt: skip
#: Fields of a call under which its arguments stand, and what it is a call of.
_CALLED = ("function", "constructor", "method", "name", "type", "macro")
#: Fields under which a type stands.
_TYPES = ("type", "returns", "return_type", "result")
_BINDERS = ("left", "pattern", "name", "declarator", "alias")
_BINDING = re.compile(
    r"assignment|assignment_expression|for_statement|for_in_statement|for_in_clause|for_expression"
    r"|variable_declarator|let_declaration|short_var_declaration|var_spec|init_declarator"
    r"|as_pattern|named_expression|enhanced_for_statement|range_clause|let_condition"
    r"|foreach_statement|declaration|local_function_statement"
)
#: Nodes whose names are labels, as those of keyword arguments and of fields that are set.
_LABELS = frozenset(
    {"keyword_argument", "pair", "keyed_element", "field_initializer", "enum_assignment",
     "argument", "import_statement", "import_from_statement", "labeled_statement"}
)  # fmt: skip
_PARAMETERS = frozenset(
    {"parameters", "formal_parameters", "lambda_parameters", "closure_parameters",
     "method_parameters", "block_parameters"}
)  # fmt: skip
_OWN = frozenset({"self", "this", "cls", "Self", "super", "base"})


@dataclass(frozen=True, slots=True)
class Use:
    """A name as a piece of code uses it; each name and what it is taken of once."""

    name: str
    #: The one name that it is taken of: ``money`` of ``money.rounded``; empty for none.
    owner: str = ""
    #: It is a member of something, be that a name or not.
    member: bool = False
    called: bool = False
    #: It stands where a type does.
    typed: bool = False
    #: It is taken of the object itself: ``self.total``.
    own: bool = False


def uses_of(tree: Tree, span: Span) -> tuple[Use, ...]:
    """Return what a piece of code uses that it does not bind itself, in order of appearance."""
    low, high = tree.byte(span.start), tree.byte(span.end)
    bound: set[str] = set()
    found: dict[tuple[str, str, bool], Use] = {}
    for node in _name_nodes(tree, low, high):
        name = tree.text_of(node).lstrip("$")
        if _is_bound(node):
            bound.add(name)
            continue
        use = _use(tree, node, name)
        if use is None:
            continue
        key = use.name, use.owner, use.member
        known = found.get(key)
        if known is not None:
            use = Use(
                *key,
                called=use.called or known.called,
                typed=use.typed or known.typed,
                own=use.own or known.own,
            )
        found[key] = use
    # A parameter may be called like the module that a name is taken of; then it is not that.
    return tuple(
        Use(use.name, "", True, use.called, use.typed, use.own) if use.owner in bound else use
        for use in found.values()
        if use.member or use.name not in bound
    )


def calls_of(tree: Tree, name: str) -> list[tree_sitter.Node]:
    """Return the nodes of a name where it is called, in their order."""
    word = name.encode("utf-8", "surrogatepass")
    found: list[tree_sitter.Node] = []
    at = tree.data.find(word)
    while at >= 0:
        node = tree.tree.root_node.descendant_for_byte_range(at, at + len(word) - 1)
        if (
            node is not None
            and is_name(node)
            and node.start_byte == at
            and node.end_byte == at + len(word)
            and _is_called(node)
        ):
            found.append(node)
        at = tree.data.find(word, at + len(word))
    return found


def _name_nodes(tree: Tree, low: int, high: int) -> Iterator[tree_sitter.Node]:
    stack: list[tree_sitter.Node] = [tree.tree.root_node]
    while stack:
        node = stack.pop()
        if node.end_byte <= low or node.start_byte >= high:
            continue
        if not node.named_children:
            if is_name(node):
                yield node
            continue
        stack.extend(reversed(list(children_between(node, low, high))))


def _same(one: tree_sitter.Node | None, other: tree_sitter.Node) -> bool:
    return one is not None and one.start_byte == other.start_byte and (
        one.end_byte == other.end_byte
    )  # fmt: skip


def _is_bound(node: tree_sitter.Node) -> bool:
    """Tell whether a name stands where code brings it in: a parameter, a variable, a declaration.

    What has the type of a parameter, or its default, is no name that is brought in.
    """
    inner, parent = node, node.parent
    while parent is not None:
        kind = parent.type
        if kind in {"as_pattern_target", "variable_name"}:
            return True  # names with a dollar sign are PHP's variables
        if kind in {"typed_parameter", "default_parameter", "typed_default_parameter"} or (
            "parameter" in kind and not kind.endswith(("parameters", "parameter_list"))
        ):
            value = [
                parent.child_by_field_name(name) for name in ("type", "value", "default_value")
            ]
            return not any(one is not None and _holds(one, inner) for one in value)
        if kind in _PARAMETERS:
            return True
        named = [parent.child_by_field_name(name) for name in _BINDERS]
        if any(_same(one, inner) for one in named):
            return _BINDING.fullmatch(kind) is not None or kind.endswith(
                (
                    "_definition",
                    "method",
                    "_declaration",
                    "_item",
                    "_spec",
                    "_specifier",
                    "_declarator",
                )
            )
        if not kind.endswith(("pattern", "pattern_list", "expression_list", "_declarator", "tuple",
                              "tuple_pattern", "object_pattern", "array_pattern")):  # fmt: skip
            return False
        inner, parent = parent, parent.parent
    return False


def _holds(outer: tree_sitter.Node, inner: tree_sitter.Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _use(tree: Tree, node: tree_sitter.Node, name: str) -> Use | None:
    parent = node.parent
    if parent is None or name in _OWN:
        return None
    if parent.type in _LABELS:
        label = parent.child_by_field_name("name") or parent.child_by_field_name("key")
        if _same(label, node):
            return None
    called = _is_called(node)
    typed = node.type == "type_identifier" or _in_type(node)
    owner = owner_of(node)
    if owner is None:
        return Use(name, called=called, typed=typed)
    text = tree.text_of(owner).lstrip("$")
    own = text in _OWN
    single = text if not own and re.fullmatch(r"[\w.]+", text) else ""
    return Use(name, single, True, called, typed, own)


def owner_of(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return what a name is taken of as a member; None where it stands by itself."""
    parent = node.parent
    if parent is None or _ACCESSES.fullmatch(parent.type) is None:
        return None
    if not any(_same(parent.child_by_field_name(field), node) for field in _MEMBERS):
        return None
    for field in _OWNERS:
        owner = parent.child_by_field_name(field)
        if owner is not None and not _same(owner, node):
            return owner
    return None


def _is_called(node: tree_sitter.Node) -> bool:
    whole = node
    if owner_of(node) is not None and node.parent is not None:
        if node.parent.type in _CALLS:
            return True
        whole = node.parent
    parent = whole.parent
    if parent is None or parent.type not in _CALLS:
        return False
    if parent.type in ("decorator", "object_creation_expression"):
        return True
    return any(_same(parent.child_by_field_name(field), whole) for field in _CALLED)


def _in_type(node: tree_sitter.Node) -> bool:
    """Tell whether a name stands in an annotation, within three steps."""
    inner: tree_sitter.Node | None = node
    for _ in range(4):
        if inner is None:
            return False
        if inner.type in {"type", "type_annotation", "generic_type", "type_parameter"}:
            return True
        outer = inner.parent
        if outer is not None and any(_same(outer.child_by_field_name(f), inner) for f in _TYPES):
            return True
        inner = outer
    return False
