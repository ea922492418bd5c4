"""The cells round a cell: in which order, how much of them, and apart from the cell's own code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.actions import EXPLAIN, REFACTOR, Target, find_target
from dola_ls.core.context import Context, collect, estimate_tokens
from dola_ls.core.document import Document, Span
from dola_ls.core.notebook import Cells, CellText, cell_target, with_cells
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.own_prompt import render_own
from dola_ls.core.page_head import head
from dola_ls.core.parsing import parse
from dola_ls.core.prompt import render
from tests.core.prompt_files import is_as_written

TRIP = Cells(
    "trip.ipynb",
    3,
    (
        CellText(1, "markdown", False, "# A trip\n\nBy train."),
        CellText(2, "python", True, "import pandas as pd\r\n\r\nRATE = 0.2\r\n"),
    ),
    (
        CellText(4, "sql", True, "select 1"),
        CellText(5, "python", True, "total(frame)\n"),
        CellText(6, "python", True, "  \n"),
    ),
)
CODE = "def total(frame):\n    return frame.sum() * RATE\n"


def cell(text: str = CODE) -> Document:
    return Document("vscode-notebook-cell:/home/ann/trip.ipynb#W2s", "python", 1, text)


def seen(cells: Cells = TRIP, budget: int = 1000) -> Context:
    document = cell()
    target = find_target(document, parse(document), Span(4, 4))
    assert isinstance(target, Target)
    return with_cells(collect(document, target, budget), cells, budget)


def test_words_are_comments_and_code_is_code() -> None:
    context = seen()
    assert context.cells_before == (
        "# Cell 1 (text):\n# # A trip\n#\n# By train.\n\n"
        "# Cell 2:\nimport pandas as pd\n\nRATE = 0.2\n"
    )
    # Another language is a comment in a block of this one; a blank cell says nothing.
    sql, python = "# Cell 4 (sql):\n# select 1\n", "# Cell 5:\ntotal(frame)\n"
    assert context.cells_after.lower() == f"{sql}\n{python}".lower()
    assert (context.file, context.left_out) == ("trip.ipynb, cell 3", ())


def test_the_prompt_of_a_cell_is_what_it_was() -> None:
    is_as_written("notebook-refactor", render(REFACTOR, seen()))


@pytest.mark.parametrize(
    "template", ["", "refactor_blocks", "refactor_file", "refactor_file_blocks"]
)
def test_other_cells_are_shown_and_never_to_be_rewritten(template: str) -> None:
    whole = template.startswith("refactor_file")
    context = seen().of_whole_file(cell(), Span(0, len(CODE))) if whole else seen()
    prompt = render(REFACTOR, context, template=template, whole=whole, predicts=True)
    assert (
        "Cells before it in the notebook, to read only:\n```python\n# Cell 1 (text):" in prompt.user
    )
    assert "Cells after it in the notebook, to read only:\n" in prompt.user
    assert "import pandas" not in (prompt.prediction or "")
    assert "import pandas" not in context.code
    assert "/home" not in prompt.user


def test_they_are_shown_to_explanations_and_to_ones_own_actions() -> None:
    assert "RATE = 0.2" in render(EXPLAIN, seen()).user
    own = OwnAction("use", "Use", "See {before} and {after}.", "edit")
    user = render_own(own, seen()).user
    assert user.index("RATE = 0.2") < user.index("total(frame)\n```")
    own = OwnAction("use", "Use", "Do it.", "edit")
    assert "RATE = 0.2" in render_own(own, seen()).user


def test_without_room_words_go_first_and_what_is_left_out_is_named() -> None:
    code = estimate_tokens("# Cell 2:\nimport pandas as pd\n\nRATE = 0.2\n")
    context = seen(budget=code + estimate_tokens("") * 2)
    assert context.cells_before.startswith("# Cell 2:")
    assert context.cells_after == ""
    assert [one.what for one in context.left_out] == [
        f"cell {number} of trip.ipynb" for number in (1, 4, 5)
    ]
    assert seen(budget=0).cells_before == ""


TEXTS = st.text(st.sampled_from("ab #\n"), max_size=60)
OTHERS = st.lists(st.tuples(st.sampled_from(["python", "markdown", "sql"]), TEXTS), max_size=6)


@given(OTHERS, OTHERS, st.integers(0, 120))
def test_they_stay_within_the_budget_and_in_order(
    before: list[tuple[str, str]], after: list[tuple[str, str]], budget: int
) -> None:
    texts = [
        CellText(number, language, language != "markdown", text)
        for number, (language, text) in enumerate([*before, ("", ""), *after], start=1)
    ]
    at = len(before)
    cells = Cells("n.ipynb", at + 1, tuple(texts[:at]), tuple(texts[at + 1 :]))
    context = with_cells(collect(cell(), whole(), budget), cells, budget)
    shown = context.cells_before + context.cells_after
    assert estimate_tokens(shown) <= budget + 8
    numbers = [int(line.split()[2].rstrip(":")) for line in shown.split("\n") if "Cell" in line]
    assert numbers == sorted(numbers)
    assert at + 1 not in numbers
    said = {text.number for text in (*cells.before, *cells.after) if text.text.strip()}
    assert len(numbers) + len(context.left_out) == len(said)


def whole(text: str = CODE) -> Target:
    target = cell_target(cell(text), 3)
    assert target is not None
    return target


def test_a_cursor_in_no_symbol_means_all_of_the_cell() -> None:
    text = "\n\nx = 1\nprint(x)\n\n"
    target = whole(text)
    assert (text[target.region.start : target.region.end], target.name) == (
        "x = 1\nprint(x)\n",
        "cell 3",
    )
    assert cell_target(cell(" \n"), 3) is None


def test_a_page_names_the_notebook_and_the_cell() -> None:
    assert head(cell(), whole(), cells=TRIP) == (
        "# Cell 3\n\nIn cell 3 of `trip.ipynb`, lines 1–2 · Python"
    )
