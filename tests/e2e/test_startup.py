"""What the server has imported when it answers `initialize`; everything else comes afterwards.

An editor waits for that answer, and httpx, pydantic and tree-sitter together take as long as all
the rest. The real command is started, and Python itself tells what it imports.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.fakes.editor import load_profile
from tests.fakes.raw import Raw

LATER = {"httpx", "pydantic", "tree_sitter"}

_IMPORT = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)", re.MULTILINE)


def packages(told: str) -> set[str]:
    """Return the outermost packages in what Python told, but those of its own library."""
    names = {name.partition(".")[0] for name in _IMPORT.findall(told)}
    return names - sys.stdlib_module_names


@pytest.fixture
def command() -> str:
    found = shutil.which("dola-ls", path=sysconfig.get_path("scripts"))
    assert found is not None, "dola-ls is not installed in this environment"
    return found


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    return {"PYTHONPROFILEIMPORTTIME": "1", "DOLA_CONFIG": str(config)}


@pytest.fixture
def pygls() -> set[str]:
    """Return what any server made with pygls imports."""
    argv = [sys.executable, "-X", "importtime", "-c", "import pygls.lsp.server"]
    return packages(subprocess.run(argv, capture_output=True, text=True, check=True).stderr)


async def test_initialize_is_answered_with_no_more_imported_than_pygls_needs(
    command: str, env: dict[str, str], pygls: set[str]
) -> None:
    async with Raw.start(command, env=env) as client:
        await client.request("initialize", load_profile("neovim-0.11"))
        # Ended there and then: what is imported from here on does not count.
        client.process.kill()
        await client.exit_code()
    ours = packages(client.stderr.decode("utf-8", "replace"))
    assert {"pygls", "lsprotocol"} <= pygls
    assert "dola_ls" in ours
    # platformdirs, 5 ms, tells where the log goes.
    early = ours - pygls - {"dola_ls", "platformdirs"}
    assert not early, f"imported before initialize is answered: {', '.join(sorted(early))}"


async def test_the_rest_is_imported_once_the_client_is_ready(
    command: str, env: dict[str, str]
) -> None:
    """Without this the test above could pass because it sees no imports at all."""
    async with Raw.start(command, env=env) as client:
        await client.initialize(load_profile("neovim-0.11")["capabilities"])
        client.open("file:///workspace/a.py", "def f():\n    return 1\n")
        place = {"line": 1, "character": 6}
        params = {
            "textDocument": {"uri": "file:///workspace/a.py"},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": [], "triggerKind": 1},
        }
        async with asyncio.timeout(60):
            while not packages(client.stderr.decode("utf-8", "replace")) >= LATER:
                await client.request("textDocument/codeAction", params)
        assert await client.leave() == 0


def test_the_modules_that_serve_import_nothing_that_can_wait() -> None:
    code = (
        "import sys, dola_ls.cli, dola_ls.lsp.server, dola_ls.lsp.transport\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {*LATER, "httpcore", "keyring", "pathspec", "platformdirs", "xllamacpp"}
    early = heavy & set(done.stdout.split())
    assert not early, f"imported by the modules that serve: {', '.join(sorted(early))}"


def test_the_command_line_of_httpx_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("", encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import dola_ls.model.connection\n"
        "print('httpx' in sys.modules, 'click' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
