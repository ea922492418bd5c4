"""The index of a folder on disk: what is looked into, what is passed over, what has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dola_ls import indexing
from dola_ls.core.catalogue import Catalogue
from dola_ls.indexing import MAX_FILE, Index
from dola_ls.keeping_back import Wishes


def project(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files; return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def index_of(folder: Path, wishes: Wishes = Wishes(), near: str = "") -> Index:  # noqa: B008
    index = Index(folder, wishes)
    again(index, near)
    return index


def again(index: Index, near: str = "") -> Catalogue:
    index.walk(near)
    while not index.work(10):
        pass
    return index.catalogue()


def names_of(index: Index) -> set[str]:
    """Return all names that are known."""
    files = index.catalogue().files.values()
    return {one.name for tagged in files for one in tagged.definitions}


def one(name: str) -> str:
    return f"def {name}():\n    pass\n"


def test_files_of_all_folders_and_languages(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        {
            "a.py": one("a"),
            "src/deep/b.ts": "export const b = 1;\n",
            "c.go": "package c\n\nfunc C() {}\n",
            "README.md": "# d\n",
            "data.json": '{"e": 1}',
        },
    )
    index = index_of(folder)
    assert index.complete
    assert sorted(index.catalogue().files) == ["a.py", "c.go", "src/deep/b.ts"]
    assert names_of(index) == {"a", "b", "C"}


PASSED_OVER: dict[str, dict[str, str | bytes]] = {
    "what .gitignore names": {".gitignore": "out/\nx.py\n", "out/y.py": one("y"), "x.py": one("x")},
    "what a .gitignore further down names": {"s/.gitignore": "x.py\n", "s/x.py": one("x")},
    "what an ignore file of another tool names": {".aiignore": "x.py\n", "x.py": one("x")},
    "what is below an unreadable ignore file": {"s/.aiignore": b"\xff\xfe", "s/x.py": one("x")},
    "files that hold secrets by their names": {"secrets.py": one("x"), "credentials.ts": one("y")},
    "files that steer a tool": {".vscode/x.py": one("x"), ".github/workflows/x.py": one("y")},
    "what was brought in": {"node_modules/a/x.js": "function x() {}\n", "venv/x.py": one("x")},
    "virtual environments": {"my/pyvenv.cfg": "", "my/lib/x.py": one("x")},
    "binary files": {"x.py": b"def x():\n    pass\n\0"},
    "what is not UTF-8": {"x.py": "def x():\n    return 'é'\n".encode("latin-1")},
    "huge files": {"x.py": "x = 1\n" * (MAX_FILE // 6 + 1)},
    "names that cannot be shown": {"x\ny.py": one("x"), "z\u202e.py": one("z")},
}  # fmt: skip


@pytest.mark.parametrize("files", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_passed_over(files: dict[str, str | bytes], tmp_path: Path) -> None:
    if os.name == "nt" and any("\n" in name for name in files):
        pytest.skip("such names cannot be made here")
    index = index_of(project(tmp_path, {"a.py": one("a"), **files}))
    assert names_of(index) == {"a"}


def test_what_the_users_own_patterns_name(tmp_path: Path) -> None:
    folder = project(tmp_path, {"a.py": one("a"), "internal/b.py": one("b"), "c.py": one("c")})
    wishes = Wishes(("internal/", folder.as_posix() + "/c.py"))
    assert names_of(index_of(folder, wishes)) == {"a"}


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_links_lead_nowhere(tmp_path: Path) -> None:
    outside = project(tmp_path / "outside", {"x.py": one("x"), "deep/y.py": one("y")})
    folder = project(tmp_path / "work", {"a.py": one("a")})
    (folder / "x.py").symlink_to(outside / "x.py")
    (folder / "deep").symlink_to(outside / "deep", target_is_directory=True)
    (folder / "again.py").symlink_to(folder / "a.py")
    (folder / "round.py").symlink_to(folder / "round.py")
    (folder / "gone.py").symlink_to(folder / "nowhere.py")
    index = index_of(folder)
    assert list(index.catalogue().files) == ["a.py"]
    for name in ("x.py", "deep/y.py", "round.py", "gone.py", "../outside/x.py"):
        assert index.read(name) is None
        index.recheck(name)
    assert list(index.catalogue().files) == ["a.py"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_a_folder_that_is_a_link_is_looked_into(tmp_path: Path) -> None:
    real = project(tmp_path / "real", {"a.py": one("a")})
    (tmp_path / "link").symlink_to(real, target_is_directory=True)
    index = index_of(tmp_path / "link")
    assert names_of(index) == {"a"}
    assert index.name_of(tmp_path / "link" / "a.py") == index.name_of(real / "a.py") == "a.py"
    assert index.name_of(tmp_path / "other.py") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    folder = project(tmp_path, {"a.py": one("a")})
    os.mkfifo(folder / "pipe.py")
    assert names_of(index_of(folder)) == {"a"}


def test_what_cannot_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path, {"a.py": one("a"), "b.py": one("b")})
    real = Path.open

    def opened(path: Path, *arguments: Any, **more: Any) -> Any:
        # Root may read everything, so that no mode of a file would do.
        if path.name == "b.py":
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", opened)
    assert names_of(index_of(folder)) == {"a"}


def test_changes_are_found_by_size_and_time(tmp_path: Path) -> None:
    folder = project(tmp_path, {"a.py": one("a"), "b.py": one("b"), "c.py": one("c")})
    index = index_of(folder)
    project(folder, {"a.py": one("other"), "d.py": one("d")})
    (folder / "b.py").unlink()
    (folder / "c.py").rename(folder / "e.py")
    again(index)
    found = index.catalogue().files
    assert {path: tagged.definitions[0].name for path, tagged in found.items()} == {
        "a.py": "other",
        "d.py": "d",
        "e.py": "c",
    }


def test_what_has_not_changed_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path, {f"{n}.py": one("a") for n in range(20)})
    index = index_of(folder)
    read: list[str] = []
    real = Index.read
    monkeypatch.setattr(Index, "read", lambda self, name: read.append(name) or real(self, name))
    project(folder, {"7.py": one("other")})
    again(index)
    assert read == ["7.py"]


def test_a_file_that_is_about_to_be_used_is_looked_at_once_more(tmp_path: Path) -> None:
    names = ("changed.py", "gone.py", "kept.py", "same.py")
    folder = project(tmp_path, {name: one(name[:4]) for name in names})
    index = index_of(folder)
    project(folder, {"changed.py": one("other"), ".aiignore": "kept.py\n"})
    (folder / "gone.py").unlink()
    assert [name for name in names if index.recheck(name)] == ["same.py"]
    assert sorted(index.catalogue().files) == ["changed.py", "same.py"]
    assert index.recheck("changed.py")
    # And back again, as soon as it is looked through the next time.
    (folder / ".aiignore").unlink()
    assert sorted(again(index).files) == ["changed.py", "kept.py", "same.py"]


def test_the_files_next_to_the_one_at_hand_come_first_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MAX_FILES", 3)
    files = {f"far/{n}.py": one(f"far{n}") for n in range(5)}
    near = {"near/a.py": one("a"), "near/b.py": one("b"), "near/deep/c.py": one("c")}
    index = index_of(project(tmp_path, {**files, **near}), near="near/x.py")
    assert names_of(index) == {"a", "b", "c"}
    assert index.beyond == 5
    assert not index_of(project(tmp_path / "near", {})).beyond


def test_there_is_an_end_to_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path, {f"{n}.py": one("f") * 50 for n in range(5)})
    monkeypatch.setattr(indexing, "MAX_SIZE", 20_000)
    index = index_of(folder)
    assert index.complete
    assert index.full
    assert 0 < len(index.catalogue().files) < 5
    monkeypatch.undo()
    assert len(again(index).files) == 5
    for n in range(5):
        (folder / f"{n}.py").unlink()
    again(index)
    assert index._size == 0


def test_work_is_done_in_slices(tmp_path: Path) -> None:
    index = Index(project(tmp_path, {f"{n}.py": one(f"f{n}") for n in range(12)}), Wishes())
    index.walk()
    assert len(index.names) == 12
    slices = 0
    while not index.work(0):
        slices += 1
        assert len(index.catalogue().files) == slices
        assert not index.complete
    assert slices == 11
    assert index.complete


def test_a_folder_that_is_gone_is_empty(tmp_path: Path) -> None:
    index = index_of(tmp_path / "nowhere")
    assert index.complete
    assert index.catalogue().files == {}
