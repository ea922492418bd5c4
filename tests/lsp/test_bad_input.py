"""What cannot be worked on gets one clear message, and the server goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.test_actions import AFTER, NEW, TEXT, chosen, server_with

ZERO = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
URI = "file:///workspace/a.py"


async def still_works(editor: Editor) -> None:
    uri = "file:///workspace/good.py"
    await editor.open(uri, TEXT)
    await editor.execute(await chosen(editor, uri, "dola.refactor"))
    await editor.idle()
    assert len(editor.take_edits()) == 1
    assert editor.text(uri) == AFTER


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("   \n\n", "is empty"),
        ("\x7fELF\x00\x01\x02", "is not text"),
        ("x" * 10_500_000, "10 million"),
    ],
    ids=["empty", "blank", "binary", "huge"],
)
async def test_a_document_that_nothing_works_on(
    text: str, words: str, profile: str, tmp_path: Path
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, text)
        actions = await editor.code_actions(URI, ZERO)
        assert actions
        for action in actions:
            if "disabled" in action:
                assert words in action["disabled"]["reason"]
        if "disabled" not in actions[0]:
            await editor.execute(actions[0])
            [message] = editor.take_messages()
            assert words in message
        await editor.run("dola.explain", {"uri": URI, "range": ZERO})
        [message] = editor.take_messages()
        assert words in message
        assert model.prompts == []
        await still_works(editor)


async def test_a_line_of_a_megabyte(profile: str, tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    text = "x = '" + "y" * 1_000_000 + "'\n\n\n" + TEXT
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, text)
        whole_line = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
        await editor.run("dola.refactor", {"uri": URI, "range": whole_line})
        await editor.idle()
        [message] = editor.take_messages()
        assert "too large for one request (one line" in message
        assert model.prompts == []
        # The rest of that file can be worked on.
        await editor.execute(await chosen(editor, URI, "dola.refactor"))
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert "return sum(items)" in editor.text(URI)


async def test_an_unknown_language(profile: str, tmp_path: Path) -> None:
    model = FakeModel(fenced("print(2)\n", "brainfuck"))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, "print(1)\n\nother\n", "no-such-language")
        await editor.execute(await chosen(editor, URI, "dola.refactor", "print(1)"))
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert editor.text(URI) == "print(2)\n\nother\n"


async def test_a_document_that_was_never_opened(profile: str, tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        assert await editor.code_actions(URI, ZERO) == []
        await editor.run("dola.refactor", {"uri": URI, "range": ZERO})
        [message] = editor.take_messages()
        assert "a.py is not open in the editor" in message
        await still_works_after(editor)


async def still_works_after(editor: Editor) -> None:
    uri = "file:///workspace/good.py"
    await editor.open(uri, TEXT)
    assert await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))


@pytest.mark.parametrize(
    "range_",
    [
        {"start": {"line": 99, "character": 0}, "end": {"line": 99, "character": 0}},
        {"start": {"line": 0, "character": 0}, "end": {"line": 500, "character": 1}},
        {"start": {"line": 8, "character": 0}, "end": {"line": 3, "character": 0}},
    ],
)
async def test_a_range_outside_the_document(
    range_: dict[str, Any], profile: str, tmp_path: Path
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, TEXT)
        assert await editor.code_actions(URI, range_) == []
        await editor.run("dola.refactor", {"uri": URI, "range": range_})
        [message] = editor.take_messages()
        assert "outside a.py" in message
        assert model.prompts == []
        assert editor.text(URI) == TEXT


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "exactly one object"),
        ([{}, {}], "exactly one object"),
        (["file:///workspace/a.py"], "exactly one object"),
        ([None], "exactly one object"),
        ([{}], "`uri`"),
        ([{"uri": 7, "range": ZERO}], "`uri`"),
        ([{"uri": URI}], "`range`"),
        ([{"uri": URI, "range": [0, 1]}], "`range`"),
        ([{"uri": URI, "range": {"start": ZERO["start"]}}], "`range.end`"),
        ([{"uri": URI, "range": {**ZERO, "end": {"line": -1, "character": 0}}}], "`range.end`"),
        ([{"uri": URI, "range": {**ZERO, "end": {"line": 0, "character": 2**31}}}], "`range.end`"),
        ([{"uri": URI, "range": {**ZERO, "end": {"line": 1.5, "character": 0}}}], "`range.end`"),
        ([{"uri": URI, "range": {**ZERO, "end": {"line": True, "character": 0}}}], "`range.end`"),
        ([{"uri": URI, "range": ZERO, "version": "2"}], "`version`"),
        ([{"uri": URI, "range": ZERO, "instruction": ["x"]}], "`instruction`"),
        ([{"uri": URI, "range": ZERO, "instruction": "x" * 5000}], "`instruction`"),
    ],
)
async def test_wrong_arguments(arguments: list[Any], words: str, tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(URI, TEXT)
        assert await editor.run("dola.refactor", *arguments) is None
        [message] = editor.take_messages()
        assert message.startswith("dola.refactor was not run: ")
        assert words in message
        assert model.prompts == []


async def test_a_range_from_an_older_version_is_refused(tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(URI, TEXT)
        action = await chosen(editor, URI, "dola.refactor")
        await editor.type(URI, "import os\n", "import os\nimport sys\n\n\n\n")
        await editor.execute(action)
        [message] = editor.take_messages()
        assert "has changed since the action was listed" in message
        assert model.prompts == []


@pytest.mark.parametrize("command", ["dola.review", "dola.cancel"])
@pytest.mark.parametrize("arguments", [[], [{}], [7], [{"proposal": "x", "do": "apply"}]])
async def test_nothing_to_review_or_cancel(
    command: str, arguments: list[Any], tmp_path: Path
) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.run(command, *arguments)
        assert len(editor.take_messages()) == 1


async def test_a_cursor_outside_of_any_symbol(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(""))) as editor:
        await editor.open(URI, TEXT)
        await editor.run("dola.refactor", {"uri": URI, "range": ZERO})
        [message] = editor.take_messages()
        assert "no function, class or other symbol at the cursor" in message
        await editor.open("file:///workspace/a.lua", "function f() end\n", "lua")
        await editor.run("dola.generateTests", {"uri": "file:///workspace/a.lua", "range": ZERO})
        [message] = editor.take_messages()
        assert "functions, methods and classes in languages with a test framework" in message


@pytest.mark.parametrize(
    "options",
    [
        {"apply": 7, "local": "x", "nonsense": True},
        [],
        [1, 2],
        "text",
        {"dola": []},
        {"dola": {"apply": None}},
        {"base_url": "http://evil.example", "api_key": "k"},
    ],
)
async def test_settings_of_wrong_types(options: Any, tmp_path: Path) -> None:
    server = server_with(tmp_path, FakeModel(fenced(NEW)))
    async with Editor.connect(server, options=options) as editor:
        await still_works(editor)
        assert len(editor.take_messages()) <= 1


async def test_tests_for_a_document_that_is_no_file(profile: str, tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open("untitled:Untitled-1", TEXT)
        action = await chosen(editor, "untitled:Untitled-1", "dola.generateTests")
        await editor.execute(action)
        await editor.idle()
        [message] = editor.take_messages()
        assert "Save this document to a file" in message
        assert model.prompts == []


async def test_a_vanished_file_can_still_be_refactored(profile: str, tmp_path: Path) -> None:
    # The buffer is what counts; the disk is not looked at.
    async with Editor.connect(server_with(tmp_path, FakeModel(fenced(NEW))), profile) as editor:
        await still_works(editor)


@pytest.mark.parametrize("obstacle", ["file", "read-only"])
async def test_a_place_that_cannot_be_written_to(
    obstacle: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "a.py").write_text(TEXT)
    if obstacle == "file":
        (folder / "tests").write_text("in the way")
    else:
        # The superuser may write anywhere, so the answer of the system is played.
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    model = FakeModel(fenced(NEW))
    uri = (folder / "a.py").as_uri()
    async with Editor.connect(server_with(tmp_path, model), profile, folder=folder) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.generateTests"))
        await editor.idle()
        [message] = editor.take_messages()
        assert ("is not a folder" if obstacle == "file" else "cannot be written to") in message
        assert model.prompts == []


async def test_an_editor_that_says_read_only(tmp_path: Path) -> None:
    async with Editor.connect(
        server_with(tmp_path, FakeModel(fenced(NEW))), "vscode-1.139"
    ) as editor:
        editor.answers["workspace/applyEdit"] = {"applied": False, "failureReason": "read-only"}
        await editor.open(URI, TEXT)
        await editor.execute(await chosen(editor, URI, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert "did not apply the edit: read-only" in message
        assert editor.text(URI) == TEXT
        editor.take_edits()
