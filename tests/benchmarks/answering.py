"""From the last byte of a model's answer to the edit, in a large file."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.benchmarks.client import Client, ServerFailed
from tests.benchmarks.corpus import LINES, Text, refactored, source
from tests.benchmarks.effort import Effort
from tests.benchmarks.servers import DOLA
from tests.benchmarks.table import Row, Section, Target
from tests.fakes.api import Piece, Reply, Request, ThreadedFakeApi, answer, usage_of

_MOST_MS = 20.0
#: Seconds between two pieces of an answer, as a fast model has them.
_DRIP = 0.004


class _Model:
    """Answers with what `text` is, a few characters at a time, and notes when it is through."""

    def __init__(self, api: ThreadedFakeApi) -> None:
        self.text = ""
        self.half_way = threading.Event()
        #: When the last piece was about to be written; the server's own work starts no earlier.
        self.last_byte = 0.0
        #: What is noted just before.
        self.note: Callable[[], float | None] = lambda: None
        self.noted: float | None = None
        self._api = api
        api.answer_with(self._reply)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a server here."""
        return {
            "DOLA_PROVIDER": "custom",
            "DOLA_BASE_URL": self._api.base_url,
            "DOLA_API_KEY": "a-key",
            "DOLA_MODEL": "a-model",
        }

    def _reply(self, _: Request) -> Reply:
        whole = answer(self.text, usage=usage_of(), delay=_DRIP)
        return replace(whole, pieces=self._clocked(whole.pieces))

    def _clocked(self, pieces: tuple[Piece, ...]) -> Iterator[Piece]:
        last = max(at for at, piece in enumerate(pieces) if isinstance(piece, bytes))
        for at, piece in enumerate(pieces[: last + 1]):
            if at == last // 2:
                self.half_way.set()
            if at == last:
                self.noted = self.note()
                self.last_byte = time.perf_counter()
            yield piece


def answering(effort: Effort) -> Section:
    """Have functions all over the file refactored, one after the other."""
    kinds = {
        "ASCII": (True, False),
        "ASCII, a key pressed meanwhile": (True, True),
        "not ASCII, a key pressed meanwhile": (False, True),
    }
    rows = []
    for words, (ascii_only, typing) in kinds.items():
        with ThreadedFakeApi() as api:
            model = _Model(api)
            with DOLA.running(model.environment) as client:
                # Without it each edit would be kept as one that the editor did not apply.
                client.answers["workspace/applyEdit"] = lambda _: {"applied": True}
                client.initialize()
                rounds = list(_refactored(client, model, effort.answers, ascii_only, typing))
        rows.append(
            Row(
                f"{DOLA.title}, {words}",
                tuple(seconds * 1000 for seconds, _ in rounds),
                Target("p95", _MOST_MS),
                cpu=tuple(cpu * 1000 for _, cpu in rounds if cpu is not None),
            )
        )
    return Section(
        f"Last byte of the model to workspace/applyEdit, file of {LINES:,} lines",
        "ms",
        rows,
        note="A function is refactored; the fake model's bytes come over HTTP on loopback. Within "
        "it: the end of the stream, the answer's code, smallest edits, every rule of the gate "
        "with the file parsed as it would be, and the edits carried over what was typed.",
    )


def _refactored(
    client: Client, model: _Model, rounds: int, ascii_only: bool, typing: bool
) -> Iterator[tuple[float, float | None]]:
    """Yield the seconds of each round, and those the server computed."""
    text = source(ascii_only=ascii_only)
    buffer = Text(client.open("shop.py", text), text, client.encoding)
    chance = random.Random(5)
    functions = [name for name, _ in buffer.functions()]
    # One more for the first action of all, which opens the connection.
    for turn, name in enumerate(chance.sample(functions, rounds + 1)):
        measured = _one(client, model, buffer, name, ascii_only, typing)
        if turn:
            yield measured


def _one(
    client: Client, model: _Model, buffer: Text, name: str, ascii_only: bool, typing: bool
) -> tuple[float, float | None]:
    """Have one function refactored, and check that the buffer then holds what the model said."""
    new = refactored(name, ascii_only=ascii_only)
    model.note = client.cpu
    model.text = f"```python\n{new}```\n"
    model.half_way.clear()
    place = buffer.position(dict(buffer.functions())[name])
    actions, _ = client.code_actions(buffer.uri, place)
    command = next(
        a["command"] for a in actions if a.get("command", {}).get("command") == "dola.refactor"
    )
    client.request("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")})
    if typing:
        if not model.half_way.wait(20):
            raise ServerFailed("the model was not asked")
        # In the last line of all, far from any function.
        client.notify(
            "textDocument/didChange",
            buffer.replaced(len(buffer.text) - 1, len(buffer.text) - 1, "0"),
        )
    message, arrived = client.wait_for(
        lambda m: m.get("method") in ("workspace/applyEdit", "window/showMessage")
    )
    computed = client.cpu()
    if message["method"] != "workspace/applyEdit":
        raise ServerFailed(message["params"]["message"])
    edit = message["params"]["edit"]["documentChanges"][0]
    if edit["textDocument"]["version"] != buffer.version:
        raise ServerFailed("the edit is for another version")
    for start, end, put in buffer.spans(edit["edits"]):
        client.notify("textDocument/didChange", buffer.replaced(start, end, put))
    if new not in buffer.text:
        raise ServerFailed(f"{name} is not what the model answered")
    # The job is over when its progress is.
    client.wait_for(
        lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == "end"
    )
    known = computed is not None and model.noted is not None
    return arrived - model.last_byte, computed - model.noted if known else None
