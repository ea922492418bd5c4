"""What a run does with an answer that was not good enough, or that meets what the user typed."""

from dola_ls.core.actions import EXPLAIN
from dola_ls.core.document import Edit
from dola_ls.core.outcome import Edited, Explained, Proposed, Refused, Unchanged
from dola_ls.core.strategy import Predictions
from dola_ls.run import run
from tests.core.running import NEW, TEXT, set_up
from tests.fakes.model import FakeModel, fenced

BROKEN = fenced("def total(items:\n    return 1\n")


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


# --- the gate refuses -----------------------------------------------------------------------


async def test_a_refused_answer_goes_back_once_with_the_reason():
    task, editor = set_up()
    model = FakeModel(BROKEN, fenced(NEW))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert "return sum(items)" in editor.document.text
    assert len(model.prompts) == 2
    assert "return 1" not in model.prompts[1].user
    assert "the file would no longer parse as Python" in model.prompts[1].user
    assert model.prompts[1].user.startswith(model.prompts[0].user)
    assert outcome.receipt.prompt_tokens == 200


async def test_an_answer_refused_twice_is_kept_to_be_looked_at():
    task, editor = set_up()
    model = FakeModel(BROKEN)
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert (outcome.rule, outcome.proposal) == ("unparsable", "refactor-1")
    assert len(model.prompts) == 2
    assert editor.applied == []
    [kept] = editor.proposals
    assert kept.verdict is not None
    assert kept.verdict.rule == "unparsable"
    assert "def total(items:" in kept.rewrite.text


async def test_a_second_answer_without_code_leaves_the_first_one_kept():
    old = TEXT.removeprefix("import os\n\n\n").partition("\n\n\n")[0]
    for second in ("I am sorry.", fenced(old), fenced("")):
        task, editor = set_up()
        outcome = await run(task, editor, FakeModel(BROKEN, second))
        assert isinstance(outcome, Refused)
        assert outcome.rule == "unparsable"
        assert len(editor.proposals) == 1


# --- blocks over the file -------------------------------------------------------------------

CALLER = TEXT + "\n\ndef bill(items):\n    return tax(total(items))\n"


async def test_a_renamed_function_is_renamed_where_it_is_called():
    task, editor = set_up(text=CALLER, instruction="Rename total to total_price.")
    answer = block("def total(items):\n", "def total_price(items):\n") + block(
        "    return tax(total(items))\n", "    return tax(total_price(items))\n"
    )
    model = FakeModel(answer)
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert editor.document.text == CALLER.replace("total(", "total_price(")
    assert "def bill" in model.prompts[0].user
    assert "SEARCH" in model.prompts[0].system


async def test_of_two_places_the_one_in_the_region_is_meant():
    text = TEXT + "\n\ndef count(items):\n    result = 0\n    return result\n"
    task, editor = set_up(
        text=text, needle="for item", instruction="Start at one. Leave the callers as they are."
    )
    await run(task, editor, FakeModel(block("    result = 0\n", "    result = 1\n")))
    assert editor.document.text == text.replace("result = 0", "result = 1", 1)


async def test_blocks_that_fit_nowhere_lead_to_a_rewrite_of_the_region():
    task, editor = set_up(text=CALLER, instruction="Use sum() here and leave all callers alone.")
    model = FakeModel(block("no such line\n", "x\n"), block("still none\n", "x\n"), fenced(NEW))
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Edited)
    assert len(model.prompts) == 3
    assert "still none" not in model.prompts[2].user
    assert editor.document.text.startswith("import os\n\n\n" + NEW + "\n\ndef tax")


async def test_imports_of_an_answer_join_those_of_the_file():
    task, editor = set_up()
    code = "import math\n\n\ndef total(items):\n    return math.fsum(items)\n"
    assert isinstance(await run(task, editor, FakeModel(fenced(code))), Edited)
    assert editor.document.text.startswith("import os\nimport math\n\n\ndef total(items):\n    ret")


async def test_a_forgotten_import_is_found():
    task, editor = set_up()
    code = "def total(items):\n    return math.fsum(items)\n"
    assert isinstance(await run(task, editor, FakeModel(fenced(code))), Edited)
    assert editor.document.text.startswith("import os\nimport math\n\n\ndef total(items):\n    ret")


async def test_a_forgotten_import_is_found_for_blocks_of_the_file():
    task, editor = set_up(instruction="Use math.fsum, leave the callers alone.")
    old = TEXT[TEXT.index("    result = 0") : TEXT.index("\n\ndef tax")]
    answer = block(old, "    return math.fsum(items)\n")
    assert isinstance(await run(task, editor, FakeModel(answer)), Edited)
    assert editor.document.text.startswith("import os\nimport math\n\n\ndef total(items):\n    ret")


# --- the user types meanwhile ---------------------------------------------------------------

TWO = """\
def both(items):
    first = items[0]
    check(first)
    check(items)
    log(items)
    last = items[1]
    return first, last
"""
BETTER = TWO.replace("items[0]", "items[:1]").replace("items[1]", "items[-1]")


def type_at(editor, needle: str, text: str) -> None:
    at = editor.document.text.index(needle)
    editor.on_report = lambda: None if editor.changes else editor.type(Edit(at, at, text))


async def test_the_part_that_nobody_touched_goes_in_and_the_rest_is_kept():
    task, editor = set_up(text=TWO, needle="first =")
    type_at(editor, "items[1]", "my_")
    outcome = await run(task, editor, FakeModel(fenced(BETTER)))
    assert isinstance(outcome, Proposed)
    assert editor.document.text == TWO.replace("items[0]", "items[:1]").replace(
        "items[1]", "my_items[1]"
    )
    assert len(outcome.applied) == 1
    assert "line 6" in outcome.reason
    assert "The rest was applied" in outcome.reason
    [kept] = editor.proposals
    assert kept.rewrite.text == TWO.replace("items[1]", "items[-1]")
    assert kept.verdict is None


async def test_parts_that_belong_together_are_never_torn_apart():
    text = TWO.replace("items[1]", "first[1]")
    renamed = text.replace("first", "head")
    task, editor = set_up(text=text, needle="check(items)")
    type_at(editor, "first[1]", "my_")
    outcome = await run(task, editor, FakeModel(fenced(renamed)))
    assert isinstance(outcome, Proposed)
    assert outcome.applied == ()
    assert editor.applied == []
    assert "Nothing was applied" in outcome.reason
    assert editor.proposals[0].rewrite.text == renamed


# --- the model repeats itself ---------------------------------------------------------------

LOOP = "    assert total([]) == 0\n" * 500


async def test_a_model_that_goes_round_in_circles_is_stopped():
    task, editor = set_up()
    model = FakeModel("```python\ndef total(items):\n" + LOOP)
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "loops"
    assert "said the same over and over" in outcome.reason
    assert model.closed == 1
    assert editor.document.text == TEXT


async def test_of_an_explanation_that_does_so_the_beginning_is_shown():
    task, editor = set_up(EXPLAIN)
    outcome = await run(task, editor, FakeModel("It adds. " + "Then it adds once more. " * 500))
    assert isinstance(outcome, Explained)
    assert "cut off here" in outcome.markdown
    assert len(outcome.markdown) < 3000


async def test_nothing_to_change_asks_once():
    task, editor = set_up()
    region = TEXT[task.target.region.start : task.target.region.end]
    model = FakeModel(fenced(region))
    assert isinstance(await run(task, editor, model), Unchanged)
    assert len(model.prompts) == 1


async def test_where_the_user_asked_for_a_change_the_same_code_goes_back_once():
    task, editor = set_up(instruction="Use sum().")
    region = TEXT[task.target.region.start : task.target.region.end]
    model = FakeModel(fenced(region), fenced(NEW))
    assert isinstance(await run(task, editor, model), Edited)
    assert "the task asks for a change" in model.prompts[1].user
    task, editor = set_up(instruction="Use sum().")
    model = FakeModel(fenced(region))
    assert isinstance(await run(task, editor, model), Unchanged)
    assert len(model.prompts) == 2


# --- the whole file -------------------------------------------------------------------------


async def test_a_short_file_is_written_anew_where_the_engine_drafts_by_itself():
    task, editor = set_up(text=CALLER, instruction="Rename total to total_price.")
    after = CALLER.replace("total(", "total_price(")
    model = FakeModel(fenced(after))
    model.predictions = Predictions.LOCAL
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == after
    assert len(editor.applied[0]) == 2
    assert "complete new text of the file" in model.prompts[0].system
    assert CALLER in model.prompts[0].user


async def test_what_the_task_did_not_ask_for_is_left_out():
    task, editor = set_up(text=CALLER, instruction="Rename total to total_price.")
    after = CALLER.replace("total(", "total_price(")
    model = FakeModel(
        fenced(after.replace("value * 2", "2 * value").replace("tax(value)", "tax(v)"))
    )
    model.predictions = Predictions.LOCAL
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text == after


async def test_the_region_alone_in_place_of_the_file_costs_nothing_of_it():
    task, editor = set_up(text=CALLER, instruction="Use sum() and leave the callers alone.")
    model = FakeModel(fenced(NEW))
    model.predictions = Predictions.LOCAL
    assert isinstance(await run(task, editor, model), Edited)
    assert editor.document.text.startswith("import os\n\n\n" + NEW + "\n\ndef tax")
    assert "def bill" in editor.document.text


# --- names that nobody declares -------------------------------------------------------------

MOST = "def total(items):\n    return min(sum(items), MOST)\n"


async def test_a_name_that_nobody_declares_is_asked_about_once():
    task, editor = set_up()
    model = FakeModel(fenced(MOST), fenced("MOST = 9\n\n\n" + MOST))
    assert isinstance(await run(task, editor, model), Edited)
    assert "it uses MOST, declared nowhere" in model.prompts[1].user
    assert "MOST = 9\n\n\ndef total" in editor.document.text


async def test_an_answer_that_insists_on_a_name_is_believed():
    for second in (fenced(MOST), BROKEN, "I am sure."):
        task, editor = set_up()
        model = FakeModel(fenced(MOST), second)
        assert isinstance(await run(task, editor, model), Edited)
        assert len(model.prompts) == 2
        assert (
            editor.document.text
            == TEXT[: TEXT.index("def total")] + MOST + (TEXT[TEXT.index("\n\ndef tax") :])
        )
