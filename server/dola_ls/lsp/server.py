"""The language server: `create_server` builds one, and nothing is kept in the module."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from dola_ls import __version__
from dola_ls.core.actions import BY_COMMAND
from dola_ls.core.document import Document
from dola_ls.core.own_actions import COMMAND
from dola_ls.lsp import code_actions, commands, lifecycle, notebooks, own, reasoning, status
from dola_ls.lsp.capabilities import Client
from dola_ls.lsp.configuration import Configuration
from dola_ls.lsp.convert import uri_to_path
from dola_ls.lsp.documents import Documents
from dola_ls.lsp.explain import Pages
from dola_ls.lsp.hover import Explanations, hover
from dola_ls.lsp.jobs import Jobs
from dola_ls.lsp.marks import Marks
from dola_ls.lsp.protocol import Protocol, QuietErrors
from dola_ls.lsp.trees import Trees

if TYPE_CHECKING:
    from dola_ls.lsp.consent import Consents
    from dola_ls.lsp.failures import Failures
    from dola_ls.lsp.inline_completion import InlineCompletions
    from dola_ls.lsp.review import Proposals
    from dola_ls.lsp.surveying import Survey
    from dola_ls.model.ledger import Ledger
    from dola_ls.model.stream import ChatModel
    from dola_ls.task import Now

log = logging.getLogger(__name__)


class DolaServer(QuietErrors, LanguageServer):
    """One client's server: its documents, jobs, proposals and settings."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(
            "dola-ls",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            notebook_document_sync=notebooks.SYNC,
            protocol_cls=Protocol,
        )
        self.configuration = configuration
        self.client = Client()
        self.documents = Documents()
        self.notebooks = notebooks.Notebooks(self.documents)
        self.trees = Trees(self.documents)
        self.jobs = Jobs(self)
        self.pages = Pages()
        self.explanations = Explanations()
        self.reasoning = reasoning.LastReasoning()
        self.marks = Marks(self)
        #: Where the user last asked for code actions.
        self.last_place: tuple[str, types.Range] | None = None
        self._completions: InlineCompletions | None = None
        self._consents: Consents | None = None
        self._failures: Failures | None = None
        self._proposals: Proposals | None = None
        self._ledger: Ledger | None = None
        self._survey: Survey | None = None

    @property
    def survey(self) -> Survey:
        """What is known of the workspace's files; nothing before the first action."""
        if self._survey is None:
            from dola_ls.lsp.surveying import Survey

            self._survey = Survey(self)
        return self._survey

    @property
    def completions(self) -> InlineCompletions:
        """What is completed at the cursor."""
        if self._completions is None:
            from dola_ls.lsp.inline_completion import InlineCompletions

            self._completions = InlineCompletions(self)
        return self._completions

    @property
    def has_completions(self) -> bool:
        """Whether anything was ever completed, so that most sessions need not look."""
        return self._completions is not None

    @property
    def consents(self) -> Consents:
        """What the user agreed to send."""
        if self._consents is None:
            from dola_ls.lsp.consent import Consents

            self._consents = Consents(self)
        return self._consents

    @property
    def has_consents(self) -> bool:
        """Whether anything was ever asked, so that the menu need not look."""
        return self._consents is not None

    @property
    def failures(self) -> Failures:
        """Tests that failed and are marked in their files."""
        if self._failures is None:
            from dola_ls.lsp.failures import Failures

            self._failures = Failures(self)
        return self._failures

    @property
    def has_failures(self) -> bool:
        """Whether any test ever failed, so that most sessions need not look."""
        return self._failures is not None

    @property
    def proposals(self) -> Proposals:
        """Answers that were kept for the user to decide about."""
        if self._proposals is None:
            from dola_ls.lsp.hints import tell_crowded_out, tell_proposed, tell_settled
            from dola_ls.lsp.review import Proposals

            self._proposals = Proposals(
                lambda kept: tell_proposed(self, kept),
                lambda kept: tell_settled(self, kept),
                lambda kept: tell_crowded_out(self, kept),
            )
        return self._proposals

    @property
    def ledger(self) -> Ledger:
        """What the model calls of this session came to."""
        if self._ledger is None:
            from dola_ls.model.day_file import DayFile
            from dola_ls.model.ledger import Ledger
            from dola_ls.model.spending import Purse

            self._ledger = Ledger(Purse(DayFile(self.configuration.state_folder())))
        return self._ledger

    @property
    def folders(self) -> list[Path]:
        """The workspace folders that are on this machine's disk."""
        uris = list(self.workspace.folders)
        if not uris and self.workspace.root_uri:
            uris = [self.workspace.root_uri]
        paths = [uri_to_path(uri) for uri in uris]
        return [path for path in paths if path is not None]

    @property
    def has_proposals(self) -> bool:
        """Whether anything was ever kept, so that most sessions need not look."""
        return self._proposals is not None

    def now(self, document: Document) -> Now | None:
        """Return a document as it is now and what changed since; None where that is lost."""
        from dola_ls.task import Now

        current = self.documents.get(document.uri)
        changes = self.documents.changes_since(document)
        return Now(current, changes) if current is not None and changes is not None else None

    def say(self, sentence: str, kind: types.MessageType) -> None:
        """Show one message to the user."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=sentence))

    def tell_problems(self) -> None:
        """Tell each problem with the settings once, in one message."""
        problems = self.configuration.new_problems()
        if problems:
            self.say("Dola: " + " ".join(problems), types.MessageType.Warning)

    def on_cancel_request(self, msg_id: str | int) -> None:
        """Stop the job that a request started, though the request itself is answered."""
        self.jobs.cancel(request_id=msg_id)

    async def close(self) -> None:
        """Stop all jobs and let go of the model and the pages."""
        await self.jobs.close()
        if self._survey is not None:
            await self._survey.close()
        if self._completions is not None:
            await self._completions.close()
        if self._ledger is not None:
            await self._ledger.purse.save()
        await self.configuration.close()
        self.trees.close()
        self.pages.close()


def create_server(
    *,
    env: Mapping[str, str] | None = None,
    command_line: Mapping[str, object] | None = None,
    model: ChatModel | None = None,
    state: Path | None = None,
) -> DolaServer:
    """Build a server for one client; `model` replaces the one that the settings name.

    `state` is the folder for what is kept between sessions. It is the user's own unless given, and
    none at all if `env` is.
    """
    server = DolaServer(
        Configuration(
            env=os.environ if env is None else env,
            command_line=command_line or {},
            fixed_model=model,
            state=state,
        )
    )
    lifecycle.register(server)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        # No resolveProvider: with it VS Code, Neovim and Helix also resolve actions that carry a
        # command, and Helix freezes while it waits.
        types.CodeActionOptions(code_action_kinds=list(code_actions.KINDS)),
    )
    def code_action(ls: DolaServer, params: types.CodeActionParams) -> list[Any]:
        return code_actions.list_actions(ls, params)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def explained(ls: DolaServer, params: types.HoverParams) -> types.Hover | None:
        return hover(ls, params)

    # Announced only to clients that declare it: `Protocol.lsp_initialize`.
    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def complete(
        ls: DolaServer, params: types.InlineCompletionParams
    ) -> list[types.InlineCompletionItem]:
        return await ls.completions.answer(params)

    for command in BY_COMMAND:
        _register_action(server, command)

    @server.command(COMMAND)
    def start_own(ls: DolaServer, *arguments: Any) -> None:
        ls.configuration.look()
        own.start_own(ls, arguments)

    @server.command("dola.cancel")
    def cancel(ls: DolaServer, *arguments: Any) -> None:
        commands.cancel(ls, arguments)

    @server.command("dola.review")
    async def review(ls: DolaServer, *arguments: Any) -> dict[str, Any] | None:
        from dola_ls.lsp.deciding import decide

        ls.configuration.look()
        return await decide(ls, arguments)

    @server.command("dola.showPrompt")
    def show_what_is_sent(ls: DolaServer, *arguments: Any) -> None:
        from dola_ls.lsp.show_prompt import show_prompt

        ls.configuration.look()
        show_prompt(ls, arguments)

    @server.command(reasoning.COMMAND)
    async def show_reasoning(ls: DolaServer, *arguments: Any) -> None:
        await reasoning.show(ls)

    @server.command("dola.consent")
    async def decide_consent(ls: DolaServer, *arguments: Any) -> None:
        await ls.consents.decide(arguments)

    @server.command("dola.status")
    async def tell_status(ls: DolaServer, *arguments: Any) -> None:
        await ls.ledger.purse.look()
        status.tell(ls)

    return server


def _register_action(server: DolaServer, command: str) -> None:
    @server.command(command)
    def start(ls: DolaServer, *arguments: Any) -> None:
        ls.configuration.look()
        commands.start_action(ls, command, arguments)
