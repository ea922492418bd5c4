"""Documenting: comments and docstrings, in the file's convention, and nothing else."""

from pathlib import Path

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import TEXT, chosen, server_with

WITH_DOC = '''\
def total(items):
    """Return the sum of all items."""
    result = 0
    for item in items:
        result = result + item
    return result
'''
GO = (
    "package shop\n\n// Total adds.\nfunc Total(items []int) int {\n\tsum := 0\n"
    "\tfor _, item := range items {\n\t\tsum += item\n\t}\n\treturn sum\n}\n"
)


async def test_a_docstring_is_added(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(WITH_DOC))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.document"))
        await editor.idle()
        assert editor.text(uri) == TEXT.replace(
            "    result = 0\n", '    """Return the sum of all items."""\n    result = 0\n'
        )
        assert len(editor.take_edits()) == 1
    [prompt] = model.prompts
    assert prompt.system.startswith("You document code inside an editor.")
    assert "Convention: " in prompt.user
    assert "docstring" in prompt.user.partition("Convention: ")[2].partition("Task: ")[0]
    assert "Task: Document total: write its documentation" in prompt.user


async def test_an_answer_that_changes_code_is_refused(
    profile: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(WITH_DOC.replace("result + item", "result + item * 2")))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.document"))
        await editor.idle()
        assert editor.text(uri) == TEXT
        assert editor.take_edits() == []
        [message] = editor.take_messages()
        assert "change code" in message
    assert len(model.prompts) == 2


async def test_documentation_that_is_there_is_rewritten_and_not_doubled(
    tmp_path: Path, uri: str
) -> None:
    better = GO.replace("// Total adds.", "// Total returns the sum of items.")
    model = FakeModel(fenced(better.removeprefix("package shop\n\n"), "go"))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        uri = uri.replace(".py", ".go")
        await editor.open(uri, GO, "go")
        await editor.execute(await chosen(editor, uri, "dola.document", "sum := 0"))
        await editor.idle()
        assert editor.text(uri) == better
        editor.take_edits()
    assert "// Total adds.\nfunc Total" in model.prompts[0].user


async def test_what_is_no_symbol_is_not_documented(tmp_path: Path, uri: str) -> None:
    model = FakeModel("")
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        selection = editor.range_of(uri, "import os")
        actions = await editor.code_actions(uri, selection)
        assert not any(a["command"]["command"] == "dola.document" for a in actions)
        await editor.run("dola.document", {"uri": uri, "range": selection})
        [message] = editor.take_messages()
        assert "functions, classes and other symbols" in message
    assert model.prompts == []
