"""What Ruff and Pyright really report in a real Neovim is fixed and explained from its menu."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from .model import Model
from .nvim import Neovim, State
from .project import Project, fenced

pytestmark = pytest.mark.nvim

SHOP = '''\
"""A small shop."""

import json
import os

TAX = 0.2


def total_price(items: list[dict[str, float]]) -> float:
    total = 0.0
    discount = 5
    for item in items:
        total = total + item["price"] * item["quantity"]
    return totl


def label(item: dict[str, str]) -> str:
    return item["name"].titel() + os.sep
'''
#: What Ruff's own rules find in it: `json`, `discount` and `totl`.
FOUND = ["F401", "F841", "F821"]

RETURN = SHOP.replace("return totl", "return total")
BOTH = RETURN.replace("    discount = 5\n", "")
IMPORTS = SHOP.replace("import json\n", "")
LABEL = SHOP.replace("titel", "title")


def part(text: str, first: str, last: str) -> str:
    """Return the lines of a text from one to another, as a model answers them."""
    return fenced(text[text.index(first) : text.index(last)].rstrip())


def beside_python(name: str) -> str | None:
    """Return a program of this environment, or of the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


@pytest.fixture
def ruff(nvim: Neovim, project: Project) -> Neovim:
    """Open the module in a Neovim with Ruff beside Dola, once Ruff has reported."""
    program = beside_python("ruff")
    assert program is not None, "Ruff belongs to the test extra"
    project.shop.write_text(SHOP, encoding="utf-8")
    nvim.enable_beside("ruff", [program, "server"], "python")
    nvim.open(project.shop)
    nvim.until(lambda s: s.codes("Ruff") == FOUND, "Ruff reports")
    return nvim


def offered(nvim: Neovim, line: int) -> list[str]:
    nvim.cursor(line)
    return [title for title, _ in nvim.actions() if title.startswith("Dola: ")]


def test_each_problem_of_a_line_is_offered_and_all_of_the_function(ruff: Neovim) -> None:
    assert offered(ruff, 14)[:3] == [
        "Dola: Fix: Undefined name `totl`",
        "Dola: Fix all 2 problems in total_price",
        "Dola: Explain: Undefined name `totl`",
    ]
    # On another line of it they can still be fixed all at once.
    assert offered(ruff, 12)[0] == "Dola: Fix all 2 problems in total_price"
    assert not any("Fix" in title for title in offered(ruff, 18))


def test_one_problem_is_fixed_and_the_others_stay(ruff: Neovim, model: Model) -> None:
    model.answer = part(RETURN, "def total_price", "\n\ndef label")
    ruff.cursor(14)
    ruff.pick("Dola: Fix: Undefined name `totl`")
    ruff.until(lambda s: s.current.text == RETURN, "the name is right")
    ruff.until(lambda s: s.codes("Ruff") == ["F401", "F841"], "Ruff sees it gone")
    asked = model.requests[0].prompt
    assert "Undefined name `totl` (Ruff F821)" in asked
    assert "That line: return totl" in asked
    assert "not to be fixed now" in asked
    assert "never used" in asked

    ruff.type("u")
    ruff.until(lambda s: s.current.text == SHOP, "one undo brings it back")


def test_all_problems_of_a_function_are_fixed_at_once(ruff: Neovim, model: Model) -> None:
    model.answer = part(BOTH, "def total_price", "\n\ndef label")
    ruff.cursor(14)
    ruff.pick("Dola: Fix all 2 problems in total_price")
    ruff.until(lambda s: s.current.text == BOTH, "both are mended")
    ruff.until(lambda s: s.codes("Ruff") == ["F401"], "Ruff sees them gone")


def test_a_refactoring_is_told_what_another_server_says_of_its_lines(
    ruff: Neovim, model: Model
) -> None:
    model.answer = part(RETURN, "def total_price", "\n\ndef label")
    ruff.cursor(10)
    ruff.pick("Dola: Refactor total_price")
    ruff.until(lambda s: s.current.text == RETURN, "the function is refactored")
    asked = model.requests[0].prompt
    assert "error: Undefined name `totl` (Ruff F821)" in asked
    assert "imported but unused" not in asked


def test_an_unused_import_goes_and_the_others_stay(ruff: Neovim, model: Model) -> None:
    model.answer = fenced("import os")
    ruff.cursor(3)
    ruff.pick("Dola: Fix: `json` imported but unused")
    ruff.until(lambda s: s.current.text == IMPORTS, "the import is gone")
    ruff.until(lambda s: s.codes("Ruff") == ["F841", "F821"], "Ruff sees it gone")


def test_code_that_does_not_parse_is_mended(ruff: Neovim, model: Model) -> None:
    broken = SHOP.replace("-> float:", "-> float")
    ruff.ex("%s/-> float:/-> float/")
    state = ruff.until(
        lambda s: s.current.text == broken and "invalid-syntax" in s.codes("Ruff"), "Ruff objects"
    )
    assert state.problems[0]["message"].startswith("Expected")
    model.answer = part(SHOP, "def total_price", "\n\ndef label")
    ruff.cursor(9)
    title = next(title for title in offered(ruff, 9) if title.startswith("Dola: Fix: Expected"))
    ruff.pick(title)
    ruff.until(lambda s: s.current.text == SHOP, "the colon is back")
    ruff.until(lambda s: s.codes("Ruff") == FOUND, "Ruff can read it again")


def test_a_problem_is_explained(ruff: Neovim, model: Model) -> None:
    model.answer = "There is no variable `totl`; `total` is meant."
    ruff.cursor(14)
    ruff.pick("Dola: Explain: Undefined name `totl`")
    state = ruff.until(
        lambda s: any(b.filetype == "markdown" and b.visible for b in s.buffers), "a page opens"
    )
    page = next(b for b in state.buffers if b.filetype == "markdown")
    assert "`total` is meant" in page.text
    assert "Undefined name `totl` (Ruff F821)" in model.requests[0].prompt


def test_a_fix_that_only_silences_the_message_is_not_made(ruff: Neovim, model: Model) -> None:
    silenced = SHOP.replace("return totl", "return totl  # noqa: F821")
    model.answer = part(silenced, "def total_price", "\n\ndef label")
    ruff.cursor(14)
    ruff.pick("Dola: Fix: Undefined name `totl`")
    state = ruff.until(lambda s: s.messages, "a message says why")
    assert "silences the message" in state.told
    assert state.current.text == SHOP


PYRIGHT = {"pyright-langserver": "Pyright", "basedpyright-langserver": "basedpyright"}


@pytest.mark.parametrize("name", PYRIGHT)
def test_what_pyright_reports_is_fixed(
    nvim: Neovim, project: Project, model: Model, name: str
) -> None:
    program = beside_python(name)
    if program is None:
        pytest.skip(f"no `{name}` in this environment or on the path")
    project.shop.write_text(SHOP, encoding="utf-8")
    nvim.enable_beside("pyright", [program, "--stdio"], "python")
    nvim.open(project.shop)
    source = PYRIGHT[name]

    def unknown(state: State) -> bool:
        return "reportAttributeAccessIssue" in state.codes(source)

    nvim.until(unknown, "Pyright reports")
    model.answer = fenced(LABEL[LABEL.index("def label") :])
    nvim.cursor(18)
    nvim.pick('Dola: Fix: Cannot access attribute "titel" for class "str"')
    nvim.until(lambda s: s.current.text == LABEL, "the name is right")
    nvim.until(lambda s: s.codes(source) and not unknown(s), "Pyright sees it gone")
    asked = model.requests[0].prompt
    assert f"({source} reportAttributeAccessIssue)" in asked
    assert 'Attribute "titel" is unknown' in asked
