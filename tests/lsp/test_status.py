"""`dola.status`: what it says, what it is made of, and what is kept for the next session."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dola_ls import __version__
from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.model.prediction import ENOUGH, PredictionBook
from dola_ls.model.stream import Usage
from tests.fakes.api import FakeApi, Request, answer, usage_of
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.fakes.predicted import Mode, PredictedOutputs
from tests.lsp.test_actions import server_with

URI = "file:///workspace/a.py"
LINES = "".join(f"    total += item.price_{n} * item.amount_{n}\n" for n in range(8))
TEXT = f"def total(item):\n    total = 0\n{LINES}    return total\n"
POEM = "Roses are red, violets are blue; sugar is sweet, and so is this! " * 4
PROFILES = ("neovim-0.11", "vscode-1.139")


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    """Two editors are enough: all of them show a message the same way."""
    name: str = request.param
    return name


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with FakeApi() as server:
        yield server


def server_of(api: FakeApi, folder: Path, model: str = "fake") -> DolaServer:
    (folder / "config.toml").touch(mode=0o600)
    env = {
        "DOLA_CONFIG": str(folder / "config.toml"),
        "DOLA_PROVIDER": "custom",
        "DOLA_BASE_URL": api.base_url,
        "DOLA_MODEL": model,
        "DOLA_API_KEY": "k",
    }
    return create_server(env=env, state=folder / "state")


def rename(request: Request) -> str:
    """Answer as a model does that is asked for a small change."""
    region = request.prompt.split("```python\n")[-1].split("\n```")[0]
    return fenced(region.replace("total = 0", "total = 0.0"))


async def act(editor: Editor, command: str = "dola.refactor") -> None:
    actions = await editor.code_actions(URI, editor.cursor_at(URI, "total ="))
    await editor.execute(next(a for a in actions if a["command"]["command"] == command))
    await editor.idle()
    editor.take_edits()
    editor.take_shown()


async def status(editor: Editor) -> str:
    assert await editor.run("dola.status") is None
    [message] = editor.take_messages()
    return str(message)


async def again(editor: Editor) -> None:
    """Put the text back, so that the same action has the same to do."""
    await editor.type(URI, editor.text(URI), TEXT)


async def test_before_the_first_action(profile: str, api: FakeApi, tmp_path: Path) -> None:
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.idle()
        assert await status(editor) == (
            f"dola-ls {__version__}: nothing is under way. Provider: custom, model: fake; settled "
            "when an action needs it. No answer yet in this session. Charged: $0.0000 of $5.00 in "
            "this session, $0.0000 of $10.00 today. `dola-ls check` in a terminal says more."
        )
    assert api.requests == []
    assert not (tmp_path / "state").exists()


async def test_what_is_under_way(profile: str, tmp_path: Path) -> None:
    model = FakeModel(fenced(TEXT.replace("total = 0", "total = 0.0")))
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(URI, TEXT)
        actions = await editor.code_actions(URI, editor.cursor_at(URI, "total ="))
        await editor.execute(actions[0])
        await model.half_way.wait()
        said = await status(editor)
        assert re.search(r": Refactor total \(\d+ s\)\. Model: fake-model\. No answer yet", said)
        await editor.run("dola.cancel")
        await editor.idle()
        # What was broken off was sent and will be billed, and nobody said how much.
        said = await status(editor)
        assert "This session: 1 answer (refactor 1), tokens of 1 not told." in said


async def test_the_figures_are_those_of_the_answers(
    profile: str, api: FakeApi, tmp_path: Path
) -> None:
    server = PredictedOutputs(rename, usd_per_token=0.001)
    api.answer_with(server.answer)
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        await act(editor)
        await again(editor)
        await act(editor)
        accepted = sum(d.accepted for d in server.decodings)
        rejected = sum(d.rejected for d in server.decodings)
        billed = sum(d.billed for d in server.decodings)
        assert accepted > 100
        total = editor.server.ledger.session
        said = await status(editor)
        assert f"Model: fake at 127.0.0.1:{api.port}." in said
        assert (
            f"This session: 2 answers (refactor 2), {total.prompt_tokens} tokens in, {billed} out, "
            f"predicted tokens: {accepted} accepted, {rejected} rejected, "
            f"${(total.prompt_tokens + billed) * 0.001:.6f}."
        ) in said
        assert (
            f"Predictions with fake at 127.0.0.1:{api.port}: used, {accepted} tokens "
            f"accepted, {rejected} rejected."
        ) in said
        assert len(said) < 1000


async def test_answers_that_were_not_used_count(profile: str, api: FakeApi, tmp_path: Path) -> None:
    usage = usage_of(100, 40, reasoning=30)
    api.enqueue(
        answer("No code.", usage=usage, usd=0.25),  # refused by the reader
        answer(fenced(TEXT), usage=usage, finish="length"),  # an error of the model
        answer("", usage=usage, finish=None, done=False, framing="close"),  # broken off
    )
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        for _ in range(3):
            await act(editor)
            assert len(editor.take_messages()) == 1
        said = await status(editor)
        assert (
            "This session: 3 answers (refactor 3), 300 tokens in, 120 out (90 thinking), $0.250000 "
            "for 1 of 3 answers."
        ) in said
        assert editor.text(URI) == TEXT


async def test_why_predictions_were_switched_off(
    profile: str, api: FakeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = PredictedOutputs(lambda _: POEM)
    api.answer_with(server.answer)
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        for _ in range(ENOUGH + 1):
            await act(editor)
        # Of the switching-off there is no message: only the four answers without code have one.
        messages = editor.take_messages()
        assert len(messages) == ENOUGH + 1
        assert not any("prediction" in message for message in messages)
        wasted = server.decodings[:ENOUGH]
        rejected, accepted = sum(d.rejected for d in wasted), sum(d.accepted for d in wasted)
        reason = f"{rejected} tokens rejected, {accepted} accepted"
        assert f": off for refactor: {reason}." in await status(editor)
        ends = [values[-1].get("message", "") for values in editor.progress.values()]
        sentence = f"predictions are off for refactor with fake: {reason}"
        if ends:
            assert [end.partition("; ")[2] for end in ends] == ["", "", sentence, ""]
    assert ["prediction" in r.json for r in api.requests] == [True] * ENOUGH + [False]
    assert [r.getMessage() for r in caplog.records if "predictions are off" in r.getMessage()] == [
        f"dola-refactor-{ENOUGH}: {sentence}"
    ]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("refuses", "off: the server refuses the field"), ("ignores", "off: ignored by the server")],
)
async def test_the_next_session_knows(
    mode: Mode, reason: str, profile: str, api: FakeApi, tmp_path: Path
) -> None:
    api.answer_with(PredictedOutputs(rename, mode).answer)
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        for _ in range(ENOUGH):
            await act(editor)
            await again(editor)
        # Kept after each action, not only at the end: editors are killed.
        assert (tmp_path / "state" / "predictions.json").exists()
    count = len(api.requests)
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.idle()
        assert f"Predictions with fake at 127.0.0.1:{api.port}: {reason}." in (await status(editor))
        await editor.open(URI, TEXT)
        await act(editor)
        assert f": {reason}." in await status(editor)
    assert ["prediction" in request.json for request in api.requests[count:]] == [False]


async def test_a_state_folder_that_cannot_be_used_is_told_to_the_log_once(
    profile: str, api: FakeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    api.answer_with(PredictedOutputs(rename).answer)
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        for _ in range(2):
            await act(editor)
            await again(editor)
    warnings = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "predictions.json cannot be written" in warnings[0]


async def test_many_models_do_not_make_it_long(profile: str, api: FakeApi, tmp_path: Path) -> None:
    book = PredictionBook()
    for number in range(9):
        book.record("https://api.example:443", f"m{number}", Usage(), "refactor")
    book.save(tmp_path / "state" / "predictions.json")
    api.answer_with(PredictedOutputs(rename).answer)
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        await act(editor)
        said = await status(editor)
        # The one in use comes first.
        assert said.index("Predictions with fake at") < said.index(
            "Predictions with m0 at api.example: sent, not known yet whether used (1 of 3"
        )
        assert "7 more models are known." in said
        assert len(said) < 1000


def drafted(text: str) -> Any:
    """Return an answer with the counters of llama.cpp, whose engine drafts by itself."""
    from tests.fakes.api import chunk, events_reply, sse

    end = {**chunk({}, "stop"), "timings": {"draft_n": 90, "draft_n_accepted": 70}}
    usage = {**chunk(None, usage=usage_of(100, 90)), "choices": []}
    return events_reply(sse([chunk({"content": text}), end, usage, "[DONE]"]))


async def test_drafts_of_an_engine_count_as_predicted(
    profile: str, api: FakeApi, tmp_path: Path
) -> None:
    api.answer_with(lambda request: drafted(rename(request)))
    async with Editor.connect(server_of(api, tmp_path), profile) as editor:
        await editor.open(URI, TEXT)
        await act(editor)
        assert "predicted tokens: 70 accepted, 20 rejected." in await status(editor)


@pytest.mark.skipif(os.name == "nt", reason="Windows finds the home folder by other means")
def test_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    own = create_server().configuration._predictions_file()
    assert own is not None
    assert own.is_relative_to(tmp_path)
    assert own.parts[-2:] == ("dola-ls", "predictions.json")
    # An environment that a test made up has no home to write to.
    assert create_server(env={}).configuration._predictions_file() is None


async def test_what_the_server_had_read_before_is_told(tmp_path: Path) -> None:
    """A prompt begins with what stays the same, so that a provider's cache can hit."""
    async with FakeApi() as api:
        usage = usage_of(40, 20, cached=32)
        api.enqueue(answer(fenced(TEXT.replace("total = 0", "total = 0.0")), usage=usage))
        server = server_of(api, tmp_path)
        async with Editor.connect(server, options={"receipts": True}) as editor:
            await editor.open(URI, TEXT)
            await act(editor)
            assert "40 tokens in (32 cached), 20 out" in await status(editor)
            [line] = [line for line in editor.logged() if "tokens in" in line]
            assert "40 tokens in (32 cached)" in line
            [event] = editor.received("telemetry/event")
            assert event["params"]["cachedTokens"] == 32
