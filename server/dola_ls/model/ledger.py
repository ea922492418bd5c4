"""Tokens and money: per action, per session, per day.

The figures are kept in memory and are the server's word (`meta.usage`); calls it names no price
for are counted. What the limits go by is another sum, which guesses; `dola_ls.model.spending` has
it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from dola_ls.core.prompt import Prompt
from dola_ls.core.strategy import Predictions
from dola_ls.model import errors
from dola_ls.model.abilities import stated_abilities
from dola_ls.model.errors import ModelError
from dola_ls.model.prices import Estimate, charge, dollars, estimate, stated_terms
from dola_ls.model.spending import ActionSum, NotApproved, Purse
from dola_ls.model.stream import ChatModel, Delta, Remote, Usage

if TYPE_CHECKING:
    from dola_ls.settings import LimitSettings

log = logging.getLogger(__name__)

#: Asks the user whether a request may cost so much.
Approve = Callable[[Estimate], Awaitable[bool]]
#: Faults before anything was answered that no provider bills.
_UNBILLED = (
    errors.NoKey,
    errors.WrongKey,
    errors.KeyNotForOrigin,
    errors.NotHttps,
    errors.BadAddress,
    errors.OutOfCredit,
    errors.RateLimited,
    errors.ModelRetired,
    errors.TooLong,
    errors.AnswerTooShort,
    errors.BadRequest,
    errors.Redirected,
    errors.TlsFailed,
    errors.Unreachable,
    errors.Overloaded,
    errors.Paused,
)


@dataclass(frozen=True, slots=True)
class Spending:
    """The sum over some calls."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0
    cost_usd: float = 0.0
    #: Calls whose price the server did not tell; they are not in `cost_usd`.
    unpriced_calls: int = 0
    #: Calls whose tokens the server did not tell, such as those that were broken off.
    uncounted_calls: int = 0

    def plus(self, usage: Usage) -> Spending:
        """Return the sum with one more call."""
        return Spending(
            self.calls + 1,
            self.prompt_tokens + (usage.prompt_tokens or 0),
            self.completion_tokens + (usage.completion_tokens or 0),
            self.reasoning_tokens + (usage.reasoning_tokens or 0),
            self.cached_tokens + (usage.cached_tokens or 0),
            self.accepted_prediction_tokens + (usage.accepted_prediction_tokens or 0),
            self.rejected_prediction_tokens + (usage.rejected_prediction_tokens or 0),
            self.cost_usd + (usage.cost_usd or 0.0),
            self.unpriced_calls + (usage.cost_usd is None),
            self.uncounted_calls
            + (usage.prompt_tokens is None and usage.completion_tokens is None),
        )


_NOTHING = Spending()


class Ledger:
    """What the calls of this server process cost; a session is the life of the process."""

    def __init__(self, purse: Purse | None = None) -> None:
        self.purse = purse if purse is not None else Purse()
        self._session = _NOTHING
        self._actions: dict[str, Spending] = {}
        self._days: dict[date, Spending] = {}

    def record(self, action: str, usage: Usage, day: date) -> None:
        """Enter one call of `action`; one that failed after it was answered counts too."""
        self._session = self._session.plus(usage)
        self._actions[action] = self._actions.get(action, _NOTHING).plus(usage)
        self._days[day] = self._days.get(day, _NOTHING).plus(usage)

    @property
    def session(self) -> Spending:
        """The sum of all calls so far."""
        return self._session

    @property
    def actions(self) -> Mapping[str, Spending]:
        """The sum for each action that made a call."""
        return MappingProxyType(self._actions)

    def on(self, day: date) -> Spending:
        """Return the sum of one day, in whichever time zone `record` was given its days."""
        return self._days.get(day, _NOTHING)


class Metered:
    """The model of one action: its calls keep within the limits, and are entered in a ledger.

    They are entered however they end; in the figures, a call that ended before the server said a
    word is not: nobody knows what it cost. `limits` None sets none. `approve` is asked where a
    request may cost more than the limits let pass unasked; without it that is told, not asked.
    """

    def __init__(
        self,
        model: ChatModel,
        ledger: Ledger,
        today: Callable[[], date] = date.today,
        *,
        limits: LimitSettings | None = None,
        approve: Approve | None = None,
    ) -> None:
        self.name = model.name
        self.context_tokens = model.context_tokens
        #: What the model takes besides text.
        self.abilities = stated_abilities(model)
        #: What the action has come to, by the sum that the limits go by.
        self.sum = ActionSum()
        self._model = model
        self._ledger = ledger
        self._today = today
        self._limits = limits
        self._approve = approve

    @property
    def remote(self) -> Remote | None:
        """Where prompts go; None where they stay on this machine."""
        return self._model.remote

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it comes; see `ChatModel.stream`."""
        purse, terms = self._ledger.purse, stated_terms(self._model)
        most = estimate(terms, prompt)
        if terms.free or self._limits is None:
            reserved = purse.nothing(self.sum)
        else:
            reserved = await purse.reserve(self.sum, most, self._limits)
        usage: Usage | None = None
        billed = False
        try:
            if reserved.micros and self._limits and most.usd > self._limits.ask_above_usd:
                log.info("%s: a request that may cost %s", prompt.action, dollars(most.micros))
                yield Delta(notice=f"this may cost up to {dollars(most.micros)}", stays=True)
                if self._approve is not None and not await self._approve(most):
                    raise NotApproved(most)
            billed = True
            async with aclosing(self._model.stream(prompt)) as deltas:
                async for delta in deltas:
                    if delta.completion is not None:
                        usage = delta.completion.usage
                    elif delta.text or delta.reasoning:
                        usage = usage or Usage()
                    yield delta
        except ModelError as error:
            usage = error.completion.usage if error.completion is not None else usage
            billed = billed and (usage is not None or not _was_not_taken(error))
            raise
        finally:
            if usage is not None:
                self._ledger.record(prompt.action, usage, self._today())
            purse.settle(reserved, charge(terms, usage, most) if billed else 0)

    def affords(self, prompts: Sequence[Prompt]) -> bool:
        """Tell whether prompts would keep within the limits, one after the other."""
        terms = stated_terms(self._model)
        if terms.free or self._limits is None:
            return True
        each = [estimate(terms, prompt) for prompt in prompts]
        most = Estimate(
            sum(one.input_tokens for one in each),
            sum(one.output_tokens for one in each),
            sum(one.micros for one in each),
        )
        return self._ledger.purse.admits(self.sum, most, self._limits)

    def prediction_use(self, action: str) -> Predictions:
        """Return what the model knows of predictions."""
        return self._model.prediction_use(action)

    async def aclose(self) -> None:
        """Close the model."""
        await self._model.aclose()


def affords(model: ChatModel, *prompts: Prompt) -> bool:
    """Tell whether prompts would keep within the limits of a model's action, if it has any."""
    return not isinstance(model, Metered) or model.affords(prompts)


def _was_not_taken(error: ModelError) -> bool:
    """Tell whether a server never took the request, or had no part in the fault."""
    if isinstance(error, _UNBILLED):
        return True
    # What has been sent has an id, and what was answered a status.
    return isinstance(error, errors.TimedOut) and error.request_id is None and error.status is None
