"""What an import of an answer brings that the file has not imported yet.

An answer often shows a line of imports with one more name in it. Put in beside the line that is
there, it would bind the others twice, which JavaScript and Rust refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dola_ls.core.parsing import Tree

if TYPE_CHECKING:
    import tree_sitter

#: What a statement binds: where it comes from, and how it stands in the statement.
_Name = tuple[str, str]


def without_known(
    answer: Tree, node: tree_sitter.Node, file: Tree, known: Sequence[tree_sitter.Node]
) -> str | None:
    """Return an import of an answer without the names that the imports `known` of a file bring.

    None where they bring all of it. A statement of which they bring nothing stays as it is.
    """
    names = list(_names(answer, node))
    there = {name for one in known for name in _names(file, one)}
    left = [name for name in names if name not in there]
    if len(left) == len(names):
        return answer.text_of(node)
    if not left:
        return None
    return _STATEMENTS[node.type](answer, node, left)


def _names(tree: Tree, node: tree_sitter.Node) -> Iterator[_Name]:
    match node.type:
        case "import_statement":
            yield from _of_script(tree, node)
        case "import_from_statement":
            yield from _of_python(tree, node)
        case "use_declaration" if not any(c.type == "visibility_modifier" for c in node.children):
            argument = node.child_by_field_name("argument")
            if argument is not None:
                yield from (("", path) for path in _paths(tree, argument))


def _of_script(tree: Tree, node: tree_sitter.Node) -> Iterator[_Name]:
    source, clause = node.child_by_field_name("source"), _clause(node)
    if source is None or clause is None:
        return
    # A type alone is not enough where the value is needed, and the other way round.
    kind = "type " if any(child.type == "type" for child in node.children) else ""
    module = kind + tree.text_of(source).strip("'\"")
    for part in clause.named_children:
        for item in part.named_children if part.type == "named_imports" else (part,):
            if item.type in ("identifier", "namespace_import", "import_specifier"):
                # `a` alone is the default, `a` in braces another thing.
                braces = "{" if part.type == "named_imports" else ""
                yield module, braces + " ".join(tree.text_of(item).split())


def _clause(node: tree_sitter.Node) -> tree_sitter.Node | None:
    return next((child for child in node.children if child.type == "import_clause"), None)


def _script_statement(tree: Tree, node: tree_sitter.Node, names: Sequence[_Name]) -> str:
    clause = _clause(node)
    assert clause is not None
    inner = [text[1:] for _, text in names if text.startswith("{")]
    parts = [text for _, text in names if not text.startswith("{")]
    if inner:
        parts.append(f"{{ {', '.join(inner)} }}")
    return _between(tree, node, clause, ", ".join(parts))


def _of_python(tree: Tree, node: tree_sitter.Node) -> Iterator[_Name]:
    module = node.child_by_field_name("module_name")
    if module is not None:
        for name in node.children_by_field_name("name"):
            yield tree.text_of(module), " ".join(tree.text_of(name).split())


def _python_statement(tree: Tree, node: tree_sitter.Node, names: Sequence[_Name]) -> str:
    return f"from {names[0][0]} import {', '.join(text for _, text in names)}"


def _paths(tree: Tree, node: tree_sitter.Node, before: str = "") -> Iterator[str]:
    """Yield the full paths of a `use`, of which braces may hold many."""
    if node.type == "scoped_use_list":
        path, inner = node.child_by_field_name("path"), node.child_by_field_name("list")
        if inner is not None:
            above = f"{before}{tree.text_of(path)}::" if path is not None else before
            yield from _paths(tree, inner, above)
    elif node.type == "use_list":
        for child in node.named_children:
            yield from _paths(tree, child, before)
    elif node.type == "self" and before:
        yield before.removesuffix("::")
    else:
        yield before + " ".join(tree.text_of(node).split())


def _rust_statement(tree: Tree, node: tree_sitter.Node, names: Sequence[_Name]) -> str:
    return "\n".join(f"use {path};" for _, path in names)


def _between(tree: Tree, node: tree_sitter.Node, inner: tree_sitter.Node, text: str) -> str:
    """Return a node's text with another text in the place of one node within."""
    data = tree.data[node.start_byte : node.end_byte]
    low, high = inner.start_byte - node.start_byte, inner.end_byte - node.start_byte
    return (data[:low] + text.encode("utf-8", "surrogatepass") + data[high:]).decode(
        "utf-8", "surrogatepass"
    )


_STATEMENTS = {
    "import_statement": _script_statement,
    "import_from_statement": _python_statement,
    "use_declaration": _rust_statement,
}
