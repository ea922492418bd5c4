"""A key press and the list of code actions after it, in a large file."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.client import Client, Refused, ServerFailed
from tests.benchmarks.corpus import LINES, Text, source
from tests.benchmarks.effort import Effort
from tests.benchmarks.servers import ALL, DOLA
from tests.benchmarks.table import Row, Section, Target

_MOST_MS = 10.0
#: After it has opened a file a server does what it put off: imports, a first look at the file.
_BREAK = 1.5


def listing(effort: Effort) -> Section:
    """Type in each server's copy of the file and ask at the cursor what can be done."""
    rows: list[Row] = []
    for server in ALL:
        for ascii_only in (True, False):
            words = "ASCII" if ascii_only else "not ASCII"
            name = f"{server.title}, {words}"
            if not server.installed:
                rows.append(Row(name, instead="not installed"))
                continue
            try:
                with server.running() as client:
                    client.initialize()
                    rounds = list(_pressed(client, effort, ascii_only))
            except ServerFailed as error:
                if server is DOLA:
                    raise
                # A peer that gives up on a slow machine is no fault of this project.
                rows.append(Row(name, instead=str(error).strip()))
                continue
            good = [one for one in rounds if one.error is None]
            if server is DOLA and len(good) < len(rounds):
                raise ServerFailed(next(one.error for one in rounds if one.error))
            rows.append(
                Row(
                    name,
                    tuple(one.seconds * 1000 for one in good),
                    Target("p95", _MOST_MS) if server is DOLA else None,
                    instead="only errors",
                    cpu=tuple(one.cpu * 1000 for one in good if one.cpu is not None),
                    remark=_errors(len(rounds) - len(good)),
                )
            )
    return Section(
        f"Key press and code actions at the cursor, file of {LINES:,} lines",
        "ms",
        rows,
        note="bare pygls, and pylsp without plugins, have no actions to list: they are the floor. "
        "One didChange and one textDocument/codeAction, until its answer. Each round types "
        "one character at a random place, each character as often as the file has it, or takes "
        "back the one before. A server that took more than "
        f"{effort.seconds:.0f} s in all had fewer rounds.",
    )


@dataclass(frozen=True, slots=True)
class _Round:
    seconds: float
    cpu: float | None
    error: str | None


def _errors(count: int) -> str:
    return f"{count} more were answered with an error" if count else ""


def _pressed(client: Client, effort: Effort, ascii_only: bool) -> Iterator[_Round]:
    text = source(ascii_only=ascii_only)
    uri = client.open("shop.py", text)
    buffer = Text(uri, text, client.encoding)
    chance = random.Random(4)
    places = [match.end() for match in re.finditer(r"^ {4,}\S.*", text, re.MULTILINE)]
    # Keys as often as the file has them; its indents were not typed one by one.
    keys = re.sub(r"\n[ ]+", "\n", text)
    typed: int | None = None
    # The first list parses the whole file, and comes once for each file that is opened.
    client.code_actions(uri, {"line": 0, "character": 0})
    client.idle(_BREAK)
    end = time.perf_counter() + effort.seconds
    for _ in range(effort.presses):
        if typed is None:
            line_end = chance.choice(places)
            start = text.rfind("\n", 0, line_end) + 1
            at = chance.randrange(start, line_end + 1)
            change = buffer.replaced(at, at, chance.choice(keys))
            cursor, typed = buffer.position(at + 1), at
        else:
            change = buffer.replaced(typed, typed + 1, "")
            cursor, typed = buffer.position(typed), None
        computed, error = client.cpu(), None
        began = time.perf_counter()
        client.notify("textDocument/didChange", change)
        try:
            _, arrived = client.code_actions(uri, cursor)
        except Refused as refusal:
            arrived, error = time.perf_counter(), str(refusal)
        now = client.cpu()
        spent = now - computed if now is not None and computed is not None else None
        yield _Round(arrived - began, spent, error)
        if arrived > end:
            return
