"""The code of a file with its comments and docstrings left out, as one sequence to compare."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dola_ls.core.nodes import COMMENTS
from dola_ls.core.parsing import Tree

if TYPE_CHECKING:
    import tree_sitter

#: Languages in which the end of a line may end a statement, be it inside a block comment
#: (https://tc39.es/ecma262/#sec-comments, https://go.dev/ref/spec#Comments). Grammars do not all
#: follow that rule, and those of other languages need no rule: their tree tells.
_LINES_COUNT = frozenset(
    {"javascript", "javascriptreact", "typescript", "typescriptreact", "go", "ruby"}
)
#: Nodes inside which blanks are text and not layout.
_LITERAL = re.compile(r"string|heredoc|regex|character|char_literal|text|raw")
#: Several literals in a row, with blanks and comments between them.
_SEVERAL = frozenset({"concatenated_string", "chained_string", "string_array", "symbol_array"})
#: What may come before the inner documentation of Rust.
_OPENING = COMMENTS | {"{", "inner_attribute_item", "shebang"}
#: What counts at the very beginning of a file alone.
_FIRST_LINE = frozenset({"hash_bang_line", "shebang"})
_PLAIN = re.compile(rb"[rRuU]?[\"']")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, and where it stands between the pieces of code."""

    #: In bytes, a line end of its own not included.
    start: int
    end: int
    text: str
    #: How many pieces of code come before it.
    index: int
    #: The end of the code before it, in bytes.
    after: int
    #: The type of the node it stands in, and of the node that comes next in there.
    parent: str
    follower: str | None
    #: Whether nothing comes before it in there but other comments and inner attributes.
    leads: bool


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring of Python, in bytes."""

    start: int
    end: int
    text: str
    #: The type of the node it stands in: `module`, or `block` for functions and classes.
    parent: str
    #: Where the statement after it begins, if there is one.
    next_start: int | None


@dataclass(slots=True)
class BareCode:
    """Code as a sequence of keys: two files with equal keys differ in comments alone."""

    keys: list[tuple[str, bytes, bool]] = field(default_factory=list)
    #: Where each key begins, in bytes.
    starts: list[int] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    docstrings: list[Docstring] = field(default_factory=list)
    #: How many of the keys are pieces of code; the others open or close a node.
    pieces: int = 0

    def add(self, type: str, text: bytes, start: int, broken: bool = False) -> None:
        """Add a piece of code; `broken` says that a line ends before it, where that counts."""
        self.keys.append((type, text, broken))
        self.starts.append(start)
        self.pieces += 1

    def bound(self, type: str, bracket: bytes, at: int) -> None:
        """Add the begin or the end of a node: code is its shape too."""
        self.keys.append((type, bracket, False))
        self.starts.append(at)


def docstring_in(body: tree_sitter.Node, owner: str) -> tree_sitter.Node | None:
    """Return the statement that is the docstring of a Python body; `owner` is what has it."""
    if body.type != "module" and not (
        body.type == "block" and owner in {"function_definition", "class_definition"}
    ):
        return None
    first = next((node for node in body.named_children if node.type not in COMMENTS), None)
    if first is None or first.type != "expression_statement" or first.named_child_count != 1:
        return None
    value = first.named_children[0]
    strings = value.named_children if value.type == "concatenated_string" else [value]
    plain = all(
        string.type == "string" and _PLAIN.match(string.text or b"") is not None
        for string in strings
        if string.type not in COMMENTS
    )
    return first if plain else None


def bare_code(tree: Tree, low: int, tail: int) -> BareCode:
    """Return the code of a file without comments and docstrings.

    Bytes before `low` and the last `tail` bytes are known to be the same as those of the file it
    will be compared with: outermost nodes that lie there are not looked into.
    """
    return _Walk(tree, low, len(tree.data) - tail).result


def _is_comment(node: tree_sitter.Node, parent: str) -> bool:
    if node.type == "jsx_expression":
        # `{/* … */}`: the braces are there for the comment's sake.
        inside = node.named_children
        return bool(inside) and all(_is_comment(child, node.type) for child in inside)
    if node.type not in COMMENTS:
        return False
    # Macros see doc comments as attributes: they are code there.
    # https://doc.rust-lang.org/reference/comments.html#doc-comments
    return not (
        parent.startswith("token_")
        and any(child.type.endswith("doc_comment_marker") for child in node.children)
    )


class _Walk:
    """One pass over a tree, without recursion: code may be nested as deeply as it likes."""

    def __init__(self, tree: Tree, low: int, high: int) -> None:
        self.data = tree.data
        self.low, self.high = low, high
        self.lines_count = tree.language.id in _LINES_COUNT
        self.python = tree.language.id == "python"
        self.result = BareCode()
        self.position = 0
        self.code_end = 0
        #: The types of the nodes that are open, from the outside in.
        self.open: list[str] = []
        #: What is still to come, the next one last; a function ends the node.
        self.stack: list[Callable[[], None]] = []
        self._enter(tree.tree.root_node)
        while self.stack:
            self.stack.pop()()

    def _enter(self, node: tree_sitter.Node) -> None:
        self._gap(node.start_byte)
        self.result.bound(node.type, b"(", node.start_byte)
        owner = self.open[-1] if self.open else ""
        self.open.append(node.type)
        self.stack.append(partial(self._close, node))
        docstring = docstring_in(node, owner) if self.python else None
        follower: str | None = None
        children = node.children
        leads = next(
            (at for at, one in enumerate(children) if one.type not in _OPENING), len(children)
        )
        for at in range(len(children) - 1, -1, -1):
            child = children[at]
            if _is_comment(child, node.type):
                self.stack.append(partial(self._comment, child, follower, at < leads))
                continue
            if docstring is not None and child == docstring:
                self.stack.append(partial(self._docstring, child))
            else:
                self.stack.append(partial(self._code, child))
            follower = child.type

    def _close(self, node: tree_sitter.Node) -> None:
        self._gap(node.end_byte)
        self.open.pop()
        self.result.bound(node.type, b")", node.end_byte)

    def _gap(self, end: int) -> None:
        """Keep what stands between two nodes: a part of a literal, or a token without a node."""
        text = self.data[self.position : end]
        if text and (text.strip() or (self.open and _is_literal(self.open[-1]))):
            self.result.add("", text, self.position)
        self.position = max(self.position, end)

    def _comment(self, node: tree_sitter.Node, follower: str | None, leads: bool) -> None:
        self._gap(node.start_byte)
        raw = self.data[node.start_byte : node.end_byte].rstrip(b"\r\n")
        self.result.comments.append(
            Comment(
                node.start_byte,
                node.start_byte + len(raw),
                raw.decode("utf-8", "replace"),
                self.result.pieces,
                self.code_end,
                self.open[-1],
                follower,
                leads,
            )
        )
        self.position = node.end_byte

    def _docstring(self, node: tree_sitter.Node) -> None:
        behind = node.next_named_sibling
        while behind is not None and behind.type in COMMENTS:
            behind = behind.next_named_sibling
        self._gap(node.start_byte)
        self.result.docstrings.append(
            Docstring(
                node.start_byte,
                node.end_byte,
                self.data[node.start_byte : node.end_byte].decode("utf-8", "replace"),
                self.open[-1],
                behind.start_byte if behind is not None else None,
            )
        )
        self.position = node.end_byte

    def _code(self, node: tree_sitter.Node) -> None:
        start, end = node.start_byte, node.end_byte
        same_before, same_after = end <= self.low, start >= self.high
        if node.child_count and not same_before and not same_after:
            self._enter(node)
            return
        self._gap(start)
        if node.child_count == 0:
            text = self.data[start:end]
            if not text.strip() and not _is_literal(node.type):
                text = b""
            elif node.type in _FIRST_LINE:
                text = b"%d" % start + text
        else:
            base = len(self.data) if same_after else 0
            text = b"%d:%d" % (start - base, end - base)
        broken = self.lines_count and self.code_end > 0
        broken = broken and b"\n" in self.data[self.code_end : start]
        self.result.add(node.type, text, start, broken)
        if end > start:
            self.position = self.code_end = end


def _is_literal(type: str) -> bool:
    return _LITERAL.search(type) is not None and type not in _SEVERAL
