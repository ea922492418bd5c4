"""Proposals: answers that were not applied, kept until the user decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from dola_ls.core.context import file_name
from dola_ls.core.diff import unified
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.gate import FINAL
from dola_ls.core.hunks import Hunk, hunks_of
from dola_ls.core.policy import show_hidden
from dola_ls.core.rebase import Conflict, carry
from dola_ls.core.since import Since
from dola_ls.lsp.documents import document_key
from dola_ls.task import Proposal, Task

#: How many are kept at a time, in all documents together.
MOST = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A proposal under its id."""

    id: str
    proposal: Proposal

    @property
    def label(self) -> str:
        """``refactor total_price, 12 lines``."""
        lines = self.proposal.rewrite.text.count("\n")
        label = self.proposal.task.label
        return f"{label[:1].lower()}{label[1:]}, {lines} lines"

    def diff(self) -> str:
        """Return the proposal as a unified diff against the text it was made for."""
        document = self.proposal.task.document
        after = apply_edits(document.text, self.proposal.rewrite.edits)
        diff = unified(document.text, after, file_name(document.uri))
        return show_hidden(diff, document.text) if self.refused else diff

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """The parts that can be applied one by one, in the text the proposal was made for."""
        return hunks_of(self.proposal.task.document, self.proposal.rewrite.edits)

    def in_hunks(self, edits: Sequence[Edit]) -> tuple[Hunk, ...]:
        """Return all its edits, as they were carried elsewhere, in the same parts as `hunks`.

        What was typed between them may have put them further apart, or nearer together.
        """
        left = iter(edits)
        return tuple(tuple(islice(left, len(hunk))) for hunk in self.hunks)

    @property
    def refused(self) -> bool:
        """Whether the gate refused it, and only the user can insist."""
        return self.proposal.verdict is not None

    @property
    def may_be_applied(self) -> bool:
        """Whether it may be applied, be it against the gate's advice."""
        return self.proposal.verdict is None or self.proposal.verdict.rule not in FINAL


class Proposals:
    """The proposals of one session, the oldest of which go first.

    `proposed` and `settled` are told of each that comes or changes, and of each that goes;
    `crowded_out` besides of each that had to make room for another one.
    """

    def __init__(
        self,
        proposed: Callable[[Kept], None] = lambda kept: None,
        settled: Callable[[Kept], None] = lambda kept: None,
        crowded_out: Callable[[Kept], None] = lambda kept: None,
    ) -> None:
        self._kept: dict[str, Kept] = {}
        self._numbers = count(1)
        self._proposed = proposed
        self._settled = settled
        self._crowded_out = crowded_out

    def keep(self, proposal: Proposal) -> Kept:
        """Keep a proposal; a later one for the same request on the same code takes its place."""
        subject = _subject(proposal.task)
        for other in self.of(proposal.task.document.uri):
            if _subject(other.proposal.task) == subject:
                self.drop(other.id)
        kept = Kept(f"{proposal.task.action.id}-{next(self._numbers)}", proposal)
        self._kept[kept.id] = kept
        while len(self._kept) > MOST:
            oldest = next(iter(self._kept.values()))
            self.drop(oldest.id)
            self._crowded_out(oldest)
        self._proposed(kept)
        return kept

    def drop_hunk(self, kept: Kept, hunk: Hunk) -> None:
        """Keep only the other hunks of a proposal."""
        proposal = kept.proposal
        left = [edit for edit in proposal.rewrite.edits if edit not in hunk]
        if not left:
            self.drop(kept.id)
            return
        rewrite = proposal.rewrite.only(proposal.task.document, left)
        self._kept[kept.id] = replace(kept, proposal=replace(proposal, rewrite=rewrite))
        self._proposed(self._kept[kept.id])

    def get(self, id: str) -> Kept | None:
        """Return a proposal by its id."""
        return self._kept.get(id)

    def of(self, uri: str) -> list[Kept]:
        """Return the proposals for a document."""
        key = document_key(uri)
        return [
            kept
            for kept in self._kept.values()
            if document_key(kept.proposal.task.document.uri) == key
        ]

    def drop(self, id: str) -> None:
        """Forget a proposal."""
        kept = self._kept.pop(id, None)
        if kept is not None:
            self._settled(kept)

    def forget(self, uri: str) -> None:
        """Forget all proposals for a closed document."""
        for kept in self.of(uri):
            self.drop(kept.id)


def _subject(task: Task) -> tuple[object, ...]:
    """Return what was asked on which code: of two answers to the same, the later one is kept.

    What is typed elsewhere changes as little of it as can be.
    """
    asked = task.origin or task
    marked = [one.span for one in asked.to_fix]
    marked += [asked.order] if asked.order is not None else []
    marked += [asked.link.span] if asked.link is not None else []
    return (
        document_key(asked.document.uri),
        _place(asked),
        asked.action.id,
        asked.instruction,
        [one.message for one in asked.to_fix],
        [span.start - asked.target.region.start for span in marked],
    )


def _place(task: Task) -> tuple[object, ...]:
    """Return where a task's region is: by its symbol, and which of its namesakes that is."""
    text, region, symbol = task.document.text, task.target.region, task.target.symbol
    if symbol is None:
        # Counted from both ends, all of a text is the same whatever is typed in it.
        return region.start, len(text) - region.end
    # Overloads differ in their first lines, and what is declared twice in its place.
    whole, named = symbol.span, task.document.line_of(symbol.name_span.start)
    heading = text[whole.start : task.document.line_span(named).end]
    place = symbol.qualified_name, heading, text.count(heading, 0, whole.start)
    if task.target.whole_symbol:
        return place
    return *place, region.start - whole.start, whole.end - region.end


def carried(kept: Kept, since: Since, hunk: Hunk = ()) -> tuple[Edit, ...] | str:
    """Return a proposal's edits, or those of one hunk, for the buffer as it is now.

    `since` is what changed after the text that the proposal was made for. Where the edits do not
    fit it, return why.
    """
    moved = carry(hunk or kept.proposal.rewrite.edits, since)
    if isinstance(moved, Conflict):
        return f"line {moved.line + 1} has changed since, and the proposal changes it too"
    return moved.edits


def follow(span: Span, changes: Sequence[Edit]) -> Span:
    """Return where a span has gone through the user's changes, grown by those inside it."""
    start, end = span.start, span.end
    for change in changes:
        delta = len(change.text) - (change.end - change.start)
        if change.end <= start and change.start < start:
            start, end = start + delta, end + delta
        elif change.start < end:
            start, end = min(start, change.start), max(end, change.end) + delta
    return Span(start, end)


def touches(document: Document, edits: tuple[Edit, ...], span: Span) -> bool:
    """Tell whether a cursor or selection stands on the lines of a proposal's edits."""
    if not edits:
        return False
    lines = document.whole_lines(Span(edits[0].start, edits[-1].end))
    return lines.start <= span.end and span.start <= lines.end
