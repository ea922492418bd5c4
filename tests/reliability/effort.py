"""How much is done: enough for CI, or as long as one likes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Counts, and seconds where something goes on for a while."""

    inputs: int
    actions: int
    sessions: int
    steps: int
    listing: float
    cancels: int
    #: How long somebody types while the memory is watched.
    soak: float


QUICK = Effort(5_000, 150, 15, 30, 5.0, 30, 20.0)
FULL = Effort(100_000, 2_000, 500, 50, 60.0, 1_000, 1_800.0)
