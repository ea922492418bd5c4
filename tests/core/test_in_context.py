"""Code from elsewhere in the prompt: which actions have it, what it may cost, what is kept out."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest

from dola_ls.core.actions import (
    DOCUMENT,
    EXPLAIN,
    FIX,
    GENERATE_TESTS,
    INSTRUCT,
    REFACTOR,
    Action,
)
from dola_ls.core.along import Piece, Related
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Span
from dola_ls.core.left_out import LeftOut
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.prompt import Prompt, render
from dola_ls.core.screening import Screen, harmless
from dola_ls.in_context import in_context
from dola_ls.run import run
from tests.core.prompt_files import is_as_written
from tests.core.running import NEW, TEXT, FakeEditor, set_up
from tests.core.test_screening import SECRET
from tests.fakes.model import FakeModel, fenced

MONEY = Piece(
    "money.py", "def rounded(value):\n    ...", "definition of rounded, used in the region", 3
)
CALL = Piece("cart.py", "price = total(items)", "calls total", 9, calls=True)
FAR = Piece("a.py", "RATE = 2", "definition of RATE, used in the region", 0, here=True)
KEYS = Piece("keys.py", f'TOKEN = "{SECRET}"', "definition of TOKEN, used in the region")


async def sent(editor: FakeEditor, task, answer: str = fenced(NEW), **more) -> FakeModel:
    model = FakeModel(answer, **more)
    await run(task, editor, model)
    return model


@pytest.mark.parametrize("action", [REFACTOR, EXPLAIN, INSTRUCT, DOCUMENT])
async def test_it_comes_first_and_the_task_last(action: Action) -> None:
    task, editor = set_up(action)
    editor.along = Related((MONEY, CALL), (LeftOut("the definition of x", "there is no room"),))
    [prompt, *_] = (await sent(editor, task)).prompts
    assert prompt.user.startswith(
        "Code that it uses, to read only:\nmoney.py\n```python\ndef rounded(value):\n"
    )
    order = ["money.py", "cart.py", "File: a.py", "import os", "result = result + item"]
    places = [prompt.user.index(part) for part in order]
    assert places == sorted(places)
    assert prompt.along == (MONEY, CALL)
    assert LeftOut("the definition of x", "there is no room") in prompt.left_out


async def test_the_beginning_of_two_prompts_is_the_same_for_a_providers_cache() -> None:
    users = []
    for needle, order in (("result = 0", (MONEY, CALL)), ("value * 2", (CALL, MONEY))):
        task, editor = set_up(REFACTOR, needle=needle)
        editor.along = Related(order)
        [prompt, *_] = (await sent(editor, task)).prompts
        users.append((prompt.system, prompt.user.partition("File: ")[0]))
    assert users[0] == users[1]


def common(first: Prompt, second: Prompt) -> str:
    """Return what the messages of two prompts begin with, as a provider's cache sees them."""
    pairs = zip(*(f"{one.system}\n{one.user}" for one in (first, second)), strict=False)
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


async def prompt_of(action: Action, words: str | None = None, **more: Any) -> Prompt:
    needle = more.pop("needle", "result = 0")
    task, editor = set_up(action, instruction=words, needle=needle)
    editor.along = Related((MONEY, CALL))
    [prompt, *_] = (await sent(editor, replace(task, **more))).prompts
    return prompt


async def test_other_words_on_the_same_lines_begin_with_all_but_the_words() -> None:
    first = await prompt_of(INSTRUCT, "Use sum().")
    for other in (await prompt_of(INSTRUCT, "Rename result."), await prompt_of(REFACTOR)):
        shared = common(first, other)
        assert shared.startswith(first.system)
        before, _, words = first.user.partition("Task: ")
        assert shared.endswith(f"{before}Task: ")
        assert words.startswith("Use sum().")


async def test_what_other_tools_say_changes_nothing_of_what_comes_before() -> None:
    said = Diagnostic(Span(TEXT.index("return result"), TEXT.index("return result") + 6), "no")
    first, second = await prompt_of(REFACTOR), await prompt_of(REFACTOR, others=(said,))
    code = first.user.partition("Task: ")[0]
    assert common(first, second).endswith(code)
    # A fix has the messages among its words, and begins the same.
    fix = await prompt_of(FIX, diagnostics=(said,))
    assert common(first, fix).endswith(f"{code}Task: ")


async def test_other_lines_of_the_file_begin_with_all_that_stands_before_both() -> None:
    first, second = await prompt_of(REFACTOR), await prompt_of(REFACTOR, needle="value * 2")
    shared = common(first, second)
    assert shared.startswith(first.system)
    head = f"File: a.py (Python)\n\nCode before it, to read only:\n```python\n{TEXT[:9]}\n"
    assert shared.rstrip("`\n").endswith(head.rstrip("\n"))
    for piece in (MONEY, CALL):
        assert piece.text in shared


async def test_an_answer_that_goes_back_begins_with_the_question_it_was_for() -> None:
    task, editor = set_up(REFACTOR)
    model = FakeModel(fenced("def total(items:\n"), fenced(NEW))
    await run(task, editor, model)
    first, second = model.prompts
    assert common(first, second) == f"{first.system}\n{first.user}"
    assert len(second.user) > len(first.user)


async def test_tests_and_prompts_of_the_users_own_say_themselves_what_they_need() -> None:
    task, editor = set_up(GENERATE_TESTS)
    await sent(editor, task)
    own = OwnAction("mine", "Mine", "Do it: {code}", "edit")
    task, other = set_up(own.action, own=own)
    await sent(other, task)
    assert (editor.sought, other.sought) == ([], [])


@pytest.mark.parametrize(
    ("action", "instruction", "wanted"),
    [
        (REFACTOR, None, False),
        (INSTRUCT, "Add a parameter rate.", True),
        (INSTRUCT, "Use sum().", False),
        (EXPLAIN, "What does it return?", False),
        (DOCUMENT, "Say what it returns.", False),
    ],
)
async def test_calls_are_looked_for_where_an_edit_may_change_them(
    action: Action, instruction: str | None, wanted: bool
) -> None:
    task, editor = set_up(action, instruction=instruction)
    await sent(editor, task)
    [sought] = editor.sought
    assert sought.callers is wanted
    assert sought.instruction == (instruction or "")


async def test_the_room_is_a_share_of_what_the_model_can_afford() -> None:
    rooms = []
    for tokens in (1500, 6000):
        task, editor = set_up(REFACTOR)
        await sent(editor, task, context_tokens=tokens)
        rooms.append(editor.sought[0].room)
    assert rooms[0] < 400
    assert rooms[1] == rooms[0] * 4


async def test_what_goes_along_comes_out_of_the_same_budget() -> None:
    text = "x = 1\n" * 3000 + TEXT
    task, editor = set_up(REFACTOR, text)
    alone = await in_context(task, editor, 1500, Screen())
    assert editor.sought[0].hidden == alone.hidden
    assert alone.hidden
    editor.along = Related((Piece("money.py", "y = 22\n" * 100, "definition of y", 0),))
    both = await in_context(task, editor, 1500, Screen())
    assert len(both.before) < len(alone.before)


async def test_lines_of_the_same_file_are_not_shown_twice() -> None:
    task, editor = set_up(INSTRUCT, instruction="Use tax() here.")
    editor.along = Related((MONEY, FAR))
    context = await in_context(task, editor, 2000, Screen())
    assert context.related.pieces == (MONEY, FAR)
    assert context.of_whole_file(task.document, task.target.region).related.pieces == (MONEY,)


async def test_a_secret_in_other_code_keeps_that_out_and_not_the_action() -> None:
    task, editor = set_up(REFACTOR)
    editor.along = Related((KEYS, MONEY))
    model = await sent(editor, task)
    [prompt, *_] = model.prompts
    assert SECRET not in prompt.user
    assert prompt.along == (MONEY,)
    [left] = [one for one in prompt.left_out if "TOKEN" in one.what]
    assert left.what == "definition of TOKEN, used in the region, in keys.py"
    assert left.why == "it holds what looks like a GitHub token"
    assert editor.applied


def test_what_is_looked_for_in_other_code() -> None:
    hidden = Piece("b.py", "x = 1  # \u202e", "definition of x")
    own = Piece("c.py", 'k = "my-very-own-key"', "definition of k")
    given = Related((KEYS, hidden, own, MONEY))
    kept = harmless(given, Screen(own_keys=("my-very-own-key",)))
    assert kept.pieces == (MONEY,)
    assert [one.why for one in kept.left_out] == [
        "it holds what looks like a GitHub token",
        "it holds invisible characters",
        "it holds what looks like your own API key",
    ]
    # Masks are for the code at hand; what is not needed is not sent.
    assert harmless(given, Screen(masks=True)).pieces == (own, MONEY)
    assert KEYS in harmless(given, Screen(stays=True)).pieces


async def test_the_prompt_word_for_word() -> None:
    task, editor = set_up(INSTRUCT, instruction="Add a parameter `rate`.")
    editor.along = Related((MONEY, CALL, FAR))
    context = await in_context(task, editor, 2000, Screen())
    is_as_written("refactor_related", render(INSTRUCT, context, task.request))
