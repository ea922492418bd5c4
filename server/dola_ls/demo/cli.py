"""``dola-ls demo``: the real server, a small sample project, and every action tried on it."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dola_ls.model.weights import DEFAULT, MODELS

if TYPE_CHECKING:
    from dola_ls.demo.editor import Editor
    from dola_ls.demo.model import Ready
    from dola_ls.demo.project import Project
    from dola_ls.demo.screen import Screen
    from dola_ls.demo.steps import Result


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo`` to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="explain, refactor and test a small sample with the model you have",
        description="Start the language server, act as an editor on a sample project in a "
        "temporary folder, and show what explain, refactor and generate tests do. Takes the "
        "provider you have set, or else the embedded model. The tests the model writes are run. "
        "Exits with 0 only if each action gave something of use.",
    )
    sizes = ", ".join(f"{name}: {MODELS[name].gigabytes}" for name in MODELS)
    parser.add_argument(
        "--model",
        choices=list(MODELS),
        help=f"take the embedded model of this size, whatever is set ({sizes}; default {DEFAULT})",
    )
    parser.add_argument("--yes", "-y", action="store_true", help="download the model unasked")
    parser.add_argument("--keep", action="store_true", help="keep the sample project")


def run(args: argparse.Namespace) -> int:
    """Run the demo; return 0 if each step gave something of use, else 1."""
    from dola_ls.demo.connection import ServerDied
    from dola_ls.demo.editor import TakesTooLong
    from dola_ls.demo.model import find_model
    from dola_ls.demo.screen import Screen

    screen = Screen(sys.stdout)
    screen.title("Dola: what the code actions do")
    ready = find_model(screen, model=args.model, yes=args.yes)
    if ready is None:
        return 1
    screen.say(f"Model    {ready.title}")
    screen.say(f"Runs on  {ready.where}")
    try:
        with _sample(screen, keep=args.keep) as project, _editing(project, ready) as editor:
            return _play(screen, project, editor)
    except (ServerDied, TakesTooLong) as error:
        screen.wipe()
        screen.say()
        screen.say(f"{error}\nThe demo ends here.", "31")
        return 1


@contextmanager
def _sample(screen: Screen, *, keep: bool) -> Iterator[Project]:
    """Copy the sample to a temporary folder, which goes at the end unless it is to be kept."""
    from dola_ls.demo.project import copy_to

    folder = Path(tempfile.mkdtemp(prefix="dola-demo-")).resolve()
    try:
        yield copy_to(folder)
    finally:
        screen.wipe()
        if keep:
            screen.say(f"The sample project is in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _editing(project: Project, ready: Ready) -> Iterator[Editor]:
    """Start the server, with the sample opened; it is ended in any case."""
    from dola_ls.demo.connection import Connection, ServerDied, server_command, server_environment
    from dola_ls.demo.editor import Editor, TakesTooLong

    connection = Connection(server_command(), project.root, server_environment(ready.environment))
    try:
        editor = Editor(connection, project.root)
        editor.start(ready.options)
        editor.open(project.module)
        yield editor
        with contextlib.suppress(ServerDied, TakesTooLong):
            editor.stop()
    finally:
        connection.close()


def _play(screen: Screen, project: Project, editor: Editor) -> int:
    from dola_ls.demo.steps import STEPS, Stage, play
    from dola_ls.demo.table import rows

    behaviour = project.behaviour()
    if isinstance(behaviour, str):
        screen.bad(f"The sample cannot be run with {sys.executable}: {behaviour}.")
        return 1
    file = project.module.relative_to(project.root).as_posix()
    screen.say(f"File     {file}, in a copy of the sample project")
    stage = Stage(screen, editor, project, behaviour)
    results: list[Result] = []
    for number, step in enumerate(STEPS, 1):
        screen.title(f"{number}. {step.title}")
        results.append(play(step, stage))
    screen.title("What it took")
    screen.table(rows(results))
    screen.say()
    failed = [result for result in results if result.why]
    if not failed:
        screen.good("Each of the three actions gave something of use.")
        return 0
    for result in failed:
        screen.bad(f"{result.step.name} gave nothing of use: {result.why}")
    return 1
