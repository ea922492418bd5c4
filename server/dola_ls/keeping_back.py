"""Files that nothing may be sent of, the one the user works on included (S7).

What any rule names is kept back: the ignore files of this and other tools from the file's folder
up to the top of its repository and workspace folder, names that are usual for secrets, and the
user's own patterns. Looked at are the path as it is given and the real one. An ignore file that
cannot be read or understood keeps back everything below it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dola_ls.core.languages import language_of, language_of_file
from dola_ls.core.policy import IGNORE_FILES, is_within, may_hold_secrets
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.project import project_root, real_path, repository_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Whether the file systems of this machine usually take ``A.py`` and ``a.py`` for the same.
_FOLDS = os.name == "nt" or sys.platform == "darwin"
_LARGEST = 1 << 20
#: What means something else in a pattern than itself.
_GLOB = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user's own settings say of files."""

    #: Patterns as in ``.gitignore``, of the project's top; with ``/`` or ``~/`` in front absolute.
    exclude: tuple[str, ...] = ()
    #: Actions may work on files that ``.gitignore`` names.
    gitignored: bool = False


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Why nothing may be sent of a file."""

    #: A clause on the file: ``line 3 of .aiignore names it (“secrets/”)``.
    why: str
    #: What the user can do, as a sentence.
    advice: str


def why_kept_back(
    path: Path,
    folders: Sequence[Path],
    wishes: Wishes = Wishes(),
    *,
    at_hand: bool = True,
    fold: bool = _FOLDS,
) -> KeptBack | None:
    """Return why nothing may be sent of a file, or None. Reads the disk.

    Of a file `at_hand`, which the user has opened, ``credentials.py`` and ``secrets.ts`` are the
    code that deals with them, whose text is looked through before it is sent.
    """
    given = Path(os.path.abspath(path))
    for one in dict.fromkeys((given, real_path(given))):
        is_code = at_hand and language_of(language_of_file(one)).grammar is not None
        if may_hold_secrets(one, is_code=is_code):
            return KeptBack(
                "by its name or its folder's it may hold secrets",
                "Keep code in a file of another name.",
            )
        repository = repository_of(one)
        top = _top(one, folders, repository)
        found = _by_user(one, top, wishes, fold)
        found = found or _by_ignore_file(one, top, repository, wishes, fold)
        if found is not None:
            return found
    return None


def is_kept_back(path: Path, root: Path, wishes: Wishes = Wishes()) -> bool:
    """Tell whether a file of the project must not be sent along with other code.

    That is so too where it lies outside `root`, or where ``.gitignore`` names it.
    """
    return why_not_along(path, root, wishes) is not None


def why_not_along(path: Path, root: Path, wishes: Wishes = Wishes()) -> str | None:
    """Return, as a clause, why a file of the project must not go along with other code."""
    if not is_within(real_path(path), real_path(root)):
        return "it lies outside the project"
    strict = Wishes(wishes.exclude)
    kept = why_kept_back(path, [root], strict, at_hand=False)
    return kept.why if kept is not None else None


def _top(path: Path, folders: Sequence[Path], repository: Path | None) -> Path:
    """Return the outermost folder whose ignore files count for a file."""
    known = {place for folder in folders for place in (folder, real_path(folder))}
    holding = [folder for folder in path.parents if folder in known]
    tops = [*holding, *([repository] if repository is not None else [])]
    return min(tops or [project_root(path, folders)], key=lambda folder: len(folder.parts))


def _by_user(path: Path, top: Path, wishes: Wishes, fold: bool) -> KeptBack | None:
    for pattern in wishes.exclude:
        rules, below = [pattern], path.relative_to(top)
        if pattern.startswith(("/", "~/")):
            # Of the whole disk, which has no other place for a beginning.
            rules, below = _absolute(pattern), path.relative_to(path.anchor)
        found = _match(rules, below.as_posix(), fold)
        if found is not None:
            return KeptBack(
                f"`privacy.exclude` in your own config.toml names it (“{_shown(pattern)}”)",
                "Change that setting if Dola may work here.",
            )
    return None


def _absolute(pattern: str) -> list[str]:
    """Return a pattern for absolute paths without what all of them begin with.

    It is there as it is written, and with the folders before its first glob character by their
    real path: a file that lies behind a link may be opened by either.
    """
    home = Path.home()
    start, rest = Path(home.anchor), pattern.lstrip("/")
    if pattern.startswith("~/"):
        start, rest = home, pattern.removeprefix("~/")
    glob = _GLOB.search(rest)
    literal = rest if glob is None else rest[: rest.rfind("/", 0, glob.start()) + 1]
    end = "/" if literal.endswith("/") or not literal else ""
    real = f"{_as_pattern(real_path(start / literal))}{end}{rest[len(literal) :]}"
    return [f"{_as_pattern(start)}/{rest}", real]


def _as_pattern(folder: Path) -> str:
    """Return a pattern for a folder, whose name stands for itself; empty for the disk."""
    return "".join(_GLOB.sub(r"\\\g<0>", f"/{part}") for part in folder.parts[1:])


def _by_ignore_file(
    path: Path, top: Path, repository: Path | None, wishes: Wishes, fold: bool
) -> KeptBack | None:
    folders = [folder for folder in path.parents if folder == top or is_within(folder, top)]
    for folder in folders:
        # Git itself looks no further up than the top of the repository.
        beyond = repository is not None and is_within(repository, folder)
        for name in IGNORE_FILES:
            if name == ".gitignore" and (wishes.gitignored or beyond):
                continue
            found = _named_by(folder / name, top, path, fold)
            if found is not None:
                return found
    return None


def _named_by(ignore_file: Path, top: Path, path: Path, fold: bool) -> KeptBack | None:
    """Return what an ignore file says of a path below its folder."""
    if _is_missing(ignore_file):  # as in most folders, and each file asks for all of them
        return None
    where = _shown(ignore_file.relative_to(top).as_posix())
    git = ignore_file.name == ".gitignore"
    advice = f"Change {where} if Dola may work here."
    if git:
        advice = (
            "Where Dola may work on files that Git ignores, set `gitignored = true` under "
            "[privacy] in your own config.toml."
        )
    try:
        lines = _lines(ignore_file)
        if lines is None:
            return None
        if ignore_file.name == ".aiexclude":
            if not any(line.strip() for line in lines):
                return KeptBack(f"{where} is empty, which keeps back everything below it", advice)
            # https://developer.android.com/studio/gemini/aiexclude knows no exceptions.
            lines = ["" if line.lstrip().startswith("!") else line for line in lines]
        inner = path.relative_to(ignore_file.parent).as_posix()
        number = _match(lines, inner, fold)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        what = reason or ("it is not UTF-8" if isinstance(error, UnicodeError) else "")
        return KeptBack(
            f"{where} cannot be {'read' if what else 'understood'}{f' ({what})' if what else ''}, "
            "so it is not known what that names",
            f"Put {where} right, or remove it.",
        )
    if number is None:
        return None
    return KeptBack(f"line {number + 1} of {where} names it (“{_shown(lines[number])}”)", advice)


def _is_missing(file: Path) -> bool:
    """Tell whether it is certain that there is no such file."""
    try:
        os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _lines(file: Path) -> list[str] | None:
    """Return the lines of an ignore file; None where there is none. Raises OSError, ValueError."""
    try:
        os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not file.is_file():  # opening a pipe would wait for ever
        raise OSError(None, "it is not a regular file")
    with file.open("rb") as opened:
        raw = opened.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise OSError(None, "it is larger than 1 MiB")
    return raw.decode("utf-8-sig").splitlines()


def _match(lines: Sequence[str], path: str, fold: bool) -> int | None:
    """Return the number of the line that names a path, or None; raises ValueError."""
    spec, numbers = _spec(tuple(lines), fold)
    result = spec.check_file(path.casefold() if fold else path)
    if not result.include or result.index is None:
        return None
    return numbers[result.index]


@lru_cache(maxsize=64)
def _spec(lines: tuple[str, ...], fold: bool) -> tuple[GitIgnoreSpec, list[int]]:
    """Return the patterns of some lines, and the number of each one's line; raises ValueError.

    All files of a workspace are looked at one after the other, and most by the same few files.
    """
    from pathspec import GitIgnoreSpec

    numbers = [number for number, line in enumerate(lines) if line]
    used = [lines[number] for number in numbers]
    return GitIgnoreSpec.from_lines([one.casefold() for one in used] if fold else used), numbers


def _shown(text: str) -> str:
    """Return words of a file as a message may hold them: VS Code makes links of some."""
    return " ".join(safe_markdown(text).split())[:80]
