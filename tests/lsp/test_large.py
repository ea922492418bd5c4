"""Large documents: what is chosen in them is worked on, or refused with a reason, and typed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, server_with

URI = "file:///workspace/large.py"
JAVASCRIPT = "file:///workspace/app.min.js"
MEGABYTE = 1_000_000
#: About 100 characters each, as code has them.
LINES = "".join(
    f"def step_{n % 1000:03}(value):\n    return value + {n % 1000:03}  # {'x' * 48}\n\n\n"
    for n in range(1000)
)
MINIFIED = "function a(b,c){var d=b+c;return d?b:c}var e={f:1,g:[2,3]};"


def filled(size: int) -> str:
    """Return code of some size, with the shop in the middle of it."""
    block = LINES * (size // 2 // len(LINES) + 1)
    return f"{block[: size // 2]}\n\n\n{TEXT}\n\n{block[: size // 2]}\n"


LARGE = {
    "1 MB": filled(MEGABYTE),
    "5 MB": filled(5 * MEGABYTE),
    "200 000 lines": "x = 1\n" * 100_000 + f"\n\n{TEXT}\n\n" + "y = 2\n" * 100_000,
    "a line of 1 MB": f"x = '{'y' * MEGABYTE}'\n\n\n{TEXT}",
    "lines of 1 MB all round": f"x = '{'y' * MEGABYTE}'\n\n\n{TEXT}\n\n# {'é' * MEGABYTE}\n",
}


def whole_function(editor: Editor) -> dict[str, Any]:
    part = TEXT[TEXT.index("def total") : TEXT.index("\n\n\ndef tax") + 1]
    return editor.range_of(URI, part)


@pytest.mark.parametrize("name", LARGE)
async def test_a_selection_is_worked_on_and_what_is_typed_beside_it_stays(
    name: str, tmp_path: Path
) -> None:
    text = LARGE[name]
    model = FakeModel(fenced(NEW))
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(URI, text)
        listed = await editor.code_actions(URI, whole_function(editor))
        assert not any("disabled" in action for action in listed)
        kinds = [action["command"]["command"] for action in listed]
        assert {"dola.explain", "dola.refactor"} <= set(kinds)
        await editor.execute(listed[kinds.index("dola.refactor")])
        await model.half_way.wait()
        # Far above, far below and right beside it.
        await editor.type(URI, text[:6], f"# é漢🙂\n{text[:6]}")
        await editor.type(URI, "return value * 2", "return value * 2  # twice")
        model.go.set()
        # The editor of these tests counts lines anew for each position.
        await editor.idle(120)
        [edit] = editor.take_edits()
        wanted = text.replace(TEXT, AFTER).replace("value * 2", "value * 2  # twice")
        assert editor.text(URI) == f"# é漢🙂\n{wanted}"
        assert editor.server.documents.get(URI).text == editor.text(URI)
        # No more of it went to the model, or back, than the function and its surroundings.
        [prompt] = model.prompts
        assert len(prompt.user) < 20_000
        assert len(str(edit)) < 2_000


async def test_all_of_it_is_too_large_for_a_request(tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(URI, LARGE["5 MB"])
        end = {"line": LARGE["5 MB"].count("\n"), "character": 0}
        everything = {"start": {"line": 0, "character": 0}, "end": end}
        await editor.run("dola.refactor", {"uri": URI, "range": everything})
        await editor.idle()
        [message] = editor.take_messages()
        assert "too large for one request" in message
        assert "Nothing was sent." in message
        assert model.prompts == []


async def test_where_no_symbol_is_looked_for_a_selection_is_asked_for(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel("")), "vscode-1.139") as editor:
        await editor.open(URI, LARGE["5 MB"])
        place = editor.cursor_at(URI, "result = 0")
        assert await editor.code_actions(URI, place) == []
        await editor.run("dola.refactor", {"uri": URI, "range": place})
        [message] = editor.take_messages()
        assert "select the lines to work on" in message


@pytest.mark.parametrize("size", [MEGABYTE, 25 * MEGABYTE])
async def test_minified_code(size: int, tmp_path: Path) -> None:
    model = FakeModel("## What it does\n\nIt adds up.\n\n## Pitfalls\n\nNone.")
    text = MINIFIED * (size // len(MINIFIED))
    async with Editor.connect(server_with(tmp_path, model), "vscode-1.139") as editor:
        await editor.open(JAVASCRIPT, text, "javascript")
        at = {"line": 0, "character": size // 2}
        listed = await editor.code_actions(JAVASCRIPT, {"start": at, "end": at})
        reasons = [action["disabled"]["reason"] for action in listed if "disabled" in action]
        if size > 10 * MEGABYTE:
            assert len(reasons) == len(listed) > 0
            assert all("more than 10 million are left alone" in reason for reason in reasons)
        else:
            assert reasons == []
        await editor.run("dola.explain", {"uri": JAVASCRIPT, "range": {"start": at, "end": at}})
        await editor.idle()
        shown, messages = editor.take_shown(), editor.take_messages()
        assert len(shown) + len(messages) == 1
        assert all("Nothing was sent" in message for message in messages)
        assert shown or not model.prompts
        assert all(len(prompt.user) < 100_000 for prompt in model.prompts)
        await editor.type(JAVASCRIPT, "function", "// é\nfunction")
        assert editor.server.documents.get(JAVASCRIPT).text == editor.text(JAVASCRIPT)
