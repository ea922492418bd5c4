"""The product's side: an editor on the stdio of the real server."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dola_ls.core.gate import RULES
from tests.benchmarks.client import Client, ServerFailed
from tests.benchmarks.edit_eval.engine import Address
from tests.benchmarks.edit_eval.served import CHOICE, ORDER, TABLE
from tests.benchmarks.edit_eval.sides import LIMIT, Answer, SideFailed
from tests.benchmarks.edit_eval.tasks import Task
from tests.fakes.buffer import Buffer
from tests.fakes.edits import Workspace

#: What the client says of itself; edits are taken as this editor takes them.
_PROFILE = Path(__file__).parents[2] / "clients" / "neovim-0.11.json"
#: Seconds the server may take to stop an action that it was told to cancel.
_CANCELLING = 20.0
#: Outcomes and rules that come after code was read from an answer.
_READ = frozenset({"edited", "proposed", "unchanged"})
_READ_RULES = frozenset(rule.__name__ for rule in RULES)


class Editor(Client):
    """A client that keeps buffers, applies the server's edits, and tells it what came of them."""

    def __init__(self, argv: tuple[str, ...], env: Mapping[str, str], folder: Path) -> None:
        capabilities = json.loads(_PROFILE.read_text("utf-8"))["capabilities"]
        self.workspace = Workspace("neovim", capabilities)
        self.receipts: list[dict[str, Any]] = []
        self.plan: tuple[str, ...] = ()
        self.said: list[str] = []
        super().__init__(argv, env, folder)
        self.answers["workspace/configuration"] = lambda p: [{"receipts": True}] * len(p["items"])
        self.answers["workspace/applyEdit"] = lambda p: self.workspace.apply(p["edit"])

    def initialize(self) -> float:
        """Go through the handshake."""
        seconds = super().initialize()
        self.workspace.encoding = self.encoding
        return seconds

    def open_file(self, name: str, language: str, text: str) -> Buffer:
        """Write a file and open it."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
        buffer = self.workspace.open(file.as_uri(), text, language)
        item = {"uri": buffer.uri, "languageId": language, "version": buffer.version}
        self.notify("textDocument/didOpen", {"textDocument": {**item, "text": text}})
        return buffer

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
                for buffer, changes in self.workspace.take_changes():
                    buffer.version = self.workspace.next_version(buffer)
                    identifier = {"uri": buffer.uri, "version": buffer.version}
                    params = {"textDocument": identifier, "contentChanges": changes}
                    self.notify("textDocument/didChange", params)
            case "window/showMessage":
                self.said.append(message["params"]["message"])
            case "telemetry/event" if message["params"].get("type") == "dola.receipt":
                self.receipts.append(message["params"])
            case "telemetry/event" if message["params"].get("type") == CHOICE:
                self.plan = tuple(message["params"]["forms"])


class Dola:
    """The server, with the product's own strategies or with one that is forced on it."""

    def __init__(self, engine: Address, form: str = TABLE) -> None:
        self.name = form
        self._argv = (sys.executable, "-m", "tests.benchmarks.edit_eval.served", "--form", form)
        self._order = json.dumps(asdict(engine))
        self._running: ExitStack | None = None
        self._editor: Editor | None = None
        self._number = 0

    def edit(self, task: Task) -> Answer:
        """Open the task's file, run the command at its place, and wait for the receipt."""
        try:
            return self._edit(self._editor or self._start(), task)
        except ServerFailed as error:
            self.stop()
            raise SideFailed(str(error)) from None

    def stop(self) -> None:
        """End the server."""
        running, self._running, self._editor = self._running, None, None
        if running is not None:
            running.close()

    def _start(self) -> Editor:
        with ExitStack() as stack:
            place = tempfile.TemporaryDirectory(prefix="edit-eval-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(place)).resolve()
            (folder / "config.toml").touch(mode=0o600)
            env = {key: value for key, value in os.environ.items() if not key.startswith("DOLA_")}
            # A home of their own: nothing is learnt from the user's files or left there.
            env |= {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
            env |= {"DOLA_CONFIG": str(folder / "config.toml"), ORDER: self._order}
            env |= {"PYTHONPATH": str(Path(__file__).parents[3])}
            editor = Editor(self._argv, env, folder)
            stack.callback(editor.end)
            editor.initialize()
            self._running = stack.pop_all()
        self._editor = editor
        return editor

    def _edit(self, editor: Editor, task: Task) -> Answer:
        self._number += 1
        name = f"{self._number}/{task.file}"
        buffer = editor.open_file(name, task.language, task.source)
        editor.receipts.clear()
        editor.plan = ()
        editor.said.clear()
        given = {
            "uri": buffer.uri,
            "range": buffer.range(task.selected.start, task.selected.end),
            "version": buffer.version,
            "instruction": task.instruction,
        }
        command = {"command": "dola.refactor", "arguments": [given]}
        started = time.perf_counter()
        editor.request("workspace/executeCommand", command, limit=LIMIT)
        if editor.said:
            # Told before the command was answered: no action was started.
            said = " ".join(editor.said)
            return Answer(task.source, "refused", False, time.perf_counter() - started, "", said)
        ended = _receipt_time(editor, started + LIMIT)
        if ended is None:
            return Answer(task.source, "timeout", False, LIMIT)
        # What is said to the user comes right after the receipt.
        editor.idle(0.05)
        if violations := editor.workspace.take_violations():
            raise SideFailed(f"the server sent wrong edits: {'; '.join(violations)}")
        receipt = editor.receipts[0]
        editor.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})
        outcome, rule = receipt["outcome"], receipt.get("rule") or ""
        read = outcome in _READ or rule in _READ_RULES
        said = " ".join(editor.said)
        return Answer(buffer.text, outcome, read, ended - started, rule, said, editor.plan)


def _receipt_time(editor: Editor, end: float) -> float | None:
    """Wait for the receipt; None where that takes too long and the action is cancelled."""
    try:
        return editor.wait_for(
            lambda _: bool(editor.receipts), limit=max(end - time.perf_counter(), 0.1)
        )[1]
    except ServerFailed:
        if time.perf_counter() < end - 1:
            raise
    editor.request("workspace/executeCommand", {"command": "dola.cancel", "arguments": [{}]})
    if not editor.receipts:
        editor.wait_for(lambda _: bool(editor.receipts), limit=_CANCELLING)
    return None
