"""A small project whose new tests are really run, and a server that may run them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dola_ls.lsp.server import DolaServer, create_server
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import chosen

SOURCE = """\
def total(items):
    result = 0
    for item in items:
        result = result + item
    return result
"""
RIGHT = "from a import total\n\n\ndef test_two():\n    assert total([1, 2]) == 3\n"
WRONG = RIGHT.replace("== 3", "== 4")


def use_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this Python, which has pytest, be the one that is found."""
    here = os.path.dirname(sys.executable)
    monkeypatch.setenv("PATH", os.pathsep.join([here, os.environ["PATH"]]))
    for name in ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST"):
        monkeypatch.delenv(name, raising=False)


def project(folder: Path, source: str = SOURCE) -> Path:
    """Make a project of one module; return the module."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-p no:asyncio'\n")
    (folder / "a.py").write_text(source)
    return folder / "a.py"


def server_for(folder: Path, model: FakeModel, run: str = "true") -> DolaServer:
    """Return a server whose user has set `tests.run`."""
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text(f"[tests]\nrun = {run}\n")
    return create_server(env={"DOLA_CONFIG": str(config)}, model=model)


def answers(*codes: str, label: str = "python") -> FakeModel:
    """Return a model that answers with these tests, one after the other."""
    return FakeModel(*(fenced(code, label) for code in codes), context_tokens=1500)


async def generate(editor: Editor, file: Path, at: str = "result = 0") -> None:
    """Have tests generated for what stands at `at`, and wait until all is done."""
    await editor.execute(await chosen(editor, file.as_uri(), "dola.generateTests", at))
    await editor.idle(60)


def shown(editor: Editor) -> list[tuple[int, str]]:
    """Return the lines and messages of the diagnostics that were published last."""
    published = editor.take_diagnostics()
    assert all(one["source"] == "dola-ls" for each in published for one in each["diagnostics"])
    if not published:
        return []
    return [(one["range"]["start"]["line"], one["message"]) for one in published[-1]["diagnostics"]]


def leftovers(folder: Path) -> list[str]:
    """Return files that a run should have taken away again."""
    return [path.name for path in folder.rglob("*") if "dola" in path.name]
