"""The product's side: an editor on the stdio of the real server."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from dola_ls.core.gate import RULES
from tests.benchmarks.client import ServerFailed
from tests.benchmarks.edit_eval.served import ALONE, CHOICE, TABLE, UNTOLD
from tests.benchmarks.edit_eval.sides import LIMIT, Answer, SideFailed
from tests.benchmarks.edit_eval.tasks import Task
from tests.benchmarks.editor import Editor, editing
from tests.benchmarks.engine import Address

#: Outcomes and rules that come after code was read from an answer.
_READ = frozenset({"edited", "proposed", "unchanged"})
_READ_RULES = frozenset(rule.__name__ for rule in RULES)


class Dola:
    """The server, with the product's own strategies or with one that is forced on it.

    Without `context` it shows nothing of other files, without `told` nothing that other tools say.
    """

    def __init__(
        self, engine: Address, form: str = TABLE, *, context: bool = True, told: bool = True
    ) -> None:
        self.name = f"{form}{'' if context else ALONE}{'' if told else UNTOLD}"
        self._told = told
        argv = (sys.executable, "-m", "tests.benchmarks.edit_eval.served", "--form", form)
        self._argv = (*argv, "--context", "on" if context else "off")
        self._engine = engine
        self._running = ExitStack()
        self._editor: Editor | None = None
        self._number = 0

    def edit(self, task: Task) -> Answer:
        """Open the task's file, run the command at its place, and wait for the receipt."""
        try:
            if self._editor is None:
                self._editor = self._running.enter_context(editing(self._argv, self._engine))
            return self._edit(self._editor, task)
        except ServerFailed as error:
            self.stop()
            raise SideFailed(str(error)) from None

    def stop(self) -> None:
        """End the server."""
        self._editor = None
        self._running.close()

    def _edit(self, editor: Editor, task: Task) -> Answer:
        self._number += 1
        # A workspace of its own: what other tasks declare is none of this one's business.
        folder = editor.folder / str(self._number)
        for name, text in task.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="")
        editor.work_in(folder)
        buffer = editor.open_file(f"{self._number}/{task.file}", task.language, task.source)
        given = {
            "uri": buffer.uri,
            "range": buffer.range(task.selected.start, task.selected.end),
            "version": buffer.version,
            "instruction": task.instruction,
        }
        if self._told and task.diagnostics:
            given["others"] = [
                {
                    "range": buffer.range(start := task.source.index(one.at), start + len(one.at)),
                    **one.model_dump(exclude={"at"}),
                }
                for one in task.diagnostics
            ]
        ended = editor.run_action("dola.refactor", given, LIMIT)
        if ended.outcome == "timeout":
            return Answer(task.source, "timeout", False, LIMIT)
        editor.close_file(buffer.uri)
        plans = [event["forms"] for event in editor.events if event.get("type") == CHOICE]
        return Answer(
            buffer.text,
            ended.outcome,
            ended.outcome in _READ or ended.rule in _READ_RULES,
            ended.seconds,
            ended.rule,
            ended.said,
            tuple(plans[-1]) if plans else (),
        )
