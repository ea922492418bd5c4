"""Much at once on a real server process: documents, requests, jobs, cancels, a very large file."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from tests.fakes.api import FakeApi, Reply, Request, answer
from tests.fakes.buffer import Buffer
from tests.fakes.model import fenced
from tests.fakes.raw import Raw
from tests.reliability.findings import Findings
from tests.reliability.page import Page, improved, region_of
from tests.reliability.surroundings import answered_after, environment, server

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}}
    },
}
_DOCUMENTS = 200
_RATE = 50
_JOBS = 10
#: The server's own limit on model calls at one time.
_AT_ONCE = 4
_LARGE = 20_000_000
_LEFT = "tasks and connections left behind"


def here(folder: Path, number: int) -> str:
    """Return the address of a document."""
    return (folder / f"file{number}.py").as_uri()


def question(uri: str, line: int) -> dict[str, Any]:
    """Return the params of a request for code actions, as a click on the menu makes them."""
    at = {"line": line, "character": 4}
    context = {"diagnostics": [], "triggerKind": 1}
    return {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": context}


def order(uri: str, line: int) -> dict[str, Any]:
    """Return the params of the command that refactors what is at a line."""
    at = {"line": line, "character": 4}
    return {
        "command": "dola.refactor",
        "arguments": [{"uri": uri, "range": {"start": at, "end": at}}],
    }


async def load(listing: float, cancels: int, folder: Path) -> Findings:
    """Load one server; `listing` is how many seconds code actions are asked for."""
    found = Findings()
    zero = ("model calls without an action", _LEFT, "requests unanswered", "wrong edits")
    found.counts.update(dict.fromkeys([*zero, "deaths of the server"], 0))
    async with (
        FakeApi() as api,
        server(environment(folder / "home", api.base_url), folder) as raw,
    ):
        await raw.initialize(CAPABILITIES)
        pages = [Page(here(folder, number), 3) for number in range(_DOCUMENTS)]
        for page in pages:
            raw.open(page.uri, page.text)
        try:
            await _list(raw, pages, listing, found)
            if api.requests or api.connections:
                count = max(len(api.requests), api.connections)
                found.counts["model calls without an action"] += count
            await _hold_ten(raw, api, pages, found)
            await _cancel(raw, api, pages[0], cancels, found)
            await _open_large(raw, folder, pages, found)
            code = await raw.leave()
        except TimeoutError:
            found.wrong("requests unanswered", f"exit code {raw.process.returncode}")
        else:
            if code or b"Traceback" in raw.stderr:
                words = bytes(raw.stderr[-1500:]).decode("utf-8", "replace")
                found.wrong("deaths of the server", f"exit code {code}: {words}")
    return found


async def _list(raw: Raw, pages: list[Page], seconds: float, found: Findings) -> None:
    """Ask for code actions so many times a second, each after a key, as clients do."""
    # The first list of each document parses all of it; 200 documents were not opened at once.
    for page in pages:
        await raw.request("textDocument/codeAction", question(page.uri, 3))
    loop = asyncio.get_running_loop()
    samples = found.samples.setdefault("code actions at 50 requests/s", [])

    async def ask(number: int) -> None:
        page = pages[number % len(pages)]
        _type(raw, page.uri, 2 + number // len(pages), 2, "x")
        page.lines[2].text += "x"
        samples.append(1000 * await answered_after(raw, *_ask(page, number)))

    began, asked = loop.time(), []
    for number in range(int(seconds * _RATE)):
        await asyncio.sleep(max(began + number / _RATE - loop.time(), 0))
        asked.append(asyncio.create_task(ask(number)))
    await asyncio.gather(*asked)
    raw.messages.clear()


def _ask(page: Page, number: int) -> tuple[str, dict[str, Any]]:
    return "textDocument/codeAction", question(page.uri, number % 20)


def _type(raw: Raw, uri: str, version: int, line: int, text: str) -> None:
    """Type at the end of a line, which a column beyond it stands for."""
    at = {"line": line, "character": 10_000}
    change = {"range": {"start": at, "end": at}, "text": text}
    told = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
    raw.notify("textDocument/didChange", told)


async def _hold_ten(raw: Raw, api: FakeApi, pages: list[Page], found: Findings) -> None:
    """Begin ten actions at once, and take each edit as an editor does."""
    most = 0
    raw.answers["workspace/applyEdit"] = {"applied": True}

    def held(request: Request) -> Reply:
        nonlocal most
        most = max(most, api.open_connections)
        text = fenced(improved(region_of(request.prompt) or "", 1000))
        return answer(text, start=0.2)

    api.answer_with(held)
    chosen = pages[-_JOBS:]
    started = [raw.begin("workspace/executeCommand", order(page.uri, 3))[1] for page in chosen]
    for page in chosen:
        message = await raw.wait_for(lambda m, uri=page.uri: _edits(m, uri))
        [change] = message["params"]["edit"]["documentChanges"]
        buffer = Buffer(page.uri, "python", page.text, "utf-16")
        edits = [(*buffer.span(edit["range"]), edit["newText"]) for edit in change["edits"]]
        made = [buffer.replace(*edit) for edit in sorted(edits, reverse=True)]
        told = {"textDocument": {"uri": page.uri, "version": 1_000}, "contentChanges": made}
        raw.notify("textDocument/didChange", told)
        if page.take(buffer.text, [page.change(0, 1000)]) is None:
            found.wrong("wrong edits", f"{page.uri}: {change}")
    await asyncio.gather(*started)
    found.counts["actions held"] += _JOBS
    found.counts["edits that landed"] += _JOBS
    if most > _AT_ONCE:
        found.wrong(_LEFT, f"{most} model calls at one time, and {_AT_ONCE} are the most")


def _edits(message: dict[str, Any], uri: str) -> bool:
    if message.get("method") != "workspace/applyEdit":
        return False
    changes = message["params"]["edit"].get("documentChanges", [])
    return any(change["textDocument"]["uri"] == uri for change in changes)


async def _cancel(raw: Raw, api: FakeApi, page: Page, count: int, found: Findings) -> None:
    """Cancel actions in the middle of their answers, and see when the socket is closed."""
    await raw.wait_for(lambda m: _progress(m, "end"))
    await asyncio.sleep(0.5)
    api.answer_with(lambda _: answer("```python\ndef", finish=None, done=False, end="hold"))
    loop = asyncio.get_running_loop()
    samples = found.samples.setdefault("cancel → socket closed", [])
    for _ in range(count):
        raw.messages.clear()
        before = len(api.requests)
        await raw.request("workspace/executeCommand", order(page.uri, 3))
        begun = await raw.wait_for(lambda m: _progress(m, "begin"))
        request = await api.arrived(before + 1, within=10)
        await asyncio.sleep(0.02)
        began = loop.time()
        raw.notify("window/workDoneProgress/cancel", {"token": begun["params"]["token"]})
        await asyncio.wait_for(request.over.wait(), 10)
        samples.append(1000 * (loop.time() - began))
        if not request.aborted:
            found.wrong(_LEFT, "a request went on after its action was cancelled")
        await raw.wait_for(lambda m: _progress(m, "end"))
        found.counts["actions held"] += 1
    with contextlib.suppress(TimeoutError):
        await api.connected(0, within=2.0)
    if api.open_connections:
        found.wrong(_LEFT, f"{api.open_connections} connections after the last cancel")


def _progress(message: dict[str, Any], kind: str) -> bool:
    return message.get("method") == "$/progress" and message["params"]["value"]["kind"] == kind


async def _open_large(raw: Raw, folder: Path, pages: list[Page], found: Findings) -> None:
    """Open a file that nothing works on, and work beside it and in it."""
    uri = (folder / "large.py").as_uri()
    line = "value = 1  # one of very many lines\n"
    raw.open(uri, line * (_LARGE // len(line)))
    await raw.request("textDocument/codeAction", question(uri, 5), limit=60)
    samples = found.samples.setdefault("code actions beside a 20 MB document", [])
    for number in range(20):
        method, params = _ask(pages[number], 3)
        samples.append(1000 * await answered_after(raw, method, params))
    raw.messages.clear()
    await raw.request("workspace/executeCommand", order(uri, 5))
    told = await raw.wait_for(lambda m: m.get("method") == "window/showMessage")
    if "left alone" not in told["params"]["message"]:
        found.wrong("requests unanswered", f"of a large file it said: {told}")
    _type(raw, uri, 2, 5, "x")
    await answered_after(raw, *_ask(pages[0], 3))
    raw.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
