"""The HTTP client: one prompt in, a stream of deltas out, and every fault a `ModelError`."""

from __future__ import annotations

import asyncio
import copy
import logging
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import httpx

from dola_ls.core.prompt import MIN_PREDICTION, Prompt
from dola_ls.core.strategy import Predictions
from dola_ls.model import errors, retry
from dola_ls.model.abilities import abilities
from dola_ls.model.connection import Connections
from dola_ls.model.dialects import Habits
from dola_ls.model.endpoint import Endpoint, is_loopback
from dola_ls.model.errors import ModelError
from dola_ls.model.exchange import AnyRequest, Exchange, Failure, Timeouts
from dola_ls.model.faults import Call
from dola_ls.model.infill import to_fill
from dola_ls.model.patience import patience
from dola_ls.model.prediction import Capability, PredictionBook
from dola_ls.model.prices import Terms, terms_of
from dola_ls.model.request import Outgoing, admit, admit_answer, compose, outgoing
from dola_ls.model.retry import Situation
from dola_ls.model.stream import Completion, Delta, Remote
from dola_ls.model.wire import ChatRequest

log = logging.getLogger(__name__)


class HttpModel:
    """A model behind an OpenAI-compatible address. Nothing is opened before the first `stream`."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        predictions: PredictionBook | None = None,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = endpoint.model
        self.context_tokens = endpoint.context_tokens
        self.predictions = predictions if predictions is not None else PredictionBook()
        self._endpoint = endpoint
        self._given = timeouts
        self._timeouts = timeouts or patience(endpoint)
        self._sleep = sleep
        self._breaker = retry.Breaker()
        self._habits = Habits()
        self._connections = Connections(
            endpoint,
            httpx.Timeout(
                connect=self._timeouts.connect,
                write=self._timeouts.write,
                pool=self._timeouts.pool,
                read=None,
            ),
        )

    @property
    def remote(self) -> Remote | None:
        """Where prompts go; None where they stay on this machine."""
        endpoint = self._endpoint
        try:
            origin = endpoint.origin
        except ValueError:  # not an address: `admit` refuses it, and says so
            return None
        return None if is_loopback(origin) else Remote(origin, endpoint.model, endpoint.host)

    def outgoing(self, prompt: Prompt) -> Outgoing:
        """Return the first request that `stream` sends for a prompt; nothing is sent."""
        tools = self._offers(prompt)
        predicted = not tools and self._predicts(prompt)
        manner = self._habits.of(self._endpoint)
        return outgoing(self._endpoint, prompt, predicted=predicted, tools=tools, manner=manner)

    def why_unpredicted(self, prompt: Prompt) -> str | None:
        """Return what was learnt that keeps predictions from going along; None for nothing."""
        if self._endpoint.provider == "local":
            return None
        if why := self._why_excluded(prompt.action):
            return why
        return self.predictions.why_not(self._endpoint.origin, self._endpoint.model, prompt.action)

    def refuses_tools(self, prompt: Prompt) -> bool:
        """Tell whether the tools of a prompt stay behind because the server was seen to refuse."""
        endpoint = self._endpoint
        refused = self.predictions.tools_refused(endpoint.origin, endpoint.model)
        return bool(prompt.tools) and refused

    @property
    def abilities(self) -> frozenset[str]:
        """What the model takes besides text."""
        return abilities(self._endpoint)

    @property
    def terms(self) -> Terms:
        """What asking comes to."""
        return terms_of(self._endpoint)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it comes; see `ChatModel.stream`."""
        admit(self._endpoint)
        admit_answer(self._endpoint, prompt)
        pause = self._breaker.pause_left(time.monotonic())
        if pause:
            raise errors.Paused(errors.Facts(host=self._endpoint.host), pause)
        try:
            async with aclosing(self._ask(prompt)) as deltas:
                async for delta in deltas:
                    yield delta
        except ModelError as error:
            if error.retryable:
                self._breaker.failed(time.monotonic())
            else:
                self._breaker.succeeded()
            raise
        self._breaker.succeeded()

    def prediction_use(self, action: str) -> Predictions:
        """Return what is known of the server's use of predictions for an action."""
        if self._endpoint.provider == "local":
            return Predictions.LOCAL
        server = self._endpoint.origin, self._endpoint.model
        if self.predictions.costly(*server, action) or self._why_excluded(action):
            return Predictions.IGNORED
        return {
            Capability.WORKS: Predictions.WORKS,
            Capability.UNKNOWN: Predictions.UNKNOWN,
        }.get(self.predictions.capability(*server), Predictions.IGNORED)

    def asking(self, endpoint: Endpoint) -> HttpModel:
        """Return what asks another model at the same address, over the same connections."""
        other = copy.copy(self)
        other.name = endpoint.model
        other.context_tokens = endpoint.context_tokens
        other._endpoint = endpoint
        other._timeouts = self._given or patience(endpoint)
        return other

    async def aclose(self) -> None:
        """Close all connections, also those in use."""
        await self._connections.aclose()

    async def _ask(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Send the request, again where that is safe, and yield what the answer brings."""
        endpoint = self._endpoint
        tools = self._offers(prompt)
        predicted = not tools and self._predicts(prompt)
        spent, attempts = 0.0, Counter[Situation]()
        while True:
            manner = self._habits.of(endpoint)
            request: AnyRequest = compose(
                endpoint, prompt, predicted=predicted, tools=tools, manner=manner
            )
            if prompt.fill is not None and endpoint.provider == "local":
                request = to_fill(prompt.fill, prompt.max_tokens)
            # A new id each time: the server's support must be able to tell the tries apart.
            sent = (prompt.user, prompt.prediction or "", *prompt.turn_texts)
            call = Call(endpoint, uuid.uuid4().hex, sent)
            exchange = Exchange(self._connections, self._timeouts, call)
            try:
                async with aclosing(exchange.run(request, predicted)) as deltas:
                    async for delta in deltas:
                        self._learn(prompt, delta.completion)
                        self._log(request, delta.completion)
                        if delta.completion is not None and self._offers(prompt) and not tools:
                            # Only now is it known that they were what it minded.
                            self.predictions.refuse_tools(endpoint.origin, endpoint.model)
                        yield delta
            except ModelError as fault:
                self._learn(prompt, fault.completion, whole=False)
                raise errors.about_media(fault, prompt.media) from None
            failure = exchange.failure
            if failure is None:
                return
            error = failure.error
            if (
                predicted
                and isinstance(error, errors.BadRequest)
                and (error.parameter == "prediction")
            ):
                self.predictions.refuse(endpoint.origin, endpoint.model)
                predicted = False
                continue
            if tools and failure.tools:
                tools = False
                continue
            if (
                isinstance(error, errors.BadRequest)
                and isinstance(request, ChatRequest)
                and (said := self._habits.amend(endpoint, error, request))
            ):
                log.info("%s: %s", endpoint.model, said)
                if predicted and not self._habits.of(endpoint).predicts:
                    self.predictions.refuse(endpoint.origin, endpoint.model)
                    predicted = False
                yield Delta(notice=said)
                continue
            wait = retry.wait_before_retry(
                failure.situation,
                attempts[failure.situation],
                failure.headers,
                spent,
                dice=random.random(),
            )
            if wait is None:
                raise errors.about_media(error, prompt.media)
            attempts[failure.situation] += 1
            spent += wait
            async for notice in self._wait(failure, wait):
                yield notice

    async def _wait(self, failure: Failure, seconds: float) -> AsyncIterator[Delta]:
        """Sleep, counting down in notices."""
        reasons = {
            Situation.NOTHING_SENT: f"{self._endpoint.host} does not answer",
            Situation.RATE_LIMITED: "Rate limited",
            Situation.BUSY: f"{self._endpoint.host} is busy ({failure.error.status})",
        }
        left = seconds
        while left > 0:
            reason = reasons.get(failure.situation, "")
            yield Delta(notice=f"{reason}; trying again in {max(round(left), 1)} s")
            step = min(left, 1.0)
            await self._sleep(step)
            left -= step

    def _log(self, request: AnyRequest, completion: Completion | None) -> None:
        """Write down what the server's support and a repeated request need, and note its kind."""
        if completion is None:
            return
        if completion.dialect is not None:
            self._habits.meet(self._endpoint, completion.dialect)
        log.debug(
            "%s of %s: id %s, seed %s, fingerprint %s",
            self._endpoint.model,
            self._habits.of(self._endpoint).dialect.name,
            _plain(completion.inference_id),
            getattr(request, "seed", None),
            _plain(completion.fingerprint),
        )

    def _why_excluded(self, action: str) -> str | None:
        """Return why the user's own settings let no prediction go along."""
        plan = self._endpoint.plan
        return plan.why_unpredicted(action) if plan is not None else None

    def _learn(self, prompt: Prompt, completion: Completion | None, *, whole: bool = True) -> None:
        """Note what the answer's counters say; of half an answer, only if they say anything."""
        if completion is None or not completion.predicted:
            return
        usage = completion.usage
        if whole or usage.accepted_prediction_tokens or usage.rejected_prediction_tokens:
            endpoint = self._endpoint
            self.predictions.record(endpoint.origin, endpoint.model, usage, prompt.action)

    def _offers(self, prompt: Prompt) -> bool:
        """Tell whether the tools of a prompt go along; the embedded engine is given none."""
        if not prompt.tools or self._endpoint.provider == "local":
            return False
        return not self.refuses_tools(prompt)

    def _predicts(self, prompt: Prompt) -> bool:
        # The embedded engine drafts from the prompt itself and does not know the field.
        if self._endpoint.provider == "local" or len(prompt.prediction or "") < MIN_PREDICTION:
            return False
        if self._why_excluded(prompt.action) or not self._habits.of(self._endpoint).predicts:
            return False
        return self.predictions.wanted(self._endpoint.origin, self._endpoint.model, prompt.action)


def _plain(text: str | None) -> str:
    """Return a server's word that may stand in a log; anything else may hold what was sent."""
    return text if text is not None and re.fullmatch(r"[\w.:-]{1,128}", text) else "-"
