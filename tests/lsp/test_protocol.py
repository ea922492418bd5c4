"""The protocol object: hooks, order, and a great many malformed messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from tests.fakes.editor import Editor
from tests.lsp.bare import Bare
from tests.lsp.wire import Wire, code

URI = "file:///a.py"
PLACE = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}


@pytest.fixture
async def wire(bare: Bare) -> AsyncIterator[Wire]:
    """A connection that has been initialized."""
    wire = Wire(bare)
    await wire.initialize()
    yield wire
    bare.protocol.hang_up()
    await wire.settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert bare.protocol._request_futures == {}
    assert bare.protocol._result_types == {}


# -- commands ----------------------------------------------------------------------------------


async def test_a_command_knows_the_id_of_its_request(bare: Bare, wire: Wire) -> None:
    seen = []

    @bare.command("work")
    async def work(ls: Bare, *args: Any) -> list[Any]:
        await asyncio.sleep(0)
        seen.append(ls.protocol.msg_id)
        return list(args)

    params = {"command": "work", "arguments": [1, {"a": None}]}
    msg_id = wire.begin("workspace/executeCommand", params)
    assert (await wire.answer(msg_id))["result"] == [1, {"a": None}]
    assert seen == [msg_id]


async def test_a_cancel_is_passed_on_whether_or_not_the_request_was_answered(
    bare: Bare, wire: Wire
) -> None:
    @bare.command("quick")
    def quick(ls: Bare) -> None: ...

    msg_id = wire.begin("workspace/executeCommand", {"command": "quick"})
    assert (await wire.answer(msg_id))["result"] is None
    wire.notify("$/cancelRequest", {"id": msg_id})
    wire.notify("$/cancelRequest", {"id": "never sent"})
    assert bare.cancelled == [msg_id, "never sent"]
    assert len(wire.answers(msg_id)) == 1


@pytest.mark.parametrize("name", [{}, [1], None, True, 1.5], ids=repr)
@pytest.mark.parametrize(
    ("method", "field"),
    [("$/cancelRequest", "id"), ("window/workDoneProgress/cancel", "token")],
)
async def test_a_cancel_without_a_proper_name_cancels_nothing_and_is_no_fault(
    bare: Bare, wire: Wire, caplog: pytest.LogCaptureFixture, method: str, field: str, name: Any
) -> None:
    wire.notify(method, {field: name})
    await wire.settle()
    assert bare.cancelled == []
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "are malformed" in record.getMessage()
    assert record.exc_info is None


async def test_an_unknown_command_is_refused_by_name(wire: Wire) -> None:
    answer = await wire.ask("workspace/executeCommand", {"command": "dola.dance"})
    assert code(answer) == -32602
    assert "dola.dance" in answer["error"]["message"]


async def test_a_handlers_own_sentence_reaches_the_client(bare: Bare, wire: Wire) -> None:
    @bare.command("refuse")
    async def refuse(ls: Bare) -> None:
        raise JsonRpcInvalidParams("range is missing", data={"traceback": ["/home/me"]})

    answer = await wire.ask("workspace/executeCommand", {"command": "refuse"})
    assert answer["error"] == {"code": -32602, "message": "range is missing"}


async def test_a_command_starts_before_the_next_message_is_read(bare: Bare) -> None:
    """What it does before its first await is done on the documents as they were."""
    seen = []

    @bare.command("snapshot")
    async def snapshot(ls: Bare) -> None:
        document = ls.documents.get(URI)
        seen.append(document and document.text)
        await asyncio.sleep(0)
        document = ls.documents.get(URI)
        seen.append(document and document.text)

    async with Editor.connect(bare) as editor:
        await editor.open(URI, "before")
        _, answer = editor.begin("workspace/executeCommand", {"command": "snapshot"})
        change = {"text": "after"}
        identifier = {"uri": URI, "version": 2}
        changed = {"textDocument": identifier, "contentChanges": [change]}
        editor.notify("textDocument/didChange", changed)
        # Both in one chunk, as a pipe delivers them.
        chunks = [editor._to_server.get_nowait() for _ in range(2)]
        for _ in range(2):
            editor._to_server.task_done()
        editor._to_server.put_nowait(b"".join(chunks))
        await answer
        await editor.idle()
    assert seen == ["before", "after"]


# -- requests that are not right -----------------------------------------------------------------


@pytest.mark.parametrize("msg_id", [None, True, 1.5, [1], {"id": 1}], ids=str)
async def test_an_id_that_is_none_is_answered_with_null(wire: Wire, msg_id: Any) -> None:
    wire.send({"jsonrpc": "2.0", "id": msg_id, "method": "shutdown"})
    assert code(await wire.answer(None)) == -32600


@pytest.mark.parametrize(
    "message",
    [
        {"id": 77, "method": "shutdown"},
        {"jsonrpc": "1.0", "id": 77, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": 77, "method": 3},
        {"jsonrpc": "2.0", "id": 77},
    ],
    ids=str,
)
async def test_what_is_no_request_is_refused(wire: Wire, message: Any) -> None:
    wire.send(message)
    assert code(await wire.answer(77)) == -32600


async def test_an_id_that_is_in_use_is_refused(bare: Bare, wire: Wire) -> None:
    @bare.command("work")
    async def work(ls: Bare) -> str:
        await asyncio.sleep(0.05)
        return "done"

    params = {"command": "work"}
    message = {"jsonrpc": "2.0", "id": "x", "method": "workspace/executeCommand", "params": params}
    wire.send(message)
    wire.send(message)
    assert [code(answer) for answer in wire.answers("x")] == [-32600]
    wire.messages.clear()
    assert (await wire.answer("x"))["result"] == "done"


async def test_malformed_parameters_are_named_and_not_quoted(wire: Wire) -> None:
    params = {"command": "x", "arguments": "the user's code"}
    answer = await wire.ask("workspace/executeCommand", {**params, "command": ["the user's code"]})
    assert code(answer) == -32602
    assert "$.params.command" in answer["error"]["message"]
    assert "the user's code" not in json.dumps(answer)


CLIENT_REQUESTS = sorted(
    method
    for method, direction in types._MESSAGE_DIRECTION.items()
    if direction in ("clientToServer", "both")
    and types.METHOD_TO_TYPES[method][1] is not None
    and method not in ("initialize", "shutdown")
)


@pytest.mark.parametrize("method", CLIENT_REQUESTS)
async def test_every_request_is_answered_once_whatever_its_parameters(
    bare: Bare, wire: Wire, method: str
) -> None:
    if method != "workspace/executeCommand":

        @bare.feature(method)
        def nothing(ls: Bare, params: Any) -> None: ...

    variants: list[Any] = [None, [], 3, "x", {}, {"textDocument": []}, {"position": {"line": -1}}]
    fields = ("textDocument", "position", "range", "item", "uri", "files", "options", "previous")
    wrong: tuple[Any, ...] = ("x", 3, [], {}, None, True)
    variants += [{**PLACE, field: value} for field in fields for value in wrong]
    wire.send({"jsonrpc": "2.0", "id": "bare", "method": method})
    answers = [await wire.answer("bare")]
    for params in variants:
        answers.append(await wire.ask(method, params))
    for answer in answers:
        if "error" in answer:
            assert code(answer) in (-32600, -32601, -32602, -32603)
            assert "Traceback" not in answer["error"]["message"]
            assert "/" not in answer["error"]["message"].replace(method, "")


# -- any session whatever ------------------------------------------------------------------------

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**40) | st.text(max_size=3) | st.just(1.5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
METHODS = [
    "initialize",
    "initialized",
    "shutdown",
    "$/cancelRequest",
    "$/setTrace",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/hover",
    "workspace/executeCommand",
    "workspace/didChangeWorkspaceFolders",
    "window/workDoneProgress/cancel",
    "dola/unknown",
]
PARAMS = st.sampled_from(
    [
        {"capabilities": {}},
        {"command": "work"},
        {"command": "break"},
        {"id": 1},
        {"token": "t"},
        {"value": "off"},
        PLACE,
        {"textDocument": {"uri": URI, "languageId": "x", "version": 1, "text": "a\r\nb"}},
        {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": "\ud83d"}]},
        {"event": {"added": [], "removed": [{"uri": URI, "name": "x"}]}},
    ]
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | JSON,
        "id": st.integers(0, 3) | JSON,
        "method": st.sampled_from(METHODS) | JSON,
        "params": PARAMS | JSON,
        "result": JSON,
        "error": JSON,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages=st.lists(MESSAGES | JSON | PARAMS, max_size=12))
def test_every_message_that_asks_for_an_answer_gets_one(messages: list[Any]) -> None:
    asyncio.run(talk(messages))


async def talk(messages: list[Any]) -> None:
    bare = Bare()

    @bare.command("work")
    async def work(ls: Bare) -> None:
        ls.window_show_document(types.ShowDocumentParams(uri=URI))
        await asyncio.sleep(0.001)

    @bare.command("break")
    def break_(ls: Bare) -> None:
        raise asyncio.CancelledError

    @bare.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Bare, params: Any) -> None:
        await asyncio.sleep(0)

    wire = Wire(bare)
    expected: list[Any] = []
    for message in messages:
        wire.send(message)
        if not isinstance(message, dict):
            expected.append(None)
            continue
        msg_id = message.get("id")
        valid = isinstance(msg_id, str | int) and not isinstance(msg_id, bool)
        if "method" not in message and ("result" in message or "error" in message):
            continue
        proper = message.get("jsonrpc") == "2.0" and isinstance(message.get("method"), str)
        if proper and "id" not in message:
            continue
        expected.append(msg_id if valid else None)
        await asyncio.sleep(0)
    for _ in range(200):
        if not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]:
            break
        await asyncio.sleep(0.001)
    bare.protocol.hang_up()
    await wire.settle()
    answers = [message["id"] for message in wire.messages if "method" not in message]
    assert sorted(map(repr, answers)) == sorted(map(repr, expected))
    assert wire.sent("window/showMessage") == []
    assert bare.protocol._request_futures == {}
    assert bare.protocol._result_types == {}


# -- initialize, shutdown, exit --------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_the_unit_of_positions_is_settled_before_any_handler(
    bare: Bare, encoding: str
) -> None:
    seen = []

    @bare.feature(types.INITIALIZE)
    def initialize(ls: Bare, params: types.InitializeParams) -> None:
        seen.append(ls.documents.encoding)

    wire = Wire(bare)
    answer = await wire.initialize(general={"positionEncodings": ["utf-7", encoding, "utf-16"]})
    assert answer["result"]["capabilities"]["positionEncoding"] == encoding
    assert seen == [encoding]
    wire.open(URI, "😋x")
    wire.change(URI, 0, {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding], "|")
    assert wire.text(URI) == "😋|x"


async def test_an_initialize_that_failed_may_be_sent_again(bare: Bare) -> None:
    calls = []

    @bare.feature(types.INITIALIZE)
    async def initialize(ls: Bare, params: types.InitializeParams) -> None:
        calls.append(params)
        if len(calls) == 1:
            raise ValueError("no")

    wire = Wire(bare)
    assert code(await wire.ask("initialize", {"capabilities": {}})) == -32603
    assert code(await wire.ask("textDocument/hover", PLACE)) == -32002
    assert "result" in await wire.ask("initialize", {"capabilities": {}})


async def test_initialize_succeeds_though_parts_of_it_are_broken(bare: Bare) -> None:
    wire = Wire(bare)
    params = {"capabilities": {"window": []}, "trace": "shouting", "processId": "x"}
    assert "result" in await wire.ask("initialize", params)


@pytest.mark.parametrize("params", [{}, [], None, 3], ids=str)
async def test_shutdown_and_exit_take_any_parameters(bare: Bare, wire: Wire, params: Any) -> None:
    codes: list[int] = []
    bare.protocol.on_exit = codes.append
    assert (await wire.ask("shutdown", params))["result"] is None
    wire.notify("exit", params)
    await wire.settle()
    assert codes == [0]


async def test_exit_without_shutdown_is_no_success(bare: Bare, wire: Wire) -> None:
    codes: list[int] = []
    bare.protocol.on_exit = codes.append
    wire.notify("exit")
    await wire.settle()
    assert codes == [1]


async def test_exit_is_heard_before_initialize(bare: Bare) -> None:
    codes: list[int] = []
    bare.protocol.on_exit = codes.append
    Wire(bare).notify("exit")
    await asyncio.sleep(0)
    assert codes == [1]


async def test_no_work_begins_after_shutdown(bare: Bare, wire: Wire) -> None:
    @bare.feature(types.SHUTDOWN)
    async def slowly(ls: Bare, *args: Any) -> None:
        await asyncio.sleep(0.01)

    shutdown = wire.begin("shutdown")
    assert code(await wire.ask("workspace/executeCommand", {"command": "x"})) == -32600
    wire.open(URI, "text")
    assert bare.documents.get(URI) is None
    assert (await wire.answer(shutdown))["result"] is None


# -- requests to the client ------------------------------------------------------------------------


async def test_the_client_cannot_answer_or_cancel_what_is_not_its_own(
    bare: Bare, wire: Wire
) -> None:
    @bare.command("work")
    async def work(ls: Bare) -> str:
        await asyncio.sleep(0.01)
        return "done"

    ours = bare.window_show_document(types.ShowDocumentParams(uri=URI))
    [request] = wire.sent("window/showDocument")
    wire.notify("$/cancelRequest", {"id": request["id"]})
    msg_id = wire.begin("workspace/executeCommand", {"command": "work"})
    wire.send({"jsonrpc": "2.0", "id": msg_id, "result": "forged"})
    assert (await wire.answer(msg_id))["result"] == "done"
    assert not ours.done()
    wire.send({"jsonrpc": "2.0", "id": request["id"], "result": {"success": True}})
    assert ours.result().success


async def test_an_answer_may_leave_a_null_result_out(bare: Bare, wire: Wire) -> None:
    params = types.WorkDoneProgressCreateParams(token="t")
    future = bare.window_work_done_progress_create(params)
    [request] = wire.sent("window/workDoneProgress/create")
    wire.send({"jsonrpc": "2.0", "id": request["id"]})
    assert future.result() is None


@pytest.mark.parametrize("error", [{"code": -32601, "message": "no"}, {}, "no", {"code": "x"}])
async def test_an_error_of_the_clients_is_an_exception(bare: Bare, wire: Wire, error: Any) -> None:
    future = bare.window_show_document(types.ShowDocumentParams(uri=URI))
    [request] = wire.sent("window/showDocument")
    wire.send({"jsonrpc": "2.0", "id": request["id"], "error": error})
    assert future.exception() is not None


async def test_nothing_waits_for_a_client_that_has_gone(bare: Bare, wire: Wire) -> None:
    waiting = asyncio.ensure_future(
        bare.window_show_document_async(types.ShowDocumentParams(uri=URI))
    )
    await wire.settle()
    bare.protocol.hang_up()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ConnectionError):
        await bare.window_show_document_async(types.ShowDocumentParams(uri=URI))


async def test_lone_surrogates_travel(bare: Bare, wire: Wire) -> None:
    @bare.command("echo")
    def echo(ls: Bare, text: str) -> str:
        return text

    params = {"command": "echo", "arguments": ["\ud83d"]}
    assert (await wire.ask("workspace/executeCommand", params))["result"] == "\ud83d"


# -- documents ---------------------------------------------------------------------------------


async def test_the_servers_own_handlers_come_after_the_store(bare: Bare, wire: Wire) -> None:
    seen: list[Any] = []

    @bare.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: Bare, params: types.DidOpenTextDocumentParams) -> None:
        seen.append(ls.documents.get(params.text_document.uri))

    @bare.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(ls: Bare, params: types.DidChangeTextDocumentParams) -> None:
        seen.append(ls.documents.get(params.text_document.uri))

    @bare.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: Bare, params: types.DidCloseTextDocumentParams) -> None:
        seen.append(ls.documents.get(params.text_document.uri))

    wire.open(URI, "a")
    wire.change(URI, 0, 0, "b")
    await wire.settle()
    wire.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert [document and document.text for document in seen] == ["a", "ba", None]
    seen.clear()
    wire.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    wire.change(URI, 0, 0, "b")
    assert seen == []


async def test_pygls_keeps_the_folders_and_no_documents(bare: Bare) -> None:
    wire = Wire(bare)
    folders = [{"uri": "file:///w", "name": "w"}]
    await wire.ask("initialize", {"capabilities": {}, "workspaceFolders": folders})
    wire.open(URI, "text")
    assert list(bare.workspace.folders) == ["file:///w"]
    assert not bare.workspace.text_documents
