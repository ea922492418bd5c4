"""Rubbish on the standard input of a real server process, which has to go on as if nothing were."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fakes.raw import Raw
from tests.reliability.findings import Findings
from tests.reliability.rubbish import PADDING, URI, rubbish
from tests.reliability.surroundings import environment, server

#: Inputs between two questions whether the server still answers.
_BATCH = 20
#: Seconds it may take to answer, before it counts as one that does not.
_LIMIT = 20.0
_TEXT = "def total(items):\n    return sum(items)\n\n\ndef tax(value):\n    return value * 2\n"
_POSITION = {"line": 1, "character": 4}
#: What no answer may tell a client: a traceback, or where the server's files are.
_INSIDE = re.compile(rb"Traceback \(most recent|site-packages|/dola_ls/|\\\\dola_ls\\\\")


async def stdin_fuzz(inputs: int, folder: Path, seed: int = 0) -> Findings:
    """Send so many inputs, and after every few a request that has to be answered."""
    found = Findings()
    zero = ("deaths of the server", "requests unanswered", "exceptions nobody expected")
    found.counts.update(dict.fromkeys(["inputs fuzzed", *zero], 0))
    chance = random.Random(seed)
    async with server(environment(folder / "home"), folder) as raw:
        await raw.initialize()
        raw.open(URI, _TEXT)
        answers: Counter[str] = Counter()
        expected: list[str] = []
        for start in range(0, inputs, _BATCH):
            numbers = range(start, min(start + _BATCH, inputs))
            expected += _send(raw, chance, numbers)
            found.counts["inputs fuzzed"] += len(numbers)
            if not await _answers(raw, f"the inputs {numbers}", found):
                break
            _take(raw, answers, found)
        else:
            # What runs beside the others may take a moment longer.
            await asyncio.sleep(0.5)
            _take(raw, answers, found)
            await _leave(raw, found)
        for name in expected:
            if answers[name] != 1:
                found.wrong("requests unanswered", f"{name} had {answers[name]} answers")
    if raw.rubbish:
        found.wrong("deaths of the server", f"it wrote outside of frames: {raw.rubbish[:200]!r}")
    return found


def _send(raw: Raw, chance: random.Random, numbers: range) -> list[str]:
    """Send some inputs; return the ids of the requests that were among them."""
    made = [rubbish(chance, f"fuzz-{number}") for number in numbers]
    for one in made:
        raw.write(one.data + PADDING)
    return [one.request for one in made if one.request is not None]


async def _answers(raw: Raw, after: str, found: Findings) -> bool:
    """Tell whether the server answers a request, and note how long that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await raw.request("textDocument/hover", _hover(), limit=_LIMIT)
    except (TimeoutError, ConnectionError):
        code = raw.process.returncode
        name = "requests unanswered" if code is None else "deaths of the server"
        words = bytes(raw.stderr[-500:]).decode("utf-8", "replace")
        found.wrong(name, f"after {after} (exit code {code}): {words}")
        return False
    times = found.samples.setdefault("next request after rubbish", [])
    times.append((loop.time() - began) * 1000)
    return True


def _take(raw: Raw, answers: Counter[str], found: Findings) -> None:
    """Count the answers that came, none of which may tell of the server's inside."""
    for message in raw.messages:
        if "method" in message:
            continue
        if isinstance(message.get("id"), str):
            answers[message["id"]] += 1
        if _INSIDE.search(repr(message).encode("utf-8", "replace")):
            found.wrong("requests unanswered", f"an answer tells of the inside: {message}")
    raw.messages.clear()


async def _leave(raw: Raw, found: Findings) -> None:
    try:
        code = await raw.leave()
    except TimeoutError:
        found.wrong("deaths of the server", "it did not end after shutdown and exit")
        return
    if code != 0:
        found.wrong("deaths of the server", f"exit code {code} after shutdown and exit")
    if b"Traceback" in raw.stderr:
        at = raw.stderr.index(b"Traceback")
        words = bytes(raw.stderr[at : at + 1500]).decode("utf-8", "replace")
        found.wrong("exceptions nobody expected", words)


def _hover() -> dict[str, Any]:
    return {"textDocument": {"uri": URI}, "position": _POSITION}
