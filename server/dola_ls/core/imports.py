"""Imports that an answer brings along go to the imports of the file.

A model that rewrites one function and needs ``re`` puts ``import re`` above the function. There it
would land in the middle of the file, so it is taken off and put where the file imports.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.import_names import without_known
from dola_ls.core.layout import line_ending
from dola_ls.core.nodes import COMMENTS
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.words import WORD

if TYPE_CHECKING:
    import tree_sitter

#: Comments that stay at the head of a file even where code follows at once.
_LICENCE = re.compile(r"#!|//!|\W*(?:-\*-|.*\bcoding[:=]|copyright|spdx|licen[cs]e)", re.IGNORECASE)


_FUTURE = "future_import_statement"
_KEYWORDS = frozenset({"as", "from", "import", "include", "static", "type", "use", "using"})


def split_imports(
    document: Document, tree: Tree | None, region: Span, code: str
) -> tuple[list[str], str]:
    """Return the imports that `code` begins with and the file has not, and the code without them.

    Nothing is taken off where the region has imports of its own: then they are part of its text.
    """
    if tree is None or not tree.language.imports or _imports(tree, region):
        return [], code
    if region.start == 0 and _place(document, tree)[0] < region.end:
        return [], code
    answer = parse(Document(document.uri, document.language, 0, code))
    assert answer is not None
    leading = _leading(answer)
    own = document.text[region.start : region.end]
    if not leading or any(
        node.type in COMMENTS and answer.text_of(node).strip() in own for node in leading
    ):
        return [], code
    behind = answer.data[leading[-1].end_byte :].decode("utf-8", "surrogatepass")
    first_line, _, rest = behind.partition("\n")
    if first_line.strip() or not rest.strip():
        return [], code
    mine = _imports(tree)
    present = {_plain(text) for node in mine for text in _singly(tree, node)}
    wanted: dict[str, str] = {}
    for node in leading:
        if node.type in tree.language.imports:
            text = without_known(answer, node, tree, mine)
            if text is None:
                continue
            for one in _singly(answer, node) if text == answer.text_of(node) else [text]:
                if _plain(one) not in present:
                    wanted.setdefault(_plain(one), one)
    return list(wanted.values()), rest


def _leading(answer: Tree) -> list[tree_sitter.Node]:
    """Return the nodes that an answer begins with up to its last leading import, if it has any.

    Comments among them count, and one behind the last on its line.
    """
    header = answer.language.imports | answer.language.preamble | COMMENTS
    found = list(takewhile(lambda node: node.type in header, answer.tree.root_node.children))
    while found and found[-1].type not in answer.language.imports:
        last = found[-1]
        before = found[-2] if len(found) > 1 else None
        if (
            last.type in COMMENTS
            and before is not None
            and before.type in answer.language.imports
            and before.end_point.row == last.start_point.row
        ):
            break
        found.pop()
    return found


def with_imports(
    document: Document, tree: Tree | None, rewrite: Rewrite, imports: Sequence[str]
) -> Rewrite:
    """Return `rewrite` with `imports` put in where the file has its own."""
    region = rewrite.region
    if not rewrite.edits:
        # Nothing else may be needed; but then it has to be of use for the code that is there.
        words = set(WORD.findall(document.text[region.start : region.end]))
        imports = [text for text in imports if words & (set(WORD.findall(text)) - _KEYWORDS)]
    if tree is None or not imports:
        return rewrite
    added: list[Edit] = []
    places: dict[tuple[int, bool], list[str]] = {}
    for text in imports:
        at, alone = _place(document, tree, text)
        # A region above the file's imports is left where it is, whatever that may be.
        place = (region.start, True) if at > region.end else (at, alone)
        places.setdefault(place, []).append(text)
    for (at, alone), texts in places.items():
        if any(edit.start < at < edit.end for edit in rewrite.edits):
            return rewrite
        added.append(Edit(at, at, _lines(document, at, alone, texts)))
    # Of two edits at one place the import comes first: what follows may need it at once.
    edits = _joined(sorted([*added, *rewrite.edits], key=lambda edit: (edit.start, edit.end)))
    wider = Rewrite(Span(min(edits[0].start, region.start), region.end), "", (), rewrite.said)
    return wider.only(document, edits)


def _lines(document: Document, at: int, alone: bool, imports: Sequence[str]) -> str:
    """Return imports as whole lines of a document."""
    eol = line_ending(document)
    lines = [line.rstrip("\r\n") for text in imports for line in split_lines(text.strip())]
    text = "".join(line + eol for line in lines)
    if at and document.text[at - 1] not in "\r\n\ufeff":
        text = eol + text
    follows = document.text[at:]
    if alone and follows.strip() and follows[:1] not in ("\r", "\n"):
        text += eol
    return text


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Make one edit of those that touch."""
    result: list[Edit] = []
    for edit in edits:
        if result and result[-1].end == edit.start:
            before = result.pop()
            edit = Edit(before.start, edit.end, before.text + edit.text)
        result.append(edit)
    return result


def _place(document: Document, tree: Tree, text: str = "") -> tuple[int, bool]:
    """Return where an import goes, and whether there is none yet.

    That is behind the last one at the head of the file; where they are in order of their names,
    where it belongs by its own. Python wants those from `__future__` before all others.
    """
    found = _at_head(tree)
    future = [node for node in found if node.type == _FUTURE]
    found = [node for node in found if node.type != _FUTURE]
    if text.startswith("from __future__ "):
        found = []
    names = [_plain(tree.text_of(node)).casefold() for node in found]
    if text and len(names) > 1 and names == sorted(names):
        later = bisect_right(names, _plain(text).casefold())
        above = found[later].prev_sibling if later < len(found) else None
        # A comment right above belongs to the import below it, as C's does in Go.
        if later < len(found) and (above is None or above.type not in COMMENTS):
            return document.line_span(
                document.line_of(tree.offset(found[later].start_byte))
            ).start, False
    if found or future:
        return _line_behind(document, tree, (found or future)[-1]), False
    nodes = _top(tree).children
    kinds = [node.type in tree.language.preamble for node in nodes]
    first = len(kinds) - kinds[::-1].index(True) if any(kinds) else 0
    if _top(tree) != tree.tree.root_node:
        # Behind the `#ifndef NAME` of an include guard, and its `#define`.
        first = 3 if [node.type for node in nodes[2:3]] == ["preproc_def"] else 2
    last = nodes[first - 1] if first else None
    for node in nodes[first:]:
        # A comment right above code belongs to that code.
        behind = _line_behind(document, tree, node)
        heads = "comment" in node.type and document.text[behind : behind + 1] in ("", "\r", "\n")
        docstring = node.type == "expression_statement" and tree.text_of(node)[:1] in ("'", '"')
        if not (heads or docstring or _LICENCE.match(tree.text_of(node))):
            break
        last = node
    if last is None:
        return (1 if document.text.startswith("\ufeff") else 0), True
    return _line_behind(document, tree, last), True


def _line_behind(document: Document, tree: Tree, node: tree_sitter.Node) -> int:
    # Some nodes, such as an #include, end behind their line end.
    end = tree.offset(node.start_byte) + len(tree.text_of(node).rstrip())
    return document.line_span(document.line_of(end)).end


def _at_head(tree: Tree) -> list[tree_sitter.Node]:
    """Return the imports that stand above the first function or class of a file."""
    symbols, wrappers = tree.language.symbols, tree.language.wrappers

    def declares(node: tree_sitter.Node) -> bool:
        if node.type == "mod_item" and node.child_by_field_name("body") is None:
            return False  # Rust's `mod other;` often stands above what is used
        return node.type in symbols or (
            node.type in wrappers and any(child.type in symbols for child in node.children)
        )

    head = takewhile(lambda node: not declares(node), _top(tree).children)
    return [node for node in head if node.type in tree.language.imports]


def _top(tree: Tree) -> tree_sitter.Node:
    """Return the node whose children are the file's outermost: in C often an include guard's."""
    root = tree.tree.root_node
    nodes = [node for node in root.children if node.type not in COMMENTS]
    return nodes[0] if len(nodes) == 1 and nodes[0].type == "preproc_ifdef" else root


def _imports(tree: Tree, span: Span | None = None) -> list[tree_sitter.Node]:
    """Return the outermost imports of a file, or those that begin in some part of it."""
    return [
        node
        for node in _top(tree).children
        if node.type in tree.language.imports
        and (span is None or span.start <= tree.offset(node.start_byte) < span.end)
    ]


def _singly(tree: Tree, node: tree_sitter.Node) -> list[str]:
    """Return an import as text; the many that a Go declaration may hold, one by one."""
    specs = [
        tree.text_of(spec)
        for child in node.named_children
        for spec in (child, *child.named_children)
        if spec.type == "import_spec"
    ]
    return [f"import {spec}" for spec in specs] or [tree.text_of(node)]


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(";").replace("'", '"')
