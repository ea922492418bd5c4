"""Explanations in a real Neovim: the page, its links, and K."""

from __future__ import annotations

import os
import signal

import pytest

from .model import Model
from .nvim import Buffer, Neovim, State
from .project import SHOP, Project

pytestmark = pytest.mark.nvim

EXPLAIN = "Dola: Explain total_price"
ANSWER = """\
Adds up what the items cost. Each counts as often as it is bought.

## What it does

- Begins with nothing (line 7); compare `label`.

## Pitfalls

- An item without a price is an error (lines 8-9).
"""
#: The name of `total_price`, counted from 1 and from 0.
NAME = (6, 4)
#: A server that answers each hover with the same word.
OTHER = """
vim.lsp.start({ name = 'types', cmd = function()
  return {
    request = function(method, _, callback)
      local found = { capabilities = { hoverProvider = true }, contents = 'a function' }
      callback(nil, found)
      return true, 1
    end,
    notify = function() return true end,
    is_closing = function() return false end,
    terminate = function() end,
  }
end })
"""


def pages_of(state: State) -> list[Buffer]:
    """Return the explanations that windows show."""
    return [b for b in state.buffers if b.filetype == "markdown" and b.visible]


def page_of(state: State) -> Buffer | None:
    """Return the explanation that a window shows and the server knows."""
    pages = [page for page in pages_of(state) if page.attached]
    return pages[-1] if pages else None


def explain(nvim: Neovim, project: Project, model: Model) -> Buffer:
    """Have `total_price` explained; return the page."""
    model.answer = ANSWER
    nvim.open(project.shop)
    nvim.cursor(7)
    nvim.pick(EXPLAIN)
    page = page_of(nvim.until(page_of, "the explanation is shown"))
    assert page is not None
    return page


def test_the_page_names_the_place_and_links_to_the_lines(
    nvim: Neovim, project: Project, model: Model
) -> None:
    page = explain(nvim, project, model)
    address = project.shop.as_uri()
    assert page.text == (
        "# `total_price`\n\nFunction in `shop.py`, [lines 6–10] · Python\n\n"
        + ANSWER.replace("line 7", "[line 7]")
        .replace("`label`", "[`label`]")
        .replace("lines 8-9", "[lines 8-9]")
        + f"\n[lines 6–10]: {address}#L6\n[line 7]: {address}#L7\n[`label`]: {address}#L13\n"
        f"[lines 8-9]: {address}#L8\n"
    )
    assert nvim.state().current.path == project.shop


@pytest.mark.parametrize(
    ("on", "line"),
    [("7]", 7), ("`label`]", 13), ("ines 8-9])", 8), ("[line 7]: f", 7), ("file:.*L13", 13)],
)
def test_gf_on_a_link_goes_to_the_line_in_the_window_of_the_code(
    on: str, line: int, nvim: Neovim, project: Project, model: Model
) -> None:
    page = explain(nvim, project, model)
    nvim.ex("wincmd t")
    nvim.until(lambda s: s.current.path == page.path, "the page is the current window")
    nvim.ex("call cursor(1, 1)")
    pattern = on.replace("[", "\\[").replace("]", "\\]")
    nvim.ex(f"call search('{pattern}')")
    nvim.type("gf")
    nvim.until(
        lambda s: s.current.path == project.shop and s.cursor == (line, 0), "the line of code"
    )
    assert page_of(nvim.state()) is not None


def test_a_second_explanation_takes_the_place_of_the_first(
    nvim: Neovim, project: Project, model: Model
) -> None:
    first = explain(nvim, project, model)
    model.answer = "Sums."
    nvim.pick(EXPLAIN)
    state = nvim.until(
        lambda s: any("Sums." in b.text and b.visible for b in s.buffers), "the second page"
    )
    state = nvim.until(
        lambda s: not any(b.path == first.path and b.visible for b in s.buffers), "one page"
    )
    shop = state.buffer(project.shop)
    assert shop is not None
    assert shop.visible
    assert shop.text == SHOP


def test_a_page_is_set_up_where_the_server_is_for_other_filetypes_only(
    fresh_nvim: Neovim, project: Project, model: Model
) -> None:
    nvim = fresh_nvim
    project.enable(nvim, **model.environment)
    nvim.lua("vim.lsp.config('dola_ls', { filetypes = { 'python', 'go' } })")
    model.answer = ANSWER
    nvim.open(project.shop)
    nvim.cursor(7)
    nvim.pick(EXPLAIN)
    [first] = pages_of(nvim.until(pages_of, "the explanation is shown"))
    assert not first.attached
    nvim.pick(EXPLAIN)
    state = nvim.until(
        lambda s: [p.path for p in pages_of(s)] not in ([], [first.path]), "another is shown"
    )
    state = nvim.until(lambda s: len(pages_of(s)) == 1, "one page")
    [page] = pages_of(state)

    def follow() -> None:
        nvim.ex("call search('line 7')")
        nvim.type("gf")
        nvim.until(lambda s: s.current.path == project.shop and s.cursor == (7, 0), "the line")

    nvim.ex("wincmd t")
    nvim.until(lambda s: s.current.path == page.path, "the page is the current window")
    follow()
    nvim.ex(f"bdelete {page.path}")
    nvim.ex(f"split {page.path}")
    follow()


def test_k_on_the_name_shows_the_short_form_until_the_text_changes(
    nvim: Neovim, project: Project, model: Model
) -> None:
    page = explain(nvim, project, model)
    nvim.cursor(*NAME)
    nvim.type("K")
    state = nvim.until(lambda s: s.floats, "the hover")
    assert state.floats[0].strip() == (
        "Adds up what the items cost. Each counts as often as it is bought.\n\n"
        f"[The whole explanation]({page.path.as_uri()})"
    )
    # Once more K, and `gf` leads from there to all of it.
    nvim.type("K")
    nvim.until(lambda s: "Adds up" in s.current.text, "the hover has the cursor")
    nvim.ex("call search('file:')")
    nvim.type("gf")
    nvim.until(lambda s: s.current.path == page.path, "the page")
    nvim.ex("close")
    nvim.ex("wincmd b")
    nvim.until(lambda s: s.current.path == project.shop and not s.floats, "back in the code")

    nvim.ex("set keywordprg=:echomsg")
    nvim.cursor(7, 4)
    nvim.type("Ax<Esc>")
    nvim.until(lambda s: s.current.modified and s.mode == "n", "an edit inside")
    nvim.cursor(*NAME)
    nvim.type("K")
    nvim.until(lambda s: "total_price" in s.history, "nothing to show: 'keywordprg'")
    assert not nvim.state().floats
    nvim.type("u")
    nvim.until(lambda s: s.current.text == SHOP, "the edit is undone")
    nvim.cursor(*NAME)
    nvim.type("K")
    nvim.until(lambda s: s.floats, "the hover is back")


def test_k_elsewhere_is_what_it_is_without_a_server(
    nvim: Neovim, project: Project, model: Model
) -> None:
    nvim.open(project.shop)
    nvim.ex("set keywordprg=:echomsg")
    nvim.cursor(*NAME)
    nvim.type("K")
    state = nvim.until(lambda s: "total_price" in s.history, "'keywordprg' is run")
    assert not state.floats
    assert not state.notices


def test_k_is_what_it_is_without_a_server_when_the_server_has_ended(
    nvim: Neovim, project: Project, model: Model
) -> None:
    nvim.open(project.shop)
    nvim.ex("set keywordprg=:echomsg")
    for server in nvim.state().children:
        os.kill(server, signal.SIGKILL)
    nvim.until(lambda s: not s.clients, "the server is gone")
    nvim.cursor(*NAME)
    nvim.type("K")
    nvim.until(lambda s: "total_price" in s.history, "'keywordprg' is run")

    nvim.ex("lua " + " ".join(OTHER.split()))
    nvim.type("K")
    state = nvim.until(lambda s: s.floats, "the hover of another server")
    assert state.floats[0].strip() == "a function"


def test_k_shows_what_every_server_has_to_say(nvim: Neovim, project: Project, model: Model) -> None:
    explain(nvim, project, model)
    nvim.ex("lua " + " ".join(OTHER.split()))
    nvim.cursor(*NAME)
    nvim.type("K")
    state = nvim.until(lambda s: s.floats, "the hover")
    assert "# dola_ls" in state.floats[0]
    assert "Adds up what the items cost." in state.floats[0]
    assert "# types" in state.floats[0]
    assert "a function" in state.floats[0]
    nvim.type("<C-w>o")
    nvim.cursor(8, 8)
    nvim.type("K")
    state = nvim.until(lambda s: s.floats and "Adds up" not in s.floats[0], "the other's hover")
    assert state.floats[0].strip() == "a function"
