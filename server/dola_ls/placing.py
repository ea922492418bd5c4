"""Where new tests go on this disk: the framework, the file, and what the file holds today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dola_ls.core.actions import Target
from dola_ls.core.left_out import LeftOut
from dola_ls.core.parsing import Tree
from dola_ls.core.testing.detection import detect_framework
from dola_ls.core.testing.frameworks import Framework, Unknown
from dola_ls.core.testing.listing import Listing
from dola_ls.core.testing.needs import Need, needs_of
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.places import place_tests
from dola_ls.keeping_back import Wishes, why_not_along
from dola_ls.project import (
    check_file,
    check_new_file,
    list_files,
    nearest_manifest,
    project_root,
    real_path,
)

#: Manifests and test files that are larger say nothing that is worth the time.
_MAX_READ = 256_000
_NO_WISHES = Wishes()

#: Gives the text of a file that is open in the editor, by its path; None for others.
OpenText = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Home:
    """Where the tests of a symbol go."""

    path: Path
    framework: Framework
    placement: Placement
    #: The text of the test file where there is one already, else of another one for its style.
    sample: str = ""
    #: What the tested symbol uses, of its own file and of others of the project.
    needs: tuple[Need, ...] = ()
    #: Files of the project that were of use and are not shown.
    left_out: tuple[LeftOut, ...] = ()
    #: Why nothing of the test file may be sent, as a clause; empty where it may.
    kept_back: str = ""

    @property
    def root(self) -> Path:
        """The folder that the paths of the placement are relative to."""
        return self.path.parents[self.placement.path.count("/")]


def find_home(
    source: Path,
    tree: Tree,
    target: Target,
    folders: Sequence[Path],
    open_files: Sequence[Path],
    open_text: OpenText,
    setting: Sequence[str] = (),
    wishes: Wishes = _NO_WISHES,
) -> Home | str:
    """Return where tests of a symbol go, or a sentence on why they go nowhere.

    A test file that is open but not yet on disk is there for the user. Reads the disk; not to be
    called on the event loop.
    """
    assert target.symbol is not None
    language = tree.document.language
    root = project_root(source, folders)
    names = dict.fromkeys(_listed(root, nearest_manifest(source, root)))
    names.update(dict.fromkeys(_relative(path, root) for path in open_files if _within(path, root)))

    def read(name: str) -> str | None:
        path = root / name
        text = open_text(path)
        return text if text is not None else _read(path, root)

    kept: dict[str, str] = {}

    def read_to_send(name: str) -> str | None:
        text = read(name)
        if text is not None and (why := why_not_along(root / name, root, wishes)) is not None:
            kept[name] = why
            return None
        return text

    relative = _relative(source, root)
    framework = detect_framework(language, relative, names, read, list(setting) or None)
    if isinstance(framework, Unknown):
        return f"{framework.reason} Nothing was sent."
    placement = place_tests(
        relative, target.symbol.qualified_name, language, framework, names, read
    )
    if isinstance(placement, Unknown):
        return f"{placement.reason} Nothing was sent."
    path = root / placement.path
    why = (
        check_file(path, root, folders) if placement.exists else check_new_file(path, root, folders)
    )
    if why is not None:
        what = "be changed" if placement.exists else "be created"
        return f"{placement.path} cannot {what}: {why}. Nothing was sent."
    sample = read_to_send(placement.sample) if placement.sample else None
    needs = needs_of(tree, target, relative, Listing(names, read_to_send))
    left_out = tuple(LeftOut(name, why) for name, why in kept.items())
    mine = why_not_along(path, root, wishes) or ""
    return Home(path, framework, placement, sample or "", needs, left_out, mine)


def _listed(root: Path, near: Path) -> list[str]:
    # What lies near comes first, as a walk through a large repository ends before its end.
    first = [f"{_relative(near, root)}/{name}" for name in list_files(near)] if near != root else []
    return first + list_files(root)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _within(path: Path, root: Path) -> bool:
    return path.is_relative_to(root)


def _read(path: Path, root: Path) -> str | None:
    """Return the text of a file of the project; None where it is too large, or leads out of it."""
    try:
        real = real_path(path, strict=True)
        if not real.is_relative_to(real_path(root)) or real.stat().st_size > _MAX_READ:
            return None
        return real.read_text(encoding="utf-8", errors="strict")
    except (OSError, ValueError):
        return None
