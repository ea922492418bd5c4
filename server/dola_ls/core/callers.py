"""Where a symbol is called, for edits after which it may want to be called otherwise."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dola_ls.core.along import Piece
from dola_ls.core.candidates import Candidate
from dola_ls.core.catalogue import Catalogue
from dola_ls.core.context import plain_newlines
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of_file
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.references import calls_of, owner_of
from dola_ls.core.related import Wanted
from dola_ls.core.scopes import symbols_around
from dola_ls.core.syntax import Symbol
from dola_ls.core.testing.imported import imports_of
from dola_ls.core.testing.listing import Listing, shared_parts

if TYPE_CHECKING:
    import tree_sitter

#: Files that are read, calls that are shown of one of them, and lines of a call.
_FILES, _EACH, _LINES = 12, 2, 5
#: How instructions speak of what callers notice.
_NOTICED = re.compile(
    r"\b(?:param\w*|arg(?:s|ument\w*)?|signature\w*|renam\w*|return\w*|rais\w*|throw\w*|call\w*"
    r"|keyword\w*|default\w*|option\w*|async\w*|await\w*|typed?|types|API|interface)\b",
    re.IGNORECASE,
)


def may_change_calls(instruction: str) -> bool:
    """Tell whether an instruction speaks of what those notice who call a symbol."""
    return _NOTICED.search(instruction) is not None


def callers_of(wanted: Wanted, catalogue: Catalogue, listing: Listing) -> Iterator[Candidate]:
    """Yield calls of the region's symbol, those of the same file first, then the nearest files.

    A call counts where its file imports the symbol, or where no other of the name is declared in
    the workspace.
    """
    symbol = wanted.target.symbol
    if symbol is None or not wanted.target.whole_symbol:
        return
    language = wanted.tree.language.id
    for node in calls_of(wanted.tree, symbol.name):
        row = node.start_point[0]
        if any(first <= row < end for first, end in wanted.hidden):
            yield _candidate(wanted.tree, wanted.name, symbol, node, here=True)
    alone = {place.path for place in catalogue.defining(symbol.name, language)} <= {wanted.path}
    paths = [path for path in catalogue.naming(symbol.name, language) if path != wanted.path]
    paths.sort(key=lambda path: (-shared_parts(path, wanted.path), path))
    for path in paths[:_FILES]:
        text = listing.text(path)
        tree = parse(Document("", language_of_file(PurePosixPath(path)), 0, text))
        if tree is None:
            continue
        nodes = calls_of(tree, symbol.name)
        if not alone:
            nodes = [] if symbol.container else list(_imported(tree, path, nodes, wanted, listing))
        for node in nodes[:_EACH]:
            yield _candidate(tree, path, symbol, node)


def _imported(
    tree: Tree, path: str, nodes: list[tree_sitter.Node], wanted: Wanted, listing: Listing
) -> Iterator[tree_sitter.Node]:
    """Yield the calls of what the file imports from the file at hand."""
    assert wanted.target.symbol is not None
    name = wanted.target.symbol.name
    known = {
        (one.local, one.name)
        for one in imports_of(tree, path, listing)
        if one.path == wanted.path
    }  # fmt: skip
    for node in nodes:
        owner = owner_of(node)
        local = tree.text_of(owner) if owner is not None else name
        if (local, name if owner is None else "") in known:
            yield node


def _candidate(
    tree: Tree, path: str, symbol: Symbol, node: tree_sitter.Node, *, here: bool = False
) -> Candidate:
    name = symbol.qualified_name
    piece = Piece(path, "", f"calls {name}", node.start_point[0], here=here, calls=True)
    return Candidate(name, f"a call of {name} in {path}", piece, (_lines(tree, node),))


def _lines(tree: Tree, node: tree_sitter.Node) -> str:
    """Return the lines of a call, and a comment that says in which symbol it stands."""
    document = tree.document
    call, first = node, node.start_point[0]
    while call.parent is not None and call.parent.start_point[0] == first:
        call = call.parent
        if call.type.endswith(("statement", "declaration", "definition", "item")):
            break
    last = min(call.end_point[0], first + _LINES - 1)
    start = tree.offset(node.start_byte)
    span = Span(document.starts[first], document.line_span(last).end)
    code = textwrap.dedent(plain_newlines(document.text[span.start : span.end])).rstrip()
    code = "\n".join(line[:160] for line in code.split("\n"))
    around = next(symbols_around(tree, Span(start, start + 1)), None)
    if around is None:
        return code
    return f"{tree.language.line_comment} in {around.qualified_name}\n{code}"
