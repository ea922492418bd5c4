"""The code actions on proposals: apply, look at, ask again, discard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.core.actions import kind_matches
from dola_ls.core.document import Document, Span
from dola_ls.lsp.offering import action_of
from dola_ls.lsp.review import Kept, carried, touches

if TYPE_CHECKING:
    from dola_ls.core.since import Since
    from dola_ls.lsp.server import DolaServer

_KIND = "refactor.rewrite.dola"


def reviews(
    server: DolaServer, document: Document, span: Span, only: list[str] | None
) -> list[types.CodeAction]:
    """Offer what can be done with proposals on these lines."""
    found: list[types.CodeAction] = []
    if not kind_matches(_KIND, only):
        return found
    for kept in server.proposals.of(document.uri):
        since = server.documents.since(kept.proposal.task.document)
        edits = carried(kept, since) if since is not None else "lost"
        here = isinstance(edits, tuple) and touches(document, edits, span)
        if not here and not isinstance(edits, str):
            continue
        hunks = [] if kept.refused or since is None else _hunks_at(kept, document, since, span)
        found += _review_of(kept, hunks, applicable=here and kept.may_be_applied)
    return found


def _hunks_at(kept: Kept, document: Document, since: Since, span: Span) -> list[int]:
    """Return the numbers of a proposal's hunks at a cursor, where it has more than one."""
    hunks = kept.hunks
    if len(hunks) < 2:
        return []
    found: list[int] = []
    for number, hunk in enumerate(hunks):
        edits = carried(kept, since, hunk)
        if isinstance(edits, tuple) and touches(document, edits, span):
            found.append(number)
    return found


def _review_of(kept: Kept, hunks: list[int], *, applicable: bool) -> list[types.CodeAction]:
    def one(title: str, do: str, **more: int) -> types.CodeAction:
        arguments = {"proposal": kept.id, "do": do, **more}
        return action_of(f"Dola: {title} ({kept.label})", _KIND, "dola.review", arguments)

    what = "refused answer" if kept.refused else "proposed edit"
    apply = "Apply refused answer all the same" if kept.refused else "Apply proposed edit"
    show = one(f"Show {what}", "show")
    # What the gate refused is to be looked at before anything else.
    first = [show] if kept.refused else []
    return [
        *first,
        *([one(apply, "apply")] if applicable else []),
        *(one(f"Apply hunk {n + 1} of {len(kept.hunks)}", "apply", hunk=n) for n in hunks),
        *([] if kept.refused else [show]),
        one("Retry", "retry"),
        one(f"Discard {what}", "discard"),
    ]
