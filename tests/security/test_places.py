"""S8: what other tools say is sent without the user's folders and name."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dola_ls import running_tests
from dola_ls.project import without_places
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel
from tests.lsp.shop import TEXT, server_with

FOLDERS = (r"c:\Users\me\mono", r"d:\work")
HOME = r"C:\Users\me"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (r"cannot find C:\Users\me\mono\src\a.ts", r"cannot find src\a.ts"),
        ("'c:/Users/me/mono/src/a.ts' has an 'any' type", "'src/a.ts' has an 'any' type"),
        (r"D:\WORK\a.ts and d:\work", r"a.ts and ~"),
        ("at file:///C:/Users/me/mono/a.mjs:3", "at file:///a.mjs:3"),
        ("at file:///c%3A/Users/me/mono/a.mjs:3", "at file:///a.mjs:3"),
        (r"No such file: 'C:\\Users\\me\\mono\\a.py'", "No such file: 'a.py'"),
        (r"C:\Users\me\AppData\x.js", r"AppData\x.js"),
        (r"the folder C:\Users\me.", "the folder ~."),
        (r"C:\Users\melanie\x.js", r"C:\Users\melanie\x.js"),
    ],
)
def test_places_on_windows(said: str, left: str) -> None:
    assert without_places(said, [*FOLDERS, HOME], fold=True) == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("/home/me/my shop/a.py: no", "a.py: no"),
        ("file:///home/me/my%20shop/a.py", "file://a.py"),
        ("in /home/me/x and /home/me", "in x and ~"),
        ("/HOME/ME/x", "/HOME/ME/x"),
        ("/home/melanie/x", "/home/melanie/x"),
        ("/usr/lib/x.so: and/or", "/usr/lib/x.so: and/or"),
    ],
)
def test_places_elsewhere(said: str, left: str) -> None:
    assert without_places(said, ["/home/me/my shop", "/home/me", "/"], fold=False) == left


def test_places_by_their_real_path(tmp_path: Path) -> None:
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.symlink_to(real, target_is_directory=True)
    assert without_places(f"{real}/a.py {linked}/b.py", [linked]) == "a.py b.py"


def test_what_a_test_runner_says(tmp_path: Path) -> None:
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.symlink_to(real, target_is_directory=True)
    trial: Any = SimpleNamespace(home=SimpleNamespace(root=linked))
    plan: Any = SimpleNamespace(copy=None)
    said = f"rootdir: {real}\n{linked}/a.py:3: {Path.home()}/b.py"
    assert running_tests._without_places(said, trial, plan) == "rootdir: ~\na.py:3: b.py"


async def test_a_linked_workspace_is_not_named_by_its_real_path(tmp_path: Path) -> None:
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.symlink_to(real, target_is_directory=True)
    (real / "a.py").write_text(TEXT)
    uri = (linked / "a.py").as_uri()
    model = FakeModel("")
    async with Editor.connect(server_with(tmp_path, model), folder=linked) as editor:
        await editor.open(uri, TEXT)
        at = editor.range_of(uri, "result")
        problem = {"range": at, "message": f"See {real}/b.py and {linked}/c.py", "source": "x"}
        await editor.run("dola.fix", {"uri": uri, "range": at, "diagnostics": [problem]})
        await editor.idle()
        editor.take_messages()
    assert "See b.py and c.py" in model.prompts[0].user
    assert str(tmp_path) not in model.prompts[0].user
