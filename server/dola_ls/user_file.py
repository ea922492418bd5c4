"""The user's own ``config.toml``: where it is, and what it says."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dola_ls.core.own_actions import OwnAction
from dola_ls.core.own_reading import read_actions

_LARGEST_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class UserFile:
    """What a user file says."""

    settings: Mapping[str, object] = field(default_factory=dict)
    #: Those of the user's own actions that can be used.
    actions: tuple[OwnAction, ...] = ()
    #: Why nothing is known of what it says, as a sentence; it may name files to be kept back.
    unread: str | None = None


class _Unusable(Exception):
    """The file says nothing, and why."""


def default_user_file() -> Path | None:
    """Return where the user's ``config.toml`` belongs, or None where there is no home folder."""
    import platformdirs

    folder = Path(platformdirs.user_config_dir("dola-ls", appauthor=False))
    return folder / "config.toml" if folder.is_absolute() else None


def chosen_file(env: Mapping[str, str], default: Path | None, problems: list[str]) -> Path | None:
    """Return the file that ``DOLA_CONFIG`` names, else `default`."""
    given = env.get("DOLA_CONFIG", "").strip()
    if not given:
        return default
    try:
        path = Path(given).expanduser()
    except RuntimeError:  # "~name" of nobody
        path = Path(given)
    if not path.is_absolute():
        # Editors start the server in the workspace, whose files are not to be trusted (S1).
        problems.append(
            f"DOLA_CONFIG={given!r} was ignored: a relative path would be looked up in the "
            "workspace. Give an absolute path."
        )
        return default
    if not os.path.exists(path):
        problems.append(f"DOLA_CONFIG names {path}, which does not exist. No user file was read.")
    return path


def read_user_file(path: Path, problems: list[str]) -> UserFile:
    """Return what the user file says; a file that cannot be used says nothing but why."""
    try:
        if not path.exists():
            return UserFile()
        text, mode = _text(path)
        data = _data(text)
    except (_Unusable, OSError) as error:
        why = error if isinstance(error, _Unusable) else f"it cannot be read: {_named(error)}."
        unread = f"{path} was ignored, because {why}"
        problems.append(unread)
        return UserFile(unread=unread)
    section = data.get("dola", data)
    if mode & 0o077 and isinstance(section, dict) and section.pop("api_key", None) is not None:
        problems.append(
            f"`api_key` in {path} was not used, because other users of this machine can read the "
            f"file. Run: chmod 600 '{path}'"
        )
    actions, wrong = read_actions(data, text, path.name)
    problems += wrong
    if isinstance(section, dict):
        section.pop("actions", None)
    return UserFile(data, tuple(actions))


def _text(path: Path) -> tuple[str, int]:
    """Return the text of the file and its mode, 0 where that means nothing."""
    if not path.is_file():  # opening a pipe would wait for ever
        raise OSError("it is not a regular file")
    mode = path.stat().st_mode if os.name == "posix" else 0
    with path.open("rb") as file:
        raw = file.read(_LARGEST_FILE + 1)
    if len(raw) > _LARGEST_FILE:
        raise OSError("it is larger than 1 MiB")
    if mode & 0o002:
        raise _Unusable(f"every user of this machine can write to it. Run: chmod 600 '{path}'")
    try:
        return raw.decode("utf-8-sig"), mode
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _Unusable(f"line {line} is not UTF-8.") from None


def _data(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _Unusable(f"it is not valid TOML: {error}.") from None
    except RecursionError:  # tomllib calls itself for each bracket
        raise _Unusable("its values are nested too deeply.") from None


def _named(error: OSError) -> str:
    return error.strerror or str(error)
