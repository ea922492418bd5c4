"""The API key: where it is looked for, and which origin it may be sent to.

A key goes to the origin it was given for and to no other (S2). Variables named after a service
hold for that service's addresses; what the user file says about keys holds for the address the
user file leads to; ``DOLA_API_KEY`` holds for the address in use, which no workspace can choose.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dola_ls.log import hide
from dola_ls.programs import find_program

if TYPE_CHECKING:
    from dola_ls.settings import Settings

#: The service keys are stored under: ``keyring set dola-ls https://api.aimlapi.com``.
KEYRING_SERVICE = "dola-ls"
_LONGEST_KEY = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """A key, where it was found, and the one origin it may be sent to."""

    value: str = field(repr=False)
    source: str
    origin: str


@dataclass(frozen=True, slots=True)
class NoKey:
    """No key, and why, in a sentence or two that hold no part of a key.

    `broken` tells that one was given but could not be used, so nothing should take its place;
    `withheld` that there is one which belongs to another origin.
    """

    reason: str
    broken: bool = False
    withheld: bool = False


class Keys:
    """Find keys; what a command or the keyring said is kept in memory until `forget`."""

    def __init__(
        self, env: Mapping[str, str], *, command_seconds: float = 10, keyring_seconds: float = 3
    ) -> None:
        self.env = env
        self._command_seconds = command_seconds
        self._keyring_seconds = keyring_seconds
        self._from_command: dict[tuple[str, ...], str] = {}
        self._from_keyring: dict[str, str | _Failure] = {}
        # Two actions at once must not ask the user's password manager twice.
        self._one_at_a_time = asyncio.Lock()

    def forget(self) -> None:
        """Ask the command and the keyring again next time, as after a key was refused."""
        self._from_command.clear()
        self._from_keyring.clear()

    async def find(self, settings: Settings, origin: str) -> Key | NoKey:
        """Return the key for `origin` from the first place that has one."""
        looked: list[str] = []
        for variable in ("DOLA_API_KEY", "AIMLAPI_API_KEY", "ARK_API_KEY"):
            if not variable_serves(variable, origin):
                continue
            value = self.env.get(variable, "").strip()
            if value:
                return _checked(value, f"the environment variable {variable}", origin)
            looked.append(f"{variable} ({'empty' if variable in self.env else 'not set'})")
        async with self._one_at_a_time:
            return await self._find_stored(settings, origin, looked)

    async def _find_stored(self, settings: Settings, origin: str, looked: list[str]) -> Key | NoKey:
        at_home = settings.key_origin == origin
        home = account_of(settings.key_origin) if settings.key_origin else "another address"
        elsewhere = f"not used: the user file gives it for {home}"
        failed = ""
        if settings.key_command is None:
            looked.append("key_command (not set)")
        elif not at_home:
            looked.append(f"key_command ({elsewhere})")
        else:
            answer = await self._ask_command(settings.key_command)
            if isinstance(answer, str):
                return _checked(answer, "key_command", origin)
            failed = answer.what
            looked.append(f"key_command ({failed})")
        stored = await self._ask_keyring(account_of(origin))
        if isinstance(stored, str):
            return _checked(stored, "the system keyring", origin)
        looked.append(f"the system keyring ({stored.what})")
        value = settings.api_key.get_secret_value().strip() if settings.api_key else ""
        if value and at_home:
            return _checked(value, "api_key in the user file", origin)
        why = elsewhere if value else "not set"
        looked.append(f"api_key in the user file ({why})")
        advice = " Run the key command in a terminal to see why it fails." if failed else ""
        return NoKey(
            f"No API key was found for {account_of(origin)}. Looked for: {', '.join(looked)}."
            + advice,
            broken=bool(failed),
            withheld=not at_home and bool(value or settings.key_command),
        )

    async def _ask_command(self, command: tuple[str, ...]) -> str | _Failure:
        if known := self._from_command.get(command):
            return known
        answer = await _in_thread(
            lambda: _first_line(command, self._command_seconds), self._command_seconds + 1
        )
        if isinstance(answer, str):
            self._from_command[command] = answer
        return answer

    async def _ask_keyring(self, account: str) -> str | _Failure:
        if account not in self._from_keyring:
            # Where there is no desktop a keyring may ask at a terminal nobody looks at
            # (https://github.com/jaraco/keyring/issues/710).
            self._from_keyring[account] = await _in_thread(
                lambda: _keyring_entry(account), self._keyring_seconds
            )
        return self._from_keyring[account]


@dataclass(frozen=True, slots=True)
class _Failure:
    what: str


def variable_serves(variable: str, origin: str) -> bool:
    """Tell whether the key in an environment variable may be sent to `origin`."""
    host = urlsplit(origin).hostname or ""
    if variable == "AIMLAPI_API_KEY":
        return origin == "https://api.aimlapi.com:443"
    if variable == "ARK_API_KEY":
        ours = host.startswith("ark.") and host.endswith((".bytepluses.com", ".volces.com"))
        return ours and origin == f"https://{host}:443"
    return variable == "DOLA_API_KEY"


def account_of(origin: str) -> str:
    """Return `origin` as people write it, without the usual port; also the keyring's user name."""
    usual = {"https": ":443", "http": ":80"}.get(origin.split("://")[0], "")
    return origin.removesuffix(usual) if usual else origin


def _checked(value: str, source: str, origin: str) -> Key | NoKey:
    value = value.strip()
    hide(value)
    if len(value) > _LONGEST_KEY or not value.isascii() or not value.isprintable() or " " in value:
        return NoKey(
            f"The API key from {source} cannot be one: it is very long, or holds a space, a line "
            "break or a character outside ASCII. Nothing was sent. Copy it again.",
            broken=True,
        )
    return Key(value, source, origin)


def _first_line(command: Sequence[str], seconds: float) -> str | _Failure:
    """Run `command` without a shell and return the first line it prints.

    It runs in the home folder with the absolute part of PATH, so that nothing in a workspace can
    stand in for it. What it prints is never part of a failure.
    """
    name = Path(command[0]).name
    program = find_program(command[0], os.environ)
    if program is None:
        return _Failure(f"{name} was not found")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            cwd=Path.home(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Failure(f"{name} took longer than {seconds:g} s")
    except (OSError, RuntimeError, ValueError) as error:
        return _Failure(f"{name} could not be run: {type(error).__name__}")
    if done.returncode != 0:
        return _Failure(f"{name} ended with exit code {done.returncode}")
    line = done.stdout.decode("utf-8", "replace").lstrip().split("\n", 1)[0].strip()
    return line or _Failure(f"{name} printed nothing")


def _keyring_entry(account: str) -> str | _Failure:
    try:
        import keyring
    except ImportError:
        return _Failure("the extra dola-ls[keyring] is not installed")
    try:
        value: str | None = keyring.get_password(KEYRING_SERVICE, account)
    except Exception as error:  # backends raise what they like
        return _Failure(f"it answered {type(error).__name__}")
    return (value or "").strip() or _Failure("no entry")


async def _in_thread(work: Callable[[], str | _Failure], seconds: float) -> str | _Failure:
    """Return what `work` returns, or a failure when it takes too long.

    The thread is a daemon of its own: those of `asyncio.to_thread` would hold up the exit.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[str | _Failure] = loop.create_future()

    def settle(value: str | _Failure) -> None:
        if not result.done():
            result.set_result(value)

    def run() -> None:
        value = work()
        try:
            loop.call_soon_threadsafe(settle, value)
        except RuntimeError:
            pass  # the loop was closed meanwhile

    threading.Thread(target=run, name="dola-key", daemon=True).start()
    try:
        return await asyncio.wait_for(result, seconds)
    except TimeoutError:
        return _Failure(f"no answer within {seconds:g} s")
