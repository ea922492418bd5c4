"""`textDocument/inlineCompletion` (LSP 3.18): a completion where the user asks for one.

One is under way for each document at the most: a newer request, a change of the text and the
client's own `$/cancelRequest` end it. It asks the user nothing and shows no progress; what went
wrong is told once, and the answer is an empty list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.actions import COMPLETE
from dola_ls.core.document import Document
from dola_ls.core.limits import MAX_DOCUMENT
from dola_ls.lsp.configuration import NOT_TRUSTED
from dola_ls.lsp.convert import to_range, to_span
from dola_ls.lsp.documents import document_key

if TYPE_CHECKING:
    from dola_ls.complete import Failed
    from dola_ls.core.document import Document
    from dola_ls.core.inline import Place
    from dola_ls.core.prompt import Prompt
    from dola_ls.lsp.server import DolaServer
    from dola_ls.model.prices import Estimate
    from dola_ls.model.stream import ChatModel
    from dola_ls.settings import CompletionSettings
    from dola_ls.task import Task

log = logging.getLogger(__name__)

_AUTOMATIC = types.InlineCompletionTriggerKind.Automatic


class InlineCompletions:
    """The completions of one server: those under way, those given, and what was told of them."""

    def __init__(self, server: DolaServer) -> None:
        from dola_ls.core.completion_cache import CompletionCache

        self._server = server
        self._cache = CompletionCache()
        self._under_way: dict[str, asyncio.Task[str]] = {}
        #: The rules that completions failed by, as far as the user was told.
        self._told: set[str] = set()
        self._loading: asyncio.Task[None] | None = None
        self._closing = False

    async def answer(
        self, params: types.InlineCompletionParams
    ) -> list[types.InlineCompletionItem]:
        """Return the completion at a position; none where there is nothing to insert."""
        # The first statement takes the snapshot: what is typed from now on ends the request.
        document = self._server.documents.get(params.text_document.uri)
        if document is None or self._closing or not self._fit(document):
            return []
        automatic = params.context.trigger_kind == _AUTOMATIC
        if not automatic:  # those come with every key
            self._server.configuration.look()
        wanted = self._server.configuration.settings().settings.completion
        if not wanted.enabled or (automatic and not wanted.automatic):
            return []
        if not self._server.configuration.trusted:
            self._tell("not_trusted", NOT_TRUSTED)
            return []
        place = self._place(document, params)
        if place is None:
            return []
        self.cancel(document.uri)
        around = place.whole_prefix(document), place.whole_suffix(document)
        text = self._cache.get(document.uri, *around)
        if text is None:
            text = await self._wait_for(document, place, wanted, automatic=automatic)
        # What was not typed to the end of the wait belongs to another text.
        if not text or self._server.documents.get(document.uri) is not document:
            return []
        return [
            types.InlineCompletionItem(
                insert_text=place.selected + text,
                # Without one VS Code replaces all the line behind the cursor.
                range=to_range(document, place.span, self._server.client.encoding),
            )
        ]

    def cancel(self, uri: str) -> None:
        """End what is under way for a document, as its text is another one by now."""
        task = self._under_way.pop(document_key(uri), None)
        if task is not None:
            task.cancel()

    def forget(self, uri: str) -> None:
        """End what is under way for a document that was closed, and what is kept of it."""
        self.cancel(uri)
        self._cache.forget(uri)

    async def close(self) -> None:
        """End all that is under way."""
        self._closing = True
        tasks: list[asyncio.Task[Any]] = list(self._under_way.values())
        tasks += [self._loading] if self._loading is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fit(self, document: Document) -> bool:
        return len(document.text) <= MAX_DOCUMENT and "\0" not in document.text

    def _place(self, document: Document, params: types.InlineCompletionParams) -> Place | None:
        """Return where a completion goes; None where the position is in no line of the document."""
        from dola_ls.core.inline import Place

        encoding = self._server.client.encoding
        at = to_span(document, types.Range(params.position, params.position), encoding)
        if at.outside:
            return None
        selected = params.context.selected_completion_info
        if selected is None:
            return Place(at.span)
        replaced = to_span(document, selected.range, encoding)
        one_line = selected.range.start.line == selected.range.end.line == params.position.line
        if replaced.outside or not one_line or not replaced.span.covers(at.span):
            return Place(at.span)
        return Place(replaced.span, selected.text.replace("\r\n", "\n"))

    async def _wait_for(
        self, document: Document, place: Place, wanted: CompletionSettings, *, automatic: bool
    ) -> str:
        key = document_key(document.uri)
        pause = wanted.debounce_ms / 1000 if automatic else 0.0
        asking = self._asked(document, place, wanted.max_lines, pause)
        task = asyncio.create_task(asking, name="dola-complete")
        self._under_way[key] = task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise  # the client took its request back
            return ""
        finally:
            if self._under_way.get(key) is task:
                del self._under_way[key]

    async def _asked(self, document: Document, place: Place, lines: int, pause: float) -> str:
        from dola_ls.complete import Failed

        await asyncio.sleep(pause)
        try:
            text = await self._ask(document, place, lines)
        except Exception:
            log.exception("a completion failed")
            text = Failed("Something went wrong inside dola-ls; its log says more.", "fault")
        if isinstance(text, Failed):
            log.info("no completion: %s", text.rule)
            if text.rule == "wrong_key":
                self._server.configuration.forget_key()
            self._tell(text.rule, text.reason)
            return ""
        around = place.whole_prefix(document), place.whole_suffix(document)
        self._cache.keep(document.uri, *around, text)
        return text

    async def _ask(self, document: Document, place: Place, max_lines: int) -> str | Failed:
        from dola_ls.ask import Asking
        from dola_ls.complete import Failed, complete
        from dola_ls.core.outcome import Refused
        from dola_ls.lsp.leaving import screen_for
        from dola_ls.model.errors import ModelError
        from dola_ls.model.ledger import Metered
        from dola_ls.model.provider import Unavailable

        server = self._server
        server.configuration.look()
        server.tell_problems()
        model = await server.configuration.model(action=COMPLETE)
        if isinstance(model, Unavailable):
            return Failed(model.reason, "no_model")
        task = task_at(server, document, place)
        screen = await screen_for(server, task)
        if isinstance(screen, Refused):
            return Failed(screen.reason, screen.rule)
        try:
            await self._loaded(model)
        except ModelError as error:
            return Failed(str(error), error.rule)
        limits = server.configuration.settings().settings.limits
        metered = Metered(model, server.ledger, limits=limits, approve=_never)
        asking = Asking(metered, _Quiet(server, document, model), task, screen)
        fills = getattr(model, "fills", False) is True
        try:
            return await complete(task, place, asking, max_lines=max_lines, fills=fills)
        finally:
            await server.ledger.purse.save()

    async def _loaded(self, model: ChatModel) -> None:
        """Have the embedded engine started, and go on with that when this request is ended.

        Otherwise whoever types on would have it started anew with each key.
        """
        load = getattr(model, "load", None)
        if load is None:
            return
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(load(), name="dola-load")
            # A fault that nobody waits for any longer is met again by the next request.
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._loading)

    def _tell(self, rule: str, reason: str) -> None:
        """Say what went wrong, once of each kind: a request comes with every key press."""
        # What there is to agree to is another matter for each folder and each model.
        kind = reason if rule == "consent" else rule
        if kind in self._told:
            return
        self._told.add(kind)
        self._server.say(f"Completion: {reason}", types.MessageType.Warning)


def task_at(server: DolaServer, document: Document, place: Place) -> Task:
    """Return the task to complete a document at a place, which is the task's region."""
    from dola_ls.core.actions import Target
    from dola_ls.lsp.convert import relative_file
    from dola_ls.task import Task

    line = document.line_of(place.span.start) + 1
    target = Target(place.span, f"line {line}", None, False)
    file = relative_file(server.notebooks.home_of(document.uri), server.folders)
    cells = server.notebooks.around(document)
    return Task(COMPLETE, document, None, target, file, cells=cells)


class _Quiet:
    """The editor as a completion sees it: it is asked nothing and shown nothing."""

    def __init__(self, server: DolaServer, document: Document, model: ChatModel) -> None:
        self._server = server
        self._document = document
        self._model = model

    async def may_send(self, prompt: Prompt) -> str | None:
        """Return why a prompt may not be sent."""
        return await self._server.consents.why_not_asking(self._document.uri, self._model)

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show nothing: the text itself comes in a moment."""

    def reasoned(self, task: Task, model: str, texts: Sequence[str]) -> None:
        """Keep nothing: what was thought of an action is worth more than of a few lines."""


async def _never(most: Estimate) -> bool:
    """Refuse a request that costs more than may be spent unasked, as nobody is asked."""
    from dola_ls.complete import TooDear

    raise TooDear(most)
