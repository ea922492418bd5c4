"""Actions on a model that fails now and then, while somebody types; and a page that knows better.

The server runs in this process and talks to a fake of the model's API over a real socket. After
every edit of the server the buffer is compared with `Page`, which was written without the server's
code: an edit that is not one of those it allows is a wrong edit.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import random
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dola_ls.lsp.jobs import Job
from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import FakeApi, Reply, Request, answer, usage_of
from tests.fakes.editor import PROFILES, Editor
from tests.fakes.model import fenced
from tests.reliability.faults import FAULTS
from tests.reliability.findings import Findings
from tests.reliability.page import Change, Line, Page, improved, region_of

_RATE = 0.05
_LEFT = "tasks and connections left behind"
_AT_ONCE = 5
#: Seconds in which an edit that crossed a cancel arrives.
_CROSSING = 1.0
_FUNCTIONS = 8
#: Seconds for anything to end, far beyond what the model is given.
_LIMIT = 20.0
_TIMEOUTS = Timeouts(connect=2.0, write=2.0, pool=2.0, first_token=0.5, idle=0.5, total=5.0)
_KEYS = "abcdefghijklmnopqrstuvwxyz é漢🙂"
_NAME = re.compile(r"def step_(\d+)\(")
_FILE = re.compile(r"File: (\S+)")
_OF_THE_API = ("FakeApi._accept", "StreamReader.read")
_EXPLANATION = "## What it does\n\nIt adds up.\n\n## Pitfalls\n\nNone."


@dataclass(eq=False, slots=True)
class Action:
    """One action under way, and what its model does wrong, for so many requests."""

    page: Page
    function: int
    change: Change
    job: Job
    fault: str | None
    times: int
    explains: bool
    cancelled: bool = False
    landed: bool = False
    #: How much the user had been told before it began.
    told: int = 0
    #: When it was seen to be over, by the loop's clock.
    ended: float = 0.0


class Typist(Editor):
    """An editor that tells whenever an edit of the server has been made, and types at offsets."""

    changed: Any = staticmethod(lambda: None)

    def press(self, uri: str, start: int, end: int, text: str) -> None:
        """Replace some text, as a key does."""
        buffer = self.buffer(uri)
        self._tell_changed(buffer, [buffer.replace(start, end, text)])

    def _apply(self, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return super()._apply(params)
        finally:
            self.changed()

    def _work(self) -> list[str]:
        """Leave out the fake API, whose connections are kept for a while after a request."""
        mine = {
            f"task {task.get_name()}"
            for task in asyncio.all_tasks()
            if getattr(task.get_coro(), "__qualname__", "") in _OF_THE_API
        }
        return [work for work in super()._work() if work not in mine]

    def open_progress(self) -> list[str | int]:
        """Return the progress that has begun and not ended."""
        return self._open_progress()


@dataclass
class Chaos:
    """One session with one editor."""

    editor: Typist
    server: DolaServer
    chance: random.Random
    pages: list[Page]
    found: Findings
    #: The faults to come, and after how many actions each.
    plan: dict[int, str]
    active: list[Action] = field(default_factory=list)
    #: What may still arrive of actions that were cancelled a moment ago.
    crossing: list[Action] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    #: The jobs that the server began; one may be over before its request is answered.
    started: list[Job] = field(default_factory=list)
    notes: int = 0
    broken: bool = False

    def __post_init__(self) -> None:
        """Watch the server begin jobs."""
        jobs = self.server.jobs
        start = jobs.start

        def watched(*arguments: Any) -> None:
            before = set(jobs.under_way())
            start(*arguments)
            self.started += set(jobs.under_way()) - before

        jobs.start = watched  # type: ignore[method-assign]

    # -- the model -----------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        """Answer what a model would, or fail as planned."""
        name, region = _FILE.search(request.prompt), region_of(request.prompt)
        number = _NAME.search(region or request.prompt)
        assert name is not None
        assert number is not None, f"a prompt without its function: {request.prompt}"
        action = next(
            (
                one
                for one in self.active
                if one.page.uri.endswith(name[1]) and one.function == int(number[1])
            ),
            None,
        )
        if action is None:
            return answer("CANNOT: nobody waits for this.")
        if action.explains or region is None:
            text = _EXPLANATION
        else:
            text = fenced(improved(region, action.change.number))
        if action.fault is not None and action.times > 0:
            action.times -= 1
            return FAULTS[action.fault](text)
        return answer(text, delay=self.chance.choice([0.0, 0.001, 0.004]), usage=usage_of())

    # -- the user ------------------------------------------------------------------------------

    async def start(self, number: int) -> None:
        """Begin one action on a function that has none."""
        busy = {(action.page.uri, action.function) for action in self.active}
        page, function = self.chance.choice(
            [(p, f) for p in self.pages for f in range(_FUNCTIONS) if (p.uri, f) not in busy]
        )
        explains = number not in self.plan and self.chance.random() < 0.1
        command = "dola.explain" if explains else "dola.refactor"
        before = len(self.messages)
        while True:
            place = self.editor.cursor_at(page.uri, f"step_{function}(")
            actions = await self.editor.code_actions(page.uri, place)
            chosen = next(a for a in actions if a["command"]["command"] == command)
            # These are the lines as they are when the server is told of the action.
            change = page.change(function, 1000 + number)
            await self.editor.execute(chosen)
            if self.started:
                break
            # An edit came between the list and the choice: the server says so, the user repeats.
            told = self.editor.take_messages()
            if not any("has changed since the action was listed" in one for one in told):
                self.found.wrong("requests unanswered", f"{command} began nothing: {told}")
            self.messages += told
        job = self.started.pop()
        fault = self.plan.get(number)
        times = self.chance.choice([1, 9])
        action = Action(page, function, change, job, fault, times, explains)
        action.told = before
        self.active.append(action)
        self.found.counts["actions held"] += 1
        self.found.counts["faults injected"] += fault is not None

    def type(self) -> None:
        """Press one key somewhere, most often in a function that is being worked on."""
        if self.active and self.chance.random() < 0.6:
            action = self.chance.choice(self.active)
            page, function = action.page, action.function
        else:
            page, function = self.chance.choice(self.pages), self.chance.randrange(_FUNCTIONS)
        lines = page.of(function)
        typed = [line for line in lines if line.typed]
        notes = [line for line in lines if line.text.startswith("    #")]
        self.found.counts["keystrokes"] += 1
        match self.chance.randrange(12):
            case 0 if len(typed) < 5:
                # Enter, and the beginning of a comment, behind any line of the body.
                line = self.chance.choice(
                    [one for one in lines if one.text.startswith("    ") and one is not lines[-3]]
                )
                indent = " " * (len(line.text) - len(line.text.lstrip()))
                indent += "    " if line.text.endswith(":") else ""
                self.notes += 1
                new = Line(f"{indent}# note {self.notes}: ", function, typed=True)
                self._press(page, page.end_of(line), 0, page.eol + new.text)
                page.lines.insert(page.lines.index(line) + 1, new)
            case 1 if len(typed) >= 3:
                line = self.chance.choice(typed)
                size = len(line.text) + len(page.eol)
                self._press(page, page.end_of(line) - size, size, "")
                page.lines.remove(line)
            case 2:
                # A comment behind the very line that the model changes.
                line = next(one for one in lines if one.text.startswith("    first"))
                self._append(page, line, "." if "#" in line.text else "  # .")
            case 3 if notes and len(notes[-1].text) > 20:
                line = notes[-1]
                self._press(page, page.end_of(line) - 1, 1, "")
                line.text = line.text[:-1]
            case _ if notes:
                self._append(page, self.chance.choice(notes), self.chance.choice(_KEYS))

    def _append(self, page: Page, line: Line, text: str) -> None:
        if len(line.text) > 60:
            # Enough of it: the line is emptied of what was typed.
            keep = line.text.partition("  # ")[0] if "first" in line.text else line.text[:18]
            gone = len(line.text) - len(keep)
            self._press(page, page.end_of(line) - gone, gone, "")
            line.text = keep
            return
        self._press(page, page.end_of(line), 0, text)
        line.text += text

    def _press(self, page: Page, at: int, size: int, text: str) -> None:
        self.editor.press(page.uri, at, at + size, text)

    def cancel(self) -> None:
        """Press the cancel button of some action."""
        if self.active:
            action = self.chance.choice(self.active)
            action.cancelled = True
            self.editor.cancel_progress(action.job.token)

    # -- the judge -----------------------------------------------------------------------------

    def check(self) -> None:
        """Compare every buffer with its page, where an edit may just have been made."""
        for page in self.pages:
            text = self.editor.text(page.uri)
            if text == page.text or self.broken:
                continue
            owners = [a for a in [*self.active, *self.crossing] if a.page is page]
            # An edit that is there already is not made once more.
            owners = [action for action in owners if not action.explains and not action.landed]
            made = page.take(text, [action.change for action in owners])
            if made is not None:
                next(a for a in owners if a.change is made).landed = True
                self.found.counts["edits that landed"] += 1
                continue
            self._blame(page, text)

    def _blame(self, page: Page, text: str) -> None:
        """Say what the server did, and judge no more in this session: all that follows is off."""
        self.broken = True
        there, wanted = text.split(page.eol), [line.text for line in page.lines]
        lost = [line.text for line in page.lines if line.typed and line.text not in there]
        running = [
            (a.function, a.change.number, a.fault, a.landed, a.cancelled, a.change.first_text)
            for a in [*self.active, *self.crossing]
            if a.page is page
        ]
        what = "\n".join(difflib.unified_diff(wanted, there, "as it was", "as it is", "", "", 2))
        what = f"{self.editor.name}, {page.uri} with {running} under way:\n{what}"
        self.found.wrong("lost keystrokes" if lost else "wrong edits", what)

    def settle(self) -> list[Action]:
        """Take what was said and shown, and return the actions that are over now."""
        self.messages += self.editor.take_messages()
        self.editor.take_edits()
        self.editor.take_shown()
        self.editor.take_questions()
        for method in ("dola/proposed", "dola/settled"):
            self.editor.take_notifications(method)
        running = self.server.jobs.under_way()
        now = asyncio.get_running_loop().time()
        over = [action for action in self.active if action.job not in running]
        for action in over:
            action.ended = now
        self.active = [action for action in self.active if action.job in running]
        # An edit that was sent before the cancel came may arrive after it.
        late = [action for action in over if action.cancelled]
        self.crossing = [a for a in self.crossing if now - a.ended < _CROSSING] + late
        return over

    def judge(self, over: Iterable[Action]) -> None:
        """Count the faults that were survived: an edit, a sentence, or the user's own cancel."""
        for action in over:
            if action.fault is None:
                continue
            since = self.messages[action.told :]
            told = any(message.startswith(f"{action.job.label}:") for message in since)
            if action.landed or told or action.cancelled:
                self.found.counts["faults survived"] += 1
            else:
                self.found.problems.append(f"nobody was told of {action.fault!r}")


async def chaos(actions: int, folder: Path, seed: int = 0, rate: float = _RATE) -> Findings:
    """Hold so many actions, shared among the editors that are known; every fault comes once."""
    found = Findings()
    zero = ("wrong edits", "lost keystrokes", "requests unanswered", "progress without an end")
    more = (_LEFT, "exceptions nobody expected", "faults injected", "faults survived")
    found.counts.update(dict.fromkeys([*zero, *more], 0))
    chance = random.Random(seed)
    plan = planned(actions, chance, rate)
    share = -(-actions // len(PROFILES))
    for at, profile in enumerate(PROFILES):
        numbers = range(at * share, min((at + 1) * share, actions))
        here = folder / profile
        here.mkdir()
        try:
            await _session(profile, numbers, here, chance, plan, found)
        except (AssertionError, TimeoutError) as error:
            # What the editor itself finds at the end of a session, or that there was none.
            found.wrong(_row_of(str(error)), f"{profile}: {error or 'an action does not end'}")
        found.counts["sessions run"] += 1
    return found


def _row_of(complaint: str) -> str:
    """Return the row under which a complaint of the editor is counted."""
    rows = {
        "without an answer": "requests unanswered",
        "an answer to nothing": "requests unanswered",
        "edits overlap": "wrong edits",
        "outside of the text": "wrong edits",
        "progress": "progress without an end",
    }
    return next((row for words, row in rows.items() if words in complaint), _LEFT)


def planned(actions: int, chance: random.Random, rate: float) -> dict[int, str]:
    """Choose which actions meet which fault: `rate` of them, but each fault once if it can be."""
    count = min(max(int(actions * rate), len(FAULTS) if rate else 0), actions)
    names = list(FAULTS)
    chance.shuffle(names)
    numbers = chance.sample(range(actions), count)
    return {number: names[at % len(names)] for at, number in enumerate(numbers)}


async def _session(
    profile: str,
    numbers: range,
    folder: Path,
    chance: random.Random,
    plan: dict[int, str],
    found: Findings,
) -> None:
    async with FakeApi() as api, _connected(api, profile, folder) as (editor, server):
        pages = [
            Page((folder / f"page{at}.py").as_uri(), _FUNCTIONS, eol)
            for at, eol in enumerate(["\n", "\n", "\r\n"])
        ]
        self = Chaos(editor, server, chance, pages, found, plan)
        api.answer_with(self.answer)
        for page in pages:
            await editor.open(page.uri, page.text)
        editor.changed = self.check
        over: list[Action] = []
        for number in numbers:
            async with asyncio.timeout(_LIMIT):
                while len(self.active) >= _AT_ONCE:
                    await _moment(self, over)
            if self.broken:
                break
            await self.start(number)
            for _ in range(chance.randrange(1, 5)):
                await _moment(self, over)
            if chance.random() < 0.05:
                self.cancel()
            # What was said and done is as long as the run.
            editor.traffic.clear()
        await editor.idle(_LIMIT)
        over += self.settle()
        self.judge(over)
        for message in self.messages:
            if "went wrong inside" in message:
                found.wrong("exceptions nobody expected", message)
        self.check()
        for page in pages if not self.broken else ():
            document = server.documents.get(page.uri)
            if document is None or document.text != page.text:
                found.wrong("wrong edits", f"the server has another text of {page.uri}")
        for token in editor.open_progress():
            found.wrong("progress without an end", str(token))
    with contextlib.suppress(TimeoutError):
        await api.connected(0, within=2.0)
    if api.open_connections:
        found.wrong(_LEFT, f"{api.open_connections} connections")


async def _moment(self: Chaos, over: list[Action]) -> None:
    """Type a key and let the others go on."""
    self.type()
    await asyncio.sleep(self.chance.choice([0.0, 0.001, 0.005]))
    over += self.settle()


@contextlib.asynccontextmanager
async def _connected(
    api: FakeApi, profile: str, folder: Path
) -> AsyncIterator[tuple[Typist, DolaServer]]:
    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds / 100)

    endpoint = Endpoint("custom", api.base_url, "fake", context_tokens=300, reasoning_tokens=0)
    config = folder / "config.toml"
    config.touch(mode=0o600)
    model = HttpModel(endpoint, timeouts=_TIMEOUTS, sleep=nap)
    server = create_server(env={"DOLA_CONFIG": str(config)}, model=model)
    async with Typist.connect(server, profile) as editor:
        assert isinstance(editor, Typist)
        yield editor, server
