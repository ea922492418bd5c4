"""The path of the data, from a task to an outcome, with a fake editor and a fake model."""

import asyncio
import threading
from pathlib import Path, PurePosixPath

import pytest

from dola_ls.core import gate
from dola_ls.core.actions import EXPLAIN, GENERATE_TESTS
from dola_ls.core.document import Edit
from dola_ls.core.outcome import Created, Edited, Explained, Proposed, Refused, Unchanged
from dola_ls.core.strategy import Predictions
from dola_ls.model.errors import Facts, OutOfCredit
from dola_ls.run import run
from tests.core.running import NEW, TEXT, set_up
from tests.fakes.model import FakeModel, fenced


async def test_a_refactor_reaches_the_buffer():
    task, editor = set_up()
    model = FakeModel("Of course!\n" + fenced(NEW) + "\nShorter now.")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert editor.document.text == TEXT.replace(TEXT[11:100], NEW, 1)[:0] + (
        "import os\n\n\ndef total(items):\n    return sum(items)\n\n\n"
        "def tax(value):\n    return value * 2\n"
    )
    assert outcome.receipt.model == "fake-model"
    assert outcome.receipt.prompt_tokens == 100
    assert model.closed == 1
    assert any("lines" in message for message in editor.messages)


async def test_what_the_user_types_elsewhere_is_kept():
    task, editor = set_up()
    editor.on_report = lambda: (
        None if editor.changes else editor.type(Edit(0, 0, "# typed meanwhile\n"))
    )
    outcome = await run(task, editor, FakeModel(fenced(NEW)))
    assert isinstance(outcome, Edited)
    assert editor.document.text.startswith("# typed meanwhile\nimport os\n")
    assert "return sum(items)" in editor.document.text


async def test_where_the_user_changed_the_same_lines_nothing_is_applied():
    task, editor = set_up()
    at = TEXT.index("result = 0")
    editor.on_report = lambda: None if editor.changes else editor.type(Edit(at, at, "my_"))
    outcome = await run(task, editor, FakeModel(fenced(NEW)))
    assert isinstance(outcome, Proposed)
    assert "line 5" in outcome.reason
    assert editor.applied == []
    assert "my_result = 0" in editor.document.text
    assert editor.proposals[0].rewrite.text == NEW


async def test_an_edit_that_lost_a_race_with_the_user_is_sent_again():
    task, editor = set_up()
    editor.refusals = ["the document has changed"]
    editor.on_refusal = lambda: editor.type(Edit(0, 0, "# late\n"))
    outcome = await run(task, editor, FakeModel(fenced(NEW)))
    assert isinstance(outcome, Edited)
    assert editor.document.text.startswith("# late\nimport os")
    assert "return sum(items)" in editor.document.text


async def test_an_editor_that_refuses_gets_a_proposal_not_a_loop():
    task, editor = set_up()
    editor.refusals = ["read-only"] * 9
    outcome = await run(task, editor, FakeModel(fenced(NEW)))
    assert isinstance(outcome, Proposed)
    assert "read-only" in outcome.reason
    assert len(editor.refusals) == 8


async def test_review_keeps_the_edit():
    task, editor = set_up(review=True)
    outcome = await run(task, editor, FakeModel(fenced(NEW)))
    assert isinstance(outcome, Proposed)
    assert editor.applied == []
    assert editor.document.text == TEXT


async def test_a_closed_document_gets_no_edit():
    task, editor = set_up()
    editor.gone = True
    outcome = await run(task, editor, FakeModel(fenced(NEW)))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "document_gone"


async def test_the_same_code_is_no_edit():
    task, editor = set_up()
    region = TEXT[task.target.region.start : task.target.region.end]
    outcome = await run(task, editor, FakeModel(fenced(region)))
    assert isinstance(outcome, Unchanged)
    assert editor.applied == []


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("", "prose"),
        ("I would use sum() here.", "prose"),
        ("CANNOT: it is perfect already", "model_declined"),
        ("```python\ndef total(items):\n    return", "cut_off"),
        (fenced("def total(items:\n    return 1\n"), "unparsable"),
        (fenced("def total(items):\n    # ... existing code ...\n    return 1\n"), "elided"),
        (fenced("def summe(items):\n    return sum(items)\n"), "lost_symbols"),
        (fenced('{"code": "def total(items): ..."}', "json"), "json_answer"),
        (fenced("-    result = 0\n+    return sum(items)\n", "diff"), "diff_answer"),
        (fenced(TEXT.replace("result = 0", "result = (0")), "unparsable"),
        (fenced(""), "emptied"),
    ],
)
async def test_a_bad_answer_changes_nothing(answer, rule):
    task, editor = set_up()
    outcome = await run(task, editor, FakeModel(answer))
    assert isinstance(outcome, Refused)
    assert outcome.rule == rule
    assert "Nothing was changed" in outcome.reason
    assert editor.applied == []
    assert editor.document.text == TEXT


async def test_a_stream_without_its_end_changes_nothing():
    task, editor = set_up()
    outcome = await run(task, editor, FakeModel(fenced(NEW), ended=False))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "cut_off"
    assert editor.applied == []


async def test_a_fault_of_the_model_is_a_sentence():
    task, editor = set_up()
    outcome = await run(task, editor, FakeModel(OutOfCredit(Facts(host="api.example", status=403))))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "out_of_credit"
    assert "Nothing was changed" in outcome.reason


async def test_tests_become_a_new_file():
    task, editor = set_up(GENERATE_TESTS)
    answer = fenced(
        "from your_module import total\n\n\ndef test_total():\n    assert total([1]) == 1"
    )
    outcome = await run(task, editor, FakeModel(answer))
    assert isinstance(outcome, Created)
    assert editor.created == [
        (
            Path("/shop/tests/test_a.py"),
            "from a import total\n\n\ndef test_total():\n    assert total([1]) == 1\n",
        )
    ]
    assert editor.document.text == TEXT


async def test_an_answer_without_tests_makes_no_file():
    task, editor = set_up(GENERATE_TESTS)
    outcome = await run(task, editor, FakeModel(fenced("def total(items):\n    return 0\n")))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "no_tests"
    assert "test_a.py was not created" in outcome.reason
    assert editor.created == []


async def test_control_files_are_refused_before_anything_is_sent():
    task, editor = set_up(file=PurePosixPath(".vscode/tasks.py"))
    model = FakeModel(fenced(NEW))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "control_file"
    assert model.prompts == []
    explain, editor = set_up(EXPLAIN, file=PurePosixPath(".vscode/tasks.py"))
    assert isinstance(await run(explain, editor, FakeModel("It is a task.")), Explained)


async def test_a_region_too_large_is_refused_before_anything_is_sent():
    text = "def total(items):\n" + "    x = 1\n" * 500 + "    result = 0\n"
    task, editor = set_up(text=text)
    model = FakeModel(fenced(NEW))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert "501 lines" in outcome.reason or "502 lines" in outcome.reason
    assert model.prompts == []


LONG = (
    "def total(items):\n"
    + "".join(f"    a{n} = {n} + len(items)\n" for n in range(70))
    + "    result = 0\n    return result\n"
)


def blocks(*pairs: tuple[str, str]) -> str:
    return "\n".join(
        f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE" for search, replace in pairs
    )


async def test_a_long_region_is_edited_by_blocks():
    task, editor = set_up(text=LONG)
    model = FakeModel(blocks(("    result = 0\n", "    result = sum(items)\n")))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert editor.document.text == LONG.replace("result = 0", "result = sum(items)")
    assert "SEARCH" in model.prompts[0].system
    assert model.prompts[0].prediction is None


async def test_the_user_types_while_thousands_of_lines_are_judged(monkeypatch):
    others = "".join(f"def f{n}(a):\n    return total(a) + {n}\n\n\n" for n in range(300))
    task, editor = set_up(text=TEXT + "\n\n" + others, instruction="Rename total and its callers.")
    old, new = "    return total(a) + 7\n", "    return total_of(a) + 7\n"
    typed = threading.Event()
    asyncio.get_running_loop().call_later(0.01, typed.set)
    seen: list[bool] = []

    def judge(candidate):
        seen.append(typed.wait(10))

    monkeypatch.setattr(gate, "judge", judge)
    outcome = await run(task, editor, FakeModel(blocks((old, new))))
    assert isinstance(outcome, Edited)
    assert editor.document.text == (TEXT + "\n\n" + others).replace(old, new)
    assert seen[0]


async def test_blocks_without_a_place_go_back_once_with_the_closest_lines():
    task, editor = set_up(text=LONG)
    model = FakeModel(
        blocks(
            ("    a3 = 3 + len(items)\n", "    a3 = 33 + len(items)\n"),
            ("    result := 0\n    return result\n", "    return sum(items)\n"),
        ),
        blocks(("    result = 0\n    return result\n", "    return sum(items)\n")),
    )
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert "a3 = 33 + len(items)" in editor.document.text
    assert editor.document.text.endswith("    return sum(items)\n")
    assert len(model.prompts) == 2
    assert "    result = 0" in model.prompts[1].user.split("Your answer was:")[1]
    assert outcome.receipt.prompt_tokens == 200


async def test_blocks_that_fail_twice_give_way_to_a_rewrite():
    task, editor = set_up(text=LONG)
    wrong = blocks(("    no such line\n", "    x = 1\n"))
    model = FakeModel(wrong, wrong, fenced(LONG.replace("result = 0", "result = 1")))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert editor.document.text == LONG.replace("result = 0", "result = 1")
    assert len(model.prompts) == 3
    assert model.prompts[2].prediction == LONG


async def test_three_failures_change_nothing():
    task, editor = set_up(text=LONG)
    model = FakeModel("I would rather talk about it.")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "prose"
    assert len(model.prompts) == 3
    assert editor.document.text == LONG


async def test_an_ambiguous_block_is_never_applied():
    text = LONG.replace("    result = 0\n", "    x = 1\n    result = 0\n    x = 1\n")
    task, editor = set_up(text=text)
    model = FakeModel(blocks(("    x = 1\n", "    x = 2\n")), "CANNOT: no")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "model_declined"
    assert editor.document.text == text


@pytest.mark.parametrize("known", [Predictions.WORKS, Predictions.LOCAL])
async def test_where_predictions_work_a_long_region_is_written_again(known):
    task, editor = set_up(text=LONG)
    model = FakeModel(fenced(LONG.replace("result = 0", "result = 1")))
    model.predictions = known
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert len(model.prompts) == 1
    assert (model.prompts[0].prediction is None) == (known is Predictions.LOCAL)
