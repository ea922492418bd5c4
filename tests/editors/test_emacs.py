"""A real Emacs with Eglot, the real server, and a fake model behind the real HTTP client."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.core.media.samples import png

from .emacs import SHIPPED, Emacs, EmacsError, find_emacs, run_batch
from .model import Model
from .nvim import wait_for
from .project import EXPLANATION, REFACTORED, REFACTORED_SHOP, SHOP, TESTS, Project, fenced

pytestmark = pytest.mark.emacs

#: `total = 0` in `total_price`, counted from 1.
INSIDE = 7
FILES = ["dola-eglot.el", "dola.el", "example-init.el"]

Start = Callable[..., Emacs]


@pytest.fixture(autouse=True)
def _there_is_an_emacs() -> None:
    executable, reason = find_emacs()
    if executable is None:
        pytest.skip(reason)


@pytest.fixture
def start(tmp_path: Path, project: Project) -> Iterator[Start]:
    """Return what starts an Emacs; `beside` names other programs that it finds."""
    # What makes a folder a project for Emacs, so that all its files share a server.
    (project.root / ".git").mkdir()

    def begin(environment: dict[str, str], beside: tuple[str, ...] = ()) -> Emacs:
        environment = {"DOLA_CONFIG": str(project.config), **environment}
        return stack.enter_context(Emacs.running(tmp_path / "home", environment, beside))

    with ExitStack() as stack:
        yield begin


@pytest.fixture
def emacs(start: Start, model: Model) -> Emacs:
    """Start an Emacs whose server asks the fake model."""
    return start(model.environment)


def test_refactor_replaces_the_function_and_one_undo_brings_it_back(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-refactor")
    emacs.until_text(project.shop, REFACTORED_SHOP)

    emacs.until_told("Dola: Refactor total_price: 4 edits (")
    emacs.eval("(progn (undo-boundary) (undo))")
    emacs.until_text(project.shop, SHOP)
    # The user asked for the edit, and is not asked whether it may be made.
    assert emacs.asked == []


def test_refactor_of_the_region_changes_the_region_only(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced("    return item['name'].title().strip()")
    emacs.open(project.shop, 14)
    emacs.eval("(progn (transient-mark-mode 1) (push-mark (line-end-position) t t) t)")

    emacs.call("dola-refactor")

    expected = SHOP.replace('["name"].title()', "['name'].title().strip()")
    emacs.until_text(project.shop, expected)


def test_the_code_actions_of_eglot_work_too(emacs: Emacs, project: Project, model: Model) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)

    emacs.call("eglot-code-actions", "Dola: Refactor total_price")

    emacs.until_text(project.shop, REFACTORED_SHOP)


def test_explain_shows_a_page_beside_the_code(emacs: Emacs, project: Project, model: Model) -> None:
    model.answer = EXPLANATION
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-explain")

    page = "Explain-total_price.md"
    emacs.until(lambda: EXPLANATION.splitlines()[0] in emacs.shown.get(page, ""), "it is shown")
    assert emacs.shown["shop.py"] == SHOP
    assert emacs.eval("(buffer-name)") == "shop.py"
    assert emacs.eval(f'(buffer-local-value \'buffer-read-only (get-buffer "{page}"))')

    # Asked again, the new answer is shown without a question about the page's file.
    model.answer = "Something else."
    emacs.call("dola-explain")
    emacs.until(
        lambda: any("Something else." in text for text in emacs.shown.values()),
        "the new answer is shown",
    )
    assert emacs.asked == []


def test_what_was_explained_is_seen_once_more_on_its_name(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = EXPLANATION
    emacs.open(project.shop, INSIDE)
    emacs.call("dola-explain")
    emacs.until(lambda: "Explain-total_price.md" in emacs.shown, "the page is shown")
    emacs.goto(INSIDE - 1)
    emacs.eval("(forward-word 2)")

    def documentation() -> str:
        """Ask as ElDoc does when point rests, and return what it has by then."""
        emacs.eval("(eldoc-print-current-symbol-info)")
        found = emacs.eval(
            "(and (buffer-live-p eldoc--doc-buffer)"
            " (with-current-buffer eldoc--doc-buffer (buffer-string)))"
        )
        return str(found)

    emacs.until(lambda: "Adds up what the items cost" in documentation(), "ElDoc has it")
    assert "The whole explanation" in documentation()
    assert len(model.requests) == 1


def test_what_the_model_thought_is_shown_when_it_is_asked_for(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer, model.reasoning = fenced(REFACTORED), "A sum will do, I think."
    emacs.open(project.shop, INSIDE)
    emacs.call("dola-refactor")
    emacs.until_text(project.shop, REFACTORED_SHOP)
    assert not any("I think" in text for text in emacs.shown.values())

    emacs.call("dola-show-reasoning")

    def page() -> str:
        return next((t for t in emacs.shown.values() if "What the model thought" in t), "")

    emacs.until(lambda: "A sum will do, I think." in page(), "it is shown")
    assert emacs.eval("(buffer-name)") == "shop.py"


def test_an_image_gets_its_words_and_code_is_written_from_it(
    emacs: Emacs, project: Project, model: Model
) -> None:
    project.config.write_text('abilities = ["images"]\n', encoding="utf-8")
    (project.root / "cart.png").write_bytes(png())
    page = project.add("page.html", '<p>\n<img src="cart.png" alt="">\n')
    model.answer = "A cart with two lamps"
    emacs.open(page, 2)

    emacs.call("dola-describe-image")

    expected = '<p>\n<img src="cart.png" alt="A cart with two lamps">\n'
    emacs.until_text(page, expected)
    assert len(model.requests) == 1

    model.answer = "```html\n<ul>\n  <li>A lamp</li>\n</ul>\n```\n"
    emacs.call("dola-write-from-image")
    emacs.until_text(page, f"{expected}<ul>\n  <li>A lamp</li>\n</ul>\n")


def test_an_action_of_ones_own_is_chosen_and_its_new_file_opens(
    emacs: Emacs, project: Project, model: Model
) -> None:
    project.has_own_actions()
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    emacs.until(lambda: emacs.eval("(dola--own (eglot-current-server) 1 1)"), "they are read")

    emacs.call("dola-own", "Simplify total_price")
    emacs.until_text(project.shop, REFACTORED_SHOP)
    assert "Make it simpler." in model.requests[-1].prompt

    model.answer = fenced("def total_price(items): ...")
    emacs.call("dola-own", "Stub of shop.py")
    stub = project.root / "shop_stub.py"
    emacs.until_text(stub, "def total_price(items): ...\n")
    assert emacs.eval("(buffer-name)") == "shop_stub.py"


def test_where_there_is_no_action_of_ones_own_a_sentence_says_so(
    emacs: Emacs, project: Project, model: Model
) -> None:
    emacs.open(project.shop, INSIDE)
    with pytest.raises(EmacsError, match="No action of your own is for this place"):
        emacs.call("dola-own")
    assert model.requests == []


def test_new_tests_are_run_and_what_fails_is_marked(
    start: Start, project: Project, model: Model
) -> None:
    project.runs_tests()
    model.answer = fenced(TESTS.replace("== 7", "== 8"))
    emacs = start(model.environment)
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-generate-tests")

    emacs.until_told("1 of 2 tests passed; the other one is marked in test_shop.py.")
    marked = (
        '(progn (flymake-start) (mapconcat #\'flymake-diagnostic-text (flymake-diagnostics) ""))'
    )
    emacs.until(lambda: "assert 7 == 8" in emacs.eval(marked), "Flymake shows it")
    assert emacs.eval("(buffer-name)") == "test_shop.py"


def test_what_would_be_sent_is_shown_and_nothing_is_sent(
    emacs: Emacs, project: Project, model: Model
) -> None:
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-show-prompt", "do", "use sum")

    def page() -> str:
        return next((text for text in emacs.shown.values() if "What would be sent" in text), "")

    emacs.until(page, "it is shown")
    assert "use sum" in page()
    assert "for item in items:" in page()
    assert "test-key" not in page()
    assert model.requests == []


def test_consent_is_asked_for_before_anything_leaves(start: Start, project: Project) -> None:
    # The address is never called: nobody agrees.
    address = {"DOLA_BASE_URL": "https://api.invalid/v1", "DOLA_MODEL": "coder"}
    emacs = start({"DOLA_PROVIDER": "custom", **address})
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-refactor", "Show what would be sent", "Don't send")

    emacs.until_told("Nothing was sent, as you did not agree.")
    asked = [question for question in emacs.asked if "to api.invalid (model coder)?" in question]
    assert len(asked) == 2
    assert any("What would be sent" in text for text in emacs.shown.values())
    emacs.call("dola-withdraw")
    emacs.until_told("There was no consent to withdraw")


def test_generated_tests_open_in_a_new_file(emacs: Emacs, project: Project, model: Model) -> None:
    model.answer = fenced(TESTS)
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-generate-tests")

    emacs.until_text(project.tests, TESTS)
    assert emacs.eval("(buffer-name)") == "test_shop.py"
    assert emacs.text(project.shop) == SHOP


def test_generated_tests_join_those_of_a_file(emacs: Emacs, project: Project, model: Model) -> None:
    mine = "def test_mine():\n    assert True\n"
    project.tests.parent.mkdir()
    project.tests.write_text(mine, encoding="utf-8")
    model.answer = fenced(TESTS)
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-generate-tests")

    emacs.until(lambda: "shop import" in (emacs.text(project.tests) or ""), "the tests are in")
    text = emacs.text(project.tests) or ""
    assert mine in text
    for line in TESTS.splitlines():
        assert line in text
    # They are in the buffer, where one undo takes them out; saving is the user's.
    assert project.tests.read_text(encoding="utf-8") == mine


def test_document_adds_a_docstring_and_nothing_else(
    emacs: Emacs, project: Project, model: Model
) -> None:
    head = "def total_price(items):\n"
    docstring = '    """Return what all items cost together."""\n'
    code = SHOP[SHOP.index(head) : SHOP.index("\n\n\ndef label")]
    model.answer = fenced(code.replace(head, head + docstring))
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-document")

    emacs.until_text(project.shop, SHOP.replace(head, head + docstring))


def report(emacs: Emacs, message: str) -> None:
    """Have Flymake report an error on the line of point; who does need not be a server."""
    emacs.eval(
        f"""(progn
             (add-hook 'flymake-diagnostic-functions
                       (lambda (report &rest _)
                         (let ((end (line-end-position)))
                           (funcall report (list (flymake-make-diagnostic
                                                  (current-buffer) (- end 4) end :error
                                                  "{message}")))))
                       nil t)
             (flymake-start))"""
    )
    emacs.until(lambda: emacs.eval("(and (flymake-diagnostics) t)"), "Flymake reports")


def test_a_refactoring_is_told_what_flymake_shows(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    report(emacs, "total should be a Decimal")

    emacs.call("dola-refactor")

    emacs.until_text(project.shop, REFACTORED_SHOP)
    assert "error: total should be a Decimal" in model.requests[0].prompt


def test_a_problem_that_flymake_shows_is_fixed(
    emacs: Emacs, project: Project, model: Model
) -> None:
    project.shop.write_text(SHOP.replace("return total\n", "return totl\n"), encoding="utf-8")
    model.answer = fenced(SHOP[SHOP.index("def total_price") : SHOP.index("\n\n\ndef label")])
    emacs.open(project.shop, 10)
    with pytest.raises(EmacsError, match="no problem on these lines"):
        emacs.call("dola-fix")
    report(emacs, "undefined name 'totl'")

    emacs.call("dola-fix")

    emacs.until_text(project.shop, SHOP)
    assert "undefined name 'totl'" in model.requests[0].prompt


@pytest.mark.skipif(shutil.which("rass") is None, reason="no `rass` (rassumfrassum) on the path")
def test_another_server_runs_in_the_same_buffer_by_a_multiplexer(
    start: Start, project: Project, model: Model
) -> None:
    project.shop.write_text(SHOP.replace("return total\n", "return totl\n"), encoding="utf-8")
    model.answer = fenced(SHOP[SHOP.index("def total_price") : SHOP.index("\n\n\ndef label")])
    emacs = start(model.environment, beside=("rass", "ruff"))
    emacs.eval("""(setq dola-eglot-command '("rass" "--" "ruff" "server" "--" "dola-ls"))""")
    emacs.open(project.shop, 10)
    emacs.until(lambda: emacs.eval("(progn (flymake-start) (and (flymake-diagnostics) t))"), "Ruff")

    emacs.call("dola-fix")

    emacs.until_text(project.shop, SHOP)
    model.answer = EXPLANATION
    emacs.call("dola-explain")
    emacs.until(lambda: "Explain-total_price.md" in emacs.shown, "the page is shown")


def test_eglot_starts_the_server_in_the_modes_that_are_set_when_dola_is_set_up(
    emacs: Emacs,
) -> None:
    starts = """(mapcar (lambda (mode)
                          (let ((program (nth 2 (eglot--lookup-mode mode))))
                            (and (functionp program)
                                 ;; Eglot's own fail where they find none of their programs.
                                 (member "dola-ls" (ignore-errors (funcall program nil)))
                                 t)))
                        '(python-mode c-mode rust-mode))"""
    assert emacs.eval(starts) == [True, True, True]

    emacs.eval("(progn (setq dola-eglot-modes '(python-mode)) (dola-setup))")
    assert emacs.eval(starts) == [True, None, None]
    # What Eglot has itself for the other modes is there again.
    assert emacs.eval("(and (assq 'rust-mode eglot-server-programs) t)")

    emacs.eval("(progn (setq dola-eglot-modes '(python-mode rust-mode)) (dola-setup))")
    assert emacs.eval(starts) == [True, None, True]


def test_what_is_said_in_the_minibuffer_is_done(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-do", "use sum")

    emacs.until_text(project.shop, REFACTORED_SHOP)
    assert "use sum" in model.requests[0].prompt
    with pytest.raises(EmacsError, match="nothing was sent"):
        emacs.call("dola-do", "  ")
    assert len(model.requests) == 1


def test_cancel_closes_the_connection_and_leaves_the_buffer(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    with model.held():
        emacs.call("dola-refactor")
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        emacs.call("dola-status")
        emacs.until_told("Refactor total_price (")

        emacs.call("dola-cancel")

        wait_for(lambda: model.abandoned, "the connection to the model is closed")
        emacs.until_told("Refactor total_price: cancelled")
    assert emacs.text(project.shop) == SHOP


def test_an_edit_elsewhere_is_kept_and_the_answer_lands_where_the_function_is_now(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    with model.held():
        emacs.call("dola-refactor")
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        emacs.goto(1)
        emacs.insert("# mine\n")
        # Eglot has not told the server of it: the edit that comes is for a version that is past.
        assert emacs.eval("(not (null eglot--recent-changes))")
    emacs.until_text(project.shop, "# mine\n" + REFACTORED_SHOP)

    emacs.eval("(progn (undo-boundary) (undo))")
    emacs.until_text(project.shop, "# mine\n" + SHOP)


def test_an_edit_of_the_same_lines_wins_and_the_answer_is_kept(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    with model.held():
        emacs.call("dola-refactor")
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        emacs.eval("(goto-char (line-end-position))")
        emacs.insert("  # mine")
    emacs.until_told("Refactor total_price: You changed line 7")
    mine = SHOP.replace("total = 0\n", "total = 0  # mine\n")
    assert emacs.text(project.shop) == mine

    emacs.call("dola-review")
    assert "no longer fits" in emacs.shown["*Dola review*"]
    assert "+    return sum(" in emacs.shown["*Dola review*"]
    emacs.call("dola-review-apply")
    emacs.until_told("The proposal was not applied")
    assert emacs.text(project.shop) == mine
    emacs.call("dola-review-discard")
    assert "*Dola review*" not in emacs.shown


def test_an_edit_for_a_version_that_is_past_is_made_anew(
    emacs: Emacs, project: Project, model: Model, tmp_path: Path
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    busy = tmp_path / "busy"
    # Eglot tells of what is typed when Emacs has been idle for a while; until then it is busy, and
    # the edit waits for it.
    typed_and_busy = (
        '(progn (goto-char (point-min)) (insert "# mine\\n") (undo-boundary)'
        f' (write-region "" nil "{busy}" nil \'silent) (call-process "sleep" nil nil nil "2"))'
    )
    with ThreadPoolExecutor(1) as thread:
        with model.held():
            emacs.call("dola-refactor")
            wait_for(lambda: model.half_way, "the model is half way through its answer")
            typing = thread.submit(emacs.eval, typed_and_busy)
            wait_for(busy.exists, "Emacs is busy")
        typing.result()
    emacs.until_text(project.shop, "# mine\n" + REFACTORED_SHOP)
    events = "(with-current-buffer (jsonrpc-events-buffer (eglot-current-server)) (buffer-string))"
    assert "require version 0, you have 1" in emacs.eval(events)


def test_after_a_crash_of_the_server_eglot_starts_another_one(
    emacs: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(REFACTORED)
    emacs.open(project.shop, INSIDE)
    with model.held():
        emacs.call("dola-refactor")
        wait_for(lambda: model.half_way, "the model is half way through its answer")
        emacs.eval("(signal-process (jsonrpc--process (eglot-current-server)) 'KILL)")
        emacs.until(lambda: not emacs.eval("(and (eglot-current-server) t)"), "it is gone")
    with pytest.raises(EmacsError, match="no server in this buffer"):
        emacs.call("dola-refactor")

    emacs.call("eglot")
    emacs.call("dola-refactor")
    emacs.until_text(project.shop, REFACTORED_SHOP)


@pytest.mark.parametrize("provider", ["aimlapi", "auto"])
def test_without_a_key_a_message_says_what_to_do(
    start: Start, project: Project, provider: str
) -> None:
    emacs = start({"DOLA_PROVIDER": provider})
    emacs.open(project.shop, INSIDE)

    emacs.call("dola-refactor")

    emacs.until_told("DOLA_API_KEY")
    assert emacs.text(project.shop) == SHOP


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
def proposed(emacs: Emacs, project: Project, model: Model) -> Emacs:
    """Have an edit of two hunks kept for review."""
    project.config.write_text('apply = "review"\n', encoding="utf-8")
    project.shop.write_text(RECEIPT, encoding="utf-8")
    model.answer = fenced(RECEIPT.replace(*FIRST).replace(*SECOND))
    emacs.open(project.shop, 2)
    emacs.call("dola-refactor")
    emacs.until_told("shows it")
    emacs.call("dola-review")
    return emacs


def test_a_proposal_is_shown_as_a_diff_and_applied_hunk_by_hunk(
    proposed: Emacs, project: Project
) -> None:
    shown = proposed.shown["*Dola review*"]
    assert shown.splitlines()[1:] == [
        "--- shop.py",
        "+++ shop.py",
        "@@ -1,3 +1,3 @@",
        " def receipt(items):",
        "-    total = 0",
        "+    total = 0.0",
        "     lines = []",
        "@@ -7,3 +7,3 @@",
        '     lines.append("")',
        "-    return lines, total",
        "+    return total, lines",
        " ",
    ]
    assert proposed.text(project.shop) == RECEIPT

    proposed.eval('(re-search-forward "^-    return")')
    proposed.call("dola-review-apply-hunk")
    assert proposed.text(project.shop) == RECEIPT.replace(*SECOND)
    left = proposed.shown["*Dola review*"]
    assert "+    total = 0.0" in left
    assert "+    return total, lines" not in left

    proposed.call("dola-review-discard-hunk")
    assert "*Dola review*" not in proposed.shown
    assert proposed.text(project.shop) == RECEIPT.replace(*SECOND)
    with pytest.raises(EmacsError, match="no proposed edit here"):
        proposed.call("dola-review")


def test_a_proposal_is_asked_for_again_and_applied_as_a_whole(
    proposed: Emacs, project: Project, model: Model
) -> None:
    model.answer = fenced(RECEIPT.replace(*FIRST))
    proposed.call("dola-review-retry")
    proposed.until(lambda: len(model.requests) == 2, "the model is asked again")
    proposed.until(lambda: proposed.told.count("shows it") == 2, "it is kept")

    # It fits wherever its lines are by then.
    proposed.goto(1)
    proposed.insert("# mine\n")
    proposed.call("dola-review")
    proposed.call("dola-review-apply")
    proposed.until_text(project.shop, "# mine\n" + RECEIPT.replace(*FIRST))


def test_without_a_server_a_sentence_says_what_to_do(emacs: Emacs, project: Project) -> None:
    emacs.eval(f'(find-file "{project.shop}")')

    with pytest.raises(EmacsError, match="no server in this buffer"):
        emacs.call("dola-explain")


def test_the_files_compile_without_a_warning_and_please_checkdoc(tmp_path: Path) -> None:
    for file in FILES:
        shutil.copy(SHIPPED / file, tmp_path)
    paths = [str(tmp_path / file) for file in FILES]
    strict = "(setq byte-compile-error-on-warn t)"

    compiled = run_batch("-L", str(tmp_path), "--eval", strict, "-f", "batch-byte-compile", *paths)
    check = "(dolist (file command-line-args-left) (checkdoc-file file))"
    checked = run_batch("-l", "checkdoc", "--eval", check, *paths)

    assert compiled.returncode == 0, compiled.stderr
    assert "Warning" not in checked.stderr, checked.stderr
