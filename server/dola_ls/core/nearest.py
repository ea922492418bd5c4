"""The lines of a text most like some lines that are not in it, for a second attempt.

Words vote for the place: rare words of the lines sought, found in a line of the text, speak for
the place at which the two would lie side by side. Only the few best places are compared closely,
pair of letters by pair of letters, so the work is bounded whatever the lines look like; difflib
would take seconds for some.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

_WORD = re.compile(r"\w+|[^\w\s]{2,}")
#: Lines sought, characters of a line and places that are looked at; the rest is left out.
_LINES, _WIDTH, _PLACES = 30, 160, 6
#: A word on more lines than this says nothing about the place; and the rarest of a line do.
_COMMON, _RAREST = 60, 8
#: How alike lines have to be, from 0 to 1, to be worth showing.
_ALIKE = 0.5
#: By how many lines two pieces may have drifted against each other; the likeliest first.
_DRIFT = (0, -1, 1, -2, 2)


class Words:
    """On which lines of a text each word stands; made once for all that is looked for in it."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        where: dict[str, list[int]] = defaultdict(list)
        for at, line in enumerate(lines):
            for word in set(_WORD.findall(line[:_WIDTH])):
                where[word].append(at)
        self.where: Mapping[str, Sequence[int]] = where


def nearest(text: Words, wanted: Sequence[str]) -> range | None:
    """Return where in a text those lines stand that are most like `wanted`; None if none are."""
    sought = [line.strip()[:_WIDTH] for line in wanted[:_LINES]]
    pairs = [_pairs(line) for line in sought]
    best, found = _ALIKE, None
    for start in _places(text, sought):
        rating = _rating(text.lines, sought, pairs, start)
        if rating > best:
            best, found = rating, start
    if found is None:
        return None
    return range(max(found, 0), min(found + len(wanted), len(text.lines)))


def _places(text: Words, sought: Sequence[str]) -> Iterator[int]:
    """Yield the starts for which the most words vote."""
    votes: Counter[int] = Counter()
    for offset, line in enumerate(sought):
        found = [places for word in set(_WORD.findall(line)) if (places := text.where.get(word))]
        for places in sorted(found, key=len)[:_RAREST]:
            if len(places) <= _COMMON:
                for at in places:
                    votes[at - offset] += _COMMON // len(places)
    for start, _ in votes.most_common(_PLACES):
        if -len(sought) < start < len(text.lines):
            yield start


def _rating(
    lines: Sequence[str], sought: Sequence[str], pairs: Sequence[Counter[str]], start: int
) -> float:
    """Rate how alike two pieces are, from 0 to 1."""
    total = 0.0
    for offset, (line, wanted) in enumerate(zip(sought, pairs, strict=True)):
        best = 0.0
        for drift in _DRIFT:
            at = start + offset + drift
            if line and best < 1 and 0 <= at < len(lines):
                other = lines[at].strip()[:_WIDTH]
                best = 1.0 if other == line else max(best, _likeness(wanted, _pairs(other)))
        total += best * len(line)
    return total / (sum(map(len, sought)) or 1)


def _pairs(line: str) -> Counter[str]:
    return Counter(a + b for a, b in pairwise(f" {line} "))


def _likeness(a: Counter[str], b: Counter[str]) -> float:
    common = sum(min(count, b[pair]) for pair, count in a.items() if pair in b)
    return 2 * common / ((a.total() + b.total()) or 1)
