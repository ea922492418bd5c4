"""What the values of settings may be: each function returns one as it is used, or says why not."""

from __future__ import annotations

import contextlib
import math
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr


def lower(value: object) -> object:
    """Return a word in small letters."""
    return value.strip().lower() if isinstance(value, str) else value


def one_line(value: str) -> str:
    """Return a name; raises ValueError where it is none."""
    value = value.strip()
    if not value or len(value) > 200 or not value.isprintable():
        raise ValueError("must be one line of 1 to 200 characters")
    return value


def absolute(value: str) -> str:
    """Return a path in full; raises ValueError for one that is looked up in the workspace."""
    path = Path(value).expanduser()
    if not path.is_absolute():
        # A relative path would be looked up in the workspace, where the editor starts the server.
        raise ValueError("must be an absolute path, or begin with ~")
    return str(path)


def proxy_address(value: SecretStr) -> SecretStr:
    """Return the address of a proxy; raises ValueError where it is none."""
    if not re.match(r"https?://[^\s/]+/?$", value.get_secret_value()):
        raise ValueError("must be an http:// or https:// address without a path")
    return value


def command(
    value: tuple[str, ...], example: str = '["pass", "show", "aimlapi"]'
) -> tuple[str, ...]:
    """Return a program and its arguments; raises ValueError for one that lies in the workspace."""
    if not value or not value[0].strip() or any("\0" in part for part in value):
        raise ValueError(f"must be a list such as {example}")
    name = value[0]
    if re.search(r"[/\\]", name) and not Path(name).expanduser().is_absolute():
        raise ValueError("must begin with an absolute path or a bare program name")
    return value


def run_command(value: object) -> object:
    """Return whether or by which command tests are run."""
    example = '["python3", "-m", "pytest", "{file}"]'
    if isinstance(value, bool):
        return value
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise ValueError(f"must be true, false or a list such as {example}")
    if value and re.match(r"\{root\}[/\\]", value[0]):
        return tuple(value)  # a program of the project, by the user's own word
    return command(tuple(value), example)


def globs(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns of files; raises ValueError for what Git would not take."""
    for pattern in value:
        if not pattern.strip() or pattern.startswith(("!", "#")):
            raise ValueError("must be a list of patterns as in .gitignore, none of them with !")
        from pathspec import GitIgnoreSpec

        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            raise ValueError('must be a list of patterns such as ["*.sql", "internal/"]') from None
    return value


def listed(value: object) -> object:
    """Return a list also where a single word stands for one."""
    return (value,) if isinstance(value, str) else value


def limit(value: object) -> object:
    """Read a limit, which the environment gives as text; "none" is no limit."""
    if isinstance(value, str):
        if value.strip().lower() == "none":
            return math.inf
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        raise ValueError('must be a number from 0 on, or "none" for no limit')
    return value


def switch(value: object) -> object:
    """Read a switch, which the environment gives as text."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


Limit = Annotated[float, BeforeValidator(limit)]
Name = Annotated[str, AfterValidator(one_line)]
