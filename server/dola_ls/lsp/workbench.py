"""What one job needs of the editor, made of LSP requests."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.core.along import NOTHING, Related
from dola_ls.core.document import Document, Edit
from dola_ls.core.landed import landed, misplaced
from dola_ls.core.languages import language_of_file
from dola_ls.core.media.media import Media
from dola_ls.core.outcome import Refused
from dola_ls.core.parsing import Tree
from dola_ls.core.prompt import Prompt
from dola_ls.core.syntax import Symbol
from dola_ls.core.testing.results import Failure, Results
from dola_ls.disk import from_disk, write_new_file
from dola_ls.lsp.convert import create_file_edit, path_to_uri, to_workspace_edit, uri_to_path
from dola_ls.lsp.explain import show_document
from dola_ls.lsp.hover import Kept
from dola_ls.lsp.leaving import wishes_of
from dola_ls.lsp.progress import Progress
from dola_ls.lsp.reasoning import Reasoned
from dola_ls.placing import Home, find_home
from dola_ls.project import check_new_file, project_root
from dola_ls.task import NotApplied, Now, Proposal, Sought, Task

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer
    from dola_ls.searching import Workspace

log = logging.getLogger(__name__)

#: How long a client may take over an edit. VS Code answers only when the user has decided about
#: edits that need confirming; ours never do.
_APPLY_SECONDS = 60.0
#: How long the change an edit makes may take to come back; Neovim gathers changes for 150 ms.
_ECHO_SECONDS = 3.0


class Workbench:
    """The editor as seen by one job; implements `dola_ls.run.Editor`."""

    def __init__(
        self,
        server: DolaServer,
        progress: Progress,
        may_send: Callable[[Prompt], Awaitable[str | None]] | None = None,
    ) -> None:
        self._server = server
        self._progress = progress
        self._may_send = may_send

    def now(self, document: Document) -> Now | None:
        """Return the buffer as it is now, with what changed since `document`."""
        current = self._server.documents.get(document.uri)
        if not document.is_open:
            return self._now_closed(document, current)
        changes = self._server.documents.changes_since(document)
        return Now(current, changes) if current is not None and changes is not None else None

    def _now_closed(self, document: Document, current: Document | None) -> Now | None:
        """Return a file that was not open; None where it is by now, or has changed on disk."""
        path = uri_to_path(document.uri)
        if current is not None or path is None:
            return None
        same = from_disk(path, document.uri, document.language)
        return (
            Now(document, ()) if not isinstance(same, str) and same.text == document.text else None
        )

    def parsed(self, document: Document) -> Tree | None:
        """Return the syntax tree of the current version."""
        return self._server.trees.get(document)

    async def related(self, task: Task, sought: Sought) -> Related:
        """Return code from elsewhere, by what is known of the workspace; none if it is not set."""
        if not self._server.configuration.settings().settings.context.related:
            return NOTHING
        return await self._server.survey.related(task, sought)

    async def may_send(self, prompt: Prompt) -> str | None:
        """Return why a prompt may not be sent; the user may be asked for that."""
        if self._may_send is None:
            return "Nothing is sent from here."
        return await self._may_send(prompt)

    def report(self, message: str, percentage: int | None = None) -> None:
        """Pass a message on to the progress."""
        self._progress.report(message, percentage)

    async def apply(
        self, document: Document, edits: Sequence[Edit], label: str
    ) -> NotApplied | None:
        """Send the edit, and believe only the buffer that it is there.

        Neovim answers `applied: true` when it dropped an edit for an older version
        (https://github.com/neovim/neovim/issues/14366).
        """
        if not self._server.client.apply_edit:
            return NotApplied("it does not take edits from a server")
        edit = to_workspace_edit(document, edits, self._server.client)
        why = await self._send_edit(edit, label)
        if why is not None:
            # Refused because the user typed meanwhile: then the next try fits the new text.
            return NotApplied(why, again=self._server.documents.get(document.uri) is not document)
        if not document.is_open:
            return None
        loop = asyncio.get_running_loop()
        end = loop.time() + _ECHO_SECONDS
        while loop.time() < end:
            changes = self._server.documents.changes_since(document)
            if changes is None:
                return NotApplied("the document was closed")
            if landed(document.text, edits, changes):
                return None
            await asyncio.sleep(0.01)
        if not changes:
            return NotApplied("it said that it did, but the text is as before")
        if misplaced(edits, changes):
            return NotApplied(
                "it put it into a text that had changed; look at the lines, and undo if need be"
            )
        return NotApplied("you typed while it was on its way", again=True)

    async def _send_edit(self, edit: types.WorkspaceEdit, label: str) -> str | None:
        params = types.ApplyWorkspaceEditParams(edit=edit, label=label)
        try:
            result = await asyncio.wait_for(
                self._server.workspace_apply_edit_async(params), _APPLY_SECONDS
            )
        except TimeoutError:
            return "it did not answer"
        except Exception as error:
            # Emacs answers a stale version with a JSON-RPC error.
            log.info("applyEdit: %s", error)
            return "it answered with an error"
        if result.applied:
            return None
        return result.failure_reason or "it gave no reason"

    def workspace(self, task: Task) -> Workspace | None:
        """Return the project's files, if the user lets the model look things up in them."""
        settings = self._server.configuration.settings().settings
        source = uri_to_path(self._server.notebooks.home_of(task.document.uri))
        if not settings.tools or source is None or not os.path.isfile(source):
            return None
        from dola_ls.searching import FileSearch

        return FileSearch(
            task.document,
            task.tree,
            source,
            self._server.folders,
            wishes_of(settings),
            self._open_texts(),
            settings.tests.framework,
        )

    def _open_texts(self) -> dict[Path, str]:
        """Return the files that are open, as they are in the editor."""
        texts = {}
        for document in self._server.documents:
            path = uri_to_path(document.uri)
            if path is not None:
                texts[path] = document.text
        return texts

    async def place_tests(self, task: Task) -> Home | Refused:
        """Find out where new tests go, from the project's own files."""
        source = uri_to_path(task.document.uri)
        if source is None or task.tree is None or task.target.symbol is None:
            reason = (
                "Tests need a place on disk beside their code. Save this document to a file, then "
                "run the action again. Nothing was sent."
            )
            return Refused(reason, "no_path")
        texts = self._open_texts()
        settings = self._server.configuration.settings().settings
        home = await asyncio.to_thread(
            find_home,
            source,
            task.tree,
            task.target,
            self._server.folders,
            list(texts),
            texts.get,
            settings.tests.framework,
            wishes_of(settings),
        )
        return Refused(home, "no_home") if isinstance(home, str) else home

    async def place_new(self, task: Task) -> Path | Refused:
        """Return where the new file of the task's own action goes, if nothing is in its way."""
        assert task.own is not None
        source = uri_to_path(task.document.uri)
        if source is None:
            reason = (
                "A new file needs a place on disk beside its source. Save this document to a file, "
                "then run the action again. Nothing was sent."
            )
            return Refused(reason, "no_path")
        path = Path(task.own.new_file(source))
        why = await self._why_not_new(path)
        if why is not None:
            return Refused(f"{path.name} cannot be created: {why}. Nothing was sent.", "no_place")
        return path

    async def _why_not_new(self, path: Path) -> str | None:
        """Return why a new file must not be made at `path`, as a clause; None where it may."""
        folders = self._server.folders
        root = project_root(path, folders)
        why = await asyncio.to_thread(check_new_file, path, root, folders)
        if why is None and self._server.documents.get(path_to_uri(path)) is not None:
            why = "it is open in the editor already"
        return why

    async def media(self, task: Task) -> Media | Refused:
        """Read the image or video of the task's link, if it may leave the machine."""
        from dola_ls.media_files import read_media

        assert task.link is not None
        assert task.action.media is not None
        source = uri_to_path(self._server.notebooks.home_of(task.document.uri))
        if source is None:
            reason = (
                "Where a link leads is only known of a file on disk. Save this document to a file, "
                "then run the action again. Nothing was sent."
            )
            return Refused(reason, "no_path")
        return await asyncio.to_thread(
            read_media,
            task.link,
            task.action.media,
            source,
            self._server.folders,
            wishes_of(self._server.configuration.settings().settings),
        )

    async def open(self, path: Path, text: str | None = None) -> Document | str:
        """Have a file opened in the editor; where it cannot, take its text from disk."""
        uri = path_to_uri(path)
        if text is not None:
            await self._shows(uri, text)
        found = self._server.documents.get(uri)
        if found is not None:
            return found
        if await show_document(self._server, path, take_focus=True):
            found = await self._opened(uri)
            if found is not None:
                return found
        language = language_of_file(path)
        return await asyncio.to_thread(from_disk, path, uri, language)

    async def _opened(self, uri: str) -> Document | None:
        """Wait until the client says that it has a document open."""
        for _ in range(int(_ECHO_SECONDS * 100)):
            found = self._server.documents.get(uri)
            if found is not None:
                return found
            await asyncio.sleep(0.01)
        return None

    async def _shows(self, uri: str, text: str) -> None:
        """Wait until the client says that a document holds a text that was put there."""
        wanted = "\n".join(text.split())
        for _ in range(int(_ECHO_SECONDS * 100)):
            found = self._server.documents.get(uri)
            if found is not None and "\n".join(found.text.split()) == wanted:
                return
            await asyncio.sleep(0.01)

    async def create(self, path: Path, text: str, label: str) -> str | bool:
        """Create a file in the editor where it can, else on disk, and open it."""
        # Looked at again: minutes may have gone by since the place was chosen (S13).
        why = await self._why_not_new(path)
        if why is not None:
            return why
        if self._server.client.apply_edit and self._server.client.create_files:
            edit = create_file_edit(path_to_uri(path), text, self._server.client)
            why = await self._send_edit(edit, label)
        else:
            why = await asyncio.to_thread(write_new_file, path, text)
        if why is not None:
            return why
        return await show_document(self._server, path, take_focus=True)

    def runs_tests(self) -> bool:
        """Tell whether the user's own settings have new tests run."""
        return self._tests_run is not False

    @property
    def _tests_run(self) -> bool | tuple[str, ...]:
        return self._server.configuration.settings().settings.tests.run

    async def run_tests(self, task: Task, home: Home, document: Document) -> Results | str:
        """Run the tests of a file as it is in the editor."""
        from dola_ls.running_tests import Trial, run_tests

        path = uri_to_path(task.document.uri)
        assert path is not None  # else the tests would have found no place
        source = self._server.documents.get(task.document.uri) or task.document
        folders = self._server.folders
        trial = Trial(home, document, source, path, self._tests_run, folders)
        return await run_tests(trial, os.environ)

    def mark(self, document: Document, failures: Sequence[Failure]) -> None:
        """Show failed tests as diagnostics in their file."""
        self._server.failures.show(document, failures)

    def write(self, title: str, markdown: str) -> Path:
        """Write a page among those of this session."""
        return self._server.pages.write(title, markdown)

    async def show(self, page: Path) -> bool:
        """Have a page opened beside the code."""
        return await show_document(self._server, page, take_focus=False)

    def address_of(self, document: Document) -> str:
        """Return what leads from a page to a document; empty for what is no file."""
        relative = self._server.client.relative_links
        return self._server.pages.address_of(document.uri, relative=relative)

    def remember(self, document: Document, symbol: Symbol, short: str, page: Path) -> None:
        """Keep the short form of an explanation for hovers."""
        self._server.explanations.keep(document, symbol, Kept(short, page))

    def reasoned(self, task: Task, model: str, texts: Sequence[str]) -> None:
        """Keep what the model thought, as long as the document is open."""
        uri = (task.origin or task).document.uri
        # An action that is cancelled because its document was closed keeps nothing.
        if self._server.documents.get(uri) is not None:
            self._server.reasoning.keep(Reasoned(uri, task.label, model, tuple(texts)))

    def propose(self, proposal: Proposal) -> str:
        """Keep a proposal for the review actions."""
        return self._server.proposals.keep(proposal).id
