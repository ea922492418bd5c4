"""``dola-ls check``: what it says, what it returns, and what it never shows."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dola_ls import log
from dola_ls.core.prompt import Prompt
from dola_ls.doctor import add_parser, ask, run
from dola_ls.model.endpoint import origin_of
from dola_ls.model.prediction import FILE, PredictionBook
from dola_ls.model.state_file import state_folder
from dola_ls.model.stream import Completion, Delta
from dola_ls.report import as_text
from dola_ls.settings import DEFAULTS
from tests.fakes.api import ThreadedFakeApi, answer, status, usage_of

CANARY = "canary-0123456789abcdef"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Setting(Strict):
    value: str | bool | float | None
    source: str


class UserFile(Strict):
    path: str | None
    exists: bool


class OwnEntry(Strict):
    id: str
    title: str
    kind: str
    line: int


class KeyEntry(Strict):
    present: bool
    source: str | None
    origin: str | None = Field(alias="for")


class ModelEntry(Strict):
    provider: str
    title: str
    endpoint: str | None
    model: str
    others: dict[str, list[str]]
    prediction: str


class WeightsEntry(Strict):
    name: str
    title: str
    installed: bool
    verified: bool
    size: str
    path: str


class SpendingEntry(Strict):
    today_usd: float
    day_usd: float | Literal["none"]
    file: str | None


class LocalEntry(Strict):
    engine_installed: bool
    models: list[WeightsEntry]


class RequestEntry(Strict):
    answered: bool
    seconds: float
    model: str
    error: str | None
    first_seconds: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None


class EditorEntry(Strict):
    editor: str
    title: str
    how: str
    language: str
    text: str


class ReportSchema(Strict):
    """What scripts may rely on in ``dola-ls check --json``."""

    ok: bool
    version: str
    python: str
    platform: str
    executable: str
    settings: dict[str, Setting]
    user_file: UserFile
    actions: list[OwnEntry]
    log_file: str | None
    key: KeyEntry
    model: ModelEntry | None
    spending: SpendingEntry
    local: LocalEntry
    request: RequestEntry | None
    problems: list[str]
    editors: list[EditorEntry]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give every test a home of its own, no settings, and an untouched root logger."""
    for variable in [name for name in os.environ if name.startswith(("DOLA_", "XDG_"))]:
        monkeypatch.delenv(variable)
    for variable in ("AIMLAPI_API_KEY", "ARK_API_KEY", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setitem(sys.modules, "keyring", None)
    yield
    log.close()


@pytest.fixture
def api() -> Iterator[ThreadedFakeApi]:
    with ThreadedFakeApi() as server:
        yield server


@pytest.fixture
def configured(api: ThreadedFakeApi, monkeypatch: pytest.MonkeyPatch) -> ThreadedFakeApi:
    monkeypatch.setenv("DOLA_BASE_URL", api.base_url)
    monkeypatch.setenv("DOLA_MODEL", "test-model")
    monkeypatch.setenv("DOLA_API_KEY", CANARY)
    return api


def check(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(dest="command"))
    return run(parser.parse_args(["check", *arguments]))


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = check("--json", *arguments)
    out = capsys.readouterr().out
    assert CANARY not in out
    ReportSchema.model_validate_json(out)
    return code, json.loads(out)


def test_a_model_that_answers(
    configured: ThreadedFakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    configured.enqueue(answer("OK", usage=usage_of(11, 2), usd=0.25))
    code, report = checked(capsys)
    assert code == 0
    assert report["ok"] is True
    assert report["problems"] == []
    assert Path(report["log_file"]).is_file()
    assert report["settings"]["model"] == {"value": "test-model", "source": "DOLA_MODEL"}
    assert report["settings"]["apply"] == {"value": "direct", "source": "default"}
    assert set(report["settings"]) == set(DEFAULTS)
    assert report["key"]["present"] is True
    assert "DOLA_API_KEY" in report["key"]["source"]
    assert report["model"]["endpoint"] == configured.base_url
    request = report["request"]
    assert (request["prompt_tokens"], request["completion_tokens"]) == (11, 2)
    assert request["cost_usd"] == 0.25
    assert request["seconds"] >= request["first_seconds"] >= 0
    [sent] = configured.requests
    assert sent.headers["authorization"] == f"Bearer {CANARY}"
    assert sent.json["model"] == "test-model"


def test_the_request_holds_nothing_of_the_user(
    configured: ThreadedFakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.py").write_text("canary_code = 1\n")
    monkeypatch.chdir(tmp_path)
    configured.enqueue(answer("OK"))
    check("--json")
    [sent] = configured.requests
    body = sent.body.decode()
    assert "Reply with OK." in body
    for word in ("canary", str(tmp_path), os.path.basename(str(tmp_path))):
        assert word not in body


def test_the_text_for_people(
    configured: ThreadedFakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    configured.enqueue(answer("OK", usage=usage_of(11, 2)))
    assert check() == 0
    out = capsys.readouterr().out
    for words in (
        "test-model",
        "DOLA_MODEL",
        "present, from the environment variable DOLA_API_KEY",
        "answered in",
        "11 tokens sent, 2 received",
        "vim.lsp.enable('dola_ls')",
        "[language-server.dola-ls]",
        "code --install-extension dola-ls.vsix",
        "eglot-server-programs",
        "Ready.",
    ):
        assert words in out
    assert CANARY not in out
    assert "\x1b" not in out


FAULTS = [
    (status(401, '{"error": {"message": "bad key canary-0123456789abcdef"}}'), "API key"),
    (status(403, '{"message": "no credit"}'), "credit"),
    (status(404, '{"message": "no such model"}'), "test-model"),
]


@pytest.mark.parametrize(("reply", "words"), FAULTS)
def test_a_server_that_refuses(
    reply: Any, words: str, configured: ThreadedFakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    configured.enqueue(reply)
    code, report = checked(capsys)
    assert code == 1
    assert report["ok"] is report["request"]["answered"] is False
    [problem] = report["problems"]
    assert words in problem
    configured.enqueue(reply)
    assert check() == 1
    out = capsys.readouterr().out
    assert "Not ready" in out
    assert CANARY not in out


def test_nothing_listens(
    configured: ThreadedFakeApi,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DOLA_BASE_URL", "http://127.0.0.1:9/v1")
    code, report = checked(capsys)
    assert code == 1
    [problem] = report["problems"]
    assert "127.0.0.1:9" in problem
    assert configured.requests == []


def test_no_key_and_no_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = checked(capsys)
    assert code == 1
    assert report["request"] is report["model"] is None
    assert report["key"] == {"present": False, "source": None, "for": "https://api.aimlapi.com"}
    [problem] = report["problems"]
    assert "DOLA_API_KEY" in problem
    assert "dola-ls local install" in problem
    assert [model["installed"] for model in report["local"]["models"]] == [False, False]
    assert check() == 1
    out = capsys.readouterr().out
    assert "none for https://api.aimlapi.com" in out
    assert "not sent" in out


def test_offline_sends_nothing(
    configured: ThreadedFakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = checked(capsys, "--offline")
    assert code == 1
    assert report["request"] is None
    assert report["model"]["model"] == "test-model"
    check("--offline")
    assert "Not tested" in capsys.readouterr().out
    assert configured.requests == []


def test_wrong_settings_are_listed_and_the_model_is_asked_all_the_same(
    configured: ThreadedFakeApi,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DOLA_APPLY", "sometimes")
    configured.enqueue(answer("OK"))
    code, report = checked(capsys)
    assert code == 0
    [problem] = report["problems"]
    assert "`apply` (DOLA_APPLY)" in problem
    configured.enqueue(answer("OK"))
    check()
    assert "Ready, with the problems above." in capsys.readouterr().out


def test_the_users_own_actions_are_listed_and_wrong_ones_named(
    configured: ThreadedFakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check("--offline")
    assert "Your own actions\n  none" in capsys.readouterr().out
    file = tmp_path / "config.toml"
    file.write_text(
        '# mine\n[[actions]]\nid = "sum-up"\ntitle = "Sum up {name}"\nprompt = "Sum it up."\n'
        'answer = "explain"\n\n[[actions]]\nid = "b"\ntitle = "B"\n'
    )
    monkeypatch.setenv("DOLA_CONFIG", str(file))
    _, report = checked(capsys, "--offline")
    assert report["actions"] == [
        {"id": "sum-up", "title": "Sum up {name}", "kind": "dola.explain.sum-up", "line": 2}
    ]
    [problem] = report["problems"]
    assert problem.startswith('config.toml, line 8: actions "b": it has no prompt')
    text = as_text(report)
    assert "sum-up               Sum up {name}" in text
    assert "dola.explain.sum-up, line 2\n" in text


def test_what_is_known_of_predictions_is_told(
    configured: ThreadedFakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = checked(capsys, "--offline")
    assert report["model"]["prediction"] == "sent, not known yet whether used"
    folder = state_folder()
    assert folder is not None
    book = PredictionBook()
    book.refuse(origin_of(configured.base_url), "test-model")
    book.save(folder / FILE)
    _, report = checked(capsys, "--offline")
    assert report["model"]["prediction"] == "off: the server refuses the field"
    assert "predictions: off: the server refuses the field" in as_text(report)


def test_secrets_of_the_user_file_are_not_shown(
    configured: ThreadedFakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "dola.toml"
    file.write_text(
        f'api_key = "{CANARY}"\nkey_command = ["echo", "{CANARY}"]\n'
        f'proxy = "http://user:{CANARY}@127.0.0.1:9"\n'
        f'base_url = "{configured.base_url}"\nmodel = "from-file"\n'
    )
    file.chmod(0o600)
    monkeypatch.setenv("DOLA_CONFIG", str(file))
    for variable in ("DOLA_API_KEY", "DOLA_BASE_URL", "DOLA_MODEL"):
        monkeypatch.delenv(variable)
    configured.enqueue(answer("OK"), answer("OK"))
    _, report = checked(capsys)
    assert report["settings"]["api_key"] == {"value": "(hidden)", "source": str(file)}
    assert report["settings"]["key_command"]["value"] == "echo …"
    assert report["user_file"] == {"path": str(file), "exists": True}
    assert report["key"]["source"] == "key_command"
    check()
    assert CANARY not in capsys.readouterr().out


def test_a_key_in_the_wrong_place_is_not_shown_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOLA_MODEL", "sk-proj-wrong-place-0123456789")
    monkeypatch.setenv("DOLA_APPLY", "sk-proj-wrong-place-0123456789")
    _, report = checked(capsys, "--offline")
    assert "wrong-place" not in json.dumps(report)
    assert report["settings"]["model"]["value"] == log.HIDDEN


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home(
    configured: ThreadedFakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    configured.enqueue(answer("OK"))
    code, report = checked(capsys)
    tmp_path.chmod(0o700)
    assert code == 0
    assert report["log_file"] is None


def test_a_home_that_is_a_file(
    configured: ThreadedFakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    for variable in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "file"))
    configured.enqueue(answer("OK"))
    code, report = checked(capsys)
    assert code == 0
    assert report["log_file"] is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "env", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    terminal: bool, env: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    out = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    check("--offline")
    assert ("\x1b[" in out.getvalue()) is coloured


def test_a_terminal_that_knows_ascii_only(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    check("--offline")
    check("--offline", "--json")
    sys.stdout.flush()
    assert raw.getvalue().isascii()


@dataclass
class Scripted:
    """A model that yields some deltas, or fails, and remembers what became of it."""

    deltas: tuple[Delta, ...] = ()
    failure: Exception | None = None
    name: str = "scripted"
    context_tokens: int = 0
    prompts: list[Prompt] = field(default_factory=list)
    closed: bool = False

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        self.prompts.append(prompt)
        for delta in self.deltas:
            yield delta
        if self.failure:
            raise self.failure

    async def aclose(self) -> None:
        self.closed = True


async def test_an_answer_that_breaks_off_is_none() -> None:
    model = Scripted((Delta(text="O"),))
    result = await ask(model, 5)
    assert not result.answered
    assert "broke off" in (result.error or "")
    assert model.closed


async def test_a_fault_of_our_own_is_told_without_its_text() -> None:
    model = Scripted(failure=RuntimeError(CANARY))
    result = await ask(model, 5)
    assert not result.answered
    assert "RuntimeError" in (result.error or "")
    assert CANARY not in (result.error or "")
    assert model.closed


async def test_a_model_that_never_answers(configured: ThreadedFakeApi) -> None:
    from dola_ls.model.endpoint import Endpoint
    from dola_ls.model.provider import open_model

    configured.enqueue(answer("OK", start=30.0))
    result = await ask(open_model(Endpoint("custom", configured.base_url, "slow")), 0.2)
    assert not result.answered
    assert "no answer within 0.2 s" in (result.error or "")


async def test_an_answer_of_thoughts_only_still_proves_the_connection() -> None:
    model = Scripted((Delta(reasoning="hm"), Delta(completion=Completion("length", True, "m"))))
    result = await ask(model, 5)
    assert result.answered
    assert result.first_seconds is not None
    assert model.prompts[0].max_tokens == 16


def test_long_problems_are_wrapped_not_cut(
    configured: ThreadedFakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = checked(capsys, "--offline")
    problem = "word " * 60 + "https://example.com/" + "x" * 120
    text = as_text({**report, "problems": [problem]})
    section = text.split("Problems\n")[1].split("\n\n")[0]
    assert len(section.splitlines()) > 3
    assert " ".join(section.split())[2:] == problem


def test_the_limits_are_shown_and_the_request_of_the_check_counts(
    configured: ThreadedFakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOLA_SESSION_USD", "none")
    configured.enqueue(answer("OK", usd=0.25), answer("OK", usd=0.25))
    checked(capsys)
    _, report = checked(capsys)
    assert report["spending"]["today_usd"] == 0.5
    assert report["spending"]["day_usd"] == report["settings"]["limits.day_usd"]["value"] == 10
    assert report["settings"]["limits.session_usd"]["value"] == "none"
    assert report["settings"]["limits.in_flight"]["value"] == 4
    text = as_text(report)
    assert "$0.5000 today, of $10.00, by all your editors" in text
    assert "limits.action_input_tokens 100000 " in text
