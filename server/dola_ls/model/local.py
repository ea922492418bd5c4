"""The embedded engine as a `ChatModel`: a child process that is there while it is of use.

It starts with the first question, serves one address on the loopback interface under a key that
is new each time and known to nobody else, and goes away after a while without questions, with
`aclose`, and with this process whatever ends that.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dola_ls.core.prompt import Prompt
from dola_ls.core.strategy import Predictions
from dola_ls.log import hide
from dola_ls.model import errors
from dola_ls.model import weights as files
from dola_ls.model.child import Engine, order, spawn
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint, is_loopback
from dola_ls.model.errors import Facts, ModelError
from dola_ls.model.infill import to_fill
from dola_ls.model.known_models import FREE
from dola_ls.model.patience import LOCAL
from dola_ls.model.prices import Terms
from dola_ls.model.repeat import Differs, Repeat
from dola_ls.model.request import Outgoing, outgoing
from dola_ls.model.stream import Delta, Remote
from dola_ls.model.weights import Weights

if TYPE_CHECKING:
    from dola_ls.model.sampling import Plan

#: ``-P``: modules in the folder the editor was started in are not imported.
ENGINE = (sys.executable, "-P", "-m", "dola_ls.model.engine")

#: Seconds that loading may take: a slow disk reads a gigabyte in less.
_LOADING = 180.0


@dataclass(frozen=True, slots=True)
class Speculation:
    """Drafts from the text so far: after `size_n` tokens seen before, the next `size_m` are tried.

    See llama.cpp's docs/speculative.md, ``ngram-simple``; `size_m` below `size_n` drafts nothing.
    """

    size_n: int
    size_m: int


#: A wrong draft costs as much as the tokens it holds where cores are few, and small batches are
#: dear: 20 ms a token in one of 32, 45 ms alone, 15 ms in a long prompt (1.5B model, two cores).
#: `size_m` and the token before it fill a batch that the matrix code takes whole. Tokens a second
#: on edits that keep nearly all and on free refactors, against 19 without: 12/31 gave 31 and 18 to
#: 26, 12/63 and 8/63 fell to 25 and 9 to 17, 16/16 had 22 and 15; of the other kinds of drafting
#: ``ngram-mod`` gave 22 and 17, and ``ngram-map-k`` hardly ever drafted.
SPECULATION = Speculation(size_n=12, size_m=31)


class NotInstalled(ModelError):
    """The model's file or the engine's package is missing; the sentence says how to get it."""

    rule = "local-not-installed"


class EngineFailed(ModelError):
    """The engine did not start, or ended by itself."""

    rule = "local-engine-failed"


class LocalModel:
    """A model file of this machine, answering through the engine's own HTTP server.

    `folder` is where `Weights` are looked for, the usual place if None; a `Path` that is none of
    the known models' is taken as a file of the user's own. `n_ctx` is the room for prompt and
    answer together, `threads` 0 means one for each core.
    """

    #: What asking comes to: the machine is the user's own.
    terms = Terms(FREE)
    #: Whether it fills gaps: the models that are installed were trained on that.
    fills = True

    def __init__(
        self,
        weights: Weights | Path,
        *,
        folder: Path | None = None,
        context_tokens: int = 1500,
        idle_seconds: float = 900.0,
        n_ctx: int = 8192,
        threads: int = 0,
        speculation: Speculation | None = SPECULATION,
        plan: Plan | None = None,
        command: Sequence[str] = ENGINE,
    ) -> None:
        if isinstance(weights, Path):
            self._weights, self._path = files.named(weights), weights
        else:
            self._weights, self._path = weights, (folder or files.models_dir()) / weights.file
        self.name = self._weights.title if self._weights else self._path.stem
        self.context_tokens = context_tokens
        self._idle_seconds = idle_seconds
        self._plan = plan
        self._command = tuple(command)
        self._order = {
            "model": str(self._path),
            "alias": self.name,
            "n_ctx": n_ctx,
            "threads": threads,
            "speculation": asdict(speculation) if speculation else None,
        }
        self._facts = Facts(host="the local model", model=self.name)
        # Held while the engine is started or stopped, so that there is never more than one.
        self._changing = asyncio.Lock()
        self._engine: Engine | None = None
        self._users = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def remote(self) -> Remote | None:
        """Return None: nothing leaves this machine."""
        return None

    def outgoing(self, prompt: Prompt) -> Outgoing:
        """Return the request that `stream` sends for a prompt; the engine is not started for it."""
        endpoint = self._endpoint_at("http://127.0.0.1", None)
        out = outgoing(endpoint, prompt, predicted=False)
        if prompt.fill is None:
            return out
        body = to_fill(prompt.fill, prompt.max_tokens).body()
        return replace(out, url=endpoint.fill_url, body=body, size=len(body))

    async def load(self) -> None:
        """Start the engine if it does not run, for a question to come. Raises ModelError."""
        self._users += 1
        try:
            await self._ready()
        finally:
            self._users -= 1
            self._set_timer()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it comes; see `ChatModel.stream`."""
        self._users += 1
        self._set_timer()
        try:
            async with aclosing(self._answer(prompt)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            self._users -= 1
            self._set_timer()

    def prediction_use(self, action: str) -> Predictions:
        """Return that the engine drafts from the prompt by itself."""
        return Predictions.LOCAL

    async def aclose(self) -> None:
        """End the engine, also in the middle of an answer, and wait until it is gone."""
        self._closed = True
        self._set_timer()
        if self._engine is not None:
            self._engine.kill()
        await self._drop()
        if self._stopping is not None:
            await self._stopping

    async def _answer(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Ask the engine; if it dies over that, ask a new one, once."""
        repeat = Repeat()
        for notice in ("Loading the local model…", "The local model ended; starting it again…"):
            loading = self._engine is None or not self._engine.alive
            if loading:
                yield Delta(notice=notice)
            engine = await self._ready()
            if loading:
                # On a processor this takes seconds more, before the first word comes.
                yield Delta(notice="reading")
            try:
                async with aclosing(engine.http.stream(prompt)) as deltas:
                    async for delta in deltas:
                        if fresh := repeat.fresh(delta):
                            yield fresh
                return
            except Differs:
                break
            except (errors.CutOff, errors.Unreachable):
                if not await engine.has_died():
                    raise
            if self._closed:
                raise self._failed("was stopped because Dola is shutting down") from None
            repeat.begin()
        raise self._failed(
            "ended by itself, again after it had been started anew, in the middle of its answer",
            "Run the action again; if that keeps happening, the machine may be short of memory "
            "(`dola-ls local install --model 0.5b` gets a smaller model).",
        )

    async def _ready(self) -> Engine:
        """Return the running engine, started if need be. Raises ModelError."""
        async with self._changing:
            if self._engine is None or not self._engine.alive:
                await self._end()
                await self._check_file()
                await self._start()
            assert self._engine is not None
            return self._engine

    async def _check_file(self) -> None:
        """Make sure that the file is there and, if it is a known one, that it is the right one."""
        weights, path = self._weights, self._path
        if weights is None:
            if not path.is_file():
                raise NotInstalled(
                    f"There is no model file {path}, so nothing was done and nothing was changed. "
                    "Put it there, or run `dola-ls local install`.",
                    self._facts,
                )
            return
        status = files.status(weights, path.parent)
        if not status.installed:
            raise NotInstalled(
                f"The local model {weights.title} is not installed, so nothing was done and "
                f"nothing was changed. Run `dola-ls local install --model {weights.name}`, which "
                f"downloads {weights.gigabytes}.",
                self._facts,
            )
        if not status.verified and not await asyncio.to_thread(files.verify, path, weights):
            raise NotInstalled(
                f"The file {path} is not the {weights.title} its makers published, so it was not "
                "loaded and nothing was changed. Run `dola-ls local install --model "
                f"{weights.name}` to replace it.",
                self._facts,
            )

    async def _start(self) -> None:
        """Start the engine and learn its address. Leaves no process if that fails or is stopped."""
        key = secrets.token_urlsafe(32)
        hide(key)
        try:
            process = await spawn(self._command, self._path.parent)
        except OSError as error:
            raise self._failed(f"could not be started ({error.strerror})") from None
        self._engine = Engine(process)
        try:
            # Closed while the process was being made.
            if self._closed:
                raise self._failed("was stopped because Dola is shutting down")
            async with asyncio.timeout(_LOADING):
                reply = await order(process, {**self._order, "key": key})
            self._engine.http = HttpModel(self._endpoint(reply, key), timeouts=LOCAL)
        except TimeoutError:
            await self._end()
            raise self._failed(f"was not loaded within {_LOADING:.0f} s") from None
        except BaseException:
            await self._end()
            raise

    def _endpoint(self, reply: Mapping[str, object], key: str) -> Endpoint:
        url = reply.get("url")
        if reply.get("missing"):
            raise NotInstalled(
                "The embedded engine is not installed, so nothing was done and nothing was "
                "changed. Run `python3 -m pip install 'dola-ls[local]'` in the environment of "
                "dola-ls.",
                self._facts,
            )
        if not isinstance(url, str) or not is_loopback(url):
            said = reply.get("error") or ("is shutting down" if self._closed else "it ended")
            raise self._failed(
                f"could not be loaded ({said})",
                "Free some memory and run the action again. `dola-ls local status --verify` looks "
                "whether the file is sound.",
            )
        return self._endpoint_at(url, key)

    def _endpoint_at(self, url: str, key: str | None) -> Endpoint:
        return Endpoint(
            provider="local",
            base_url=f"{url}/v1",
            model=self.name,
            api_key=key,
            key_origin=url,
            reasoning_effort=None,
            temperature=0.0,
            context_tokens=self.context_tokens,
            reasoning_tokens=0,
            plan=self._plan,
        )

    def _failed(self, what: str, advice: str = "Run the action again.") -> EngineFailed:
        return EngineFailed(
            f"The local model {self.name} {what}, so there is no complete answer and nothing was "
            f"changed. {advice}",
            self._facts,
        )

    async def _drop(self, *, only_if_idle: bool = False) -> None:
        async with self._changing:
            if not (only_if_idle and self._users):
                await self._end()

    async def _end(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.end()

    def _set_timer(self) -> None:
        """Have the engine stopped later, if it is of no use now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._users and not self._closed and self._engine is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._idle_seconds, self._stop_idle)

    def _stop_idle(self) -> None:
        self._stopping = asyncio.get_running_loop().create_task(self._drop(only_if_idle=True))
