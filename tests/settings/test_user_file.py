"""The user's own file: found, read, or left alone with a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dola_ls.resolve import load, resolve

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")


def test_broken_toml_is_told_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('model = "m"\napi_key = canary-key\n')
    resolved = resolve(None, {"DOLA_APPLY": "review"}, {}, path)
    assert resolved.settings.model is None
    assert resolved.settings.apply == "review"
    [problem] = resolved.problems
    assert "line 2" in problem
    assert str(path) in problem
    assert "canary" not in problem


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'model = "m"\n\xff\xfe', "line 2 is not UTF-8"),
        (b"#" * (1 << 20) + b"\n", "larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_read(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    resolved = resolve(None, {}, {}, path)
    [problem] = resolved.problems
    assert words in problem
    assert resolved.settings.model is None


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    [problem] = resolve(None, {}, {}, tmp_path).problems
    assert "not a regular file" in problem


@posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    os.mkfifo(path)
    [problem] = resolve(None, {}, {}, path).problems
    assert "not a regular file" in problem


def test_a_byte_order_mark_and_a_dola_table_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('\ufeff[dola]\nmodel = "m"\n[dola.local]\nmodel = "0.5b"\n', encoding="utf-8")
    resolved = resolve(None, {}, {}, path)
    assert resolved.settings.model == "m"
    assert resolved.settings.local.model == "0.5b"
    assert resolved.problems == []


def test_a_missing_file_is_no_problem_unless_it_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "nothing.toml"
    assert resolve(None, {}, {}, path).problems == []
    [problem] = resolve(None, {"DOLA_CONFIG": str(path)}, {}, None).problems
    assert str(path) in problem


def test_dola_config_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('model = "other"\n')
    (tmp_path / "config.toml").write_text('model = "usual"\n')
    env = {"DOLA_CONFIG": str(tmp_path / "other.toml")}
    resolved = resolve(None, env, {}, tmp_path / "config.toml")
    assert resolved.settings.model == "other"
    assert resolved.user_file == tmp_path / "other.toml"


@posix
@pytest.mark.parametrize("table", ["", "[dola]\n"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_others_can_read_is_not_used(mode: int, table: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{table}api_key = "canary-key"\nmodel = "m"\n')
    path.chmod(mode)
    resolved = resolve(None, {}, {}, path)
    assert resolved.settings.api_key is None
    assert resolved.settings.model == "m"
    [problem] = resolved.problems
    assert "chmod 600" in problem
    assert "canary" not in problem


@posix
def test_a_file_everybody_can_write_to_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('base_url = "https://canary.example/v1"\n')
    path.chmod(0o666)
    resolved = resolve(None, {}, {}, path)
    assert resolved.settings.base_url is None
    [problem] = resolved.problems
    assert "chmod 600" in problem


@posix
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    path = tmp_path / "config.toml"
    path.write_text('model = "m"\n')
    path.chmod(0)
    [problem] = resolve(None, {}, {}, path).problems
    assert "cannot be read" in problem


def test_the_usual_place_is_the_users_config_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    found = load(env={}).user_file
    assert found is not None
    assert found.name == "config.toml"
    assert found.parent.name == "dola-ls"
    found.parent.mkdir(parents=True)
    found.write_text('model = "from-home"\n')
    assert load(env={}).settings.model == "from-home"


OWN = '[[actions]]\nid = "sum-up"\ntitle = "Sum up {name}"\nprompt = "Sum it up."\n'


@pytest.mark.parametrize("table", ["", "[dola]\n"])
def test_the_users_own_actions_are_no_unknown_settings(table: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    own = OWN.replace("actions", "dola.actions") if table else OWN
    path.write_text(f'\ufeff{table}model = "m"\n{own}', encoding="utf-8")
    resolved = resolve(None, {}, {}, path)
    assert resolved.problems == []
    assert resolved.settings.model == "m"
    [action] = resolved.actions
    assert (action.id, action.line) == ("sum-up", 3 if table else 2)


def test_actions_stand_beside_a_dola_table_too(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[dola]\nmodel = "m"\n{OWN}')
    resolved = resolve(None, {}, {}, path)
    assert [action.id for action in resolved.actions] == ["sum-up"]
    assert resolved.problems == []


def test_wrong_actions_are_told_by_line_beside_other_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'apply = "maybe"\n{OWN}{OWN}scop = "file"\n[action]\nid = "a"\n')
    resolved = resolve(None, {}, {}, path)
    assert len(resolved.actions) == 1
    same, scop, action, apply = resolved.problems
    assert same.startswith('mine.toml, line 7: actions "sum-up": the action on line 2 has that id')
    assert scop.startswith('mine.toml, line 10: actions "sum-up": there is no key scop;')
    assert "Did you mean scope?" in scop
    assert action.endswith("Did you mean `[[actions]]`?")
    assert "`apply`" in apply


def test_a_file_that_is_not_used_brings_no_actions(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"{OWN}model = \n")
    assert resolve(None, {}, {}, path).actions == ()
    path.write_text(OWN)
    path.chmod(0o666 if os.name == "posix" else 0o600)
    assert len(resolve(None, {}, {}, path).actions) == (os.name != "posix")


def test_a_file_of_brackets_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"a = {'[' * 50_000}{']' * 50_000}\n")
    [problem] = resolve(None, {}, {}, path).problems
    assert "nested too deeply" in problem


@pytest.mark.parametrize("depth", range(50, 500, 10))
def test_deeply_nested_values_of_an_action_are_a_mistake_like_others(
    depth: int, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"{OWN}scope = {'[' * depth}{']' * depth}\n")
    [problem] = resolve(None, {}, {}, path).problems
    assert "scope has to be" in problem or "nested too deeply" in problem
