"""A rewrite on its way to become an edit, and what may be said against it."""

from __future__ import annotations

from dataclasses import dataclass

from dola_ls.core.actions import Target
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.rewrite import Rewrite


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a candidate is refused."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rewrite about to become an edit, with what the rules need to judge it."""

    document: Document
    tree: Tree | None
    target: Target
    rewrite: Rewrite
    after: Document
    tree_after: Tree | None
    #: The user's own words, where there are any.
    instruction: str | None = None
    #: Only comments and docstrings were asked for.
    comments_only: bool = False
    #: The problems that were to be fixed, where it is for these.
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def old(self) -> str:
        """The text of the region as it is."""
        region = self.rewrite.region
        return self.document.text[region.start : region.end]

    @property
    def new(self) -> str:
        """The text of the region as it would be."""
        return self.rewrite.text

    @property
    def after_region(self) -> Span:
        """The region in the text as it would be."""
        return Span(self.rewrite.region.start, self.rewrite.region.start + len(self.new))


def candidate(
    document: Document,
    tree: Tree | None,
    target: Target,
    rewrite: Rewrite,
    instruction: str | None = None,
    *,
    comments_only: bool = False,
    diagnostics: tuple[Diagnostic, ...] = (),
) -> Candidate:
    """Return the candidate for a rewrite; parses the text as it would be."""
    # One change of the region comes to the same text as its edits, and keeps the line table.
    whole = Edit(rewrite.region.start, rewrite.region.end, rewrite.text)
    after = document.changed(whole, document.version)
    tree_after = parse(after, tree) if tree is not None else None
    return Candidate(
        document,
        tree,
        target,
        rewrite,
        after,
        tree_after,
        instruction,
        comments_only,
        diagnostics,
    )
