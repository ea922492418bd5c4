"""What a rewrite of more than the region does to the lines outside of it.

A model that writes a whole file anew leaves lines out, and puts some elsewhere. What the task has
no need of is undone where it stands apart (`dola_ls.core.strays`); what cannot be parted from the
rest is refused here, by a rule of the gate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from dola_ls.core.bare_code import docstring_in
from dola_ls.core.candidate import Candidate
from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.nodes import COMMENTS, children_between
from dola_ls.core.parsing import Tree
from dola_ls.core.reach import names_to_go
from dola_ls.core.syntax import enclosing_symbol
from dola_ls.core.unrelated import telling
from dola_ls.core.words import WORD

_TO_MOVE = re.compile(
    r"\b(?:(?:re)?arrang|group|mov|reorder|reorgani[sz]|swap)(?:e|ing)?\b",
    re.IGNORECASE,
)
_TO_REMOVE = re.compile(r"\b(?:delet|drop|inlin|remov)(?:e|ing)?\b|\bget rid\b", re.IGNORECASE)


def lost_elsewhere(c: Candidate) -> str | None:
    """Refuse an answer that drops, moves or replaces lines outside of the region for no reason."""
    outside = Outside(c)
    for edit in c.rewrite.edits:
        for at in outside.taken(edit):
            text = outside.line(at)
            if outside.is_moved(at):
                return f"it moves a line outside of yours (“{text[:60]}”)"
            if outside.is_lost(edit, at):
                return f"it drops a line outside of yours (“{text[:60]}”)"
    return None


class Outside:
    """The lines outside of a candidate's region, and which of them its edits have no reason for."""

    def __init__(self, c: Candidate) -> None:
        self._c = c
        self._words = c.instruction or ""

    def taken(self, edit: Edit) -> Iterator[int]:
        """Yield where the text begins of each line outside of the region that an edit takes away.

        Blank lines, and those that the edit itself writes again, are none of them.
        """
        document, region = self._c.document, self._c.target.region
        above, below = min(edit.end, region.start), max(edit.start, region.end)
        again = {line.strip() for line in split_lines(edit.text)}
        for start, end in ((edit.start, above), (below, edit.end)):
            if start >= end:
                continue
            for number in range(document.line_of(start), document.line_of(end) + 1):
                line = document.line_text(number)
                text = line.strip()
                at = document.starts[number] + len(line) - len(line.lstrip())
                if text and text not in again and start <= at and at + len(text) <= end:
                    yield at

    def line(self, at: int) -> str:
        """Return the text of the line in which an offset lies."""
        return self._c.document.line_text(self._c.document.line_of(at)).strip()

    def is_moved(self, at: int) -> bool:
        """Tell whether a line that was taken away stands elsewhere, and nobody asked for that."""
        text = self.line(at)
        as_many = self._before[text] == self._after[text]
        return as_many and bool(telling(text)) and not _TO_MOVE.search(self._words)

    def is_only_one(self, at: int) -> bool:
        """Tell whether a line that was taken away stands in both texts just once."""
        text = self.line(at)
        return self._before[text] == 1 == self._after[text] and bool(telling(text))

    def is_lost(self, edit: Edit, at: int) -> bool:
        """Tell whether a line that was taken away is gone, and the task has no need of that.

        A line gives way to others if it has a name of the task's or of theirs in it. Without any
        in its place it may go if its code has a name that is to go, or one that the region used and
        that nothing is called by any more, or stands in a symbol of such a name.
        """
        text = self.line(at)
        if self._after[text] >= self._before[text]:
            return False
        if edit.text.strip():
            names = self._names | telling(edit.text)
            return not (telling(text) & names or self._symbol(at) in self._names)
        line = self._c.document.line_span(self._c.document.line_of(at))
        code = telling(_code(self._c.document, self._c.tree, line))
        return not (code & self._to_go or self._symbol(at) in self._to_go)

    @cached_property
    def _before(self) -> Counter[str]:
        return Counter(map(str.strip, split_lines(self._c.document.text)))

    @cached_property
    def _after(self) -> Counter[str]:
        return Counter(map(str.strip, split_lines(self._c.after.text)))

    @cached_property
    def _names(self) -> set[str]:
        """The names that the task is about: the user's, and those that it brings or takes."""
        symbol = self._c.target.symbol
        brought, gone = self._changed
        return telling(self._words) | brought | gone | ({symbol.name.lower()} if symbol else set())

    @cached_property
    def _to_go(self) -> set[str]:
        """The names that may go with the lines they stand in: nothing is left of most."""
        left = telling(self._c.after.text)
        asked = telling(" ".join(names_to_go(self._words, self._c.target)))
        removed = asked if _TO_REMOVE.search(self._words) else set()
        return removed | ((asked | self._changed[1]) - left)

    @cached_property
    def _changed(self) -> tuple[set[str], set[str]]:
        """The names of which the region's code gets more, and those of which it gets fewer."""
        c, region, delta = self._c, self._c.target.region, 0
        before: Counter[str] = Counter()
        after: Counter[str] = Counter()
        for edit in c.rewrite.edits:
            if edit.start <= region.end and region.start <= edit.end:
                inside = Span(max(edit.start, region.start), min(edit.end, region.end))
                put = Span(edit.start + delta, edit.start + delta + len(edit.text))
                old = _code(c.document, c.tree, c.document.whole_lines(inside))
                new = _code(c.after, c.tree_after, c.after.whole_lines(put))
                before.update(WORD.findall(old))
                after.update(WORD.findall(new))
            delta += len(edit.text) - (edit.end - edit.start)
        return telling(" ".join(after - before)), telling(" ".join(before - after))

    def _symbol(self, at: int) -> str | None:
        tree = self._c.tree
        symbol = enclosing_symbol(tree, Span(at, at)) if tree is not None else None
        return symbol.name.lower() if symbol is not None else None


def _code(document: Document, tree: Tree | None, span: Span) -> str:
    """Return a part of a text with blanks in the place of comments and docstrings."""
    text = document.text[span.start : span.end]
    if tree is None:
        return text
    low, high = tree.byte(span.start), tree.byte(span.end)
    stack, cuts = [(tree.tree.root_node, "")], []
    while stack:
        node, owner = stack.pop()
        docstring = docstring_in(node, owner) if tree.language.id == "python" else None
        for child in children_between(node, low, high):
            if child.type in COMMENTS or child == docstring:
                cuts.append((tree.offset(child.start_byte), tree.offset(child.end_byte)))
            else:
                stack.append((child, node.type))
    for start, end in cuts:
        start, end = max(start - span.start, 0), min(end - span.start, len(text))
        text = text[:start] + " " * (end - start) + text[end:]
    return text
