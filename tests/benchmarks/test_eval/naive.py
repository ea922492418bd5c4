"""What would have become of the source if the answer had taken the place of the selection.

That is what many assistants do with the answer to a selection, tests or not. It is worked out from
the very answer that the server got.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Literal

from dola_ls.core.syntax import symbols_in
from tests.benchmarks.processes import run
from tests.benchmarks.test_eval.project import run_reference, write
from tests.benchmarks.test_eval.tasks import Task
from tests.programs import working

#: ``ruined``: it does not parse any more; ``lost``: the function is gone; ``broken``: it is there
#: and does not work; ``works``: it does, among whatever came with it.
Fate = Literal["ruined", "lost", "broken", "works"]
#: The fates that count as destroyed.
DESTROYED: frozenset[Fate] = frozenset({"ruined", "lost"})

_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(.*?)(?:^\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_SECONDS = 30.0


def code_of(answer: str) -> str:
    """Return the fenced code of an answer, or all of it where nothing is fenced."""
    return "".join(block[1] for block in _FENCE.findall(answer)) or answer


def replaced(task: Task, answer: str) -> str:
    """Return the source with the function's lines replaced by an answer's code."""
    region = task.target.region
    return task.source[: region.start] + code_of(answer) + task.source[region.end :]


def fate_of(task: Task, answer: str) -> Fate:
    """Tell what is left of the function then."""
    source = replaced(task, answer)
    if not _parses(task, source):
        return "ruined"
    _, tree = task.parsed(source)
    symbol = task.target.symbol
    assert symbol is not None
    if symbol.qualified_name not in {found.qualified_name for found in symbols_in(tree)}:
        return "lost"
    return "works" if run_reference(task, source).sound else "broken"


def _parses(task: Task, source: str) -> bool:
    if task.language == "python":
        try:
            compile(source, task.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        return True
    node = working("node")
    assert node is not None
    place = tempfile.TemporaryDirectory(prefix="dola-eval-", ignore_cleanup_errors=True)
    with place as name:
        folder = Path(name).resolve() / "project"
        # With its manifest, which says what kind of module it is.
        write({**task.files, task.file: source}, folder)
        return run([node, "--check", task.file], folder, _SECONDS).code == 0
