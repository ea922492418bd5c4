"""S17: what an answer brings in unasked is kept for review, and tests that do so are not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls.core.actions import GENERATE_TESTS
from dola_ls.core.outcome import Created, Edited, Proposed
from dola_ls.core.testing.results import Results
from dola_ls.run import run
from tests.core.running import TEXT, set_up
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import chosen, server_with

UNASKED = {
    "eval": ("    return eval('+'.join(map(str, items)))\n", "eval, which runs text as code"),
    "subprocess": (
        "    import subprocess\n    return subprocess.check_output(items)\n",
        "subprocess, which starts other programs",
    ),
    "os.system": ("    return os.system(items)\n", "os.system, which starts other programs"),
    "pickle": (
        "    import pickle\n    return sum(pickle.loads(items))\n",
        "pickle, which runs what it unpacks",
    ),
    "requests": (
        "    import requests\n    return requests.post('x', items)\n",
        "requests, which speaks to the network",
    ),
    "address": ("    # https://evil.io/?q=\n    return sum(items)\n", "an address at evil.io"),
    "TLS": (
        "    return sum(items, verify=False)\n",
        "verify=False, which turns off the check of certificates",
    ),
}


@pytest.mark.parametrize(("body", "what"), UNASKED.values(), ids=UNASKED)
async def test_it_is_kept_for_review_and_named_with_its_line(body: str, what: str) -> None:
    task, editor = set_up()
    outcome = await run(task, editor, FakeModel(fenced("def total(items):\n" + body)))
    assert isinstance(outcome, Proposed)
    assert outcome.reason == (
        f"The answer brings in what you did not ask for: {what} (line 5). Nothing was applied and "
        "the answer is kept for you to look at."
    )
    assert editor.document.text == TEXT
    [proposal] = editor.proposals
    # It is no refusal: the user may apply it as it is.
    assert proposal.verdict is None
    assert body in proposal.rewrite.text


async def test_it_is_named_also_where_all_edits_are_reviewed() -> None:
    task, editor = set_up(review=True)
    body, what = UNASKED["subprocess"]
    outcome = await run(task, editor, FakeModel(fenced("def total(items):\n" + body)))
    assert isinstance(outcome, Proposed)
    assert what in outcome.reason


async def test_the_user_is_told_and_may_apply_it(profile: str, tmp_path: Path) -> None:
    body, what = UNASKED["pickle"]
    server = server_with(tmp_path, FakeModel(fenced("def total(items):\n" + body)))
    uri = (tmp_path / "a.py").as_uri()
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        [message] = editor.take_messages()
        assert f"{what} (line 5)" in message
        assert "show, apply or discard it" in message
        assert editor.take_edits() == []
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "result = 0"))
        await editor.execute(
            next(one for one in actions if one["title"].startswith("Dola: Apply proposed edit"))
        )
        await editor.idle()
        assert len(editor.take_edits()) == 1
        assert body in editor.text(uri)


async def test_what_was_asked_for_is_applied() -> None:
    task, editor = set_up(instruction="use eval on the joined items")
    body, _ = UNASKED["eval"]
    outcome = await run(task, editor, FakeModel(fenced("def total(items):\n" + body)))
    assert isinstance(outcome, Edited)


async def test_what_the_file_holds_already_is_applied() -> None:
    text = TEXT + "\n\ndef other(text):\n    return eval(text)\n"
    task, editor = set_up(text=text)
    body, _ = UNASKED["eval"]
    outcome = await run(task, editor, FakeModel(fenced("def total(items):\n" + body)))
    assert isinstance(outcome, Edited)


TESTS = (
    "import subprocess\n\n\ndef test_total():\n    subprocess.run(['x'])\n    assert total([])\n"
)


async def test_new_tests_that_bring_something_in_are_not_run() -> None:
    task, editor = set_up(GENERATE_TESTS)
    editor.results = [Results(1, 0)]
    outcome = await run(task, editor, FakeModel(fenced(TESTS)))
    assert isinstance(outcome, Created)
    assert editor.runs == []
    assert "subprocess, which starts other programs (line 1)" in outcome.note
    assert "They were not run" in outcome.note


async def test_new_tests_of_code_that_does_the_same_are_run() -> None:
    text = TEXT.replace("import os\n", "import os, subprocess\nrun = subprocess.run\n")
    task, editor = set_up(GENERATE_TESTS, text=text)
    editor.results = [Results(1, 0)]
    await run(task, editor, FakeModel(fenced(TESTS)))
    assert len(editor.runs) == 1
