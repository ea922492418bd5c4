"""What an order in a comment is about: the symbol round it or below it, or the lines below."""

from __future__ import annotations

from dola_ls.core.actions import Target, lines_target
from dola_ls.core.document import Document, Span
from dola_ls.core.find_comment import comment_round
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, enclosing_symbol, symbols_in

#: Symbols that are made of others, so that a comment between these is not about the whole.
_HOLDERS = frozenset({"class", "type", "module"})
#: Nodes that begin where their first statement does and are not that statement.
_BODIES = frozenset({"block", "body_statement", "block_body", "then"})


def target_of(document: Document, tree: Tree | None, comment: Span, gone: Span) -> Target:
    """Return what the words of a comment are about; `gone` is what vanishes with them.

    That is the symbol round the comment; for a comment on lines of its own outside any function,
    the symbol right below. Else it is the lines below up to the next blank one, as whole
    statements where there is a tree; with code before the comment, from the comment's own line.
    With nothing right below it is the comment itself, in whose place something new may go.
    """
    last_line = document.line_of(comment.end)
    code = _code_beside(document, comment)
    inside = None
    if tree is not None:
        inside = enclosing_symbol(tree, comment if code is None else Span(code, code + 1))
        if code is None and (inside is None or inside.kind in _HOLDERS):
            below = _symbol_below(document, tree, inside, last_line + 1)
            if below is not None:
                return Target(below.span, below.name, below, True)
        # A module may be most of a file.
        if inside is not None and inside.kind != "module":
            return Target(inside.span, inside.name, inside, True)
    first = last_line + 1 if code is None else document.line_of(comment.start)
    region = _lines_from(document, tree, first, statement=code is not None)
    if region is None:
        region = document.whole_lines(gone)
    return lines_target(document, region, inside)


def _code_beside(document: Document, comment: Span) -> int | None:
    """Return the offset of a character of code on the comment's lines, the one before it if any."""
    start = document.starts[document.line_of(comment.start)]
    before = document.text[start : comment.start].rstrip()
    if before.strip("\ufeff \t"):
        return start + len(before) - 1
    last = document.line_of(comment.end)
    after = document.text[comment.end : document.line_span(last).end]
    return comment.end + len(after) - len(after.lstrip()) if after.strip() else None


def _first_on(document: Document, line: int) -> int | None:
    """Return the offset of the first character of a line that is no blank."""
    content = document.line_text(line)
    blanks = len(content) - len(content.lstrip())
    return document.starts[line] + blanks if blanks < len(content) else None


def _symbol_below(
    document: Document, tree: Tree, inside: Symbol | None, line: int
) -> Symbol | None:
    """Return the symbol that begins on a line, other comments between left out."""
    while line < document.line_count and (at := _first_on(document, line)) is not None:
        comment = comment_round(document, tree, at)
        if comment is not None and comment.span.start == at:
            line = document.line_of(comment.span.end) + 1
            continue
        symbol = enclosing_symbol(tree, Span(at, at))
        if symbol is None or symbol == inside:
            # What begins here may be nothing but a symbol further in.
            end = _statements_end(document, tree, at, statement=True)
            whole = document.whole_lines(Span(at, end))
            symbol = next((one for one in symbols_in(tree, whole) if one.span == whole), None)
        if symbol is None or document.line_of(symbol.span.start) != line or symbol == inside:
            return None
        return symbol if inside is None or inside.span.covers(symbol.span) else None
    return None


def _lines_from(
    document: Document, tree: Tree | None, line: int, *, statement: bool
) -> Span | None:
    """Return the lines from one on up to a blank one, or its statement alone."""
    if line >= document.line_count or (at := _first_on(document, line)) is None:
        return None
    last = line
    if tree is not None:
        end = _statements_end(document, tree, at, statement=statement)
        last = max(document.line_of(end - 1), line)
    else:
        while last + 1 < document.line_count and document.line_text(last + 1).strip():
            last += 1
    return Span(document.starts[line], document.line_span(last).end)


def _statements_end(document: Document, tree: Tree, at: int, *, statement: bool) -> int:
    """Return where the statement that begins at `at` ends, or the last one before a blank line."""
    low = tree.byte(at)
    root = tree.tree.root_node
    node = root.descendant_for_byte_range(low, low + 1)
    while (
        node is not None
        and node.parent is not None
        and node.parent.start_byte == node.start_byte
        and node.parent.type not in _BODIES
        and node.parent.id != root.id
    ):
        node = node.parent
    if node is None:
        return at + 1
    while not statement and (below := node.next_named_sibling) is not None:
        if below.start_point[0] > _last_row(document, tree, node.end_byte) + 1:
            break
        node = below
    return tree.offset(node.end_byte)


def _last_row(document: Document, tree: Tree, byte: int) -> int:
    """Return the line of the last character before a byte; some nodes take in their line end."""
    return document.line_of(max(tree.offset(byte) - 1, 0))
