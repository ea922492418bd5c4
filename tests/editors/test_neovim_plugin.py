"""The Neovim plugin: `:Dola`, what it says and shows, and how it is set up."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from .conftest import running_nvim
from .model import Model
from .nvim import EDITORS, Neovim, wait_for
from .project import EXPLANATION, REFACTORED, REFACTORED_SHOP, SHOP, TESTS, Project, fenced

pytestmark = pytest.mark.nvim

PLUGIN = EDITORS / "neovim"
#: `total = 0` in `total_price`, counted from 1.
INSIDE = 7
SUBCOMMANDS = (
    *("cancel", "describe-image", "describe-video", "do", "document", "explain", "fix"),
    *("own", "reasoning", "refactor", "restart", "review", "show", "status", "tests", "withdraw"),
    "write-from-image",
)
DECISIONS = ["accept", "reject", "all", "retry", "discard", "close"]
DOCSTRING = '    """Return what the items cost."""\n'
DOCUMENTED_SHOP = SHOP.replace("def total_price(items):\n", f"def total_price(items):\n{DOCSTRING}")


def region_of(text: str) -> str:
    """Return `total_price` as it stands in a text of the shop."""
    return text[text.index("def total_price") : text.index("\n\n\ndef label")]


@pytest.fixture
def shop(nvim: Neovim, project: Project) -> Neovim:
    """Open the shop, with the cursor in `total_price`."""
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    return nvim


def test_nothing_is_loaded_and_no_key_is_mapped_before_it_is_used(shop: Neovim) -> None:
    loaded = shop.lua(
        "return vim.tbl_filter(function(name) return name:find('^dola') end,"
        " vim.tbl_keys(package.loaded))"
    )
    maps = shop.lua(
        "local found = {} for mode in ('nxsoictl'):gmatch('.') do"
        " for _, map in ipairs(vim.api.nvim_get_keymap(mode)) do"
        " if (map.desc or ''):find('Dola') then table.insert(found, map.lhs) end end end"
        " return found"
    )

    assert not loaded
    assert maps
    assert all(re.fullmatch(r"<Plug>\(dola-[\w-]+\)", lhs) for lhs in maps)


def test_explain_opens_a_page_beside_the_code(shop: Neovim, model: Model) -> None:
    model.answer = EXPLANATION

    shop.ex("Dola explain")

    shop.until(
        lambda s: any(EXPLANATION in b.text and b.visible for b in s.buffers), "a page is shown"
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("Dola refactor", REFACTORED_SHOP),
        ("Dola document", DOCUMENTED_SHOP),
        ('Dola do use sum | and "nothing else"', REFACTORED_SHOP),
    ],
)
def test_an_edit_is_one_undo_step(shop: Neovim, model: Model, command: str, expected: str) -> None:
    model.answer = fenced(region_of(expected))

    shop.ex(command)

    shop.until(lambda s: s.current.text == expected, "the function is edited")
    shop.type("u")
    shop.until(lambda s: s.current.text == SHOP, "one undo takes it back")
    text = command.partition(" do ")[2]
    assert text in model.requests[-1].prompt


def test_tests_open_in_a_new_file(shop: Neovim, project: Project, model: Model) -> None:
    model.answer = fenced(TESTS)

    shop.ex("Dola tests")

    shop.until(lambda s: s.current.path == project.tests and s.current.text == TESTS, "they open")


def test_do_asks_for_the_words(shop: Neovim, model: Model) -> None:
    model.answer = fenced(REFACTORED)

    shop.ex("Dola do")
    assert shop.state().inputs == ("Dola, do: ",)
    assert not model.requests  # left with <Esc>

    shop.prepare(enter="  ")
    shop.ex("Dola do")
    assert not model.requests

    shop.prepare(enter="use sum")
    shop.ex("Dola do")
    shop.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is edited")
    assert "use sum" in model.requests[-1].prompt


def test_own_asks_which_of_the_users_actions_or_takes_one_by_its_id(
    nvim: Neovim, project: Project, model: Model
) -> None:
    project.has_own_actions()
    nvim.open(project.shop)
    nvim.cursor(INSIDE)
    own = [("Dola: Simplify total_price", "refactor.rewrite.dola.simpler")]
    own += [("Dola: Stub of shop.py", "dola.new.stub")]
    wait_for(lambda: set(own) <= set(nvim.actions()), "they are offered")
    model.answer = fenced(REFACTORED)
    nvim.prepare(choose="Dola: Simplify total_price")

    nvim.ex("Dola own")

    state = nvim.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is simpler")
    assert [row["label"] for row in state.menus[-1]["rows"]] == [title for title, _ in own]
    assert "Make it simpler." in model.requests[-1].prompt

    model.answer = fenced("def total_price(items): ...")
    nvim.ex("Dola own stub")
    stub = project.root / "shop_stub.py"
    nvim.until(lambda s: s.current.path == stub and s.current.text.strip(), "its new file opens")


def test_words_for_lines_that_are_others_by_then_are_not_sent(shop: Neovim, model: Model) -> None:
    shop.lua(
        "local ask = vim.ui.input; vim.ui.input = function(opts, done)"
        " vim.ui.input = ask;"
        " vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# mine', '# mine', '# mine' });"
        " vim.schedule(function() done('use sum') end) end"
    )

    shop.ex("2,2Dola do")

    state = shop.until(lambda s: s.messages, "a message")
    assert "has changed" in state.told
    assert "Nothing was sent" in state.told
    assert not model.requests


def test_fix_takes_the_problems_of_the_line(shop: Neovim, model: Model) -> None:
    model.answer = fenced(REFACTORED)
    shop.lua(
        "vim.diagnostic.set(vim.api.nvim_create_namespace('lint'), 0, {"
        " { lnum = 6, col = 4, end_lnum = 6, end_col = 9, message = 'total is slow',"
        "   severity = 2, source = 'lint' },"
        " { lnum = 6, col = 4, message = 'a mere hint', severity = 4 },"
        " { lnum = 12, col = 0, message = 'elsewhere', severity = 1 } })"
    )

    shop.ex("Dola fix")

    shop.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is edited")
    sent = model.requests[-1].prompt
    assert "total is slow" in sent
    assert "a mere hint" not in sent


def test_other_actions_know_of_the_problems_and_do_their_own_task(
    shop: Neovim, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    shop.lua(
        "vim.diagnostic.set(vim.api.nvim_create_namespace('lint'), 0, {"
        " { lnum = 6, col = 4, end_lnum = 6, end_col = 9, message = 'total is slow',"
        "   severity = 2, source = 'lint', code = 7 },"
        " { lnum = 12, col = 0, message = 'elsewhere', severity = 1 },"
        " { lnum = 6, col = 0, message = 'our own', severity = 1, source = 'dola-ls' } })"
    )

    shop.ex("Dola refactor")

    shop.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is edited")
    sent = model.requests[-1].prompt
    assert "- line 7: warning: total is slow (lint 7)" in sent
    assert "elsewhere" not in sent
    assert "our own" not in sent
    assert "make it simpler and easier to read" in sent


def test_fix_without_a_problem_says_so(shop: Neovim, model: Model) -> None:
    shop.ex("Dola fix")
    assert "no problem is reported on line 7. Nothing was sent" in shop.state().told
    shop.ex("2,3Dola fix")
    assert "on lines 2-3" in shop.state().told
    assert not model.requests


@pytest.mark.parametrize("keys", ["V:Dola refactor<CR>", "<Plug>", "v$<Plug>"])
def test_a_selection_is_what_is_changed(shop: Neovim, model: Model, keys: str) -> None:
    model.answer = fenced("    return item['name'].title().strip()")
    shop.cursor(14)
    if "<Plug>" in keys:
        shop.ex("xmap Q <Plug>(dola-refactor)")
        keys = keys.replace("<Plug>", "Q") if keys != "<Plug>" else "VQ"

    shop.type(keys)

    expected = SHOP.replace('["name"].title()', "['name'].title().strip()")
    shop.until(lambda s: s.current.text == expected and s.mode == "n", "the line is changed")


def test_a_selection_is_told_to_the_character(fresh_nvim: Neovim) -> None:
    fresh_nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'abéd', 'xyz' })")
    for keys, start, end in (
        # The last character is two bytes long, and counts whole.
        ("0v2l", (0, 0), (0, 4)),
        ("02lvh", (0, 1), (0, 4)),
        ("0v$", (0, 0), (0, 5)),
        ("V", (0, 0), (0, 5)),
        ("0<C-v>jl", (0, 0), (1, 3)),
        ("j02lvk", (0, 2), (1, 3)),
        (":set selection=exclusive<CR>0v3l", (0, 0), (0, 4)),
    ):
        fresh_nvim.cursor(1)
        fresh_nvim.type(keys)
        fresh_nvim.until(lambda s: s.mode in "vV\x16", "something is selected")
        place = fresh_nvim.lua("return require('dola.place').selection()")
        assert (place["row"], place["col"]) == start, keys
        assert (place["end_row"], place["end_col"]) == end, keys
        fresh_nvim.type("<Esc>")
        fresh_nvim.until(lambda s: s.mode == "n", "it is not any more")
    utf16 = fresh_nvim.lua(
        "local at = require('dola.place'); return at.range(at.lines(1, 1), 'utf-16')"
    )
    assert utf16["end"] == {"line": 0, "character": 4}


def test_cancel_stops_what_is_under_way_and_the_status_line_shows_it(
    shop: Neovim, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    status = "return require('dola').status()"
    assert shop.lua(status) == ""
    with model.held():
        shop.ex("Dola refactor")
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        shop.until(lambda s: s.progress_of("report"), "progress is shown")
        assert shop.lua(status).startswith("Dola: Refactor total_price: ")
        shop.ex("Dola explain")
        shop.until(lambda s: len(s.progress_of("begin")) == 2, "another one begins")
        assert shop.lua(status) == "Dola: Refactor total_price and 1 more"

        shop.ex("Dola cancel")

        wait_for(lambda: model.abandoned, "the connection to the model is closed")
        state = shop.until(lambda s: len(s.progress_of("end")) == 2, "both end")
    assert state.current.text == SHOP
    assert shop.lua(status) == ""
    shop.ex("Dola cancel")
    shop.until(lambda s: "nothing to cancel" in s.told, "there is none any more")


def test_cancel_says_nothing_of_a_project_in_which_nothing_is_under_way(
    shop: Neovim, project: Project, model: Model, tmp_path: Path
) -> None:
    model.answer = fenced(REFACTORED)
    other = tmp_path / "other"
    other.mkdir()
    (other / "pyproject.toml").touch()
    (other / "a.py").write_text(SHOP, encoding="utf-8")
    with model.held():
        shop.ex("Dola refactor")
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        shop.until(lambda s: s.progress_of("begin"), "progress is shown")
        shop.open(other / "a.py")
        shop.until(lambda s: len(s.clients) == 2, "each project has a server")

        shop.ex("Dola cancel")

        wait_for(lambda: model.abandoned, "the connection to the model is closed")
        shop.until(lambda s: s.progress_of("end"), "it ends")
    # The other server answers one thing after the other.
    shop.ex("Dola status")
    state = shop.until(lambda s: "nothing is under way" in s.told, "the other server answers")
    assert "nothing to cancel" not in state.told
    shop.ex("Dola cancel")
    shop.until(lambda s: "nothing to cancel" in s.told, "there is none any more")
    assert shop.state().told.count("nothing to cancel") == 1


def test_what_would_be_sent_is_shown_and_nothing_is_sent(shop: Neovim, model: Model) -> None:
    shop.ex("Dola show do use sum")

    state = shop.until(
        lambda s: any("What would be sent" in b.text and b.visible for b in s.buffers),
        "the page is shown",
    )
    [page] = [b.text for b in state.buffers if "What would be sent" in b.text]
    assert "use sum" in page
    assert "for item in items:" in page
    assert "test-key" not in page
    assert model.requests == []
    assert "refactor" in shop.lua("return vim.fn.getcompletion('Dola show ', 'cmdline')")
    shop.ex("Dola show nobodys")
    shop.until(lambda s: "no action that can be used has this id" in s.told, "it is unknown")


def test_what_the_model_thought_is_shown_when_it_is_asked_for(shop: Neovim, model: Model) -> None:
    shop.ex("Dola reasoning")
    shop.until(lambda s: "There is no reasoning to show" in s.told, "there is none yet")
    model.answer, model.reasoning = fenced(REFACTORED), "A sum will do, I think."
    shop.ex("Dola refactor")
    state = shop.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is edited")
    assert not any("I think" in b.text for b in state.buffers)

    shop.ex("Dola reasoning")

    state = shop.until(
        lambda s: any("What the model thought" in b.text and b.visible for b in s.buffers),
        "the page is shown",
    )
    [page] = [b for b in state.buffers if "What the model thought" in b.text]
    assert "A sum will do, I think." in page.text
    assert state.current.text == REFACTORED_SHOP


def test_consent_is_asked_for_before_anything_leaves(fresh_nvim: Neovim, project: Project) -> None:
    # The address is never called: nobody agrees.
    project.enable(
        fresh_nvim,
        DOLA_PROVIDER="custom",
        DOLA_BASE_URL="https://api.invalid/v1",
        DOLA_MODEL="coder",
    )
    fresh_nvim.open(project.shop)
    fresh_nvim.cursor(INSIDE)
    fresh_nvim.prepare(choose="Show what would be sent")

    fresh_nvim.ex("Dola refactor")

    state = fresh_nvim.until(lambda s: s.messages, "a message")
    assert "Nothing was sent, as you did not agree." in state.told
    assert len(state.menus) == 2
    labels = [row["label"] for row in state.menus[0]["rows"]]
    assert labels == ["Send", "Show what would be sent", "Don't send"]
    assert any("What would be sent" in b.text and b.visible for b in state.buffers)
    fresh_nvim.ex(f"edit {project.shop}")
    fresh_nvim.ex("Dola withdraw")
    fresh_nvim.until(lambda s: "There was no consent to withdraw" in s.told, "there is none")


def test_status_says_how_things_stand(shop: Neovim) -> None:
    shop.ex("Dola status")
    state = shop.until(lambda s: s.messages, "a message")
    assert "nothing is under way" in state.told


def test_without_a_key_a_message_says_what_to_do(fresh_nvim: Neovim, project: Project) -> None:
    project.enable(fresh_nvim, DOLA_PROVIDER="aimlapi")
    fresh_nvim.open(project.shop)
    fresh_nvim.cursor(INSIDE)

    fresh_nvim.ex("Dola refactor")

    state = fresh_nvim.until(lambda s: s.messages, "a message")
    assert "DOLA_API_KEY" in state.told
    fresh_nvim.ex("checkhealth dola")
    health = fresh_nvim.state().current.text
    assert "Key: none for" in health
    assert "DOLA_API_KEY" in health


def test_a_server_that_ends_can_be_started_again(shop: Neovim, model: Model) -> None:
    model.answer = fenced(REFACTORED)
    with model.held():
        shop.ex("Dola refactor")
        shop.until(lambda s: s.progress_of("begin"), "the action begins")
        for server in shop.state().children:
            os.kill(server, signal.SIGKILL)
        shop.until(lambda s: not s.clients, "the server is gone")
    assert shop.lua("return require('dola').status()") == ""

    shop.ex("Dola refactor")
    told = shop.state().told
    assert "dola-ls has ended" in told
    assert "signal 9). Nothing was sent. `:Dola restart`" in told
    shop.ex("Dola cancel")
    assert "no dola-ls is running" in shop.state().told

    shop.ex("Dola restart")
    shop.until(lambda s: s.current.attached, "a new one is attached")
    shop.ex("Dola refactor")
    shop.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is refactored")


def test_restart_replaces_a_server_that_runs(shop: Neovim) -> None:
    before = shop.state().children
    shop.ex("Dola restart")
    shop.until(
        lambda s: s.current.attached and s.children and not set(s.children) & set(before),
        "another server is attached",
    )


def test_why_there_is_no_server(fresh_nvim: Neovim, project: Project, tmp_path: Path) -> None:
    def refused(command: str = "Dola refactor") -> str:
        before = len(fresh_nvim.state().messages)
        fresh_nvim.ex(command)
        [message] = fresh_nvim.state().messages[before:]
        return str(message["text"])

    fresh_nvim.step("open", path=str(project.shop))
    assert "not switched on. Nothing was sent. Put vim.lsp.enable('dola_ls')" in refused()
    assert "not switched on" in refused("Dola restart")
    assert "not switched on" in refused("Dola status")
    fresh_nvim.enable(["no-such-dola-ls"], {})
    assert "`no-such-dola-ls` cannot be run" in refused()
    fresh_nvim.ex("checkhealth dola")
    health = fresh_nvim.state().current.text
    assert "`no-such-dola-ls` cannot be run" in health or "no-such-dola-ls cannot be run" in health
    assert "No server is running" in health
    fresh_nvim.ex("tabclose")
    project.enable(fresh_nvim)
    fresh_nvim.step("open", path=str(tmp_path / "notes.txt"))
    assert 'not set up for the filetype "text"' in refused()
    fresh_nvim.ex("help")
    assert "not a file" in refused()


def test_health_tells_what_is_there_and_sends_nothing(shop: Neovim, model: Model) -> None:
    shop.ex("checkhealth dola")

    health = shop.state().current.text
    assert re.search(r"OK Neovim 0\.\d+\.\d+\n", health)
    assert f"{PLUGIN}/lsp/dola_ls.lua" in health.replace("~", str(Path.home()))
    assert "OK Switched on" in health
    assert re.search(r"OK dola-ls \d+\.\d+\S*, \S+", health)
    assert "OK Attached to 1 buffer" in health
    assert "OK Model: fake" in health
    assert "OK Key: from the environment variable DOLA_API_KEY" in health
    assert "ERROR" not in health
    assert "older than this plugin" not in health
    assert "test-key" not in health
    assert not model.requests


def test_a_wrong_subcommand_names_the_right_ones(shop: Neovim, model: Model) -> None:
    for command, sentence in (
        ("Dola", "say what to do: cancel, describe-image, describe-video, do"),
        ("Dola refacter", "there is no `:Dola refacter`: cancel, describe-image"),
        ("Dola refactor now", "`:Dola refactor` takes nothing after it. Nothing was sent."),
        ("Dola review", "there is no proposal to review"),
        ("Dola review accept", "there is no review in this tab"),
        ("Dola review all of it", "there is no `:Dola review all of it`: accept, reject"),
    ):
        before = len(shop.state().messages)
        shop.ex(command)
        [message] = shop.state().messages[before:]
        assert sentence in message["text"]
    assert not model.requests


def test_the_command_line_is_completed(fresh_nvim: Neovim) -> None:
    def completed(line: str) -> list[str]:
        return list(fresh_nvim.lua(f"return vim.fn.getcompletion({line!r}, 'cmdline')"))

    assert completed("Dola ") == list(SUBCOMMANDS)
    assert completed("Dola re") == ["reasoning", "refactor", "restart", "review"]
    assert completed("1,2Dola ex") == ["explain"]
    assert completed("Dola review ") == DECISIONS
    assert completed("Dola review re") == ["reject", "retry"]
    assert completed("Dola explain ") == []


def test_the_help_has_every_command(fresh_nvim: Neovim, tmp_path: Path) -> None:
    shutil.copytree(PLUGIN / "doc", tmp_path / "help" / "doc")
    fresh_nvim.ex(f"helptags {tmp_path}/help/doc")
    fresh_nvim.ex(f"set runtimepath+={tmp_path}/help")

    for tag in ("dola", *(f":Dola-{name}" for name in SUBCOMMANDS), "dola-review"):
        fresh_nvim.ex(f"help {tag}")
        assert fresh_nvim.lua("return vim.fn.expand('<cWORD>')") == f"*{tag}*"
    text = fresh_nvim.state().current.text
    assert all(f"<Plug>(dola-{name})" in text for name in SUBCOMMANDS if name != "restart")
    assert ":Dola review " + "|".join(DECISIONS[:3]) in text


def snippet(manager: str) -> str:
    """Return the lines that the README has for a plugin manager."""
    readme = (PLUGIN / "README.md").read_text(encoding="utf-8")
    block = re.search(rf"\*\*{re.escape(manager)}\*\*.*?```lua\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    return block[1]


def clone(folder: Path) -> Path:
    """Lay out the repository as a plugin manager does, and return its root."""
    root = folder / "dola-ls"
    skipped = shutil.ignore_patterns("node_modules", "tags")
    shutil.copytree(EDITORS, root / "editors", ignore=skipped)
    shutil.copy(EDITORS.parent / "pyproject.toml", root)
    return root


#: Neovim 0.11 has none yet; what matters here is where it puts things and that it adds them.
PACK = """
vim.pack = vim.pack or {}
vim.pack.add = function(specs)
  for _, spec in ipairs(specs) do
    vim.cmd.packadd(vim.fs.basename(spec))
  end
end
"""
#: What lazy.nvim does with a plugin: no plugin of the 'runtimepath' is loaded but by itself, and it
#: knows of the repository's root only.
LAZY = """
vim.go.loadplugins = false
local plugin = %s
plugin.dir = %r
plugin.build(plugin)
plugin.config(plugin)
"""


@pytest.mark.parametrize("manager", ["vim.pack", "lazy.nvim"])
def test_the_readme_sets_it_up_from_the_whole_repository(
    project: Project, model: Model, tmp_path: Path, manager: str
) -> None:
    home = tmp_path / "home"
    if manager == "vim.pack":
        root = clone(home / "data" / "nvim" / "site" / "pack" / "core" / "opt")
        init = PACK + snippet(manager)
    else:
        root = clone(home / "data" / "nvim" / "lazy")
        init = LAZY % (snippet(manager), str(root))
    model.answer = fenced(REFACTORED)
    with running_nvim(home, init=init) as nvim:
        assert nvim.lua("return vim.lsp.is_enabled('dola_ls')")
        project.enable(nvim, **model.environment)
        nvim.open(project.shop)
        nvim.cursor(INSIDE)
        [found] = nvim.lua("return vim.api.nvim_get_runtime_file('lua/dola/init.lua', true)")
        assert Path(found) == root / "editors" / "neovim" / "lua" / "dola" / "init.lua"

        nvim.ex("Dola refactor")

        nvim.until(lambda s: s.current.text == REFACTORED_SHOP, "the function is refactored")
        if manager == "lazy.nvim":
            nvim.ex("help :Dola-review")


def test_the_configuration_works_without_the_plugin(
    project: Project, model: Model, tmp_path: Path
) -> None:
    alone = tmp_path / "alone" / "lsp"
    alone.mkdir(parents=True)
    shutil.copy(PLUGIN / "lsp" / "dola_ls.lua", alone)
    model.answer = fenced(REFACTORED)
    with running_nvim(tmp_path / "home", runtime=alone.parent) as nvim:
        assert nvim.lua("return vim.fn.exists(':Dola')") == 0
        project.enable(nvim, **model.environment, DOLA_APPLY="review")
        nvim.open(project.shop)
        nvim.cursor(INSIDE)

        nvim.pick("Dola: Refactor total_price")

        nvim.until(lambda s: "code actions on those lines" in s.told, "a message tells what to do")
        titles = [title for title, _kind in nvim.actions()]
        nvim.pick(next(title for title in titles if title.startswith("Dola: Apply proposed edit")))
        nvim.until(lambda s: s.current.text == REFACTORED_SHOP, "the proposal is applied")
        nvim.ex("LspDolaStatus")
        nvim.until(lambda s: "nothing is under way" in s.told, "the status is told")
