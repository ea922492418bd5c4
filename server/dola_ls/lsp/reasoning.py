"""`dola.showReasoning`: what the model thought in the last action, while its document is open.

It is kept in memory, and becomes a page only when the user asks for it. No log has any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.lsp.documents import document_key
from dola_ls.lsp.explain import show_document

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

COMMAND = "dola.showReasoning"


@dataclass(frozen=True, slots=True)
class Reasoned:
    """What came of the thinking of one action; one text for each of its requests."""

    uri: str
    label: str
    model: str
    texts: tuple[str, ...]


class LastReasoning:
    """The reasoning of the last action that asked a model."""

    def __init__(self) -> None:
        self.last: Reasoned | None = None

    def keep(self, reasoned: Reasoned) -> None:
        """Keep it in the place of what was kept before."""
        self.last = reasoned

    def forget(self, uri: str) -> None:
        """Let go of what belongs to a closed document."""
        if self.last is not None and document_key(self.last.uri) == document_key(uri):
            self.last = None


async def show(server: DolaServer) -> None:
    """Show it as a page, or say that there is none."""
    from dola_ls.core.thoughts import thoughts_page

    last = server.reasoning.last
    if last is None:
        server.say(
            "There is no reasoning to show: it is kept for the last action, while its document is "
            "open. Run an action first.",
            types.MessageType.Info,
        )
        return
    if not any(last.texts):
        server.say(
            f"{last.label}: {last.model} sent no reasoning along. Not every model and server does; "
            "`reasoning_effort` may have it think.",
            types.MessageType.Info,
        )
        return
    page = thoughts_page(last.label, last.model, last.texts)
    path = server.pages.write(f"What the model thought ({last.label})", page)
    if not await show_document(server, path, take_focus=False):
        server.say(
            f"{last.label}: this editor did not open the reasoning. It is in {path}",
            types.MessageType.Info,
        )
