"""Whether an edited file does what the task asked for: its check is run, or at least it parses."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dola_ls.core.document import Document
from dola_ls.core.parsing import parse
from tests.benchmarks.edit_eval.judgement import judge
from tests.benchmarks.edit_eval.tasks import Task
from tests.benchmarks.edit_eval.tools import Tools
from tests.benchmarks.processes import run

#: Seconds for each step of a check.
_SECONDS = {"go": 60.0, "rust": 60.0, "java": 60.0}
_USUAL_SECONDS = 15.0
#: What compilers make; it lies in the folder of the check.
_BUILT = "check.exe"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check ended, and whether the code was run for it or only parsed."""

    passed: bool
    how: Literal["ran", "parsed"]
    #: Why it failed.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Program:
    """What runs a check: files beside the edited one, and commands that all have to end with 0."""

    files: dict[str, str]
    commands: Sequence[Sequence[str]]
    env: dict[str, str] = field(default_factory=dict)


def check(task: Task, text: str, tools: Tools) -> Outcome:
    """Check the file as it is after an edit."""
    missing = tools.missing(task.language)
    how: Literal["ran", "parsed"] = "parsed" if missing else "ran"
    if reason := static_fault(task, text):
        return Outcome(False, how, reason)
    if missing:
        # Nothing shows that the code works, so that at least the rest has to be as it was.
        kept = judge(task, text)
        return Outcome(not kept.excess, how, kept.excess)
    reason = _run(task, text, _program(task, tools))
    return Outcome(not reason, how, reason)


def static_fault(task: Task, text: str) -> str:
    """Return what is wrong with a text as can be told without running it; empty if nothing is."""
    for pattern in task.has:
        if not re.search(pattern, text, re.MULTILINE):
            return f"nothing matches {pattern}"
    for pattern in task.lacks:
        if re.search(pattern, text, re.MULTILINE):
            return f"something matches {pattern}"
    if _faults(task, text) > _faults(task, task.source):
        return "the file parses worse than before"
    return ""


def _faults(task: Task, text: str) -> int:
    tree = parse(Document(f"file:///{task.file}", task.language, 1, text))
    return tree.faults if tree is not None else 0


def _run(task: Task, text: str, program: _Program) -> str:
    """Run a program beside the text; return what it said where it failed."""
    limit = _SECONDS.get(task.language, _USUAL_SECONDS)
    # Children of a stopped compiler may still write, which is no reason to fail here.
    with tempfile.TemporaryDirectory(prefix="edit-eval-", ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve()
        for file, content in {**task.files, task.file: text, **program.files}.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(content, encoding="utf-8", newline="")
        for command in program.commands:
            name, *arguments = command
            path = str(folder / name) if name == _BUILT else name
            ran = run([path, *arguments], folder, limit, program.env)
            if ran.code != 0:
                how = f" ended with {ran.code}" if ran.code is not None else ""
                return f"{Path(name).name}{how}: {ran.output[-1000:]}"
    return ""


def _program(task: Task, tools: Tools) -> _Program:
    stem = Path(task.file).stem

    def tool(name: str) -> str:
        path = tools.path(name)
        assert path is not None
        return path

    match task.language:
        case "python" | "markdown":
            return _Program({"check.py": task.check}, [[sys.executable, "-B", "check.py"]])
        case "typescript":
            bundle = ["check.ts", "--bundle", "--platform=node", "--outfile=check.cjs"]
            return _Program(
                {"check.ts": task.check},
                [
                    [tool("esbuild"), *bundle, "--format=cjs", "--log-level=error"],
                    [tool("node"), "check.cjs"],
                ],
            )
        case "go":
            return _Program(
                {"check_test.go": task.check, "go.mod": f"module {stem}\n\ngo 1.18\n"},
                [[tool("go"), "test", "-count=1", "-vet=off", "."]],
                {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"},
            )
        case "rust":
            compiled = ["--test", "--edition=2021", "-A", "warnings", "-o", _BUILT, "check.rs"]
            return _Program({"check.rs": task.check}, [[tool("rustc"), *compiled], [_BUILT]])
        case "java":
            return _Program(
                {"Check.java": task.check},
                [
                    [tool("javac"), "-nowarn", "-d", "out", task.file, "Check.java"],
                    [tool("java"), "-ea", "-cp", "out", "Check"],
                ],
            )
        case "c":
            compiled = ["-std=c11", "-Wall", "check.c", "-o", _BUILT, "-lm"]
            return _Program({"check.c": task.check}, [[tool("cc"), *compiled], [_BUILT]])
        case language:
            raise ValueError(f"no way to check {language}")
