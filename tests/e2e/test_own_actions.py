"""Actions of the user's own, from a file on disk to the edit of the installed `dola-ls`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests import readme
from tests.fakes.api import ThreadedFakeApi, answer
from tests.fakes.model import fenced
from tests.fakes.raw import Raw
from tests.lsp.shop import NEW, TEXT

CURSOR = {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 4}}
CAPABILITIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}}
    },
}
SETTINGS = """\
provider = "custom"
base_url = "URL"
api_key = "canary-key-0123456789"
model = "usual"
fast_model = "small"
"""
WRONG = '\n[[actions]]\nid = "wrong"\ntitle = "Wrong"\nprompt = "{cod}"\n'


async def offered(raw: Raw, uri: str, kind: str) -> list[dict[str, Any]]:
    """Return the actions of a kind, once the server has read its settings."""
    context = {"diagnostics": [], "only": [kind]}
    params = {"textDocument": {"uri": uri}, "range": CURSOR, "context": context}
    for _ in range(1500):
        if found := await raw.request("textDocument/codeAction", params):
            return list(found)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{kind} is never offered")


async def test_own_actions_of_the_file_that_dola_config_names(tmp_path: Path) -> None:
    workspace, home = tmp_path / "workspace", tmp_path / "home"
    workspace.mkdir()
    home.mkdir()
    source = workspace / "a.py"
    source.write_text(TEXT)
    # What a project has lying about is not looked at.
    (workspace / "config.toml").write_text(WRONG.replace("{cod}", "{code}"))
    file = tmp_path / "mine.toml"
    with ThreadedFakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        settings = SETTINGS.replace("URL", api.base_url)
        file.write_text(f"{settings}\n{readme.own_actions()}{WRONG}")
        file.chmod(0o600)
        env = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "DOLA_CONFIG": str(file)}
        async with Raw.python("-m", "dola_ls", env=env, cwd=workspace) as raw:
            await raw.initialize(CAPABILITIES)
            raw.open(source.as_uri(), TEXT)
            raw.answers["workspace/applyEdit"] = {"applied": True}
            kind = "refactor.rewrite.dola.translate-comments"
            [action] = await offered(raw, source.as_uri(), kind)
            assert action["title"] == "Dola: Translate the comments of total into English"
            assert await raw.request("workspace/executeCommand", action["command"]) is None
            said = await raw.wait_for(lambda m: m.get("method") == "window/showMessage")
            line = file.read_text().splitlines().index('prompt = "{cod}"') + 1
            assert (
                f'mine.toml, line {line}: actions "wrong": there is no field {{cod}} in'
                in (said["params"]["message"])
            )
            sent = await raw.wait_for(lambda m: m.get("method") == "workspace/applyEdit")
            assert sent["params"]["edit"]["documentChanges"][0]["textDocument"]["version"] == 1
            assert await raw.leave() == 0
        [request] = api.requests
    assert request.json["model"] == "small"
    assert request.headers["authorization"] == "Bearer canary-key-0123456789"
    assert "Translate every comment and docstring" in request.prompt
    [log] = home.rglob("*.log")
    text = log.read_text()
    assert "dola-translate-comments-1" in text
    for secret in ("canary-key", "Translate every comment", "sum(items)"):
        assert secret not in text
