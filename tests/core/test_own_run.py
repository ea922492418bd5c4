"""An action of the user's own, from its task to the buffer, the page or the new file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dola_ls.core.document import Document, Span
from dola_ls.core.new_file import new_file
from dola_ls.core.outcome import Created, Edited, Explained, Proposed, Refused, Unchanged
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.parsing import parse
from dola_ls.core.strategy import Predictions
from dola_ls.run import run
from dola_ls.task import Task
from tests.core.running import NEW, TEXT, FakeEditor
from tests.fakes.model import FakeModel, fenced
from tests.security.viewer import live

LOGGED = """\
import logging

logger = logging.getLogger(__name__)


def total(items):
    logger.debug("Adding up")
    return sum(items)
"""


def set_up(
    prompt: str = "Use sum().",
    *,
    text: str = TEXT,
    at: str = "result = 0",
    title: str = "Improve {name}",
    instruction: str | None = None,
    review: bool = False,
    **fields: Any,
) -> tuple[Task, FakeEditor]:
    """Return the task of an own action for a bare cursor, and an editor with the text open."""
    own = OwnAction("improve", title, prompt, **fields)
    document = Document("file:///shop/a.py", "python", 1, text)
    tree, start = parse(document), text.index(at)
    target = own.target(document, tree, Span(start, start))
    assert target is not None
    file = Path("a.py")
    task = Task(
        own.action, document, tree, target, file, instruction=instruction, own=own, review=review
    )
    return task, FakeEditor(document)


async def test_an_edit() -> None:
    task, editor = set_up()
    model = FakeModel(fenced(NEW))
    assert isinstance(await run(task, editor, model), Edited)
    assert "return sum(items)" in editor.document.text
    [prompt] = model.prompts
    assert prompt.action == "improve"
    assert "Task: Use sum().\nOutput just the code of the region.\n" in prompt.user


async def test_an_edit_of_the_whole_file_with_its_imports() -> None:
    task, editor = set_up("Add logging.", text="\ufeff" + TEXT, scope="file")
    assert task.label == "Improve a.py"
    tax = TEXT[TEXT.index("def tax") :]
    whole = LOGGED.replace("import logging", "import logging\nimport os") + "\n\n" + tax
    assert isinstance(await run(task, editor, FakeModel(fenced(whole))), Edited)
    assert editor.document.text == "\ufeff" + whole


LONG = "def total(items):\n    result = 0\n" + "".join(
    f"    result += items[{n}].price * items[{n}].amount\n" for n in range(80)
)
LONG += "    return result\n"
FOUND = (
    "<<<<<<< SEARCH\n    result = 0\n    result += items[0].price * items[0].amount\n=======\n"
    "    result = 0.0\n    result += items[0].price * items[0].amount\n>>>>>>> REPLACE\n"
)


async def test_a_long_region_is_asked_for_in_blocks_and_once_more_where_they_do_not_fit() -> None:
    task, editor = set_up("Work in floats:\n{code}", text=LONG)
    lost = FOUND.replace("result = 0\n", "total = 0\n")
    model = FakeModel(lost, FOUND)
    model.predictions = Predictions.IGNORED
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == LONG.replace("result = 0\n", "result = 0.0\n")
    first, again = model.prompts
    assert "You answer with edit blocks" in first.system
    assert first.user.startswith("Work in floats:\n```python\ndef total(items):\n")
    assert again.user.startswith(first.user)
    assert "This SEARCH part was not used" in again.user
    assert first.prediction is again.prediction is None


@pytest.mark.parametrize("known", [Predictions.WORKS, Predictions.UNKNOWN])
async def test_a_region_goes_along_as_the_prediction(known: Predictions) -> None:
    task, editor = set_up(text=LONG[: LONG.index("    result += items[9]")] + "    return 0\n")
    model = FakeModel(fenced("def total(items):\n    return 0\n"))
    model.predictions = known
    await run(task, editor, model)
    assert model.prompts[0].prediction == task.document.text


async def test_words_that_speak_of_the_file_stay_within_the_scope() -> None:
    task, editor = set_up("Rename {name} to add_up.", instruction="Throughout the whole file.")
    model = FakeModel(fenced(NEW.replace("total", "add_up")))
    assert isinstance(await run(task, editor, model), Edited)
    assert "You rewrite a region" in model.prompts[0].system


async def test_what_the_prompt_does_not_speak_of_may_not_go() -> None:
    task, editor = set_up("Make it better.")
    model = FakeModel(fenced(NEW.replace("total", "add_up")))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "lost_symbols"
    assert outcome.proposal is not None


async def test_a_file_that_is_too_large_is_not_sent() -> None:
    task, editor = set_up(text=TEXT * 50, scope="file")
    model = FakeModel("")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("a.py is too large for one request (")
    assert outcome.reason.endswith('Its scope is "file"; with "selection" it can take a part.')
    assert model.prompts == []


async def test_review_keeps_it_and_nothing_to_do_is_no_fault() -> None:
    task, editor = set_up(review=True)
    assert isinstance(await run(task, editor, FakeModel(fenced(NEW))), Proposed)
    [proposal] = editor.proposals
    assert proposal.task is task
    same = fenced(TEXT[TEXT.index("def total") : TEXT.index("\n\ndef tax")])
    model = FakeModel(same)
    assert isinstance(await run(task, editor, model), Unchanged)
    assert len(model.prompts) == 1


async def test_an_instruction_that_is_not_done_is_asked_for_again() -> None:
    task, editor = set_up(instruction="in one line")
    same = fenced(TEXT[TEXT.index("def total") : TEXT.index("\n\ndef tax")])
    model = FakeModel(same, fenced(NEW))
    assert isinstance(await run(task, editor, model), Edited)
    assert "Task: Use sum().\nin one line\nOutput" in model.prompts[0].user


async def test_an_explanation() -> None:
    task, editor = set_up("Why {name}?", answer="explain", title="Why {name}?", scope="file")
    model = FakeModel("Because.")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Explained)
    last = TEXT.count("\n")
    page = f"# Why a.py?\n\nIn `a.py`, lines 1–{last} · Python\n\nBecause.\n"
    assert editor.shown == [("Why a.py?", page)]
    assert editor.remembered == []
    assert model.prompts[0].user.endswith("Task: Why a.py?\nAnswer in Markdown.\n")


async def test_a_file_with_a_name_that_would_do_harm_on_a_page() -> None:
    own = OwnAction("a", "Why {name}?", "Why?", "explain", "file")
    uri = "file:///shop/%3Cimg%20src=x%3E%E2%80%AE.py"
    document = Document(uri, "python", 1, "x = 1\n")
    target = own.target(document, None, Span(0, 0))
    assert target is not None
    assert "\u202e" not in target.name
    task = Task(own.action, document, None, target, Path("x.py"), own=own)
    editor = FakeEditor(document)
    await run(task, editor, FakeModel("So."))
    [(_, markdown)] = editor.shown
    assert markdown == (
        "# Why &lt;img src=x>&lt;U+202E>.py?\n\n"
        "In `<img src=x><U+202E>.py`, line 1 · Python\n\nSo.\n"
    )
    assert live(markdown) == []


async def test_a_new_file() -> None:
    task, editor = set_up(text=TEXT.replace("\n", "\r\n"), answer="new-file")
    outcome = await run(task, editor, FakeModel("Here:\n" + fenced("\n\nx = 1  \n\n\n")))
    assert isinstance(outcome, Created)
    assert editor.created == [(Path("/shop/a_new.py"), "x = 1\r\n")]


async def test_where_no_file_may_be_nobody_is_asked() -> None:
    task, editor = set_up(answer="new-file")
    editor.new_path = Refused("It is there.", "no_place")
    model = FakeModel(fenced("x = 1\n"))
    assert await run(task, editor, model) is editor.new_path
    assert model.prompts == []


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("```python\nx = 1\n", "cut_off"),
        ("I would not.", "prose"),
        ("CANNOT: no.", "model_declined"),
        (fenced("x = 1") + "\nRun it:\n" + fenced("python a.py", "sh"), "many_blocks"),
        (fenced(""), "emptied"),
        (fenced("def f(:\n    pass"), "unparsable"),
        (fenced("# Sums\n\nIt adds up, and that is all."), "unparsable"),
        (fenced("def f():\n    x = 1\n    # ... rest of the code ...\n"), "elided"),
        (fenced("x = '\u202e'"), "hidden"),
        (fenced("x = '\ufffd'"), "garbled"),
        (fenced("1: x = 1\n2: y = 2"), "numbered"),
        (fenced("def f():\n    return 1\n\n\ndef f():\n    return 2\n"), "declared_twice"),
    ],
)
async def test_answers_that_make_no_file(answer: str, rule: str) -> None:
    task, editor = set_up(answer="new-file")
    outcome = await run(task, editor, FakeModel(answer))
    assert isinstance(outcome, Refused)
    assert outcome.rule == rule
    assert editor.created == []


def test_a_long_file_and_one_of_an_unknown_language() -> None:
    code = "".join(f"x_{n} = {n}\n" for n in range(300))
    assert new_file((code,), "file:///a.py", "python", "\n") == code
    assert new_file(("<b>\n",), "file:///a.x", "x", "\n") == "<b>\n"
