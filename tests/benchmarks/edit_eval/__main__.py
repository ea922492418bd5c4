"""Run the edit tasks and print the figures.

    python -m tests.benchmarks.edit_eval [--limit N] [--only LANGUAGE|NAME] [--sides A,B] [--resume]
    python -m tests.benchmarks.edit_eval --check-tasks
    python -m tests.benchmarks.edit_eval --report [--sides A,B] [--out FILE]

``--sides table,table-alone`` tells what code of other files is worth: some tasks need it.
``--sides table,table-untold`` does so for what other tools say of the lines (``--only told``).

Each task is given to all sides, one after the other, all asking one embedded engine. A side has
three minutes for a task; then the task counts as failed. Models' code is run, in temporary folders
and with a time limit, so this belongs on a machine where that may be done.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.__main__ import machine
from tests.benchmarks.edit_eval.aider import FORMATS, Aider
from tests.benchmarks.edit_eval.checks import Outcome, check
from tests.benchmarks.edit_eval.dola import Dola
from tests.benchmarks.edit_eval.judgement import judge
from tests.benchmarks.edit_eval.report import by_task, figures, table
from tests.benchmarks.edit_eval.results import Record, Results
from tests.benchmarks.edit_eval.served import ALONE, FORMS, TABLE, UNTOLD
from tests.benchmarks.edit_eval.sides import LIMIT, WARM_UP, Answer, Side, SideFailed
from tests.benchmarks.edit_eval.tasks import Task, WrongTask, load_all
from tests.benchmarks.edit_eval.tools import Tools
from tests.benchmarks.edit_eval.validity import faults
from tests.benchmarks.engine import Address, NoEngine, engine
from tests.benchmarks.picking import pick
from tests.benchmarks.rates import rates
from tests.benchmarks.relay import Relay

#: The product's own table without code of other files, to see what that is worth.
WITHOUT = f"{TABLE}{ALONE}"
#: And without what other tools say of the lines.
NOT_TOLD = f"{TABLE}{UNTOLD}"
_USUAL = (TABLE, *FORMS, *(f"aider-{name}" for name in FORMATS))
SIDES = (*_USUAL, WITHOUT, NOT_TOLD)


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.edit_eval",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--limit", type=int, metavar="N", help="so many tasks, of all languages")
    parser.add_argument("--only", action="append", default=[], metavar="LANGUAGE|NAME")
    parser.add_argument("--sides", default=",".join(_USUAL), help=f"of {', '.join(SIDES)}")
    parser.add_argument("--out", type=Path, default=Path("results.json"), metavar="FILE")
    parser.add_argument("--resume", action="store_true", help="leave out what FILE has already")
    parser.add_argument("--aider", metavar="PYTHON", help="an interpreter that has aider-chat")
    parser.add_argument("--tools", type=Path, metavar="DIR", help="esbuild and aider are put here")
    parser.add_argument("--model", choices=["1.5b", "0.5b"], default="1.5b")
    parser.add_argument("--tasks", action="store_true", help="print each task's outcome, too")
    parser.add_argument(
        "--report", action="store_true", help="ask nobody; print what FILE has of all the sides"
    )
    parser.add_argument("--check-tasks", action="store_true", help="look only at the tasks")
    options = parser.parse_args()
    tools = Tools(options.tools)
    try:
        tasks = pick(load_all(), options.only, options.limit)
        if not tasks:
            parser.error("no task is called that")
        if options.check_tasks:
            return _check_tasks(tasks, tools)
        sides = options.sides.split(",")
        if unknown := set(sides) - set(SIDES):
            parser.error(f"no such side: {', '.join(sorted(unknown))}")
        goes_on = options.resume or options.report
        results = Results.load(options.out) if goes_on and options.out.exists() else Results()
        if options.report:
            tasks = [task for task in tasks if all(results.find(task, side) for side in sides)]
        if any(results.find(task, side) is None for task in tasks for side in sides):
            with engine(options.model) as address:
                _run(tasks, sides, results, options, address, tools)
    except (WrongTask, NoEngine, SideFailed) as error:
        print(error, file=sys.stderr)
        return 1
    _print(tasks, sides, results, each=options.tasks)
    return 0


def _run(
    tasks: Sequence[Task],
    names: Sequence[str],
    results: Results,
    options: argparse.Namespace,
    address: Address,
    tools: Tools,
) -> None:
    """Give all tasks to all sides, and keep what comes of each at once."""
    runs = results.about.setdefault("runs", [])
    runs.append({"machine": machine(), "model": address.model, "began": time.strftime("%F %T")})
    with ExitStack() as stack:
        relay = stack.enter_context(Relay(address).running())
        sides = _sides(names, relay, options.aider, tools)
        for side in sides.values():
            stack.callback(side.stop)
        for number, task in enumerate(tasks):
            # Whoever comes first meets a cooler processor and another file in the prompt cache.
            turn = number % len(names)
            for name in _in_order([*names[turn:], *names[:turn]]):
                if results.find(task, name) is not None:
                    continue
                record = _same(results, task, name) or _one(task, sides[name], relay, tools)
                results.put(record)
                results.save(options.out)
                told = "passed" if record.passed else record.rule or record.reason[:60]
                print(
                    f"{number + 1}/{len(tasks)} {task.id} {name}: {record.outcome}, {told}, "
                    f"{record.seconds:.1f} s{' (same)' if record.same_as else ''}",
                    file=sys.stderr,
                    flush=True,
                )


def _sides(names: Sequence[str], relay: Relay, python: str | None, tools: Tools) -> dict[str, Side]:
    """Make the sides, and ask each something that is not counted."""
    sides: dict[str, Side] = {}
    for name in names:
        if name in (TABLE, WITHOUT, NOT_TOLD, *FORMS):
            form = name.removesuffix(ALONE).removesuffix(UNTOLD)
            context, told = name != WITHOUT, name != NOT_TOLD
            sides[name] = Dola(relay.address, form, context=context, told=told)
            continue
        python = python or tools.aider()
        if python is None:
            raise SideFailed(
                f"{name} needs aider: name an interpreter that has it (--aider PYTHON), or a "
                "folder to install it in (--tools DIR), or leave it out (--sides)."
            )
        sides[name] = Aider(relay.address, name.removeprefix("aider-"), python)
    for side in sides.values():
        side.edit(WARM_UP)
    relay.take()
    return sides


def _in_order(names: Sequence[str]) -> list[str]:
    """Move the product's own table before the forms: what it does need not be done again."""
    forms = [name for name in names if name in FORMS]
    if TABLE not in names or not forms:
        return list(names)
    at = min(names.index(TABLE), names.index(forms[0]))
    rest = [name for name in names if name != TABLE]
    return [*rest[:at], TABLE, *rest[at:]]


def _same(results: Results, task: Task, name: str) -> Record | None:
    """Return the table's record for a form if that is what the table chose.

    The model takes the likeliest token each time, so that asking again says the same; and it would
    be quicker for a prompt that was read already.
    """
    record = results.find(task, TABLE)
    if record is None or name not in FORMS or record.plan != list(FORMS[name]):
        return None
    return replace(record, side=name, same_as=TABLE)


def _one(task: Task, side: Side, relay: Relay, tools: Tools) -> Record:
    """Give one task to one side and look at what it made of it."""
    relay.take()
    started = time.perf_counter()
    try:
        answer = side.edit(task)
    except SideFailed as error:
        took = time.perf_counter() - started
        answer = Answer(task.source, "failed", False, took, said=str(error)[-2000:])
    if answer.seconds > LIMIT:
        answer = replace(answer, outcome="timeout", text=task.source, well_formed=False)
    if answer.outcome in ("timeout", "failed"):
        relay.hang_up()
    exchanges = relay.take()
    # What an answer after the first was needed for was not well-formed; aider counts the same.
    if isinstance(side, Dola) and len(exchanges) > 1:
        answer = replace(answer, well_formed=False)
    if answer.text == task.source:
        checked = Outcome(False, "ran", "nothing was changed")
    else:
        checked = check(task, answer.text, tools)
    return Record.of(task, side.name, answer, checked, judge(task, answer.text), exchanges)


def _check_tasks(tasks: Sequence[Task], tools: Tools) -> int:
    """Check that the tasks can be failed and passed; return the exit code."""
    wrong = 0
    for task in tasks:
        found = faults(task, tools)
        missing = tools.missing(task.language)
        how = f"not run, {', '.join(missing)} missing" if missing else "ran"
        print(f"{task.id}: {'; '.join(found) or 'sound'} ({how})", flush=True)
        wrong += bool(found)
    print(f"{len(tasks)} tasks, {wrong} of them not sound")
    return 1 if wrong else 0


def _print(tasks: Sequence[Task], names: Sequence[str], results: Results, *, each: bool) -> None:
    sides = {name: results.of(tasks, name) for name in SIDES if name in names}
    print(table(sides))
    if lines := figures(sides, TABLE):
        print(f"\n{lines}")
    asked = [e for rs in sides.values() for r in rs if not r.same_as for e in r.exchanges]
    first, last = results.about["runs"][0], results.about["runs"][-1]
    print(f"\n{rates(asked)} {last['model']}; {first['machine']} at the start.")
    if each:
        print(f"\n{by_task(sides)}")


if __name__ == "__main__":
    raise SystemExit(main())
