"""Consent: the user is asked once before code of a folder goes to a model at an address.

Nothing is asked for what stays on this machine. Where the client cannot show a question, or nobody
answers it, the action ends and a code action asks in its place; nothing waits for ever.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcMethodNotFound

from dola_ls.core.actions import INSTRUCT
from dola_ls.core.policy import show_hidden
from dola_ls.lsp.convert import uri_to_path
from dola_ls.project import real_path, workspace_folder_of

if TYPE_CHECKING:
    from dola_ls.core.prompt import Prompt
    from dola_ls.lsp.progress import Progress
    from dola_ls.lsp.server import DolaServer
    from dola_ls.model.consent import ConsentBook, Grant
    from dola_ls.model.stream import ChatModel, Remote
    from dola_ls.task import Task

log = logging.getLogger(__name__)

COMMAND = "dola.consent"
#: What `dola.showPrompt` calls a completion at the cursor.
COMPLETE = "dola.complete"
SEND, SHOW, KEEP = "Send", "Show what would be sent", "Don't send"
#: How long a question stays open; after that the code action asks.
ANSWER_SECONDS = 300.0
_EXAMPLE = '{"allow": true, "uri": "file:///…"}'
#: Characters of a folder's name in a title.
_NAME = 40


@dataclass(frozen=True, slots=True)
class Request:
    """What there is to agree to: code of a folder goes to a model at an address."""

    #: The folder's real path; empty for documents that are on no disk.
    folder: str
    remote: Remote

    @property
    def grant(self) -> Grant:
        """The same as it is kept."""
        from dola_ls.model.consent import Grant

        return Grant(self.folder, self.remote.origin, self.remote.model)

    @property
    def what(self) -> str:
        """What would be sent and where to, as a part of sentences and titles."""
        return f"code of {name_of(self.folder)} to {self.remote.host}"


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that came to nothing for want of consent, and the action that made it."""

    request: Request
    #: The action as `dola.showPrompt` names it, and the words it was given.
    action: str
    instruction: str | None


def name_of(folder: str) -> str:
    """Return what a folder is called in sentences."""
    if not folder:
        return "unsaved documents"
    name = show_hidden(" ".join((Path(folder).name or folder).split()))
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


class Consents:
    """What the user of one server agreed to, and what there is to agree to still."""

    def __init__(self, server: DolaServer) -> None:
        self._server = server
        self._book: ConsentBook | None = None
        #: The last request of each folder that came to nothing for want of consent.
        self._pending: dict[str, Pending] = {}
        #: One question at a time for each request; the actions behind it share the answer.
        self._asking: dict[Request, asyncio.Lock] = {}
        self._cannot_ask = False
        self._late_work: set[asyncio.Future[None]] = set()

    def pending(self, uri: str) -> Pending | None:
        """Return what there is to agree to for a document."""
        return self._pending.get(self.folder_of(uri)) if self._pending else None

    def folder_of(self, uri: str) -> str:
        """Return the folder that consent for a document is for: its workspace folder, by real path.

        For a file outside of all of them that is its own folder, and for a cell its notebook's.
        """
        path, folders = uri_to_path(self._server.notebooks.home_of(uri)), self._server.folders
        if path is None:
            return str(real_path(folders[0])) if folders else ""
        return str(real_path(workspace_folder_of(path, folders) or path.parent))

    async def why_not(
        self, task: Task, model: ChatModel, prompt: Prompt, progress: Progress
    ) -> str | None:
        """Return why a prompt may not be sent, in sentences; asks the user where that is open."""
        remote = model.remote
        if remote is None or self._always:
            return None
        request = Request(self.folder_of(task.document.uri), remote)
        async with self._asking.setdefault(request, asyncio.Lock()):
            if await self._holds(request):
                return None
            progress.report("waiting for your consent")
            answer = await self._answer(request, task, model, prompt)
            if answer == SEND:
                await self._allow(request)
                return None
        action = task.own.id if task.own is not None else task.action.command
        said = task.instruction if task.action is INSTRUCT and task.origin is None else None
        self._pending[request.folder] = Pending(request, action, said)
        return self._sentences(request, answer)

    async def why_not_asking(self, uri: str, model: ChatModel) -> str | None:
        """Return why nothing of a document may be sent unasked; the user is not asked for it."""
        remote = model.remote
        if remote is None or self._always:
            return None
        request = Request(self.folder_of(uri), remote)
        if await self._holds(request):
            return None
        self._pending[request.folder] = Pending(request, COMPLETE, None)
        return (
            f"This would send {request.what} (model {remote.model}) for the first time, and "
            f"completions ask no questions. Nothing was sent. To allow it, take "
            f"“{title_of(request)}” from the code actions here."
        )

    @property
    def _always(self) -> bool:
        return self._server.configuration.settings().settings.privacy.consent == "always"

    @property
    def book(self) -> ConsentBook:
        """All that the user agreed to."""
        if self._book is None:
            from dola_ls.model.consent import FILE, ConsentBook

            self._book = ConsentBook(self._server.configuration.kept(FILE))
        return self._book

    async def _holds(self, request: Request) -> bool:
        return await asyncio.to_thread(self.book.holds, request.grant)

    async def _allow(self, request: Request) -> bool:
        """Enter a grant; tell whether it will be known in later sessions too."""
        self._pending.pop(request.folder, None)
        kept = await asyncio.to_thread(self.book.add, request.grant)
        log.info("consent given, %s", "kept" if kept else "for this session")
        return kept

    async def _answer(
        self, request: Request, task: Task, model: ChatModel, prompt: Prompt
    ) -> str | None:
        """Return the button that the user pressed; None where there was no question or answer."""
        while (answer := await self._ask(request)) == SHOW:
            from dola_ls.core.outcome import Refused
            from dola_ls.lsp.show_prompt import show_page

            page = await show_page(self._server, task.label, model, prompt)
            if isinstance(page, Refused):
                self._server.say(page.reason, types.MessageType.Warning)
            elif not page.shown:
                self._server.say(f"What would be sent is in {page.path}", types.MessageType.Info)
        return answer

    async def _ask(self, request: Request) -> str | None:
        if self._cannot_ask:
            return None
        params = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=(
                f"Dola: Send {request.what} (model {request.remote.model})? You are asked once "
                "for each folder, address and model."
            ),
            actions=[types.MessageActionItem(title) for title in (SEND, SHOW, KEEP)],
        )
        question = asyncio.ensure_future(self._server.window_show_message_request_async(params))
        try:
            done, _ = await asyncio.wait({question}, timeout=ANSWER_SECONDS)
            if not done:
                # It still stands there, and what is pressed must not be for nothing.
                question.add_done_callback(lambda _: self._late(request, question))
                return None
            answer = question.result()
        except asyncio.CancelledError:
            question.cancel()
            raise
        except JsonRpcMethodNotFound:
            # Helix up to 25.07; the protocol has no capability that would say so.
            self._cannot_ask = True
            return None
        except Exception as error:
            log.info("no answer about consent: %s", type(error).__name__)
            return None
        # Whoever closes the question says no, for this once.
        return answer.title if answer is not None else KEEP

    def _late(
        self, request: Request, question: asyncio.Future[types.MessageActionItem | None]
    ) -> None:
        """Take an answer that came after the action had ended."""
        if question.cancelled() or question.exception() is not None:
            return
        answer = question.result()
        if answer is not None and answer.title == SEND:
            work = asyncio.ensure_future(self._agree_to(request))
            self._late_work.add(work)
            work.add_done_callback(self._late_work.discard)
        elif answer is not None and answer.title == SHOW:
            self._say("The action has ended meanwhile. Run it again, and it can be shown.")

    def _sentences(self, request: Request, answer: str | None) -> str:
        how = (
            f"To allow it, take “{title_of(request)}” from the code actions here; “Dola: Show what "
            "would be sent” stands beside it."
        )
        if answer == KEEP:
            return f"Nothing was sent, as you did not agree. {how}"
        why = "this editor cannot ask you" if self._cannot_ask else "no answer came"
        return (
            f"This would send {request.what} for the first time, and {why}. Nothing was sent. {how}"
        )

    async def decide(self, arguments: tuple[Any, ...]) -> None:
        """Carry out `dola.consent`: agree to what is pending or set up, or withdraw all of it."""
        given = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], dict) else {}
        allow, uri = given.get("allow"), given.get("uri")
        if type(allow) is not bool or not isinstance(uri, str) or not uri:
            self._say(f"{COMMAND} was not run: it takes an object like {_EXAMPLE}.", failed=True)
        elif allow:
            await self._agree(uri, given)
        else:
            await self._withdraw(self.folder_of(uri))

    async def _agree(self, uri: str, given: dict[str, Any]) -> None:
        pending = self.pending(uri)
        request = pending.request if pending is not None else await self._usual(uri)
        if request is None:
            self._say("There is nothing to allow: no code leaves this machine.")
            return
        named = (
            given.get("origin", request.remote.origin),
            given.get("model", request.remote.model),
        )
        if named != (request.remote.origin, request.remote.model):
            self._say(
                "The address or the model is another one by now, so nothing was allowed. Run the "
                "action again.",
                failed=True,
            )
            return
        await self._agree_to(request)

    async def _agree_to(self, request: Request) -> None:
        kept = await self._allow(request)
        how_long = "" if kept else " in this session"
        self._say(
            f"You allowed to send {request.what} (model {request.remote.model}){how_long}. Run the "
            "action again."
        )

    async def _usual(self, uri: str) -> Request | None:
        """Return what an action on a document would ask for as things are set up."""
        from dola_ls.model.provider import Unavailable

        model = await self._server.configuration.model()
        remote = None if isinstance(model, Unavailable) else model.remote
        return Request(self.folder_of(uri), remote) if remote is not None else None

    async def _withdraw(self, folder: str) -> None:
        from dola_ls.model.consent import FILE

        try:
            count = await asyncio.to_thread(self.book.withdraw, folder)
        except OSError as error:
            path = self._server.configuration.kept(FILE)
            self._say(
                f"Your consent was not withdrawn, because {path} cannot be written: "
                f"{error.strerror}. Remove that file, and nothing is sent without a question.",
                failed=True,
            )
            return
        self._pending.pop(folder, None)
        self._say(
            f"Code of {name_of(folder)} is not sent any more until you agree again."
            if count
            else f"There was no consent to withdraw for {name_of(folder)}."
        )

    def _say(self, sentence: str, *, failed: bool = False) -> None:
        kind = types.MessageType.Warning if failed else types.MessageType.Info
        self._server.say(sentence, kind)


def title_of(request: Request) -> str:
    """Return the title of the code action that agrees to a request."""
    return f"Dola: Allow sending {request.what}"
