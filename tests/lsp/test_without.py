"""Clients that lack one thing or everything: each action ends in a result or in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, path_of, server_with

#: What VS Code declares and this server looks at, or might, each of which a client may lack.
CAPABILITIES = [
    "general",
    "general.markdown",
    "general.positionEncodings",
    "general.staleRequestSupport",
    "notebookDocument",
    "textDocument",
    "textDocument.codeAction",
    "textDocument.codeAction.codeActionLiteralSupport",
    "textDocument.codeAction.dataSupport",
    "textDocument.codeAction.disabledSupport",
    "textDocument.codeAction.isPreferredSupport",
    "textDocument.codeAction.resolveSupport",
    "textDocument.codeAction.tagSupport",
    "textDocument.hover",
    "textDocument.hover.contentFormat",
    "textDocument.inlineCompletion",
    "textDocument.publishDiagnostics",
    "textDocument.synchronization",
    "window",
    "window.showDocument",
    "window.showMessage",
    "window.workDoneProgress",
    "workspace",
    "workspace.applyEdit",
    "workspace.configuration",
    "workspace.didChangeConfiguration",
    "workspace.executeCommand",
    "workspace.workspaceEdit",
    "workspace.workspaceEdit.changeAnnotationSupport",
    "workspace.workspaceEdit.documentChanges",
    "workspace.workspaceEdit.failureHandling",
    "workspace.workspaceEdit.resourceOperations",
    "workspace.workspaceFolders",
]
NO_EDITS = {"", "workspace", "workspace.applyEdit"}
TESTS = "def test_total():\n    assert total([1, 2]) == 3\n"


def without(path: str) -> Callable[[dict[str, Any]], None]:
    """Take one capability out of what the client declares; "" for all of them."""

    def change(params: dict[str, Any]) -> None:
        if not path:
            params["capabilities"] = {}
            return
        *way, last = path.split(".")
        parent = params["capabilities"]
        for name in way:
            parent = parent[name]
        # A capability that is not there to begin with would make this test one of nothing.
        del parent[last]

    return change


def answer(prompt: Any) -> str:
    """Answer as the action wants it, which its words tell."""
    if prompt.action == "explain":
        return "## What it does\n\nIt adds up.\n\n## Pitfalls\n\nNone."
    if prompt.action == "generateTests":
        return fenced(f"from a import total\n\n\n{TESTS}")
    return fenced(NEW)


@pytest.mark.parametrize("path", ["", *CAPABILITIES])
async def test_each_action_ends_in_a_result_or_a_sentence(
    path: str, tmp_path: Path, uri: str
) -> None:
    folder = path_of(uri).parent
    change = without(path)
    server = server_with(tmp_path, FakeModel(answer))
    async with Editor.connect(server, "vscode-1.139", folder=folder, change=change) as editor:
        await editor.open(uri, TEXT)
        place = editor.cursor_at(uri, "result = 0")
        for command in ("dola.explain", "dola.generateTests", "dola.refactor"):
            listed = await editor.code_actions(uri, place)
            offered = [a if isinstance(a["command"], str) else a["command"] for a in listed]
            action = next(one for one in offered if one["command"] == command)
            await editor.run(action["command"], *action["arguments"])
            await editor.idle()
            messages = editor.take_messages()
            assert not any("went wrong inside" in message for message in messages)
            edits, shown = editor.take_edits(), editor.take_shown()
            if path in NO_EDITS:
                assert edits == []
                # What is not put into the text is kept, and can be read.
                assert messages or shown
            elif command == "dola.refactor":
                assert editor.text(uri) == AFTER
            else:
                assert edits or shown or messages
        assert editor.text(uri) == (TEXT if path in NO_EDITS else AFTER)


@pytest.mark.parametrize("path", sorted(NO_EDITS))
async def test_an_edit_that_cannot_be_made_can_be_read(path: str, tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, FakeModel(fenced(NEW)))
    async with Editor.connect(server, "vscode-1.139", change=without(path)) as editor:
        await editor.open(uri, TEXT)
        await editor.run(
            "dola.refactor", {"uri": uri, "range": editor.cursor_at(uri, "result = 0")}
        )
        await editor.idle()
        [message] = editor.take_messages()
        assert "it does not take edits from a server. The answer is kept." in message
        [kept] = server.proposals.of(uri)
        await editor.run("dola.review", {"proposal": kept.id, "do": "show"})
        await editor.idle()
        files = [params["uri"] for params in editor.take_shown()]
        files += [message.rpartition(" is in ")[2] for message in editor.take_messages()]
        [file] = files
        assert "+    return sum(items)" in path_of(file).read_text()
