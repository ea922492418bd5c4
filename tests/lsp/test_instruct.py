"""What a comment `dola: …` asks for is done and the comment goes; `dola? …` is answered."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import NEW, TEXT, path_of, server_with

ORDERS = {
    "inside": TEXT.replace("    result = 0\n", "    # dola: use sum()\n    result = 0\n"),
    "above": TEXT.replace("def total", "# dola: use sum()\ndef total"),
    "behind": TEXT.replace("    result = 0\n", "    result = 0  # Dola: use sum()\n"),
}
AFTER = TEXT[: TEXT.index("def total")] + NEW + TEXT[TEXT.index("\n\ndef tax") :]


async def offered(editor: Editor, uri: str, at: str = "ola") -> dict[str, Any]:
    actions = await editor.code_actions(uri, editor.cursor_at(uri, at))
    return next(a for a in actions if a["command"]["command"] == "dola.instruct")


@pytest.mark.parametrize("where", ORDERS)
async def test_an_order_is_done_and_its_comment_goes(
    where: str, profile: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, ORDERS[where])
        action = await offered(editor, uri, "ola: use")
        assert action["title"] == "Dola: Do: use sum()"
        assert action["kind"] == "refactor.rewrite.dola"
        await editor.execute(action)
        await editor.idle()
        assert editor.text(uri) == AFTER
        assert len(editor.take_edits()) == 1
    [prompt] = model.prompts
    assert "Task: use sum()\n" in prompt.user
    assert "ola:" not in prompt.user


async def test_what_the_user_types_meanwhile_is_kept(
    profile: str, tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(NEW))
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, ORDERS["above"])
        await editor.execute(await offered(editor, uri))
        await model.half_way.wait()
        await editor.type(uri, "import os", "import os\nimport sys")
        model.go.set()
        await editor.idle()
        assert editor.text(uri) == AFTER.replace("import os", "import os\nimport sys")
        editor.take_edits()


async def test_a_question_is_answered_and_its_comment_stays(
    profile: str, tmp_path: Path, uri: str
) -> None:
    text = TEXT.replace("def total", "# dola? Is an empty list fine?\ndef total")
    model = FakeModel("Yes, the sum is 0.")
    server = server_with(tmp_path, model)
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, text)
        action = await offered(editor, uri)
        assert action["title"] == "Dola: Answer: Is an empty list fine?"
        assert action["kind"] == "dola.explain"
        await editor.execute(action)
        await editor.idle()
        if server.client.show_document:
            [shown] = editor.take_shown()
            page = path_of(shown["uri"])
        else:
            [message] = editor.take_messages()
            page = Path(message.rpartition(" ")[2])
        assert "Yes, the sum is 0." in page.read_text()
        assert editor.text(uri) == text
    assert "Is an empty list fine?" in model.prompts[0].user


async def test_where_there_is_no_comment_nothing_is_offered_or_sent(
    tmp_path: Path, uri: str
) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT.replace("result = 0", 'result = "dola: no"'))
        cursor = editor.cursor_at(uri, "result =")
        actions = await editor.code_actions(uri, cursor)
        assert not any(a["command"]["command"] == "dola.instruct" for a in actions)
        await editor.run("dola.instruct", {"uri": uri, "range": cursor})
        [message] = editor.take_messages()
        assert "no comment at the cursor that begins with `dola:`" in message
        assert model.prompts == []


async def test_an_instruction_can_come_with_the_command(tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(uri, TEXT)
        cursor = editor.cursor_at(uri, "result = 0")
        await editor.run(
            "dola.instruct", {"uri": uri, "range": cursor, "instruction": "Use sum()."}
        )
        await editor.idle()
        assert editor.text(uri) == AFTER
        editor.take_edits()
    assert "Task: Use sum().\n" in model.prompts[0].user


async def test_a_refused_answer_can_be_asked_for_again(tmp_path: Path, uri: str) -> None:
    broken = fenced("def total(items:\n")
    model = FakeModel(broken, broken, fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(uri, ORDERS["inside"])
        await editor.execute(await offered(editor, uri))
        await editor.idle()
        assert len(editor.take_messages()) == 1
        assert editor.text(uri) == ORDERS["inside"]
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
        await editor.execute(next(a for a in actions if "Retry" in a["title"]))
        await editor.idle()
        assert editor.text(uri) == AFTER
        editor.take_edits()
