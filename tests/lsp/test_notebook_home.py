"""What a cell is shown of the project is found from the notebook's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.api import FakeApi, answer, calls
from tests.fakes.editor import Editor
from tests.lsp.gallery import ABLE, bytes_of, gallery, parts_of, server_at, titles

CLIENT = "vscode-1.139"
CONSENT = '[privacy]\nconsent = "always"\n'
WORDS = ("markdown", "# Shop\n\n![](img/cart.png)\n")
CODE = ("python", "from helper import double\n\nprint(double(2))\n")


@pytest.fixture
def notebook(tmp_path: Path) -> str:
    """Return the address of a notebook in a project with a picture and a module."""
    gallery(tmp_path)
    shop = tmp_path / "shop"
    (shop / "trip.ipynb").write_text("{}")
    (shop / "helper.py").write_text("def double(x):\n    return x * 2\n")
    return (shop / "trip.ipynb").as_uri()


async def test_a_picture_is_described_in_a_cell(tmp_path: Path, notebook: str) -> None:
    async with FakeApi() as api:
        api.enqueue(answer("A cart."))
        server = server_at(api, tmp_path, ABLE + CONSENT)
        async with Editor.connect(server, CLIENT, folder=tmp_path / "shop") as editor:
            [cell] = await editor.open_notebook(notebook, WORDS)
            assert "Dola: Describe image cart.png" in await titles(editor, cell, "img/cart")
            place = {"uri": cell, "range": editor.cursor_at(cell, "img/cart")}
            await editor.run("dola.describeImage", place)
            await editor.idle()
            editor.take_edits()
            assert editor.text(cell) == WORDS[1].replace("![]", "![A cart.]")
        [body] = [request.json for request in api.requests]
        pictures = [part["image_url"]["url"] for part in parts_of(body) if "image_url" in part]
        assert bytes_of(pictures[0]).startswith(b"\x89PNG")


async def test_a_cell_is_shown_what_it_uses_of_other_files_and_the_model_can_look_things_up(
    tmp_path: Path, notebook: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(calls(("read_symbol", {"name": "double"})))
        api.enqueue(answer("Prints four.\n"))
        server = server_at(api, tmp_path, CONSENT)
        server.survey.patience = 10
        async with Editor.connect(server, CLIENT, folder=tmp_path / "shop") as editor:
            [cell] = await editor.open_notebook(notebook, CODE)
            place = {"uri": cell, "range": editor.cursor_at(cell, "print")}
            await editor.run("dola.explain", place)
            await editor.idle()
            assert len(editor.take_shown()) == 1
        first, second = (request.json for request in api.requests)
        assert "def double(x):" in first["messages"][-1]["content"]
        names = [tool["function"]["name"] for tool in first["tools"]]
        assert "read_symbol" in names
        found = second["messages"][-1]["content"]
        assert "helper.py" in found
        assert "return x * 2" in found
