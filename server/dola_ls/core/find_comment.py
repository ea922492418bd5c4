"""The comment round a place, by the tree or by the marks on the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from dola_ls.core.comments import CommentSyntax, comment_syntax
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import Tree

#: What grammars call a comment.
_NODES = frozenset({"comment", "line_comment", "block_comment"})
#: How far back, in characters, the beginning of a block comment is looked for.
_FAR = 20_000


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment of a text: its marks are part of it, its line end is not."""

    span: Span
    open: str
    #: Empty for a comment that ends with its line.
    close: str

    @property
    def body(self) -> Span:
        """What stands between the marks."""
        return Span(self.span.start + len(self.open), self.span.end - len(self.close))


def comment_round(document: Document, tree: Tree | None, offset: int) -> Comment | None:
    """Return the comment that holds the character at `offset`.

    With a tree only what the grammar takes for a comment is one. Without, marks count wherever
    they do not stand inside quotes on their line.
    """
    syntax = comment_syntax(document.language)
    if tree is not None:
        low = tree.byte(offset)
        node = tree.tree.root_node.descendant_for_byte_range(low, low + 1)
        while node is not None and node.type not in _NODES and node.type != "preproc_arg":
            node = node.parent
        if node is None:
            return None
        if node.type in _NODES:
            start = tree.offset(node.start_byte)
            # Some grammars count the line end in, or the CR of it.
            text = document.text[start : tree.offset(node.end_byte)].rstrip("\r\n")
            return _marked(text, start, syntax)
        # C's grammar takes a comment after a macro for a part of the macro.
    for comment in _comments_on(document, document.line_of(offset), syntax):
        if comment.span.start <= offset < comment.span.end:
            return comment
    return None


def _marked(text: str, start: int, syntax: CommentSyntax) -> Comment | None:
    """Return a comment whose text is known by its marks."""
    span = Span(start, start + len(text))
    for open, close in sorted(syntax.block, key=lambda marks: -len(marks[0])):
        if text.startswith(open):
            whole = text.endswith(close) and len(text) >= len(open) + len(close)
            return Comment(span, open, close) if whole else None
    for open in syntax.line:
        if text.startswith(open):
            return Comment(span, open, "")
    return None


@cache
def _pattern(syntax: CommentSyntax) -> re.Pattern[str]:
    """Return what finds strings and marks on a line, each in a group of its own kind."""
    strings = []
    for quote in syntax.quotes:
        # The apostrophe in “don't” begins no string.
        before = r"(?<!\w)" if quote == "'" else ""
        strings.append(rf"{before}{quote}(?:\\.|[^{quote}\\])*{quote}")
    # Pod and =begin count at the beginning of a line alone.
    blocks = [
        ("^" if open[0] == "=" else "") + re.escape(open)
        for open, _ in sorted(syntax.block, key=lambda marks: -len(marks[0]))
    ]
    first, later = [], []
    for open in syntax.line:
        first.append(re.escape(open))
        # A mark is none where it is escaped, nor are the slashes of an address.
        before = r"(?<![:\\])" if open == "//" else r"(?<!\\)"
        later.append((before if syntax.place == "anywhere" else r"(?<!\S)") + re.escape(open))
    groups = []
    if blocks:
        groups.append(rf"(?P<block>{'|'.join(blocks)})")
    if first:
        # At the beginning of a line “--[[” is a block's mark and not “--”; a quote may be a mark.
        other = rf"(?!{'|'.join(blocks)})" if blocks else ""
        groups.append(rf"(?P<own>^[\s\ufeff]*{other}(?P<first>{'|'.join(first)}))")
    if strings:
        groups.append(rf"(?P<string>{'|'.join(strings)})")
    if later and syntax.place != "own-line":
        groups.append(rf"(?P<line>{'|'.join(later)})")
    return re.compile("|".join(groups) or r"(?!)")


def _comments_on(document: Document, line: int, syntax: CommentSyntax) -> Iterator[Comment]:
    """Yield the comments that begin, go on or end on a line, by their marks."""
    start, text = document.starts[line], document.line_text(line)
    closes = dict(syntax.block)
    opened = _opened_above(document, start, syntax)
    at = 0
    while True:
        if opened is not None:
            begin, open = opened
            end = _block_end(document.text, begin, open, closes[open], syntax.nests)
            if end is None:
                return
            yield Comment(Span(begin, end), open, closes[open])
            at, opened = end - start, None
        if at > len(text):
            return
        found = _pattern(syntax).search(text, at)
        if found is None:
            return
        if found.lastgroup == "string":
            at = found.end()
        elif found.lastgroup == "block":
            opened = start + found.start(), found["block"]
        else:
            name = "first" if found.lastgroup == "own" else "line"
            span = Span(start + found.start(name), start + len(text))
            yield Comment(span, found[name], "")
            return


def _opened_above(document: Document, start: int, syntax: CommentSyntax) -> tuple[int, str] | None:
    """Return where the block comment begins that is open where a line begins, and its mark."""
    low = max(start - _FAR, 0)
    last: tuple[int, str] | None = None
    for open, close in syntax.block:
        at = document.text.rfind(open, low, start)
        if at > document.text.rfind(close, low, start) and (last is None or at > last[0]):
            last = at, open
    if last is None:
        return None
    line = document.line_of(last[0])
    text, begin = document.line_text(line), last[0] - document.starts[line]
    at = 0
    # Only where it is no part of a string or of another comment.
    while (found := _pattern(syntax).search(text, at)) is not None:
        if found.lastgroup == "block" and found.start() == begin:
            return document.starts[line] + begin, found["block"]
        if found.lastgroup in {"own", "line"} or found.start() > begin:
            return None
        at = found.end()
    return None


def _block_end(text: str, begin: int, open: str, close: str, nests: bool) -> int | None:
    """Return the offset behind the mark that closes a block comment."""
    at, depth = begin + len(open), 1
    while (found := text.find(close, at)) >= 0:
        if nests:
            depth += text.count(open, at, found)
        depth -= 1
        at = found + len(close)
        if depth == 0:
            return at
        if not nests:
            break
    return None
