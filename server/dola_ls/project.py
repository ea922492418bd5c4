"""What the disk says of a project: its top, its files, and whether a new file may be made."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath
from urllib.parse import quote

from dola_ls.core.gate import may_edit
from dola_ls.core.policy import is_within

#: Files and folders that stand at the top of a project or of one of its parts.
_MANIFESTS = (
    "pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", "tox.ini", "package.json", "go.mod",
    "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "Gemfile", "composer.json",
    "CMakeLists.txt",
)  # fmt: skip
_REPOSITORIES = (".git", ".hg", ".jj")
_SKIPPED = frozenset(
    {"node_modules", "__pycache__", "site-packages", "venv", "env", "target", "vendor", "obj"}
)
_MAX_FILES = 20_000


def real_path(path: Path, *, strict: bool = False) -> Path:
    """Return a path without links; what leads to itself, or nowhere, stays as it is.

    With `strict` both raise OSError. Up to Python 3.12 `Path.resolve` raises RuntimeError for a
    link that leads to itself.
    """
    return Path(os.path.realpath(path, strict=strict))


def workspace_folder_of(path: Path, folders: Sequence[Path]) -> Path | None:
    """Return the innermost workspace folder that holds `path`, by their real paths."""
    real = real_path(path)
    holding = [folder for folder in folders if is_within(real, real_path(folder))]
    return max(holding, key=lambda folder: len(real_path(folder).parts), default=None)


def without_places(
    text: str, folders: Sequence[Path | str], *, fold: bool = os.name == "nt"
) -> str:
    """Return a text in which paths begin below these folders and the user's home (S8).

    They are known by their real paths too, with either slash, doubled as in quoted strings, and as
    addresses have them. One alone becomes ``~``. With `fold` small and capital letters are the
    same.
    """
    named = {str(folder) for folder in (*folders, os.path.expanduser("~"))}
    named |= {os.path.realpath(folder) for folder in named if os.path.isabs(folder)}
    for folder in sorted(named, key=len, reverse=True):
        root, *parts = re.split(r"[\\/]+", folder.rstrip("\\/"))
        if not parts:  # a whole disk is in every path
            continue
        spelled = [f"(?:{re.escape(part)}|{re.escape(quote(part))})" for part in (root, *parts)]
        # An address has three slashes in front, and only the last one is the folder's.
        start = spelled[0] + r"[\\/]+" if root else r"[\\/]"
        pattern = start + r"[\\/]+".join(spelled[1:]) + r"(?:([\\/]+)|(?!\w))"
        flags = re.IGNORECASE if fold else re.NOFLAG
        text = re.sub(pattern, lambda found: "" if found[1] else "~", text, flags=flags)
    return text


def project_root(path: Path, folders: Sequence[Path]) -> Path:
    """Return the top of the project of a file, under which its tests may lie.

    That is the top of its repository, or else the outermost folder with a manifest; never above
    the workspace folder the file lies in, and that folder itself where there is neither. For a
    file outside of all of them it is the file's own folder. It is a parent of `path` as that is
    given.
    """
    top = workspace_folder_of(path, folders)
    inside = path.parent
    outermost: Path | None = None
    for folder in path.parents:
        if top is not None and not real_path(folder).is_relative_to(real_path(top)):
            break
        inside = folder
        if any(os.path.exists(folder / name) for name in _REPOSITORIES):
            return folder
        if any(os.path.exists(folder / name) for name in _MANIFESTS):
            outermost = folder
    # Not `top` itself: one of the two may be known by a link, and then it does not hold the other.
    return outermost or (inside if top is not None else path.parent)


def repository_of(path: Path) -> Path | None:
    """Return the top of the innermost repository that a file lies in."""
    for folder in path.parents:
        if any(os.path.exists(folder / name) for name in _REPOSITORIES):
            return folder
    return None


def nearest_manifest(path: Path, root: Path) -> Path:
    """Return the innermost folder of a file that has a manifest; `root` where none has."""
    for folder in path.parents:
        if folder == root or any(os.path.exists(folder / name) for name in _MANIFESTS):
            return folder
    return root


def _ignored(root: Path) -> Callable[[str], bool]:
    try:
        lines = (root / ".gitignore").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return lambda _: False
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines).match_file
    except ValueError:
        return lambda _: False


def list_files(root: Path) -> list[str]:
    """Return the project's files, relative to `root`, with forward slashes.

    Hidden folders, virtual environments, what is built or brought in from elsewhere, links to
    folders and what ``.gitignore`` names are left out, and the walk ends after 20 000 files.
    """
    return list(_walk(root, _ignored(root)))


def _walk(root: Path, ignored: Callable[[str], bool]) -> Iterator[str]:
    count = 0
    for folder, folders, names in os.walk(root):
        here = PurePath(os.path.relpath(folder, root)).as_posix()
        prefix = "" if here == "." else here + "/"
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
            and not ignored(f"{prefix}{name}/")
        )
        for name in sorted(names):
            count += 1
            if count > _MAX_FILES:
                return
            if not ignored(prefix + name):
                yield prefix + name


def check_file(path: Path, root: Path, folders: Sequence[Path]) -> str | None:
    """Return why a file that is there must not be changed, as a clause; None where it may.

    Its real path has to lie in a workspace folder, or in the project where there is none, so that
    no link leads out; and it must not be a file that steers a tool.
    """
    if "\0" in str(path):
        return "its name is not one of a file"
    allowed = workspace_folder_of(path, folders) if folders else root
    real = real_path(path)
    if allowed is None or not is_within(real, real_path(allowed)):
        return "it lies outside the workspace"
    verdict = may_edit(real.relative_to(real_path(allowed)))
    return verdict.reason if verdict is not None else None


def check_new_file(path: Path, root: Path, folders: Sequence[Path]) -> str | None:
    """Return why a new file must not be made at `path`, as a clause; None where it may.

    Its real path has to lie in a workspace folder, or in the project where there is none, so that
    no link leads out; nothing may be there yet; and it must not be a file that steers a tool.
    """
    if "\0" in str(path):
        return "its name is not one of a file"
    allowed = workspace_folder_of(path, folders) if folders else root
    real = real_path(path)
    if allowed is None or not is_within(real, real_path(allowed)):
        return "it would lie outside the workspace"
    if os.path.lexists(path):
        return "it exists already"
    verdict = may_edit(real.relative_to(real_path(allowed)))
    if verdict is not None:
        return verdict.reason
    for parent in path.parents:
        if os.path.exists(parent):
            if not os.path.isdir(parent):
                return f"{parent.name} is not a folder"
            if not os.access(parent, os.W_OK):
                return f"the folder {parent.name} cannot be written to"
            break
    return None
