"""pygls' protocol with the repairs a server of long-running actions needs.

Written against pygls 2.1.1. Each repair names the upstream issue, or says that none was found, and
has a test in tests/lsp/test_upstream.py that runs on this protocol and on pygls' own; when pygls
passes it, the override and the test go. How a message is read is in `receive.py`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcRequestCancelled,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from dola_ls.lsp.capabilities import choose_encoding
from dola_ls.lsp.receive import Host, MsgId, Phase, Receiver, be_strict

if TYPE_CHECKING:
    from cattrs import Converter

    from dola_ls.lsp.notebooks import Told

__all__ = ["Host", "MsgId", "Protocol", "QuietErrors"]

log = logging.getLogger(__name__)

INTERNAL_ERROR = "internal error; the log of dola-ls says more"

#: What a built-in handler of pygls yields: the user's handler to run, with its arguments.
Handlers = Generator[tuple[Any, tuple[Any, ...], None], Any, Any]


class QuietErrors:
    """Mix in before `LanguageServer`: faults go to the log, never into a pop-up of the editor.

    pygls shows "Error in server: <exception>" to the user (no upstream issue found).
    """

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log a fault that no request can be answered with."""
        log.error("fault in the server: %s", type(error).__name__, exc_info=error)


class Protocol(Receiver, LanguageServerProtocol):
    """The protocol of one connection. `msg_id` is the id of the request being handled."""

    def __init__(self, server: Any, converter: Converter) -> None:
        # At INFO and DEBUG pygls logs whole message bodies, the user's code among them (no
        # upstream issue found).
        logging.getLogger("pygls").setLevel(logging.WARNING)
        be_strict(converter)
        #: Called with the exit code when the client says `exit`.
        self.on_exit: Callable[[int], None] | None = None
        #: Called with the number of the client's process, where `initialize` gives one.
        self.on_process: Callable[[int], None] | None = None
        super().__init__(server, converter)
        self.fm.add_builtin_feature(types.WORKSPACE_EXECUTE_COMMAND, self._execute_command)

    # -- life cycle ------------------------------------------------------------------------

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Handlers:
        """Settle the unit of positions before anything else."""
        self.phase = Phase.STARTING
        self.host.documents.encoding = choose_encoding(params.capabilities)
        result = yield from super().lsp_initialize(params)
        text_document = params.capabilities.text_document
        if text_document is None or text_document.inline_completion is None:
            # pygls announces it to every client (no upstream issue found).
            result.capabilities.inline_completion_provider = None
        if params.process_id is not None and self.on_process is not None:
            self.on_process(params.process_id)
        self.phase = Phase.RUNNING
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Handlers:
        """Stop all requests.

        pygls walks the dictionary of requests while their ends change it, and answers with
        "dictionary changed size during iteration"
        (https://github.com/openlawlibrary/pygls/issues/606).
        """
        self.phase = Phase.SHUTDOWN
        yield from self._call_user_feature(types.SHUTDOWN, *args)
        self._cancel_requests(but=self.msg_id)
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Handlers:
        """Tell the transport to end: 0 after `shutdown`, else 1.

        pygls raises SystemExit from inside the event loop and then swallows the code (no upstream
        issue found).
        """
        yield from self._call_user_feature(types.EXIT, *args)
        if self.on_exit is not None:
            self.on_exit(self.exit_code)

    @property
    def exit_code(self) -> int:
        """The code to end with: 0 if the client asked for `shutdown`, else 1, as the LSP says."""
        return 0 if self.phase is Phase.SHUTDOWN else 1

    def hang_up(self) -> None:
        """Cancel all requests, both ways, and send nothing more: the client has gone."""
        self.writer = None
        self._cancel_requests()

    def _cancel_requests(self, *, but: MsgId | None = None) -> None:
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != but and not future.done():
                future.cancel()

    # -- documents -------------------------------------------------------------------------
    # pygls' TextDocument breaks lines with str.splitlines, also at form feed, U+2028 and six more,
    # so that later edits land on the wrong line (no upstream issue found). It is used nowhere.

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Handlers:
        """Take the document into the server's own store."""
        item = params.text_document
        if self.host.notebooks.knows(item.uri):
            return
        self.host.documents.open(item.uri, item.language_id, item.version, item.text)
        yield from self._call_user_feature(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Handlers:
        """Change the document in the server's own store; an unknown one is left alone."""
        identifier = params.text_document
        if not self.host.notebooks.is_news(identifier.uri, identifier.version):
            return
        changed = self.host.documents.change(
            identifier.uri, identifier.version, params.content_changes
        )
        if changed is not None:
            yield from self._call_user_feature(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Handlers:
        """Remove the document from the server's own store."""
        uri = params.text_document.uri
        if uri not in self.host.notebooks and self.host.documents.close(uri) is not None:
            yield from self._call_user_feature(types.TEXT_DOCUMENT_DID_CLOSE, params)

    # -- notebooks -------------------------------------------------------------------------
    # In pygls' own store of notebooks the cells are its TextDocuments again.

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(
        self, params: types.DidOpenNotebookDocumentParams
    ) -> Handlers:
        """Take a notebook's cells into the server's own stores."""
        self.host.notebooks.open(params)
        yield from self._call_user_feature(types.NOTEBOOK_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> Handlers:
        """Change cells; what is done for any document that changed or closed is done for them."""
        yield from self._tell(self.host.notebooks.change(params))

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(
        self, params: types.DidCloseNotebookDocumentParams
    ) -> Handlers:
        """Remove a notebook's cells from the server's own stores."""
        yield from self._tell(self.host.notebooks.close(params))

    def _tell(self, told: Told) -> Handlers:
        for uri in told.closed:
            closed = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
            yield from self._call_user_feature(types.TEXT_DOCUMENT_DID_CLOSE, closed)
        for uri in told.changed:
            document = self.host.documents.get(uri)
            version = document.version if document is not None else 0
            identifier = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
            changed = types.DidChangeTextDocumentParams(identifier, [])
            yield from self._call_user_feature(types.TEXT_DOCUMENT_DID_CHANGE, changed)

    # -- requests of the client ------------------------------------------------------------

    async def _execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command in the request's own task, so that `$/cancelRequest` reaches it.

        In pygls the editor is told "cancelled" while the command runs on, and a command that ends
        in CancelledError is never answered (no upstream issue found). The arguments arrive as the
        client sent them.
        """
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        result = handler(*(params.arguments or ()))
        return await result if inspect.isawaitable(result) else result

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> Handlers:
        """Cancel a progress; a token that has ended meanwhile is no reason for a warning."""
        future = self.progress.tokens.get(params.token)
        if future is not None:
            future.cancel()
        yield from self._call_user_feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    def _call_user_feature(self, method: str, *args: Any) -> Handlers:
        handler = self.fm.features.get(method)
        if handler is not None:
            yield handler, args, None

    def _execute_handler(
        self,
        msg_id: MsgId,
        handler: Any,
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run a handler and forget its future at the end.

        pygls keeps the future of every asynchronous notification handler for ever (no upstream
        issue found).
        """

        def ended(future: Future[Any]) -> None:
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, ended, args, kwargs)

    def _send_handler_result(self, future: Future[Any], *, msg_id: MsgId) -> None:
        """Answer a request with what its handler made of it.

        pygls sends the traceback and the text of any exception, with local paths and perhaps code
        (no upstream issue found). A `JsonRpcException` is a handler's own sentence; of any other
        the client learns only that the log says more.
        """
        fault = asyncio.CancelledError() if future.cancelled() else future.exception()
        if fault is not None and self.phase is Phase.STARTING:
            # It was `initialize` that failed; no other request gets here so early.
            self.phase = Phase.NEW
        if fault is None:
            self._send_response(msg_id, future.result())
        elif isinstance(fault, asyncio.CancelledError):
            self.refuse(msg_id, JsonRpcRequestCancelled("the request was cancelled"))
        elif isinstance(fault, JsonRpcException) and not isinstance(fault, JsonRpcInternalError):
            log.info("request %r refused: %s", msg_id, fault.message)
            self.refuse(msg_id, fault)
        else:
            log.error("request %r failed", msg_id, exc_info=fault)
            self.refuse(msg_id, JsonRpcInternalError(INTERNAL_ERROR))

    def _check_handler_result(self, future: Future[Any]) -> None:
        """Log the fault of a notification's handler."""
        if not future.cancelled() and (fault := future.exception()) is not None:
            log.error("a notification could not be handled", exc_info=fault)

    # -- sending ---------------------------------------------------------------------------

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: MsgId | None = None,
    ) -> Future[Any]:
        """Send a request to the client, and forget it once it is answered or given up.

        pygls never frees what an unanswered or refused request left behind
        (https://github.com/openlawlibrary/pygls/issues/608).
        """
        request_id = str(uuid.uuid4()) if msg_id is None else msg_id
        try:
            future = super().send_request(method, params, callback, request_id)
        except Exception:
            self._forget_request(request_id)
            raise
        future.add_done_callback(lambda _: self._forget_request(request_id))
        if self.writer is None:
            future.set_exception(ConnectionError("the client has gone"))
        return future

    def _forget_request(self, msg_id: MsgId) -> None:
        self._request_futures.pop(msg_id, None)
        self._result_types.pop(msg_id, None)

    def _send_response(
        self, msg_id: MsgId, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        """Send an answer.

        Where a result cannot be put into JSON, pygls sends nothing, and the client waits for ever
        (no upstream issue found).
        """
        if error is not None:
            self.refuse(msg_id, JsonRpcException.from_error(error))
            return
        answer = {"jsonrpc": self.VERSION, "id": msg_id}
        try:
            self._send_data({**answer, "result": self._converter.unstructure(result)})
        except Exception:
            log.exception("the result of request %r cannot be sent", msg_id)
            self.refuse(msg_id, JsonRpcInternalError(INTERNAL_ERROR))

    def _send_data(self, data: Any) -> None:
        """Send one message; pygls also logs it, at INFO (no upstream issue found)."""
        if self.writer is None:
            log.debug("not sent, for the client has gone")
            return
        # json escapes all that is not ASCII, so a lone surrogate cannot fail here.
        body = json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
