"""Tokens and money: per action, per session, per day.

Kept in memory. Prices are the server's word (`meta.usage`); calls it names no price for are
counted, never guessed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from dola_ls.core.prompt import Prompt
from dola_ls.core.strategy import Predictions
from dola_ls.model.errors import ModelError
from dola_ls.model.stream import ChatModel, Delta, Remote, Usage


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

    def __init__(self) -> None:
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
    """A model whose calls are entered in a ledger, however they end.

    A call that ended before the server said a word is not entered: nobody knows what it cost.
    """

    def __init__(
        self, model: ChatModel, ledger: Ledger, today: Callable[[], date] = date.today
    ) -> None:
        self.name = model.name
        self.context_tokens = model.context_tokens
        self._model = model
        self._ledger = ledger
        self._today = today

    @property
    def remote(self) -> Remote | None:
        """Where prompts go; None where they stay on this machine."""
        return self._model.remote

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it comes; see `ChatModel.stream`."""
        usage: Usage | None = None
        try:
            async with aclosing(self._model.stream(prompt)) as deltas:
                async for delta in deltas:
                    if delta.completion is not None:
                        usage = delta.completion.usage
                    elif delta.text or delta.reasoning:
                        usage = usage or Usage()
                    yield delta
        except ModelError as error:
            usage = error.completion.usage if error.completion is not None else usage
            raise
        finally:
            if usage is not None:
                self._ledger.record(prompt.action, usage, self._today())

    def prediction_use(self, action: str) -> Predictions:
        """Return what the model knows of predictions."""
        return self._model.prediction_use(action)

    async def aclose(self) -> None:
        """Close the model."""
        await self._model.aclose()
