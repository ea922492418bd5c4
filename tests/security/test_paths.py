"""S12, S13, S14: the model names no path, new files stay inside, control files are no targets."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest

from dola_ls.core.policy import is_control_file
from dola_ls.core.testing.frameworks import Unknown, frameworks_of
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.places import place_tests
from dola_ls.project import check_new_file, project_root
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.test_actions import TEXT, chosen, path_of, server_with

HOSTILE = [
    "../../evil.py",
    "/etc/cron.d/evil",
    "..\\..\\evil.py",
    "C:\\evil.py",
    "\\\\host\\share\\evil.py",
    "NUL",
    "CON.py",
    "a.py:stream",
    "evil.py.",
    "evil.py ",
    "%2e%2e/evil.py",
    "..%2fevil.py",
    "%c0%ae%c0%ae/evil.py",
    "file://evil.example/x",
    "file:///etc/passwd",
    "~/evil.py",
    "./.git/hooks/x",
    ".vscode/settings.json",
    "tests/../../evil.py",
    "tests//..//..//evil.py",
    "\u202eyp.live",
    "a\u0000b.py",
    "TESTS/TEST_A.PY",
    "test_a.py",
    "pricing.py",
    "$(touch evil)",
    "`touch evil`",
    "; rm -rf /",
    "-rf",
    "http://evil.example/x.py",
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_path_in_an_answer_is_never_used(name: str, tmp_path: Path) -> None:
    """S12: whatever path the model writes, in prose, label, comment or code, the place is ours."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "a.py").write_text(TEXT)
    uri = (folder / "a.py").as_uri()
    line = " ".join(name.replace("\x00", "").split())
    answer = (
        f"File: {line}\n\n```python {line.replace('`', '')}\n# {line.replace(chr(0x202E), '')}\n"
        "def test_total():\n    assert total([1]) == 1\n```\nSaved to " + line
    )
    server = server_with(tmp_path, FakeModel(answer))
    async with Editor.connect(server, "vscode-1.139", folder=folder) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.generateTests"))
        await editor.idle()
        edits = editor.take_edits()
        uris = {
            change.get("uri") or change["textDocument"]["uri"]
            for edit in edits
            for change in edit["edit"]["documentChanges"]
        }
        assert uris <= {(folder / "tests" / "test_a.py").as_uri()}
        assert len(edits) == 1
        editor.take_shown()
        editor.take_messages()


async def test_a_refactor_touches_its_own_document_only(tmp_path: Path) -> None:
    """S12: an answer that speaks of other files edits this one or none."""
    code = "```python\n# file: other.py\ndef total(items):\n    return sum(items)\n```\n"
    uri = (tmp_path / "a.py").as_uri()
    async with Editor.connect(server_with(tmp_path, FakeModel(code)), "vscode-1.139") as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        for edit in editor.take_edits():
            for change in edit["edit"]["documentChanges"]:
                assert change["textDocument"]["uri"] == uri


@pytest.mark.parametrize("symbol", ["../../evil", "a/b", "..", "a.b.c", "Ünïcode", "a\\b"])
def test_names_of_symbols_make_no_path(symbol: str) -> None:
    """S12: where tests go depends on the source's name, never on what a symbol is called."""
    for language, source in (("python", "a.py"), ("java", "A.java"), ("go", "a.go")):
        [framework, *_] = frameworks_of(language)
        for files in ([source], [source, "tests/test_a.py", "a_test.go", "ATest.java"]):
            placement = place_tests(source, symbol, language, framework, files, lambda _: "")
            if isinstance(placement, Unknown):
                continue
            plain = place_tests(source, "total", language, framework, files, lambda _: "")
            assert isinstance(plain, Placement)
            assert placement.path == plain.path


def test_a_link_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    """S13: the real path counts."""
    outside, root = tmp_path / "outside", tmp_path / "shop"
    outside.mkdir()
    root.mkdir()
    (root / "tests").symlink_to(outside, target_is_directory=True)
    assert check_new_file(root / "tests" / "test_a.py", root, [root]) == (
        "it would lie outside the workspace"
    )
    assert check_new_file(root / "tests2" / "test_a.py", root, [root]) is None
    assert check_new_file(root / ".." / "test_a.py", root, [root]) is not None


def test_a_workspace_that_is_a_link_itself_is_fine(tmp_path: Path) -> None:
    """S13: both sides are compared by their real paths."""
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real, target_is_directory=True)
    assert check_new_file(link / "tests" / "test_a.py", link, [link]) is None
    assert check_new_file(real / "tests" / "test_a.py", real, [link]) is None


@pytest.mark.parametrize("kind", ["file", "link", "broken link", "folder"])
def test_what_exists_is_never_written_over(kind: str, tmp_path: Path) -> None:
    """S13: create, never overwrite; a link counts even if it leads nowhere."""
    target = tmp_path / "test_a.py"
    if kind == "file":
        target.touch()
    elif kind == "folder":
        target.mkdir()
    else:
        inside = tmp_path / "inside.py"
        if kind == "link":
            inside.touch()
        target.symlink_to(inside)
    assert check_new_file(target, tmp_path, [tmp_path]) == "it exists already"


async def test_a_link_made_while_the_model_answers_is_seen(tmp_path: Path) -> None:
    """S13: the parent is looked at again just before the file is made."""
    outside, folder = tmp_path / "outside", tmp_path / "shop"
    outside.mkdir()
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "a.py").write_text(TEXT)
    uri = (folder / "a.py").as_uri()
    model = FakeModel(fenced("def test_total():\n    assert total([1]) == 1"))
    model.go.clear()
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", folder=folder) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.generateTests"))
        await model.half_way.wait()
        (folder / "tests").symlink_to(outside, target_is_directory=True)
        model.go.set()
        await editor.idle()
        [message] = editor.take_messages()
        assert "outside the workspace" in message
        assert editor.take_edits() == []
    assert list(outside.iterdir()) == []


def test_the_project_is_never_above_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    folder = tmp_path / "shop"
    (folder / "sub").mkdir(parents=True)
    source = folder / "sub" / "a.py"
    source.touch()
    assert project_root(source, [folder]) == folder
    assert project_root(source, []) == tmp_path
    (folder / "sub" / "setup.py").touch()
    assert project_root(source, [folder]) == folder / "sub"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_the_project_holds_its_file_whichever_of_them_is_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    folder, linked, inner = tmp_path / "shop", tmp_path / "linked", tmp_path / "inner"
    (folder / "sub").mkdir(parents=True)
    linked.symlink_to(folder, target_is_directory=True)
    inner.symlink_to(folder / "sub", target_is_directory=True)
    (folder / "sub" / "a.py").touch()
    assert project_root(folder / "sub" / "a.py", [linked]) == folder
    assert project_root(linked / "sub" / "a.py", [folder]) == linked
    assert project_root(inner / "a.py", [folder]) == inner


@pytest.mark.parametrize(
    "file",
    [".vscode/tasks.json", ".idea/x.xml", ".github/workflows/ci.yml", ".nvim.lua", "AGENTS.md",
     "sub/.helix/languages.toml", ".git/hooks/pre-commit"],
)  # fmt: skip
async def test_control_files_are_refused_even_when_open(file: str, tmp_path: Path) -> None:
    """S14: nothing is sent and nothing edited, but an explanation is given."""
    folder = tmp_path / "shop"
    path = folder / file
    path.parent.mkdir(parents=True)
    path.write_text("a\nb\n")
    model = FakeModel(fenced("c\nd\n"))
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", folder=folder) as editor:
        await editor.open(path.as_uri(), "a\nb\n", "plaintext")
        await editor.execute(await chosen(editor, path.as_uri(), "dola.refactor", "a"))
        await editor.idle()
        [message] = editor.take_messages()
        assert "steers an editor or a tool" in message
        assert model.prompts == []
        await editor.execute(await chosen(editor, path.as_uri(), "dola.explain", "a"))
        await editor.idle()
        assert len(editor.take_shown()) == 1
        assert editor.text(path.as_uri()) == "a\nb\n"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
async def test_a_link_to_a_control_file_is_one(tmp_path: Path) -> None:
    """S14: the real path counts, not the name it was opened by."""
    folder = tmp_path / "shop"
    (folder / ".vscode").mkdir(parents=True)
    (folder / ".vscode" / "tasks.json").write_text("a\nb\n")
    link = folder / "harmless.txt"
    link.symlink_to(folder / ".vscode" / "tasks.json")
    model = FakeModel(fenced("c\n"))
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", folder=folder) as editor:
        await editor.open(link.as_uri(), "a\nb\n", "plaintext")
        await editor.execute(await chosen(editor, link.as_uri(), "dola.refactor", "a"))
        await editor.idle()
        assert "steers an editor" in editor.take_messages()[0]
        assert model.prompts == []


def test_windows_paths_are_judged_too() -> None:
    assert is_control_file(PureWindowsPath("C:\\work\\.VSCODE\\settings.json"))
    assert not is_control_file(PureWindowsPath("C:\\work\\src\\a.py"))


def test_uris_lead_to_paths(tmp_path: Path) -> None:
    assert path_of((tmp_path / "a b.py").as_uri()) == tmp_path / "a b.py"
