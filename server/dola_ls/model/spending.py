"""Whether a request may be sent, by what it may cost; and what it did cost, afterwards.

What a request may cost at the most is set aside before it is sent, in the sums of its action, of
the session and of the day, and settled when it is known. So no sum passes its limit, however many
requests are under way.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.model.day_file import Damaged, DayFile, Occupied, Taken
from dola_ls.model.errors import ModelError
from dola_ls.model.prices import Estimate, dollars, micros

if TYPE_CHECKING:
    from dola_ls.settings import LimitSettings

_MINUTE = 60.0
_WHERE = "under [limits] in Dola's config.toml"


class CapReached(ModelError):
    """The request would pass a limit, so it was not sent; `cap` is the limit's setting."""

    rule = "cap_reached"

    def __init__(self, cap: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cap = cap


class NotCounted(ModelError):
    """What was spent today cannot be known, so nothing may be spent."""

    rule = "not_counted"


class NotApproved(ModelError):
    """The user was told what the request may cost, and did not want it."""

    rule = "not_approved"

    def __init__(self, most: Estimate) -> None:
        super().__init__(
            f"You did not agree to a request that may cost up to {dollars(most.micros)}, so it was "
            f"not sent. Select fewer lines, or raise `ask_above_usd` {_WHERE}."
        )


@dataclass(slots=True)
class ActionSum:
    """What one action has come to, with what is set aside for it."""

    micros: int = 0
    input_tokens: int = 0
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside for one request, and where it is to be settled."""

    action: ActionSum
    micros: int
    day: Taken


class Purse:
    """What this server has spent, and what it may still spend."""

    def __init__(
        self, day: DayFile | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.day = day if day is not None else DayFile(None)
        #: What the life of this process has come to, with what is set aside.
        self.session = 0
        self._clock = clock
        self._begun: deque[float] = deque()

    async def reserve(self, action: ActionSum, most: Estimate, limits: LimitSettings) -> Reserved:
        """Set aside what a request may cost; raises CapReached or NotCounted."""
        self._check(action, most, limits)
        self._count(action, most.micros, most.input_tokens)
        try:
            taken = await self._take(most.micros, micros(limits.day_usd))
            if taken is None:
                raise _day(self.day.spent(), most, limits)
        except BaseException:
            self._count(action, -most.micros, -most.input_tokens)
            raise
        if not action.begun:
            action.begun = True
            self._begun.append(self._clock())
        return Reserved(action, most.micros, taken)

    def admits(self, action: ActionSum, most: Estimate, limits: LimitSettings) -> bool:
        """Tell whether so much more would keep within the limits, but for the day's."""
        try:
            self._check(action, most, limits)
        except CapReached:
            return False
        return True

    def nothing(self, action: ActionSum) -> Reserved:
        """Return what stands for a request that costs nothing, as far as anybody knows."""
        return Reserved(action, 0, Taken(self.day.today, 0))

    def settle(self, reserved: Reserved, cost: int) -> None:
        """Put what a request did cost in the place of what was set aside."""
        self._count(reserved.action, cost - reserved.micros, 0)
        if cost != reserved.day.micros:
            self.day.settle(reserved.day, cost)

    async def save(self) -> None:
        """Tell other servers what was spent, and learn what they have."""
        if self.day.changed:
            await asyncio.to_thread(self.day.save)

    async def look(self) -> None:
        """Learn what other servers have spent."""
        await asyncio.to_thread(self.day.look)

    def _count(self, action: ActionSum, micros: int, input_tokens: int) -> None:
        action.micros += micros
        action.input_tokens += input_tokens
        self.session += micros

    def _check(self, action: ActionSum, most: Estimate, limits: LimitSettings) -> None:
        """Raise CapReached for the limits that this server can tell of by itself."""
        if not action.begun:
            now = self._clock()
            while self._begun and now - self._begun[0] >= _MINUTE:
                self._begun.popleft()
            if len(self._begun) >= limits.actions_per_minute:
                first = self._begun[0] if self._begun else now
                raise _minute(math.ceil(first + _MINUTE - now), limits)
        if action.input_tokens + most.input_tokens > limits.action_input_tokens:
            raise _input(action, most, limits)
        if action.micros + most.micros > micros(limits.action_usd):
            raise _action(action, most, limits)
        if self.session + most.micros > micros(limits.session_usd):
            raise _session(self.session, most, limits)

    async def _take(self, amount: int, cap: float) -> Taken | None:
        work = asyncio.ensure_future(asyncio.to_thread(self.day.take, amount, cap))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread goes on; what it sets aside then is for nobody.
            work.add_done_callback(self._give_back)
            raise
        except (Occupied, Damaged) as fault:
            if math.isinf(cap):
                return Taken(self.day.today, 0)
            raise _unknown(fault, self.day) from None

    def _give_back(self, work: asyncio.Future[Taken | None]) -> None:
        if not work.cancelled() and work.exception() is None and (taken := work.result()):
            self.day.settle(taken, 0)


def _up_to(most: Estimate) -> str:
    return f"this request may cost up to {dollars(most.micros)}"


def _minute(seconds: int, limits: LimitSettings) -> CapReached:
    most = limits.actions_per_minute
    what = "action that costs" if most == 1 else "actions that cost"
    return CapReached(
        "actions_per_minute",
        f"Only {most:.0f} {what} money may begin within a minute, so nothing was sent. Run it "
        f"again in {max(seconds, 1)} s, or raise `actions_per_minute` {_WHERE}.",
    )


def _input(action: ActionSum, most: Estimate, limits: LimitSettings) -> CapReached:
    so_far = f" after {action.input_tokens} before it" if action.input_tokens else ""
    return CapReached(
        "action_input_tokens",
        f"This request takes about {most.input_tokens} tokens{so_far}, and the requests of one "
        f"action may take {limits.action_input_tokens:.0f} together, so it was not sent. Select "
        f"fewer lines, or raise `action_input_tokens` {_WHERE}. Each action is counted anew.",
    )


def _action(action: ActionSum, most: Estimate, limits: LimitSettings) -> CapReached:
    so_far = f"This action has come to {dollars(action.micros)}, and " if action.micros else ""
    sentence = f"{so_far}{_up_to(most)}{' more' if so_far else ''}"
    return CapReached(
        "action_usd",
        f"{sentence[0].upper()}{sentence[1:]}; the limit for one action is "
        f"{dollars(micros(limits.action_usd))}, so it was not sent. Select fewer lines, or raise "
        f"`action_usd` {_WHERE}. Each action is counted anew.",
    )


def _session(spent: int, most: Estimate, limits: LimitSettings) -> CapReached:
    return CapReached(
        "session_usd",
        f"This session has come to {dollars(spent)}, and {_up_to(most)} more; the limit for one "
        f"session is {dollars(micros(limits.session_usd))}, so it was not sent. Restart dola-ls to "
        f"begin a new session, or raise `session_usd` {_WHERE}.",
    )


def _day(spent: int, most: Estimate, limits: LimitSettings) -> CapReached:
    return CapReached(
        "day_usd",
        f"Today has come to {dollars(spent)} in all your editors, and {_up_to(most)} more; the "
        f"limit for one day is {dollars(micros(limits.day_usd))}, so it was not sent. It is "
        f"counted anew from midnight on; or raise `day_usd` {_WHERE}.",
    )


def _unknown(fault: Exception, day: DayFile) -> NotCounted:
    if isinstance(fault, Occupied):
        return NotCounted(
            f"Another dola-ls holds {day.path}, where the day's spending is counted, and does not "
            "let go, so nothing was sent. Run the action again; if that keeps happening, restart "
            "your editors."
        )
    return NotCounted(
        f"{day.path}, where the day's spending is counted, cannot be read, so nothing was sent. "
        "Look at your provider's page for what was spent today and delete the file, or wait until "
        f'tomorrow; `day_usd = "none"` {_WHERE} does without a limit.'
    )
