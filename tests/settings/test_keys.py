"""Where a key is found, and that it is bound to the origin it was given for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dola_ls.model.keys import Key, Keys, NoKey, account_of, variable_serves
from dola_ls.programs import find_program
from dola_ls.resolve import resolve
from dola_ls.settings import Settings

CANARY = "canary-0123456789abcdef"
AIML = "https://api.aimlapi.com:443"
ARK = "https://ark.ap-southeast.bytepluses.com:443"
OWN = "https://own.example:8443"
EVIL = "https://evil.example:443"


class Keyring(ModuleType):
    """A keyring that holds some entries, or fails, or never answers."""

    def __init__(self, entries: dict[str, str] | None = None) -> None:
        super().__init__("keyring")
        self.entries = entries or {}
        self.asked: list[tuple[str, str]] = []
        self.failure: Exception | None = None
        self.release = threading.Event()
        self.stuck = False

    def get_password(self, service: str, name: str) -> str | None:
        self.asked.append((service, name))
        if self.stuck:
            self.release.wait(30)
        if self.failure:
            raise self.failure
        return self.entries.get(name)


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyring]:
    ring = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    yield ring
    ring.release.set()


def from_file(folder: Path, text: str, env: dict[str, str] | None = None) -> Settings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return resolve(None, env or {}, {}, path).settings


def script(folder: Path, body: str, name: str = "key.py") -> str:
    """Write a program in Python and return the key_command that runs it, as TOML."""
    path = folder / name
    path.write_text(body, encoding="utf-8")
    return f"key_command = [{sys.executable!r}, '-S', '-E', {str(path)!r}]\n"


@pytest.mark.parametrize(
    ("variable", "origin", "serves"),
    [
        ("DOLA_API_KEY", AIML, True),
        ("DOLA_API_KEY", OWN, True),
        ("AIMLAPI_API_KEY", AIML, True),
        ("AIMLAPI_API_KEY", OWN, False),
        ("AIMLAPI_API_KEY", "http://api.aimlapi.com:80", False),
        ("AIMLAPI_API_KEY", "https://api.aimlapi.com:8443", False),
        ("AIMLAPI_API_KEY", "https://api.aimlapi.com.evil.example:443", False),
        ("AIMLAPI_API_KEY", "https://localhost:443", False),
        ("ARK_API_KEY", ARK, True),
        ("ARK_API_KEY", "https://ark.eu-west.bytepluses.com:443", True),
        ("ARK_API_KEY", "https://ark.cn-beijing.volces.com:443", True),
        ("ARK_API_KEY", "https://ark.evil.example:443", False),
        ("ARK_API_KEY", "https://ark.bytepluses.com.evil.example:443", False),
        ("ARK_API_KEY", "https://evilbytepluses.com:443", False),
        ("ARK_API_KEY", "http://ark.ap-southeast.bytepluses.com:80", False),
        ("ARK_API_KEY", AIML, False),
        ("OPENAI_API_KEY", AIML, False),
    ],
)
async def test_a_variable_serves_its_own_service_only(
    variable: str, origin: str, serves: bool
) -> None:
    assert variable_serves(variable, origin) is serves
    found = await Keys({variable: CANARY}).find(Settings(), origin)
    assert isinstance(found, Key) is serves
    if isinstance(found, Key):
        assert (found.value, found.origin) == (CANARY, origin)
        assert variable in found.source


async def test_the_order_of_the_places(tmp_path: Path, keyring: Keyring) -> None:
    keyring.entries["https://api.aimlapi.com"] = "of-the-keyring"
    command = script(tmp_path, "print('of-the-command')")
    settings = from_file(tmp_path, command + 'api_key = "of-the-file"\n')
    plain = settings.model_copy(update={"key_command": None})
    env = {"DOLA_API_KEY": "of-dola", "AIMLAPI_API_KEY": "of-aimlapi"}

    async def value(settings: Settings, env: dict[str, str]) -> str:
        found = await Keys(env).find(settings, AIML)
        assert isinstance(found, Key)
        return found.value

    assert await value(settings, env) == "of-dola"
    assert await value(settings, {"AIMLAPI_API_KEY": "of-aimlapi"}) == "of-aimlapi"
    assert await value(settings, {"DOLA_API_KEY": " \t\n"}) == "of-the-command"
    assert await value(plain, {}) == "of-the-keyring"
    keyring.entries.clear()
    assert await value(plain, {}) == "of-the-file"


async def test_no_key_names_every_place_and_no_value(tmp_path: Path) -> None:
    found = await Keys({"DOLA_API_KEY": "  "}).find(Settings(key_origin=AIML), AIML)
    assert isinstance(found, NoKey)
    assert not found.broken
    for place in (
        "DOLA_API_KEY (empty)",
        "AIMLAPI_API_KEY (not set)",
        "key_command (not set)",
        "the system keyring (no entry)",
        "api_key in the user file (not set)",
    ):
        assert place in found.reason
    assert "ARK_API_KEY" not in found.reason


@pytest.mark.parametrize(
    "value", ["zwei wörter", "two words", "a\nb", "a\x00b", "k" * 5000, "ключ"]
)
async def test_what_cannot_be_a_key_is_not_sent(value: str) -> None:
    found = await Keys({"DOLA_API_KEY": value}).find(Settings(), AIML)
    assert isinstance(found, NoKey)
    assert found.broken
    assert "DOLA_API_KEY" in found.reason
    assert value not in found.reason


async def test_white_space_round_a_key_is_taken_off() -> None:
    found = await Keys({"DOLA_API_KEY": f" {CANARY}\r\n"}).find(Settings(), AIML)
    assert isinstance(found, Key)
    assert found.value == CANARY


async def test_the_value_is_in_no_repr() -> None:
    found = await Keys({"DOLA_API_KEY": CANARY}).find(Settings(), AIML)
    assert CANARY not in repr(found)
    assert CANARY not in repr(Settings(api_key=CANARY, key_command=("echo", CANARY)))


@pytest.mark.parametrize("line", [f'api_key = "{CANARY}"\n', "COMMAND"])
@pytest.mark.parametrize(
    ("home", "origin", "env", "used"),
    [
        ("", AIML, {}, True),
        ("", EVIL, {"DOLA_BASE_URL": "https://evil.example"}, False),
        ("", ARK, {"DOLA_PROVIDER": "ark"}, False),
        ('provider = "ark"\n', ARK, {}, True),
        ('provider = "ark"\n', AIML, {"DOLA_PROVIDER": "aimlapi"}, False),
        ('base_url = "https://own.example:8443/v1"\n', OWN, {}, True),
        ('base_url = "https://own.example:8443/v1"\n', OWN, {"DOLA_MODEL": "m"}, True),
        (
            'base_url = "https://own.example:8443/v1"\n',
            "https://own.example:443",
            {"DOLA_BASE_URL": "https://own.example/v1"},
            False,
        ),
        ('provider = "local"\n', AIML, {"DOLA_PROVIDER": "aimlapi"}, False),
    ],
)
async def test_a_key_of_the_user_file_goes_where_the_user_file_leads(
    line: str, home: str, origin: str, env: dict[str, str], used: bool, tmp_path: Path
) -> None:
    if line == "COMMAND":
        line = script(tmp_path, f"print({CANARY!r}); open(__file__ + '.ran', 'w').close()")
    found = await Keys(env).find(from_file(tmp_path, home + line, env), origin)
    assert isinstance(found, Key) is used
    if isinstance(found, NoKey):
        assert found.withheld
        assert "not used: the user file gives it for" in found.reason
        assert CANARY not in found.reason
        # A command for another service is not even run: it may ask the user to unlock something.
        assert not (tmp_path / "key.py.ran").exists()


async def test_the_first_line_of_the_command_is_the_key_and_is_kept(tmp_path: Path) -> None:
    body = f"open(__file__ + '.runs', 'a').write('x'); print({CANARY!r}); print('second')"
    keys, settings = Keys({}), from_file(tmp_path, script(tmp_path, body))
    both = await asyncio.gather(keys.find(settings, AIML), keys.find(settings, AIML))
    assert [found.value for found in both if isinstance(found, Key)] == [CANARY, CANARY]
    assert (tmp_path / "key.py.runs").read_text() == "x"
    keys.forget()
    await keys.find(settings, AIML)
    assert (tmp_path / "key.py.runs").read_text() == "xx"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"import sys; print({CANARY!r}, file=sys.stderr); sys.exit(3)", "exit code 3"),
        (f"import sys; print({CANARY!r}); sys.exit(1)", "exit code 1"),
        ("pass", "printed nothing"),
        ("print(); print('  ')", "printed nothing"),
        (f"import time; print({CANARY!r}, flush=True); time.sleep(30)", "took longer than 0.5 s"),
    ],
)
async def test_a_command_that_fails_is_told_without_its_output(
    body: str, words: str, tmp_path: Path
) -> None:
    settings = from_file(tmp_path, script(tmp_path, body))
    found = await Keys({}, command_seconds=0.5).find(settings, AIML)
    assert isinstance(found, NoKey)
    assert found.broken
    assert words in found.reason
    assert CANARY not in found.reason


def test_the_user_waits_ten_seconds_for_a_command_and_three_for_a_keyring() -> None:
    keys = Keys({})
    assert (keys._command_seconds, keys._keyring_seconds) == (10, 3)


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    settings = from_file(tmp_path, 'key_command = ["dola-no-such-program", "canary-argument"]\n')
    found = await Keys({}).find(settings, AIML)
    assert isinstance(found, NoKey)
    assert "dola-no-such-program was not found" in found.reason
    assert "canary" not in found.reason


async def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    body = "import sys; print('-'.join(sys.argv[1:]).encode().hex())"
    settings = from_file(tmp_path, script(tmp_path, body))
    assert settings.key_command is not None
    command = (*settings.key_command, "$HOME", "a;b", "*")
    found = await Keys({}).find(settings.model_copy(update={"key_command": command}), AIML)
    assert isinstance(found, Key)
    assert bytes.fromhex(found.value) == b"$HOME-a;b-*"


@pytest.mark.skipif(os.name != "posix", reason="the program is a shell script")
async def test_a_program_in_the_workspace_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    trap = workspace / "pass"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\necho trapped\n")
    trap.chmod(0o755)
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{tmp_path / 'bin'}")
    settings = from_file(tmp_path, 'key_command = ["pass", "show"]\n')
    found = await Keys({}).find(settings, AIML)
    assert isinstance(found, NoKey)
    assert "pass was not found" in found.reason
    assert not (tmp_path / "ran").exists()
    assert find_program("./pass", os.environ) is None
    assert find_program(str(trap), os.environ) == str(trap)


async def test_the_command_runs_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    settings = from_file(tmp_path, script(tmp_path, "import os; print(os.getcwd())"))
    found = await Keys({}).find(settings, AIML)
    assert isinstance(found, Key)
    assert os.path.samefile(found.value, tmp_path)


async def test_the_keyring_is_asked_for_the_origin(keyring: Keyring) -> None:
    keyring.entries["https://own.example:8443"] = CANARY
    found = await Keys({}).find(Settings(), OWN)
    assert isinstance(found, Key)
    assert found.source == "the system keyring"
    assert isinstance(await Keys({}).find(Settings(), EVIL), NoKey)
    assert keyring.asked == [
        ("dola-ls", "https://own.example:8443"),
        ("dola-ls", "https://evil.example"),
    ]


async def test_a_keyring_that_never_answers_is_given_up_once(keyring: Keyring) -> None:
    keyring.stuck = True
    keys = Keys({}, keyring_seconds=0.05)
    settings = Settings(api_key="of-the-file", key_origin=AIML)
    for _ in range(2):
        found = await keys.find(settings, AIML)
        assert isinstance(found, Key)
        assert found.value == "of-the-file"
    assert len(keyring.asked) == 1


async def test_a_keyring_that_fails_is_no_obstacle(keyring: Keyring) -> None:
    keyring.failure = RuntimeError(CANARY)
    found = await Keys({}).find(Settings(), AIML)
    assert isinstance(found, NoKey)
    assert "RuntimeError" in found.reason
    assert CANARY not in found.reason


async def test_without_the_extra_the_keyring_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    found = await Keys({}).find(Settings(), AIML)
    assert isinstance(found, NoKey)
    assert "dola-ls[keyring]" in found.reason


async def test_the_event_loop_goes_on_while_a_command_runs(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    body = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint('k')"
    search = asyncio.create_task(Keys({}).find(from_file(tmp_path, script(tmp_path, body)), AIML))
    deadline = time.monotonic() + 5
    for _ in range(3):
        await asyncio.sleep(0)
        assert time.monotonic() < deadline
    assert not search.done()
    gate.touch()
    assert isinstance(await search, Key)


@pytest.mark.parametrize(
    ("origin", "account"),
    [(AIML, "https://api.aimlapi.com"), (OWN, OWN), ("http://[::1]:80", "http://[::1]")],
)
def test_accounts_are_origins_as_people_write_them(origin: str, account: str) -> None:
    assert account_of(origin) == account
