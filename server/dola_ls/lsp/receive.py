"""What becomes of a message body that arrives, however broken it is."""

from __future__ import annotations

import asyncio
import contextvars
import enum
import json
import logging
import uuid
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, Union, cast
from typing import Protocol as Interface

from cattrs import transform_error
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol

from dola_ls.lsp.arguments import leave_out
from dola_ls.lsp.capabilities import read_initialize

if TYPE_CHECKING:
    from cattrs import Converter

    from dola_ls.lsp.documents import Documents
    from dola_ls.lsp.notebooks import Notebooks

log = logging.getLogger(__name__)

MsgId = str | int


class Phase(enum.Enum):
    """How far a connection has come."""

    NEW = "before initialize"
    STARTING = "initialize is being handled"
    RUNNING = "initialized"
    SHUTDOWN = "after shutdown"


class Host(Interface):
    """What the protocol needs of the server, besides being a pygls `LanguageServer`."""

    documents: Documents
    notebooks: Notebooks

    def on_cancel_request(self, msg_id: MsgId) -> None:
        """Stop what the request started; called for each `$/cancelRequest`, answered or not."""

    async def close(self) -> None:
        """Stop all work and let go of everything; called once, when the connection ends."""


class Receiver(LanguageServerProtocol):
    """The receiving half of the protocol: every request is answered exactly once.

    pygls parses with an `object_hook`, which takes any nested object with a "jsonrpc" key for a
    message; it leaves a request unanswered whose parameters are malformed, or whose method is
    unknown and has no parameters; and it serves requests before `initialize` and ignores those
    after `shutdown` (no upstream issue found for any of these).
    """

    phase = Phase.NEW

    @property
    def host(self) -> Host:
        """The server, seen as what the protocol needs of it."""
        return cast(Host, self._server)

    def receive(self, body: bytes) -> None:
        """Handle one message; never raises."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            log.error("received a message that is not JSON: %s", type(error).__name__)
            self.refuse(None, JsonRpcParseError("the message is not JSON"))
            return
        try:
            self._dispatch(message)
        except (Exception, asyncio.CancelledError):
            # Nothing awaits here, so this is not the receiving task that was cancelled.
            log.exception("a message could not be handled")

    def refuse(self, msg_id: MsgId | None, fault: JsonRpcException) -> None:
        """Answer a request with an error; null stands for an id that could not be read.

        The error's `data` stays here: pygls fills it with tracebacks.
        """
        error = {"code": fault.code, "message": fault.message}
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": error})

    def _dispatch(self, message: Any) -> None:
        if not isinstance(message, dict):
            # Batches were dropped from the LSP's base protocol.
            self.refuse(None, JsonRpcInvalidRequest("a message has to be one JSON object"))
            return
        method, msg_id = message.get("method"), message.get("id")
        # True is an int in Python, but not an id in JSON-RPC.
        valid_id = isinstance(msg_id, str | int) and not isinstance(msg_id, bool)
        if "method" not in message and self._is_answer(message):
            self._receive_answer(message)
        elif message.get("jsonrpc") != self.VERSION or not isinstance(method, str):
            fault = JsonRpcInvalidRequest('a message needs "jsonrpc": "2.0" and a method')
            self.refuse(msg_id if valid_id else None, fault)
        elif "id" not in message:
            self._receive_notification(method, message)
        elif not valid_id:
            fault = JsonRpcInvalidRequest("the id of a request has to be a string or an integer")
            self.refuse(None, fault)
        else:
            self._receive_request(msg_id, method, message)

    # -- requests --------------------------------------------------------------------------

    def _receive_request(self, msg_id: Any, method: str, message: dict[str, Any]) -> None:
        try:
            self._check_order(msg_id, method)
            handler = self._get_handler(method)
            params = self._read_params(method, message)
        except JsonRpcException as fault:
            log.info("request %r for %r refused: %s", msg_id, method, fault.message)
            self.refuse(msg_id, fault)
            return
        # Each handler runs within its own context, where `msg_id` names its request.
        contextvars.copy_context().run(self._run_request, msg_id, handler, params)

    def _run_request(self, msg_id: MsgId, handler: Any, params: Any) -> None:
        self._ctx_msg_id.set(msg_id)
        answer = partial(self._send_handler_result, msg_id=msg_id)
        try:
            self._execute_handler(msg_id, handler, answer, (params,))
        except asyncio.CancelledError as error:
            # pygls does not expect a handler that is no coroutine to be cancelled.
            ended: Future[Any] = Future()
            ended.set_exception(error)
            answer(ended)

    def _check_order(self, msg_id: MsgId, method: str) -> None:
        if self.phase is Phase.SHUTDOWN:
            raise JsonRpcInvalidRequest("the server was told to shut down")
        if method == types.INITIALIZE:
            if self.phase is not Phase.NEW:
                raise JsonRpcInvalidRequest("initialize was sent before")
        elif self.phase is not Phase.RUNNING:
            raise JsonRpcServerNotInitialized("initialize has to come first")
        if msg_id in self._request_futures:
            raise JsonRpcInvalidRequest("a request with this id is still being handled")

    # -- notifications ---------------------------------------------------------------------

    def _receive_notification(self, method: str, message: dict[str, Any]) -> None:
        if self.phase is not Phase.RUNNING and method != types.EXIT:
            log.info("ignored %r %s", method, self.phase.value)
            return
        try:
            if method == types.CANCEL_REQUEST:
                self._cancel(self._read_params(method, message).id)
                return
            handler = self._get_handler(method)
            params = self._read_params(method, message)
        except JsonRpcMethodNotFound:
            log.debug("ignored the unknown notification %r", method)
        except JsonRpcException as fault:
            log.error("ignored a notification: %s", fault.message)
        else:
            contextvars.copy_context().run(self._run_notification, handler, params)

    def _run_notification(self, handler: Any, params: Any) -> None:
        # A name for the future, under which it is freed at its end.
        name = str(uuid.uuid4())
        self._execute_handler(name, handler, self._check_handler_result, (params,))

    def _cancel(self, msg_id: MsgId) -> None:
        # The same table holds our requests to the client, which are not the client's to cancel.
        if msg_id not in self._result_types:
            future = self._request_futures.get(msg_id)
            if future is not None:
                future.cancel()
        self.host.on_cancel_request(msg_id)

    # -- answers to the server's requests --------------------------------------------------

    def _is_answer(self, message: dict[str, Any]) -> bool:
        if "result" in message or "error" in message:
            return True
        # Some clients leave a null result out.
        msg_id = message.get("id")
        return isinstance(msg_id, str | int) and msg_id in self._result_types

    def _receive_answer(self, message: dict[str, Any]) -> None:
        """Resolve the future of a request of ours.

        An answer that comes after the request was given up raises InvalidStateError in pygls, and
        shows a pop-up (https://github.com/openlawlibrary/pygls/issues/621).
        """
        msg_id: Any = message.get("id")
        known = isinstance(msg_id, str | int) and msg_id in self._result_types
        future = self._request_futures.get(msg_id) if known else None
        if future is None or future.done():
            log.debug("ignored the answer to request %r, which nobody waits for", msg_id)
            return
        error = message.get("error")
        if error is not None:
            future.set_exception(JsonRpcException.from_error(_response_error(error)))
            return
        answer = {"jsonrpc": self.VERSION, "id": msg_id, "result": message.get("result")}
        kind = self._result_types[msg_id]
        try:
            result = self._converter.structure(answer, kind).result if kind else answer["result"]
        except Exception as fault:
            log.error("the client's answer cannot be understood: %s", _faults(fault))
            future.set_exception(JsonRpcException("the client's answer cannot be understood"))
            return
        future.set_result(result)

    # -- parameters ------------------------------------------------------------------------

    def _read_params(self, method: str, message: dict[str, Any]) -> Any:
        """Structure the parameters, or raise JsonRpcInvalidParams naming what is wrong."""
        if method in (types.SHUTDOWN, types.EXIT):
            return None
        if method == types.INITIALIZED and message.get("params") is None:
            message["params"] = {}
        try:
            if method == types.INITIALIZE:
                return read_initialize(message, self._converter).params
            kind = self.get_message_type(method)
            if kind is not None:
                return self._converter.structure(message, kind).params
            bare = {"jsonrpc": self.VERSION, "method": method, "params": message.get("params")}
            if "id" in message:
                return self._converter.structure({**bare, "id": 0}, JsonRPCRequestMessage).params
            return self._converter.structure(bare, JsonRPCNotification).params
        except Exception as error:
            if method == types.TEXT_DOCUMENT_CODE_ACTION and leave_out(message, self._converter):
                return self._read_params(method, message)
            sentence = f"the parameters of {method} are malformed: {_faults(error)}"
            raise JsonRpcInvalidParams(sentence) from None


def be_strict(converter: Converter) -> None:
    """Make `converter` refuse a wrong JSON type.

    Out of the box `null` becomes the text "None" and "3" the number 3, so that a malformed
    didChange would be typed into the buffer; an id or a token may even be an object (no upstream
    issue found).
    """
    converter.register_structure_hook(str, partial(_expect, str))
    converter.register_structure_hook(bool, partial(_expect, bool))
    converter.register_structure_hook(int, _expect_integer)
    # As lsprotocol writes it in its classes; `int | str` is another key for cattrs.
    converter.register_structure_hook(Union[int, str], _expect_name)  # noqa: UP007


def _expect(kind: type, value: Any, _: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _expect_integer(value: Any, _: Any) -> int:
    # Lua has clients whose JSON writes 1 as 1.0.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise TypeError
    return value


def _expect_name(value: Any, _: Any) -> int | str:
    return value if type(value) is str else _expect_integer(value, _)


def _faults(error: Exception) -> str:
    """Say what is wrong where, without quoting any value: values are the user's code."""
    try:
        return "; ".join(transform_error(error)[:3])
    except Exception:
        return type(error).__name__


def _response_error(error: Any) -> types.ResponseError:
    if not isinstance(error, dict):
        return types.ResponseError(code=-32001, message="the client answered with an error")
    code, message = error.get("code"), error.get("message")
    return types.ResponseError(
        code=code if isinstance(code, int) else -32001,
        message=message if isinstance(message, str) else "the client answered with an error",
        data=error.get("data"),
    )
