"""An editor in the test's own event loop, joined to a server by bytes in real frames.

It behaves as the editor whose recorded `InitializeParams` it was given: what it declares, how it
takes an edit, what it answers. At the end it fails the test if the server sent anything nobody
looked at or anything this editor never said it could do, left a progress open, or left a task
behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dola_ls.lsp.frames import FrameParser
from dola_ls.lsp.session import Session
from tests.fakes.buffer import Buffer
from tests.fakes.edits import EditRefused, Workspace
from tests.fakes.raw import RequestFailed

CLIENTS = Path(__file__).parent.parent / "clients"
#: The names `Editor.connect` takes: one for each recorded profile.
PROFILES = sorted(path.stem for path in CLIENTS.glob("*.json"))

METHOD_NOT_FOUND = {"code": -32601, "message": "Method not found"}


def load_profile(name: str) -> dict[str, Any]:
    """Return the `InitializeParams` an editor sent, as JSON; the caller may change them."""
    params: dict[str, Any] = json.loads((CLIENTS / f"{name}.json").read_text("utf-8"))
    return params


class Editor:
    """One editor with its buffers. Make one with `Editor.connect`."""

    def __init__(self, server: Any, profile: str, params: dict[str, Any]) -> None:
        self.server = server
        self.name = profile.partition("-")[0]
        self.params = params
        self.capabilities: dict[str, Any] = params["capabilities"]
        self.workspace = Workspace(self.name, self.capabilities)
        #: The notebooks that are open: version and cells of each.
        self.notebooks: dict[str, dict[str, Any]] = {}
        self._cell_numbers = count()
        #: The result of `initialize`.
        self.initialized: dict[str, Any] = {}
        #: What `workspace/configuration` gives, by section.
        self.settings: dict[str, Any] = {}
        #: Titles to choose in the questions to come; none means to dismiss the question.
        self.choices: list[str] = []
        #: Takes the place of an answer: a result, or a function of the params that gives it and
        #: may raise RequestFailed. An Event holds the answer back until it is set.
        self.answers: dict[str, Any] = {}
        self.held: dict[str, asyncio.Event] = {}
        #: Every message in both directions, ("<-" from the server, "->" to it), for a test to read.
        self.traffic: list[tuple[str, dict[str, Any]]] = []
        self.violations: list[str] = []
        #: Work-done progress by token: the values in the order they came.
        self.progress: dict[str | int, list[dict[str, Any]]] = {}
        #: What the server says of each document at the moment.
        self._marks: dict[str, list[dict[str, Any]]] = {}
        self._published: list[dict[str, Any]] = []
        self._unread: dict[str, list[Any]] = {}
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._to_server: asyncio.Queue[bytes] = asyncio.Queue()
        self._from_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._frames = FrameParser()
        self._given = False
        self._busy = 0
        self._tasks_before: set[asyncio.Task[Any]] = set()
        self._replies: set[asyncio.Task[None]] = set()

    # -- connection --------------------------------------------------------------------------

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls,
        server: Any,
        profile: str = "neovim-0.11",
        *,
        options: Any = None,
        folder: Path | None = None,
        change: Callable[[dict[str, Any]], None] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> AsyncIterator[Editor]:
        """Start a session, `initialize` it and end it as the LSP says.

        `folder` is the workspace's one folder; `change` may alter the recorded params, `options`
        are the initialization options, `settings` the answers to `workspace/configuration`.
        """
        params = load_profile(profile)
        if options is not None:
            params["initializationOptions"] = options
        if folder is not None:
            uri = folder.as_uri()
            params |= {"rootUri": uri, "rootPath": str(folder)}
            params["workspaceFolders"] = [{"uri": uri, "name": folder.name}]
        if change is not None:
            change(params)
        editor = cls(server, profile, params)
        editor.settings = settings or {}
        session = asyncio.create_task(Session(server).run(editor._give, editor))
        reading = asyncio.create_task(editor._read())
        await asyncio.sleep(0)
        # Now the session's own task that reads has been made; all later ones are of the server.
        editor._tasks_before = asyncio.all_tasks()
        try:
            editor.initialized = await editor.request("initialize", params)
            encoding = editor.initialized["capabilities"].get("positionEncoding", "utf-16")
            editor.workspace.encoding = encoding
            editor.notify("initialized", {})
            yield editor
            await editor.idle()
            editor._check_progress()
            await editor.request("shutdown")
            editor.notify("exit")
            code = await asyncio.wait_for(session, 5)
            assert code == 0, f"exit code {code} after shutdown and exit"
            await editor._check()
        finally:
            editor._to_server.put_nowait(b"")
            await asyncio.wait({session}, timeout=5)
            session.cancel()
            reading.cancel()
            await asyncio.gather(session, reading, return_exceptions=True)

    def write(self, data: bytes) -> None:
        """Take bytes from the server."""
        for body in self._frames.feed(data):
            self._from_server.put_nowait(json.loads(body))

    def send(self, message: dict[str, Any]) -> None:
        """Send a message as it is."""
        message = {"jsonrpc": "2.0", **message}
        self.traffic.append(("->", copy.deepcopy(message)))
        body = json.dumps(message).encode()
        self._to_server.put_nowait(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def begin(self, method: str, params: Any = None) -> tuple[int, asyncio.Future[dict[str, Any]]]:
        """Send a request; return its id and the answer to come."""
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        self.send({"id": self._number, "method": method, "params": params})
        return self._number, answer

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result; raise RequestFailed where it has none."""
        _, answer = self.begin(method, params)
        message = await asyncio.wait_for(answer, 20)
        if "error" in message:
            raise RequestFailed(message["error"])
        return message["result"]

    # -- what a user does --------------------------------------------------------------------

    def buffer(self, uri: str) -> Buffer:
        """Return an open buffer."""
        return self.workspace.buffers[uri]

    def text(self, uri: str) -> str:
        """Return the text of an open buffer."""
        return self.buffer(uri).text

    async def open(self, uri: str, text: str, language: str = "python") -> Buffer:
        """Open a document."""
        buffer = self.workspace.open(uri, text, language)
        self._tell_opened(buffer, text)
        await self._settle()
        return buffer

    async def open_notebook(self, uri: str, *cells: tuple[str, str]) -> list[str]:
        """Open a notebook of cells, each its language and its text; return their addresses."""
        self._demand("notebookDocument", "synchronization")
        self.notebooks[uri] = {"version": 1, "cells": []}
        items = [self._new_cell(uri, *cell) for cell in cells]
        self.notebooks[uri]["cells"] = [self._cell_of(item) for item in items]
        document = {"uri": uri, "notebookType": "jupyter-notebook", **self.notebooks[uri]}
        params = {"notebookDocument": document, "cellTextDocuments": items}
        self.notify("notebookDocument/didOpen", params)
        await self._settle()
        return [item["uri"] for item in items]

    async def splice_cells(
        self, uri: str, start: int, delete: int, *cells: tuple[str, str] | str
    ) -> list[str]:
        """Replace cells of a notebook by new ones, or by others that are moved there."""
        notebook = self.notebooks[uri]
        items = [self._new_cell(uri, *cell) for cell in cells if not isinstance(cell, str)]
        fresh = iter(items)
        added = [
            self._cell_of({"uri": cell, "languageId": self.buffer(cell).language})
            if isinstance(cell, str)
            else self._cell_of(next(fresh))
            for cell in cells
        ]
        gone = [cell["document"] for cell in notebook["cells"][start : start + delete]]
        notebook["cells"][start : start + delete] = added
        kept = {cell["document"] for cell in notebook["cells"]}
        closed = [{"uri": cell} for cell in gone if cell not in kept]
        for cell in closed:
            del self.workspace.buffers[cell["uri"]]
        array = {"start": start, "deleteCount": delete, "cells": added}
        structure = {"array": array, "didOpen": items, "didClose": closed}
        self._tell_notebook(uri, {"structure": structure})
        await self._settle()
        return [item["uri"] for item in items]

    async def close_notebook(self, uri: str) -> None:
        """Close a notebook and its cells."""
        cells = [{"uri": cell["document"]} for cell in self.notebooks.pop(uri)["cells"]]
        for cell in cells:
            self.workspace.buffers.pop(cell["uri"], None)
        params = {"notebookDocument": {"uri": uri}, "cellTextDocuments": cells}
        self.notify("notebookDocument/didClose", params)
        await self._settle()

    def _new_cell(self, uri: str, language: str, text: str) -> dict[str, Any]:
        number = next(self._cell_numbers)
        address = f"vscode-notebook-cell:{urlsplit(uri).path}#W{number}sZmlsZQ%3D%3D"
        buffer = self.workspace.open(address, text, language)
        return {"uri": address, "languageId": language, "version": buffer.version, "text": text}

    @staticmethod
    def _cell_of(item: dict[str, Any]) -> dict[str, Any]:
        return {"kind": 1 if item["languageId"] == "markdown" else 2, "document": item["uri"]}

    def _tell_notebook(self, uri: str, cells: dict[str, Any]) -> None:
        self.notebooks[uri]["version"] += 1
        identifier = {"uri": uri, "version": self.notebooks[uri]["version"]}
        params = {"notebookDocument": identifier, "change": {"cells": cells}}
        self.notify("notebookDocument/didChange", params)

    def _notebook_of(self, cell: str) -> str | None:
        return next(
            (
                uri
                for uri, notebook in self.notebooks.items()
                if any(one["document"] == cell for one in notebook["cells"])
            ),
            None,
        )

    async def close(self, uri: str) -> None:
        """Close a document."""
        del self.workspace.buffers[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        await self._settle()

    async def type(self, uri: str, old: str, new: str) -> None:
        """Replace the first occurrence of `old`, as the user would; one `didChange`."""
        buffer = self.buffer(uri)
        start = buffer.text.index(old)
        change = buffer.replace(start, start + len(old), new)
        self._tell_changed(buffer, [change])
        await self._settle()

    def range_of(self, uri: str, part: str) -> dict[str, Any]:
        """Return the range of the first occurrence of `part` in a buffer."""
        buffer = self.buffer(uri)
        start = buffer.text.index(part)
        return buffer.range(start, start + len(part))

    def cursor_at(self, uri: str, part: str) -> dict[str, Any]:
        """Return what this editor sends for a cursor before `part` and no selection."""
        buffer = self.buffer(uri)
        start = buffer.text.index(part)
        # Helix has no cursor without a selection of one character.
        return buffer.range(start, start + (1 if self.name == "helix" else 0))

    async def code_actions(
        self,
        uri: str,
        range_: dict[str, Any],
        *,
        only: list[str] | None = None,
        diagnostics: list[dict[str, Any]] | None = None,
        trigger: int | None = 1,
    ) -> list[dict[str, Any]]:
        """Ask for code actions; `trigger` 1 means that the user asked, 2 that the editor did."""
        context: dict[str, Any] = {"diagnostics": diagnostics or []}
        if only is not None:
            context["only"] = only
        if trigger is not None:
            context["triggerKind"] = trigger
        params = {"textDocument": {"uri": uri}, "range": range_, "context": context}
        actions = await self.request("textDocument/codeAction", params)
        for action in actions or []:
            self._check_action(action)
        return actions or []

    def ask_to_complete(
        self, uri: str, behind: str, *, trigger: int = 1, selected: dict[str, Any] | None = None
    ) -> tuple[int, asyncio.Future[dict[str, Any]]]:
        """Ask for a completion behind a part of a buffer; `trigger` 2 is the editor's own doing."""
        self._demand("textDocument", "inlineCompletion")
        buffer = self.buffer(uri)
        at = buffer.text.index(behind) + len(behind)
        context: dict[str, Any] = {"triggerKind": trigger}
        if selected is not None:
            context["selectedCompletionInfo"] = selected
        params = {
            "textDocument": {"uri": uri},
            "position": buffer.range(at, at)["start"],
            "context": context,
        }
        return self.begin("textDocument/inlineCompletion", params)

    async def complete(self, uri: str, behind: str, **more: Any) -> list[dict[str, Any]]:
        """Ask for a completion behind a part of a buffer, and wait for it."""
        _, answer = self.ask_to_complete(uri, behind, **more)
        message = await asyncio.wait_for(answer, 20)
        if "error" in message:
            raise RequestFailed(message["error"])
        return message["result"] or []

    async def execute(self, action: dict[str, Any]) -> Any:
        """Run a code action, or a bare command, as this editor does when the user chooses it."""
        assert not action.get("disabled"), f"disabled: {action['disabled']['reason']}"
        if action.get("edit"):
            self._apply({"edit": action["edit"], "label": action["title"]})
        command = action.get("command")
        if isinstance(command, str):
            command = action
        if command is None:
            return None
        return await self.run(command["command"], *command.get("arguments", []))

    async def run(self, command: str, *arguments: Any) -> Any:
        """Execute a command."""
        params = {"command": command, "arguments": list(arguments)}
        return await self.request("workspace/executeCommand", params)

    def cancel_progress(self, token: str | int) -> None:
        """Press the cancel button of a progress."""
        self.notify("window/workDoneProgress/cancel", {"token": token})

    async def idle(self, limit: float = 20) -> None:
        """Wait until the server has nothing left to do and everything it sent has been handled."""
        try:
            await self.until(lambda: not self._work(), limit)
        except TimeoutError:
            raise AssertionError(f"the server is still busy: {self._work()}") from None

    async def until(self, what: Callable[[], Any], limit: float = 20) -> Any:
        """Wait until `what()` is true; return it."""
        async with asyncio.timeout(limit):
            while True:
                if value := what():
                    return value
                await asyncio.sleep(0.002)

    # -- what the server said ----------------------------------------------------------------

    def take_messages(self) -> list[str]:
        """Return the messages shown to the user since the last call."""
        return [params["message"] for params in self._take("message")]

    def take_questions(self) -> list[dict[str, Any]]:
        """Return the questions asked (`showMessageRequest`) since the last call."""
        return self._take("question")

    def take_shown(self) -> list[dict[str, Any]]:
        """Return the documents shown (`showDocument`) since the last call."""
        return self._take("document shown")

    def take_edits(self) -> list[dict[str, Any]]:
        """Return the params of each `applyEdit` since the last call, applied or not."""
        return self._take("edit")

    def take_diagnostics(self) -> list[dict[str, Any]]:
        """Return what was published since the last call, each time as it came."""
        published, self._published = self._published, []
        return published

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """Return the diagnostics of a document, as the editor shows them at the moment."""
        return self._marks.get(uri, [])

    def take_notifications(self, method: str) -> list[Any]:
        """Return the params of this server's own notifications since the last call."""
        return self._take(method)

    def logged(self) -> list[str]:
        """Return all that went to the editor's log; this needs no taking."""
        return [m["params"]["message"] for m in self.received("window/logMessage")]

    def received(self, method: str) -> list[dict[str, Any]]:
        """Return every message of a method that came from the server."""
        return [m for way, m in self.traffic if way == "<-" and m.get("method") == method]

    def _take(self, kind: str) -> list[Any]:
        return self._unread.pop(kind, [])

    # -- inside ------------------------------------------------------------------------------

    def _work(self) -> list[str]:
        mine = {asyncio.current_task()}
        work = [f"task {t.get_name()}" for t in asyncio.all_tasks() - self._tasks_before - mine]
        work += [f"progress {token}" for token in self._open_progress()]
        if self._busy or not self._from_server.empty() or not self._to_server.empty():
            work.append("messages")
        return work

    async def _settle(self) -> None:
        """Wait until the server has taken in what was sent."""
        await self._to_server.join()

    async def _give(self) -> bytes:
        """Return the next bytes for the server, which has dealt with those before."""
        if self._given:
            self._to_server.task_done()
        data = await self._to_server.get()
        self._given = True
        return data

    async def _read(self) -> None:
        while True:
            message = await self._from_server.get()
            self._busy += 1
            try:
                self._receive(message)
            except Exception as error:
                self.violations.append(f"{message.get('method')} broke the editor: {error!r}")
            finally:
                self._busy -= 1

    def _receive(self, message: dict[str, Any]) -> None:
        self.traffic.append(("<-", copy.deepcopy(message)))
        method = message.get("method")
        if method is None:
            answer = self._waiting.pop(message["id"], None)
            if answer is None:
                self.violations.append(f"an answer to nothing: {message}")
            elif not answer.done():
                answer.set_result(message)
        elif "id" in message:
            reply = asyncio.create_task(self._reply(message))
            self._replies.add(reply)
            reply.add_done_callback(self._replies.discard)
        else:
            self._hear(method, message["params"])

    async def _reply(self, message: dict[str, Any]) -> None:
        method = message["method"]
        if (event := self.held.get(method)) is not None:
            await event.wait()
        answer: dict[str, Any]
        try:
            answer = {"result": self._answer(method, message["params"])}
        except RequestFailed as error:
            answer = {"error": error.error}
        self.send({"id": message["id"], **answer})
        # Neovim tells of a change only a while after it was made, and after this answer.
        self._tell_changes()

    def _answer(self, method: str, params: Any) -> Any:
        scripted = self.answers.get(method)
        if scripted is not None and callable(scripted):
            return scripted(params)
        match method:
            case "workspace/applyEdit":
                self._demand("workspace", "applyEdit")
                self._unread.setdefault("edit", []).append(params)
                return scripted if scripted is not None else self._apply(params)
            case "window/workDoneProgress/create":
                self._demand("window", "workDoneProgress")
                if params["token"] in self.progress:
                    self.violations.append(f"progress {params['token']} was created twice")
                self.progress[params["token"]] = []
                return scripted
            case "window/showDocument":
                if self.name != "helix":
                    self._demand("window", "showDocument", "support")
                self._unread.setdefault("document shown", []).append(params)
                self._open_shown(params["uri"])
                return scripted if scripted is not None else {"success": True}
            case "window/showMessageRequest":
                self._unread.setdefault("question", []).append(params)
                return self._choose(params)
            case "workspace/configuration":
                self._demand("workspace", "configuration")
                return [self.settings.get(item.get("section")) for item in params["items"]]
            case "client/registerCapability":
                return self._register(params)
            case _:
                self.violations.append(f"an unexpected request: {method}")
                raise RequestFailed(METHOD_NOT_FOUND)

    def _open_shown(self, uri: str) -> None:
        """Open what is shown; only for code is the server started, not for Markdown."""
        path = Path(unquote(urlsplit(uri).path))
        if path.suffix == ".py" and path.exists() and uri not in self.workspace.buffers:
            text = path.read_text("utf-8")
            self._tell_opened(self.workspace.open(uri, text, "python"), text)

    def _choose(self, params: dict[str, Any]) -> Any:
        if self.name == "helix":
            raise RequestFailed(METHOD_NOT_FOUND)
        if not self.choices:
            return None
        title = self.choices.pop(0)
        actions: dict[str, Any] = {action["title"]: action for action in params["actions"]}
        return actions[title]

    def _register(self, params: dict[str, Any]) -> None:
        for registration in params["registrations"]:
            part, _, name = registration["method"].partition("/")
            self._demand(part, name, "dynamicRegistration")

    def _demand(self, *way: str) -> None:
        """Note a violation where the editor did not declare a capability."""
        value: Any = self.capabilities
        for name in way:
            value = value.get(name) if isinstance(value, dict) else None
        if not value:
            self.violations.append(f"used though not declared: {'.'.join(way)}")

    def _hear(self, method: str, params: Any) -> None:
        match method:
            case "window/showMessage":
                self._unread.setdefault("message", []).append(params)
            case "window/logMessage" | "$/logTrace" | "telemetry/event":
                pass
            case "textDocument/publishDiagnostics":
                # Not to be read one by one: an editor shows the last of them.
                if self._marks.get(params["uri"], []) == params["diagnostics"]:
                    self.violations.append(f"the same diagnostics again: {params}")
                self._marks[params["uri"]] = params["diagnostics"]
                self._published.append(params)
            case "dola/proposed" | "dola/settled":
                experimental = self.capabilities.get("experimental") or {}
                if not experimental.get("dolaReview"):
                    self.violations.append(f"{method} to a client that did not ask for it")
                self._unread.setdefault(method, []).append(params)
            case "$/progress":
                self._hear_progress(params["token"], params["value"])
            case _:
                self.violations.append(f"an unexpected notification: {method}")

    def _hear_progress(self, token: str | int, value: dict[str, Any]) -> None:
        values = self.progress.get(token)
        if values is None:
            self.violations.append(f"progress {token} was never created")
            return
        kinds = [value["kind"] for value in values]
        allowed = {"report", "end"} if kinds and kinds[-1] != "end" else set()
        if value["kind"] not in (allowed if kinds else {"begin"}):
            self.violations.append(f"progress {token}: {value['kind']} after {kinds}")
        else:
            values.append(value)

    def _open_progress(self) -> list[str | int]:
        return [t for t, values in self.progress.items() if values and values[-1]["kind"] != "end"]

    # -- buffers -----------------------------------------------------------------------------

    def _apply(self, params: dict[str, Any]) -> dict[str, Any]:
        try:
            result = self.workspace.apply(params["edit"])
        except EditRefused as error:
            raise RequestFailed({"code": -32603, "message": str(error)}) from None
        finally:
            self.violations += self.workspace.take_violations()
            if self.name != "neovim":
                self._tell_changes()
        return result

    def _tell_changes(self) -> None:
        for buffer, news in self.workspace.take_changes():
            if isinstance(news, str):
                self._tell_opened(buffer, news)
            else:
                self._tell_changed(buffer, news)

    def _tell_opened(self, buffer: Buffer, text: str) -> None:
        item = {
            "uri": buffer.uri,
            "languageId": buffer.language,
            "version": buffer.version,
            "text": text,
        }
        self.notify("textDocument/didOpen", {"textDocument": item})

    def _tell_changed(self, buffer: Buffer, changes: list[dict[str, Any]]) -> None:
        # An edit a user makes after one of ours that is not yet told of comes behind it.
        pending = self.workspace.take_changes_of(buffer)
        buffer.version = self.workspace.next_version(buffer)
        notebook = self._notebook_of(buffer.uri)
        if notebook is not None:
            identifier = {"uri": buffer.uri, "version": buffer.version}
            content = {"document": identifier, "changes": [*pending, *changes]}
            self._tell_notebook(notebook, {"textContent": [content]})
            return
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": buffer.uri, "version": buffer.version},
                "contentChanges": [*pending, *changes],
            },
        )

    # -- checks ------------------------------------------------------------------------------

    def _check_action(self, action: dict[str, Any]) -> None:
        declared = self.capabilities.get("textDocument", {}).get("codeAction", {})
        if "kind" not in action and "command" not in action:
            self.violations.append(f"an action that does nothing: {action}")
        for field, capability in (
            ("disabled", "disabledSupport"),
            ("isPreferred", "isPreferredSupport"),
            ("tags", "tagSupport"),
            ("data", "dataSupport"),
        ):
            if field in action and not declared.get(capability):
                self.violations.append(f"code action with {field}, which was not declared")

    def _check_progress(self) -> None:
        assert not self._open_progress(), f"progress without end: {self._open_progress()}"

    async def _check(self) -> None:
        assert not self.violations, self.violations
        assert not self._unread, f"nobody looked at these messages: {self._unread}"
        assert not self._waiting, f"requests without an answer: {list(self._waiting)}"
        left = asyncio.all_tasks() - self._tasks_before - {asyncio.current_task()}
        if left:
            _, left = await asyncio.wait(left, timeout=1)
        assert not left, f"tasks left behind: {left}"
