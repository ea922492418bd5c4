"""Actions on the cells of a notebook, in an editor that synchronizes notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.model.stream import Remote
from tests.fakes.editor import PROFILES, Editor, load_profile
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import path_of

#: The one of the recorded editors that has notebooks.
CLIENT = "vscode-1.139"
WORDS = ("markdown", "# Totals\n\nOf a shop.")
IMPORTS = ("python", "import math\nRATE = 0.2\n")
TOTAL = (
    "python",
    "def total(items):\n    result = 0\n    for item in items:\n        result += item\n"
    "    return result\n",
)
USE = ("python", "print(total([1, 2]))\n")
NEW = "def total(items):\n    return math.fsum(items) * RATE\n"


def server_with(tmp_path: Path, model: FakeModel, config: str = "") -> DolaServer:
    file = tmp_path / "config.toml"
    file.write_text(config)
    file.chmod(0o600)
    return create_server(env={"DOLA_CONFIG": str(file)}, model=model, state=tmp_path / "state")


@pytest.fixture
def notebook(tmp_path: Path) -> str:
    """Return the address of a notebook in a project of its own."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "trip.ipynb").write_text("{}")
    return (folder / "trip.ipynb").as_uri()


async def run(editor: Editor, cell: str, command: str, at: str, **more: Any) -> None:
    await editor.run(command, {"uri": cell, "range": editor.cursor_at(cell, at), **more})
    await editor.idle()


async def begin(editor: Editor, cell: str, model: FakeModel) -> None:
    """Start a refactoring whose answer stops half way."""
    model.go.clear()
    await editor.run("dola.refactor", {"uri": cell, "range": editor.cursor_at(cell, "result")})
    await model.half_way.wait()


async def titles(editor: Editor, cell: str, at: str) -> list[str]:
    actions = await editor.code_actions(cell, editor.cursor_at(cell, at))
    return [action["title"] for action in actions]


@pytest.mark.parametrize("profile", PROFILES)
async def test_it_is_announced_where_the_editor_has_notebooks(profile: str, tmp_path: Path) -> None:
    has = "notebookDocument" in load_profile(profile)["capabilities"]
    assert has is (profile == CLIENT)
    async with Editor.connect(server_with(tmp_path, FakeModel("")), profile) as editor:
        announced = editor.initialized["capabilities"].get("notebookDocumentSync")
        selector = [{"notebook": {"notebookType": "jupyter-notebook"}}]
        assert announced == ({"notebookSelector": selector} if has else None)


async def test_the_menu_of_a_cell(tmp_path: Path, notebook: str) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), CLIENT) as editor:
        cells = await editor.open_notebook(notebook, WORDS, IMPORTS, TOTAL)
        # Tests of what cannot be imported are not offered.
        assert await titles(editor, cells[2], "result = 0") == [
            "Dola: Refactor total",
            "Dola: Explain total",
            "Dola: Document total",
        ]
        # In no symbol the cell itself is meant.
        assert await titles(editor, cells[1], "RATE") == [
            "Dola: Refactor cell 2",
            "Dola: Explain cell 2",
        ]
        assert "Dola: Explain lines 1-1" not in await titles(editor, cells[0], "Totals")


async def test_an_edit_goes_to_its_cell_and_the_others_are_read_along(
    tmp_path: Path, notebook: str
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        cells = await editor.open_notebook(notebook, WORDS, IMPORTS, TOTAL, USE)
        await run(editor, cells[2], "dola.refactor", "result = 0")
        # `math` and `RATE` are declared in another cell: nothing is imported or asked again.
        assert editor.text(cells[2]) == NEW
        [edit] = editor.take_edits()
        [change] = edit["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": cells[2], "version": 1}
        assert [editor.text(cell) for cell in (*cells[:2], cells[3])] == [
            WORDS[1],
            IMPORTS[1],
            USE[1],
        ]
    [prompt] = model.prompts
    assert "File: trip.ipynb, cell 3 (Python)" in prompt.user
    before, _, after = prompt.user.partition("Region to rewrite")
    assert "# Cell 1 (text):\n# # Totals" in before
    assert "# Cell 2:\nimport math" in before
    assert "# Cell 4:\nprint(total([1, 2]))" in before
    assert after.count("def total") == 1


async def test_the_whole_cell_is_rewritten(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced("import math\n\nRATE = 0.25"))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        cells = await editor.open_notebook(notebook, TOTAL, IMPORTS)
        await run(editor, cells[1], "dola.instruct", "RATE", instruction="Raise the rate.")
        assert editor.text(cells[1]) == "import math\n\nRATE = 0.25\n"
        editor.take_edits()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("dola.document", TOTAL[1].replace(":\n    result", ':\n    """Sum."""\n    result', 1)),
        ("dola.fix", NEW),
        ("dola.instruct", NEW),
    ],
)
async def test_every_action_that_edits_works(
    command: str, answer: str, tmp_path: Path, notebook: str
) -> None:
    model = FakeModel(fenced(answer))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        problem = {"range": editor.range_of(cell, "result += item"), "message": "slow"}
        more = {
            "dola.fix": {"diagnostics": [problem]},
            "dola.instruct": {"instruction": "Use fsum() of math."},
        }
        await run(editor, cell, command, "result = 0", **more.get(command, {}))
        assert editor.text(cell) == answer
        editor.take_edits()
    assert "# Cell 1:\nimport math" in model.prompts[0].user


async def test_an_explanation_is_named_after_notebook_and_cell(
    tmp_path: Path, notebook: str
) -> None:
    model = FakeModel("It adds up (line 3).\n\n## What it does\n- adds\n")
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        cells = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await run(editor, cells[1], "dola.explain", "result = 0")
        [shown] = editor.take_shown()
        page = path_of(shown["uri"])
        assert page.name == "Explain-total-cell-2-of-trip.ipynb.md"
        text = page.read_text()
        assert "Function in cell 2 of `trip.ipynb`, lines 1–5 · Python" in text
        # A link leads to a file's line, and a cell is none.
        assert "](" not in text


@pytest.mark.parametrize("how", ["notebook", "alone"])
async def test_tests_are_refused_with_what_to_do(how: str, tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced("def test_total(): ..."))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        if how == "notebook":
            [cell] = await editor.open_notebook(notebook, TOTAL)
        else:
            cell = f"vscode-notebook-cell:{notebook.removeprefix('file://')}#W0sZmlsZQ%3D%3D"
            await editor.open(cell, TOTAL[1])
        await run(editor, cell, "dola.generateTests", "result = 0")
        [message] = editor.take_messages()
        assert "from a notebook nothing can be imported" in message
        assert "Move the code into a module" in message
    assert model.prompts == []


async def test_a_new_file_of_ones_own_is_not_offered(tmp_path: Path, notebook: str) -> None:
    config = (
        '[[actions]]\nid = "stub"\ntitle = "Stub"\nanswer = "new-file"\nprompt = "Write a stub."\n'
        '[[actions]]\nid = "use"\ntitle = "Use"\nprompt = "Use sum(). {before}"\n'
    )
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model, config), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await editor.until(lambda: editor.server.configuration.own_actions)
        offered = await titles(editor, cell, "result = 0")
        assert "Dola: Use" in offered
        assert "Dola: Stub" not in offered
        await run(editor, cell, "dola.own", "result = 0", action="stub")
        [message] = editor.take_messages()
        assert "from a notebook nothing can be imported" in message
        await run(editor, cell, "dola.own", "result = 0", action="use")
        assert editor.text(cell) == NEW
        editor.take_edits()
    assert "RATE = 0.2" in model.prompts[0].user


# -- while the model answers -------------------------------------------------------------------


async def test_cells_come_and_go_and_the_edit_stays_with_its_cell(
    tmp_path: Path, notebook: str
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        cells = await editor.open_notebook(notebook, WORDS, IMPORTS, TOTAL)
        await begin(editor, cells[2], model)
        await editor.splice_cells(notebook, 0, 1)
        await editor.splice_cells(notebook, 1, 0, ("python", TOTAL[1]), ("python", "x = 1\n"))
        model.go.set()
        await editor.idle()
        editor.take_edits()
        assert editor.text(cells[2]) == NEW
        order = [cell["document"] for cell in editor.notebooks[notebook]["cells"]]
        assert [editor.text(cell) for cell in order] == [IMPORTS[1], TOTAL[1], "x = 1\n", NEW]
        # From then on it is told as the fourth.
        await run(editor, cells[2], "dola.refactor", "return")
        assert "trip.ipynb, cell 4" in model.prompts[-1].user
        editor.take_messages()


async def test_typing_in_the_cell_is_carried_over(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await begin(editor, cell, model)
        await editor.type(cell, "def total", "# typed\ndef total")
        model.go.set()
        await editor.idle()
        editor.take_edits()
        assert editor.text(cell) == f"# typed\n{NEW}"


async def test_typing_in_the_same_lines_keeps_the_answer_as_a_proposal(
    tmp_path: Path, notebook: str
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await begin(editor, cell, model)
        await editor.type(cell, "result += item", "result += int(item)")
        model.go.set()
        await editor.idle()
        assert editor.take_edits() == []
        [message] = editor.take_messages()
        assert "The code actions on those lines" in message
        assert any("proposed edit" in title for title in await titles(editor, cell, "result +="))


async def test_a_cell_that_is_gone_gets_no_edit(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await begin(editor, cell, model)
        await editor.splice_cells(notebook, 1, 1)
        model.go.set()
        await editor.idle()
        assert editor.take_edits() == []
        assert editor.server.jobs.under_way() == []
        assert model.closed == 1


@pytest.mark.parametrize("how", ["as one message", "closed and opened in it"])
async def test_a_cell_that_was_moved_is_the_same(how: str, tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        imports, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await begin(editor, cell, model)
        if how == "as one message":
            await editor.splice_cells(notebook, 0, 2, cell, imports)
        else:
            added = [{"kind": 2, "document": one} for one in (cell, imports)]
            item = {"uri": cell, "languageId": "python", "version": 1, "text": TOTAL[1]}
            structure = {
                "array": {"start": 0, "deleteCount": 2, "cells": added},
                "didClose": [{"uri": cell}],
                "didOpen": [item],
            }
            editor._tell_notebook(notebook, {"structure": structure})
            await editor._settle()
        model.go.set()
        await editor.idle()
        editor.take_edits()
        assert editor.text(cell) == NEW


async def test_a_closed_notebook_ends_its_work(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await begin(editor, cell, model)
        await editor.close_notebook(notebook)
        model.go.set()
        await editor.idle()
        assert editor.take_edits() == []
        assert len(editor.server.documents) == 0
        # And it can be opened again.
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        await run(editor, cell, "dola.refactor", "result = 0")
        assert editor.text(cell) == NEW
        editor.take_edits()


async def test_a_client_that_tells_everything_twice(tmp_path: Path, notebook: str) -> None:
    """VS Code's language client does, where cells fit its selector for documents too."""
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        item = {"uri": cell, "languageId": "python", "version": 1, "text": TOTAL[1]}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        where = editor.range_of(cell, "result = 0")
        change = {"range": {"start": where["start"], "end": where["start"]}, "text": "x = 1; "}
        for first in ("document", "notebook"):
            version = editor.buffer(cell).version + 1
            buffer = editor.buffer(cell)
            at = buffer.span(change["range"])[0]
            buffer.replace(at, at, change["text"])
            buffer.version = version
            identifier = {"uri": cell, "version": version}
            as_document = {"textDocument": identifier, "contentChanges": [change]}
            as_cell = {"textContent": [{"document": identifier, "changes": [change]}]}
            if first == "document":
                editor.notify("textDocument/didChange", as_document)
                editor._tell_notebook(notebook, as_cell)
            else:
                editor._tell_notebook(notebook, as_cell)
                editor.notify("textDocument/didChange", as_document)
            await editor._settle()
            known = editor.server.documents.get(cell)
            assert known is not None
            assert (known.text, known.version) == (editor.text(cell), version)
        editor.notify("textDocument/didClose", {"textDocument": {"uri": cell}})
        await run(editor, cell, "dola.refactor", "for item")
        assert editor.text(cell) == NEW
        editor.take_edits()


# -- what may be sent ----------------------------------------------------------------------------


async def test_a_cell_alone_is_a_document_as_any_other(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced("def total(items):\n    return sum(items)\n"))
    cell = f"vscode-notebook-cell:{notebook.removeprefix('file://')}#W0sZmlsZQ%3D%3D"
    async with Editor.connect(server_with(tmp_path, model), "neovim-0.11") as editor:
        await editor.open(cell, TOTAL[1])
        await run(editor, cell, "dola.refactor", "result = 0")
        assert editor.text(cell) == "def total(items):\n    return sum(items)\n"
        editor.take_edits()
    assert "Cells" not in model.prompts[0].user


@pytest.mark.parametrize("alone", [False, True])
async def test_the_rules_for_the_notebook_hold_for_its_cells(
    alone: bool, tmp_path: Path, notebook: str
) -> None:
    (tmp_path / "shop" / ".aiignore").write_text("*.ipynb\n")
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        if alone:
            cell = f"vscode-notebook-cell:{notebook.removeprefix('file://')}#W0sZmlsZQ%3D%3D"
            await editor.open(cell, TOTAL[1])
        else:
            [cell] = await editor.open_notebook(notebook, TOTAL)
        await run(editor, cell, "dola.refactor", "result = 0")
        [message] = editor.take_messages()
        assert "trip.ipynb is kept back: line 1 of .aiignore names it" in message
    assert model.prompts == []


async def test_a_secret_in_another_cell_stops_the_request(tmp_path: Path, notebook: str) -> None:
    secret = ("python", f'KEY = "ghp_{"a1B2" * 9}"\n')
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, secret, TOTAL)
        await run(editor, cell, "dola.refactor", "result = 0")
        [message] = editor.take_messages()
        assert "looks like" in message
    assert model.prompts == []


async def test_consent_for_the_folder_of_the_notebook_is_enough(
    tmp_path: Path, notebook: str
) -> None:
    model = FakeModel(fenced(NEW))
    model.remote = Remote("https://api.example:443", "coder", "api.example")
    folder = tmp_path / "shop"
    async with Editor.connect(server_with(tmp_path, model), CLIENT, folder=folder) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        editor.choices = ["Send"]
        await run(editor, cell, "dola.refactor", "result = 0")
        [question] = editor.take_questions()
        assert "Send code of shop to api.example" in question["message"]
        assert editor.text(cell) == NEW
        editor.take_edits()


async def test_an_untrusted_workspace_has_no_actions(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced(NEW))
    options = {"workspaceTrusted": False}
    async with Editor.connect(server_with(tmp_path, model), CLIENT, options=options) as editor:
        [cell] = await editor.open_notebook(notebook, TOTAL)
        await run(editor, cell, "dola.refactor", "result = 0")
        [message] = editor.take_messages()
        assert "is not trusted" in message
    assert model.prompts == []


async def test_a_notebook_that_steers_a_tool_is_not_edited(tmp_path: Path) -> None:
    folder = tmp_path / "shop" / ".vscode"
    folder.mkdir(parents=True)
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        [cell] = await editor.open_notebook((folder / "a.ipynb").as_uri(), TOTAL)
        await run(editor, cell, "dola.refactor", "result = 0")
        assert len(editor.take_messages()) == 1
        assert editor.take_edits() == []
    assert model.prompts == []


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        {"structure": {"array": {"start": 99, "deleteCount": 7}}},
        {"structure": {"array": {"start": 0, "deleteCount": 99}}},
        {"textContent": [{"document": {"uri": "x:y", "version": 2}, "changes": []}]},
        {"data": [{"kind": 1, "document": "x:y"}]},
        {"structure": {"array": {"start": 0, "deleteCount": 0,
                                 "cells": [{"kind": 2, "document": "never:opened"}]}}},
    ],
)  # fmt: skip
async def test_a_change_that_fits_nothing_breaks_nothing(
    cells: dict[str, Any], tmp_path: Path, notebook: str
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        _, cell = await editor.open_notebook(notebook, IMPORTS, TOTAL)
        editor._tell_notebook(notebook, cells)
        params = {
            "notebookDocument": {"uri": "file:///unknown.ipynb", "version": 2},
            "change": {"cells": cells},
        }
        editor.notify("notebookDocument/didChange", params)
        editor.notify("notebookDocument/didSave", {"notebookDocument": {"uri": notebook}})
        await run(editor, cell, "dola.refactor", "result = 0")
        assert editor.text(cell).endswith(NEW)
        editor.take_edits()


async def test_a_cell_that_changes_its_kind_is_told_as_that(tmp_path: Path, notebook: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), CLIENT) as editor:
        first, cell = await editor.open_notebook(notebook, ("python", "Some words"), TOTAL)
        editor._tell_notebook(notebook, {"data": [{"kind": 1, "document": first}]})
        await run(editor, cell, "dola.refactor", "result = 0")
        editor.take_edits()
    assert "# Cell 1 (text):\n# Some words" in model.prompts[0].user
