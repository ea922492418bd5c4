"""What makes a piece of code a test, in each language and framework."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

    from dola_ls.core.testing.testcode import Code

_ANNOTATION = re.compile(r"^\s*[@\[#]?\[?\s*(?:\w+[.:]+)*(\w+)")
_TESTS = {
    "java": frozenset({"Test", "ParameterizedTest", "RepeatedTest", "TestFactory"}),
    "csharp": frozenset(
        {"Fact", "Theory", "Test", "TestCase", "TestCaseSource", "TestMethod", "DataTestMethod"}
    ),
    "php": frozenset({"Test", "DataProvider", "TestWith"}),
}
#: Calls that make one test, and calls that hold several.
CASES = frozenset({"it", "test", "specify", "fit", "xit"})
GROUPS = frozenset({"describe", "suite", "context", "fdescribe", "xdescribe"})
CPP_TEST = re.compile(r"(?:TYPED_)?TEST(?:_[FP])?")
_STATEMENTS = frozenset(
    {"expression_statement", "program", "statement_block", "body_statement", "block_body",
     "compound_statement", "await_expression"}
)  # fmt: skip
COMMENTS = frozenset({"comment", "line_comment", "block_comment"})


def inner_of(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the declaration inside a decorator, an ``export`` or a statement."""
    while node.type in {"decorated_definition", "export_statement", "expression_statement"}:
        found = node.child_by_field_name("definition") or node.child_by_field_name("declaration")
        if found is None:
            if node.type != "expression_statement" or not node.named_children:
                break
            found = node.named_children[0]
        node = found
    return node


def call_name(code: Code, node: tree_sitter.Node) -> str:
    """Return the first name of a chain of calls: ``it`` for ``it.each([1])('x', …)``."""
    found = inner_of(node)
    if found.type not in {"call_expression", "call", "function_call_expression",
                          "member_call_expression", "await_expression"}:  # fmt: skip
        return ""
    text = code.text_of(found).removeprefix("await ")
    match = re.match(r"(?:RSpec\.)?(\w+)", text)
    return match[1] if match else ""


def is_test(code: Code, node: tree_sitter.Node) -> bool:
    """Tell whether a node is one test."""
    language = code.tree.language.id
    inner = inner_of(node)
    name = inner.child_by_field_name("name")
    said = code.text_of(name) if name is not None else ""
    if language == "python":
        return inner.type == "function_definition" and said.startswith("test")
    if language == "go":
        return node.type == "function_declaration" and (
            re.match(r"(?:Test|Benchmark|Fuzz|Example)(?![a-z])", said) is not None
        )
    if language == "rust":
        before = node.prev_named_sibling
        while node.type == "function_item" and before is not None and (
            before.type in {"attribute_item", *COMMENTS}
        ):  # fmt: skip
            if re.match(r"#\[(?:\w+::)*(?:test|rstest|test_case)\b", code.text_of(before)):
                return True
            before = before.prev_named_sibling
        return False
    if language == "cpp":
        if inner.type != "function_definition":
            return False
        head = code.text_of(inner)
        macro = re.match(r"(\w+)\s*\(", head)
        return macro is not None and (
            CPP_TEST.fullmatch(macro[1]) is not None
            or macro[1] in {"TEST_CASE", "SCENARIO", "TEMPLATE_TEST_CASE"}
        )
    if language in _TESTS and inner.type == "method_declaration":
        if language == "php" and (said.startswith("test") or _doc_says_test(code, inner)):
            return True
        return bool(_TESTS[language] & set(_annotations(code, inner)))
    if language == "ruby" and inner.type == "method":
        return said.startswith("test_")
    return call_name(code, node) in CASES and _is_statement(inner)


def _is_statement(node: tree_sitter.Node) -> bool:
    """Tell whether a call is a statement of its own with a body, and not one of its parts."""
    parent = node.parent
    return parent is None or parent.type in _STATEMENTS


def _doc_says_test(code: Code, node: tree_sitter.Node) -> bool:
    before = node.prev_named_sibling
    return before is not None and before.type == "comment" and "@test" in code.text_of(before)


def _annotations(code: Code, node: tree_sitter.Node) -> Iterator[str]:
    stack = [
        child for child in node.named_children if child.type in {"modifiers", "attribute_list"}
    ]
    while stack:
        found = stack.pop()
        if found.type in {"marker_annotation", "annotation", "attribute"}:
            match = _ANNOTATION.match(code.text_of(found))
            if match:
                yield match[1]
            continue
        stack.extend(found.named_children)
