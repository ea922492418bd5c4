"""Names in test code: which are free, and one changed into another wherever it is used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from dola_ls.core.document import Edit, apply_edits
from dola_ls.core.testing.testcode import Code, is_name

if TYPE_CHECKING:
    import tree_sitter

#: Leaves that name a member of something else, not a name of the file.
_MEMBERS = frozenset({"property_identifier", "field_identifier", "private_property_identifier"})


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, or what comes nearest to it and is not taken."""
    if name not in taken:
        return name
    separator = "_" if "_" in name or name.islower() else ""
    number = 2
    while f"{name}{separator}{number}" in taken:
        number += 1
    return f"{name}{separator}{number}"


def free_title(title: str, taken: Collection[str]) -> str:
    """Return the title of a test, with a number behind it where it is taken."""
    number = 2
    found = title
    while found in taken:
        found = f"{title} ({number})"
        number += 1
    return found


def renamed(code: Code, names: Mapping[str, str], members: bool = False) -> str:
    """Return the text with names changed where they are declared and used.

    Members of other things keep their names, unless `members` says that members are meant.
    """
    edits = []
    stack = [code.root]
    while stack:
        node = stack.pop()
        stack.extend(node.named_children)
        if node.named_children or not is_name(node):
            continue
        new = names.get(code.text_of(node).lstrip("$"))
        if new is None or (not members and _is_member(node)):
            continue
        span = code.span_of(node)
        if node.type == "shorthand_property_identifier":
            new = f"{code.text_of(node)}: {new}"
        sigil = "$" if code.text[span.start] == "$" else ""
        edits.append(Edit(span.start, span.end, sigil + new))
    return apply_edits(code.text, sorted(edits))


def _is_member(node: tree_sitter.Node) -> bool:
    if node.type in _MEMBERS:
        return True
    parent = node.parent
    if parent is None:
        return False
    for field in ("attribute", "field"):
        found = parent.child_by_field_name(field)
        if found is not None and found.id == node.id and parent.type in {
            "attribute", "field_access", "selector_expression", "member_access_expression",
        }:  # fmt: skip
            return True
    if parent.type in {"keyword_argument", "method_invocation", "invocation_expression",
                       "member_access_expression", "member_call_expression"}:  # fmt: skip
        named = parent.child_by_field_name("name")
        owner = parent.child_by_field_name("object") or parent.child_by_field_name("expression")
        keyword = parent.type == "keyword_argument"
        return named is not None and named.id == node.id and (keyword or owner is not None)
    return False
