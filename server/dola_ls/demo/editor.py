"""An editor without a screen: buffers, actions, and an answer to everything a server asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dola_ls import __version__
from dola_ls.core.document import Document, Edit, Encoding, apply_edits
from dola_ls.demo.connection import Connection, Message

#: Called with a message and a percentage while an action is under way, and without either about
#: five times a second.
Watch = Callable[[str | None, int | None], None]

_TICK = 0.2
#: Ticks of silence after which a command that caused a warning is taken not to have begun.
_NOT_STARTED = 10
_METHOD_NOT_FOUND = -32601
_WARNING = 2


class TakesTooLong(Exception):
    """The server did not answer in time."""


@dataclass(slots=True)
class Happened:
    """What came of one command."""

    #: The figures, as `telemetry/event` brought them; empty where no job was begun.
    receipt: dict[str, Any] = field(default_factory=dict)
    #: Whether a job was begun; what cannot be begun is told in a message.
    begun: bool = False
    #: What the server said to the user, warnings and errors apart from the rest.
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    #: The buffers that were edited, as they were before.
    edited: dict[Path, str] = field(default_factory=dict)
    created: list[Path] = field(default_factory=list)
    #: What was shown, as it was when it was shown.
    shown: dict[Path, str] = field(default_factory=dict)
    #: Why edits of the server were turned down.
    declined: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """What the server said, as one sentence or more."""
        return " ".join([*self.warnings, *self.remarks])


class Editor:
    """One editor with one server and one folder, in which alone files are made."""

    def __init__(self, connection: Connection, root: Path) -> None:
        self.root = root
        self._connection = connection
        self._ids = count(1)
        self._encoding: Encoding = "utf-16"
        self._buffers: dict[Path, Document] = {}
        self._happened = Happened()
        self._watch: Watch = lambda message, percentage: None

    def start(self, options: Mapping[str, object], seconds: float = 60.0) -> None:
        """Shake hands. Raises ServerDied and TakesTooLong, as everything here."""
        folder = {"uri": self.root.as_uri(), "name": self.root.name}
        result = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "dola-ls demo", "version": __version__},
                "rootUri": folder["uri"],
                "workspaceFolders": [folder],
                "capabilities": _CAPABILITIES,
                "initializationOptions": {"dola": {"receipts": True, **options}},
            },
            seconds,
        )
        encoding = result.get("capabilities", {}).get("positionEncoding", "utf-16")
        self._encoding = "utf-8" if encoding == "utf-8" else "utf-16"
        self._notify("initialized", {})

    def stop(self) -> None:
        """Say goodbye as the protocol has it; the connection is closed by whoever made it."""
        self.request("shutdown", None, 10.0)
        self._notify("exit", None)

    def open(self, path: Path) -> None:
        """Open a Python file."""
        text = path.read_text(encoding="utf-8")
        self._buffers[path] = Document(path.as_uri(), "python", 1, text)
        item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": item})

    def text(self, path: Path) -> str:
        """Return a buffer as it is now."""
        return self._buffers[path].text

    def save(self, path: Path) -> None:
        """Write a buffer to its file."""
        path.write_text(self.text(path), encoding="utf-8", newline="")
        self._notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    def replace(self, path: Path, text: str) -> None:
        """Change a whole buffer, as undo does."""
        self._change(path, [Edit(0, len(self.text(path)), text)])

    def actions(self, path: Path, offset: int) -> list[dict[str, Any]]:
        """Return the code actions for a cursor at `offset`."""
        line, character = self._buffers[path].position(offset, self._encoding)
        position = {"line": line, "character": character}
        params = {
            "textDocument": {"uri": path.as_uri()},
            "range": {"start": position, "end": position},
            "context": {"diagnostics": [], "triggerKind": 1},
        }
        return list(self.request("textDocument/codeAction", params, 30.0))

    def run(
        self, command: Mapping[str, Any], path: Path, watch: Watch, seconds: float = 900.0
    ) -> Happened:
        """Run a code action's command, and return once all of it has happened.

        Raises TakesTooLong after `seconds`, when the action has been cancelled.
        """
        self._happened = happened = Happened()
        self._watch = watch
        params = {"command": command["command"], "arguments": command.get("arguments", [])}
        self.request("workspace/executeCommand", params, 30.0)
        for silence in range(int(seconds / _TICK)):
            while not happened.receipt and (message := self._connection.receive(_TICK)) is not None:
                self._take(message)
            # Every job ends in a receipt; a command that starts none says why.
            if happened.receipt or (
                happened.warnings and not happened.begun and silence > _NOT_STARTED
            ):
                break
            watch(None, None)
        else:
            self.request("workspace/executeCommand", {"command": "dola.cancel"}, 10.0)
            raise TakesTooLong(f"There was no answer within {seconds:.0f} seconds.")
        # The receipt comes before the words; after one more question, both are there.
        self.actions(path, 0)
        self._watch = lambda message, percentage: None
        return happened

    def request(self, method: str, params: object, seconds: float) -> Any:
        """Send a request and return its result, serving the server meanwhile."""
        number = next(self._ids)
        self._connection.send({"id": number, "method": method, "params": params})
        for _ in range(max(int(seconds / _TICK), 1)):
            while (message := self._connection.receive(_TICK)) is not None:
                if message.get("id") != number or "method" in message:
                    self._take(message)
                elif "error" in message:
                    self._happened.warnings.append(str(message["error"].get("message")))
                    return {}
                else:
                    return message.get("result") or {}
            self._watch(None, None)
        raise TakesTooLong(f"The server did not answer {method} within {seconds:.0f} seconds.")

    def _notify(self, method: str, params: object) -> None:
        self._connection.send({"method": method, "params": params})

    def _take(self, message: Message) -> None:
        """Act on one message of the server, and answer it if it is a request."""
        method, params = message.get("method"), message.get("params") or {}
        if method is None:
            return
        if "id" not in message:
            self._heed(method, params)
            return
        result: object = None
        error: object = None
        if method == "workspace/applyEdit":
            result = self._apply(params.get("edit", {}))
        elif method == "window/showDocument":
            result = {"success": self._show(params.get("uri", ""))}
        elif method == "window/workDoneProgress/create":
            self._happened.begun = True
        elif method != "client/registerCapability":
            error = {"code": _METHOD_NOT_FOUND, "message": f"{method} is not known here"}
        answer = {"error": error} if error else {"result": result}
        self._connection.send({"id": message["id"], **answer})

    def _heed(self, method: str, params: dict[str, Any]) -> None:
        if method == "$/progress":
            value = params.get("value", {})
            self._watch(value.get("message") or "", value.get("percentage"))
        elif method == "window/showMessage":
            serious = params.get("type", 1) <= _WARNING
            said = self._happened.warnings if serious else self._happened.remarks
            said.append(str(params.get("message", "")))
        elif method == "telemetry/event" and params.get("type") == "dola.receipt":
            self._happened.receipt = params

    def _show(self, uri: str) -> bool:
        path = _path(uri)
        try:
            self._happened.shown[path] = path.read_text(encoding="utf-8")
        except OSError:
            return False
        return True

    def _apply(self, edit: dict[str, Any]) -> dict[str, Any]:
        """Apply a workspace edit, all of it or nothing."""
        changes: list[tuple[Path, list[Edit]]] = []
        created: list[Path] = []
        for change in edit.get("documentChanges", []):
            path = _path(change.get("uri") or change["textDocument"]["uri"])
            why = None
            if change.get("kind") == "create":
                created.append(path)
                why = self._why_not_create(path)
            elif "kind" in change:
                why = f"{change['kind']} is not declared"
            else:
                document = self._document(path, created)
                version = change["textDocument"].get("version")
                if document is None:
                    why = f"{path.name} is not open"
                elif version is not None and version != document.version:
                    why = f"version {version} is not the current one, {document.version}"
                else:
                    changes.append((path, self._edits(document, change["edits"])))
            if why is not None:
                self._happened.declined.append(why)
                return {"applied": False, "failureReason": why}
        for path, edits in changes:
            if path in created:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8", newline="") as file:
                    file.write(apply_edits("", edits))
                self._happened.created.append(path)
            else:
                self._happened.edited.setdefault(path, self.text(path))
                self._change(path, edits)
        return {"applied": True}

    def _why_not_create(self, path: Path) -> str | None:
        if not path.is_relative_to(self.root):
            return f"{path} lies outside the project"
        return f"{path.name} exists already" if path.exists() else None

    def _document(self, path: Path, created: list[Path]) -> Document | None:
        if path in created:
            return Document(path.as_uri(), "python", 0, "")
        return self._buffers.get(path)

    def _edits(self, document: Document, edits: list[dict[str, Any]]) -> list[Edit]:
        def offset(position: dict[str, int]) -> int:
            return document.offset(position["line"], position["character"], self._encoding)

        return sorted(
            Edit(offset(edit["range"]["start"]), offset(edit["range"]["end"]), edit["newText"])
            for edit in edits
        )

    def _change(self, path: Path, edits: list[Edit]) -> None:
        """Make edits in a buffer and tell the server, from the last to the first.

        In this order the range of each is still right when its turn comes.
        """
        before = self._buffers[path]
        text = apply_edits(before.text, edits)
        after = Document(before.uri, before.language, before.version + 1, text)
        self._buffers[path] = after
        changes = []
        for edit in reversed(edits):
            start, end = (before.position(at, self._encoding) for at in (edit.start, edit.end))
            range_ = {
                "start": {"line": start[0], "character": start[1]},
                "end": {"line": end[0], "character": end[1]},
            }
            changes.append({"range": range_, "text": edit.text})
        self._notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": after.uri, "version": after.version},
                "contentChanges": changes,
            },
        )


def _path(uri: str) -> Path:
    """Return the file that a `file:` URI names."""
    path = unquote(urlsplit(uri).path)
    # /C:/folder on Windows
    return Path(path[1:] if os.name == "nt" and path[2:3] == ":" else path).resolve()


_CAPABILITIES = {
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create"],
            "failureHandling": "transactional",
        },
        "workspaceFolders": True,
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}
            },
            "disabledSupport": True,
        },
    },
    "window": {
        "workDoneProgress": True,
        "showDocument": {"support": True},
        "showMessage": {},
    },
}
