"""The three actions of the demo, each tried as an editor does and judged by what it gave."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dola_ls.core.diff import unified
from dola_ls.demo.editor import Editor, Happened, TakesTooLong
from dola_ls.demo.project import Project, compare, parses
from dola_ls.demo.screen import Screen
from dola_ls.demo.trial import have_pytest, run_tests

_TARGETS = re.compile(r"^\[[^\]]+\]: \S+#L\d+\n?", re.MULTILINE)
_TRIES = 2
_TEST_LINES = 60


@dataclass(frozen=True, slots=True)
class Step:
    """One action on one function, and how to tell whether it gave something."""

    name: str
    command: str
    symbol: str
    #: Shows what came, and returns why it is of no use, as a clause; empty where it is of use.
    judge: Callable[[Stage, Happened], str]
    #: Puts things back for another try.
    undo: Callable[[Stage, Happened], None]
    #: What the model is told when its first answer was of no use; the same words again would
    #: bring the same answer again.
    again: str | None = None

    @property
    def title(self) -> str:
        """What the step is called on the screen."""
        return f"{self.name} {'for ' if self.name.endswith('tests') else ''}{self.symbol}"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the steps are played."""

    screen: Screen
    editor: Editor
    project: Project
    #: What the sample does before anything is changed.
    behaviour: list[str]


@dataclass(slots=True)
class Result:
    """How a step went; `why` is empty if it gave something of use."""

    step: Step
    why: str = ""
    receipts: list[dict[str, Any]] = field(default_factory=list)


def play(step: Step, stage: Stage) -> Result:
    """Try one step, twice if the model's first answer is of no use."""
    result = Result(step)
    screen = stage.screen
    instruction: str | None = None
    for left in reversed(range(_TRIES)):
        meter = screen.meter()
        try:
            happened = _ask(step, stage, instruction, meter)
        except TakesTooLong as error:
            result.why = str(error)
            return result
        finally:
            meter.close()
        if happened.receipt:
            result.receipts.append(happened.receipt)
        result.why = _trouble(step, happened) or step.judge(stage, happened)
        if not result.why:
            for warning in happened.warnings:
                screen.note(warning)
            return result
        screen.bad(f"{step.name}: {result.why}")
        # Only another answer helps: not another key, and not a server that does not answer.
        if not left or happened.receipt.get("completionTokens") is None:
            return result
        screen.note("That is the model's doing. Trying once more.")
        step.undo(stage, happened)
        instruction = step.again
    return result


def _ask(
    step: Step,
    stage: Stage,
    instruction: str | None,
    watch: Callable[[str | None, int | None], None],
) -> Happened:
    """Pick the action from the editor's list and run it."""
    editor, file = stage.editor, stage.project.module
    # The position of the name, where an editor's cursor would be.
    offset = editor.text(file).index(f"def {step.symbol}(") + len("def ")
    listed = editor.actions(file, offset)
    action = next((a for a in listed if _command(a).get("command") == step.command), None)
    if action is None:
        return Happened(warnings=[f"the server does not offer {step.command} on {step.symbol}"])
    if "disabled" in action:
        return Happened(warnings=[action["disabled"]["reason"]])
    command = _command(action)
    if instruction is not None:
        command = {
            **command,
            "arguments": [{**command["arguments"][0], "instruction": instruction}],
        }
    return editor.run(command, file, watch)


def _command(action: dict[str, Any]) -> dict[str, Any]:
    """Return the command of a code action, or the action itself where it is a bare command."""
    command = action.get("command")
    return command if isinstance(command, dict) else action


def _trouble(step: Step, happened: Happened) -> str:
    """Return what the server or the editor had against it; empty where nothing."""
    if happened.receipt.get("outcome") in ("edited", "created", "explained"):
        return ""
    reason = happened.reason or " ".join(happened.declined) or "the server gave no reason"
    return reason.removeprefix(f"{step.title}: ")


def _judge_explanation(stage: Stage, happened: Happened) -> str:
    # The first line is the server's own heading; at the end stands where links lead.
    text = next(iter(happened.shown.values()), "").partition("\n")[2]
    text = _TARGETS.sub("", text)
    if not text.strip():
        return "the explanation is empty"
    stage.screen.markdown(text)
    return ""


def _judge_refactoring(stage: Stage, happened: Happened) -> str:
    editor, module = stage.editor, stage.project.module
    if module not in happened.edited:
        return "no edit reached the buffer"
    name = module.relative_to(stage.project.root).as_posix()
    stage.screen.diff(unified(happened.edited[module], editor.text(module), name))
    if not parses(editor.text(module)):
        return "the file is not valid Python any more"
    editor.save(module)
    if change := compare(stage.behaviour, stage.project.behaviour()):
        return change
    stage.screen.good(f"Applied. {len(stage.behaviour)} calls give the same results as before.")
    return ""


def _undo_refactoring(stage: Stage, happened: Happened) -> None:
    module = stage.project.module
    if module in happened.edited:
        stage.editor.replace(module, happened.edited[module])
        stage.editor.save(module)


def _judge_tests(stage: Stage, happened: Happened) -> str:
    if not happened.created:
        return "no file was created"
    screen, root, file = stage.screen, stage.project.root, happened.created[0]
    screen.say(file.relative_to(root).as_posix(), "1")
    screen.code(file.read_text(encoding="utf-8"), _TEST_LINES)
    screen.say()
    if not have_pytest():
        screen.note(
            "pytest is not installed, so the tests were not run. To have them run: "
            "python3 -m pip install 'dola-ls[local]'"
        )
        return ""
    screen.say("$ python3 -m pytest -q", "2")
    run = run_tests(file, root)
    screen.code(run.output, _TEST_LINES)
    if run.trouble:
        return f"the tests did not run: {run.trouble}"
    if run.failed:
        screen.note(
            f"{run.passed} of {run.passed + run.failed} tests pass. The others expect something "
            "the code does not do: read them before you keep them."
        )
    else:
        screen.good(f"{run.passed} tests pass.")
    return ""


def _remove_tests(stage: Stage, happened: Happened) -> None:
    for file in happened.created:
        file.unlink(missing_ok=True)


def _nothing(stage: Stage, happened: Happened) -> None:
    """Leave everything as it is."""


STEPS = (
    Step("Explain", "dola.explain", "total_price", _judge_explanation, _nothing),
    Step(
        "Refactor",
        "dola.refactor",
        "total_price",
        _judge_refactoring,
        _undo_refactoring,
        "Refactor total_price to be easier to read, and change nothing in what it does: keep each "
        "condition, number and error.",
    ),
    Step(
        "Generate tests",
        "dola.generateTests",
        "shipping_cost",
        _judge_tests,
        _remove_tests,
        "Write five short pytest tests for shipping_cost, each with one assert.",
    ),
)
