"""`dola.review`: what the user decides about a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.gate import still_parses
from dola_ls.lsp.commands import retry
from dola_ls.lsp.explain import show_document
from dola_ls.lsp.hints import texts
from dola_ls.lsp.progress import Progress
from dola_ls.lsp.review import Kept, carried
from dola_ls.lsp.workbench import Workbench

if TYPE_CHECKING:
    from dola_ls.core.hunks import Hunk
    from dola_ls.lsp.server import DolaServer

_DO = ("show", "text", "apply", "retry", "discard")


async def decide(server: DolaServer, arguments: tuple[Any, ...]) -> dict[str, Any] | None:
    """Show, apply, retry or discard a proposal; with ``text`` answer what a client shows itself.

    ``hunk``, counted from 0, applies or discards that part alone and keeps the others.
    """
    given = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], dict) else {}
    kept = server.proposals.get(str(given.get("proposal")))
    do, hunk = given.get("do"), given.get("hunk")
    if kept is None or do not in _DO:
        server.say(
            "There is no such proposal any more. Nothing was changed. Run the action again.",
            types.MessageType.Warning,
        )
        return None
    if hunk is not None and (type(hunk) is not int or not 0 <= hunk < len(kept.hunks)):
        server.say(
            f"The proposal has {len(kept.hunks)} parts, and {hunk!r:.20} is none of them. Nothing "
            "was changed. Look at the proposal again.",
            types.MessageType.Warning,
        )
        return None
    part = kept.hunks[hunk] if hunk is not None else ()
    if do == "text":
        return texts(server, kept)
    if do == "discard":
        if part:
            server.proposals.drop_hunk(kept, part)
        else:
            server.proposals.drop(kept.id)
    elif do == "show":
        path = server.pages.write(kept.label, kept.diff(), ".diff")
        if not await show_document(server, path, take_focus=False):
            server.say(f"The proposed edit is in {path}", types.MessageType.Info)
    elif do == "retry":
        retry(server, kept)
    elif (why := await _apply(server, kept, part)) is not None:
        server.say(
            f"The proposal was not applied: {why}. It is kept; retry or discard it.",
            types.MessageType.Warning,
        )
    return None


async def _apply(server: DolaServer, kept: Kept, part: Hunk) -> str | None:
    """Put a proposal, or a part of it, into the buffer; return why it could not be done."""
    document = kept.proposal.task.document
    now, since = server.documents.get(document.uri), server.documents.since(document)
    if now is None or since is None:
        return "its document was closed"
    if not kept.may_be_applied:
        assert kept.proposal.verdict is not None
        return f"{kept.proposal.verdict.reason}, and that is never let pass"
    edits = carried(kept, since, part)
    if isinstance(edits, str):
        return edits
    # Who applies what the gate refused has been told what is wrong with it.
    verdict = None if kept.refused else still_parses(now, edits, server.trees.get)
    if verdict is not None:
        alone = ", without the other parts of the proposal" if part else ""
        return f"{verdict.reason}{alone}"
    bench = Workbench(server, Progress(server, kept.id, kept.label))
    why = await bench.apply(now, edits, f"Dola: {kept.proposal.task.label}")
    if why is not None:
        return why.reason
    if part:
        server.proposals.drop_hunk(kept, part)
    else:
        server.proposals.drop(kept.id)
    return None
