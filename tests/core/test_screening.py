"""The last look at a request: refused, or sent with its secrets masked, and what comes back."""

from __future__ import annotations

import pytest

from dola_ls.core.actions import EXPLAIN, GENERATE_TESTS, INSTRUCT
from dola_ls.core.conversation import ToolCall, Turn
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.outcome import Created, Edited, Explained, Refused
from dola_ls.core.prompt import Prompt
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.screening import Cleared, Screen, Stopped, screened, touches_masked
from dola_ls.run import run
from tests.core.running import set_up
from tests.core.secret_samples import KEY_LINES, drawn
from tests.fakes.model import FakeModel, fenced

SECRET = "ghp_" + drawn(36)
TEXT = f"""\
import os


def total(items):
    token = "{SECRET}"
    result = 0
    for item in items:
        result = result + item
    return result
"""
MASKED = TEXT.replace(SECRET, "«secret:github-token»")
REGION = MASKED[MASKED.index("def total") :]
BETTER = REGION[: REGION.index("    result = 0")] + "    return sum(items)\n"


def sent(model: FakeModel) -> str:
    return "".join(p.system + p.user + (p.prediction or "") for p in model.prompts)


@pytest.mark.parametrize("action", [INSTRUCT, EXPLAIN, GENERATE_TESTS])
async def test_a_secret_is_told_by_rule_and_line_and_nothing_is_sent(action) -> None:
    task, editor = set_up(action, TEXT, instruction="Use sum().")
    model = FakeModel(fenced(REGION))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "secret"
    assert outcome.reason.startswith("Line 5 of a.py holds what looks like a GitHub token")
    assert "(rule github-token)" in outcome.reason
    assert "Nothing was sent." in outcome.reason
    assert SECRET not in outcome.reason
    assert model.prompts == []


async def test_the_words_of_the_user_are_looked_through_too() -> None:
    task, editor = set_up(INSTRUCT, instruction=f"Log in with {SECRET}.")
    model = FakeModel("")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert "of the request holds what looks like a GitHub token" in outcome.reason
    assert model.prompts == []


@pytest.mark.parametrize("masks", [False, True])
async def test_the_users_own_key_is_never_sent(masks: bool) -> None:
    text = TEXT.replace(SECRET, "plain-and-short")
    task, editor = set_up(INSTRUCT, text, instruction="Use sum().")
    model = FakeModel(fenced(REGION))
    outcome = await run(task, editor, model, Screen(("plain-and-short",), masks))
    assert isinstance(outcome, Refused)
    assert "Line 5 of a.py holds your own API key" in outcome.reason
    assert model.prompts == []


async def test_a_private_key_is_not_masked() -> None:
    text = TEXT.replace(f'"{SECRET}"', '"""' + "\n".join(KEY_LINES) + '"""')
    task, editor = set_up(INSTRUCT, text, instruction="Use sum().")
    model = FakeModel("")
    outcome = await run(task, editor, model, Screen(masks=True))
    assert isinstance(outcome, Refused)
    assert "Line 5 of a.py holds what looks like a private key" in outcome.reason
    assert "mask" not in outcome.reason
    assert model.prompts == []


async def test_the_embedded_engine_sees_what_stays_on_this_machine() -> None:
    task, editor = set_up(INSTRUCT, TEXT, instruction="Use sum().")
    model = FakeModel(fenced(BETTER))
    await run(task, editor, model, Screen(stays=True))
    assert SECRET in sent(model)


async def test_a_masked_line_that_stays_keeps_its_secret() -> None:
    task, editor = set_up(INSTRUCT, TEXT, instruction="Use sum().")
    model = FakeModel(fenced(BETTER))
    outcome = await run(task, editor, model, Screen(masks=True))
    assert isinstance(outcome, Edited)
    assert SECRET not in sent(model)
    assert "«secret:github-token»" in model.prompts[0].user
    assert f'    token = "{SECRET}"\n    return sum(items)\n' in editor.document.text
    [left] = model.prompts[0].left_out
    assert left.what == "a GitHub token in line 5 of a.py"


@pytest.mark.parametrize(
    "answer",
    [
        BETTER.replace('token = "', 'secret = "'),
        BETTER.replace("    return", "    print('«secret:github-token»')\n    return"),
        BETTER.replace('    token = "«secret:github-token»"\n', ""),
        BETTER.replace("«secret:github-token»", "«secret:github»"),
        BETTER.replace("    return", "    print('«secret:other»')\n    return"),
    ],
    ids=["another line", "repeated", "removed", "broken mask", "mask made up"],
)
async def test_an_edit_of_a_masked_line_is_refused(answer: str) -> None:
    task, editor = set_up(INSTRUCT, TEXT, instruction="Use sum().")
    model = FakeModel(fenced(answer))
    outcome = await run(task, editor, model, Screen(masks=True))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "masked"
    assert editor.document.text == TEXT
    assert SECRET not in outcome.reason
    assert SECRET not in sent(model)


async def test_an_explanation_shows_the_mask() -> None:
    task, editor = set_up(EXPLAIN, TEXT)
    model = FakeModel("It sets «secret:github-token».")
    outcome = await run(task, editor, model, Screen(masks=True))
    assert isinstance(outcome, Explained)
    assert SECRET not in sent(model)
    assert SECRET not in outcome.markdown.partition("It sets")[2]


async def test_new_tests_hold_no_mask() -> None:
    test = "def test_total():\n    assert total([1]) == 1\n"
    task, editor = set_up(GENERATE_TESTS, TEXT)
    wrong = FakeModel(fenced(test + "    assert '«secret:github-token»'\n"))
    outcome = await run(task, editor, wrong, Screen(masks=True))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "masked"
    assert editor.created == []
    assert isinstance(await run(task, editor, FakeModel(fenced(test)), Screen(masks=True)), Created)


def test_masks_are_told_apart_from_each_other_and_from_the_text() -> None:
    other = "ghp_" + drawn(36)
    prompt = Prompt("s", f"a {SECRET}\nb {other}\nc {SECRET}\n«secret:github-token:2»\n", SECRET)
    cleared = screened(prompt, Screen(masks=True), ())
    assert isinstance(cleared, Cleared)
    assert cleared.prompt.user == (
        "a «secret:github-token»\nb «secret:github-token:3»\nc «secret:github-token»\n"
        "«secret:github-token:2»\n"
    )
    assert cleared.prompt.prediction == "«secret:github-token»"
    assert cleared.restored(cleared.prompt.user) == prompt.user
    assert SECRET not in repr(cleared)


def masked(text: str) -> str:
    cleared = screened(Prompt("s", text), Screen(masks=True), ())
    assert isinstance(cleared, Cleared)
    assert cleared.restored(cleared.prompt.user) == text
    return cleared.prompt.user


def test_a_short_secret_is_masked_within_quotes_and_as_a_name_it_stays() -> None:
    text = (
        "password = \"Summer17\"\nSummer17 = Summer17 + 1\nlog(\"on Summer17\", 'x')\nr'Summer17'\n"
    )
    assert masked(text) == (
        'password = "«secret:password»"\nSummer17 = Summer17 + 1\n'
        "log(\"on «secret:password»\", 'x')\nr'«secret:password»'\n"
    )


@pytest.mark.parametrize("secret", [drawn(32), "Tr0ub4dor&3"])
def test_what_can_be_no_name_is_masked_everywhere(secret: str) -> None:
    text = f'password = "{secret}"\napi_key = "{secret}"\n# {secret} it was\n'
    assert secret not in masked(text)


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("Summer17 = Summer17 + 1", False),
        ("log('on Summer17')", True),
        ('db = "postgresql://shop:Summer17@db/shop"', True),
    ],
)
def test_only_lines_whose_secret_was_masked_are_kept_from_edits(line: str, held: bool) -> None:
    document = Document("file:///a.py", "python", 1, f"{line}\nb = 2\n")
    edit = Edit(1, 2, "x")
    rewrite = Rewrite(Span(0, len(line)), apply_edits(line, [edit]), (edit,))
    assert (touches_masked(document, rewrite, ["Summer17"]) is not None) is held


def test_the_prediction_is_looked_through_and_where_there_are_more_they_are_counted() -> None:
    other = "glpat-" + drawn(20)
    stopped = screened(Prompt("s", "u", f"{SECRET}\n{other}"), Screen(), ())
    assert isinstance(stopped, Stopped)
    assert stopped.reason.endswith("(rule github-token), and there is 1 more.")


def test_an_edit_beside_a_masked_line_is_let_pass() -> None:
    document = Document("file:///a.py", "python", 1, f"a = 1\nkey = '{SECRET}'\nb = 2\n")
    at = document.text.index("key")
    rewrites = Edit(at, at, "c = 3\n"), Edit(0, at, "")
    for edit in rewrites:
        whole = Span(0, len(document.text))
        rewrite = Rewrite(whole, apply_edits(document.text, [edit]), (edit,))
        assert touches_masked(document, rewrite, [SECRET]) is None
    joined = Edit(at - 1, at, " ")
    rewrite = Rewrite(Span(0, 9), apply_edits(document.text, [joined]), (joined,))
    assert touches_masked(document, rewrite, [SECRET]) is not None


def in_turns(where: str) -> Prompt:
    """Return a request with a secret in what a tool gave, or in what the model said or called."""
    texts = {"said": "Fine.", "arguments": '{"name": "a"}', "result": "a = 1"}
    texts[where] = f"token = '{SECRET}'"
    calls = (ToolCall("1", "read_symbol", texts["arguments"]), ToolCall("2", "list_tests", "{}"))
    turns = (
        Turn("Before.", calls[1:], ("nothing",)),
        Turn(texts["said"], calls, (texts["result"], "none")),
    )
    return Prompt("Be brief.", "Explain.", turns=turns)


@pytest.mark.parametrize("where", ["said", "arguments", "result"])
def test_what_tools_gave_is_looked_through_like_all_else(where: str) -> None:
    prompt = in_turns(where)
    stopped = screened(prompt, Screen(), ())
    assert isinstance(stopped, Stopped)
    assert "of the request holds what looks like a GitHub token" in stopped.reason
    cleared = screened(prompt, Screen(masks=True), ())
    assert isinstance(cleared, Cleared)
    sent = cleared.prompt
    assert SECRET not in "".join(sent.turn_texts)
    masked = [text.replace(SECRET, "«secret:github-token»") for text in prompt.turn_texts]
    assert list(sent.turn_texts) == masked
    # Nothing but the text has moved.
    assert [[call.id for call in turn.calls] for turn in sent.turns] == [["2"], ["1", "2"]]
    assert [len(turn.results) for turn in sent.turns] == [1, 2]
