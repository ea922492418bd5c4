"""Print the figures: ``python -m tests.reliability [--quick|--full] [--seconds N] [--json]``.

Ends with 1 where a figure that must be none is not, where a fault or a start was not survived, or
where something did not run. Times and sizes are printed and decide nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.__main__ import machine
from tests.interrupts import heed_interrupts
from tests.reliability.chaos import chaos
from tests.reliability.effort import FULL, QUICK, Effort
from tests.reliability.findings import ROWS, Findings, as_json, failed, markdown
from tests.reliability.load import load
from tests.reliability.sessions import sessions
from tests.reliability.soak import soak
from tests.reliability.starts import starts
from tests.reliability.stdin_fuzz import stdin_fuzz

Piece = Callable[[Effort, Path, int], Findings]

#: Each piece stands alone; it gets a folder of its own and the seed of the run.
PIECES: dict[str, Piece] = {
    "stdin": lambda effort, folder, seed: asyncio.run(stdin_fuzz(effort.inputs, folder, seed)),
    "chaos": lambda effort, folder, seed: asyncio.run(chaos(effort.actions, folder, seed)),
    "sessions": lambda effort, folder, seed: sessions(effort.sessions, effort.steps),
    "load": lambda effort, folder, seed: asyncio.run(load(effort.listing, effort.cancels, folder)),
    "starts": lambda effort, folder, seed: asyncio.run(starts(folder)),
    "soak": lambda effort, folder, seed: asyncio.run(soak(effort.soak, folder, seed)),
}


def main() -> int:
    """Run and print; return the exit code."""
    heed_interrupts()
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--quick", dest="effort", action="store_const", const=QUICK)
    effort.add_argument("--full", dest="effort", action="store_const", const=FULL)
    parser.add_argument("--seconds", type=float, help="the length of the soak")
    parser.add_argument("--only", action="append", choices=list(PIECES), help="this piece")
    parser.add_argument("--seed", type=int, default=0, help="of what is left to chance")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.set_defaults(effort=QUICK)
    options = parser.parse_args()
    chosen: Effort = options.effort
    if options.seconds is not None:
        chosen = replace(chosen, soak=options.seconds)
    found, broken, began = Findings(), [], time.monotonic()
    for name in options.only or PIECES:
        print(f"running: {name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="dola-reliability-") as folder:
            try:
                found.add(PIECES[name](chosen, Path(folder).resolve(), options.seed))
            except Exception:
                traceback.print_exc()
                print(f"{name} did not run to its end", file=sys.stderr)
                broken.append(name)
    # Of a part of the pieces, only what they measure is judged.
    rows = [row for row in ROWS if not options.only or row.value(found) is not None]
    seconds = time.monotonic() - began
    if options.json:
        about = {"machine": machine(), "seconds": round(seconds, 1), "seed": options.seed}
        print(json.dumps(as_json(found, about), indent=2, ensure_ascii=False))
    else:
        print(markdown(found, rows), end="\n\n")
        print(f"{machine()}. {seconds:.0f} s, seed {options.seed}.")
    for problem in found.problems:
        print(problem, file=sys.stderr)
    missed = failed(found, rows)
    if missed:
        print(f"not as it has to be: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed or broken or found.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
