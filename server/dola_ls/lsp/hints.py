"""Telling the client of proposals: a hint on their lines, and messages for clients of our own.

A client that declares ``experimental.dolaReview`` is sent ``dola/proposed`` and ``dola/settled``,
and can ask by the command ``dola.review`` for the texts to show in a view of its own. Every other
one sees the hint, and offers what can be done as code actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.context import file_name
from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.lsp.convert import to_range
from dola_ls.lsp.marks import SOURCE
from dola_ls.lsp.review import MOST, Kept, carried

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

_OWNER = "proposals"


def tell_proposed(server: DolaServer, kept: Kept) -> None:
    """Tell of a proposal that was kept, or that has changed."""
    uri = kept.proposal.task.document.uri
    mark(server, uri)
    if server.client.own_review:
        server.protocol.notify(
            "dola/proposed",
            {
                "id": kept.id,
                "uri": uri,
                "label": kept.label,
                "reason": kept.proposal.reason,
                "refused": kept.refused,
                "hunks": len(kept.hunks),
            },
        )


def tell_settled(server: DolaServer, kept: Kept) -> None:
    """Tell that a proposal is there no more."""
    mark(server, kept.proposal.task.document.uri)
    if server.client.own_review:
        server.protocol.notify("dola/settled", {"id": kept.id})


def tell_crowded_out(server: DolaServer, kept: Kept) -> None:
    """Say that a proposal was dropped although the user has not decided about it."""
    name = file_name(kept.proposal.task.document.uri)
    server.say(
        f"Dola keeps {MOST} answers at a time, and another one came: the oldest ({kept.label}, in "
        f"{name}) was dropped. Nothing was changed. Apply or discard those that are kept, and run "
        "the action again if you still want it.",
        types.MessageType.Warning,
    )


def mark(server: DolaServer, uri: str) -> None:
    """Put a hint on the lines of each proposal for a document, where they are by now."""
    server.marks.put(
        uri, _OWNER, [hint for kept in server.proposals.of(uri) if (hint := _hint(server, kept))]
    )


def _hint(server: DolaServer, kept: Kept) -> types.Diagnostic | None:
    """Return a hint on the lines of a proposal; None where the user changed them."""
    uri = kept.proposal.task.document.uri
    document = server.documents.get(uri)
    since = server.documents.since(kept.proposal.task.document)
    if document is None or since is None:
        return None
    edits = carried(kept, since)
    if isinstance(edits, str) or not edits:
        return None
    what = "refused answer" if kept.refused else "proposed edit"
    return types.Diagnostic(
        range=to_range(document, _lines(document, edits), server.client.encoding),
        message=f"Dola: {what} ({kept.label})",
        severity=types.DiagnosticSeverity.Hint,
        source=SOURCE,
    )


def _lines(document: Document, edits: Any) -> Span:
    """Return the lines that edits touch, without the end of the last one."""
    lines = document.whole_lines(Span(edits[0].start, edits[-1].end))
    text = document.text[lines.start : lines.end]
    return Span(lines.start, lines.end - (len(text) - len(text.rstrip("\r\n"))))


def texts(server: DolaServer, kept: Kept) -> dict[str, Any]:
    """Return a proposal as a client shows it: the text before and after, and the hunks.

    The texts are of the buffer as it is now. Where the user has changed the same lines they are
    those that the proposal was made for, and `stale` says so.
    """
    document, edits = kept.proposal.task.document, kept.proposal.rewrite.edits
    stale = "its document was closed"
    now, since = server.documents.get(document.uri), server.documents.since(document)
    if now is not None and since is not None:
        moved = carried(kept, since)
        stale = moved if isinstance(moved, str) else ""
        if not isinstance(moved, str):
            document, edits = now, moved
    encoding = server.client.encoding
    answer: dict[str, Any] = {
        "id": kept.id,
        "uri": document.uri,
        "label": kept.label,
        "reason": kept.proposal.reason,
        "refused": kept.refused,
        "before": document.text,
        "after": apply_edits(document.text, edits),
        "hunks": [],
        "stale": stale,
    }
    for hunk in () if stale else kept.in_hunks(edits):
        span = Span(hunk[0].start, hunk[-1].end)
        inside = [type(e)(e.start - span.start, e.end - span.start, e.text) for e in hunk]
        start, end = document.position(span.start, encoding), document.position(span.end, encoding)
        answer["hunks"].append(
            {
                "start": {"line": start[0], "character": start[1]},
                "end": {"line": end[0], "character": end[1]},
                "text": apply_edits(document.text[span.start : span.end], inside),
            }
        )
    return answer
