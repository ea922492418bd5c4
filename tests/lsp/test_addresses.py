"""Documents under any address: an action ends in an edit or in a sentence, and nothing breaks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, server_with

ZERO = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
ADDRESSES = [
    "untitled:Untitled-1",
    "untitled:/w/new%20file.py",
    "git:/w/a.py?%7B%22path%22%3A%22%2Fw%2Fa.py%22%2C%22ref%22%3A%22~%22%7D",
    'git:/w/a.py?{"path":"/w/a.py"}',
    "vscode-notebook-cell:/w/a.ipynb#W0sZmlsZQ%3D%3D",
    "vscode-notebook-cell://ssh-remote%2Bhost/w/a.ipynb#ch0000001",
    "vscode-remote://ssh-remote+host/w/a.py",
    "file:///w/a%20b%2520c%23d%3Fe.py",
    "file:///w/a b#c?d.py",
    "file:///w/%E6%BC%A2%F0%9F%99%82.py",
    "file:///w/漢🙂.py",
    "file:///w/bad%ZZ%.py",
    "file:///w/%FF%FE.py",
    "file:///w/%00.py",
    "file:///w/../../etc/a.py",
    "file:///w/" + "a" * 300 + ".py",
    "file:///" + "a" * 300 + "/b.py",
    "file://server/share/a.py",
    "file:////server/share/a.py",
    "file:///C:/w/a.py",
    "file:///c%3A/w/a.py",
    "file:///C%3a/w/a.py",
    "file://localhost/w/a.py",
    "FILE:///w/a.py",
    "file:a.py",
    "jdt://contents/rt.jar/java.lang/String.class?=a/b",
    "output:extension-output-#1",
    "inmemory://model/1",
    "http://[::1/w/a.py",
    "vscode-notebook-cell://[::1/w/a.ipynb#W0",
    "file:///w/" + "a" * 5000 + ".py",
    "file:///w/" + "aaaa/" * 5000 + "b.py",
    "/w/a.py",
    "a.py",
    "C:\\w\\a.py",
    ":",
]


async def acted(editor: Editor, uri: str, command: str, place: dict[str, Any]) -> list[str]:
    """Run an action of the menu; return what was said."""
    listed = await editor.code_actions(uri, place)
    assert listed
    for action in listed:
        if action["command"]["command"] == command:
            await editor.execute(action)
            break
    else:
        # What is not offered, as new files are not for cells, says why where it is called.
        await editor.run(command, {"uri": uri, "range": place})
    await editor.idle()
    return editor.take_messages()


@pytest.mark.parametrize(
    "uri", ADDRESSES, ids=[f"{at} {uri[:40]}" for at, uri in enumerate(ADDRESSES)]
)
async def test_any_address(uri: str, tmp_path: Path) -> None:
    model = FakeModel("## What it does\n\nIt adds up.\n\n## Pitfalls\n\nNone.", fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(uri, TEXT)
        place = editor.cursor_at(uri, "result = 0")
        said = await acted(editor, uri, "dola.explain", place)
        assert said or editor.take_shown()
        more = await acted(editor, uri, "dola.refactor", place)
        assert editor.take_edits() or more
        assert editor.text(uri) == (TEXT if more else AFTER)
        # Tests would be a new file beside one; where none can be is told.
        tests = await acted(editor, uri, "dola.generateTests", place)
        assert editor.take_edits() or tests
        assert not any("went wrong inside" in one for one in [*said, *more, *tests])
        await editor.close(uri)
        assert await editor.code_actions(uri, place) == []


BINARY = {
    "an executable": "\x7fELF\x02\x01\x01\x00\x00",
    "a picture": "\ufffdPNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "UTF-16 read as Latin-1": "\xff\xfei\x00m\x00p\x00o\x00r\x00t\x00",
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("language", ["python", "plaintext", ""])
async def test_what_is_no_text_has_its_actions_disabled_with_the_reason(
    name: str, language: str, tmp_path: Path
) -> None:
    uri, model = "file:///w/data.bin", FakeModel("")
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(uri, BINARY[name], language)
        listed = await editor.code_actions(uri, ZERO)
        reasons = {one["disabled"]["reason"] for one in listed}
        assert reasons == {"data.bin is not text (it holds NUL characters). Nothing was sent."}
        assert model.prompts == []


@pytest.mark.parametrize(
    ("opened", "asked"),
    [
        ("file:///c%3A/w/a.py", "file:///C:/w/a.py"),
        ("file:///C:/w/a.py", "file:///c%3a/w/a.py"),
        ("file:///w/a%20b.py", "file:///w/a b.py"),
        ("file:///w/%C3%A9.py", "file:///w/é.py"),
    ],
)
async def test_one_document_under_two_spellings(opened: str, asked: str, tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(opened, TEXT)
        place = editor.cursor_at(opened, "result = 0")
        listed = await editor.code_actions(asked, place)
        assert any(one["command"]["command"] == "dola.refactor" for one in listed)
        await editor.run("dola.refactor", {"uri": asked, "range": place})
        await editor.idle()
        # The editor knows the address only as it opened it.
        [edit] = editor.take_edits()
        [change] = edit["edit"]["documentChanges"]
        assert change["textDocument"]["uri"] == opened
        assert editor.text(opened) == AFTER


@pytest.mark.skipif(sys.platform == "win32", reason="links take a privilege there")
@pytest.mark.parametrize("kind", ["to a file", "to a folder", "to nothing", "to itself"])
async def test_a_document_behind_a_link(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "real").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    (folder / "real" / "a.py").write_text(TEXT)
    link = folder / "link.py"
    match kind:
        case "to a file":
            link.symlink_to(folder / "real" / "a.py")
        case "to a folder":
            (folder / "there").symlink_to(folder / "real")
            link = folder / "there" / "a.py"
        case "to nothing":
            link.symlink_to(folder / "none.py")
        case _:
            link.symlink_to(link)
    model, uri = FakeModel(fenced(NEW)), link.as_uri()
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", folder=folder) as editor:
        await editor.open(uri, TEXT)
        said = await acted(editor, uri, "dola.refactor", editor.cursor_at(uri, "result = 0"))
        assert editor.take_edits() or said
        assert editor.text(uri) == (TEXT if said else AFTER)
        assert not any("went wrong inside" in one for one in said)
        # Whatever became of it, no file was written.
        assert (folder / "real" / "a.py").read_text() == TEXT


@pytest.mark.skipif(sys.platform == "win32", reason="links take a privilege there")
@pytest.mark.parametrize("command", ["dola.explain", "dola.refactor", "dola.generateTests"])
async def test_links_that_lead_to_themselves_in_the_project_disturb_nothing(
    command: str, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    (folder / "tests").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    (folder / "a.py").write_text(TEXT)
    for name in ("b.py", "conftest.py", "tests/test_b.py", ".gitignore", "package.json"):
        (folder / name).symlink_to(folder / name)
    tests = fenced("from a import total\n\n\ndef test_total():\n    assert total([1]) == 1\n")
    answers = {"dola.refactor": fenced(NEW), "dola.generateTests": tests}
    model = FakeModel(
        answers.get(command, "## What it does\n\nIt adds up.\n\n## Pitfalls\n\nNone.")
    )
    uri, server = (folder / "a.py").as_uri(), server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", folder=folder) as editor:
        await editor.open(uri, TEXT)
        said = await acted(editor, uri, command, editor.cursor_at(uri, "result = 0"))
        assert not any("went wrong inside" in one for one in said)
        # An ignore file that cannot be read keeps back all below it.
        assert [one for one in said if ".gitignore" in one]
        (folder / ".gitignore").unlink()
        await acted(editor, uri, command, editor.cursor_at(uri, "result = 0"))
        assert [*editor.take_edits(), *editor.take_shown()]
