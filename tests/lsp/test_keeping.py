"""Many proposals in one document: what keeping them takes, and what happens to one too many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dola_ls.core import since
from dola_ls.core.document import Edit
from dola_ls.core.since import Since
from dola_ls.lsp.review import MOST
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import chosen, path_of, server_with

KEYS = 100


def code(number: int) -> str:
    return f"def step_{number}(value):\n    first = value\n    return first + {number}\n"


def text(count: int) -> str:
    return "\n\n".join(map(code, range(count))) + "\n\n# end\n"


async def keep(editor: Editor, uri: str, number: int) -> list[str]:
    """Have a rewrite of one function kept; return what was said."""
    await editor.execute(await chosen(editor, uri, "dola.refactor", f"step_{number}("))
    await editor.idle()
    return editor.take_messages()


def server(tmp_path: Path, count: int) -> Any:
    answers = [fenced(code(n).replace("first = value", "first = int(value)")) for n in range(count)]
    return server_with(tmp_path, FakeModel(*answers), DOLA_APPLY="review")


async def test_each_key_is_taken_in_once_for_all_that_are_kept(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = {"taken in": 0, "compared": 0}
    add, smallest = Since.add, since.smallest_edits

    def counted_add(self: Since, change: Edit) -> None:
        work["taken in"] += 1
        add(self, change)

    def counted_smallest(old: str, new: str) -> Sequence[Edit]:
        work["compared"] += 1
        return smallest(old, new)

    monkeypatch.setattr(Since, "add", counted_add)
    monkeypatch.setattr(since, "smallest_edits", counted_smallest)
    async with Editor.connect(server(tmp_path, 10)) as editor:
        await editor.open(uri, text(10))
        for number in range(10):
            await keep(editor, uri, number)
        work.update(dict.fromkeys(work, 0))
        for _ in range(KEYS):
            await editor.type(uri, "# end", "# end.")
        # All were made for one text: a key counts once, and one line is compared.
        assert work == {"taken in": KEYS, "compared": KEYS}
        for at in ("# end", "step_3(", "step_3("):
            await editor.code_actions(uri, editor.cursor_at(uri, at))
        assert work == {"taken in": KEYS, "compared": KEYS}
        assert len(editor.diagnostics(uri)) == 10


async def test_the_oldest_goes_where_too_many_are_kept_and_the_user_is_told(
    tmp_path: Path, uri: str
) -> None:
    async with Editor.connect(server(tmp_path, MOST + 1)) as editor:
        await editor.open(uri, text(MOST + 1))
        for number in range(MOST):
            assert len(await keep(editor, uri, number)) == 1
        dropped, kept = await keep(editor, uri, MOST)
        assert dropped == (
            "Dola keeps 20 answers at a time, and another one came: the oldest (refactor step_0, "
            f"3 lines, in {path_of(uri).name}) was dropped. Nothing was changed. Apply or discard "
            "those that are kept, and run the action again if you still want it."
        )
        assert kept.startswith("Refactor step_20:")
        assert len(editor.diagnostics(uri)) == MOST
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "step_0("))
        assert not any("proposed edit" in action["title"] for action in actions)
