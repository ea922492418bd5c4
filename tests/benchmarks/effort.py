"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds of each figure, and the seconds after which a slow server has had enough of them."""

    starts: int = 10
    presses: int = 200
    answers: int = 40
    idles: int = 3
    seconds: float = 30.0


QUICK = Effort(starts=5, presses=60, answers=20, idles=1, seconds=10.0)
USUAL = Effort()
FULL = Effort(starts=30, presses=500, answers=100, idles=5, seconds=90.0)
