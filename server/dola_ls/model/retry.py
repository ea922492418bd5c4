"""Whether and when to ask again; no clock, no dice and no network in here.

Every retry may cost money, because the server has no idempotency keys: a request that may have
reached the model is never sent twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum

#: Seconds one action may spend waiting between tries.
WAITING_BUDGET = 60.0
#: A server that asks for more patience than this is not waited for.
LONGEST_WAIT = 30.0

_BUSY = frozenset({408, 500, 502, 503, 529})


class Situation(Enum):
    """What went wrong, as far as trying again is concerned. The value is the retries it gets."""

    #: No connection, so nothing was sent: refused, connect timeout, DNS, no free connection.
    NOTHING_SENT = ("nothing sent", 2)
    #: A kept connection turned out to be closed before one byte of the answer.
    STALE_CONNECTION = ("stale connection", 1)
    #: Status 429.
    RATE_LIMITED = ("rate limited", 2)
    #: Status 408, 500, 502, 503, 529.
    BUSY = ("busy", 2)
    #: Everything else, above all what may already have been billed.
    FINAL = ("final", 0)

    @property
    def retries(self) -> int:
        """How often the request may be sent again."""
        return self.value[1]


def situation_of(status: int) -> Situation:
    """Return the situation that an answer with this HTTP status is."""
    if status == 429:
        return Situation.RATE_LIMITED
    return Situation.BUSY if status in _BUSY else Situation.FINAL


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to wait, or None where it does not say so sensibly.

    `headers` has lower-case names. A date is taken by the server's own clock, never by this
    machine's: either may be wrong.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None and milliseconds > 0:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is None and value is not None:
        try:
            until = parsedate_to_datetime(value).timestamp()
            seconds = until - parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, OverflowError):
            return None
    return seconds if seconds is not None and seconds > 0 else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def wait_before_retry(
    situation: Situation,
    attempt: int,
    headers: Mapping[str, str],
    spent: float,
    *,
    dice: float,
) -> float | None:
    """Return the seconds to wait before the next try, or None to give up.

    `attempt` counts the retries this situation already had, `spent` is the seconds already
    waited, `dice` a number in [0, 1) for the jitter.
    """
    if attempt >= situation.retries or headers.get("x-should-retry", "").lower() == "false":
        return None
    if situation is Situation.STALE_CONNECTION:
        return 0.0
    asked = None
    if situation in (Situation.RATE_LIMITED, Situation.BUSY):
        asked = asked_wait(headers)
    if asked is not None:
        seconds = asked
        if seconds > LONGEST_WAIT:
            return None
    elif situation is Situation.RATE_LIMITED:
        seconds = 2.0 * 3.0**attempt + dice
    else:
        seconds = min(0.5 * 4.0**attempt * (1 + 0.25 * dice), 8.0)
    return seconds if spent + seconds <= WAITING_BUDGET else None


class Breaker:
    """A pause after many failures in a row, so that a dead server is not asked by every action."""

    FAILURES = 5
    WITHIN = 60.0
    PAUSE = 30.0

    def __init__(self) -> None:
        self._failures: list[float] = []
        self._until = -math.inf

    def pause_left(self, now: float) -> float:
        """Return the seconds for which nothing is to be sent; 0 when requests may go out."""
        return max(self._until - now, 0.0)

    def succeeded(self) -> None:
        """Note that the server answered."""
        self._failures.clear()

    def failed(self, now: float) -> None:
        """Note a failure that says something about the server, not about the request."""
        self._failures = [at for at in self._failures if now - at < self.WITHIN] + [now]
        if len(self._failures) >= self.FAILURES:
            self._failures.clear()
            self._until = now + self.PAUSE
