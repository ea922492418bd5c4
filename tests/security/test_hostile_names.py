"""S12: 200 names that an answer may hold, none of which is where anything is written."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from dola_ls.core.actions import GENERATE_TESTS
from dola_ls.core.outcome import Created, Edited
from dola_ls.project import check_new_file
from dola_ls.run import run
from tests.core.running import NEW, set_up
from tests.fakes.model import FakeModel

_UP = ["../", "..\\", "../../../../", "./../", "a/../../", "a//..//..//", "..././", "....//"]
_ENCODED = [
    "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f", "%c0%ae%c0%ae/", "..%c0%af",
    "\uff0e\uff0e/", "..\u2215", "..\u2044", "&#46;&#46;/", "\\u002e\\u002e/",
]  # fmt: skip
_ROOTS = [
    "/", "//", "/etc/", "/tmp/", "~/", "~root/", "$HOME/", "${HOME}/", "%USERPROFILE%\\", "C:",
    "C:\\", "C:/", "c:/windows/", "\\", "\\\\host\\share\\", "//host/share/", "\\\\?\\C:\\",
    "\\\\.\\C:\\", "file:///", "file://evil/", "file://localhost/", "FILE:///", "vscode://file/",
    "untitled:", "git:/", "zip:///", "http://evil.example/", "https://evil.example/", "ftp://e/",
]  # fmt: skip
_LEAVES = ["evil.py", "test_a.py", "passwd"]
#: What Windows takes for a device, for another stream of a file, or for another name.
_WINDOWS = [
    "NUL", "nul.py", "CON", "con.txt", "PRN", "AUX.py", "COM1", "COM1.py", "LPT1", "CLOCK$",
    "CONIN$", "COM\u00b9", "a.py:stream", "a.py::$DATA", "a.py:$I30:$INDEX_ALLOCATION", "evil.py.",
    "evil.py ", "evil.py...", "evil.py . .", "EVIL~1.PY", "evil .py", " evil.py", ".", "..", "...",
    "a<b.py", "a>b.py", "a|b.py", "a?b.py", "a*b.py", 'a"b.py',
]  # fmt: skip
_CONTROL_FILES = [
    ".git/hooks/pre-commit", ".git/config", ".vscode/settings.json", ".vscode/tasks.json",
    ".idea/workspace.xml", ".github/workflows/ci.yml", ".helix/languages.toml", ".nvim.lua",
    ".envrc", ".GIT/config", ".Vscode/Tasks.json", ".git\u200c/config", "AGENTS.md", "claude.MD",
    ".husky/pre-push", "conftest.code-workspace",
]  # fmt: skip
#: Twins of files that are there, links, and what other programs read in a name.
_OTHERS = [
    "A.PY", "a.PY", "a.py", "TESTS/TEST_A.PY", "Tests/test_a.py", "tests/Test_A.py", "ａ.py",
    "a\u0301.py", "\u00e1.py", "\u202eyp.live", "a\u200b.py", "a\u00a0.py", "a\tb.py", "a\rb.py",
    "a\x1bb.py", "a\x00b.py", "a\x00", "link/evil.py", "link/../evil.py", "tests/link/evil.py",
    "-rf", "--exec=evil", "$(touch evil)", "`touch evil`", "; rm -rf /", "| sh", "&& sh", "> evil",
    "*", "{a,b}", "!evil", "#evil", "'evil'", "x" * 255 + ".py", "x" * 255 + "/x.py",
    "/".join(map(str, range(999))), "-".join(map(str, range(1500))),
    "é" * 200 + ".py",
]  # fmt: skip
_LED_OUT = map("".join, product([*_UP, *_ENCODED, *_ROOTS], _LEAVES))
HOSTILE = list(dict.fromkeys([*_LED_OUT, *_WINDOWS, *_CONTROL_FILES, *_OTHERS]))


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 200


def answers(name: str, code: str) -> list[str]:
    """Return answers that name a file in the places where models do."""
    line = " ".join(name.replace("\0", "").split())
    label = line.replace("`", "")
    return [
        f"File: {line}\n\n```python {label}\n{code}```\nSaved to {line}.",
        f"**`{label}`**\n```python title={label}\n{code}```\n",
    ]


TESTS = "def test_total():\n    assert total([1]) == 1\n"


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_new_tests_go_where_they_were_to_go_before_the_model_was_asked(name: str) -> None:
    for text in answers(name, TESTS):
        task, editor = set_up(GENERATE_TESTS)
        outcome = await run(task, editor, FakeModel(text, chunk=400))
        assert isinstance(outcome, Created), outcome
        assert [path for path, _ in editor.created] == [Path("/shop/tests/test_a.py")]
        assert editor.applied == []


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_an_edit_goes_into_the_document_it_was_asked_for(name: str) -> None:
    """`FakeEditor.apply` takes edits of that document and of no other."""
    for text in answers(name, NEW):
        task, editor = set_up()
        outcome = await run(task, editor, FakeModel(text, chunk=400))
        assert isinstance(outcome, Edited), outcome
        assert editor.created == []
        assert len(editor.applied) == 1


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with a link out of it."""
    outside = tmp_path_factory.mktemp("outside")
    root = tmp_path_factory.mktemp("shop")
    (root / "a.py").touch()
    (root / "tests").mkdir()
    (root / "tests" / "test_a.py").touch()
    (root / "link").symlink_to(outside, target_is_directory=True)
    (root / "tests" / "link").symlink_to(outside, target_is_directory=True)
    return root


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_even_as_a_place_of_our_own_it_would_not_lead_out(name: str, shop: Path) -> None:
    """The last look before a file is made lets nothing out, over nothing, and does not raise."""
    why = check_new_file(shop / name, shop, [shop])
    if why is not None:
        return
    real = os.path.realpath(shop / name)
    assert real.startswith(f"{shop.resolve()}{os.sep}")
    assert not os.path.lexists(real)
    inside = Path(real).relative_to(shop.resolve())
    assert not {part.lower() for part in inside.parts} & {".git", ".vscode", ".idea", ".husky"}


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "link/evil.py", "tests/link/evil.py",
             "a.py", "tests/test_a.py", "a\0b.py", "..", ".", ".git/config", ".GIT/config",
             ".vscode/tasks.json", ".nvim.lua"]
)  # fmt: skip
def test_the_last_look_refuses_what_leads_out_or_lies_there(name: str, shop: Path) -> None:
    assert check_new_file(shop / name, shop, [shop]) is not None
