"""From search/replace blocks to edits: every block found in exactly one place, or no edit at all.

A block's SEARCH lines are looked for in tiers, each of which forgives more than the one before:
exactly; but for white space at line ends; but for one indentation shift of all lines; but for
typographic quotes, dashes and spaces. The first tier in which the lines are found decides. More
than one place is a failure in every tier, and so is anything less alike: nothing is ever put
where it is only likely to belong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from dola_ls.core.blocks import Block
from dola_ls.core.diff import smallest_edits
from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.layout import indent_of, line_ending, style_of
from dola_ls.core.nearest import Words, nearest
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.transplant import (
    Format,
    Shift,
    fold,
    repeats_around,
    replaced,
    shift_between,
)

#: Lines shown round each place of a block that is found more than once.
_ROUND = 3
#: For how many blocks the closest lines are looked up; no model mends more of them at once.
_SHOWN = 4


class Tier(StrEnum):
    """How much was forgiven to find a block."""

    EXACT = "exact"
    TRAILING = "trailing white space"
    INDENTATION = "indentation"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Located:
    """Every block has its place; the rewrite is that of the span, as the gate takes it."""

    rewrite: Rewrite
    #: The tier of each block that changes something, in the order of the answer.
    tiers: tuple[Tier, ...]

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The smallest edits, referring to the whole document."""
        return self.rewrite.edits


@dataclass(frozen=True, slots=True)
class Failure:
    """One block that has no place, and why, as the second half of a sentence on the block."""

    block: Block
    rule: str
    reason: str
    #: Pieces of the document that may be meant, to show to the model.
    closest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Some blocks have no place, so none is applied; `found` are the others."""

    failures: tuple[Failure, ...]
    found: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block belongs: the lines ``[start, end)`` of the page, and how it is to be moved."""

    block: Block
    start: int
    end: int
    tier: Tier
    shift: Shift


def locate(
    document: Document, span: Span, blocks: Sequence[Block], prefer: Span | None = None
) -> Located | Unmatched:
    """Return the edits that `blocks` make within `span`, whole lines of a document.

    Lines found more than once make a block ambiguous, with one exception: where `prefer`, the
    region of the action, holds exactly one of the places, that one is meant. A tighter tier
    outside of `prefer` still goes before a looser one within. All places are found before
    anything is changed, so the order of the blocks does not matter. A block that is repeated
    counts once, and one that changes nothing not at all where its lines are in the text.
    """
    page = _Page(document, span)
    places: list[_Place] = []
    failures: list[Failure] = []
    for block in dict.fromkeys(blocks):
        found = _find(page, block, prefer)
        if block.search == block.replace:
            # It changes nothing, but where its lines are made up something else was meant.
            if isinstance(found, Failure) and found.rule == "not_found":
                failures.append(found)
        elif isinstance(found, Failure):
            failures.append(found)
        else:
            places.append(found)
    failures += _overlaps(places)
    if not failures:
        rewrite = _rewritten(page, sorted(places, key=lambda place: place.start))
        if isinstance(rewrite, Rewrite):
            return Located(rewrite, tuple(place.tier for place in places))
        failures.append(rewrite)
    failed = {failure.block for failure in failures}
    kept = tuple(place.block for place in places if place.block not in failed)
    return Unmatched(tuple(_with_closest(page, failures)), kept)


class _Page:
    """The lines of a span, and where each of them stands, by tier."""

    def __init__(self, document: Document, span: Span) -> None:
        self.document = document
        self.span = span
        text = document.text[span.start : span.end]
        self.bom = "\ufeff" if span.start == 0 and text.startswith("\ufeff") else ""
        self.lines = split_lines(text.removeprefix(self.bom))
        self.starts = [span.start + len(self.bom)]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        blanks = {char for line in self.lines if line.strip() for char in indent_of(line)}
        unit = style_of(document, span).unit
        self.format = Format(unit, frozenset(blanks or unit[0]), line_ending(document))
        self._keys: dict[Tier, list[str]] = {}
        self._where: dict[Tier, dict[str, list[int]]] = {}

    def places(self, block: Block, tier: Tier) -> Iterator[_Place]:
        """Yield the places at which the SEARCH lines of a block are found in a tier."""
        wanted, new = split_lines(block.search), split_lines(block.replace)
        if tier not in self._keys:
            self._keys[tier] = [_key(line, tier) for line in self.lines]
            where: dict[str, list[int]] = defaultdict(list)
            for at, key in enumerate(self._keys[tier]):
                where[key].append(at)
            self._where[tier] = where
        keys, where = self._keys[tier], self._where[tier]
        sought = [_key(line, tier) for line in wanted]
        # The rarest line leads to the fewest places.
        anchor = min(range(len(sought)), key=lambda at: len(where.get(sought[at], ())))
        for at in where.get(sought[anchor], ()):
            start = at - anchor
            if start < 0 or keys[start : start + len(sought)] != sought:
                continue
            end = start + len(sought)
            window = self.lines[start:end]
            same = fold if tier is Tier.PUNCTUATION else str
            mine, theirs = [same(line) for line in wanted], [same(line) for line in window]
            shift = shift_between(mine, theirs, new, self.format.unit)
            if shift is not None:
                yield _Place(block, start, end, tier, shift)

    def within(self, place: _Place, span: Span) -> bool:
        """Tell whether a place lies within a span of the document."""
        low = 0 if place.start == 0 and self.bom else self.starts[place.start]
        return span.covers(Span(low, self.starts[place.end]))

    def number(self, line: int) -> int:
        """Return the one-based number, in the document, of a line of the page."""
        return self.document.line_of(self.starts[line]) + 1

    def quote(self, start: int, end: int) -> str:
        """Return some lines with plain line ends."""
        lines = self.lines[max(start, 0) : end]
        return "".join(line.rstrip("\r\n") + "\n" for line in lines)


def _key(line: str, tier: Tier) -> str:
    if tier is Tier.EXACT:
        return line.rstrip("\r\n")
    if tier is Tier.TRAILING:
        return line.rstrip()
    line = fold(line) if tier is Tier.PUNCTUATION else line
    return line.rstrip().lstrip(" \t")


def _find(page: _Page, block: Block, prefer: Span | None) -> _Place | Failure:
    if not block.search.strip():
        if not any(line.strip() for line in page.lines):
            return _Place(block, 0, len(page.lines), Tier.EXACT, Shift())
        reason = "its SEARCH part is empty, so it says nothing about the place"
        return Failure(block, "empty_search", reason)
    for candidate in dict.fromkeys((block, _without_blank_ends(block))):
        for tier in Tier:
            found = list(page.places(candidate, tier))
            if len(found) > 1 and prefer is not None:
                inside = [place for place in found if page.within(place, prefer)]
                found = inside if len(inside) == 1 else found
            if len(found) > 1:
                return _ambiguous(page, block, found)
            if found:
                return found[0]
    return Failure(block, "not_found", "its SEARCH lines do not stand in the text")


def _with_closest(page: _Page, failures: Sequence[Failure]) -> Iterator[Failure]:
    """Add the lines most like their SEARCH to the first blocks that were not found."""
    words: Words | None = None
    for number, failure in enumerate(failures):
        if failure.rule == "not_found" and number < _SHOWN:
            words = words or Words(page.lines)
            near = nearest(words, split_lines(failure.block.search))
            if near is not None:
                failure = replace(failure, closest=(page.quote(near.start, near.stop),))
        yield failure


def _without_blank_ends(block: Block) -> Block:
    """Return a block without the blank lines that its SEARCH begins or ends with.

    Its REPLACE loses as many of its own, so that a blank line which only stands for the look of
    the block is not put into the text.
    """
    search, new = split_lines(block.search), split_lines(block.replace)
    for end in (0, -1):
        while search and not search[end].strip():
            del search[end]
            if new and not new[end].strip():
                del new[end]
    return Block("".join(search), "".join(new))


def _ambiguous(page: _Page, block: Block, found: Sequence[_Place]) -> Failure:
    first, second = page.number(found[0].start), page.number(found[1].start)
    times = f"{len(found)} times, first" if len(found) > 2 else "twice,"
    closest = tuple(page.quote(place.start - _ROUND, place.end + _ROUND) for place in found[:2])
    reason = f"its SEARCH lines are found {times} at lines {first} and {second}"
    return Failure(block, "ambiguous", reason, closest)


def _overlaps(places: Sequence[_Place]) -> list[Failure]:
    failures: list[Failure] = []
    done = -1
    for place in sorted(places, key=lambda place: (place.start, place.end)):
        if place.start < done or place.end == done:
            reason = "it changes lines that another block changes too"
            failures.append(Failure(place.block, "overlap", reason))
        done = max(done, place.end)
    return failures


def _rewritten(page: _Page, places: Sequence[_Place]) -> Rewrite | Failure:
    """Make the blocks' edits, whose places are sorted and do not overlap."""
    edits: list[Edit] = []
    lines: list[str] = []
    done = 0
    for place in places:
        window = page.lines[place.start : place.end]
        # An empty SEARCH stands for the blank lines of an empty region.
        search = split_lines(place.block.search) if place.block.search.strip() else window
        written = split_lines(place.block.replace)
        exact = place.tier is Tier.EXACT
        new = replaced(window, search, written, place.shift, page.format, exact)
        if new is None:
            reason = "its REPLACE lines stand further left than its SEARCH lines can be moved"
            return Failure(place.block, "indentation", reason)
        if repeats_around(new, window, page.lines[: place.start], page.lines[place.end :]):
            reason = "its REPLACE lines repeat lines that stand right next to its place"
            return Failure(place.block, "repeats", reason)
        lines += [*page.lines[done : place.start], *new]
        done = place.end
        at = page.starts[place.start]
        for edit in smallest_edits("".join(window), "".join(new)):
            edit = Edit(at + edit.start, at + edit.end, edit.text)
            if edits and edits[-1].end == edit.start:
                before = edits.pop()
                edit = Edit(before.start, edit.end, before.text + edit.text)
            edits.append(edit)
    lines += page.lines[done:]
    if places and _joins_lines(page, lines):
        reason = "the file mixes its line ends in a way that the edit would break"
        return Failure(places[0].block, "line_ends", reason)
    return Rewrite(page.span, page.bom + "".join(lines), tuple(edits))


def _joins_lines(page: _Page, lines: Sequence[str]) -> bool:
    """Tell whether a CR would come to stand before an LF, which makes one line end of two."""
    text, span = page.document.text, page.span
    parts = [text[max(span.start - 1, 0) : span.start], *lines, text[span.end : span.end + 1]]
    parts = [part for part in parts if part]
    return any(a[-1] == "\r" and b[0] == "\n" for a, b in pairwise(parts))
