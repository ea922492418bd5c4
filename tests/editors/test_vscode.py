"""The extension in a real VS Code (code-server), with the real server and a fake model."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dola_ls import __version__
from dola_ls.lsp.server import create_server
from tests.core.media.samples import png

from .code_server import (
    DRIVERS,
    EXTENSION,
    Installation,
    controlled,
    drive,
    find_installation,
    install_packages,
    npm,
    write_server,
)
from .model import Model
from .project import Project

pytestmark = pytest.mark.timeout(1200)

SCENARIOS = (
    "nothing_is_started_before_a_file_of_any_language_is_open",
    "the_actions_are_listed_without_asking_the_model",
    "a_refactoring_is_a_diff_first_and_apply_makes_it_one_undo",
    "discard_changes_nothing",
    "retry_asks_again",
    "one_part_is_applied_and_the_others_are_kept",
    "a_part_is_told_by_the_left_half_too",
    "direct_edits_go_in_at_once",
    "an_explanation_opens_in_the_markdown_preview",
    "what_would_be_sent_is_shown_and_nothing_is_sent",
    "what_was_explained_is_seen_once_more_on_its_name",
    "what_the_model_thought_is_shown_when_it_is_asked_for",
    "an_image_gets_its_words_and_code_is_written_from_it",
    "an_action_of_ones_own_is_picked_and_its_new_file_opens",
    "tests_go_into_a_new_file",
    "tests_join_those_of_a_file_after_a_review",
    "new_tests_are_run_and_what_fails_is_a_problem_in_their_file",
    "an_instruction_is_followed",
    "documenting_changes_comments_and_docstrings_only",
    "a_fix_is_told_the_problems_at_the_cursor",
    "a_refactoring_is_told_what_other_tools_say_of_its_lines",
    "cancel_closes_the_connection_and_changes_nothing",
    "an_edit_elsewhere_is_kept_and_the_answer_lands_where_the_function_is_now",
    "an_edit_of_the_same_lines_wins_and_the_proposal_waits",
    "a_stale_version_is_refused",
    "what_is_chosen_for_lines_that_are_others_by_then_is_not_sent",
    "a_completion_stands_at_the_cursor_when_it_is_asked_for",
    "a_cell_of_a_notebook_is_edited_with_the_others_as_context",
    "a_server_that_crashed_is_started_again",
    "restarting_twice_leaves_one_server_and_each_command_once",
    "the_server_of_the_selected_interpreter_comes_before_the_one_on_path",
)


@pytest.fixture(scope="module")
def built() -> Path:
    """Build and check the extension as a user would; return the .vsix."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm on PATH")
    install_packages()
    npm("run", "package")
    return EXTENSION / "dola-ls.vsix"


@pytest.fixture(scope="module")
def installation() -> Installation:
    """Find VS Code and a browser, or skip with the reason."""
    found = find_installation()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def as_vscode_is_started(folder: Path, path: str = "") -> dict[str, str]:
    """Return an environment without anything that leads to a server, a model or the user's own."""
    config = folder / "config.toml"
    config.touch()
    return {"PATH": f"{path}:/usr/bin:/bin".lstrip(":"), "DOLA_CONFIG": str(config)}


@pytest.fixture(scope="module")
def results(
    built: Path, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Run all scenarios in one extension host, and return how each ended."""
    folder = tmp_path_factory.mktemp("vscode")
    project = Project.make(folder)
    bin_, pid = write_server(folder)
    venv = folder / "venv"
    venv.mkdir()
    write_server(venv)
    outcome = folder / "results.json"
    with (
        Model.serving() as model,
        controlled(model) as address,
        TemporaryDirectory(prefix="vs-") as temporary,  # sockets have short names
    ):
        # By another name than its own, as macOS has it.
        link = Path(temporary, "link")
        Path(temporary, "real").mkdir()
        link.symlink_to("real")
        started = {**as_vscode_is_started(folder, str(bin_)), "TMPDIR": str(link)}
        done = drive(
            "run_in_host.mjs",
            folder,
            installation,
            {
                "environment": {**started, **model.environment},
                "workspace": str(project.root),
                # A diff has two halves in a window of any width.
                "settings": {"diffEditor.useInlineViewWhenSpaceIsLimited": False},
                "extension": str(EXTENSION),
                "model": address,
                "pid": str(pid),
                "venv": str(venv),
                "png": b64encode(png()).decode(),
                "runTests": [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "{file}"],
                "results": str(outcome),
                "patience": 60_000,
            },
            1000,
        )
    assert outcome.exists(), f"no scenario ended; see {folder}\n{done.stdout}\n{done.stderr}"
    found: dict[str, str] = json.loads(outcome.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_in_the_extension_host(results: dict[str, str], scenario: str) -> None:
    assert (how := results.get(scenario, "was not run")) == "passed", how


def test_no_scenario_is_left_out() -> None:
    text = (DRIVERS / "in_host.js").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^  async (\w+)\(\) \{", text, re.MULTILINE)) == SCENARIOS


def test_what_a_user_sees(built: Path, installation: Installation, tmp_path: Path) -> None:
    """From Restricted Mode to the applied edit, by mouse and keyboard, in the packed extension."""
    project = Project.make(tmp_path)
    shots = Path(os.environ.get("DOLA_SHOTS", tmp_path / "shots"))
    shots.mkdir(parents=True, exist_ok=True)
    python = Path(sys.base_prefix) / "bin"
    with Model.serving() as model, controlled(model) as address:
        done = drive(
            "visible.mjs",
            tmp_path,
            installation,
            {
                # No dola-ls is on this PATH: the extension has to install its own.
                "environment": {**as_vscode_is_started(tmp_path, str(python)), **_of_pip()},
                "workspace": str(project.root),
                "settings": {"dola.provider": "aimlapi"},
                "trust": True,
                "vsix": str(built),
                "model": address,
                "baseUrl": model.environment["DOLA_BASE_URL"],
                "shots": str(shots),
            },
            780,
        )
        assert done.returncode == 0, f"see {shots}\n{done.stdout}\n{done.stderr}"
        assert model.requests
        assert {r.headers["authorization"] for r in model.requests} == {"Bearer key-of-the-user"}


def _of_pip() -> dict[str, str]:
    """Return how pip was told to reach the package index, and where it keeps what it fetched."""
    cache = os.environ.get("PIP_CACHE_DIR") or str(Path("~/.cache/pip").expanduser())
    proxies = ("http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    kept = {n: v for n, v in os.environ.items() if n.startswith("PIP_") or n in proxies}
    return {**kept, "PIP_CACHE_DIR": cache}


def test_what_needs_no_editor() -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm on PATH")
    install_packages()
    npm("test")


def test_the_package_carries_the_server_and_nothing_of_the_workshop(built: Path) -> None:
    listed = subprocess.run(
        ["unzip", "-Z1", str(built)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert f"extension/bundled/dola_ls-{__version__}-py3-none-any.whl" in listed
    assert "extension/bundled/locked.txt" in listed
    assert {"extension/LICENSE.txt", "extension/dist/extension.js"} <= set(listed)
    assert not [name for name in listed if "/src/" in name or "/test" in name or "modules" in name]


def test_the_manifest_fits_the_server() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    source = "\n".join(p.read_text(encoding="utf-8") for p in (EXTENSION / "src").glob("*.ts"))

    assert manifest["version"] == __version__
    # Not some languages: the server works on all, and starts with the first file.
    assert manifest["activationEvents"] == ["onStartupFinished"]
    declared = {command["command"] for command in manifest["contributes"]["commands"]}
    assert declared == set(re.findall(r"'(dola\.ui\.\w+)'(?:: 'dola|, (?:async )?\()", source))
    # The server's own commands become VS Code commands of the same name, and may not clash.
    assert not declared & set(create_server().protocol.fm.commands)
