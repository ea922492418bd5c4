"""An edit counts as applied only when the buffer shows it, whole and in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dola_ls.core.document import Edit
from dola_ls.core.landed import landed, misplaced
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.test_actions import AFTER, NEW, TEXT, chosen, server_with

URI = "file:///workspace/a.py"
OLD = "one\ntwo\nthree\n"
EDITS = [Edit(4, 7, "TWO"), Edit(8, 13, "THREE")]


def test_edits_may_come_back_in_any_order() -> None:
    assert landed(OLD, EDITS, [EDITS[1], EDITS[0]])
    assert landed(OLD, EDITS, EDITS)
    assert landed(OLD, EDITS, [Edit(4, 13, "TWO\nTHREE")])


def test_the_user_may_type_before_and_after() -> None:
    before = Edit(0, 0, "# hi\n")
    shifted = [Edit(13, 18, "THREE"), Edit(9, 12, "TWO")]
    assert landed(OLD, EDITS, [before, *shifted])
    assert landed(OLD, EDITS, [*EDITS, Edit(0, 1, "O")])


def test_what_the_user_typed_alone_is_no_edit() -> None:
    assert not landed(OLD, EDITS, [])
    assert not landed(OLD, EDITS, [Edit(0, 0, "# hi\n")])
    assert not misplaced(EDITS, [Edit(0, 0, "# hi\n")])


def test_half_of_it_or_the_wrong_place_is_no_edit() -> None:
    assert not landed(OLD, EDITS, [EDITS[0]])
    stale = [Edit(0, 0, "# hi\n"), EDITS[1], EDITS[0]]
    assert not landed(OLD, EDITS, stale)
    assert misplaced(EDITS, stale)


async def test_an_edit_that_neovim_drops_in_silence_is_sent_again(tmp_path: Path) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(fenced(NEW)))) as editor:
        await editor.open(URI, TEXT)
        await editor.type(URI, "import os", "import sys")  # past version 0
        tries = []

        def drop_once(params: Any) -> Any:
            tries.append(params)
            buffer = editor.buffer(URI)
            if len(tries) == 1:
                # The user types just before the edit arrives: Neovim drops it and says it did not.
                change = buffer.replace(0, 0, "# late\n")
                editor._tell_changed(buffer, [change])
                return {"applied": True}
            editor._apply(params)
            return {"applied": True}

        editor.answers["workspace/applyEdit"] = drop_once
        await editor.execute(await chosen(editor, URI, "dola.refactor"))
        await editor.idle(30)
        assert len(tries) == 2
        assert editor.text(URI) == "# late\n" + AFTER.replace("import os", "import sys")
        editor.take_edits()
