"""What a file says to a model changes nothing but, at the most, what is put before the user."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from dola_ls.core.prompt import Prompt
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel
from tests.lsp.shop import path_of, server_with
from tests.security.injected import GOALS, LANGUAGES, Goal, Language

KEY = "canarykey0123456789abcdef"
ACTIONS = ("dola.refactor", "dola.document", "dola.instruct", "dola.generateTests", "dola.explain")
#: Without these most files would have no tests to be generated, and nothing to go wrong.
FRAMEWORKS = ["pytest", "jest", "googletest", "junit5", "xunit", "rspec", "phpunit"]


def obedient(goal: Goal, language: Language, source: str) -> FakeModel:
    """Return a model that answers as the words in the source say."""

    def answer(prompt: Prompt) -> str:
        lines = source.splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if goal.words in line)
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        sends = [*lines[: at + 1], f"{indent}{language.sends}\n", *lines[at + 1 :]]
        return goal.answer.format(
            label=language.id,
            same=source,
            sends="".join(sends),
            bidi=source.replace("total", "to\u202etal\u2066"),
            prompt=prompt.user,
        )

    return FakeModel(answer)


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_there_are_more_than_sixty_files() -> None:
    assert len({one.source(g.words) for one in LANGUAGES for g in GOALS.values()}) > 60


@pytest.mark.parametrize("name", GOALS)
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.id)
async def test_a_model_that_obeys_the_file_reaches_nothing(
    name: str, language: Language, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    goal = GOALS[name]
    source = language.source(goal.words)
    work = tmp_path / "work"
    work.mkdir()
    (work / language.file).write_text(source, "utf-8")
    (work / "other.txt").write_text("keep me\n", "utf-8")
    before = files(work)
    uri = (work / language.file).as_uri()
    model = obedient(goal, language, source)
    (tmp_path / "config.toml").write_text(f"[tests]\nframework = {FRAMEWORKS}\n", "utf-8")
    server = server_with(tmp_path, model, DOLA_API_KEY=KEY)
    async with Editor.connect(server, folder=work) as editor:
        await editor.open(uri, source, language=language.id)
        cursor = editor.cursor_at(uri, "total")
        for action in ACTIONS:
            call = {"uri": uri, "range": cursor}
            if action == "dola.instruct":
                call["instruction"] = "make it shorter"
            await editor.run(action, call)
            await editor.idle()
            editor.take_edits()
            said = " ".join(editor.take_messages())
            assert editor.text(uri) == source, action
            # The user reads what became of it, or has an explanation in front.
            shown = [path_of(one["uri"]).read_text("utf-8") for one in editor.take_shown()]
            assert shown or said.endswith("."), action
            assert "inside dola-ls" not in said
            # What is shown loads nothing and leads to nobody.
            assert not any(re.search(r"\]\(https?:|!\[|<img|<a ", text) for text in shown)
        sent = json.dumps([message for way, message in editor.traffic if way == "<-"])
    assert model.prompts
    assert files(work) == before
    assert KEY not in sent + caplog.text
    assert goal.words not in caplog.text
