"""S9: no secret goes out, over a real connection and with what the user's own file says."""

from __future__ import annotations

from pathlib import Path

import pytest

import dola_ls
from tests.core.secret_samples import drawn
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import Editor
from tests.fakes.model import fenced
from tests.lsp.shop import TEXT, chosen, server_with

URI = "file:///workspace/a.py"
SECRET = "glpat-" + drawn(20)
WITH_SECRET = TEXT.replace("    result = 0\n", f'    token = "{SECRET}"\n    result = 0\n')
MASKED = fenced('def total(items):\n    token = "«secret:gitlab-token»"\n    return sum(items)\n')
KEY = "the-own-key-of-the-user"


async def refactored(
    tmp_path: Path, text: str, config: str = "", options: object = None
) -> tuple[bytes, str, str]:
    """Return all that was sent, the text afterwards, and what was said."""
    async with FakeApi() as api:
        api.enqueue(answer(MASKED))
        env = {"DOLA_PROVIDER": "custom", "DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "fake"}
        server = server_with(tmp_path, None, DOLA_API_KEY=KEY, **env)
        (tmp_path / "config.toml").write_text(config)
        async with Editor.connect(server, "neovim-0.11", options=options) as editor:
            await editor.open(URI, text)
            await editor.execute(await chosen(editor, URI, "dola.refactor"))
            await editor.idle()
            editor.take_edits()
            said = " ".join(editor.take_messages())
            after = editor.text(URI)
            log = " ".join(editor.logged())
        assert SECRET not in said + log
        return b"".join(request.body for request in api.requests), after, said


@pytest.mark.parametrize("options", [None, {"privacy": {"secrets": "mask"}}])
async def test_a_secret_stops_the_request_and_no_editor_can_change_that(
    options: object, tmp_path: Path
) -> None:
    sent, after, said = await refactored(tmp_path, WITH_SECRET, options=options)
    assert sent == b""
    assert after == WITH_SECRET
    assert "Line 5 of a.py holds what looks like a GitLab token (rule gitlab-token)" in said
    assert "Nothing was sent." in said


async def test_the_users_own_file_may_have_it_masked(tmp_path: Path) -> None:
    config = '[privacy]\nsecrets = "mask"\n'
    sent, after, _ = await refactored(tmp_path, WITH_SECRET, config)
    assert SECRET.encode() not in sent
    assert "«secret:gitlab-token»".encode() in sent or b"\\u00absecret:gitlab-token" in sent
    assert f'    token = "{SECRET}"\n    return sum(items)\n' in after
    assert "«" not in after


@pytest.mark.parametrize("config", ["", '[privacy]\nsecrets = "mask"\n'])
async def test_the_own_key_is_not_sent_as_text(config: str, tmp_path: Path) -> None:
    text = TEXT.replace("import os", f"import os  # {KEY}")
    sent, after, said = await refactored(tmp_path, text, config)
    assert sent == b""
    assert after == text
    assert "Line 1 of a.py holds your own API key" in said
    assert KEY not in said


def test_there_is_one_way_to_the_model() -> None:
    """What is not said through `Asking.ask` would not be looked through."""
    package = Path(dola_ls.__file__).parent
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if ".stream(" in path.read_text("utf-8")
    }
    outside = {name for name in asking if not name.startswith("model/")}
    # The doctor sends one sentence of its own and no code.
    assert outside == {"ask.py", "doctor.py"}
