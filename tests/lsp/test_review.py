"""Proposals in any client: a hint on their lines, hunk by hunk, and the texts for own views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import TEXT, chosen, server_with

LONG = """\
def bill(items, rate):
    total = 0
    for item in items:
        total = total + item
    # The tax
    # comes
    # on
    # top.
    tax = total * rate
    return total + tax
"""
NEW = LONG.replace("total = total + item", "total += item").replace("* rate", "* rate / 100")
WHERE = "total = 0"


async def proposed(editor: Editor, uri: str, messages: int = 1) -> dict[str, dict[str, Any]]:
    """Have a rewrite kept, and return what can be done with it at its first hunk, by title."""
    await editor.open(uri, LONG)
    await editor.execute(await chosen(editor, uri, "dola.refactor", WHERE))
    await editor.idle()
    assert len(editor.take_messages()) == messages
    assert editor.text(uri) == LONG
    return await offered(editor, uri, "total + item")


async def offered(editor: Editor, uri: str, at: str) -> dict[str, dict[str, Any]]:
    actions = await editor.code_actions(uri, editor.cursor_at(uri, at))
    return {action["title"].partition(" (")[0]: action for action in actions}


def server(tmp_path: Path, *answers: str) -> Any:
    return server_with(tmp_path, FakeModel(*answers), DOLA_APPLY="review")


async def test_a_hint_stands_on_the_lines_and_moves_with_them(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW)), profile) as editor:
        await proposed(editor, uri)
        [hint] = editor.diagnostics(uri)
        assert hint["message"] == "Dola: proposed edit (refactor bill, 10 lines)"
        assert (hint["severity"], hint["source"]) == (4, "dola-ls")
        assert (hint["range"]["start"]["line"], hint["range"]["end"]["line"]) == (3, 8)
        await editor.type(uri, "def bill", "import os\n\n\ndef bill")
        [hint] = editor.diagnostics(uri)
        assert hint["range"]["start"]["line"] == 6
        # What the user has changed is not the proposal's any more.
        await editor.type(uri, "total = total + item", "total = item + total")
        assert editor.diagnostics(uri) == []


async def test_a_hint_is_followed_through_any_number_of_changes(tmp_path: Path, uri: str) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW))) as editor:
        await proposed(editor, uri)
        for number in range(1, 101):
            await editor.type(uri, "def bill", f"# {number}\n\n\ndef bill")
            [hint] = editor.diagnostics(uri)
            assert hint["range"]["start"]["line"] == 3 + 3 * number
        actions = await offered(editor, uri, "total + item")
        await editor.execute(actions["Dola: Apply proposed edit"])
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert editor.text(uri).endswith(NEW)


async def test_a_hint_comes_back_when_its_lines_are_as_before(tmp_path: Path, uri: str) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW))) as editor:
        await proposed(editor, uri)
        await editor.type(uri, "total = total + item", "total = item + total")
        assert editor.diagnostics(uri) == []
        await editor.type(uri, "total = item + total", "total = total + item")
        [hint] = editor.diagnostics(uri)
        assert hint["range"]["start"]["line"] == 3


async def test_hunks_are_applied_one_by_one(profile: str, tmp_path: Path, uri: str) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW)), profile) as editor:
        actions = await proposed(editor, uri)
        assert "Dola: Apply hunk 2 of 2" not in actions
        await editor.execute(actions["Dola: Apply hunk 1 of 2"])
        await editor.idle()
        assert len(editor.take_edits()) == 1
        half = LONG.replace("total = total + item", "total += item")
        assert editor.text(uri) == half
        [hint] = editor.diagnostics(uri)
        assert hint["range"]["start"]["line"] == 8
        actions = await offered(editor, uri, "tax = total")
        # One that is left is no longer one of some.
        assert not any("hunk" in title for title in actions)
        await editor.execute(actions["Dola: Apply proposed edit"])
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert editor.text(uri) == NEW
        assert editor.diagnostics(uri) == []


async def test_a_hunk_that_makes_no_sense_alone_is_not_applied(tmp_path: Path, uri: str) -> None:
    old = "def prices():\n    return dict(\n" + "".join(f"        {c}=1,\n" for c in "abcde")
    new = old.replace("dict(", "sorted(dict(") + "    ))\n"
    old += "    )\n"
    async with Editor.connect(server(tmp_path, fenced(new))) as editor:
        await editor.open(uri, old)
        await editor.execute(await chosen(editor, uri, "dola.refactor", "dict"))
        await editor.idle()
        assert len(editor.take_messages()) == 1
        actions = await offered(editor, uri, "dict")
        await editor.execute(actions["Dola: Apply hunk 1 of 2"])
        await editor.idle()
        [message] = editor.take_messages()
        assert "would not parse as Python, without the other parts of the proposal" in message
        assert editor.text(uri) == old
        assert "Dola: Apply hunk 1 of 2" in await offered(editor, uri, "dict")


async def test_the_hint_goes_with_the_proposal_and_with_the_document(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW), fenced(NEW)), profile) as editor:
        actions = await proposed(editor, uri)
        await editor.execute(actions["Dola: Discard proposed edit"])
        assert editor.diagnostics(uri) == []
        await editor.execute(await chosen(editor, uri, "dola.refactor", WHERE))
        await editor.idle()
        editor.take_messages()
        assert len(editor.diagnostics(uri)) == 1
        await editor.close(uri)
        await editor.idle()
        assert editor.diagnostics(uri) == []


def own(params: dict[str, Any]) -> None:
    params["capabilities"]["experimental"] = {"dolaReview": True}


async def test_a_client_with_a_view_of_its_own_is_told_and_can_ask(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW)), profile, change=own) as editor:
        # It is told of the proposal, so a message would say it twice.
        await proposed(editor, uri, messages=0)
        [told] = editor.take_notifications("dola/proposed")
        assert told["label"] == "refactor bill, 10 lines"
        assert (told["uri"], told["hunks"], told["refused"]) == (uri, 2, False)
        await editor.type(uri, "def bill", "import os\n\n\ndef bill")
        shown = await editor.run("dola.review", {"proposal": told["id"], "do": "text"})
        assert shown["before"] == editor.text(uri)
        assert shown["after"] == "import os\n\n\n" + NEW
        assert [hunk["start"]["line"] for hunk in shown["hunks"]] == [6, 11]
        assert shown["hunks"][1]["text"] == " / 100"
        assert shown["stale"] == ""
        await editor.run("dola.review", {"proposal": told["id"], "do": "apply", "hunk": 1})
        await editor.idle()
        editor.take_edits()
        [again] = editor.take_notifications("dola/proposed")
        assert (again["id"], again["hunks"]) == (told["id"], 1)
        await editor.type(uri, "total = total + item", "total = item + total")
        shown = await editor.run("dola.review", {"proposal": told["id"], "do": "text"})
        assert "has changed" in shown["stale"]
        assert (shown["before"], shown["hunks"]) == (LONG, [])
        await editor.run("dola.review", {"proposal": told["id"], "do": "discard"})
        assert editor.take_notifications("dola/settled") == [{"id": told["id"]}]


async def test_a_hunk_that_is_not_there(tmp_path: Path, uri: str) -> None:
    async with Editor.connect(server(tmp_path, fenced(NEW)), change=own) as editor:
        await proposed(editor, uri, messages=0)
        [told] = editor.take_notifications("dola/proposed")
        for hunk in (2, -1, "1", True, 1.0):
            await editor.run("dola.review", {"proposal": told["id"], "do": "apply", "hunk": hunk})
            [message] = editor.take_messages()
            assert "Nothing was changed" in message
        await editor.run("dola.review", {"proposal": told["id"], "do": "discard", "hunk": 0})
        [again] = editor.take_notifications("dola/proposed")
        assert again["hunks"] == 1
        assert editor.text(uri) == LONG


async def test_a_refused_answer_has_its_hint(tmp_path: Path, uri: str) -> None:
    gone = fenced("def summe(items):\n    return sum(items)\n")
    async with Editor.connect(server_with(tmp_path, FakeModel(gone, gone))) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        editor.take_messages()
        [hint] = editor.diagnostics(uri)
        assert hint["message"].startswith("Dola: refused answer (refactor total")


async def test_a_proposal_stays_where_it_cannot_be_asked_again(tmp_path: Path, uri: str) -> None:
    made = server(tmp_path, fenced(NEW), fenced(NEW))
    async with Editor.connect(made) as editor:
        actions = await proposed(editor, uri)
        made.configuration.client_settings = {"dola": {"workspaceTrusted": False}}
        await editor.execute(actions["Dola: Retry"])
        await editor.idle()
        [message] = editor.take_messages()
        assert "not trusted" in message
        assert len(editor.diagnostics(uri)) == 1
        made.configuration.client_settings = None
        await editor.execute((await offered(editor, uri, "total + item"))["Dola: Retry"])
        await editor.idle()
        assert len(editor.take_messages()) == 1
        assert len(editor.diagnostics(uri)) == 1  # that of the new one


#: Two lines of one hunk, with room between them for others, and a hunk of its own.
SPREAD = "def f(x):\n" + "".join(f"    a{n} = {n}\n" for n in range(1, 16)) + "    return x\n"
SPREAD_NEW = SPREAD.replace("= 2\n", "= 22\n").replace("= 5\n", "= 55\n").replace("= 14", "= 144")
APART = "    a3 = 3\n", "    a3 = 3\n    # Three\n    # more\n    # lines.\n"
CLOSER = "".join(f"    a{n} = {n}\n" for n in range(7, 13)), ""


@pytest.mark.parametrize(("old", "new"), [APART, CLOSER])
async def test_a_hunk_keeps_its_number_while_lines_are_typed_beside_it(
    old: str, new: str, tmp_path: Path, uri: str
) -> None:
    async with Editor.connect(server(tmp_path, fenced(SPREAD_NEW)), change=own) as editor:
        await editor.open(uri, SPREAD)
        await editor.execute(await chosen(editor, uri, "dola.refactor", "a9"))
        await editor.idle()
        [told] = editor.take_notifications("dola/proposed")
        await editor.type(uri, old, new)
        shown = await editor.run("dola.review", {"proposal": told["id"], "do": "text"})
        first, second = shown["hunks"]
        assert (first["start"]["line"], second["text"]) == (2, "144")
        assert "a3 = 3" in first["text"]
        assert "Dola: Apply hunk 1 of 2" in await offered(editor, uri, "a2 = 2")
        assert "Dola: Apply hunk 1 of 2" in await offered(editor, uri, "a5 = 5")
        assert "Dola: Apply hunk 2 of 2" in await offered(editor, uri, "a14")
        await editor.run("dola.review", {"proposal": told["id"], "do": "apply", "hunk": 1})
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert editor.text(uri) == SPREAD.replace(old, new).replace("a14 = 14", "a14 = 144")
        assert len(editor.take_notifications("dola/proposed")) == 1


async def test_namesakes_have_their_proposals_side_by_side(tmp_path: Path, uri: str) -> None:
    code = (
        "class A:\n    def area(self):\n        x = 1\n        return x\n\n\n"
        "class B:\n    def area(self):\n        y = 2\n        return y\n"
    )
    answers = [fenced(f"    def area(self):\n        return {n}\n") for n in (1, 2, 3)]
    made = server(tmp_path, *answers)
    async with Editor.connect(made) as editor:
        await editor.open(uri, code)
        for at, count in (("x = 1", 1), ("y = 2", 2), ("x = 1", 2)):
            await editor.type(uri, "class A", "\nclass A")
            await editor.execute(await chosen(editor, uri, "dola.refactor", at))
            await editor.idle()
            assert len(editor.take_messages()) == 1
            # Another one for the same method takes the place of the first.
            assert len(editor.diagnostics(uri)) == count
        assert "return 3" in made.proposals.of(uri)[1].diff()


async def test_overloads_have_their_proposals_side_by_side(tmp_path: Path, uri: str) -> None:
    code = (
        "class A:\n    @property\n    def area(self):\n        x = 1\n        return x\n\n"
        "    @area.setter\n    def area(self, value):\n        y = value\n        self.x = y\n"
    )
    one = "    @property\n    def area(self):\n        return 1\n"
    other = "    @area.setter\n    def area(self, value):\n        self.x = value\n"
    async with Editor.connect(server(tmp_path, fenced(one), fenced(other))) as editor:
        await editor.open(uri, code)
        for at in ("x = 1", "y = value"):
            await editor.execute(await chosen(editor, uri, "dola.refactor", at))
            await editor.idle()
            assert len(editor.take_messages()) == 1
        assert len(editor.diagnostics(uri)) == 2


async def test_two_problems_of_one_function_have_their_proposals_side_by_side(
    tmp_path: Path, uri: str
) -> None:
    code = "def total(items):\n    a = one\n    b = two\n    return a + b\n"
    answers = [fenced(code.replace("one", "items[0]")), fenced(code.replace("two", "items[1]"))]
    async with Editor.connect(server(tmp_path, *answers)) as editor:
        await editor.open(uri, code)
        for name in ("one", "two"):
            at = editor.range_of(uri, name)
            problem = {"range": at, "message": f"Undefined name `{name}`", "source": "ruff"}
            await editor.run("dola.fix", {"uri": uri, "range": at, "diagnostics": [problem]})
            await editor.idle()
            assert len(editor.take_messages()) == 1
        assert len(editor.diagnostics(uri)) == 2


async def test_two_orders_of_one_function_have_their_proposals_side_by_side(
    tmp_path: Path, uri: str
) -> None:
    code = "def f(x):\n    # dola: say more\n    a = 1\n    # dola: say less\n    return x + a\n"
    left = code.replace("    # dola: say more\n", ""), code.replace("    # dola: say less\n", "")
    answers = [fenced(one.replace("a = 1", "a = 2")) for one in left]
    async with Editor.connect(server(tmp_path, *answers)) as editor:
        await editor.open(uri, code)
        for words in ("say more", "say less"):
            await editor.run("dola.instruct", {"uri": uri, "range": editor.cursor_at(uri, words)})
            await editor.idle()
            assert len(editor.take_messages()) == 1
        assert len(editor.diagnostics(uri)) == 2


async def test_retry_of_document_works_on_the_comment_above_too(tmp_path: Path, uri: str) -> None:
    uri = uri.replace("a.py", "a.js")
    code = "/** Old words. */\nexport function total(items) {\n  return items.length;\n}\n"
    new = code.replace("Old words", "Returns how many items there are")
    newer = code.replace("Old words", "Counts the items")
    answers = fenced(new, "javascript"), fenced(newer, "javascript")
    async with Editor.connect(server(tmp_path, *answers)) as editor:
        await editor.open(uri, code, "javascript")
        await editor.execute(await chosen(editor, uri, "dola.document", "total"))
        await editor.idle()
        await editor.execute((await offered(editor, uri, "Old"))["Dola: Retry"])
        await editor.idle()
        await editor.execute((await offered(editor, uri, "Old"))["Dola: Apply proposed edit"])
        await editor.idle()
        editor.take_messages()
        editor.take_edits()
        assert editor.text(uri) == newer
