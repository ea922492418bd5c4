"""The in-process editor itself: what it lets pass and what it does not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.fakes.editor import Editor
from tests.lsp.bare import Bare

URI = "file:///workspace/a.py"


def edit_at_start(version: int | None) -> types.ApplyWorkspaceEditParams:
    start = types.Position(0, 0)
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=URI, version=version)
    text_edit = types.TextEdit(types.Range(start, start), "# new\n")
    edit = types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, [text_edit])])
    return types.ApplyWorkspaceEditParams(edit=edit)


async def test_keeps_its_buffer_and_the_servers_document_the_same(bare: Bare, profile: str) -> None:
    async with Editor.connect(bare, profile) as editor:
        await editor.open(URI, "one\ntwo 😋 three\n")
        await editor.type(URI, "three", "3")
        document = bare.documents.get(URI)
        assert document is not None
        result = await bare.workspace_apply_edit_async(edit_at_start(document.version))
        assert result.applied
        assert len(editor.take_edits()) == 1
        await editor.idle()
        await editor.type(URI, "two", "zwei")
        document = bare.documents.get(URI)
        assert document is not None
        assert document.text == editor.text(URI) == "# new\none\nzwei 😋 3\n"
        assert document.version == editor.buffer(URI).version


async def test_takes_a_stale_edit_as_the_real_editor_does(bare: Bare, profile: str) -> None:
    async with Editor.connect(bare, profile) as editor:
        await editor.open(URI, "one\n")
        await editor.type(URI, "one", "two")
        before = editor.buffer(URI).version
        await editor.type(URI, "two", "three")
        answer: Any
        try:
            answer = (await bare.workspace_apply_edit_async(edit_at_start(before))).applied
        except Exception as error:
            answer = str(error)
        assert editor.text(URI) == "three\n"
        assert {
            "neovim": answer is True,
            "helix": answer is False,
            "vscode": answer is False,
            "emacs": "require version" in str(answer),
        }[editor.name]
        assert len(editor.take_edits()) == 1


async def test_creates_a_file_where_it_says_that_it_can(
    bare: Bare, profile: str, tmp_path: Path
) -> None:
    path = tmp_path / "tests" / "test_a.py"
    start = types.Position(0, 0)
    edit = types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri=path.as_uri()),
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri=path.as_uri(), version=None),
                [types.TextEdit(types.Range(start, start), "def test(): ...\n")],
            ),
        ]
    )
    async with Editor.connect(bare, profile, folder=tmp_path) as editor:
        await bare.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit))
        await editor.idle()
        editor.take_edits()
        document = bare.documents.get(path.as_uri())
        assert document is not None
        assert document.text == "def test(): ...\n"
        assert path.read_text() == ""
        declared = editor.name != "emacs"
        assert bool(editor.violations) is not declared
        editor.violations.clear()


async def test_fails_on_a_message_nobody_looked_at(bare: Bare) -> None:
    with pytest.raises(AssertionError, match="nobody looked at"):
        async with Editor.connect(bare):
            bare.window_show_message(types.ShowMessageParams(types.MessageType.Info, "psst"))


async def test_fails_on_a_progress_without_end(bare: Bare) -> None:
    async with Editor.connect(bare) as editor:
        await bare.work_done_progress.create_async("t")
        bare.work_done_progress.begin("t", types.WorkDoneProgressBegin("title"))
        with pytest.raises(AssertionError, match=r"still busy: .*progress t"):
            await editor.idle(0.05)
        bare.work_done_progress.end("t", types.WorkDoneProgressEnd())


async def test_fails_on_a_report_after_the_end(bare: Bare) -> None:
    async with Editor.connect(bare) as editor:
        await bare.work_done_progress.create_async("t")
        bare.work_done_progress.begin("t", types.WorkDoneProgressBegin("title"))
        bare.work_done_progress.end("t", types.WorkDoneProgressEnd())
        bare.work_done_progress.report("t", types.WorkDoneProgressReport())
        await editor.idle()
        assert editor.violations == ["progress t: report after ['begin', 'end']"]
        editor.violations.clear()


async def test_fails_on_a_capability_that_was_not_declared(bare: Bare) -> None:
    async with Editor.connect(bare, "emacs-28-eglot") as editor:
        await bare.work_done_progress.create_async("t")
        assert editor.violations == ["used though not declared: window.workDoneProgress"]
        editor.violations.clear()


async def test_fails_on_a_task_left_behind(bare: Bare) -> None:
    stragglers = []

    @bare.feature(types.SHUTDOWN)
    def start_something(ls: Bare, *args: Any) -> None:
        stragglers.append(asyncio.ensure_future(asyncio.sleep(60)))

    with pytest.raises(AssertionError, match="left behind"):
        async with Editor.connect(bare):
            pass
    stragglers[0].cancel()
