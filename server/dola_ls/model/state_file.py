"""Small files that are kept between sessions, in a folder of the user's own."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

_LARGEST_FILE = 1 << 20


def state_folder() -> Path | None:
    """Return the user's folder for what is kept between sessions; None without a home folder."""
    import platformdirs

    folder = Path(platformdirs.user_state_dir("dola-ls", appauthor=False))
    # Without a home folder the path begins with a literal "~", below the workspace.
    return folder if folder.is_absolute() else None


def read_json(path: Path) -> object:
    """Return the JSON at `path`; None where there is none."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return None
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
        data: object = json.loads(raw) if len(raw) <= _LARGEST_FILE else None
    except (OSError, ValueError, RecursionError):
        return None
    return data


def version_of(data: object) -> int | None:
    """Return the version that JSON says it has; None where it says none."""
    version = data.get("version") if isinstance(data, dict) else None
    return version if type(version) is int else None


def write_whole(path: Path, text: str, *, lasting: bool = False) -> None:
    """Write a file whole or not at all, readable by the user only. Raises OSError.

    One that is `lasting` outlives a power cut; without that an empty one may be left.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes the file with mode 0600.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        _replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _replace(name: str, path: Path) -> None:
    for _ in range(20):
        try:
            os.replace(name, path)
            return
        except PermissionError:
            # Windows does not replace a file while another server reads it, which is soon over.
            if sys.platform != "win32":
                raise
            time.sleep(0.01)
    os.replace(name, path)
