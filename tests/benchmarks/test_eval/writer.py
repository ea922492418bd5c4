"""The real server, asked for the tests of one function after the other."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.benchmarks.client import ServerFailed
from tests.benchmarks.editor import Editor, Ended, editing
from tests.benchmarks.engine import Address
from tests.benchmarks.test_eval.project import write
from tests.benchmarks.test_eval.tasks import Task

#: Seconds for the tests of one function; a small model on a slow machine writes a page in 100.
LIMIT = 300.0
_SERVED = (sys.executable, "-m", "tests.benchmarks.served")


@dataclass(frozen=True, slots=True)
class Written:
    """What the server made of one task."""

    ended: Ended
    #: The files that are not as they were, with their text.
    changed: dict[str, str] = field(default_factory=dict)


class Writer:
    """One server, started by the first task."""

    def __init__(self, engine: Address) -> None:
        self._engine = engine
        self._running = ExitStack()
        self._editor: Editor | None = None
        self._number = 0

    def write_tests(self, task: Task) -> Written:
        """Open the file, run the action at the function, and save what came of it."""
        started = time.perf_counter()
        try:
            if self._editor is None:
                self._editor = self._running.enter_context(editing(_SERVED, self._engine))
            return self._write_tests(self._editor, task)
        except ServerFailed as error:
            self.close()
            took = time.perf_counter() - started
            return Written(Ended("failed", took, "", str(error)[-2000:]))

    def close(self) -> None:
        """End the server."""
        self._editor = None
        self._running.close()

    def _write_tests(self, editor: Editor, task: Task) -> Written:
        self._number += 1
        folder = editor.folder / str(self._number)
        write(task.files, folder)
        editor.work_in(folder)
        buffer = editor.open_file(f"{folder.name}/{task.file}", task.language, task.source)
        given = {
            "uri": buffer.uri,
            "range": buffer.range(task.cursor, task.cursor),
            "version": buffer.version,
        }
        ended = editor.run_action("dola.generateTests", given, LIMIT)
        for uri, open_ in list(editor.workspace.buffers.items()):
            # As a user saves all that is open.
            path = Path(unquote(urlsplit(uri).path))
            if path.is_relative_to(folder):
                path.write_text(open_.text, encoding="utf-8", newline="")
            editor.close_file(uri)
        return Written(ended, _changed(task, folder))


def _changed(task: Task, folder: Path) -> dict[str, str]:
    """Return the files of a project that are new or not as they were; those gone are empty."""
    now = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    return {
        name: now.get(name, "")
        for name in {**task.files, **now}
        if now.get(name) != task.files.get(name)
    }
