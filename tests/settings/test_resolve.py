"""Which source of a setting wins, and what becomes of one that is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from dola_ls.resolve import resolve
from dola_ls.settings import DEFAULTS, ENVIRONMENT, Settings, value_of

#: Every setting, with two values apart from the default that are allowed.
TWO_VALUES: dict[str, tuple[object, object]] = {
    "provider": ("ark", "local"),
    "base_url": ("https://one.example/v1", "https://two.example/v1"),
    "model": ("one", "two"),
    "fast_model": ("small-one", "small-two"),
    "apply": ("review", "direct"),
    "log": ("debug", "error"),
    "api_key": ("key-one", "key-two"),
    "key_command": (["pass", "one"], ["pass", "two"]),
    "proxy": ("http://one.example:3128", "http://two.example:3128"),
    "ca_bundle": (os.path.abspath("/etc/one.pem"), os.path.abspath("/etc/two.pem")),
    "reasoning_effort": ("medium", "high"),
    "abilities": (["images"], ["images", "video"]),
    "receipts": (True, False),
    "context.related": (True, False),
    "tools": (True, False),
    "local.model": ("0.5b", "1.5b"),
    "local.idle_minutes": (5, 6.5),
    "tests.framework": (["pytest"], ["vitest", "unittest"]),
    "tests.run": (True, ["python3", "-m", "pytest", "{file}"]),
    "completion.enabled": (False, True),
    "completion.automatic": (True, False),
    "completion.debounce_ms": (0, 1000),
    "completion.max_lines": (1, 40),
    "privacy.consent": ("always", "ask"),
    "privacy.exclude": (["*.sql"], ["internal/", "~/work/**"]),
    "privacy.gitignored": (True, False),
    "privacy.secrets": ("mask", "refuse"),
    "limits.action_usd": (0.25, 1),
    "limits.session_usd": (2, 20.5),
    "limits.day_usd": (0, 25),
    "limits.ask_above_usd": (0.01, 0.2),
    "limits.action_input_tokens": (5000, 200000),
    "limits.actions_per_minute": (5, 60),
    "limits.in_flight": (1, 8),
    "context.tokens": (1000, 20_000),
    "sampling.temperature": (0.2, 1),
    "sampling.top_p": (0.5, 1),
    "sampling.frequency_penalty": (-2, 0.5),
    "sampling.presence_penalty": (1, -0.5),
    "sampling.seed": (1, 12345),
    "sampling.max_tokens": (900, 20_000),
    "sampling.stop": (["END"], ["# end", "// end"]),
    "sampling.stream_options": ({"include_usage": False}, {"include_usage": True}),
}
FROM_THE_EDITOR = [
    "model", "fast_model", "apply", "log", "reasoning_effort", "receipts", "local.model",
    "local.idle_minutes", "tests.framework", "context.tokens", "sampling.temperature",
    "sampling.top_p", "sampling.frequency_penalty", "sampling.presence_penalty", "sampling.seed",
    "sampling.max_tokens",
    "context.related",
    "completion.enabled", "completion.debounce_ms", "completion.max_lines",
    "tools",
]  # fmt: skip


def user_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def toml(name: str, value: object) -> str:
    """Write one dotted setting as TOML; JSON's strings, numbers and lists are TOML's."""
    if isinstance(value, dict):
        return "".join(toml(f"{name}.{key}", item) for key, item in value.items())
    return f"{name} = {json.dumps(value)}\n"


def shown(name: str, value: object) -> object:
    """Return what a setting of this value reads as."""
    return tuple(value) if isinstance(value, list) else value


def raw(settings: Settings, name: str) -> object:
    """Return a setting by its dotted name, secrets too."""
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    if isinstance(value, BaseModel):
        return value.model_dump()
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def test_the_table_names_every_setting() -> None:
    assert set(TWO_VALUES) == set(DEFAULTS)


def test_no_workspace_switches_on_what_the_users_own_file_switched_off(tmp_path: Path) -> None:
    path = user_file(tmp_path, "[context]\nrelated = false\n")
    on = {"context": {"related": True}}
    for client, configuration in ((on, None), (None, on), (on, on)):
        resolved = resolve(client, {}, {}, path, configuration=configuration)
        assert not resolved.settings.context.related
        [problem] = resolved.problems
        assert "`context.related` from the editor's settings: ignored" in problem
    off = {"context": {"related": False}}
    assert not resolve(off, {}, {}, None).settings.context.related
    assert resolve(off, {}, {}, None, configuration=on).settings.context.related


def test_defaults() -> None:
    resolved = resolve(None, {}, {}, None)
    assert resolved.settings == Settings(key_origin="https://api.aimlapi.com:443")
    assert set(resolved.sources.values()) == {"default"}
    assert resolved.problems == []


@pytest.mark.parametrize("name", TWO_VALUES)
def test_the_user_file_wins_over_the_default(name: str, tmp_path: Path) -> None:
    value = TWO_VALUES[name][0]
    path = user_file(tmp_path, toml(name, value))
    resolved = resolve(None, {}, {}, path)
    assert raw(resolved.settings, name) == shown(name, value)
    assert resolved.sources[name] == str(path)
    assert [p for p in resolved.problems if "no effect" not in p] == []


@pytest.mark.parametrize("name", FROM_THE_EDITOR)
def test_the_editor_wins_over_the_user_file(name: str, tmp_path: Path) -> None:
    first, second = TWO_VALUES[name]
    path = user_file(tmp_path, toml(name, first))
    resolved = resolve({name: second}, {}, {}, path)
    assert raw(resolved.settings, name) == shown(name, second)
    assert resolved.sources[name] == "initializationOptions"
    assert resolved.problems == []


@pytest.mark.parametrize("name", FROM_THE_EDITOR)
def test_workspace_configuration_wins_over_initialization_options(name: str) -> None:
    first, second = TWO_VALUES[name]
    resolved = resolve({name: first}, {}, {}, None, configuration={name: second})
    assert raw(resolved.settings, name) == shown(name, second)
    assert resolved.sources[name] == "workspace/configuration"


@pytest.mark.parametrize(("variable", "name"), ENVIRONMENT.items())
def test_the_environment_wins_over_file_and_editor(
    variable: str, name: str, tmp_path: Path
) -> None:
    first, second = TWO_VALUES[name]
    client = {name: first} if name in FROM_THE_EDITOR else {}
    path = user_file(tmp_path, toml(name, first))
    resolved = resolve(client, {variable: str(second)}, {}, path)
    assert raw(resolved.settings, name) == second
    assert resolved.sources[name] == variable


@pytest.mark.parametrize("name", [n for n in TWO_VALUES if n != "api_key"])
def test_the_command_line_wins_over_all(name: str, tmp_path: Path) -> None:
    first, second = TWO_VALUES[name]
    env = {v: str(first) for v, n in ENVIRONMENT.items() if n == name}
    resolved = resolve(None, env, {name: second}, user_file(tmp_path, toml(name, first)))
    assert raw(resolved.settings, name) == shown(name, second)
    assert resolved.sources[name] == "command line"


def test_a_key_on_the_command_line_is_ignored() -> None:
    resolved = resolve(None, {}, {"api_key": "canary-key"}, None)
    assert resolved.settings.api_key is None
    [problem] = resolved.problems
    assert "api_key" in problem
    assert "canary" not in problem


def test_what_is_not_given_on_the_command_line_or_in_the_environment_is_not_set() -> None:
    resolved = resolve({"model": "m"}, {"DOLA_MODEL": "  "}, {"model": None}, None)
    assert resolved.settings.model == "m"
    assert resolved.problems == []


SHAPES = [
    {"apply": "review", "local": {"model": "0.5b"}},
    {"dola": {"apply": "review", "local": {"model": "0.5b"}}},
    {"dola": {"apply": "review", "local.model": "0.5b"}, "python": {"analysis": True}},
    {"dola.apply": "review", "dola.local.model": "0.5b"},
    {"apply": " Review ", "local": {"model": "0.5B", "idle_minutes": None}, "model": None},
]


@pytest.mark.parametrize("client", SHAPES)
def test_the_usual_shapes_of_client_settings(client: object) -> None:
    for resolved in (
        resolve(client, {}, {}, None),
        resolve(None, {}, {}, None, configuration=client),
    ):
        assert resolved.settings.apply == "review"
        assert resolved.settings.local.model == "0.5b"
        assert resolved.settings.local.idle_minutes == 15
        assert resolved.problems == []


@pytest.mark.parametrize("client", [None, {}, [], {"dola": []}, {"dola": None}, {"local": []}])
def test_empty_client_settings(client: object) -> None:
    resolved = resolve(client, {}, {}, None, configuration=client)
    assert resolved == resolve(None, {}, {}, None)


@pytest.mark.parametrize("client", ["review", 7, True, ["review"], {"dola": "review"}])
def test_client_settings_that_are_no_object(client: object) -> None:
    resolved = resolve(client, {}, {"model": "kept"}, None)
    assert resolved.settings.model == "kept"
    [problem] = resolved.problems
    assert "initializationOptions" in problem
    assert "an object" in problem


WRONG: list[tuple[str, object, tuple[str, ...]]] = [
    ("apply", "sometimes", ("'direct' or 'review'", "'sometimes'", "`direct` is used")),
    ("apply", 5, ("'direct' or 'review'", "5")),
    ("apply", {}, ("'direct' or 'review'", "an object")),
    ("apply", ["direct"], ("'direct' or 'review'", "a list")),
    ("model", 5, ("valid string", "5", "stays unset")),
    ("model", "", ("1 to 200 characters", "''")),
    ("model", "two\nlines", ("one line",)),
    ("model", "m" * 201, ("200", "…")),
    ("log", "loud", ("'debug'", "'loud'", "`info` is used")),
    ("reasoning_effort", "extreme", ("'low', 'medium' or 'high'", "'extreme'")),
    ("receipts", "yes", ("valid boolean", "'yes'")),
    ("local.model", "7b", ("'1.5b' or '0.5b'", "'7b'")),
    ("local.idle_minutes", "5", ("valid number", "'5'", "`15` is used")),
    ("local.idle_minutes", True, ("valid number", "True")),
    ("local.idle_minutes", 0, ("greater than or equal to 1", "0")),
    ("local.idle_minutes", float("nan"), ("1440", "nan")),
    ("local.idle_minutes", 1e9, ("1440",)),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_a_wrong_value_is_told_and_only_that_field_falls_back(
    name: str, value: object, words: tuple[str, ...]
) -> None:
    other = "fast_model"
    resolved = resolve({name: value, other: "kept"}, {}, {}, None)
    assert value_of(resolved.settings, name) == DEFAULTS[name]
    assert resolved.sources[name] == "default"
    assert resolved.settings.fast_model == "kept"
    [problem] = resolved.problems
    assert problem.startswith(f"`{name}` (initializationOptions) was ignored")
    for word in words:
        assert word in problem
    assert "\n" not in problem


def test_a_wrong_value_leaves_the_one_of_a_weaker_source(tmp_path: Path) -> None:
    path = user_file(tmp_path, 'apply = "review"\n')
    resolved = resolve(None, {"DOLA_APPLY": "x"}, {}, path)
    assert resolved.settings.apply == "review"
    assert resolved.sources["apply"] == str(path)
    [problem] = resolved.problems
    assert "DOLA_APPLY" in problem
    assert "`review` is used instead" in problem


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("provider", "openai", ("'custom'", "'openai'")),
        ("base_url", "api.example.com/v1", ("https://example.com/v1",)),
        ("base_url", "ftp://example.com", ("https://example.com/v1",)),
        ("base_url", "http://example.com/v1", ("https://",)),
        ("base_url", "http://127.0.0.1.example.com/v1", ("https://",)),
        ("base_url", "https://me:canary-password@example.com/v1", ("user name",)),
        ("base_url", "https://exa mple.com/v1", ("ASCII",)),
        ("base_url", "https://good.example\\@evil.example/", ("must",)),
        ("base_url", "https://exämple.com/v1", ("ASCII",)),
        ("base_url", "https://example.com:99999/v1", ("https://example.com/v1",)),
        ("key_command", "pass canary-password", ("list of words",)),
        ("key_command", [], ("a list such as",)),
        ("key_command", ["./pass", "canary-password"], ("absolute path",)),
        ("key_command", ["pass", 5], ("valid string",)),
        ("proxy", "socks5://canary-password@example.com", ("http://",)),
        ("proxy", 5, ("valid string",)),
        ("api_key", 5, ("valid string",)),
        ("ca_bundle", "certs/ca.pem", ("absolute path",)),
        ("tests.run", "pytest", ("true, false or a list such as",)),
        ("tests.run", 1, ("true, false or a list such as",)),
        ("tests.run", [], ("a list such as", "{file}")),
        ("tests.run", ["pytest", 5], ("true, false or a list such as",)),
        ("tests.run", ["./run", "canary"], ("absolute path", "bare program name")),
        ("tests.run", ["{file}/../run"], ("absolute path",)),
        ("privacy.exclude", ["!canary.py"], ("none of them with !",)),
        ("privacy.exclude", ["canary\\"], ('["*.sql", "internal/"]',)),
        ("privacy.exclude", 5, ("list of words",)),
        ("privacy.gitignored", 1, ("valid boolean",)),
        ("privacy.secrets", "off", ("'refuse'", "'mask'")),
        ("limits.day_usd", "much", ("a number from 0 on", '"none"', "`10` is used")),
        ("limits.day_usd", -1, ("a number from 0 on", "-1")),
        ("limits.day_usd", True, ("a number from 0 on", "True")),
        ("limits.day_usd", "nan", ("a number from 0 on",)),
        ("limits.action_usd", "inf", ('"none" for no limit', "`0.5` is used")),
        ("limits.in_flight", 0, ("greater than or equal to 1",)),
        ("limits.in_flight", "none", ("valid integer", "`4` is used")),
        ("context.tokens", 3, ("greater than or equal to 200", "3", "stays unset")),
        ("context.tokens", True, ("valid integer",)),
        ("sampling.temperature", 2.5, ("less than or equal to 2", "2.5")),
        ("sampling.temperature", True, ("valid number",)),
        ("sampling.temperature", "hot", ("valid number",)),
        ("sampling.top_p", 0, ("greater than or equal to 0.01",)),
        ("sampling.frequency_penalty", -3, ("greater than or equal to -2",)),
        ("sampling.presence_penalty", 2.1, ("less than or equal to 2",)),
        ("sampling.seed", 0, ("greater than or equal to 1",)),
        ("sampling.seed", 1.5, ("valid integer",)),
        ("sampling.max_tokens", 0, ("greater than or equal to 1",)),
        ("sampling.stop", ["a", "b", "c", "d", "e"], ("at most 4 texts",)),
        ("sampling.stop", ["\n"], ("not white space alone",)),
        ("sampling.stop", ["```"], ("marks of code blocks",)),
        ("sampling.stop", [">>>>>>> REPLACE"], ("marks of code blocks",)),
        ("sampling.stop", [5], ("valid string",)),
        ("sampling.stream_options", {"include_usage": 1}, ("valid boolean",)),
    ],
)  # fmt: skip
def test_a_wrong_value_in_the_user_file(
    name: str, value: object, words: tuple[str, ...], tmp_path: Path
) -> None:
    path = user_file(tmp_path, toml(name, value) + 'model = "kept"\n')
    resolved = resolve(None, {}, {}, path)
    assert raw(resolved.settings, name) == DEFAULTS[name]
    assert resolved.settings.model == "kept"
    [problem] = resolved.problems
    assert f"`{name}`" in problem
    assert str(path) in problem
    assert "canary" not in problem
    for word in words:
        assert word in problem


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1", "http://127.0.0.1:8000", "http://[::1]:8000/v1",
        "https://api.example.com/v1/", "https://host.example/deploy?api-version=2026-01",
    ],
)  # fmt: skip
def test_addresses_that_are_allowed(url: str) -> None:
    resolved = resolve(None, {"DOLA_BASE_URL": url}, {}, None)
    assert resolved.settings.base_url == url.rstrip("/")
    assert resolved.problems == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [("baseUrl", "base_url"), ("aply", "apply"), ("fast-model", "fast_model"), ("zebra", "")],
)
def test_an_unknown_setting_is_told_with_the_likely_one(name: str, hint: str) -> None:
    resolved = resolve({name: "canary-value", "model": "kept"}, {}, {}, None)
    assert resolved.settings.model == "kept"
    [problem] = resolved.problems
    assert f"`{name}`" in problem
    assert ("Did you mean" in problem) is bool(hint)
    assert f"`{hint}`" in problem or not hint
    assert "canary" not in problem


def test_thousands_of_unknown_settings_make_few_messages() -> None:
    resolved = resolve({f"x{i}": i for i in range(5000)}, {}, {}, None)
    assert len(resolved.problems) == 6
    assert "4995 more" in resolved.problems[-1]


def test_an_unknown_name_is_shown_without_its_odd_characters() -> None:
    [problem] = resolve({"\x1b[31m\n" + "a" * 500: 1}, {}, {}, None).problems
    assert problem.isprintable()
    assert len(problem) < 200


def test_the_same_mistake_in_both_client_sources_is_told_for_each_once() -> None:
    wrong = {"apply": "x", "local": 5}
    problems = resolve(wrong, {}, {}, None, configuration=wrong).problems
    assert len(problems) == len(set(problems)) == 4


def test_a_misspelt_variable_is_told() -> None:
    [problem] = resolve(None, {"DOLA_BASEURL": "https://canary.example"}, {}, None).problems
    assert "DOLA_BASEURL" in problem
    assert "DOLA_BASE_URL" in problem
    assert "canary" not in problem


def test_an_address_without_effect_is_told() -> None:
    env = {"DOLA_BASE_URL": "https://one.example", "DOLA_PROVIDER": "aimlapi"}
    [problem] = resolve(None, env, {}, None).problems
    assert "`base_url` (DOLA_BASE_URL) has no effect" in problem


def test_a_provider_chosen_over_the_files_own_server_is_no_mistake(tmp_path: Path) -> None:
    path = user_file(tmp_path, 'provider = "custom"\nbase_url = "https://one.example"\n')
    assert resolve(None, {"DOLA_PROVIDER": "local"}, {}, path).problems == []


def test_key_origin_cannot_be_set() -> None:
    resolved = resolve({"key_origin": "https://evil.example"}, {}, {"key_origin": "x"}, None)
    assert resolved.settings.key_origin == "https://api.aimlapi.com:443"
    assert len(resolved.problems) == 2


def test_resolved_does_not_change() -> None:
    settings: Any = resolve(None, {}, {}, None).settings
    with pytest.raises(ValueError):
        settings.apply = "review"
