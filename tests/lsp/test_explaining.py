"""Explanations in every recorded editor: the page, its links, and the hover."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from dola_ls.core.document import Document, Span
from dola_ls.core.syntax import Symbol
from dola_ls.lsp.convert import path_to_uri
from dola_ls.lsp.hover import Explanations, Kept
from dola_ls.lsp.server import DolaServer
from tests.core.test_code_links import links
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel
from tests.lsp.shop import TEXT, chosen, path_of, server_with

ANSWER = "Adds up all `items`. Like sum(), but **slower** (line 7).\n\n## Pitfalls\n\n- Line 6.\n"


async def explained(
    editor: Editor, uri: str, at: str = "result = 0", command: str = "dola.explain"
) -> Path:
    """Run the action; return the page."""
    server: DolaServer = editor.server
    await editor.execute(await chosen(editor, uri, command, at))
    await editor.idle()
    if server.client.show_document:
        [shown] = editor.take_shown()
        return path_of(shown["uri"])
    [message] = editor.take_messages()
    return Path(message.rpartition(" ")[2])


async def hovered(editor: Editor, uri: str, at: str) -> dict[str, Any] | None:
    position = editor.cursor_at(uri, at)["start"]
    params = {"textDocument": {"uri": uri}, "position": position}
    found: dict[str, Any] | None = await editor.request("textDocument/hover", params)
    return found


async def test_hovering_the_name_shows_the_short_form(
    profile: str, tmp_path: Path, uri: str
) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server, profile) as editor:
        assert editor.initialized["capabilities"]["hoverProvider"] is True
        await editor.open(uri, TEXT)
        assert await hovered(editor, uri, "total(") is None
        page = await explained(editor, uri)
        hover = await hovered(editor, uri, "otal(")
        assert hover is not None
        name = editor.range_of(uri, "total")
        assert hover["range"] == name
        if "markdown" in editor.capabilities["textDocument"]["hover"]["contentFormat"]:
            assert hover["contents"] == {
                "kind": "markdown",
                "value": "Adds up all `items`. Like sum(), but **slower** (line 7).\n\n"
                f"[The whole explanation]({path_to_uri(page)})",
            }
        else:
            assert hover["contents"] == {
                "kind": "plaintext",
                "value": "Adds up all items. Like sum(), but slower (line 7).\n\n"
                f"The whole explanation: {page}",
            }
        assert page.exists()


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("def total", True),
        ("total(items)", True),
        ("(items)", True),  # right behind the name
        ("items)", False),
        ("result = 0", False),
        ("for item", False),
        ("return result", False),
        ("import os", False),
        ("def tax", False),
        ("tax(value)", False),
    ],
)
async def test_only_the_name_and_the_keywords_before_it(
    at: str, shown: bool, tmp_path: Path, uri: str
) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server, "vscode-1.139") as editor:
        await editor.open(uri, TEXT)
        await explained(editor, uri)
        assert (await hovered(editor, uri, at) is not None) == shown


CODE = {
    "typescript": (
        "@Injectable()\nexport abstract class Cart extends Base {\n  private total = 1;\n}\n",
        {"export": True, "abstract": True, "class": True, "Cart": True, "extends": False},
        {"Base": False, "private": False, "Injectable": False},
    ),
    "java": (
        "class Cart {\n  @Override\n  public static Money total(int tax) { return tax; }\n}\n",
        {"public": True, "static": True, "Money": False, "total": True, "int": False},
        {"Override": False, "tax)": False, "return": False},
    ),
    "rust": (
        "#[test]\npub async fn total(tax: i32) -> i32 { tax }\n",
        {"pub": True, "fn": True, "total": True, "tax": False, "i32": False, "test": False},
        {},
    ),
}


@pytest.mark.parametrize("language", CODE)
async def test_types_and_decorators_are_left_to_other_servers(
    language: str, tmp_path: Path
) -> None:
    text, *places = CODE[language]
    server = server_with(tmp_path, FakeModel(ANSWER))
    uri = (tmp_path / "shop").as_uri()
    async with Editor.connect(server, "neovim-0.11") as editor:
        await editor.open(uri, text, language)
        await explained(editor, uri, "Cart" if language == "typescript" else "total")
        for at, shown in {**places[0], **places[1]}.items():
            assert (await hovered(editor, uri, at) is not None) == shown, at


async def test_it_lasts_as_long_as_the_text_it_explains(
    profile: str, tmp_path: Path, uri: str
) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        await explained(editor, uri)
        await editor.type(uri, "import os", "import os\nimport sys  # 😀")
        await editor.type(uri, "* 2", "* 3")
        await editor.idle()
        assert await hovered(editor, uri, "total(") is not None
        await editor.type(uri, "result = 0", "result = 100")
        await editor.idle()
        assert await hovered(editor, uri, "total(") is None
        await editor.type(uri, "result = 100", "result = 0")
        await editor.idle()
        assert await hovered(editor, uri, "total(") is not None
        await editor.close(uri)
        assert len(server.explanations) == 0
        await editor.open(uri, TEXT)
        assert await hovered(editor, uri, "total(") is None


async def test_what_was_typed_while_the_model_answered_counts(tmp_path: Path, uri: str) -> None:
    model = FakeModel(ANSWER)
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.explain"))
        await model.half_way.wait()
        await editor.type(uri, "result = 0", "result = 100")
        model.go.set()
        await editor.idle()
        editor.take_shown()
        assert await hovered(editor, uri, "total(") is None
        await editor.type(uri, "result = 100", "result = 0")
        assert await hovered(editor, uri, "total(") is not None


@pytest.mark.parametrize("how", ["question", "cut off", "part"])
async def test_what_is_no_whole_explanation_of_a_symbol_is_no_hover(
    how: str, tmp_path: Path, uri: str
) -> None:
    text = TEXT.replace("def total", "# dola? Is it fast?\ndef total")
    server = server_with(tmp_path, FakeModel(ANSWER, ended=how != "cut off"))
    async with Editor.connect(server) as editor:
        await editor.open(uri, text)
        if how == "question":
            page = await explained(editor, uri, "ola? Is", "dola.instruct")
            assert "\n> Is it fast?\n" in page.read_text()
        elif how == "cut off":
            page = await explained(editor, uri)
            assert "cut off here" in page.read_text()
        else:
            selection = editor.range_of(uri, "result = 0\n    for")
            actions = await editor.code_actions(uri, selection, only=["dola.explain"])
            await editor.execute(actions[0])
            await editor.idle()
            [shown] = editor.take_shown()
            assert path_of(shown["uri"]).read_text().startswith("# Lines 6-7\n")
        assert len(server.explanations) == 0
        assert await hovered(editor, uri, "total(") is None


async def test_a_second_explanation_is_a_second_page(tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER, "Sums."))
    async with Editor.connect(server, "neovim-0.11") as editor:
        await editor.open(uri, TEXT)
        first = await explained(editor, uri)
        second = await explained(editor, uri)
        assert "Adds up" in first.read_text()
        assert "Sums." in second.read_text()
        assert {page.stat().st_mode & 0o077 for page in (first, second)} == {0}
        hover = await hovered(editor, uri, "total(")
        assert hover is not None
        assert hover["contents"]["value"] == f"Sums.\n\n[The whole explanation]({second.as_uri()})"


@pytest.mark.parametrize("name", ["a.py", "my [new] (good) é#1?.py", "100%41 <a> `b` \\_c_.py"])
async def test_links_lead_to_the_lines_of_the_file_whatever_its_name(
    name: str, profile: str, tmp_path: Path
) -> None:
    folder = tmp_path / "sh(o)p [1]"
    folder.mkdir()
    file = folder / name
    file.write_text(TEXT)
    uri = path_to_uri(file)
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT, "python")
        page = await explained(editor, uri)
        found = links(page.read_text())
        assert [words for words, _ in found] == ["lines 4–8", "line 7", "Line 6"]
        for (_, target), line in zip(found, (4, 7, 6), strict=True):
            address, _, fragment = target.partition("#")
            assert fragment == f"L{line}"
            way = unquote(urlsplit(address).path)
            if profile.startswith("vscode"):
                # Its preview follows no links to `file:`.
                assert not address.startswith(("file:", "/"))
                assert (page.parent / way).resolve() == file
            else:
                assert address.startswith("file:///")
                assert Path(way) == file


async def test_a_document_that_is_no_file_has_no_links(tmp_path: Path) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server, "vscode-1.139") as editor:
        await editor.open("untitled:Untitled-1", TEXT, "python")
        page = await explained(editor, "untitled:Untitled-1")
        assert links(page.read_text()) == []
        assert "Function in `Untitled-1`, lines 4–8" in page.read_text()
        assert await hovered(editor, "untitled:Untitled-1", "total(") is not None


@pytest.mark.parametrize("instead", ["nothing", "a link"])
async def test_a_page_is_written_though_the_folder_of_pages_was_cleaned_away(
    instead: str, tmp_path: Path, uri: str
) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        folder = (await explained(editor, uri)).parent
        shutil.rmtree(folder)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        if instead == "a link":
            folder.symlink_to(elsewhere, target_is_directory=True)
        page = await explained(editor, uri)
        assert page.read_text().startswith("# ")
        assert list(elsewhere.iterdir()) == []
        if instead == "a link":
            folder.unlink()


async def test_hovers_of_nothing_are_nothing(tmp_path: Path, uri: str) -> None:
    server = server_with(tmp_path, FakeModel(ANSWER))
    async with Editor.connect(server) as editor:
        position = {"line": 3, "character": 5}
        params = {"textDocument": {"uri": uri}, "position": position}
        assert await editor.request("textDocument/hover", params) is None
        await editor.open(uri, TEXT)
        await explained(editor, uri)
        for line, character in ((99, 0), (3, 999), (1, 0), (12, 0)):
            params["position"] = {"line": line, "character": character}
            assert await editor.request("textDocument/hover", params) is None


def test_the_oldest_go_first() -> None:
    kept = Explanations()
    text = "".join(f"def f{n}():\n    pass\n" for n in range(300))
    document = Document("file:///a.py", "python", 1, text)
    symbols = [
        Symbol(f"f{n}", "function", Span(at := text.index(f"def f{n}("), at + 5), Span(at, at))
        for n in range(300)
    ]
    for symbol in symbols:
        kept.keep(document, symbol, Kept("Passes.", Path("/p.md")))
    assert len(kept) == 200
    assert kept.find(document, symbols[99]) is None
    assert kept.find(document, symbols[100]) is not None
    assert kept.any_of("file:///a%2Epy")
    kept.forget("file:///a.py")
    assert len(kept) == 0
