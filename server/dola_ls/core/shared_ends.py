"""How much of two texts is the same at either end."""

from __future__ import annotations

from typing import AnyStr

# Both count by halving: Python compares slices at the speed of memcmp, and a loop over characters
# takes a hundred times as long.


def shared_head(old: AnyStr, new: AnyStr, room: int | None = None) -> int:
    """Return how many characters or bytes both begin with, `room` at the most."""
    low, high = 0, min(len(old), len(new)) if room is None else room
    if old[:high] == new[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def shared_tail(old: AnyStr, new: AnyStr, room: int | None = None) -> int:
    """Return how many characters or bytes both end with, `room` at the most."""
    low, high = 0, min(len(old), len(new)) if room is None else room
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
