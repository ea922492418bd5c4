"""Have tests written for the tasks' functions, run them, and print the figures.

    python -m tests.benchmarks.test_eval [--limit N] [--only LANGUAGE|NAME] [--out FILE] [--resume]
    python -m tests.benchmarks.test_eval --check-tasks

The real server is asked for the tests of one function after the other, and asks the embedded
engine. The tests that come are run on the function as it is, and on copies with a fault in them.
Models' code is run, in temporary folders and with a time limit, so this belongs on a machine where
that may be done.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.benchmarks.__main__ import machine
from tests.benchmarks.engine import Address, NoEngine, engine
from tests.benchmarks.picking import pick
from tests.benchmarks.rates import rates
from tests.benchmarks.relay import Relay
from tests.benchmarks.test_eval.judging import judge
from tests.benchmarks.test_eval.project import missing
from tests.benchmarks.test_eval.report import by_task, figures, table
from tests.benchmarks.test_eval.results import Record, Results
from tests.benchmarks.test_eval.tasks import Task, WrongTask, load_all
from tests.benchmarks.test_eval.validity import faults
from tests.benchmarks.test_eval.writer import Writer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.test_eval",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--limit", type=int, metavar="N", help="so many tasks, of all languages")
    parser.add_argument("--only", action="append", default=[], metavar="LANGUAGE|NAME")
    parser.add_argument("--out", type=Path, default=Path("test-results.json"), metavar="FILE")
    parser.add_argument("--resume", action="store_true", help="leave out what FILE has already")
    parser.add_argument("--model", choices=["1.5b", "0.5b"], default="1.5b")
    parser.add_argument("--tasks", action="store_true", help="print each task's outcome, too")
    parser.add_argument("--check-tasks", action="store_true", help="look only at the tasks")
    options = parser.parse_args(arguments)
    try:
        tasks = pick(load_all(), options.only, options.limit)
        if not tasks:
            parser.error("no task is called that")
        for language in dict.fromkeys(task.language for task in tasks):
            if needed := missing(language):
                parser.error(
                    f"{needed} is not installed here, so that tests in {language} cannot be run; "
                    "leave them out with --only"
                )
        if options.check_tasks:
            return _check_tasks(tasks)
        results = Results()
        if options.resume and options.out.exists():
            try:
                results = Results.load(options.out)
            except (OSError, ValueError, TypeError, KeyError) as error:
                parser.error(f"{options.out} holds no results to go on with: {error!r}")
        left = [task for task in tasks if results.find(task) is None]
        if left:
            with engine(options.model) as address:
                run(left, results, options.out, address)
    except (WrongTask, NoEngine) as error:
        print(error, file=sys.stderr)
        return 1
    _print(results.of(tasks), results, each=options.tasks)
    return 0


def run(tasks: Sequence[Task], results: Results, out: Path, address: Address) -> None:
    """Have all tests written and run, and keep what comes of each at once."""
    runs = results.about.setdefault("runs", [])
    runs.append({"machine": machine(), "model": address.model, "began": time.strftime("%F %T")})
    with Relay(address).running() as relay, closing(Writer(relay.address)) as writer:
        # The model's file is read from disk before anything is timed.
        relay.ask_one_word()
        for number, task in enumerate(tasks):
            record = one(task, writer, relay)
            results.put(record)
            results.save(out)
            print(
                f"{number + 1}/{len(tasks)} {task.id}: {_told(record)}, {record.seconds:.1f} s",
                file=sys.stderr,
                flush=True,
            )


def one(task: Task, writer: Writer, relay: Relay) -> Record:
    """Have the tests of one task written, and judge them."""
    relay.take()
    written = writer.write_tests(task)
    if written.ended.outcome in ("timeout", "failed"):
        relay.hang_up()
    return judge(task, written, relay.take())


def _told(record: Record) -> str:
    if not record.collected:
        return f"{record.rule or record.outcome}, {record.reason[:60]!r}"
    return (
        f"{record.passing} of {len(record.tests)} tests pass, "
        f"{record.noticed} of {len(record.caught)} mutations caught"
    )


def _check_tasks(tasks: Sequence[Task]) -> int:
    """Check that the functions can be tested and that all faults show; return the exit code."""
    wrong = 0
    for task in tasks:
        found = faults(task)
        print(f"{task.id}: {'; '.join(found) or 'sound'}", flush=True)
        wrong += bool(found)
    print(f"{len(tasks)} tasks, {wrong} of them not sound")
    return 1 if wrong else 0


def _print(records: Sequence[Record], results: Results, *, each: bool) -> None:
    print(table(records))
    print(f"\n{figures(records)}")
    asked = [exchange for record in records for exchange in record.exchanges]
    first, last = results.about["runs"][0], results.about["runs"][-1]
    print(f"\n{rates(asked)} {last['model']}; {first['machine']} at the start.")
    if each:
        print(f"\n{by_task(records)}")


if __name__ == "__main__":
    raise SystemExit(main())
