"""Which items of two sequences correspond: patience anchors, then an exact bounded LCS.

Lines that occur once on either side are matched first (the longest increasing run of them, as in
Bram Cohen's patience diff), which keeps moved and repeated code from being matched by accident.
What lies between two anchors is aligned by a longest common subsequence. That one is computed on
Python's big integers, a whole row of the table at a time (H. Hyyrö, "Bit-parallel LCS-length
computation revisited", 2004), so a gap of 2 000 x 2 000 lines takes about a millisecond. The
cells spent are counted, and when `Work` is used up what is left becomes a single replacement:
never quadratic, never wrong.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, count, pairwise
from operator import lt, ne, sub

Hunk = tuple[int, int, int, int]

#: Cells of one LCS table; at one bit each the table takes 20 MB.
_TABLE = 160_000_000
#: The side of the windows through which a gap with a larger table is aligned.
_WINDOW = 4096
#: How often a gap is searched for anchors of its own; real texts need three or four rounds.
_ROUNDS = 12
#: Python's own cost of one row, in cells.
_ROW = 500


@dataclass(slots=True)
class Work:
    """How many LCS cells may still be computed; shared by all gaps of one comparison."""

    left: int = 1_000_000_000

    def take(self, rows: int, columns: int) -> bool:
        """Spend the cells of one table, or tell that there are not enough left."""
        cost = rows * (columns + _ROW)
        if cost > self.left:
            return False
        self.left -= cost
        return True


def align(old: Sequence[str], new: Sequence[str], work: Work | None = None) -> list[Hunk]:
    """Return what differs as ``(old_start, old_end, new_start, new_end)``, sorted.

    Everything between two hunks is equal on both sides, and at least one item lies between them.
    """
    hunks: list[Hunk] = []
    _gap(old, new, 0, 0, _ROUNDS, work or Work(), hunks)
    return hunks


def _gap(
    old: Sequence[str],
    new: Sequence[str],
    old_at: int,
    new_at: int,
    rounds: int,
    work: Work,
    hunks: list[Hunk],
) -> None:
    """Append the hunks of two slices that begin at `old_at` and `new_at` of the whole."""
    head = common_head(old, new)
    tail = min(common_tail(old, new), len(old) - head, len(new) - head)
    if head or tail:
        old, new = old[head : len(old) - tail], new[head : len(new) - tail]
        old_at, new_at = old_at + head, new_at + head
    if not old or not new or len(old) == len(new) == 1:
        if old or new:
            hunks.append((old_at, old_at + len(old), new_at, new_at + len(new)))
        return
    olds, news = _anchors(old, new) if rounds else ([], [])
    if olds:
        for a, b, c, d in _between(old, new, olds, news):
            _gap(old[a:b], new[c:d], old_at + a, new_at + c, rounds - 1, work, hunks)
        return
    i = j = 0
    for x, y in [*_common(old, new, work), (len(old), len(new))]:
        if x > i or y > j:
            hunks.append((old_at + i, old_at + x, new_at + j, new_at + y))
        i, j = x + 1, y + 1


def common_head(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many items both sequences begin with."""
    return next(compress(count(), map(ne, old, new)), min(len(old), len(new)))


def common_tail(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many items both sequences end with."""
    return common_head(old[::-1], new[::-1])


def _anchors(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return where the items that occur exactly once on either side stand, as far as in order."""
    in_old, in_new = Counter(old), Counter(new)
    once = {item for item, n in in_old.items() if n == 1 and in_new.get(item) == 1}
    place = {item: j for j, item in enumerate(new) if item in once}
    olds = [i for i, item in enumerate(old) if item in once]
    news = [place[old[i]] for i in olds]
    if not all(map(lt, news, news[1:])):
        chain = _longest_increasing(news)
        olds, news = [olds[k] for k in chain], [news[k] for k in chain]
    return olds, news


def _longest_increasing(values: Sequence[int]) -> list[int]:
    """Return the indexes of a longest increasing subsequence of distinct `values`."""
    tops: list[int] = []
    top_indexes: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        pile = len(tops) if not tops or value > tops[-1] else bisect_left(tops, value)
        before.append(top_indexes[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(value)
            top_indexes.append(index)
        else:
            tops[pile] = value
            top_indexes[pile] = index
    chain = []
    index = top_indexes[-1]
    while index >= 0:
        chain.append(index)
        index = before[index]
    return chain[::-1]


def _between(
    old: Sequence[str], new: Sequence[str], olds: list[int], news: list[int]
) -> Iterator[Hunk]:
    """Yield the gaps between anchors (their places `olds` and `news`) that are not equal already.

    Anchors with the same distance between old and new form long runs in which hardly anything
    differs; those are compared as a whole, so that the work is per change and not per line.
    """
    shifts = list(map(sub, news, olds))
    cuts = [0, *compress(count(1), map(ne, shifts[1:], shifts)), len(shifts)]
    i = j = 0
    for first, behind in pairwise(cuts):
        start, end, shift = olds[first], olds[behind - 1] + 1, shifts[first]
        yield i, start, j, start + shift
        i, j = end, end + shift
        here, there = old[start:end], new[start + shift : end + shift]
        if here == there:
            continue
        done = 0
        for index in compress(count(start), map(ne, here, there)):
            if index >= done:
                after = bisect_right(olds, index, first, behind)
                left, done = olds[after - 1] + 1, olds[after]
                yield left, done, left + shift, done + shift
    yield i, len(old), j, len(new)


def _common(old: Sequence[str], new: Sequence[str], work: Work) -> list[tuple[int, int]]:
    """Return index pairs of a common subsequence, the longest where the work allows it."""
    in_old, in_new = set(old), set(new)
    olds = [i for i, item in enumerate(old) if item in in_new]
    news = [j for j, item in enumerate(new) if item in in_old]
    here, there = [old[i] for i in olds], [new[j] for j in news]
    if len(olds) * len(news) <= _TABLE:
        pairs = _lcs(here, there) if work.take(len(olds), len(news)) else []
    else:
        pairs = list(_windowed(here, there, work))
    return [(olds[x], news[y]) for x, y in pairs]


def _windowed(old: Sequence[str], new: Sequence[str], work: Work) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a common subsequence found by a window that moves along both."""
    safe = _WINDOW * 3 // 4
    i = j = 0
    while i < len(old) and j < len(new) and work.take(_WINDOW, _WINDOW):
        here, there = old[i : i + _WINDOW], new[j : j + _WINDOW]
        last = i + _WINDOW >= len(old) and j + _WINDOW >= len(new)
        for x, y in [*_lcs(here, there), (_WINDOW, _WINDOW)]:
            # What lies near the far corner may have better partners in the next window.
            if not last and (x >= safe or y >= safe):
                break
            if x < _WINDOW and y < _WINDOW:
                yield i + x, j + y
        i, j = i + min(x, safe), j + min(y, safe)
        if last:
            return


def _lcs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the index pairs of a longest common subsequence.

    Row k holds one bit per item of `new`; a zero bit marks where the subsequence of the first k
    items of `old` grows.
    """
    if len(old) > len(new):
        return [(x, y) for y, x in _lcs(new, old)]
    masks = _places(new)
    full = (1 << len(new)) - 1
    row = full
    rows = [row]
    for item in old:
        hit = row & masks.get(item, 0)
        row = (row + hit | row - hit) & full
        rows.append(row)
    pairs = []
    x, y = len(old), len(new)
    while x and y:
        bit = y - 1
        if rows[x] >> bit & 1:
            y -= 1
        elif not rows[x - 1] >> bit & 1:
            x -= 1
        else:
            x -= 1
            y -= 1
            pairs.append((x, y))
    return pairs[::-1]


def _places(items: Sequence[str]) -> dict[str, int]:
    """Return for each item the bits of the places it has; linear in the items, not squared."""
    where: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        where.setdefault(item, []).append(index)
    masks = {}
    for item, indexes in where.items():
        if len(indexes) == 1:
            masks[item] = 1 << indexes[0]
            continue
        bits = bytearray(indexes[-1] // 8 + 1)
        for index in indexes:
            bits[index >> 3] |= 1 << (index & 7)
        masks[item] = int.from_bytes(bits, "little")
    return masks
