"""Each fault of pygls 2.1.1 that `Protocol` mends.

Every test runs twice: on our protocol, where it has to pass, and on pygls' own, where it is
expected to fail. When the second run passes ("XPASS"), upstream has mended that fault: then the
override the test's docstring names, and the test, can be deleted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from lsprotocol import types

from tests.lsp.bare import Bare
from tests.lsp.wire import Stock, Wire, code

URI = "file:///a.py"
SECRET = "the_users_own_code"


@pytest.fixture(
    params=[
        pytest.param(Bare, id="mended"),
        pytest.param(
            Stock,
            id="pygls",
            marks=pytest.mark.xfail(strict=True, reason="pygls 2.1.1 has this fault"),
        ),
    ]
)
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    """A connection to a server that was not initialized yet."""
    logging.getLogger("pygls").setLevel(logging.NOTSET)
    wire = Wire(request.param())
    yield wire
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    logging.getLogger("pygls").setLevel(logging.NOTSET)
    gc.collect()


def pop_ups(wire: Wire) -> list[dict[str, Any]]:
    return wire.sent("window/showMessage")


# -- commands --------------------------------------------------------------------------------


async def test_cancelling_a_command_stops_it(wire: Wire) -> None:
    """`_execute_command`: the editor is told "cancelled", and the command runs on."""
    ended = []

    @wire.server.command("work")
    async def work(ls: Any) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    await wire.initialize()
    msg_id = wire.begin("workspace/executeCommand", {"command": "work"})
    await wire.settle()
    wire.notify("$/cancelRequest", {"id": msg_id})
    assert code(await wire.answer(msg_id)) == -32800
    assert ended == ["cancelled"]


async def test_a_command_that_ends_cancelled_is_answered(wire: Wire) -> None:
    """`_execute_command`: CancelledError is no Exception, and nobody answers."""

    @wire.server.command("give up")
    async def give_up(ls: Any) -> None:
        raise asyncio.CancelledError

    await wire.initialize()
    assert code(await wire.ask("workspace/executeCommand", {"command": "give up"})) == -32800


# -- messages ----------------------------------------------------------------------------------


async def test_malformed_parameters_are_answered(wire: Wire) -> None:
    """`Receiver._read_params`: no answer at all, so the editor waits for ever."""
    await wire.initialize()
    assert code(await wire.ask("workspace/executeCommand", {})) == -32602


async def test_an_unknown_method_without_parameters_is_answered(wire: Wire) -> None:
    """`Receiver._receive_request`: no answer, as the message cannot be structured."""
    await wire.initialize()
    wire.send({"jsonrpc": "2.0", "id": "x", "method": "dola/unknown"})
    assert code(await wire.answer("x")) == -32601


async def test_a_malformed_notification_is_no_pop_up(wire: Wire) -> None:
    """`Receiver._receive_notification` and `QuietErrors`: a pop-up with an exception's text."""
    await wire.initialize()
    wire.notify("textDocument/didOpen", {"textDocument": {"uri": URI}})
    await wire.settle()
    assert pop_ups(wire) == []


async def test_a_nested_object_is_not_taken_for_a_message(wire: Wire) -> None:
    """`Receiver.receive`: the object_hook structures every object that has a "jsonrpc" key."""
    seen: list[Any] = []

    @wire.server.command("look")
    def look(ls: Any, *args: Any) -> None:
        seen.extend(args)

    await wire.initialize()
    inner = {"jsonrpc": "2.0", "method": "exit"}
    params = {"command": "look", "arguments": [{"inner": inner}]}
    assert (await wire.ask("workspace/executeCommand", params))["result"] is None
    assert seen == [{"inner": inner}]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe\x00", b"[" * 100_000], ids=["cut", "no UTF-8", "bomb"]
)
async def test_what_is_not_json_is_answered(wire: Wire, body: bytes) -> None:
    """`Receiver.receive`: no answer but a pop-up."""
    wire.body(body)
    assert code(await wire.answer(None)) == -32700
    assert pop_ups(wire) == []


@pytest.mark.parametrize("message", [[], [{"jsonrpc": "2.0"}], 3, None, "x"], ids=str)
async def test_what_is_no_object_is_answered(wire: Wire, message: Any) -> None:
    """`Receiver._dispatch`: no answer but a pop-up."""
    wire.send(message)
    assert code(await wire.answer(None)) == -32600
    assert pop_ups(wire) == []


async def test_initialized_may_come_without_parameters(wire: Wire) -> None:
    """`Receiver._read_params`: the notification is dropped, and with it all that waits for it."""
    seen = []

    @wire.server.feature(types.INITIALIZED)
    def initialized(ls: Any, params: Any) -> None:
        seen.append(params)

    await wire.ask("initialize", {"capabilities": {}})
    wire.send({"jsonrpc": "2.0", "method": "initialized"})
    await wire.settle()
    assert len(seen) == 1


# -- order -------------------------------------------------------------------------------------


async def test_nothing_is_served_before_initialize(wire: Wire) -> None:
    """`Receiver._check_order`: requests are served."""
    wire.server.command("go")(lambda: "gone")
    assert code(await wire.ask("workspace/executeCommand", {"command": "go"})) == -32002


async def test_notifications_before_initialize_are_dropped(wire: Wire) -> None:
    """`Receiver._receive_notification`: they are handled."""
    seen = []

    @wire.server.feature("dola/note")
    def note(ls: Any, params: Any) -> None:
        seen.append(params)

    wire.notify("dola/note", {})
    await wire.settle()
    assert seen == []


async def test_a_second_initialize_is_refused(wire: Wire) -> None:
    """`Receiver._check_order`: the second one starts the server over."""
    await wire.initialize()
    assert code(await wire.ask("initialize", {"capabilities": {}})) == -32600


async def test_requests_after_shutdown_are_answered(wire: Wire) -> None:
    """`Receiver._check_order`: they are ignored, and the editor waits for ever."""
    await wire.initialize()
    await wire.ask("shutdown")
    assert code(await wire.ask("workspace/executeCommand", {"command": "x"})) == -32600


async def test_shutdown_ends_while_requests_run(wire: Wire) -> None:
    """`Protocol.lsp_shutdown`: https://github.com/openlawlibrary/pygls/issues/606."""

    @wire.server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Any, params: types.HoverParams) -> None:
        await asyncio.sleep(60)

    @wire.server.command("work")
    async def work(ls: Any) -> None:
        await asyncio.sleep(60)

    await wire.initialize()
    place = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}
    running = [wire.begin("textDocument/hover", place) for _ in range(3)]
    running += [wire.begin("workspace/executeCommand", {"command": "work"}) for _ in range(3)]
    await wire.settle()
    assert (await wire.ask("shutdown"))["result"] is None
    for msg_id in running:
        assert code(await wire.answer(msg_id)) == -32800


# -- what the client gets to see -------------------------------------------------------------------


async def test_no_traceback_and_no_text_of_an_exception_reaches_the_client(wire: Wire) -> None:
    """`Protocol._send_handler_result`: `data.traceback` with local paths, "ValueError: …"."""

    @wire.server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Any, params: types.HoverParams) -> None:
        raise ValueError(SECRET)

    @wire.server.command("break")
    def break_(ls: Any) -> None:
        raise ValueError(SECRET)

    @wire.server.feature("dola/note")
    async def note(ls: Any, params: Any) -> None:
        raise ValueError(SECRET)

    await wire.initialize()
    place = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}
    assert code(await wire.ask("textDocument/hover", place)) == -32603
    assert code(await wire.ask("workspace/executeCommand", {"command": "break"})) == -32603
    wire.notify("dola/note", {})
    await wire.settle()
    everything = json.dumps(wire.messages)
    for leak in (SECRET, "Traceback", "traceback", __file__, "ValueError"):
        assert leak not in everything


async def test_a_result_that_is_no_json_is_answered(wire: Wire) -> None:
    """`Protocol._send_response`: no answer at all."""

    @wire.server.command("odd")
    def odd(ls: Any) -> Any:
        return {"set": {1, 2}}

    await wire.initialize()
    assert code(await wire.ask("workspace/executeCommand", {"command": "odd"})) == -32603


async def test_no_message_body_is_logged(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """`Protocol.__init__` and `_send_data`: bodies are logged at INFO, malformed ones at ERROR."""
    caplog.set_level(logging.DEBUG)

    @wire.server.command("show")
    def show(ls: Any, *args: Any) -> str:
        ls.window_log_message(types.LogMessageParams(types.MessageType.Log, SECRET))
        return SECRET

    await wire.initialize()
    wire.open(URI, SECRET)
    wire.change(URI, 0, 0, SECRET)
    wire.change(URI, 0, 0, [SECRET])
    wire.notify("textDocument/didSave", SECRET)
    await wire.ask("workspace/executeCommand", {"command": "show", "arguments": [SECRET]})
    wire.begin("workspace/executeCommand", {"command": "show", "arguments": SECRET})
    wire.begin("workspace/executeCommand", SECRET)
    wire.send({"jsonrpc": "2.0", "id": 99, "result": SECRET})
    wire.send({"jsonrpc": SECRET})
    await wire.settle()
    assert SECRET not in caplog.text


# -- the server's own requests -----------------------------------------------------------------


async def test_a_late_answer_is_ignored(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """`Receiver._receive_answer`: https://github.com/openlawlibrary/pygls/issues/621."""
    await wire.initialize()
    params = types.ShowDocumentParams(uri=URI)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.server.window_show_document_async(params), 0.01)
    [request] = wire.sent("window/showDocument")
    wire.send({"jsonrpc": "2.0", "id": request["id"], "result": {"success": True}})
    await wire.settle()
    assert pop_ups(wire) == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_nothing_stays_of_a_request_that_failed(wire: Wire) -> None:
    """`Protocol.send_request`: https://github.com/openlawlibrary/pygls/issues/608."""
    await wire.initialize()
    params = types.ShowDocumentParams(uri=URI)
    answer = wire.server.window_show_document(params)
    given_up = wire.server.window_show_document(params)
    [request, _] = wire.sent("window/showDocument")
    error = {"code": -32601, "message": "no"}
    wire.send({"jsonrpc": "2.0", "id": request["id"], "error": error})
    given_up.cancel()
    assert answer.exception() is not None
    assert wire.server.protocol._result_types == {}
    assert wire.server.protocol._request_futures == {}


async def test_an_answer_that_is_malformed_ends_the_waiting(wire: Wire) -> None:
    """`Receiver._receive_answer`: the request waits for ever, and the user sees a pop-up."""
    await wire.initialize()
    future = wire.server.window_show_document(types.ShowDocumentParams(uri=URI))
    [request] = wire.sent("window/showDocument")
    wire.send({"jsonrpc": "2.0", "id": request["id"], "result": ["what?"]})
    await wire.settle()
    assert future.done()
    assert future.exception() is not None
    assert pop_ups(wire) == []


async def test_nothing_stays_of_a_notification_handled_asynchronously(wire: Wire) -> None:
    """`Protocol._execute_handler`: its future is kept for ever."""

    @wire.server.feature("dola/note")
    async def note(ls: Any, params: Any) -> None:
        await asyncio.sleep(0)

    @wire.server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(ls: Any, params: Any) -> None:
        await asyncio.sleep(0)

    await wire.initialize()
    for _ in range(5):
        wire.notify("dola/note", {})
        wire.open(URI, "")
    await wire.settle()
    assert wire.server.protocol._request_futures == {}


async def test_cancelling_an_ended_progress_is_silent(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """`Protocol.lsp_work_done_progress_cancel`: a warning, though the two merely crossed."""
    await wire.initialize()
    caplog.clear()
    wire.notify("window/workDoneProgress/cancel", {"token": "long gone"})
    await wire.settle()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# -- documents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("char", ["\f", "\u2028"], ids=ascii)
async def test_edits_land_on_their_line(wire: Wire, char: str) -> None:
    """`Protocol.lsp_text_document__did_*`: str.splitlines knows line ends that LSP does not."""
    await wire.initialize()
    wire.open(URI, f"a{char}b\nsecond\n")
    wire.change(URI, 1, 0, "X")
    assert wire.text(URI) == f"a{char}b\nXsecond\n"


async def test_null_is_no_text(wire: Wire) -> None:
    """`be_strict`: null becomes the text "None", and is typed into the buffer."""
    await wire.initialize()
    wire.open(URI, "text")
    wire.change(URI, 0, 0, None)
    assert wire.text(URI) == "text"


async def test_a_change_to_an_unknown_document_is_no_pop_up(wire: Wire) -> None:
    """`Protocol.lsp_text_document__did_change`: "Error in server: KeyError"."""
    await wire.initialize()
    wire.change("file:///never-opened", 0, 0, "x")
    await wire.settle()
    assert pop_ups(wire) == []


async def test_completion_is_announced_only_where_it_is_declared(wire: Wire) -> None:
    """`lsp_initialize`: pygls announces it to clients that do not know of it."""

    @wire.server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    def complete(ls: Any, params: types.InlineCompletionParams) -> list[Any]:
        return []

    answer = await wire.initialize()
    assert "inlineCompletionProvider" not in answer["result"]["capabilities"]


@pytest.mark.parametrize("char", ["\x0c", "\u2028"])
async def test_edits_of_a_cell_land_on_their_line(wire: Wire, char: str) -> None:
    """`lsp_notebook_document__did_change`: in pygls cells are text documents of its own."""
    await wire.initialize()
    cell, text = "cell:1", f"a{char}b\nc\n"
    item = {"uri": cell, "languageId": "python", "version": 1, "text": text}
    notebook = {"uri": "file:///a.ipynb", "notebookType": "jupyter-notebook", "version": 1}
    wire.notify(
        "notebookDocument/didOpen",
        {
            "notebookDocument": {**notebook, "cells": [{"kind": 2, "document": cell}]},
            "cellTextDocuments": [item],
        },
    )
    at = {"line": 1, "character": 0}
    changes = [{"range": {"start": at, "end": at}, "text": "x"}]
    content = {"document": {"uri": cell, "version": 2}, "changes": changes}
    wire.notify(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"uri": notebook["uri"], "version": 2},
            "change": {"cells": {"textContent": [content]}},
        },
    )
    assert wire.text(cell) == f"a{char}b\nxc\n"
