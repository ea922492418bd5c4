"""An editor on the stdio of the real server: buffers, edits, and what came of an action."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dola_ls
from dola_ls.core.languages import language_of_file
from tests.benchmarks.client import Client, ServerFailed
from tests.benchmarks.engine import Address
from tests.benchmarks.served import ORDER
from tests.fakes.buffer import Buffer
from tests.fakes.edits import Workspace

#: What the client says of itself; edits are taken as this editor takes them.
_PROFILE = Path(__file__).parents[1] / "clients" / "neovim-0.11.json"
#: Seconds the server may take to stop an action that it was told to cancel.
_CANCELLING = 20.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How an action ended."""

    #: The server's own word, or ``timeout``.
    outcome: str
    seconds: float
    #: The name of what refused, and what the user was told.
    rule: str = ""
    said: str = ""


class Editor(Client):
    """A client that keeps buffers, applies the server's edits, and tells it what came of them."""

    def __init__(self, argv: tuple[str, ...], env: Mapping[str, str], folder: Path) -> None:
        capabilities = json.loads(_PROFILE.read_text("utf-8"))["capabilities"]
        self.workspace = Workspace("neovim", capabilities)
        #: The `telemetry/event`s of the action under way, receipts among them.
        self.events: list[dict[str, Any]] = []
        self.said: list[str] = []
        self._workspace_folder = folder
        super().__init__(argv, env, folder)
        self.answers["workspace/configuration"] = lambda p: [{"receipts": True}] * len(p["items"])
        self.answers["workspace/applyEdit"] = lambda p: self.workspace.apply(p["edit"])
        self.answers["window/showDocument"] = self._show

    def initialize(self) -> float:
        """Go through the handshake."""
        seconds = super().initialize()
        self.workspace.encoding = self.encoding
        return seconds

    def work_in(self, folder: Path) -> None:
        """Make a folder the workspace, in the place of the one before."""

        def told(path: Path) -> list[dict[str, str]]:
            return [{"uri": path.as_uri(), "name": path.name}]

        event = {"added": told(folder), "removed": told(self._workspace_folder)}
        self.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        self._workspace_folder = folder

    def open_file(self, name: str, language: str, text: str) -> Buffer:
        """Write a file and open it."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
        buffer = self.workspace.open(file.as_uri(), text, language)
        self._tell_opened(buffer, text)
        return buffer

    def close_file(self, uri: str) -> None:
        """Close a buffer."""
        del self.workspace.buffers[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def run_action(self, command: str, given: dict[str, Any], limit: float) -> Ended:
        """Run a command and wait for its receipt; an action that takes longer is cancelled."""
        self.events.clear()
        self.said.clear()
        started = time.perf_counter()
        params = {"command": command, "arguments": [given]}
        self.request("workspace/executeCommand", params, limit=limit)
        if self.said:
            # Told before the command was answered: no action was started.
            return Ended("refused", time.perf_counter() - started, "", " ".join(self.said))
        ended = self._receipt_time(started + limit)
        if ended is None:
            return Ended("timeout", limit)
        # What is said to the user comes right after the receipt.
        self.idle(0.05)
        if violations := self.workspace.take_violations():
            raise ServerFailed(f"the server sent wrong edits: {'; '.join(violations)}")
        receipt = self._receipts()[0]
        said = " ".join(self.said)
        return Ended(receipt["outcome"], ended - started, receipt.get("rule") or "", said)

    def wait_for(
        self, wanted: Callable[[Any], bool], *, limit: float = 60.0
    ) -> tuple[dict[str, Any], float]:
        """Return the next message that is wanted; heed all that come before it."""

        def heeding(message: Any) -> bool:
            self._heed(message)
            return wanted(message)

        return super().wait_for(heeding, limit=limit)

    def _heed(self, message: Any) -> None:
        match message.get("method"):
            case "workspace/applyEdit":
                for buffer, news in self.workspace.take_changes():
                    if isinstance(news, str):
                        self._tell_opened(buffer, news)
                        continue
                    buffer.version = self.workspace.next_version(buffer)
                    identifier = {"uri": buffer.uri, "version": buffer.version}
                    params = {"textDocument": identifier, "contentChanges": news}
                    self.notify("textDocument/didChange", params)
            case "window/showMessage":
                self.said.append(message["params"]["message"])
            case "telemetry/event":
                self.events.append(message["params"])

    def _show(self, params: dict[str, Any]) -> dict[str, bool]:
        """Open a file that the server wants shown."""
        uri = params["uri"]
        if uri not in self.workspace.buffers:
            path = Path(unquote(urlsplit(uri).path))
            text = path.read_text("utf-8")
            self._tell_opened(self.workspace.open(uri, text, language_of_file(path)), text)
        return {"success": True}

    def _tell_opened(self, buffer: Buffer, text: str) -> None:
        item = {"uri": buffer.uri, "languageId": buffer.language, "version": buffer.version}
        self.notify("textDocument/didOpen", {"textDocument": {**item, "text": text}})

    def _receipts(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("type") == "dola.receipt"]

    def _receipt_time(self, end: float) -> float | None:
        """Wait for the receipt; None where that takes too long and the action is cancelled."""
        try:
            left = max(end - time.perf_counter(), 0.1)
            return self.wait_for(lambda _: bool(self._receipts()), limit=left)[1]
        except ServerFailed:
            if time.perf_counter() < end - 1:
                raise
        cancel = {"command": "dola.cancel", "arguments": [{}]}
        self.request("workspace/executeCommand", cancel)
        if not self._receipts():
            self.wait_for(lambda _: bool(self._receipts()), limit=_CANCELLING)
        return None


@contextmanager
def editing(argv: tuple[str, ...], engine: Address) -> Iterator[Editor]:
    """Start a server that asks `engine`, in an empty folder and a home of its own."""
    place = tempfile.TemporaryDirectory(prefix="dola-eval-", ignore_cleanup_errors=True)
    with place as name:
        folder = Path(name).resolve()
        (folder / "config.toml").touch(mode=0o600)
        env = {key: value for key, value in os.environ.items() if not key.startswith("DOLA_")}
        # Nothing is learnt from the user's files or left there.
        env |= {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        env |= {"DOLA_CONFIG": str(folder / "config.toml"), ORDER: json.dumps(asdict(engine))}
        # The server is the one that is imported here, wherever another is installed.
        paths = Path(dola_ls.__file__).parents[1], Path(__file__).parents[2]
        env |= {"PYTHONPATH": os.pathsep.join(map(str, paths))}
        editor = Editor(argv, env, folder)
        try:
            editor.initialize()
            yield editor
        finally:
            editor.end()
