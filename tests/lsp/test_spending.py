"""The limits through the whole server: what is refused, what is told, what is shared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.lsp.receipts import Spent, event, in_words
from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.model.known_models import Price
from dola_ls.model.prices import Terms
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, chosen
from tests.lsp.test_receipts import WHOLE

#: More than a cent at the most, for the shop's file and 512 tokens of answer.
DEAR = Terms(Price(10.0, 10.0))
PROFILES = ("neovim-0.11", "vscode-1.139")


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    """Two editors are enough: all of them show a message the same way."""
    name: str = request.param
    return name


def dear(*answers: str) -> FakeModel:
    model = FakeModel(*(answers or (fenced(NEW),)))
    model.terms = DEAR
    return model


def server_with(folder: Path, model: FakeModel, limits: str = "", **env: str) -> DolaServer:
    config = folder / "config.toml"
    config.write_text(limits and f"[limits]\n{limits}\n")
    config.chmod(0o600)
    env = {"DOLA_CONFIG": str(config), **env}
    return create_server(env=env, model=model, state=folder / "state")


async def act(editor: Editor, uri: str, at: str = "result = 0") -> None:
    await editor.execute(await chosen(editor, uri, "dola.refactor", at))
    await editor.idle()
    editor.take_edits()


async def done(editor: Editor) -> None:
    """Wait for one of two servers; `Editor.idle` would wait for both."""
    await editor.until(lambda: not editor.server.jobs.under_way())
    await editor.until(lambda: not editor.server.ledger.purse.day.changed)
    editor.take_edits()


async def status(editor: Editor) -> str:
    await editor.run("dola.status")
    [message] = editor.take_messages()
    return str(message)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("action_usd = 0.001", "the limit for one action is $0.0010"),
        ("session_usd = 0.001", "the limit for one session is $0.0010"),
        ("day_usd = 0", "the limit for one day is $0.00"),
        ("action_input_tokens = 10", "may take 10 together"),
        ("actions_per_minute = 0", "Only 0 actions"),
    ],
)
async def test_a_request_over_a_limit_is_not_sent_and_the_user_is_told(
    limits: str, words: str, profile: str, tmp_path: Path, uri: str
) -> None:
    model = dear()
    async with Editor.connect(server_with(tmp_path, model, limits), profile) as editor:
        await editor.open(uri, TEXT)
        await act(editor, uri)
        [message] = editor.take_messages()
        assert words in message
        assert "under [limits] in Dola's config.toml" in message
        assert editor.text(uri) == TEXT
    assert model.prompts == []


async def test_the_environment_sets_a_limit_and_the_editor_does_not(
    profile: str, tmp_path: Path, uri: str
) -> None:
    model = dear()
    server = server_with(tmp_path, model, DOLA_DAY_USD="0.001")
    server.configuration.client_settings = {"limits": {"day_usd": 1000}}
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        server.configuration.client_settings = {"limits": {"day_usd": 1000}}
        server.configuration.changed()
        await act(editor, uri)
        ignored, refused = editor.take_messages()
        assert "`limits.day_usd` from the editor's settings: ignored" in ignored
        assert "what may be spent" in ignored
        assert "the limit for one day is $0.0010" in refused
    assert model.prompts == []


async def test_receipt_and_status_tell_what_was_charged_and_the_limits(
    profile: str, tmp_path: Path, uri: str
) -> None:
    async with Editor.connect(server_with(tmp_path, dear(), "day_usd = 2"), profile) as editor:
        await editor.open(uri, TEXT)
        await act(editor, uri)
        assert editor.text(uri) == AFTER
        # The fake counts 100 tokens in, and a quarter of the characters out.
        charged = (100 + len(fenced(NEW)) // 4 + 1) * 10
        figures = f"charged ${charged / 1e6:.6f}, today ${charged / 1e6:.4f} of $2.00"
        [logged] = [line for line in editor.logged() if "fake-model" in line]
        assert logged.endswith(figures)
        for values in filter(None, editor.progress.values()):
            assert figures in values[-1]["message"]
        said = await status(editor)
        sum_ = f"${charged / 1e6:.4f}"
        assert f"Charged: {sum_} of $5.00 in this session, {sum_} of $2.00 today." in said


async def test_two_servers_share_the_day_and_the_next_session_remembers_it(
    profile: str, tmp_path: Path, uri: str
) -> None:
    limits = 'day_usd = 0.02\naction_usd = "none"'
    first, second = dear(), dear()
    first.go.clear()
    async with (
        Editor.connect(server_with(tmp_path, first, limits), profile) as one,
        Editor.connect(server_with(tmp_path, second, limits), profile) as two,
    ):
        for editor in (one, two):
            await editor.open(uri, TEXT)
        await one.execute(await chosen(one, uri, "dola.refactor"))
        await first.half_way.wait()
        # What is under way in one counts at its most in the other.
        two.server.ledger.purse.day.look()
        most = two.server.ledger.purse.day.spent()
        assert 10_000 < most < 15_000
        await two.execute(await chosen(two, uri, "dola.refactor"))
        [message] = await two.until(two.take_messages)
        assert "in all your editors" in message
        assert second.prompts == []
        first.go.set()
        await done(one)
        await two.execute(await chosen(two, uri, "dola.refactor"))
        await done(two)
        assert two.text(uri) == AFTER
        total = 2 * (100 + len(fenced(NEW)) // 4 + 1) * 10
        assert f"{total / 1e6:.4f} of $0.02 today" in await status(one)
    async with Editor.connect(server_with(tmp_path, dear(), limits), profile) as editor:
        await editor.idle()
        said = await status(editor)
        assert f"$0.0000 of $5.00 in this session, ${total / 1e6:.4f} of $0.02 today" in said


async def test_a_cancelled_request_stays_charged_at_its_estimate(
    profile: str, tmp_path: Path, uri: str
) -> None:
    model = dear()
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model), profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await model.half_way.wait()
        await editor.run("dola.cancel")
        await editor.idle()
        purse = editor.server.ledger.purse
        assert purse.session == purse.day.spent() > 10_000


@pytest.mark.parametrize(("choice", "sent"), [("Send", True), ("Don't send", False), (None, False)])
async def test_what_may_cost_much_is_asked_first(
    choice: str | None, sent: bool, profile: str, tmp_path: Path, uri: str
) -> None:
    model = dear()
    server = server_with(tmp_path, model, "ask_above_usd = 0.01")
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        editor.choices = [choice] if choice is not None else []
        await act(editor, uri)
        [question] = editor.take_questions()
        assert question["message"].startswith("Dola: This request may cost up to $0.01")
        assert [action["title"] for action in question["actions"]] == ["Send", "Don't send"]
        assert editor.text(uri) == (AFTER if sent else TEXT)
        told = editor.take_messages()
        assert any("You did not agree" in message for message in told) is not sent
    assert bool(model.prompts) is sent


async def test_where_no_question_can_be_shown_the_progress_tells_what_it_may_cost(
    tmp_path: Path, uri: str
) -> None:
    model = dear()
    model.go.clear()
    server = server_with(tmp_path, model, "ask_above_usd = 0.01")
    async with Editor.connect(server, "helix-25.01") as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await model.half_way.wait()

        def told() -> bool:
            values = [value for shown in editor.progress.values() for value in shown]
            messages = [value.get("message") or "" for value in values]
            return any("writing" in m and "this may cost up to $0.01" in m for m in messages)

        await editor.until(told)
        model.go.set()
        await editor.idle()
        editor.take_edits()
        assert editor.text(uri) == AFTER
        assert len(editor.take_questions()) == 1  # answered with an error


async def test_a_folder_that_cannot_be_written_is_told_once(
    profile: str, tmp_path: Path, uri: str
) -> None:
    server = server_with(tmp_path, dear("No."), "day_usd = 0.03")
    (tmp_path / "state").write_text("a file where the folder should be")
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        for _ in range(2):
            await act(editor, uri)
        told = [message for message in editor.take_messages() if "spending.json" in message]
        assert len(told) == 1
        assert "counted for this editor alone" in told[0]


async def test_only_so_many_actions_are_under_way(profile: str, tmp_path: Path, uri: str) -> None:
    model = FakeModel(fenced(NEW))
    model.go.clear()
    async with Editor.connect(server_with(tmp_path, model, "in_flight = 1"), profile) as editor:
        await editor.open(uri, TEXT)
        for _ in range(3):
            await editor.execute(await chosen(editor, uri, "dola.explain"))
        await model.half_way.wait()
        assert len(model.prompts) == 1
        # One that waits may be given up, and nobody's turn is lost by it.
        editor.server.jobs.under_way()[1].task.cancel()  # type: ignore[union-attr]  # it has begun
        model.go.set()
        await editor.idle()
        assert len(model.prompts) == 2
        editor.take_shown()
        editor.take_messages()


async def test_of_many_actions_at_once_some_run_the_others_wait_and_more_are_refused(
    tmp_path: Path, uri: str
) -> None:
    names = [f"step_{number:02}" for number in range(33)]
    text = "\n\n".join(f"def {name}(value):\n    return value\n" for name in names)
    running: list[str] = []

    def answered(prompt: Prompt) -> str:
        [code] = re.findall(r"Region to rewrite:\n```python\n(.*?)\n```", prompt.user, re.DOTALL)
        running.append(code[4:11])
        return fenced(code.replace("return value", "return +value"))

    model = FakeModel(answered)
    model.go.clear()
    async with Editor.connect(
        server_with(tmp_path, model, "actions_per_minute = 1000"), "vscode-1.139"
    ) as editor:
        await editor.open(uri, text)
        for name in names[:32]:
            await editor.execute(await chosen(editor, uri, "dola.refactor", f"{name}("))
        await editor.until(lambda: len(running) == 4)
        assert len(editor.server.jobs.under_way()) == 32
        assert editor.take_messages() == []
        await editor.execute(await chosen(editor, uri, "dola.refactor", f"{names[32]}("))
        [message] = editor.take_messages()
        assert message == (
            "32 actions are waiting already. Refactor step_32 was not started; wait for some of "
            "them, or cancel them."
        )
        assert len(running) == 4
        model.go.set()
        await editor.idle(120)
        # In the order they were asked for, four at a time.
        assert sorted(running) == names[:32]
        assert all(at >= names.index(name) - 3 for at, name in enumerate(running))
        # Edits that cross each other are refused by the editor in the end, and none is lost.
        editor.take_edits()
        kept = editor.take_messages()
        assert all("The answer is kept." in message for message in kept)
        assert editor.text(uri).count("return +value") + len(editor.server.proposals.of(uri)) == 32


def test_a_receipt_with_money() -> None:
    spent = Spent(420, 1_500_000, 10.0)
    assert in_words(WHOLE, spent).endswith("$0.000420, charged $0.000420, today $1.5000 of $10.00")
    assert in_words(WHOLE, Spent(420, 1_500_000, float("inf"))).endswith("today $1.5000")


def test_an_event_with_money() -> None:
    from dola_ls.core.outcome import Unchanged

    told = event("refactor", Unchanged(WHOLE), Spent(420, 1_500_000, 10.0))
    assert (told["chargedUsd"], told["todayUsd"]) == (0.00042, 1.5)
