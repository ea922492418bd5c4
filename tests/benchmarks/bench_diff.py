"""How long the smallest edits of large files take, beside difflib and git.

Run ``python -m tests.benchmarks.bench_diff [--lines N] [--runs N]``. Times are the best of the
runs, the memory is the peak above both texts, and difflib is stopped after 20 seconds.
"""

from __future__ import annotations

import argparse
import difflib
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sysconfig
import tempfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time

from dola_ls.core.diff import smallest_edits
from dola_ls.core.document import apply_edits, split_lines

#: Seconds that one comparison by difflib may take before it is stopped.
PATIENCE = 20.0


def sample(count: int) -> list[str]:
    """Return lines of real code: the standard library, one module after another."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    lines: list[str] = []
    for path in sorted(folder.glob("*.py")):
        lines += split_lines(path.read_text(encoding="utf-8", errors="replace"))
    return list(islice(cycle(lines), count))


def scattered(lines: list[str], count: int, pick: random.Random) -> list[str]:
    """Reword, insert and delete single lines in `count` places."""
    new = list(lines)
    for at in sorted(pick.sample(range(len(new)), count), reverse=True):
        kind = pick.randrange(4)
        if kind == 0:
            del new[at]
        elif kind == 1:
            new.insert(at, f"    inserted = {at}\n")
        else:
            new[at] = re.sub(r"\w+|$", "reworded", new[at], count=1)
    return new


def scenarios(lines: list[str]) -> dict[str, list[str]]:
    """Return by name what becomes of the lines."""
    pick = random.Random(1)
    count = len(lines)
    middle = count // 2
    few = [pick.choice(["0,\n", "1,\n", "[\n", "],\n"]) for _ in range(count)]
    return {
        "one line": scattered(lines, 1, pick),
        "20 scattered changes": scattered(lines, 20, pick),
        "500 scattered changes": scattered(lines, 500, pick),
        "60 lines replaced": [*lines[:middle], *few[:60], *lines[middle + 60 :]],
        "5 % of the lines": scattered(lines, count // 20, pick),
        "30 % of the lines": scattered(lines, count * 3 // 10, pick),
        "all indented": ["    " + line if line.strip() else line for line in lines],
        "halves swapped": [*lines[middle:], *lines[:middle]],
        "nothing in common": few,
    }


def best(runs: int, work: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """Return the milliseconds of the fastest run."""
    times = []
    for _ in range(runs):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times) * 1000


def peak(work: Callable[[], object]) -> float:
    """Return the megabytes that are taken at most, above what was taken before."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def _difflib(old: list[str], new: list[str], answer: Connection) -> None:
    start = perf_counter()
    difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    answer.send((perf_counter() - start) * 1000)


def difflib_time(old: list[str], new: list[str]) -> float | None:
    """Return the milliseconds difflib takes, in a process that can be stopped; None if too many."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_difflib, args=(old, new, there), daemon=True)
    process.start()
    taken = here.recv() if here.poll(PATIENCE) else None
    process.terminate()
    process.join()
    return taken


def git_time(runs: int, old: str, new: str) -> float | None:
    """Return the milliseconds of ``git diff --patience``, its start included; None without git."""
    git = shutil.which("git")
    if git is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("old", old), ("new", new)):
            (Path(folder) / name).write_bytes(text.encode())
        command = [git, "diff", "--no-index", "--patience", "old", "new"]
        environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return best(
            runs,
            lambda: subprocess.run(
                command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False
            ),
        )


def shown(milliseconds: float | None, missing: str) -> str:
    """Return a figure for the table."""
    return missing if milliseconds is None else f"{milliseconds:,.1f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-difflib", action="store_true", help="leave out the slow column")
    options = parser.parse_args()
    lines = sample(options.lines)
    old = "".join(lines)
    print(f"{len(lines):,} lines, {len(old) / 1e6:.1f} MB, best of {options.runs} runs\n")
    print("| scenario | edits | ms | CPU ms | difflib, ms | git --patience, ms | peak MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, new_lines in scenarios(lines).items():
        new = "".join(new_lines)
        edits = smallest_edits(old, new)
        if apply_edits(old, edits) != new:
            raise SystemExit(f"wrong edits: {name}")
        compare = partial(smallest_edits, old, new)
        ours, ours_cpu = best(options.runs, compare), best(options.runs, compare, process_time)
        memory = peak(compare)
        theirs = None if options.no_difflib else difflib_time(lines, new_lines)
        late = "-" if options.no_difflib else f"over {PATIENCE * 1000:,.0f}"
        git = git_time(options.runs, old, new)
        print(
            f"| {name} | {len(edits):,} | {ours:,.1f} | {ours_cpu:,.1f} | {shown(theirs, late)} "
            f"| {shown(git, '-')} | {memory:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
