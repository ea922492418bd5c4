"""`:Dola review` in the real Neovim: a proposal beside the code, decided about hunk by hunk."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .model import Model
from .nvim import Neovim, wait_for
from .project import Project, fenced

pytestmark = pytest.mark.nvim

BILL = """\
def bill(items, rate):
    total = 0
    for item in items:
        total = total + item
    # The tax
    # comes
    # on
    # top,
    # and is rounded.
    tax = total * rate
    return total + tax
"""
FIRST = ("total = total + item", "total += item")
SECOND = ("total * rate", "round(total * rate, 2)")
#: Counted from 1.
AT_FIRST, AT_SECOND = 4, 10
LABEL = "refactor bill, 11 lines"


def with_(*changes: tuple[str, str], text: str = BILL) -> str:
    for old, new in changes:
        text = text.replace(old, new)
    return text


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the current tab."""

    name: str
    text: str
    bar: str
    line: int
    diff: bool
    current: bool


_WINDOWS = """
local found = {}
for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
  local buf = vim.api.nvim_win_get_buf(win)
  found[#found + 1] = {
    name = vim.api.nvim_buf_get_name(buf),
    text = table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\\n') .. '\\n',
    bar = vim.wo[win].winbar,
    line = vim.api.nvim_win_get_cursor(win)[1],
    diff = vim.wo[win].diff,
    current = win == vim.api.nvim_get_current_win(),
  }
end
return found
"""


@dataclass
class Review:
    """A Neovim with a proposal that waits."""

    nvim: Neovim
    path: Path
    model: Model

    def windows(self) -> list[Window]:
        return [Window(**window) for window in self.nvim.lua(_WINDOWS)]

    def until(self, holds: Callable[[list[Window]], object], what: str) -> list[Window]:
        wait_for(lambda: holds(self.windows()), what)
        return self.windows()

    def open(self) -> None:
        self.nvim.ex("Dola review")
        self.until(lambda windows: len(windows) == 2, "the review opens")

    def texts(self, left: str, right: str) -> list[Window]:
        """Wait until both sides hold these texts."""
        return self.until(lambda ws: [w.text for w in ws] == [left, right], "both sides follow")

    def over(self, text: str) -> None:
        """Wait until the review is closed, with this text in the buffer and no trace of it."""
        [window] = self.until(lambda windows: len(windows) == 1, "the review closes")
        assert Path(window.name) == self.path
        assert (window.text, window.diff, window.bar) == (text, False, "")
        assert self.nvim.lua("return vim.fn.mapcheck('do', 'n')") == ""
        assert self.nvim.lua("return #vim.api.nvim_list_tabpages()") == 1

    def waiting(self) -> str:
        return str(self.nvim.lua("return require('dola').status()"))


@pytest.fixture
def review(fresh_nvim: Neovim, project: Project, model: Model) -> Review:
    """Have a rewrite of two hunks kept for review."""
    project.enable(fresh_nvim, **model.environment, DOLA_APPLY="review")
    path = project.add("bill.py", BILL)
    model.answer = fenced(with_(FIRST, SECOND))
    fresh_nvim.open(path)
    fresh_nvim.cursor(2)
    fresh_nvim.lua(
        "vim.api.nvim_create_autocmd('User', { pattern = 'DolaProposed', callback = function(event)"
        " vim.g.heard = event.data.proposal end })"
    )
    fresh_nvim.ex("Dola refactor")
    fresh_nvim.until(lambda s: ":Dola review" in s.told, "a message tells that it waits")
    return Review(fresh_nvim, path, model)


def test_a_proposal_is_told_once_and_shown_beside_the_code(review: Review) -> None:
    state = review.nvim.state()
    assert state.told == f"Dola: {LABEL}, waits for `:Dola review`."
    assert state.current.text == BILL
    assert review.waiting() == "Dola: 1 to review"
    heard = review.nvim.lua("return vim.g.heard")
    assert (heard["label"], heard["refused"], heard["hunks"]) == (LABEL, False, 2)

    review.open()

    left, right = review.windows()
    assert Path(left.name) == review.path
    assert (left.text, right.text) == (BILL, with_(FIRST, SECOND))
    assert left.diff
    assert right.diff
    assert f"{LABEL}%* 2 hunks" in left.bar
    assert "a%* accept" in right.bar
    assert right.current
    assert (left.line, right.line) == (AT_FIRST, AT_FIRST)
    review.nvim.ex("Dola review")  # goes to the one that is open
    assert len(review.windows()) == 2
    review.nvim.type("ix<Esc>")  # what is proposed cannot be typed into
    review.nvim.type("q")
    review.over(BILL)
    assert review.waiting() == "Dola: 1 to review"


def test_hunks_are_accepted_one_by_one_each_an_undo_step(review: Review) -> None:
    review.open()

    review.nvim.type("a")

    windows = review.texts(with_(FIRST), with_(FIRST, SECOND))
    windows = review.until(lambda ws: "1 hunk" in ws[0].bar, "one is left")
    assert windows[1].line == AT_SECOND
    review.nvim.type("a")
    review.over(with_(FIRST, SECOND))
    assert review.waiting() == ""
    review.nvim.type("u")
    review.nvim.until(lambda s: s.current.text == with_(FIRST), "one hunk is taken back")
    review.nvim.type("u")
    review.nvim.until(lambda s: s.current.text == BILL, "and the other")


def test_what_is_rejected_is_not_accepted_with_the_rest(review: Review) -> None:
    review.open()

    review.nvim.type("x")

    review.texts(BILL, with_(SECOND))
    review.nvim.type("A")
    review.over(with_(SECOND))
    review.nvim.type("u")
    review.nvim.until(lambda s: s.current.text == BILL, "one undo takes it back")


def test_all_is_one_undo_step(review: Review) -> None:
    review.open()
    review.nvim.type("A")
    review.over(with_(FIRST, SECOND))
    review.nvim.type("u")
    review.nvim.until(lambda s: s.current.text == BILL, "one undo takes it back")


def test_when_everything_is_rejected_it_is_over(review: Review) -> None:
    review.open()
    review.nvim.type("x")
    review.texts(BILL, with_(SECOND))
    review.nvim.ex("Dola review reject")
    review.over(BILL)
    assert review.waiting() == ""


def test_the_keys_for_diffs_decide_too(review: Review) -> None:
    review.open()
    review.nvim.type("]c")
    review.until(lambda ws: ws[1].line == AT_SECOND, "the cursor is on the second hunk")
    review.nvim.type("do")
    review.texts(BILL, with_(FIRST))
    review.until(lambda ws: "1 hunk" in ws[0].bar, "one is left")
    review.nvim.type(f"<C-w>h{AT_FIRST}Gdo")
    review.over(with_(FIRST))
    # The key is as ever afterwards.
    review.nvim.type(f"{AT_FIRST}Gdw")
    review.nvim.until(lambda s: s.current.text != with_(FIRST), "the editor goes on")


def test_dp_puts_a_hunk_into_the_code(review: Review) -> None:
    review.open()
    review.nvim.type("dp")
    review.texts(with_(FIRST), with_(FIRST, SECOND))


def test_away_from_a_hunk_nothing_is_decided(review: Review) -> None:
    review.open()
    review.nvim.type("1Ga")
    review.nvim.until(lambda s: "no hunk at the cursor" in s.told, "a message")
    assert [window.text for window in review.windows()] == [BILL, with_(FIRST, SECOND)]


@pytest.mark.parametrize("how", ["key", "command"])
def test_a_proposal_is_discarded(review: Review, how: str) -> None:
    review.open()
    if how == "key":
        review.nvim.type("D")
    else:
        review.nvim.ex("Dola review discard")
    review.over(BILL)
    assert review.waiting() == ""


def test_retry_asks_the_model_again(review: Review) -> None:
    review.open()
    review.model.answer = fenced(with_(FIRST))
    review.nvim.type("R")
    review.over(BILL)
    wait_for(lambda: len(review.model.requests) == 2, "the model is asked again")
    review.nvim.until(lambda s: s.told.count(":Dola review") == 2, "another proposal waits")
    review.open()
    assert [window.text for window in review.windows()] == [BILL, with_(FIRST)]


def test_edits_elsewhere_are_followed(review: Review) -> None:
    review.open()
    review.nvim.type("<C-w>hggO# mine<Esc>")
    mine = "# mine\n"
    review.texts(mine + BILL, mine + with_(FIRST, SECOND))
    review.nvim.type("<C-w>lA")
    review.over(mine + with_(FIRST, SECOND))


def test_a_change_of_the_same_lines_is_said_and_taken_back(review: Review) -> None:
    review.open()
    review.nvim.type(f"<C-w>h{AT_FIRST}GA  # mine<Esc>")
    left, right = review.until(lambda ws: "has changed since" in ws[0].bar, "the bar says so")
    mine = with_((FIRST[0], FIRST[0] + "  # mine"))
    assert left.text == mine
    assert "accept" not in right.bar
    review.nvim.ex("Dola review accept")
    assert "Nothing was changed" in review.nvim.state().told

    # Vim's own keys take lines over.
    review.nvim.type(f"{AT_SECOND}Gdo")
    review.until(lambda ws: ws[0].text == with_(SECOND, text=mine), "the line is taken over")

    review.nvim.type("uu")
    review.until(lambda ws: "2 hunks" in ws[0].bar, "it fits again")
    review.nvim.type("<C-w>lA")
    review.over(with_(FIRST, SECOND))


@pytest.mark.parametrize("side", ["left", "right"])
def test_closing_a_window_closes_the_review(review: Review, side: str) -> None:
    review.open()
    review.nvim.type("<C-w>h:q<CR>" if side == "left" else ":q<CR>")
    review.over(BILL)
    review.open()
    review.nvim.type("a")
    review.texts(with_(FIRST), with_(FIRST, SECOND))


def test_a_server_that_ends_takes_the_proposal_with_it(review: Review) -> None:
    review.open()
    for server in review.nvim.state().children:
        os.kill(server, signal.SIGKILL)
    review.nvim.until(lambda s: "the proposal went with it" in s.told, "a message")
    review.over(BILL)
    assert review.waiting() == ""


def test_several_proposals_are_chosen_from(review: Review, project: Project) -> None:
    other = project.add("other.py", with_(("bill", "sum_up")))
    review.model.answer = fenced(with_(("bill", "sum_up"), FIRST))
    review.nvim.open(other)
    review.nvim.cursor(2)
    review.nvim.ex("Dola refactor")
    review.nvim.until(lambda s: s.told.count(":Dola review") == 2, "another proposal waits")
    assert review.waiting() == "Dola: 2 to review"
    review.nvim.open(project.shop)

    review.nvim.prepare(choose=f"bill.py, {LABEL}")
    review.open()

    assert Path(review.windows()[0].name) == review.path
    rows = [row["label"] for row in review.nvim.state().menus[-1]["rows"]]
    assert rows == [f"bill.py, {LABEL}", "other.py, refactor sum_up, 11 lines"]
    review.nvim.type("A")
    review.nvim.until(lambda s: s.current.path == project.shop, "back where it was opened")
    bill = review.nvim.state().buffer(review.path)
    assert bill is not None
    assert bill.text == with_(FIRST, SECOND)


def test_the_document_takes_its_proposal_with_it(review: Review, project: Project) -> None:
    review.nvim.open(project.shop)
    review.nvim.ex(f"bdelete {review.path}")
    wait_for(lambda: review.waiting() == "", "nothing waits any more")


def test_a_refused_answer_is_applied_only_if_the_user_insists(
    nvim: Neovim, project: Project, model: Model
) -> None:
    path = project.add("bill.py", BILL + "\n\nprint(bill([1], 2))\n")
    before = path.read_text(encoding="utf-8")
    refused = with_(("bill", "sum_up"))
    model.answer = fenced(refused)
    nvim.open(path)
    nvim.cursor(2)
    nvim.ex("Dola refactor")
    nvim.until(lambda s: "was not used" in s.told, "a message tells why it is not applied")
    review = Review(nvim, path, model)

    review.open()
    assert "1 hunk, refused: " in review.windows()[0].bar
    nvim.type("A")
    nvim.until(lambda s: s.menus, "the user is asked")
    menu = nvim.state().menus[-1]
    assert "was not used" in menu["prompt"]
    assert nvim.state().buffer(path).text == before  # type: ignore[union-attr]

    nvim.prepare(choose="Apply it all the same")
    nvim.type("a")
    review.over(before.replace(BILL, refused))


def test_line_ends_are_no_difference(fresh_nvim: Neovim, project: Project, model: Model) -> None:
    project.enable(fresh_nvim, **model.environment, DOLA_APPLY="review")
    path = project.root / "bill.py"
    path.write_bytes(BILL.replace("\n", "\r\n").encode())
    model.answer = fenced(with_(FIRST, SECOND))
    fresh_nvim.open(path)
    fresh_nvim.cursor(2)
    fresh_nvim.ex("Dola refactor")
    fresh_nvim.until(lambda s: ":Dola review" in s.told, "a proposal waits")
    review = Review(fresh_nvim, path, model)
    review.open()
    assert [window.text for window in review.windows()] == [BILL, with_(FIRST, SECOND)]
    fresh_nvim.type("a")
    review.texts(with_(FIRST), with_(FIRST, SECOND))


def test_a_hunk_is_found_at_its_lines_on_either_side(fresh_nvim: Neovim) -> None:
    places = fresh_nvim.lua(
        "local function hunk(line, character, last_line, last_character, text)"
        " return { start = { line = line, character = character }, text = text,"
        " ['end'] = { line = last_line, character = last_character } } end;"
        " return require('dola.hunks').places({"
        " hunk(3, 0, 3, 0, 'two\\nlines\\n'), hunk(9, 4, 9, 8, 'word'), hunk(12, 0, 14, 0, ''),"
        " hunk(20, 2, 22, 1, 'one\\r\\ntwo') })"
    )

    def lines(side: str) -> list[tuple[int, int]]:
        return [(place[side]["first"], place[side]["last"]) for place in places]

    # Two lines are put before the fourth, a word is replaced, two lines are removed, three joined.
    assert lines("before") == [(4, 4), (10, 10), (13, 14), (21, 23)]
    assert lines("after") == [(4, 5), (12, 12), (15, 15), (21, 22)]
    at = "return require('dola.hunks').at({ { first = 4, last = 5 }, { first = 7, last = 7 } }, %d)"
    found = {line: fresh_nvim.lua(at % line) for line in (1, 3, 5, 6, 7, 8, 9)}
    assert found == {1: None, 3: 1, 5: 1, 6: 1, 7: 2, 8: 2, 9: None}
