"""A real Neovim, the real server, and a fake model behind the real HTTP client."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dola_ls.core.languages import LANGUAGES
from tests.core.media.samples import png

from .model import Model
from .nvim import Neovim, State, is_alive, wait_for
from .project import EXPLANATION, REFACTORED, REFACTORED_SHOP, SHOP, TESTS, Project, fenced

pytestmark = pytest.mark.nvim

EXPLAIN = "Dola: Explain total_price"
REFACTOR = "Dola: Refactor total_price"
GENERATE_TESTS = "Dola: Generate tests for total_price"
#: `total = 0` in `total_price`, counted from 1.
INSIDE = 7


def ended(state: State) -> bool:
    """Tell whether an action was begun and all that was begun is over."""
    begun = state.progress_of("begin")
    return bool(begun) and sorted(begun) == sorted(state.progress_of("end"))


def test_the_actions_are_listed_by_name_without_asking_the_model(
    nvim: Neovim, project: Project, model: Model
) -> None:
    nvim.open(project.shop)
    nvim.cursor(INSIDE)

    offered = nvim.actions()

    assert {
        (EXPLAIN, "dola.explain"),
        (REFACTOR, "refactor.rewrite.dola"),
        (GENERATE_TESTS, "dola.tests"),
    } <= set(offered)
    assert not model.requests


def test_refactor_replaces_the_function_and_one_undo_brings_it_back(
    nvim: Neovim, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)

    nvim.pick(REFACTOR)
    nvim.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is refactored")

    nvim.type("u")
    nvim.until(lambda s: s.current.text == SHOP and not s.current.modified, "one undo is enough")


def test_refactor_of_a_selection_changes_the_selection_only(
    nvim: Neovim, project: Project, model: Model
) -> None:
    model.answer = fenced("    return item['name'].title().strip()")
    nvim.open(project.shop)
    nvim.cursor(14)
    nvim.type("V")
    nvim.until(lambda s: s.mode == "V", "a line is selected")

    title = next(title for title, kind in nvim.actions() if kind == "refactor.rewrite.dola")
    nvim.pick(title)

    expected = SHOP.replace('["name"].title()', "['name'].title().strip()")
    nvim.until(lambda s: s.current.text == expected, "the selected line is refactored")


def test_explain_opens_markdown_beside_the_code_in_the_same_server(
    nvim: Neovim, project: Project, model: Model
) -> None:
    model.answer = EXPLANATION
    nvim.open(project.shop)
    nvim.cursor(INSIDE)

    nvim.pick(EXPLAIN)
    state = nvim.until(
        lambda s: any(b.filetype == "markdown" and b.visible and b.attached for b in s.buffers),
        "the explanation is shown, and known to the server",
    )

    page = next(b for b in state.buffers if b.filetype == "markdown")
    assert EXPLANATION in page.text
    assert len(state.clients) == 1
    shop = state.buffer(project.shop)
    assert shop is not None
    assert shop.visible
    assert shop.text == SHOP


def test_document_adds_a_docstring_and_nothing_else(
    nvim: Neovim, project: Project, model: Model
) -> None:
    head = "def total_price(items):\n"
    docstring = '    """Return what all items cost together."""\n'
    code = SHOP[SHOP.index(head) : SHOP.index("\n\n\ndef label")]
    model.answer = fenced(code.replace(head, head + docstring))
    nvim.open(project.shop)
    nvim.cursor(INSIDE)

    nvim.pick("Dola: Document total_price")

    expected = SHOP.replace(head, head + docstring)
    nvim.until(lambda s: s.current.text == expected, "the function has its docstring")
    nvim.type("u")
    nvim.until(lambda s: s.current.text == SHOP, "one undo takes it back")


def test_generated_tests_open_in_a_new_file(nvim: Neovim, project: Project, model: Model) -> None:
    model.answer = fenced(TESTS)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)

    nvim.pick(GENERATE_TESTS)
    state = nvim.until(
        lambda s: s.current.path == project.tests and s.current.text.strip(), "the tests open"
    )

    assert state.current.text == TESTS
    shop = state.buffer(project.shop)
    assert shop is not None
    assert shop.text == SHOP
    assert project.shop.read_text(encoding="utf-8") == SHOP


def test_generated_tests_join_those_of_a_file(nvim: Neovim, project: Project, model: Model) -> None:
    mine = "def test_mine():\n    assert True\n"
    project.tests.parent.mkdir()
    project.tests.write_text(mine, encoding="utf-8")
    model.answer = fenced(TESTS)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)

    nvim.pick(GENERATE_TESTS)
    state = nvim.until(
        lambda s: s.current.path == project.tests and "shop import" in s.current.text,
        "the tests are in",
    )

    assert mine in state.current.text
    for line in TESTS.splitlines():
        assert line in state.current.text
    # They are in the buffer, where one undo takes them out; saving is the user's.
    assert state.current.modified
    assert project.tests.read_text(encoding="utf-8") == mine


def test_an_action_of_ones_own_runs_by_its_kind_and_its_new_file_opens(
    nvim: Neovim, project: Project, model: Model
) -> None:
    project.has_own_actions()
    model.answer = fenced(REFACTORED)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    # They are read while the user does so too, and then stand in the menu.
    wait_for(
        lambda: ("Dola: Stub of shop.py", "dola.new.stub") in nvim.actions(), "they are offered"
    )
    nvim.ex(
        "lua vim.lsp.buf.code_action({"
        " context = { only = { 'refactor.rewrite.dola.simpler' } }, apply = true })"
    )
    nvim.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is simpler")

    model.answer = fenced("def total_price(items): ...")
    nvim.pick("Dola: Stub of shop.py")
    stub = project.root / "shop_stub.py"
    state = nvim.until(lambda s: s.current.path == stub and s.current.text.strip(), "it opens")
    assert state.current.text == "def total_price(items): ...\n"


def test_an_image_gets_its_words_and_code_is_written_from_it(
    nvim: Neovim, project: Project, model: Model
) -> None:
    project.config.write_text('abilities = ["images"]\n', encoding="utf-8")
    (project.root / "cart.png").write_bytes(png())
    page = project.add("page.md", "# Shop\n\n![](cart.png)\n")
    model.answer = "A cart with two lamps"
    nvim.open(page)
    nvim.cursor(3)

    nvim.pick("Dola: Describe image cart.png")

    expected = "# Shop\n\n![A cart with two lamps](cart.png)\n"
    nvim.until(lambda s: s.current.text == expected, "the image has its words")
    assert len(model.requests) == 1

    model.answer = "```mermaid\nflowchart TD\n  A --> B\n```\n"
    nvim.ex("Dola write-from-image")
    expected += f"\n{model.answer}"
    nvim.until(lambda s: s.current.text == expected, "what it shows stands below it")


@pytest.mark.parametrize("how", ["progress", "command", "action"])
def test_cancel_closes_the_connection_and_leaves_the_buffer(
    nvim: Neovim, project: Project, model: Model, how: str
) -> None:
    model.answer = fenced(REFACTORED)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    with model.held():
        nvim.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        nvim.until(lambda s: s.progress_of("begin"), "the progress begins")

        if how == "progress":
            assert nvim.cancel_progress() == nvim.state().progress_of("begin")
        elif how == "command":
            nvim.ex("LspDolaCancel")
        else:
            nvim.pick("Dola: Cancel Refactor total_price")

        wait_for(lambda: model.abandoned, "the connection to the model is closed")
        state = nvim.until(ended, "the progress ends")
    assert state.current.text == SHOP
    assert not state.current.modified


# A buffer that was never edited has version 0, which Neovim itself takes to fit every edit.
@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited-before"])
def test_an_edit_elsewhere_is_kept_and_the_answer_lands_where_the_function_is_now(
    nvim: Neovim, project: Project, model: Model, edited: bool
) -> None:
    model.answer = fenced(REFACTORED)
    nvim.open(project.shop)
    below = ""
    if edited:
        below = "\n# below\n"
        nvim.type("Go<CR># below<Esc>")
        nvim.until(lambda s: s.current.text == SHOP + below and s.mode == "n", "lines at the end")
    nvim.cursor(INSIDE)
    with model.held():
        nvim.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        nvim.type("gg3O# mine<Esc>")
        mine = "# mine\n" * 3
        typed = mine + SHOP + below
        nvim.until(lambda s: s.current.text == typed and s.mode == "n", "three lines are typed")
    # The answer comes in the moment the last key was typed: Neovim may not have told of it yet.
    expected = mine + REFACTORED_SHOP + below
    nvim.until(lambda s: s.current.text == expected, "the edit is in place")
    nvim.until(ended, "the progress ends")

    nvim.type("u")
    nvim.until(lambda s: s.current.text == typed, "one undo takes back the refactoring only")


def test_an_edit_is_its_own_undo_step_in_the_midst_of_typing(
    nvim: Neovim, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    with model.held():
        nvim.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        nvim.type("Go# before")
        nvim.until(lambda s: s.current.text == SHOP + "# before\n", "a line is typed")
    nvim.until(lambda s: s.current.text == REFACTORED_SHOP + "# before\n", "the edit is in place")
    nvim.type(" and after<Esc>")
    whole = REFACTORED_SHOP + "# before and after\n"
    nvim.until(lambda s: s.current.text == whole and s.mode == "n", "typing goes on")

    for text in (REFACTORED_SHOP + "# before\n", SHOP + "# before\n", SHOP):
        nvim.type("u")
        nvim.until(lambda s, text=text: s.current.text == text, "one step is taken back")


def test_an_edit_of_the_same_lines_wins_and_the_answer_is_kept(
    nvim: Neovim, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    mine = SHOP.replace("    total = 0\n", "    total = 0  # mine\n")
    with model.held():
        nvim.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        nvim.type("A  # mine<Esc>")
        nvim.until(lambda s: s.current.text == mine and s.mode == "n", "the line is edited")
    state = nvim.until(lambda s: ended(s) and "changed" in s.told, "a message tells of it")

    assert state.current.text == mine
    assert "total_price" in state.told

    nvim.type("u")
    nvim.until(lambda s: s.current.text == SHOP, "the user takes the own edit back")
    titles = [title for title, _kind in nvim.actions()]
    nvim.pick(next(title for title in titles if title.startswith("Dola: Apply proposed edit")))
    nvim.until(lambda s: s.current.text == REFACTORED_SHOP, "the kept answer is applied")


@pytest.mark.parametrize("provider", ["aimlapi", "auto"])
def test_without_a_key_a_message_says_what_to_do(
    fresh_nvim: Neovim, project: Project, provider: str
) -> None:
    project.enable(fresh_nvim, DOLA_PROVIDER=provider)
    fresh_nvim.open(project.shop)
    fresh_nvim.cursor(INSIDE)

    fresh_nvim.pick(REFACTOR)
    state = fresh_nvim.until(lambda s: s.messages, "a message")

    assert "key" in state.told
    assert "DOLA_API_KEY" in state.told
    assert state.current.text == SHOP


@pytest.mark.parametrize("working", [False, True], ids=["idle", "working"])
@pytest.mark.parametrize("leave", [Neovim.quit, Neovim.crash], ids=["quit", "crash"])
def test_the_server_ends_with_neovim(
    nvim: Neovim,
    project: Project,
    model: Model,
    leave: Callable[[Neovim], None],
    working: bool,
) -> None:
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    servers = nvim.state().children
    assert servers
    with model.held():
        if working:
            nvim.pick(REFACTOR)
            wait_for(lambda: model.half_way, "the model is half way through its answer")

        leave(nvim)

        wait_for(lambda: not any(map(is_alive, servers)), "the server has ended")


def test_the_shipped_configuration_is_for_the_installed_command_and_its_languages(
    fresh_nvim: Neovim,
) -> None:
    config = fresh_nvim.step("config")

    assert config["cmd"] == ["dola-ls"]
    assert config["root_markers"][0] == ".git"
    assert set(LANGUAGES) <= set(config["languages"])
