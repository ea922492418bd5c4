"""The set-up that the doctor prints is the one in ``editors/``, and editors can read it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from dola_ls.snippets import Snippet, snippets

EDITORS = Path(__file__).parents[2] / "editors"
BY_NAME = {snippet.editor: snippet for snippet in snippets()}


def test_every_editor_of_the_readme_is_there() -> None:
    assert list(BY_NAME) == ["neovim", "helix", "vscode", "emacs", "other"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("neovim", "neovim/lsp/dola_ls.lua"),
        ("helix", "helix/languages.toml"),
        ("emacs", "emacs/dola-eglot.el"),
    ],
)
def test_the_text_is_the_file(name: str, file: str) -> None:
    assert BY_NAME[name].text == (EDITORS / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("snippet", BY_NAME.values(), ids=list(BY_NAME))
def test_every_set_up_starts_the_command_and_holds_no_key(snippet: Snippet) -> None:
    assert "dola-ls" in snippet.text
    assert "api_key" not in snippet.text
    assert "API_KEY" not in snippet.text


def test_the_one_for_vscode_installs_what_is_built() -> None:
    scripts = json.loads((EDITORS / "vscode" / "package.json").read_text(encoding="utf-8"))
    assert scripts["scripts"]["package"] == "node scripts/package.mjs"
    built = (EDITORS / "vscode" / "scripts" / "package.mjs").read_text(encoding="utf-8")
    assert "'--out', 'dola-ls.vsix'" in built
    assert BY_NAME["vscode"].text == "code --install-extension dola-ls.vsix\n"


def test_the_one_for_helix_is_toml() -> None:
    settings = tomllib.loads(BY_NAME["helix"].text)
    assert settings["language-server"]["dola-ls"]["command"] == "dola-ls"


@pytest.mark.skipif(shutil.which("emacs") is None, reason="Emacs is not installed")
def test_emacs_would_start_the_command() -> None:
    file = EDITORS / "emacs" / "dola-eglot.el"
    ask = """(progn (package-initialize) (require 'eglot) (load (pop command-line-args-left) nil t)
      (let ((contact (cdr (assoc 'python-mode eglot-server-programs))))
        (princ (format "found %S" (if (functionp contact) (funcall contact nil) contact)))))"""
    done = subprocess.run(
        ["emacs", "--batch", "-l", "package", "--eval", ask, str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "Cannot open load file" in done.stderr and "eglot" in done.stderr:
        pytest.skip("this Emacs has no Eglot")
    assert done.returncode == 0, done.stderr
    assert 'found ("dola-ls")' in done.stdout


@pytest.mark.skipif(shutil.which("emacs") is None, reason="Emacs is not installed")
def test_emacs_compiles_it_without_a_warning(tmp_path: Path) -> None:
    copy = tmp_path / "dola-eglot.el"
    shutil.copy(EDITORS / "emacs" / "dola-eglot.el", copy)
    strict = "(setq byte-compile-error-on-warn t)"
    done = subprocess.run(
        ["emacs", "--batch", "--eval", strict, "-f", "batch-byte-compile", str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
