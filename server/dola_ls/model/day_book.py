"""What was spent on a day by all servers of one user; pure, and never less than before.

Each server has a count of its own, which only grows. So books can be put together in any order
and however often, the larger count of each server being the newer one: what one of them has seen
is never lost, even where the file between them is damaged or put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

VERSION = 1
#: Days that are kept, so that a clock that is set back finds what it knew.
_KEPT = 4
_MOST = 10**15


@dataclass(frozen=True, slots=True)
class Count:
    """What one server has taken on a day, and what of that it has given back; both only grow."""

    taken: int = 0
    returned: int = 0

    @property
    def spent(self) -> int:
        """What is left."""
        return max(self.taken - self.returned, 0)

    def plus(self, other: Count) -> Count:
        """Return both together."""
        return Count(self.taken + other.taken, self.returned + other.returned)

    def newer(self, other: Count) -> Count:
        """Return the one of the two that knows of more."""
        return max(self, other, key=lambda count: (count.taken, count.returned))


@dataclass(frozen=True, slots=True)
class Day:
    """The counts of one day, by server."""

    counts: Mapping[str, Count] = field(default_factory=dict)
    #: The day on which this one was seen to be still to come, because a clock was wrong; 0 for
    #: none. What was spent in it counts on that day too.
    ahead: int = 0

    @property
    def spent(self) -> int:
        """What all servers have spent."""
        return sum(count.spent for count in self.counts.values())

    def merged(self, other: Day) -> Day:
        """Return what both know together."""
        counts = {
            server: self.counts.get(server, Count()).newer(other.counts.get(server, Count()))
            for server in {*self.counts, *other.counts}
        }
        return Day(counts, max(self.ahead, other.ahead))


class Unreadable(ValueError):
    """The data is no book."""


@dataclass(frozen=True, slots=True)
class Book:
    """Some days (`date.toordinal`)."""

    days: Mapping[int, Day] = field(default_factory=dict)

    def spent(self, today: int) -> int:
        """Return what all servers have spent today, or on a day that today takes for the future."""
        days = self.at(today).days.items()
        return sum(day.spent for number, day in days if today in (number, day.ahead))

    def at(self, today: int) -> Book:
        """Return the book as it is to be read today: the days round it, the future marked."""
        near = sorted(self.days, key=lambda number: (abs(number - today), number))[:_KEPT]
        return Book(
            {
                number: replace(day, ahead=today) if number > today and not day.ahead else day
                for number in sorted(near)
                for day in [self.days[number]]
            }
        )

    def merged(self, other: Book, today: int) -> Book:
        """Return what both know together."""
        days = {
            number: self.days.get(number, Day()).merged(other.days.get(number, Day()))
            for number in {*self.days, *other.days}
        }
        return Book(days).at(today)

    def adding(self, number: int, server: str, taken: int = 0, returned: int = 0) -> Book:
        """Return the book with more on the count of one server, on one day."""
        day = self.days.get(number, Day())
        count = day.counts.get(server, Count()).plus(Count(taken, returned))
        count = Count(count.taken, min(count.returned, count.taken))
        return Book({**self.days, number: replace(day, counts={**day.counts, server: count})})

    def to_json(self) -> dict[str, Any]:
        """Return the book as plain data: days, servers' random names and numbers."""
        days = {
            str(number): {
                "ahead": day.ahead,
                "servers": {
                    name: [count.taken, count.returned] for name, count in day.counts.items()
                },
            }
            for number, day in self.days.items()
        }
        return {"version": VERSION, "unit": "0.000001 USD", "days": days}

    @classmethod
    def from_json(cls, data: object) -> Book:
        """Return the book that `to_json` wrote; raises Unreadable for anything else."""
        try:
            if not isinstance(data, dict) or data["version"] != VERSION:
                raise Unreadable
            return cls({int(number): _day(day) for number, day in data["days"].items()})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unreadable from None


def _day(data: Any) -> Day:
    ahead = data["ahead"]
    if type(ahead) is not int:
        raise Unreadable
    return Day({str(name): _count(*pair) for name, pair in data["servers"].items()}, ahead)


def _count(taken: object, returned: object) -> Count:
    if type(taken) is not int or type(returned) is not int or not 0 <= returned <= taken <= _MOST:
        raise Unreadable
    return Count(taken, returned)
