"""Sessions in any order: documents, actions, answers, cancels and the end, as a state machine.

Every rule is one thing an editor or its user does. What has to hold is checked by the fake editor
when a session ends: each request was answered once, each progress ended, no task is left.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from dola_ls.lsp.server import create_server
from dola_ls.model import errors
from tests.fakes.editor import PROFILES, Editor
from tests.fakes.model import FakeModel, fenced
from tests.reliability.findings import Findings

_NAMES = ("a.py", "b.py", "c.js", "d.md")
_TEXT = "import os\n\n\ndef total(items):\n    result = 0\n    return result\n"
_COMMANDS = (
    "dola.refactor",
    "dola.explain",
    "dola.document",
    "dola.instruct",
    "dola.generateTests",
)
#: What the model says in turn: code that fits, code that is refused, prose, and a fault.
_ANSWERS = (
    fenced("def total(items):\n    return 0\n"),
    fenced("def other(items):\n    return 0\n"),
    "## What it does\n\nNothing.",
    "CANNOT: this is as simple as it gets.",
    errors.Overloaded(errors.Facts(host="127.0.0.1", status=503)),
)
_SETTLING = 5.0

names = st.sampled_from(_NAMES)
lines = st.integers(0, 12)


class _Over(Exception):
    """The client has shut the server down and goes."""


class Session(RuleBasedStateMachine):
    """One server and one editor."""

    #: What the sessions of this run found; set by `sessions`.
    found = Findings()
    #: For a test of this test: what to make of the server before it is connected.
    spoil: Callable[[Any], None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="dola-session-")
        self.stack = AsyncExitStack()
        self.editor: Editor
        self.requests: list[asyncio.Future[dict[str, Any]]] = []
        self.connected = False

    def run(self, what: Any) -> Any:
        """Wait for something in the session's own loop."""
        return self.loop.run_until_complete(what)

    @initialize(profile=st.sampled_from(PROFILES), first=st.integers(0, len(_ANSWERS) - 1))
    def connect(self, profile: str, first: int) -> None:
        """Start the server, with a model whose answers begin anywhere."""
        self.profile = profile
        folder = Path(self.folder.name)
        config = folder / "config.toml"
        config.touch(mode=0o600)
        self.model = FakeModel(*([*_ANSWERS[first:], *_ANSWERS[:first]] * 20), chunk=20)
        server = create_server(env={"DOLA_CONFIG": str(config)}, model=self.model)
        if self.spoil is not None:
            self.spoil(server)
        connecting = Editor.connect(server, profile, folder=folder)
        self.editor = self.run(self.stack.enter_async_context(connecting))
        self.connected = True

    def uri(self, name: str) -> str:
        """Return the address of a document."""
        return (Path(self.folder.name) / name).as_uri()

    def place(self, name: str, line: int) -> dict[str, Any]:
        """Return a call's one argument; the line may lie outside."""
        at = {"line": line, "character": 0}
        return {"uri": self.uri(name), "range": {"start": at, "end": at}}

    @rule(name=names)
    def open(self, name: str) -> None:
        """Open a document that is not open."""
        if self.uri(name) not in self.editor.workspace.buffers:
            language = {"py": "python", "js": "javascript"}.get(name[-2:], "markdown")
            self.run(self.editor.open(self.uri(name), _TEXT, language))

    @rule(name=names, key=st.sampled_from(["x", "\n", "é", "🙂", "# dola: do it\n"]))
    def type(self, name: str, key: str) -> None:
        """Type at the beginning of a document."""
        buffer = self.editor.workspace.buffers.get(self.uri(name))
        if buffer is not None:
            self.run(self.editor.type(buffer.uri, "", key))

    @rule(name=names)
    def close(self, name: str) -> None:
        """Close a document, whatever runs on it."""
        if self.uri(name) in self.editor.workspace.buffers:
            self.run(self.editor.close(self.uri(name)))

    @rule(name=names, line=lines)
    def ask(self, name: str, line: int) -> None:
        """Ask for code actions, also where nothing is open."""
        place = self.place(name, line)
        context = {"diagnostics": [], "triggerKind": 1}
        self.begin(
            "textDocument/codeAction",
            {"textDocument": {"uri": place["uri"]}, "range": place["range"], "context": context},
        )

    @rule(name=names, line=lines, command=st.sampled_from(_COMMANDS))
    def execute(self, name: str, line: int, command: str) -> None:
        """Run an action, also where it cannot work."""
        given = {**self.place(name, line), "instruction": "Do it."}
        self.begin("workspace/executeCommand", {"command": command, "arguments": [given]})

    @rule(do=st.sampled_from(["show", "apply", "retry", "discard"]))
    def review(self, do: str) -> None:
        """Decide about an answer that was kept, if the editor is offered one."""
        for uri in list(self.editor.workspace.buffers):
            at = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}}
            for action in self.run(self.editor.code_actions(uri, at)):
                arguments = (action.get("command") or {}).get("arguments") or [{}]
                if arguments[0].get("do") == do:
                    self.begin(
                        "workspace/executeCommand",
                        {"command": action["command"]["command"], "arguments": arguments},
                    )

    @rule()
    def wait(self) -> None:
        """Let the server work for a moment."""
        self.run(asyncio.sleep(0.003))

    @rule()
    def cancel_progress(self) -> None:
        """Press every cancel button there is, also of what has ended."""
        for token in list(self.editor.progress):
            self.editor.cancel_progress(token)

    @rule(number=st.integers(0, 60))
    def cancel_request(self, number: int) -> None:
        """Cancel some request, answered or not or never sent."""
        self.editor.notify("$/cancelRequest", {"id": number})

    @rule()
    def cancel_all(self) -> None:
        """Run the command that cancels."""
        self.begin("workspace/executeCommand", {"command": "dola.cancel", "arguments": []})

    @rule()
    def hold(self) -> None:
        """Have the model stop in the middle of its answers, or go on."""
        if self.model.go.is_set():
            self.model.go.clear()
        else:
            self.model.go.set()

    @rule(method=st.sampled_from(["initialize", "dola/none", "codeAction/resolve"]))
    def misbehave(self, method: str) -> None:
        """Ask for what is not there, and for the start again."""
        self.begin(method, {"capabilities": {}})

    @rule(name=names)
    def shut_down(self, name: str) -> None:
        """End the session in the middle of everything, and begin another one."""
        self.execute(name, 4, "dola.refactor")
        self.finish(in_the_middle=True)
        self.stack = AsyncExitStack()
        self.connect(self.profile, 0)

    def begin(self, method: str, params: Any) -> None:
        """Send a request; its answer is looked at when the session ends."""

        async def begun() -> asyncio.Future[dict[str, Any]]:
            return self.editor.begin(method, params)[1]

        self.requests.append(self.run(begun()))

    def finish(self, *, in_the_middle: bool = False) -> None:
        """End the session as the LSP says; the fake editor then looks back at all of it."""
        if in_the_middle:
            self.run(self.editor.request("shutdown"))
        self.model.go.set()
        self.run(self._answered())
        if not in_the_middle:
            self.run(self.editor.idle(_SETTLING))
        for method in ("dola/proposed", "dola/settled"):
            self.editor.take_notifications(method)
        for take in (
            self.editor.take_messages,
            self.editor.take_edits,
            self.editor.take_shown,
            self.editor.take_questions,
            self.editor.take_diagnostics,
        ):
            take()
        self.connected = False
        self.run(self._over(in_the_middle))
        self.found.counts["sessions run"] += 1

    async def _over(self, in_the_middle: bool) -> None:
        if not in_the_middle:
            await self.stack.aclose()
            return
        # The fake editor only ends sessions in which nothing is left to do. This one is over.
        try:
            await self.stack.__aexit__(_Over, _Over(), None)
        except _Over:
            pass
        self.editor._check_progress()
        await self.editor._check()

    async def _answered(self) -> None:
        if self.requests:
            _, waiting = await asyncio.wait(self.requests, timeout=_SETTLING)
            assert not waiting, f"{len(waiting)} requests without an answer"
        self.requests.clear()

    async def _let_go(self) -> None:
        """End what a session that failed has left."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def teardown(self) -> None:
        """End the session, and count what came of it."""
        try:
            if self.connected:
                self.finish()
        finally:
            self.run(self._let_go())
            self.run(self.loop.shutdown_asyncgens())
            self.loop.close()
            self.folder.cleanup()


def sessions(count: int, steps: int) -> Findings:
    """Hold so many sessions of so many steps, chosen by Hypothesis."""
    found = Findings()
    zero = ("requests unanswered", "tasks and connections left behind", "progress without an end")
    found.counts.update(dict.fromkeys(["sessions run", *zero], 0))
    Session.found = found
    options = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        # Each try of a session that hangs takes seconds; the steps as they came say enough.
        phases=[Phase.generate],
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Session, settings=options)
    except Exception as error:
        # Hypothesis tells the steps in its notes.
        notes = "\n".join(getattr(error, "__notes__", ()))
        words = str(error)
        name = next((name for name in zero if name.partition(" ")[0] in words), zero[0])
        found.wrong(name, f"{type(error).__name__}: {words}\n{notes}")
    return found
