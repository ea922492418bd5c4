"""Which model the settings lead to."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from dola_ls.core.actions import BY_COMMAND
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.prompt import Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.keys import Keys
from dola_ls.model.local import LocalModel
from dola_ls.model.provider import (
    Choice,
    LocalChoice,
    Unavailable,
    choose,
    choose_for,
    open_model,
    other_models,
)
from dola_ls.model.weights import MODELS, models_dir
from dola_ls.resolve import resolve

KEY = {"DOLA_API_KEY": "canary-0123456789"}
FAILING = f"key_command = [{sys.executable!r}, '-c', 'raise SystemExit(1)']\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the tests off the keyring and the models of whoever runs them."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    for variable in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    return tmp_path


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine's package be found, which is never imported here."""
    found = ModuleType("xllamacpp")
    found.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "xllamacpp", found)


def install(name: str) -> Path:
    """Put a file of the right length in the model's place; it takes no room on disk."""
    path = models_dir() / MODELS[name].file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(MODELS[name].size)
    return path


async def chosen(
    env: Mapping[str, str], file: str = "", folder: Path | None = None, *, fast: bool = False
) -> Choice:
    path = None
    if folder:
        path = folder / "config.toml"
        path.write_text(file)
        path.chmod(0o600)
    return await choose(resolve(None, env, {}, path).settings, Keys(env), fast=fast)


def endpoint(choice: Choice) -> Endpoint:
    assert isinstance(choice, Endpoint), choice
    return choice


def reason(choice: Choice) -> str:
    assert isinstance(choice, Unavailable), choice
    return choice.reason


@pytest.mark.parametrize("provider", ["auto", "aimlapi"])
async def test_a_key_means_aimlapi(provider: str) -> None:
    found = endpoint(await chosen({**KEY, "DOLA_PROVIDER": provider}))
    assert found.provider == "aimlapi"
    assert found.base_url == "https://api.aimlapi.com/v1"
    assert found.model == "bytedance/dola-seed-2-0-code"
    assert found.api_key == KEY["DOLA_API_KEY"]
    assert found.key_origin == found.origin == "https://api.aimlapi.com:443"
    assert found.reasoning_effort == "low"
    assert "canary" not in repr(found)


async def test_the_small_model_for_cheap_work() -> None:
    lite = "bytedance/dola-seed-2-0-lite"
    assert endpoint(await chosen(KEY, fast=True)).model == lite
    assert endpoint(await chosen({**KEY, "DOLA_FAST_MODEL": "f"}, fast=True)).model == "f"
    assert endpoint(await chosen({**KEY, "DOLA_MODEL": "m"}, fast=True)).model == "m"
    assert endpoint(await chosen({**KEY, "DOLA_FAST_MODEL": "f"})).model != "f"


async def own_choice(env: Mapping[str, str], **named: str) -> tuple[Choice, Choice]:
    """Return what the settings lead to, and what they lead to for an action of the user's own."""
    settings, keys = resolve(None, env, {}, None).settings, Keys(env)
    own = OwnAction("a", "A", "Do it.", **named)
    return await choose(settings, keys), await choose_for(own.action, own, settings, keys)


@pytest.mark.parametrize(
    ("env", "named", "model", "effort"),
    [
        ({}, {}, "bytedance/dola-seed-2-0-code", "low"),
        ({}, {"model": "fast"}, "bytedance/dola-seed-2-0-lite", "low"),
        ({"DOLA_FAST_MODEL": "f"}, {"model": "fast", "effort": "high"}, "f", "high"),
        ({"DOLA_MODEL": "m"}, {"model": "fast"}, "m", "low"),
        ({"DOLA_MODEL": "m", "DOLA_FAST_MODEL": "f"}, {"model": "mine"}, "mine", "low"),
        ({"DOLA_BASE_URL": "https://own.example", "DOLA_MODEL": "m"}, {"model": "n"}, "n", None),
        ({"DOLA_PROVIDER": "ark"}, {"effort": "medium"}, "seed-2-0-code-preview-260328", "medium"),
    ],
)
async def test_an_action_of_the_users_own_names_model_and_effort_and_nothing_else(
    env: dict[str, str], named: dict[str, str], model: str, effort: str | None
) -> None:
    usual, own = map(endpoint, await own_choice({**KEY, **env}, **named))
    assert (own.model, own.reasoning_effort) == (model, effort)
    assert (own.base_url, own.api_key, own.key_origin) == (
        usual.base_url,
        usual.api_key,
        usual.key_origin,
    )


async def for_action(id: str, env: Mapping[str, str], file: str, folder: Path) -> Choice:
    """Return what is asked for one of the server's own actions."""
    path = folder / "config.toml"
    path.write_text(file)
    path.chmod(0o600)
    resolved = resolve(None, {**KEY, **env}, {}, path)
    assert resolved.problems == []
    action = next(action for action in BY_COMMAND.values() if action.id == id)
    return await choose_for(action, None, resolved.settings, Keys({**KEY, **env}))


CODE, LITE = "bytedance/dola-seed-2-0-code", "bytedance/dola-seed-2-0-lite"


@pytest.mark.parametrize(
    ("id", "file", "model", "effort"),
    [
        ("refactor", "", CODE, "low"),
        ("generateTests", "", CODE, "low"),
        ("fix", "", CODE, "low"),
        ("instruct", "", CODE, "low"),
        ("explain", "", LITE, "low"),
        ("document", "", LITE, "low"),
        ("explain", 'fast_model = "small"\n', "small", "low"),
        ("explain", 'model = "big"\n', "big", "low"),
        ("explain", '[sampling.explain]\nmodel = "mine"\n', "mine", "low"),
        ("explain", f'[sampling.explain]\nmodel = "{CODE}"\n', CODE, "low"),
        ("refactor", '[sampling.refactor]\nmodel = "Fast"\n', LITE, "low"),
        ("refactor", '[sampling.refactor]\nreasoning_effort = "high"\n', CODE, "high"),
        ("fix", '[sampling.refactor]\nmodel = "fast"\n', CODE, "low"),
        (
            "document",
            'reasoning_effort = "medium"\n[sampling.document]\nreasoning_effort = "high"\n',
            *(LITE, "high"),
        ),
        ("document", 'reasoning_effort = "medium"\n', LITE, "medium"),
    ],
)
async def test_which_model_does_what(
    id: str, file: str, model: str, effort: str, tmp_path: Path
) -> None:
    found = endpoint(await for_action(id, {}, file, tmp_path))
    assert (found.model, found.reasoning_effort) == (model, effort)
    assert found.base_url == "https://api.aimlapi.com/v1"


async def test_the_models_beside_the_usual_one_are_named_with_their_actions() -> None:
    settings = resolve(None, KEY, {}, None).settings
    found = endpoint(await choose(settings, Keys(KEY)))
    assert other_models(found, settings) == {LITE: ["explain", "document"]}
    by_ark_key = {"ARK_API_KEY": "ark-key"}
    ark = endpoint(await choose(settings, Keys(by_ark_key)))
    assert set(other_models(ark, settings)) == {"seed-2-0-lite-260228"}
    alone = resolve(None, {**KEY, "DOLA_MODEL": "m"}, {}, None).settings
    assert other_models(endpoint(await choose(alone, Keys(KEY))), alone) == {}


async def test_what_an_own_action_says_itself_goes_before_its_table(tmp_path: Path) -> None:
    own = OwnAction("mine", "Mine", "Do it.", model="one", effort="low")
    path = tmp_path / "config.toml"
    path.write_text(
        '[sampling.mine]\nmodel = "two"\nreasoning_effort = "high"\nseed = 3\n'
        '[[actions]]\nid = "mine"\ntitle = "Mine"\nprompt = "Do it."\n'
    )
    path.chmod(0o600)
    settings = resolve(None, KEY, {}, path).settings
    found = endpoint(await choose_for(own.action, own, settings, Keys(KEY)))
    assert (found.model, found.reasoning_effort) == ("one", "low")
    assert found.plan is not None
    assert found.plan.of("mine").seed == 3
    silent = OwnAction("mine", "Mine", "Do it.")
    found = endpoint(await choose_for(silent.action, silent, settings, Keys(KEY)))
    assert (found.model, found.reasoning_effort) == ("two", "high")


@pytest.mark.parametrize(
    ("file", "env", "tokens"),
    [
        ("", {}, 8192),
        ("[context]\ntokens = 30000\n", {}, 30_000),
        ("[context]\ntokens = 200000\n", {}, 131_072),
        ("", {"DOLA_BASE_URL": "https://own.example", "DOLA_MODEL": "m"}, 6000),
        (
            "[context]\ntokens = 2000\n",
            {"DOLA_BASE_URL": "https://own.example", "DOLA_MODEL": "m"},
            2000,
        ),
        ("", {"DOLA_PROVIDER": "ark"}, 8192),
    ],
)
async def test_how_much_code_goes_along_comes_from_the_model_and_the_user(
    file: str, env: dict[str, str], tokens: int, tmp_path: Path
) -> None:
    assert endpoint(await chosen({**KEY, **env}, file, tmp_path)).context_tokens == tokens


@pytest.mark.usefixtures("engine")
async def test_the_embedded_engine_gets_the_plan_and_as_much_as_fits(tmp_path: Path) -> None:
    install("0.5b")
    text = "[context]\ntokens = 9000\n[sampling]\nseed = 5\n"
    found = await chosen({"DOLA_PROVIDER": "local"}, text, tmp_path)
    assert isinstance(found, LocalChoice)
    assert found.context_tokens == 4096
    model = open_model(found)
    assert isinstance(model, LocalModel)
    assert model.context_tokens == 4096
    sent = json.loads(model.outgoing(Prompt("s", "u")).body)
    assert (sent["seed"], "reasoning_effort" in sent) == (5, False)
    await model.aclose()


@pytest.mark.usefixtures("engine")
async def test_the_embedded_engine_has_no_other_model_for_an_action() -> None:
    install("0.5b")
    usual, own = await own_choice({"DOLA_PROVIDER": "local"}, model="fast", effort="high")
    assert isinstance(usual, LocalChoice)
    assert own == usual


async def test_ark_by_name_and_by_its_own_key() -> None:
    by_name = endpoint(await chosen({**KEY, "DOLA_PROVIDER": "ark"}))
    by_key = endpoint(await chosen({"ARK_API_KEY": "ark-key"}))
    assert by_name.model == by_key.model == "seed-2-0-code-preview-260328"
    assert by_key.base_url == "https://ark.ap-southeast.bytepluses.com/api/v3"
    assert by_key.api_key == "ark-key"
    both = endpoint(await chosen({"ARK_API_KEY": "ark-key", "AIMLAPI_API_KEY": "aiml-key"}))
    assert both.provider == "aimlapi"


async def test_an_address_of_ones_own() -> None:
    env = {**KEY, "DOLA_BASE_URL": "https://own.example/v1", "DOLA_MODEL": "m"}
    found = endpoint(await chosen(env))
    assert found.provider == "custom"
    assert (found.base_url, found.model) == ("https://own.example/v1", "m")
    assert found.key_origin == "https://own.example:443"
    assert found.reasoning_effort is None
    assert found.reasoning_tokens < 4096


async def test_ones_own_server_may_want_no_key() -> None:
    for url in ("https://own.example/v1", "http://127.0.0.1:8000/v1"):
        found = endpoint(await chosen({"DOLA_BASE_URL": url, "DOLA_MODEL": "m"}))
        assert found.api_key is None
        assert found.key_origin is None


async def test_the_aimlapi_key_is_not_sent_to_another_address() -> None:
    env = {
        "AIMLAPI_API_KEY": "canary-0123456789",
        "ARK_API_KEY": "canary-0123456789",
        "DOLA_BASE_URL": "https://own.example/v1",
        "DOLA_MODEL": "m",
    }
    assert endpoint(await chosen(env)).api_key is None


async def test_a_file_key_for_another_address_stops_the_request(tmp_path: Path) -> None:
    env = {"DOLA_BASE_URL": "https://own.example/v1", "DOLA_MODEL": "m"}
    text = reason(await chosen(env, 'api_key = "canary-0123456789"\n', tmp_path))
    assert "gives it for https://api.aimlapi.com" in text
    assert "Nothing was sent" in text
    assert "canary" not in text
    env["DOLA_BASE_URL"] = "http://127.0.0.1:8000"
    on_this_machine = await chosen(env, 'api_key = "canary-0123456789"\n', tmp_path)
    assert endpoint(on_this_machine).api_key is None


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"DOLA_PROVIDER": "custom"}, "DOLA_BASE_URL"),
        ({"DOLA_PROVIDER": "custom", "DOLA_BASE_URL": "https://own.example"}, "DOLA_MODEL"),
        ({"DOLA_BASE_URL": "https://own.example"}, "DOLA_MODEL"),
    ],
)
async def test_what_custom_still_needs(env: dict[str, str], words: str) -> None:
    assert words in reason(await chosen({**KEY, **env}))


async def test_settings_reach_the_endpoint(tmp_path: Path) -> None:
    file = (
        'proxy = "http://user:word@proxy.example:3128"\nca_bundle = "~/ca.pem"\n'
        'reasoning_effort = "high"\n'
    )
    found = endpoint(await chosen(KEY, file, tmp_path))
    assert found.proxy == "http://user:word@proxy.example:3128"
    assert found.ca_bundle == str(tmp_path / "ca.pem")
    assert found.reasoning_effort == "high"
    assert "word" not in repr(found)


async def test_nothing_at_all_says_what_to_do() -> None:
    text = reason(await chosen({}))
    for word in ("DOLA_API_KEY", "dola-ls local install", "1.1 GB", "491 MB", "--model 0.5b"):
        assert word in text


@pytest.mark.usefixtures("engine")
async def test_no_key_but_an_installed_model_means_local() -> None:
    path = install("0.5b")
    for env in ({}, {"DOLA_PROVIDER": "local"}, {**KEY, "DOLA_PROVIDER": "local"}):
        assert await chosen(env) == LocalChoice("0.5b", path, 15)
    assert isinstance(await chosen(KEY), Endpoint)


@pytest.mark.usefixtures("engine")
async def test_the_model_of_the_settings_comes_before_another(tmp_path: Path) -> None:
    install("0.5b")
    install("1.5b")
    file = "[local]\nmodel = '0.5b'\nidle_minutes = 2\n"
    found = await chosen({}, file, tmp_path)
    assert isinstance(found, LocalChoice)
    assert (found.model, found.idle_minutes) == ("0.5b", 2)
    default = await chosen({})
    assert isinstance(default, LocalChoice)
    assert default.model == "1.5b"


async def test_local_without_model_or_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"DOLA_PROVIDER": "local"}
    assert "dola-ls local install --model 1.5b" in reason(await chosen(env))
    install("1.5b")
    monkeypatch.setattr("dola_ls.model.provider.engine_installed", lambda: False)
    assert "dola-ls[local]" in reason(await chosen(env))


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("env", "file"),
    [({"DOLA_API_KEY": "two words"}, ""), ({}, FAILING), ({"ARK_API_KEY": "k"}, FAILING)],
)
async def test_a_broken_key_leads_to_no_other_model(
    env: dict[str, str], file: str, tmp_path: Path
) -> None:
    install("1.5b")
    reason(await chosen(env, file, tmp_path))


async def test_the_key_from_the_editors_settings_is_none() -> None:
    resolved = resolve({"api_key": "canary-0123456789"}, {}, {}, None)
    assert isinstance(await choose(resolved.settings, Keys({})), Unavailable)


async def test_an_endpoint_opens_as_the_http_client() -> None:
    choice = endpoint(await chosen(KEY))
    model = open_model(choice)
    assert isinstance(model, HttpModel)
    assert model.name == choice.model
    await model.aclose()
