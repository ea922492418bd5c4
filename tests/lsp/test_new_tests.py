"""Generated tests from the menu to the test file, in every recorded editor."""

from pathlib import Path

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import TEXT, chosen, path_of, server_with

THERE = "from a import tax\n\n\ndef test_tax():\n    assert tax(2) == 4\n"
ANSWER = fenced(
    "from a import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n\n\n"
    "def test_tax():\n    assert total([]) == 0\n"
)
MERGED = (
    "from a import tax, total\n\n\ndef test_tax():\n    assert tax(2) == 4\n\n\n"
    "def test_total():\n    assert total([1, 2]) == 3\n\n\n"
    "def test_tax_2():\n    assert total([]) == 0\n"
)


def with_tests(uri: str, text: str = THERE) -> Path:
    path = path_of(uri).parent / "tests" / "test_a.py"
    path.parent.mkdir()
    path.write_text(text)
    return path


async def generate(editor: Editor, uri: str) -> None:
    await editor.execute(await chosen(editor, uri, "dola.generateTests"))
    await editor.idle()


async def test_tests_join_those_of_a_file_that_is_open(profile: str, tmp_path: Path, uri: str):
    path = with_tests(uri, "nothing of this is looked at\n")
    model = FakeModel(ANSWER)
    async with Editor.connect(
        server_with(tmp_path, model), profile, folder=path_of(uri).parent
    ) as editor:
        await editor.open(uri, TEXT)
        await editor.open(path.as_uri(), THERE)
        await generate(editor, uri)
        assert editor.text(path.as_uri()) == MERGED
        assert editor.text(uri) == TEXT
        assert len(editor.take_edits()) == 1
    assert THERE in model.prompts[0].user
    assert path.read_text() == "nothing of this is looked at\n"


async def test_tests_join_those_of_a_file_that_is_not_open(profile: str, tmp_path: Path, uri: str):
    path = with_tests(uri)
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server, profile, folder=path_of(uri).parent) as editor:
        await editor.open(uri, TEXT)
        await generate(editor, uri)
        assert editor.text(path.as_uri()) == MERGED
        [edit] = editor.take_edits()
        if server.client.show_document:
            assert len(editor.take_shown()) == 1
        else:
            assert editor.take_messages() == ["Generate tests for total: test_a.py was changed."]
        for change in edit["edit"].get("documentChanges", []):
            assert (change["textDocument"]["version"] is None) != server.client.show_document


async def test_what_is_no_test_changes_nothing(profile: str, tmp_path: Path, uri: str):
    path = with_tests(uri)
    model = FakeModel(fenced("def total(items):\n    return 0\n"))
    server = server_with(tmp_path, model)
    async with Editor.connect(server, profile, folder=path_of(uri).parent) as editor:
        await editor.open(uri, TEXT)
        await editor.open(path.as_uri(), THERE)
        await generate(editor, uri)
        [message] = editor.take_messages()
        assert "test_a.py was not changed" in message
        assert editor.text(path.as_uri()) == THERE
        assert editor.take_edits() == []


async def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, uri: str):
    path = with_tests(uri)
    outside = tmp_path / "outside.py"
    path.rename(outside)
    path.symlink_to(outside)
    model = FakeModel(ANSWER)
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "neovim-0.11", folder=path_of(uri).parent) as editor:
        await editor.open(uri, TEXT)
        await generate(editor, uri)
        [message] = editor.take_messages()
        assert "outside the workspace" in message
        assert model.prompts == []
    assert outside.read_text() == THERE


async def test_the_framework_is_the_users_to_choose(tmp_path: Path, uri: str):
    model = FakeModel(
        fenced(
            "import unittest\n\nfrom a import total\n\n\nclass TestTotal(unittest.TestCase):\n"
            "    def test_total(self):\n        self.assertEqual(total([1]), 1)\n"
        )
    )
    server = server_with(tmp_path, model)
    folder = path_of(uri).parent
    async with Editor.connect(server, "neovim-0.11", folder=folder) as editor:
        editor.settings["dola"] = {"tests": {"framework": "unittest"}}
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        await editor.open(uri, TEXT)
        await editor.until(lambda: server.configuration.settings().settings.tests.framework)
        await generate(editor, uri)
        assert "You write unittest tests" in model.prompts[0].system
        assert len(editor.take_edits()) == 1
        editor.take_shown()


@pytest.mark.parametrize("opened", ["file", "folder"])
async def test_a_project_without_a_manifest_may_be_opened_through_a_link(
    opened: str, tmp_path: Path
):
    shop, linked = tmp_path / "shop", tmp_path / "linked"
    shop.mkdir()
    linked.symlink_to(shop, target_is_directory=True)
    (shop / "a.py").write_text(TEXT)
    folder, at = (shop, linked) if opened == "file" else (linked, shop)
    uri = (at / "a.py").as_uri()
    test = "from a import total\n\n\ndef test_total():\n    assert total([1]) == 1\n"
    server = server_with(tmp_path, FakeModel(fenced(test)))
    async with Editor.connect(server, folder=folder) as editor:
        await editor.open(uri, TEXT)
        await generate(editor, uri)
        editor.take_messages()
        editor.take_edits()
        editor.take_shown()
    assert "def test_total" in editor.text((at / "tests" / "test_a.py").as_uri())
