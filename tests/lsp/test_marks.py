"""Marks of failed tests and hints on proposals stand in one file."""

from __future__ import annotations

from pathlib import Path

from dola_ls.core.testing.results import Failure
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import NEW, TEXT, chosen, server_with


async def test_a_hint_leaves_the_marks_of_failed_tests_where_they_are(
    tmp_path: Path, uri: str
) -> None:
    server = server_with(tmp_path, FakeModel(fenced(NEW)), DOLA_APPLY="review")
    async with Editor.connect(server) as editor:
        await editor.open(uri, TEXT)
        document = server.documents.get(uri)
        assert document is not None
        line = TEXT[: TEXT.index("return value")].count("\n")
        server.failures.show(document, [Failure(None, line, "It is 3.")])
        await editor.until(lambda: editor.diagnostics(uri))
        await editor.type(uri, "import os\n", "import os\nimport re\n")
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        assert len(editor.take_messages()) == 1
        marks = {one["severity"]: one["range"]["start"]["line"] for one in editor.diagnostics(uri)}
        assert marks[1] == line + 1
        assert len(marks) == 2
