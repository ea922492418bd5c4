"""Test code taken apart: imports, tests, groups of tests, and what else stands in it.

Works on the existing test file and on the answer alike, in every language with a grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.syntax import symbol_of
from dola_ls.core.testing.cpp_macros import without_macros
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.marks import (
    CASES,
    COMMENTS,
    CPP_TEST,
    GROUPS,
    call_name,
    inner_of,
    is_test,
)

if TYPE_CHECKING:
    import tree_sitter

Kind = Literal["import", "package", "test", "group", "declaration", "main", "comment", "other"]

_BODIES = ("class_body", "declaration_list", "block", "body_statement", "statement_block",
           "compound_statement", "enum_body", "block_body")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of test code: whole lines, with the comments and attributes right above."""

    kind: Kind
    #: What it declares, or the title of a test or group; empty where it has no name.
    name: str
    span: Span
    node: tree_sitter.Node


class Code:
    """Test code with its tree."""

    def __init__(self, document: Document, framework: Framework, tree: Tree | None = None) -> None:
        self.text = document.text
        self.framework = framework
        self.document = document
        masked = (
            without_macros(document.text)
            if language_of(document.language).id == "cpp"
            else document.text
        )
        if tree is None or masked != document.text:
            tree = parse(Document(document.uri, document.language, document.version, masked))
        assert tree is not None
        self.tree = tree
        self.root = tree.tree.root_node

    @property
    def faults(self) -> int:
        """The number of places that do not parse."""
        return self.tree.faults

    def text_of(self, node: tree_sitter.Node) -> str:
        """Return the text of a node, as it stands in the file."""
        return self.text[self.tree.offset(node.start_byte) : self.tree.offset(node.end_byte)]

    def span_of(self, node: tree_sitter.Node) -> Span:
        """Return where a node stands."""
        return Span(self.tree.offset(node.start_byte), self.tree.offset(node.end_byte))

    def units(self, parent: tree_sitter.Node | None = None) -> list[Unit]:
        """Return the units that stand right in `parent`, or in the file itself."""
        return list(_units(self, self.root if parent is None else parent))

    def holds_tests(self, node: tree_sitter.Node) -> bool:
        """Tell whether there is a test in a node, at any depth."""
        stack = [node]
        while stack:
            inner = stack.pop()
            if is_test(self, inner):
                return True
            stack.extend(inner.named_children)
        return False

    def tests(self, parent: tree_sitter.Node | None = None) -> Iterator[Unit]:
        """Yield all tests below `parent`, at any depth."""
        for unit in self.units(parent):
            if unit.kind == "test":
                yield unit
            elif unit.kind == "group" and (body := body_of(self, unit.node)) is not None:
                yield from self.tests(body)

    def names_used(self) -> set[str]:
        """Return all words that are names of some sort in the code."""
        found: set[str] = set()
        stack = [self.root]
        while stack:
            node = stack.pop()
            if not node.named_children and is_name(node):
                found.add(self.text_of(node))
            stack.extend(node.named_children)
        return found


def code_of(document: Document, language: str, framework: Framework) -> Code:
    """Parse a document in a language that is known better than its editor may know it."""
    return Code(Document(document.uri, language, document.version, document.text), framework)


def read_code(text: str, language: str, framework: Framework) -> Code:
    """Parse a piece of test code."""
    return Code(Document("untitled:tests", language, 0, text), framework)


def is_name(node: tree_sitter.Node) -> bool:
    """Tell whether a leaf of the tree is a name."""
    return node.type.endswith("identifier") or node.type.endswith("_pattern") or (
        node.type in {"name", "constant", "variable_name"}
    )  # fmt: skip


def _units(code: Code, parent: tree_sitter.Node) -> Iterator[Unit]:
    leading: tree_sitter.Node | None = None
    end_row = -1
    for node in parent.named_children:
        if node.type == "global_statement" and node.named_children:
            node = node.named_children[0]
        attached = node.type in COMMENTS or node.type in code.tree.language.leading
        if attached and not _ends_line_of_code(code, node):
            if leading is None or node.start_point[0] > end_row + 1:
                if leading is not None and leading.type in COMMENTS:
                    yield _unit(code, "comment", "", leading, leading)
                leading = node
            end_row = _last_row(node)
            continue
        if attached:
            continue
        first = node
        if leading is not None:
            heads = node.start_point[0] <= end_row + 1
            if heads:
                first = leading
            else:
                yield _unit(code, "comment", "", leading, leading)
        leading = None
        kind, name = _kind(code, node)
        yield _unit(code, kind, name, first, node)
    if leading is not None:
        yield _unit(code, "comment", "", leading, leading)


def _ends_line_of_code(code: Code, node: tree_sitter.Node) -> bool:
    before = node.prev_sibling
    return before is not None and before.end_point[0] == node.start_point[0] and (
        before.end_byte > before.start_byte and before.end_point[1] > 0
    )  # fmt: skip


def _last_row(node: tree_sitter.Node) -> int:
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point[0] else row


def _unit(
    code: Code, kind: Kind, name: str, first: tree_sitter.Node, node: tree_sitter.Node
) -> Unit:
    start, end = code.tree.offset(first.start_byte), code.tree.offset(node.end_byte)
    while end > start and code.text[end - 1] in "\r\n":
        end -= 1  # an #include ends behind its line end
    return Unit(kind, name, code.document.whole_lines(Span(start, end)), node)


def _kind(code: Code, node: tree_sitter.Node) -> tuple[Kind, str]:
    language = code.tree.language
    if node.type in language.imports or _is_require(code, node):
        return "import", ""
    if node.type in language.preamble or node.type == "file_scoped_namespace_declaration":
        return "package", ""
    name = name_of(code, node)
    if is_test(code, node):
        return "test", name
    if (body_of(code, node) is not None or call_name(code, node) in GROUPS) and (
        code.holds_tests(node)
    ):
        return "group", name
    if language.id == "python" and node.type == "if_statement" and "__main__" in code.text_of(node):
        return "main", ""
    return ("declaration" if name else "other"), name


def _is_require(code: Code, node: tree_sitter.Node) -> bool:
    language = code.tree.language.id
    if node.type == "linkage_specification":
        body = node.child_by_field_name("body")
        return body is not None and all(
            child.type == "preproc_include" for child in body.named_children
        )
    text = code.text_of(node)
    if language == "ruby":
        return (
            node.type == "call"
            and re.match(r"(?:require|require_relative|load)\b", text) is not None
        )
    return (
        node.type in {"lexical_declaration", "variable_declaration", "expression_statement"}
        and re.fullmatch(
            r"(?:(?:const|let|var)\s+[^=]+=\s*)?(?:await\s+)?require\([^()]*\)(?:\.\w+)*;?\s*"
            r"|['\"]use strict['\"];?",
            text,
        )
        is not None
    )


def name_of(code: Code, node: tree_sitter.Node) -> str:
    """Return what a node declares, or the title of the test or group that it is."""
    if call_name(code, node) in CASES | GROUPS:
        found = _arguments(node)
        return code.text_of(found).strip("'\"`") if found is not None else ""
    inner = inner_of(node)
    if code.tree.language.id == "cpp" and inner.type == "function_definition":
        return _cpp_name(code, inner)
    if inner.type in {"lexical_declaration", "variable_declaration", "field_declaration",
                      "const_declaration", "var_declaration", "property_declaration"}:  # fmt: skip
        names = (_declared(code, child) for child in inner.named_children)
        return next((name for name in names if name), "")
    if inner.type == "assignment":
        left = inner.child_by_field_name("left")
        return code.text_of(left) if left is not None and is_name(left) else ""
    if inner.type in {"type_declaration"} and inner.named_children:
        inner = inner.named_children[0]
    symbol = symbol_of(code.tree, inner)
    if symbol is not None:
        return symbol.name
    found = inner.child_by_field_name("name")
    return code.text_of(found) if found is not None else ""


def _declared(code: Code, node: tree_sitter.Node) -> str:
    found = node.child_by_field_name("name")
    while found is None and node.named_children and node.type.endswith(
        ("declarator", "declaration", "element", "spec")
    ):  # fmt: skip
        node = node.named_children[0]
        found = node.child_by_field_name("name")
    if found is None or not is_name(found):
        return ""
    return code.text_of(found)


def _arguments(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the first argument of the outermost call that has one."""
    call = inner_of(node)
    while call.type == "member_call_expression":
        call = call.child_by_field_name("object") or call.named_children[0]
    found = call.child_by_field_name("arguments")
    if found is None or not found.named_children:
        return None
    first = found.named_children[0]
    return first.named_children[0] if first.type == "argument" else first


def title_span(code: Code, node: tree_sitter.Node) -> Span | None:
    """Return where the title or name of a unit stands, quotes left out."""
    if call_name(code, node) in CASES | GROUPS:
        found = _arguments(node)
        if found is None or "string" not in found.type:
            return None
        span = code.span_of(found)
        return Span(span.start + 1, span.end - 1)
    inner = inner_of(node)
    if code.tree.language.id == "cpp":
        span = code.span_of(inner)
        head = re.match(r'\w+\s*\(\s*(?:\w+\s*,\s*(\w+)|"((?:[^"\\]|\\.)*)")',
                        code.text[span.start : span.end])  # fmt: skip
        if head:
            group = 1 if head[1] else 2
            return Span(span.start + head.start(group), span.start + head.end(group))
    if inner.type == "type_declaration" and inner.named_children:
        inner = inner.named_children[0]
    named = inner.child_by_field_name("name")
    if named is None and inner.named_children:
        stack = [inner]
        while stack and named is None:
            node = stack.pop(0)
            named = node.child_by_field_name("name") or node.child_by_field_name("left")
            if named is None and node.type.endswith(
                ("declarator", "declaration", "definition", "spec")
            ):
                declarator = node.child_by_field_name("declarator")
                if declarator is not None and is_name(declarator):
                    named = declarator
                stack.extend(node.named_children)
    return code.span_of(named) if named is not None else None


def _cpp_name(code: Code, node: tree_sitter.Node) -> str:
    head = re.match(
        r'(\w+)\s*\(\s*(?:(\w+)\s*,\s*(\w+)\s*\)|"((?:[^"\\]|\\.)*)")', code.text_of(node)
    )
    if head and (CPP_TEST.fullmatch(head[1]) or head[4] is not None):
        return head[4] if head[4] is not None else f"{head[2]}.{head[3]}"
    symbol = symbol_of(code.tree, node)
    return symbol.name if symbol is not None else ""


def body_of(code: Code, node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the node that holds the members of a class, module or group of tests."""
    inner = inner_of(node)
    if call_name(code, node) in GROUPS:
        return block_of(inner)
    if inner.type in {"class_definition", "class_declaration", "class", "mod_item", "module",
                      "namespace_definition", "namespace_declaration", "record_declaration",
                      "impl_item", "class_specifier", "struct_declaration"}:  # fmt: skip
        found = inner.child_by_field_name("body")
        if found is None:
            found = next((child for child in inner.named_children if child.type in _BODIES), None)
        return found
    return None


def block_of(call: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the node with the statements that `describe`, `test` or the like is given."""
    block = call.child_by_field_name("block")
    if block is None:
        arguments = call.child_by_field_name("arguments")
        if arguments is None or not arguments.named_children:
            return None
        block = arguments.named_children[-1]
        if block.type == "argument":
            block = block.named_children[-1]
    body = block.child_by_field_name("body")
    return body if body is not None and body.type in _BODIES else None
