"""Somebody types for a long time and has an action run now and then: does the server grow?

Its memory is read once it has warmed up, and at the end. The model fails at times, as in `chaos`.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

from tests.fakes.api import FakeApi, Reply, Request, answer, usage_of
from tests.fakes.buffer import Buffer
from tests.fakes.model import fenced
from tests.fakes.raw import Raw
from tests.reliability.faults import FAULTS
from tests.reliability.findings import Findings
from tests.reliability.load import CAPABILITIES, here, order, question
from tests.reliability.page import Page, improved, region_of
from tests.reliability.surroundings import environment, resident, server

_FILES = 5
_FUNCTIONS = 10
_KEY = 0.03
#: Keys between two actions, and the part of the time that warms up.
_KEYS = 25
_WARM = 0.3
_RATE = 0.05
#: What takes longer than a user of this test would wait for; `chaos` has it.
_SLOW = ("silence", "silence half way", "server fault", "bad gateway", "overloaded", "rate limit")


async def soak(seconds: float, folder: Path, seed: int = 0) -> Findings:
    """Type for so many seconds into a real server process."""
    found = Findings()
    zero = ("deaths of the server", "requests unanswered", "faults injected", "faults survived")
    found.counts.update(dict.fromkeys([*zero, "actions held", "keystrokes"], 0))
    chance = random.Random(seed)
    quick = [fault for name, fault in FAULTS.items() if name not in _SLOW]

    def reply(request: Request) -> Reply:
        code = region_of(request.prompt)
        if code is None:
            return answer("CANNOT: there is no code.")
        text = fenced(improved(code, chance.randrange(1_000, 9_999)))
        if chance.random() < _RATE:
            found.counts["faults injected"] += 1
            return chance.choice(quick)(text)
        return answer(text, delay=0.002, usage=usage_of())

    async with (
        FakeApi() as api,
        server(environment(folder / "home", api.base_url), folder) as raw,
    ):
        api.answer_with(reply)
        user = _User(raw, chance, found)
        raw.answers["workspace/applyEdit"] = {"applied": True}
        await raw.initialize(CAPABILITIES)
        user.open(folder)
        try:
            await user.type_for(seconds, api)
            code = await raw.leave()
            if code or b"Traceback" in raw.stderr:
                words = bytes(raw.stderr[-1500:]).decode("utf-8", "replace")
                found.wrong("deaths of the server", f"exit code {code}: {words}")
        except (TimeoutError, ConnectionError):
            found.wrong("requests unanswered", f"exit code {raw.process.returncode}")
    # Whatever the model did, the server went on; that is what is counted here.
    if not found.problems:
        found.counts["faults survived"] += found.counts["faults injected"]
    return found


class _User:
    """Types, and takes the server's edits where their version is that of the buffer."""

    def __init__(self, raw: Raw, chance: random.Random, found: Findings) -> None:
        self.raw = raw
        self.chance = chance
        self.found = found
        self.buffers: list[Buffer] = []
        self.typed = 0

    def open(self, folder: Path) -> None:
        """Open the files."""
        for number in range(_FILES):
            page = Page(here(folder, number), _FUNCTIONS)
            self.buffers.append(Buffer(page.uri, "python", page.text, "utf-16", 1))
            self.raw.open(page.uri, page.text)

    async def type_for(self, seconds: float, api: FakeApi) -> None:
        """Type, have actions run, and read the memory."""
        loop = asyncio.get_running_loop()
        began, warm, keys = loop.time(), None, 0
        while (spent := loop.time() - began) < seconds:
            self.key(keys)
            keys += 1
            if keys % _KEYS == 1:
                await self.act()
            await asyncio.sleep(_KEY)
            self.take()
            if warm is None and spent > seconds * _WARM:
                warm = resident(self.raw.process.pid)
            # What was sent is not to be kept here either.
            api.requests[:-50] = []
            del self.raw.stderr[:-100_000]
        await asyncio.sleep(1.0)
        self.take()
        await self.raw.request("textDocument/hover", _at(self.buffers[0].uri, 0))
        at_end = resident(self.raw.process.pid)
        if warm is not None and at_end is not None:
            self.found.samples["memory growth"] = [max(at_end - warm, 0.0)]

    def key(self, number: int) -> None:
        """Type one character into a comment; a comment that is long enough is emptied."""
        buffer = self.buffers[number // 40 % _FILES]
        place = buffer.text.index("    # notes") + len("    # notes")
        end = buffer.text.index("\n", place)
        if end - place > 40:
            change = buffer.replace(place, end, "")
        else:
            change = buffer.replace(end, end, self.chance.choice("abcdefg é🙂"))
        self.found.counts["keystrokes"] += 1
        self._tell(buffer, [change])

    async def act(self) -> None:
        """List the actions of a function and run one."""
        buffer = self.chance.choice(self.buffers)
        name = f"def step_{self.chance.randrange(_FUNCTIONS)}("
        line = buffer.position(buffer.text.index(name))["line"]
        await self.raw.request("textDocument/codeAction", question(buffer.uri, line))
        await self.raw.request("workspace/executeCommand", order(buffer.uri, line))
        self.found.counts["actions held"] += 1

    def take(self) -> None:
        """Make the edits that came, all of which have been answered with a yes."""
        messages, self.raw.messages[:] = list(self.raw.messages), []
        for message in messages:
            if message.get("method") == "workspace/applyEdit":
                [change] = message["params"]["edit"]["documentChanges"]
                self._edit(change)

    def _edit(self, change: dict[str, Any]) -> None:
        told = change["textDocument"]
        buffer = next(one for one in self.buffers if one.uri == told["uri"])
        if told["version"] != buffer.version:
            return  # As Neovim does, which drops the edit and says that it made it.
        edits = [(*buffer.span(edit["range"]), edit["newText"]) for edit in change["edits"]]
        changes = [buffer.replace(*edit) for edit in sorted(edits, reverse=True)]
        self.found.counts["edits that landed"] += 1
        self._tell(buffer, changes)

    def _tell(self, buffer: Buffer, changes: list[dict[str, Any]]) -> None:
        buffer.version += 1
        told = {"uri": buffer.uri, "version": buffer.version}
        self.raw.notify("textDocument/didChange", {"textDocument": told, "contentChanges": changes})


def _at(uri: str, line: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
