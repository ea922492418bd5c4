"""How answers are drawn, as the user file and the editor say it: what counts, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls.core.actions import BY_COMMAND
from dola_ls.model.sampling import (
    ACTION_FIELDS,
    AT_THE_TOP,
    FIELDS,
    NOT_SETTABLE,
    UsageOption,
)
from dola_ls.resolve import Resolved, resolve
from dola_ls.settings import RESTRICTED, value_of
from tests.settings.test_resolve import user_file

OWN = '[[actions]]\nid = "add-logging"\ntitle = "Log"\nprompt = "Log."\n'


def read(folder: Path, text: str, client: object = None) -> Resolved:
    return resolve(client, {}, {}, user_file(folder, text))


def problem(folder: Path, text: str) -> str:
    [told] = read(folder, text).problems
    assert "\n" not in told
    return told


def test_an_action_has_what_its_table_says_and_the_rest_of_all_actions(tmp_path: Path) -> None:
    text = (
        "[sampling]\ntemperature = 0.3\nseed = 7\n"
        '[sampling.explain]\ntemperature = 1\nmodel = "big"\nreasoning_effort = "HIGH"\n'
        f"[sampling.add-logging]\nmax_tokens = 900\n{OWN}"
    )
    resolved = read(tmp_path, text)
    assert resolved.problems == []
    plan = resolved.settings.sampling.plan
    explain, own, other = plan.of("explain"), plan.of("add-logging"), plan.of("refactor")
    assert (explain.temperature, explain.seed) == (1, 7)
    assert (explain.model, explain.reasoning_effort) == ("big", "high")
    assert (own.temperature, own.seed, own.max_tokens) == (0.3, 7, 900)
    assert (other.temperature, other.max_tokens, other.model) == (0.3, None, None)
    assert resolved.sources["sampling.explain.temperature"].endswith("config.toml")
    assert value_of(resolved.settings, "sampling.explain.model") == "big"


@pytest.mark.parametrize(
    "client",
    [
        {"sampling": {"explain": {"seed": 5}}},
        {"dola": {"sampling": {"explain": {"seed": 5}}}},
        {"sampling.explain": {"seed": 5}},
        {"dola.sampling.explain.seed": 5},
    ],
)
def test_an_editor_may_say_it_in_any_of_its_ways_and_only_the_field_it_names(
    client: object, tmp_path: Path
) -> None:
    text = "[sampling.explain]\nseed = 1\ntemperature = 0.5\n"
    resolved = read(tmp_path, text, client)
    explain = resolved.settings.sampling.plan.of("explain")
    assert (explain.seed, explain.temperature) == (5, 0.5)
    assert resolved.sources["sampling.explain.seed"] == "initializationOptions"
    assert resolved.problems == []


@pytest.mark.parametrize("name", ["sampling.stop", "sampling.stream_options"])
def test_what_an_editor_may_not_set_for_all_it_may_not_set_for_one_action(name: str) -> None:
    assert name in RESTRICTED
    field = name.removeprefix("sampling.")
    value = {"stop": ["x"], "stream_options": {"include_usage": False}}[field]
    resolved = resolve({"sampling": {"explain": {field: value}}}, {}, {}, None)
    assert resolved.settings.sampling.actions == {}
    [told] = resolved.problems
    assert f"`sampling.explain.{field}` from the editor's settings: ignored" in told


def test_one_action_may_be_asked_without_its_usage(tmp_path: Path) -> None:
    text = "[sampling.fix]\nstream_options = {include_usage = false}\nstop = 'END'\n"
    resolved = read(tmp_path, text)
    assert resolved.problems == []
    plan = resolved.settings.sampling.plan
    assert plan.of("fix").stream_options == UsageOption(include_usage=False)
    assert (plan.of("fix").stop, plan.of("explain").stream_options) == (("END",), None)
    shown = value_of(resolved.settings, "sampling.fix.stream_options")
    assert shown == "include_usage = false"
    told = problem(tmp_path, "[sampling]\nstream_options = {include = true}\n")
    assert "`sampling.stream_options`" in told


@pytest.mark.parametrize("name", NOT_SETTABLE)
def test_what_is_no_setting_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    for table in ("sampling", "sampling.explain"):
        told = problem(tmp_path, f"[{table}]\n{name} = 1\n")
        assert told.startswith(f"`{table}.{name}` (")
        assert told.endswith(f"was ignored: {NOT_SETTABLE[name]}.")


@pytest.mark.parametrize("name", AT_THE_TOP)
def test_what_has_a_place_of_its_own_for_all_actions_is_said(name: str, tmp_path: Path) -> None:
    assert f"`{name}` at the top of the file" in problem(tmp_path, f'[sampling]\n{name} = "x"\n')
    assert read(tmp_path, f'[sampling.fix]\n{name} = "low"\n').problems == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sampling]\ntemprature = 1\n", "Did you mean `sampling.temperature`?"),
        ("[sampling.explain]\ntemprature = 1\n", "Did you mean `temperature`?"),
        ("[sampling.explain]\nbanana = 1\n", f"There are: {', '.join(ACTION_FIELDS)}."),
        ("[sampling.generate-tests]\nseed = 1\n", "Did you mean `generateTests`?"),
        ("[sampling.banana]\nseed = 1\n", "There are: "),
        ("[sampling.add-loging]\nseed = 1\n" + OWN, "Did you mean `add-logging`?"),
        ("[sampling.explain.deep]\nseed = 1\n", "an action has no such field."),
        ("[sampling.explain]\nseed = 0\n", "greater than or equal to 1, not 0. It stays unset."),
        ("[sampling.explain]\nmax_tokens = nan\n", "valid integer"),
        ("[sampling]\ntemperature = nan\n", "nan"),
        ("[sampling.explain]\nreasoning_effort = 'max'\n", "'high'"),
        ("[sampling.explain]\nmodel = ''\n", "one line of 1 to 200"),
        ("sampling = 5\n", "should be an object"),
    ],
)
def test_a_mistake_is_named_and_what_was_meant(text: str, words: str, tmp_path: Path) -> None:
    told = problem(tmp_path, text)
    assert words in told
    assert "`sampling" in told


def test_a_wrong_field_leaves_the_others_of_its_table(tmp_path: Path) -> None:
    resolved = read(tmp_path, "[sampling.explain]\nseed = 0\ntop_p = 0.5\n")
    assert len(resolved.problems) == 1
    assert resolved.settings.sampling.plan.of("explain").top_p == 0.5


def test_an_empty_list_is_an_empty_table_and_null_is_nothing() -> None:
    for empty in ([], {}, None):
        client = {"sampling": {"explain": empty, "seed": None}, "sampling.fix": empty}
        resolved = resolve(client, {}, {}, None)
        assert resolved.problems == []
        assert resolved.settings.sampling.actions == {}
    assert resolve({"sampling": []}, {}, {}, None).problems == []


@pytest.mark.parametrize("value", [[1], {"a": 1}, "1", "", 10**400, float("inf"), True])
def test_odd_values_from_an_editor_do_no_harm(value: object) -> None:
    client = {"sampling": {"temperature": value, "fix": {"seed": value, "model": "m"}}}
    resolved = resolve(client, {}, {}, None)
    assert len(resolved.problems) == 2
    assert resolved.settings.sampling.temperature is None
    assert resolved.settings.sampling.plan.of("fix").model == "m"
    assert resolved.settings.sampling.plan.of("fix").seed is None


def test_names_without_end_from_an_editor_are_told_in_a_few_sentences() -> None:
    client = {"sampling": {f"action{n}": {"n": 1, "x": 2} for n in range(2000)}}
    resolved = resolve(client, {}, {}, None)
    assert len(resolved.problems) <= 7
    assert "more unknown settings were ignored" in resolved.problems[-1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "[sampling]\ntemperature = 0.5\ntop_p = 0.5\n",
            [("sampling.temperature", "sampling.top_p")],
        ),
        (
            "[sampling]\ntemperature = 0.5\n[sampling.explain]\ntop_p = 0.5\n",
            [("sampling.temperature", "sampling.explain.top_p")],
        ),
        (
            "[sampling]\ntemperature = 0.5\ntop_p = 0.5\n[sampling.fix]\nseed = 4\n",
            [("sampling.temperature", "sampling.top_p")],
        ),
        ("[sampling.fix]\ntemperature = 0.5\n[sampling.explain]\ntop_p = 0.5\n", []),
    ],
)
def test_temperature_and_top_p_together_are_told(
    text: str, names: list[tuple[str, str]], tmp_path: Path
) -> None:
    resolved = read(tmp_path, text)
    assert resolved.problems == [
        f"`{one}` and `{other}` are both set, and providers advise to change one of them only. "
        "Both are sent."
        for one, other in names
    ]


def test_every_action_of_the_server_can_have_a_table(tmp_path: Path) -> None:
    text = "".join(f"[sampling.{action.id}]\nseed = 3\n" for action in BY_COMMAND.values())
    resolved = read(tmp_path, text)
    assert resolved.problems == []
    assert len(resolved.settings.sampling.actions) == len(BY_COMMAND)
    assert set(FIELDS) < set(ACTION_FIELDS)
