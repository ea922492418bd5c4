"""VS Code as code-server in a headless Chromium: what is needed, and what is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import project
from .model import Model

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
DRIVERS = Path(__file__).parent / "vscode"
#: Names the folder that tests/editors/vscode/setup.sh has filled.
VARIABLE = "DOLA_CODE_SERVER"


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs that are driven."""

    folder: Path
    chromium: str


def find_installation() -> Installation | str:
    """Return the programs, or why the tests cannot run."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return f"{VARIABLE} names no folder made by tests/editors/vscode/setup.sh"
    entry = Path(folder, "node_modules", "code-server", "out", "node", "entry.js")
    if not entry.is_file():
        return f"there is no code-server in {folder}; see tests/editors/vscode/setup.sh"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        return "there is no chromium on PATH"
    return Installation(Path(folder), chromium)


def npm(*arguments: str) -> None:
    """Run npm in the extension's folder; what it says is in the error where it fails."""
    done = subprocess.run(
        ["npm", *arguments],
        cwd=EXTENSION,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"npm {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"


def install_packages() -> None:
    """Install what the extension is built with, unless that is there already."""
    installed = EXTENSION / "node_modules" / ".package-lock.json"
    lock = EXTENSION / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")


@contextmanager
def controlled(model: Model) -> Iterator[str]:
    """Let another process set the fake model's answers, and hold them; yield the address."""
    held = ExitStack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
            match self.path:
                case "/answer":
                    model.answer, model.usd = body["text"], body.get("usd")
                    model.reasoning = body.get("reasoning", "")
                case "/hold":
                    held.enter_context(model.held())
                case "/free":
                    held.close()
            self._send(_state(model))

        def _send(self, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        held.close()
        server.shutdown()
        server.server_close()


def _state(model: Model) -> dict[str, Any]:
    requests = model.requests
    return {
        "requests": len(requests),
        "halfWay": model.half_way,
        "abandoned": sum(request.aborted for request in requests),
        "prompt": requests[-1].prompt if requests else "",
        "authorization": requests[-1].headers.get("authorization", "") if requests else "",
    }


def write_server(folder: Path) -> tuple[Path, Path]:
    """Write a `dola-ls` of this interpreter, and return its folder and the file with its PID."""
    bin_, pid = folder / "bin", folder / "pid"
    bin_.mkdir()
    script = bin_ / "dola-ls"
    path = os.environ.get("PYTHONPATH", "")
    script.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] || echo $$ > {pid}\n'
        f'PYTHONPATH="{path}" exec "{sys.executable}" -P -m dola_ls "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return bin_, pid


def drive(
    script: str, folder: Path, installation: Installation, config: dict[str, Any], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run one of the drivers with a configuration, and return what it said."""
    file = folder / "config.json"
    environment = {**config.pop("environment"), "DOLA_TEST_CONFIG": str(file)}
    # VS Code asks a login shell for the environment, and /etc/profile sets PATH anew.
    profile = f"export PATH='{environment['PATH']}'\n"
    (folder / ".profile").write_text(profile, encoding="utf-8")
    texts = {n: getattr(project, n) for n in ("SHOP", "REFACTORED", "EXPLANATION", "TESTS")}
    whole = {
        "installation": str(installation.folder),
        "chromium": installation.chromium,
        "folder": str(folder),
        "texts": texts,
        "environment": environment,
        **config,
    }
    file.write_text(json.dumps(whole), encoding="utf-8")
    done = subprocess.run(
        ["node", str(DRIVERS / script), str(file)],
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    (folder / "driver.log").write_text(f"{done.stdout}\n{done.stderr}", encoding="utf-8")
    return done
