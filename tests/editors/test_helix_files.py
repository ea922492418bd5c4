"""The files to copy for Helix fit Helix's format and the server."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dola_ls.core.languages import LANGUAGES
from dola_ls.lsp.server import create_server

HELIX = Path(__file__).parents[2] / "editors" / "helix"
#: Where Helix 25.01 by itself names a language otherwise than its own configuration does.
_HELIX_IDS = {"jsx": "javascriptreact", "tsx": "typescriptreact"}


#: What the server has, by Helix's names: with more, it could get in the way of the other servers.
FEATURES = ["code-action", "workspace-command", "diagnostics", "hover"]


def test_every_bundled_language_has_the_server_after_another_one() -> None:
    config = tomllib.loads((HELIX / "languages.toml").read_text(encoding="utf-8"))

    assert config["language-server"]["dola-ls"]["command"] == "dola-ls"
    named = {}
    for language in config["language"]:
        *others, last = language["language-servers"]
        assert others, f"{language['name']} would lose the servers Helix has for it"
        assert last == {"name": "dola-ls", "only-features": FEATURES}
        name = language["name"]
        named[language.get("language-id") or _HELIX_IDS.get(name, name)] = name
    # And those in which there are links to images.
    assert set(named) == {*LANGUAGES, "markdown", "html"}


@pytest.mark.parametrize("file", ["config.toml", "config-25.07.toml"])
def test_keys_run_commands_that_the_server_has(file: str) -> None:
    text = (HELIX / file).read_text(encoding="utf-8")
    config = tomllib.loads(text)

    assert config["editor"]["lsp"]["display-progress-messages"] is True
    commands = re.findall(r":lsp-workspace-command ([\w.]+)", text)
    assert commands
    assert set(commands) <= set(create_server(env={}).protocol.fm.commands)
