"""An explanation from the task to the page, with a fake editor and a fake model."""

from dataclasses import replace

import pytest

from dola_ls.core.actions import EXPLAIN
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Span
from dola_ls.core.outcome import Explained, Refused
from dola_ls.core.page_head import head
from dola_ls.model.errors import CutOff, Facts, OutOfCredit, OutOfTokens
from dola_ls.run import run
from tests.core.running import TEXT, selected, set_up
from tests.core.test_explanation import ASKED
from tests.fakes.model import FakeModel


class Stopped(FakeModel):
    """Says what it has to say, and then the stream breaks."""

    fault: type[CutOff] | type[OutOfTokens] = CutOff

    async def stream(self, prompt):
        async for delta in super().stream(prompt):
            if delta.completion is None:
                yield delta
        raise self.fault(Facts(host="api.example"))


async def test_the_page_names_the_place_and_then_what_the_model_said():
    task, editor = set_up(EXPLAIN)
    outcome = await run(task, editor, FakeModel(ASKED))
    assert isinstance(outcome, Explained)
    body = ASKED.replace("(line 7)", "([line 7])")
    page = (
        f"# `total`\n\nFunction in `a.py`, [lines 4–8] · Python\n\n{body}\n"
        "[lines 4–8]: file:///shop/a.py#L4\n[line 7]: file:///shop/a.py#L7\n"
    )
    assert editor.shown == [("Explain total", page)]
    assert outcome.markdown == page


async def test_the_model_sees_the_numbers_of_the_lines():
    task, editor = set_up(EXPLAIN)
    model = FakeModel(ASKED)
    await run(task, editor, model)
    assert "Explain this:\n```python\n4 | def total(items):\n5 |     result = 0\n" in (
        model.prompts[0].user
    )
    assert "2 | " not in model.prompts[0].user
    long = "\n" * 96 + TEXT.replace("    for", "\n    for")
    task, editor = set_up(EXPLAIN, long)
    await run(task, editor, model)
    assert " 99 |" not in model.prompts[1].user
    assert "\n100 | def total(items):\n101 |     result = 0\n102 |\n" in model.prompts[1].user


async def test_an_explanation_is_shown_defused():
    task, editor = set_up(EXPLAIN)
    outcome = await run(task, editor, FakeModel("Adds up. ![x](http://evil.example/a) <b>"))
    assert isinstance(outcome, Explained)
    assert "\n\nAdds up. x &lt;b>\n" in editor.shown[0][1]


async def test_where_a_document_has_no_address_nothing_is_linked():
    task, editor = set_up(EXPLAIN)
    editor.address_of = lambda document: ""
    outcome = await run(task, editor, FakeModel(ASKED))
    assert isinstance(outcome, Explained)
    assert outcome.markdown.endswith(ASKED)


async def test_the_short_form_of_a_symbol_is_kept():
    task, editor = set_up(EXPLAIN)
    await run(task, editor, FakeModel(ASKED))
    assert editor.remembered == [("total", "Adds up what is in a cart. Used at the till.")]


async def test_of_a_part_of_a_symbol_it_is_not():
    start = TEXT.index("    result = 0")
    task, editor = selected(TEXT, Span(start, start + 30), EXPLAIN)
    outcome = await run(task, editor, FakeModel(ASKED))
    assert isinstance(outcome, Explained)
    assert outcome.markdown.startswith(
        "# Lines 5-6\n\nIn the function `total` of `a.py`, [lines 5–6] · Python\n"
    )
    assert editor.remembered == []


@pytest.mark.parametrize("ask", ["instruction", "diagnostic"])
async def test_a_question_is_answered_without_sections_and_not_kept(ask):
    task, editor = set_up(EXPLAIN)
    if ask == "instruction":
        task = replace(task, instruction="Is an  empty\nlist [fine](x)?")
    else:
        problem = Diagnostic(Span(40, 41), "`x` is <unused>", "ruff", "F841")
        task = replace(task, instruction="What is meant?", diagnostics=(problem,))
    model = FakeModel("Yes, see line 5.\n\n## Returns\n\n0.")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Explained)
    said = "Yes, see [line 5].\n\n## Returns\n\n0.\n"
    if ask == "instruction":
        said = f"> Is an empty list fine?\n\n{said}"
        assert "Task: Is an  empty\nlist [fine](x)?\n" in model.prompts[0].user
    else:
        said = f"> **[line 5]**: `x` is &lt;unused> (ruff F841)\n\n{said}"
        assert "Task: What is meant?\n" in model.prompts[0].user
    assert f" · Python\n\n{said}" in outcome.markdown
    assert "Pitfalls" not in model.prompts[0].system
    assert editor.remembered == []


@pytest.mark.parametrize("how", ["broken off", "out of tokens", "unended", "loops"])
async def test_half_an_explanation_says_that_it_is_half_and_is_not_kept(how):
    task, editor = set_up(EXPLAIN)
    model = Stopped("It adds up. Then")
    if how == "out of tokens":
        model.fault = OutOfTokens
    elif how == "unended":
        model = FakeModel("It adds up. Then", ended=False)
    elif how == "loops":
        model = FakeModel("It adds up. " + "Then it adds once more. " * 500)
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Explained)
    assert "\n\nIt adds up. Then" in outcome.markdown
    assert "\n\n*The answer was cut off here.*\n" in outcome.markdown
    assert editor.remembered == []


async def test_an_empty_explanation_is_refused():
    task, editor = set_up(EXPLAIN)
    outcome = await run(task, editor, FakeModel("  "))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "empty"
    assert editor.shown == []


async def test_an_answer_of_a_title_alone_is_shown_as_it_is():
    task, editor = set_up(EXPLAIN)
    outcome = await run(task, editor, FakeModel("# Adds up"))
    assert isinstance(outcome, Explained)
    assert "\n\n# Adds up\n" in outcome.markdown
    assert editor.remembered == []


async def test_a_fault_of_the_model_is_a_sentence():
    task, editor = set_up(EXPLAIN)
    outcome = await run(task, editor, FakeModel(OutOfCredit(Facts(host="api.example", status=403))))
    assert isinstance(outcome, Refused)
    assert editor.shown == []


def test_names_are_code_whatever_is_in_them():
    task, _ = set_up(EXPLAIN)
    document = Document("file:///shop/%60a%60_b_[x]%0A(y).py", "python", 1, TEXT)
    title, place, question = head(document, task.target, "", ["why " * 200]).split("\n\n")
    assert title == "# `total`"
    assert place == "Function in `` `a`_b_[x] (y).py ``, lines 4–8 · Python"
    assert question.startswith("> why why")
    assert question.endswith("…")
    assert len(question) < 410
