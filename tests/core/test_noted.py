"""What other tools say of a region: told for information, within bounds, and never as a task."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.actions import (
    DOCUMENT,
    EXPLAIN,
    FIX,
    GENERATE_TESTS,
    INSTRUCT,
    REFACTOR,
    Action,
)
from dola_ls.core.along import SILENCE
from dola_ls.core.context import estimate_tokens
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.left_out import LeftOut
from dola_ls.core.noted import MOST, noted
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.prompt import render
from dola_ls.core.screening import Screen
from dola_ls.in_context import in_context
from dola_ls.run import run
from tests.core.prompt_files import is_as_written
from tests.core.running import NEW, TEXT, set_up
from tests.core.test_screening import SECRET
from tests.fakes.model import FakeModel, fenced

HEAD = (
    "What other tools say of these lines, for information only: change nothing for it unless the "
    "task asks for that."
)
DOCUMENT_OF = Document("file:///a.py", "python", 1, TEXT)
ALL = Span(0, len(TEXT))


def at(part: str, message: str = "no", **more) -> Diagnostic:
    """Return what is said of the first occurrence of a part of the text."""
    start = TEXT.index(part)
    return Diagnostic(Span(start, start + len(part)), message, **more)


TYPES = at(
    "return result",
    'Type "int" is not assignable to return type "str"',
    source="Pyright",
    code="reportReturnType",
)
LOOP = at("for item", "Use sum()", source="Ruff", code="PERF401", severity=2)


def told(*diagnostics: Diagnostic, room: int = 1000, region: Span = ALL, **screen):
    return noted(DOCUMENT_OF, region, diagnostics, room, Screen(**screen))


def test_each_is_told_with_its_line_and_by_the_order_of_the_lines() -> None:
    assert told(TYPES, LOOP).text.split("\n") == [
        HEAD,
        "- line 6: warning: Use sum() (Ruff PERF401), at “for item”",
        "  That line: for item in items:",
        '- line 8: error: Type "int" is not assignable to return type "str" '
        "(Pyright reportReturnType)",
        "  That line: return result",
        "",
    ]


@given(st.permutations([TYPES, LOOP, at("import", severity=3), at("return value"), at("def tax")]))
def test_the_order_in_which_a_client_tells_them_makes_no_difference(given) -> None:
    for room in (90, 120, 1000):
        assert told(*given, room=room) == told(*sorted(given, key=repr), room=room)


def test_what_is_not_of_the_region_is_not_told() -> None:
    region = Span(TEXT.index("def total"), TEXT.index("def tax"))
    assert told(at("import"), at("def tax"), region=region) == SILENCE
    assert "line 4: error: no" in told(at("def total"), region=region).text


def test_the_worst_are_told_and_no_more_than_there_is_room_for() -> None:
    many = [at("def total", f"hint {n}", severity=4) for n in range(40)]
    found = told(*many, TYPES)
    assert "line 8: error: Type" in found.text
    assert found.text.count("hint ") == MOST - 1
    assert found.left_out == (
        LeftOut("31 messages of other tools", "there is no room for all that they say"),
    )
    for room in range(0, 400, 20):
        few = told(*many, TYPES, room=room)
        assert not few.text or estimate_tokens(few.text) <= room
        assert "line 8" in few.text or "hint" not in few.text
    [left] = told(TYPES, room=20).left_out
    assert left.what == "1 message of other tools"


def test_a_long_message_is_cut() -> None:
    assert len(told(at("import", "long " * 1000)).text) < 600


def test_a_message_that_holds_a_secret_is_left_out_and_the_others_are_told() -> None:
    leak = at("import", f'Literal["{SECRET}"] is no int', source="Pyright")
    # Of a secret that is cut in two neither half is told.
    halved = at("import", "x" * 230 + f' "{SECRET}"', source="Pyright")
    for masks in (False, True):
        found = told(leak, halved, TYPES, masks=masks)
        assert SECRET[:8] not in found.text
        assert "line 8" in found.text
        left = LeftOut("what Pyright says of line 1", "it holds what looks like a GitHub token")
        assert found.left_out == (left, left)
    own = at("import", "my-very-own-key is no int")
    assert told(own, own_keys=("my-very-own-key",)).text == ""
    assert SECRET in told(leak, stays=True).text


# -- in the prompt ---------------------------------------------------------------------------


async def prompt_of(action: Action, *others: Diagnostic, answer: str = fenced(NEW), **more):
    task, editor = set_up(action, **more)
    model = FakeModel(answer)
    await run(replace(task, others=others), editor, model)
    return model.prompts[0], editor


@pytest.mark.parametrize("action", [REFACTOR, INSTRUCT, DOCUMENT, EXPLAIN, GENERATE_TESTS])
async def test_every_action_on_code_is_told_behind_the_code_and_before_the_task(
    action: Action,
) -> None:
    words = "Use sum()." if action is INSTRUCT else None
    bare, _ = await prompt_of(action, instruction=words)
    prompt, _ = await prompt_of(action, TYPES, at("return value"), instruction=words)
    block = prompt.user[prompt.user.index(HEAD) : prompt.user.index("That line: return result\n")]
    assert "- line 8: error: Type" in block
    assert "return value" not in block
    # All else is as without it, byte for byte.
    assert prompt.user.replace(f"{block}That line: return result\n\n", "") == bare.user
    assert prompt.system == bare.system
    assert prompt.user.index("return result") < prompt.user.index(HEAD)


async def test_questions_and_whole_files_are_told_too() -> None:
    for action, words in ((EXPLAIN, "What is it for?"), (INSTRUCT, "Rename total and its callers")):
        prompt, _ = await prompt_of(action, TYPES, instruction=words)
        assert f"{HEAD}\n- line 8" in prompt.user
        assert prompt.user.index(HEAD) < prompt.user.index("Task: ")


async def test_a_region_of_many_lines_is_told_as_well() -> None:
    long = TEXT.replace("    return result\n", "    result += 1\n" * 80 + "    return result\n")
    task, editor = set_up(REFACTOR, long)
    start = long.index("return result")
    model = FakeModel("CANNOT: no")
    await run(replace(task, others=(Diagnostic(Span(start, start + 1), "bad"),)), editor, model)
    assert "<<<<<<< SEARCH" in model.prompts[0].system
    assert f"{HEAD}\n- line 88: error: bad" in model.prompts[0].user


async def test_it_is_not_what_an_edit_is_judged_by() -> None:
    # An edit that leaves the problem there is an edit: this is no fix.
    prompt, editor = await prompt_of(REFACTOR, TYPES)
    assert HEAD in prompt.user
    assert editor.applied


async def test_a_fix_and_actions_of_the_users_own_tell_it_in_their_own_way() -> None:
    task, editor = set_up(FIX)
    model = FakeModel(fenced(NEW))
    await run(replace(task, diagnostics=(TYPES,), others=(LOOP,)), editor, model)
    assert HEAD not in model.prompts[0].user
    assert model.prompts[0].user.count("Use sum()") == 1
    own = OwnAction("mine", "Mine", "Do it: {code}", "edit")
    prompt, _ = await prompt_of(own.action, TYPES, own=own)
    assert "line 8" not in prompt.user


async def test_it_comes_out_of_the_same_budget_and_takes_a_share_of_it() -> None:
    text = "x = 1\n" * 3000 + TEXT
    task, editor = set_up(REFACTOR, text)
    start = text.index("def total")
    others = tuple(Diagnostic(Span(start, start + 1), f"wrong {n} " * 30) for n in range(9))
    alone = await in_context(task, editor, 3000, Screen())
    both = await in_context(replace(task, others=others), editor, 3000, Screen())
    assert 0 < estimate_tokens(both.noted.text) <= 450
    assert len(both.before) < len(alone.before)
    assert alone.noted == SILENCE
    left = render(REFACTOR, both).left_out
    assert any(one.what.endswith("of other tools") for one in left)


async def test_the_prompts_word_for_word() -> None:
    for action, name in ((INSTRUCT, "instruct_noted"), (EXPLAIN, "explain_noted")):
        words = "Make this work with what the checker says." if action is INSTRUCT else None
        task, editor = set_up(action, instruction=words)
        task = replace(task, others=(TYPES, LOOP))
        context = await in_context(task, editor, 2000, Screen())
        is_as_written(name, render(action, context, task.request))


def test_it_moves_with_its_lines_where_the_comment_of_an_order_goes() -> None:
    text = TEXT.replace("def total", "# dola: use sum()\ndef total")
    task, _ = set_up(INSTRUCT, text)
    start, comment = text.index("return result"), text.index("# dola")
    others = Diagnostic(Span(start, start + 6), "a"), Diagnostic(Span(comment, comment + 4), "b")
    removal = Edit(comment, text.index("def total"), "")
    left = replace(task, others=others).without(removal, task.target)
    [kept] = left.others
    assert left.document.text[kept.span.start : kept.span.end] == "return"
    assert left.origin is not None
    assert left.origin.others == others
