"""S1: nothing in a workspace, and nothing an editor sends, chooses where code and keys go."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from dola_ls import log
from dola_ls.doctor import examine
from dola_ls.model.keys import Keys
from dola_ls.model.provider import choose
from dola_ls.resolve import load, resolve
from dola_ls.settings import DEFAULTS, RESTRICTED
from tests.fakes.api import FakeApi, answer

CANARY = "https://canary.example/v1"
#: A value for each restricted setting, right in every other place.
HOSTILE: dict[str, object] = {
    "provider": "custom",
    "base_url": CANARY,
    "api_key": "canary-0123456789abcdef",
    "key_command": ["canary-program"],
    "proxy": "http://canary.example:3128",
    "ca_bundle": os.path.abspath("/canary.pem"),
    "tests.run": ["canary-program"],
    "completion.automatic": True,
    "abilities": ["images", "video"],
    "privacy.consent": "always",
    "privacy.exclude": ["canary"],
    "privacy.gitignored": True,
    "privacy.secrets": "mask",
    "limits.action_usd": "none",
    "limits.session_usd": 1000,
    "limits.day_usd": 1000,
    "limits.ask_above_usd": 1000,
    "limits.action_input_tokens": "none",
    "limits.actions_per_minute": 1000,
    "limits.in_flight": 32,
    "sampling.stop": ["canary"],
    "sampling.stream_options": {"include_usage": False},
    "prompts": {"refactor": "canary"},
    "actions": [{"id": "canary", "title": "Canary", "prompt": "canary"}],
}
#: What the sender of a pull request can put into a project.
PLANTED = {
    ".vscode/settings.json": '{"dola.base_url": "URL", "dola": {"base_url": "URL"}}',
    ".helix/languages.toml": '[language-server.dola-ls.config]\nbase_url = "URL"\n',
    ".nvim.lua": "vim.env.DOLA_BASE_URL = 'URL'\n",
    ".env": "DOLA_BASE_URL=URL\nDOLA_API_KEY=planted\nDOLA_PROVIDER=custom\n",
    ".envrc": "export DOLA_BASE_URL=URL\n",
    ".dola.toml": 'base_url = "URL"\n',
    "dola.toml": 'base_url = "URL"\n',
    "config.toml": 'provider = "custom"\nbase_url = "URL"\nmodel = "planted"\n',
    ".config/dola-ls/config.toml": 'base_url = "URL"\nmodel = "planted"\n',
    "~/.config/dola-ls/config.toml": 'base_url = "URL"\nmodel = "planted"\n',
    "pyproject.toml": '[tool.dola-ls]\nbase_url = "URL"\n[tool.dola]\nbase_url = "URL"\n',
    ".aider.conf.yml": "openai-api-base: URL\n",
    ".netrc": "machine 127.0.0.1 login planted password planted\n",
}


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give every test a home of its own and no settings."""
    for variable in [name for name in os.environ if name.startswith(("DOLA_", "XDG_"))]:
        monkeypatch.delenv(variable)
    for variable in ("AIMLAPI_API_KEY", "ARK_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    for variable in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.setitem(sys.modules, "keyring", None)
    yield home
    log.close()


def spellings(name: str, value: object) -> list[object]:
    """Return the shapes in which an editor may send one setting."""
    nested: object = value
    for part in reversed(name.split(".")):
        nested = {part: nested}
    return [nested, {"dola": nested}, {name: value}, {f"dola.{name}": value}]


def test_the_table_names_every_restricted_setting() -> None:
    assert set(HOSTILE) == RESTRICTED


@pytest.mark.parametrize("source", ["initializationOptions", "workspace/configuration"])
@pytest.mark.parametrize("shape", range(4))
@pytest.mark.parametrize("name", HOSTILE)
def test_restricted_settings_from_the_editor_are_ignored_with_one_warning(
    name: str, shape: int, source: str, tmp_path: Path
) -> None:
    sent = spellings(name, HOSTILE[name])[shape]
    file = tmp_path / "config.toml"
    if source == "initializationOptions":
        resolved = resolve(sent, {}, {}, file)
    else:
        resolved = resolve(None, {}, {}, file, configuration=sent)
    assert resolved.settings == resolve(None, {}, {}, file).settings
    assert resolved.actions == ()
    assert set(resolved.sources.values()) == {"default"}
    [warning] = resolved.problems
    assert f"`{name}`" in warning
    assert "canary" not in warning
    assert (str(file) in warning) is (name in DEFAULTS or name == "actions")


@pytest.mark.parametrize("name", ["prompts.refactor", "key_command.0", "tests.run"])
def test_parts_of_restricted_settings_are_restricted(name: str) -> None:
    [warning] = resolve({name: "canary"}, {}, {}, None).problems
    assert f"`{name}` from the editor's settings: ignored" in warning


def test_many_of_them_in_both_sources_still_make_one_warning(tmp_path: Path) -> None:
    resolved = resolve(HOSTILE, {}, {}, tmp_path / "c.toml", configuration={"dola": HOSTILE})
    [warning] = resolved.problems
    for name in HOSTILE:
        assert f"`{name}`" in warning
    for place in ("DOLA_BASE_URL", "DOLA_PROVIDER", "DOLA_API_KEY", str(tmp_path / "c.toml")):
        assert place in warning


@pytest.mark.parametrize("value", ["trace", " TRACE "])
def test_an_editor_cannot_have_code_written_to_the_log(value: str) -> None:
    resolved = resolve({"log": value}, {}, {}, None)
    assert resolved.settings.log == "info"
    [warning] = resolved.problems
    assert "`log`" in warning
    assert resolve(None, {"DOLA_LOG": value}, {}, None).settings.log == "trace"


def test_an_editor_can_turn_tools_off_and_never_on(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("tools = false\n")
    for shape in spellings("tools", True):
        for resolved in (
            resolve(shape, {}, {}, file),
            resolve(None, {}, {}, file, configuration=shape),
        ):
            assert resolved.settings.tools is False
            [warning] = resolved.problems
            assert "`tools` from the editor's settings: ignored" in warning
            assert str(file) in warning
    assert resolve({"tools": False}, {}, {}, None).settings.tools is False


def test_what_an_editor_may_set_goes_through_beside_what_it_may_not() -> None:
    resolved = resolve({**HOSTILE, "apply": "review", "model": "mine"}, {}, {}, None)
    assert (resolved.settings.apply, resolved.settings.model) == ("review", "mine")


def test_the_users_own_address_stays(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('base_url = "https://mine.example/v1"\n')
    resolved = resolve({"base_url": CANARY}, {}, {}, file, configuration={"base_url": CANARY})
    assert resolved.settings.base_url == "https://mine.example/v1"


@pytest.mark.parametrize("named", ["config.toml", "./dola.toml", "sub/../dola.toml"])
def test_a_relative_dola_config_is_not_looked_up_in_the_workspace(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, CANARY)
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    resolved = load(env={"DOLA_CONFIG": named})
    assert resolved.settings.base_url is None
    assert "absolute" in resolved.problems[0]


def test_a_relative_home_is_not_looked_up_in_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, CANARY)
    monkeypatch.chdir(tmp_path)
    # What some versions of platformdirs answer where there is no home folder.
    for folder in (".config/dola-ls", "~/.config/dola-ls"):
        monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, f=folder, **__: f)
        resolved = load(env={})
        assert resolved.settings.base_url is None
        assert resolved.user_file is None


def plant(folder: Path, url: str) -> None:
    for name, text in PLANTED.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("URL", url))


async def test_a_planted_workspace_makes_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    monkeypatch.chdir(workspace)
    async with FakeApi() as good, FakeApi() as canary:
        plant(workspace, canary.base_url)
        good.enqueue(answer("OK"))
        sent = {
            "provider": "custom",
            "base_url": canary.base_url,
            "proxy": canary.origin,
            "api_key": "planted",
        }
        env = {
            "DOLA_BASE_URL": good.base_url,
            "DOLA_MODEL": "mine",
            "DOLA_API_KEY": "users-own-key-0123456789",
        }
        resolved = load(sent, configuration={"dola": sent}, env=env)
        report = await examine(resolved, env)
        assert report["ok"], report["problems"]
        assert canary.connections == 0
        [request] = good.requests
    assert request.headers["authorization"] == "Bearer users-own-key-0123456789"
    assert request.json["model"] == "mine"


async def test_reading_settings_and_choosing_a_model_connects_to_nothing() -> None:
    async with FakeApi() as api:
        env = {"DOLA_BASE_URL": api.base_url, "DOLA_MODEL": "m", "DOLA_API_KEY": "k" * 20}
        await choose(load(env=env).settings, Keys(env))
        assert api.connections == 0
