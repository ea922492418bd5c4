"""What the model thought: seen while it thinks, readable afterwards, and never a result."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from dola_ls.core.thoughts import MOST, Thoughts, thoughts_page
from tests.fakes.api import FakeApi, Reply, answer, calls, chunk, events_reply, sse, usage_of
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, chosen, path_of, server_with
from tests.lsp.test_show_prompt import server_at

THOUGHT = "First I look at canary_in_the_thought, then I add it all up. " * 5
SAID = "Adds up all `items`.\n"


def streamed(*deltas: dict[str, Any]) -> Reply:
    events = [*(chunk(delta) for delta in deltas), chunk({}, "stop")]
    return events_reply(sse([*events, "[DONE]"]))


def pieces(name: str, text: str = THOUGHT) -> list[dict[str, Any]]:
    return [{name: text[at : at + 9]} for at in range(0, len(text), 9)]


def details(kind: str) -> list[dict[str, Any]]:
    return [
        {"reasoning_details": [{"type": f"reasoning.{kind}", kind: THOUGHT[at : at + 9]}]}
        for at in range(0, len(THOUGHT), 9)
    ]


TOKEN = "think_never_used_51bce0c785ca2f68081bfa7d91973934"
FORMS: dict[str, list[dict[str, Any]]] = {
    "reasoning_content": pieces("reasoning_content"),
    "reasoning": pieces("reasoning"),
    "both": [{"reasoning": p["x"], "reasoning_content": p["x"]} for p in pieces("x")],
    "reasoning_details": details("text"),
    "summaries": details("summary"),
    "parts of the content": [{"content": [{"type": "thinking", "text": THOUGHT}]}],
    "think": pieces("content", f"<think>\n{THOUGHT}\n</think>\n\n"),
    "seed:think": pieces("content", f"<seed:think>{THOUGHT}</seed:think>"),
    "a token of Seed's": pieces("content", f"<{TOKEN}>{THOUGHT}</{TOKEN}>"),
    "the end of it only": pieces("content", f"{THOUGHT}\n</think>\n"),
}


async def page_shown(editor: Editor) -> str:
    """Run the command, and return the page that it shows."""
    await editor.run("dola.showReasoning")
    await editor.idle()
    if editor.server.client.show_document:
        [shown] = editor.take_shown()
        return path_of(shown["uri"]).read_text()
    [message] = editor.take_messages()
    return Path(message.rpartition(" is in ")[2]).read_text()


async def explain(editor: Editor, uri: str) -> str:
    await editor.execute(await chosen(editor, uri, "dola.explain"))
    await editor.idle()
    shown, told = editor.take_shown(), editor.take_messages()
    return path_of(shown[0]["uri"]).read_text() if shown else "\n".join(told)


@pytest.mark.parametrize("deltas", FORMS.values(), ids=FORMS)
async def test_each_form_of_it_is_kept_out_of_the_result_and_can_be_read(
    deltas: list[dict[str, Any]], tmp_path: Path, uri: str
) -> None:
    async with FakeApi() as api:
        api.enqueue(streamed(*deltas, {"content": SAID}))
        api.enqueue(streamed(*deltas, {"content": fenced(NEW)}))
        async with Editor.connect(server_at(api, tmp_path), "vscode-1.139") as editor:
            await editor.open(uri, TEXT)
            page = await explain(editor, uri)
            assert "Adds up all" in page
            assert "canary_in_the_thought" not in page
            page = await page_shown(editor)
            assert page.startswith("# What the model thought: `Explain total`\n")
            assert page.count("canary_in_the_thought") == 5
            assert "Adds up" not in page
            await editor.execute(await chosen(editor, uri, "dola.refactor"))
            await editor.idle()
            assert editor.text(uri) == AFTER
            assert "`Refactor total`" in await page_shown(editor)
            editor.take_edits()


async def test_it_is_shown_in_every_editor_and_in_no_log(
    profile: str, tmp_path: Path, uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with FakeApi() as api:
        api.enqueue(answer(SAID, reasoning=THOUGHT, usage=usage_of(reasoning=70), start=0.2))
        async with Editor.connect(server_at(api, tmp_path), profile) as editor:
            await editor.open(uri, TEXT)
            await explain(editor, uri)
            assert "canary_in_the_thought" in await page_shown(editor)
            assert any("70 of them thinking" in line for line in editor.logged())
            assert "canary" not in "\n".join(editor.logged())
    ours = [record.getMessage() for record in caplog.records if "dola" in record.name]
    assert "canary" not in "\n".join(ours)


@pytest.mark.parametrize("form", ["reasoning_content", "content"])
async def test_the_progress_tells_how_much_it_thinks(form: str, tmp_path: Path, uri: str) -> None:
    text = f"<think>{THOUGHT}" if form == "content" else THOUGHT
    events = sse([chunk(delta) for delta in pieces(form, text)])
    async with FakeApi() as api:
        # It stops in the middle of thinking until the user has seen it.
        api.enqueue(events_reply(events, end="hold"))
        async with Editor.connect(server_at(api, tmp_path), "vscode-1.139") as editor:
            await editor.open(uri, TEXT)
            await editor.execute(await chosen(editor, uri, "dola.explain"))
            want = f"thinking, {len(text) * 10 // 32 + 1} tokens"
            await editor.until(
                lambda: any(
                    value.get("message") == want
                    for values in editor.progress.values()
                    for value in values
                )
            )
            await editor.run("dola.cancel", {})
            await editor.idle()
            # What it thought until then is kept.
            assert "canary_in_the_thought" in await page_shown(editor)


async def test_without_any_there_is_a_sentence(tmp_path: Path, uri: str) -> None:
    async with Editor.connect(server_with(tmp_path, FakeModel(SAID)), "vscode-1.139") as editor:
        await editor.open(uri, TEXT)
        await editor.run("dola.showReasoning")
        [message] = editor.take_messages()
        assert "There is no reasoning to show" in message
        await explain(editor, uri)
        await editor.run("dola.showReasoning", {"whatever": 1}, None)
        [message] = editor.take_messages()
        assert message.startswith("Explain total: fake-model sent no reasoning along.")
        assert editor.take_shown() == []


async def test_it_goes_with_its_document_and_with_the_next_action(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        api.enqueue(answer(SAID, reasoning="First of all."), answer(SAID, reasoning="Second."))
        async with Editor.connect(server_at(api, tmp_path), "vscode-1.139") as editor:
            await editor.open(uri, TEXT)
            await explain(editor, uri)
            await explain(editor, uri)
            page = await page_shown(editor)
            assert "Second" in page
            assert "First" not in page
            other = uri.replace("a.py", "b.py")
            await editor.open(other, TEXT)
            await editor.close(other)
            assert "Second" in await page_shown(editor)
            await editor.close(uri)
            assert editor.server.reasoning.last is None
            await editor.run("dola.showReasoning")
            assert len(editor.take_messages()) == 1


async def test_nothing_in_it_is_live(tmp_path: Path, uri: str) -> None:
    bad = "Look: ![x](https://evil.example/a.png) <img src=x> [run](command:dola.refactor)"
    async with FakeApi() as api:
        api.enqueue(answer(SAID, reasoning=bad))
        async with Editor.connect(server_at(api, tmp_path), "vscode-1.139") as editor:
            await editor.open(uri, TEXT)
            await explain(editor, uri)
            page = await page_shown(editor)
            assert "Look:" in page
            for live in ("](https://evil", "<img", "](command:"):
                assert live not in page


async def test_that_of_each_request_stands_apart(tmp_path: Path, uri: str) -> None:
    async with FakeApi() as api:
        api.enqueue(calls(("list_tests", ""), reasoning="Are there tests?"))
        api.enqueue(answer(SAID, reasoning="Now I know."))
        async with Editor.connect(server_at(api, tmp_path), "vscode-1.139") as editor:
            await editor.open(uri, TEXT)
            await explain(editor, uri)
            page = await page_shown(editor)
    assert "## Request 1\n\nAre there tests?\n\n## Request 2\n\nNow I know.\n" in page


def test_it_is_bounded() -> None:
    thoughts = Thoughts()
    thoughts.begin()
    for _ in range(100):
        thoughts.add("x" * (MOST // 10))
    thoughts.begin()
    thoughts.add("more")
    first, second = thoughts.texts
    assert first == "x" * MOST + "\n\n(The rest was not kept.)"
    assert second == ""
    assert "Nothing was sent along." in thoughts_page("Explain", "m", thoughts.texts)
