"""What an action took is told once: when its progress ends, and in the editor's log."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dola_ls.core.outcome import Edited, Receipt, Refused, Unchanged
from dola_ls.lsp.receipts import closing_words, event, in_words
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import NEW, TEXT, chosen, server_with

WHOLE = Receipt("seed", 1.26, 512, 120, 40, 80, 3, 0.00042)


def test_a_receipt_names_what_is_known_and_nothing_else() -> None:
    assert in_words(WHOLE) == (
        "seed, 1.3 s, 512 tokens in, 120 out, 40 of them thinking, "
        "predicted tokens: 80 accepted, 3 rejected, $0.000420"
    )
    assert in_words(Receipt("seed", 0.04)) == "seed, 0.0 s"
    assert in_words(replace(WHOLE, cached_tokens=480)).startswith(
        "seed, 1.3 s, 512 tokens in (480 cached), 120 out, "
    )
    for tools, words in [
        (("list_tests",), "1 tool call (list_tests)"),
        (("read_symbol",) * 2, "2 tool calls (read_symbol read_symbol)"),
    ]:
        receipt = replace(WHOLE, tools=tools)
        assert in_words(receipt).endswith(f", {words}, $0.000420")
        assert event("explain", Unchanged(receipt))["tools"] == list(tools)


def test_the_end_says_what_came_of_it() -> None:
    assert closing_words(Edited((), Receipt("seed", 2.0))) == "0 edits (seed, 2.0 s)"
    assert closing_words(Refused("No key.", "no_model")) == "nothing was changed"


@pytest.mark.parametrize("answer", [fenced(NEW), "No."])
async def test_each_action_that_asked_has_one_receipt(
    profile: str, tmp_path: Path, uri: str, answer: str
) -> None:
    server = server_with(tmp_path, FakeModel(answer))
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        editor.take_edits()
        editor.take_messages()
        [logged] = [line for line in editor.logged() if "fake-model" in line]
        assert re.match(r"Refactor total: fake-model, \d+\.\d s, 100 tokens in, ", logged)
        # An action may be over before the editor has agreed to a progress.
        for values in filter(None, editor.progress.values()):
            assert "fake-model" in values[-1]["message"]
