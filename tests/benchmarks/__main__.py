"""Print the figures: ``python -m tests.benchmarks [--quick|--full] [--only NAME] [--json]``.

Ends with 0 whether or not the targets are met, and with 1 where something did not run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable

from tests.benchmarks.answering import answering
from tests.benchmarks.effort import FULL, QUICK, USUAL, Effort
from tests.benchmarks.listing import listing
from tests.benchmarks.memory import memory
from tests.benchmarks.startup import startup
from tests.benchmarks.table import Section

FIGURES: dict[str, Callable[[Effort], Section]] = {
    "startup": startup,
    "listing": listing,
    "answering": answering,
    "memory": memory,
}


def machine() -> str:
    """Say in one line where the figures come from, and how busy it is there."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{python}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs{load}"


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--quick", dest="effort", action="store_const", const=QUICK)
    effort.add_argument("--full", dest="effort", action="store_const", const=FULL)
    parser.add_argument("--only", action="append", choices=sorted(FIGURES), help="this figure")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.set_defaults(effort=USUAL)
    options = parser.parse_args()
    before, sections, failed = machine(), [], 0
    for name, measure in FIGURES.items():
        if options.only and name not in options.only:
            continue
        print(f"measuring: {name} …", file=sys.stderr)
        try:
            section = measure(options.effort)
        except Exception:
            traceback.print_exc()
            print(f"{name} did not run", file=sys.stderr)
            failed = 1
            continue
        sections.append(section)
        if not options.json:
            print(section.markdown(), end="\n\n", flush=True)
    if options.json:
        told = {"machine": before, "sections": [section.as_json() for section in sections]}
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print(f"{before} at the start; at the end: {machine().rpartition(', ')[2]}.")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
