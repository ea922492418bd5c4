"""A real Helix, the real server, and a fake model behind the real HTTP client.

`tests/editors/setup_helix.sh` gets a Helix; without one these tests are skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dola_ls.lsp.convert import uri_to_path
from tests.core.media.samples import png

from .helix import SHIPPED, WITH_ARGUMENTS, Helix, find_helix
from .model import Model
from .nvim import wait_for
from .project import EXPLANATION, REFACTORED, REFACTORED_SHOP, SHOP, TESTS, Project, fenced

pytestmark = pytest.mark.helix

EXPLAIN = "Dola: Explain total_price"
REFACTOR = "Dola: Refactor total_price"
DOCUMENT = "Dola: Document total_price"
GENERATE_TESTS = "Dola: Generate tests for total_price"
#: `total = 0` in `total_price`, counted from 1.
INSIDE = 7

Start = Callable[..., Helix]


@pytest.fixture
def start(tmp_path: Path, project: Project) -> Iterator[Start]:
    """Return what prepares a Helix; `beside` names other servers that it finds."""
    executable, reason = find_helix()
    if executable is None:
        pytest.skip(reason)

    def prepare(environment: dict[str, str], beside: tuple[str, ...] = ()) -> Helix:
        environment = {"DOLA_CONFIG": str(project.config), **environment}
        home = tmp_path / "home"
        return stack.enter_context(Helix.running(home, project.root, environment, beside))

    with ExitStack() as stack:
        yield prepare


@pytest.fixture
def helix(start: Start, model: Model) -> Helix:
    """Prepare a Helix whose server asks the fake model."""
    return start(model.environment)


def test_no_language_loses_a_server_that_helix_has_for_it(tmp_path: Path) -> None:
    executable, reason = find_helix()
    if executable is None:
        pytest.skip(reason)
    ours = tmp_path / "ours" / "helix"
    ours.mkdir(parents=True)
    shutil.copy(SHIPPED / "languages.toml", ours)
    config = tomllib.loads((ours / "languages.toml").read_text(encoding="utf-8"))

    def hx(folder: str, *arguments: str) -> str:
        env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / folder), "PATH": ""}
        done = subprocess.run([executable, *arguments], env=env, capture_output=True, text=True)
        return done.stdout

    def servers(language: str, folder: str) -> list[str]:
        return re.findall(r"✘.*? ([\w-]+): ", hx(folder, "--health", language))

    if "25.01" not in hx("none", "--version"):
        pytest.skip("the lists are those of Helix 25.01")
    for language in (one["name"] for one in config["language"]):
        others = servers(language, "none")
        assert others, language
        assert servers(language, "ours") == [*others, "dola-ls"]


def test_the_actions_stand_in_the_menu_behind_those_of_another_server(
    start: Start, project: Project, model: Model
) -> None:
    unused = SHOP.replace("    total = 0\n", "    total = 0\n    unused = 1\n")
    project.shop.write_text(unused, encoding="utf-8")
    helix = start(model.environment, beside=("ruff",))
    helix.open(project.shop, INSIDE + 1)
    helix.until_shown("●")
    # To the name itself: Helix passes on the problems that the cursor is on.
    helix.keys("g", "s")

    menu = helix.menu()

    assert menu.index("Remove assignment to unused variable") < menu.index("Dola: ")
    for title in (EXPLAIN, REFACTOR, DOCUMENT, GENERATE_TESTS):
        assert title in menu
    assert not model.requests


def test_refactor_replaces_the_function_and_one_undo_brings_it_back(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)

    helix.pick(REFACTOR)
    helix.until_shown("return sum(")
    helix.until_saved(project.shop, REFACTORED_SHOP)

    helix.keys("u")
    helix.until_saved(project.shop, SHOP)


def test_refactor_of_a_selection_changes_the_selection_only(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = fenced("    return item['name'].title().strip()")
    helix.open(project.shop, 14)
    helix.keys("x")

    helix.pick("Dola: Refactor")

    expected = SHOP.replace('["name"].title()', "['name'].title().strip()")
    helix.until_shown(".strip()")
    helix.until_saved(project.shop, expected)


def test_explain_opens_markdown_and_leaves_the_code(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = EXPLANATION
    helix.open(project.shop, INSIDE)

    helix.pick(EXPLAIN)

    helix.until_shown(EXPLANATION.splitlines()[0])
    helix.until_shown("Explain-total_price.md")
    helix.ex("bc")
    helix.until_saved(project.shop, SHOP)


def test_what_was_explained_is_seen_once_more_on_its_name(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = EXPLANATION
    helix.open(project.shop, INSIDE)
    helix.pick(EXPLAIN)
    helix.until_shown("Explain-total_price.md")
    helix.ex("bc")
    helix.until_shown("TAX = 0.2")

    helix.goto(INSIDE - 1)
    helix.keys("Space", "k")

    helix.until_shown("Adds up what the items cost")
    assert len(model.requests) == 1


def test_what_would_be_sent_is_shown_and_nothing_is_sent(
    helix: Helix, project: Project, model: Model
) -> None:
    helix.open(project.shop, INSIDE)
    helix.menu()
    helix.keys("Escape")
    helix.until(lambda: not helix.selected, "the menu is closed")

    helix.keys("Space", "l", "p")

    helix.until_shown("What would be sent")
    # All of it is in the page, which is longer than the screen.
    [shown] = helix.received("window/showDocument")
    page = uri_to_path(shown["uri"]).read_text(encoding="utf-8")
    assert "for item in items:" in page
    assert "test-key" not in page
    assert model.requests == []


def test_what_the_model_thought_is_shown_when_it_is_asked_for(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer, model.reasoning = fenced(REFACTORED), "A sum will do, I think."
    helix.open(project.shop, INSIDE)
    helix.pick(REFACTOR)
    helix.until_shown("return sum(")
    assert "I think" not in helix.screen

    helix.keys("Space", "l", "r")

    helix.until_shown("What the model thought")
    helix.until_shown("A sum will do, I think.")


def test_consent_is_given_by_a_code_action_as_helix_cannot_ask(
    start: Start, project: Project
) -> None:
    # The address is never called: there is no such host.
    address = {"DOLA_BASE_URL": "https://api.invalid/v1", "DOLA_MODEL": "coder"}
    helix = start({"DOLA_PROVIDER": "custom", **address, "DOLA_API_KEY": "test-key"})
    helix.open(project.shop, INSIDE)

    helix.pick(REFACTOR)
    helix.until(lambda: "Nothing was sent." in helix.told, "it says so")
    assert "this editor cannot ask you" in helix.told
    if helix.version < WITH_ARGUMENTS:
        assert not helix.answers("title")

    helix.pick("Dola: Allow sending code of project to api.invalid")

    helix.until_shown("You allowed to send code of project to api.invalid")
    assert "Dola: Allow sending" not in helix.menu()
    helix.keys("Escape")
    helix.until(lambda: not helix.selected, "the menu is closed")
    # By now only the host is missing.
    helix.pick(REFACTOR)
    helix.until(
        lambda: "api.invalid" in helix.told.rpartition("You allowed")[2].partition("\n")[2],
        "it is tried",
    )
    helix.until_saved(project.shop, SHOP)


def test_an_action_of_ones_own_stands_in_the_menu_and_its_new_file_opens(
    start: Start, project: Project, model: Model
) -> None:
    project.has_own_actions()
    model.answer = fenced(REFACTORED)
    helix = start(model.environment)
    helix.open(project.shop, INSIDE)

    helix.pick("Dola: Simplify total_price")
    helix.until_shown("return sum(")
    helix.until_saved(project.shop, REFACTORED_SHOP)
    assert "Make it simpler." in model.requests[-1].prompt

    model.answer = fenced("def total_price(items): ...")
    helix.pick("Dola: Stub of shop.py")
    helix.until_shown("def total_price(items): ...")
    helix.until_saved(project.root / "shop_stub.py", "def total_price(items): ...\n")


def test_an_image_gets_its_words_and_code_is_written_from_it(
    start: Start, project: Project, model: Model
) -> None:
    project.config.write_text('abilities = ["images"]\n', encoding="utf-8")
    (project.root / "cart.png").write_bytes(png())
    page = project.add("page.md", "# Shop\n\n![](cart.png)\n")
    model.answer = "A cart with two lamps"
    helix = start(model.environment)
    helix.open(page, 3)

    helix.pick("Dola: Describe image cart.png")

    helix.until_shown("A cart with two lamps")
    expected = "# Shop\n\n![A cart with two lamps](cart.png)\n"
    helix.until_saved(page, expected)
    assert len(model.requests) == 1

    model.answer = "```mermaid\nflowchart TD\n  A --> B\n```\n"
    helix.pick("Dola: Write code from image cart.png")
    helix.until_shown("flowchart TD")
    helix.until_saved(page, f"{expected}\n{model.answer}")


def test_new_tests_are_run_and_what_fails_is_marked(
    start: Start, project: Project, model: Model
) -> None:
    project.runs_tests()
    model.answer = fenced(TESTS.replace("== 7", "== 8"))
    helix = start(model.environment)
    helix.open(project.shop, INSIDE)

    helix.pick(GENERATE_TESTS)

    told = "1 of 2 tests passed; the other one is marked in test_shop.py."
    helix.until(lambda: told in helix.told, "they are run")
    # The key for the next problem leads to the line, and the problem is shown there.
    helix.keys("g", "g", "]", "d")
    helix.until_shown("assert 7 == 8")


def beside_ruff(start: Start, project: Project, model: Model) -> Helix:
    """Start Helix with Ruff beside Dola, and the cursor on what Ruff reports."""
    broken = SHOP.replace("return total\n", "return totl\n")
    project.shop.write_text(broken, encoding="utf-8")
    helix = start(model.environment, beside=("ruff",))
    if helix.version >= WITH_ARGUMENTS:
        pytest.skip("Helix after 25.01 tells a server of its own problems alone")
    helix.open(project.shop, 10)
    helix.until_shown("●")
    helix.keys("g", "l")
    return helix


def test_what_another_server_reports_is_fixed(start: Start, project: Project, model: Model) -> None:
    model.answer = fenced(SHOP[SHOP.index("def total_price") : SHOP.index("\n\n\ndef label")])
    helix = beside_ruff(start, project, model)

    helix.pick("Dola: Fix: Undefined name `totl`")

    helix.until_saved(project.shop, SHOP)


def test_a_refactoring_is_told_what_another_server_says_of_its_lines(
    start: Start, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    helix = beside_ruff(start, project, model)

    helix.pick("Dola: Refactor total_price")

    helix.until_saved(project.shop, REFACTORED_SHOP)
    assert "error: Undefined name `totl`" in model.requests[0].prompt


def test_generated_tests_open_in_a_new_file_that_is_kept_when_it_is_saved(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = fenced(TESTS)
    helix.open(project.shop, INSIDE)

    helix.pick(GENERATE_TESTS)

    helix.until_shown("def test_quantities_count")
    # What is on disk until then is Helix's own doing: an empty file.
    assert project.tests.read_text(encoding="utf-8") == ""
    helix.until_saved(project.tests, TESTS)
    assert project.shop.read_text(encoding="utf-8") == SHOP


def test_generated_tests_join_those_of_a_file(helix: Helix, project: Project, model: Model) -> None:
    mine = "def test_mine():\n    assert True\n"
    project.tests.parent.mkdir()
    project.tests.write_text(mine, encoding="utf-8")
    model.answer = fenced(TESTS)
    helix.open(project.shop, INSIDE)

    helix.pick(GENERATE_TESTS)

    helix.until_shown("def test_quantities_count")
    # They are in the buffer, where one undo takes them out; saving is the user's.
    assert project.tests.read_text(encoding="utf-8") == mine
    text = helix.save(project.tests)
    assert mine in text
    for line in TESTS.splitlines():
        assert line in text
    helix.keys("u")
    helix.until_saved(project.tests, mine)


def test_document_adds_a_docstring_and_nothing_else(
    helix: Helix, project: Project, model: Model
) -> None:
    head = "def total_price(items):\n"
    docstring = '    """Return what all items cost together."""\n'
    code = SHOP[SHOP.index(head) : SHOP.index("\n\n\ndef label")]
    model.answer = fenced(code.replace(head, head + docstring))
    helix.open(project.shop, INSIDE)

    helix.pick(DOCUMENT)

    helix.until_shown(docstring.strip())
    helix.until_saved(project.shop, SHOP.replace(head, head + docstring))


def test_a_comment_is_carried_out_and_goes(helix: Helix, project: Project, model: Model) -> None:
    order = "    # dola: use sum\n"
    head = "def total_price(items):\n"
    project.shop.write_text(SHOP.replace(head, head + order), encoding="utf-8")
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)

    helix.pick("Dola: Do: use sum")

    helix.until_shown("return sum(")
    helix.until_saved(project.shop, REFACTORED_SHOP)
    assert "use sum" in model.requests[0].prompt


def test_a_question_in_a_comment_is_answered(helix: Helix, project: Project, model: Model) -> None:
    head = "def total_price(items):\n"
    asking = SHOP.replace(head, head + "    # dola? what if it is empty\n")
    project.shop.write_text(asking, encoding="utf-8")
    model.answer = EXPLANATION
    helix.open(project.shop, INSIDE)

    helix.pick("Dola: Answer: what if it is empty")

    helix.until_shown(EXPLANATION.splitlines()[0])
    assert project.shop.read_text(encoding="utf-8") == asking


def test_an_order_in_the_prompt_is_carried_out(
    helix: Helix, project: Project, model: Model
) -> None:
    if helix.version < WITH_ARGUMENTS:
        pytest.skip("`:lsp-workspace-command` takes arguments from Helix 25.07 on")
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)

    helix.keys("Space", "l", "d")
    helix.until_shown('"instruction":"')
    helix.type("use sum")
    helix.until_shown('"instruction":"use sum')
    helix.keys("Enter")

    helix.until_shown("return sum(")
    helix.until_saved(project.shop, REFACTORED_SHOP)
    assert "use sum" in model.requests[0].prompt


@pytest.mark.parametrize("how", ["key", "action"])
def test_cancel_closes_the_connection_and_leaves_the_buffer(
    helix: Helix, project: Project, model: Model, how: str
) -> None:
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)
    with model.held():
        helix.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        # Helix 25.01 shows the token of a progress, later ones its title.
        helix.until(
            lambda: "[dola-refactor-1]" in helix.screen or f"{REFACTOR} ⋅" in helix.screen,
            "the progress is shown",
        )

        if how == "key":
            helix.keys("Space", "l", "c")
        else:
            helix.pick("Dola: Cancel Refactor total_price")

        wait_for(lambda: model.abandoned, "the connection to the model is closed")
        helix.until(lambda: helix.idle, "the progress ends")
    helix.until_saved(project.shop, SHOP)


def test_an_edit_elsewhere_is_kept_and_the_answer_lands_where_the_function_is_now(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)
    with model.held():
        helix.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        helix.insert("ggO", "# mine")
    helix.until_shown("return sum(")
    helix.until_saved(project.shop, "# mine\n" + REFACTORED_SHOP)

    helix.keys("u")
    helix.until_saved(project.shop, "# mine\n" + SHOP)


def test_an_edit_for_a_version_that_is_past_is_made_anew(
    helix: Helix, project: Project, model: Model
) -> None:
    if helix.version >= WITH_ARGUMENTS:
        pytest.skip("Helix after 25.01 forgets what was typed while it was stopped")
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)
    with ExitStack() as stopped, model.held():
        helix.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        helix.keys("g", "g", "O")
        helix.until_shown(" INS ")
        known = helix.sent("textDocument/didChange")[-1]["textDocument"]["version"]
        stopped.enter_context(helix.stopped(until_sent="workspace/applyEdit"))
        # Helix finds this key the moment it goes on, and then the edit. It is one key, as 25.01 may
        # tell of several that come at once in the wrong order.
        helix.type("#")
    helix.until_shown("#")
    helix.keys("Escape")
    helix.until_shown(" NOR ")
    helix.until_shown("return sum(")
    helix.until_saved(project.shop, "#\n" + REFACTORED_SHOP)

    first = helix.received("workspace/applyEdit")[0]["edit"]["documentChanges"][0]
    assert first["textDocument"]["version"] == known
    assert [answer["applied"] for answer in helix.answers("applied")] == [False, True]


def test_an_edit_of_the_same_lines_wins_and_the_answer_is_kept(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    helix.open(project.shop, INSIDE)
    with model.held():
        helix.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        helix.insert("A", "  # mine")
    helix.until_shown("Refactor total_price: You changed line 7")
    helix.until_saved(project.shop, SHOP.replace("total = 0\n", "total = 0  # mine\n"))

    helix.keys("u")
    helix.until_saved(project.shop, SHOP)
    helix.pick("Dola: Apply proposed edit")
    helix.until_saved(project.shop, REFACTORED_SHOP)


def test_after_a_crash_of_the_server_a_restart_is_enough(
    start: Start, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    # Helix 25.01 restarts none behind the first server of the list that is not installed.
    helix = start(model.environment, beside=("ruff", "jedi-language-server", "pylsp"))
    helix.open(project.shop, INSIDE)
    with model.held():
        helix.pick(REFACTOR)
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        helix.kill_server()
        helix.insert("o", "# mine")
        helix.keys("u")
    helix.until_saved(project.shop, SHOP)

    helix.ex("lsp-restart")
    helix.until(lambda: len(helix.sent("textDocument/didOpen")) == 2, "the server has the file")
    helix.until(lambda: len(helix.received("workspace/configuration")) == 2, "it is ready")
    helix.goto(INSIDE)
    helix.pick(REFACTOR)
    helix.until_saved(project.shop, REFACTORED_SHOP)


@pytest.mark.parametrize("provider", ["aimlapi", "auto"])
def test_without_a_key_a_message_says_what_to_do(
    start: Start, project: Project, provider: str
) -> None:
    helix = start({"DOLA_PROVIDER": provider})
    helix.open(project.shop, INSIDE)

    helix.pick(REFACTOR)

    helix.until_shown("DOLA_API_KEY")
    helix.until_saved(project.shop, SHOP)


def test_the_status_names_the_model(helix: Helix, project: Project) -> None:
    helix.open(project.shop, INSIDE)

    helix.keys("Space", "l", "s")

    helix.until_shown("nothing is under way")


RECEIPT = """\
def receipt(items):
    total = 0
    lines = []
    for item in items:
        lines.append(item["name"])
        total = total + item["price"]
    lines.append("")
    return lines, total
"""
#: Two changes that lie apart: the second and the eighth line.
FIRST, SECOND = ("total = 0\n", "total = 0.0\n"), ("return lines, total", "return total, lines")


@pytest.fixture
def reviewing(project: Project) -> None:
    """Have edits kept for review."""
    project.config.write_text('apply = "review"\n', encoding="utf-8")


@pytest.mark.usefixtures("reviewing")
def test_a_proposal_is_hinted_at_shown_and_applied_hunk_by_hunk(
    helix: Helix, project: Project, model: Model
) -> None:
    project.shop.write_text(RECEIPT, encoding="utf-8")
    model.answer = fenced(RECEIPT.replace(*FIRST).replace(*SECOND))
    helix.open(project.shop, 2)
    helix.pick("Dola: Refactor receipt")
    helix.until_shown("Dola: proposed edit (refactor receipt")
    helix.until_saved(project.shop, RECEIPT)

    helix.pick("Dola: Show proposed edit")
    helix.until_shown("+    total = 0.0")
    helix.ex("bc!")
    helix.until_shown("lines = []")
    helix.goto(8)
    helix.pick("Dola: Apply hunk 2 of 2")
    helix.until_saved(project.shop, RECEIPT.replace(*SECOND))

    # What is left is the first hunk. The key for the problem before leads there.
    helix.keys("[", "d")
    helix.until_shown("Dola: proposed edit (refactor receipt")
    helix.pick("Dola: Discard proposed edit")
    helix.until(lambda: "proposed edit" not in helix.screen, "the hint is gone")
    helix.until_saved(project.shop, RECEIPT.replace(*SECOND))


@pytest.mark.usefixtures("reviewing")
def test_a_proposal_is_asked_for_again_and_applied_where_its_lines_are_by_then(
    helix: Helix, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED.replace("sum(", "0 + sum("))
    helix.open(project.shop, INSIDE)
    helix.pick(REFACTOR)
    helix.until_shown("Dola: proposed edit (refactor total_price")

    model.answer = fenced(REFACTORED)
    helix.pick("Dola: Retry")
    helix.until(lambda: len(model.requests) == 2 and helix.idle, "the model is asked again")
    helix.insert("ggO", "# mine")
    helix.until_saved(project.shop, "# mine\n" + SHOP)
    helix.goto(INSIDE + 1)
    helix.pick("Dola: Apply proposed edit")
    helix.until_saved(project.shop, "# mine\n" + REFACTORED_SHOP)
