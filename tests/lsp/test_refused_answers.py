"""What the gate refuses is kept: shown, applied if the user insists, asked again, or discarded."""

from pathlib import Path

from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import NEW, TEXT, chosen, path_of, server_with

GONE = fenced("def summe(items):\n    return sum(items)\n")
HIDDEN = fenced("def total(items):\n    return sum(items)  # \u202e\n")


async def refused(editor: Editor, uri: str) -> dict[str, dict]:
    """Have an answer refused, and return what can be done with it, by title."""
    await editor.open(uri, TEXT)
    await editor.execute(await chosen(editor, uri, "dola.refactor"))
    await editor.idle()
    assert editor.take_edits() == []
    assert editor.text(uri) == TEXT
    [message] = editor.take_messages()
    assert "was not used" in message
    assert "code actions on those lines" in message
    actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
    return {action["title"].partition(" (")[0]: action for action in actions}


async def shown_page(editor: Editor, server) -> str:
    if server.client.show_document:
        [shown] = editor.take_shown()
        return path_of(shown["uri"]).read_text()
    [message] = editor.take_messages()
    return Path(message.rpartition(" ")[2]).read_text()


async def test_a_refused_answer_is_shown_and_applied_if_the_user_insists(profile, tmp_path, uri):
    server = server_with(tmp_path, FakeModel(GONE))
    async with Editor.connect(server, profile) as editor:
        actions = await refused(editor, uri)
        await editor.execute(actions["Dola: Show refused answer"])
        await editor.idle()
        assert "+def summe(items):" in await shown_page(editor, server)
        assert editor.text(uri) == TEXT
        await editor.type(uri, "import os", "import sys")
        await editor.execute(actions["Dola: Apply refused answer all the same"])
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert "import sys\n\n\ndef summe(items):\n    return sum(items)\n" in editor.text(uri)
        after = await editor.code_actions(uri, editor.cursor_at(uri, "return sum"))
        assert not any("refused" in action["title"] for action in after)


async def test_nobody_can_insist_on_invisible_characters(profile, tmp_path, uri):
    server = server_with(tmp_path, FakeModel(HIDDEN))
    async with Editor.connect(server, profile) as editor:
        actions = await refused(editor, uri)
        assert "Dola: Apply refused answer all the same" not in actions
        show = actions["Dola: Show refused answer"]
        await editor.execute(show)
        await editor.idle()
        page = await shown_page(editor, server)
        assert "# <U+202E>" in page
        assert "\u202e" not in page
        [arguments] = show["command"]["arguments"]
        await editor.run("dola.review", {**arguments, "do": "apply"})
        await editor.idle()
        [message] = editor.take_messages()
        assert "never let pass" in message
        assert editor.text(uri) == TEXT


async def test_a_refused_answer_is_asked_for_again_or_discarded(profile, tmp_path, uri):
    model = FakeModel(GONE, GONE, GONE, GONE, fenced(NEW))
    server = server_with(tmp_path, model)
    async with Editor.connect(server, profile) as editor:
        actions = await refused(editor, uri)
        await editor.execute(actions["Dola: Retry"])
        await editor.idle()
        assert len(editor.take_messages()) == 1
        # The second answer to the first run, and both to the second, are to be other ones.
        assert [prompt.again for prompt in model.prompts] == [False, True, True, True]
        actions = {
            action["title"].partition(" (")[0]: action
            for action in await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
        }
        await editor.execute(actions["Dola: Discard refused answer"])
        after = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
        assert not any("refused" in action["title"] for action in after)
        assert editor.text(uri) == TEXT
