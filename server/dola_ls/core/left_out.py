"""What a request does not hold, and why; for whoever wants to see what is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that would have been of use to the model and is not shown to it."""

    #: Such as ``lines 40 to 112 of a.py``, ``shop/keys.py`` or ``a GitHub token in line 3``.
    what: str
    #: A clause: ``line 2 of .aiignore names it``.
    why: str


def lines_left_out(file: str, gaps: Iterable[tuple[int, int]]) -> tuple[LeftOut, ...]:
    """Return the lines of a file that were not shown; a gap is from a line, from 0, up to one."""
    found = []
    for first, end in gaps:
        if first < end:
            lines = f"line {end}" if end == first + 1 else f"lines {first + 1} to {end}"
            found.append(LeftOut(f"{lines} of {file}", "there is no room for it in one request"))
    return tuple(found)
