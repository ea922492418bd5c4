"""Where a program is, so that nothing in a workspace can stand in for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def find_program(name: str, env: Mapping[str, str], but_not: Sequence[Path] = ()) -> str | None:
    """Return the path of a program, from the absolute folders of PATH only.

    `shutil.which` and Windows itself look in the current folder first, which is the workspace.
    Folders of PATH that lie below `but_not` are passed over too.
    """
    path = Path(name).expanduser()
    if path.is_absolute():
        return str(path) if path.is_file() else None
    if path.name != name:
        return None
    windows = os.name == "nt"
    endings = ["", *env.get("PATHEXT", ".EXE;.CMD;.BAT").split(";")] if windows else [""]
    for folder in absolute_folders(env.get("PATH", os.defpath)):
        if any(folder.resolve().is_relative_to(other.resolve()) for other in but_not):
            continue
        for candidate in (folder / (name + ending) for ending in endings):
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return str(candidate)
    return None


def absolute_folders(path: str) -> list[Path]:
    """Return the folders of a PATH that do not depend on the current one."""
    return [folder for folder in map(Path, path.split(os.pathsep)) if folder.is_absolute()]
