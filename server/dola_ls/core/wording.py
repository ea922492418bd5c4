"""What differs inside changed lines, word by word.

No edit begins or ends inside a CRLF, a surrogate pair, or a character with its combining marks,
neither in the old text nor in the new one, and none inside a word of ordinary length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate

from dola_ls.core.alignment import Hunk, Work, align
from dola_ls.core.document import EOL, Edit
from dola_ls.core.shared_ends import shared_head, shared_tail

_JOINER = "\u200d"
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\r\n|\w+|[^\S\r\n]+|.", re.DOTALL)
#: Text this short, white space aside, between two edits of a line is replaced along with them.
_SHORT = 3
#: An edit is widened by at most this much to begin and end at the edge of a word.
_LONG_WORD = 64
#: How many pairs of lines of one hunk are looked at for likeness, and what one costs in cells.
_PAIRS, _PAIR = 2000, 5000
#: The least share of words that lines must have in common to be compared.
_ALIKE = 0.4


def hunk_edits(olds: Sequence[str], news: Sequence[str], at: int, work: Work) -> Iterator[Edit]:
    """Yield the edits that turn the lines of one hunk, which begins at `at`, into the new ones.

    Lines that resemble each other are changed inside; those between them are replaced whole.
    """
    i = j = 0
    block_old = block_new = ""
    for x, y in [*_pairs(olds, news, work), (len(olds), len(news))]:
        block_old += "".join(olds[i:x])
        block_new += "".join(news[j:y])
        i, j = x + 1, y + 1
        old, new = "".join(olds[x:i]), "".join(news[y:j])
        changes = _line_changes(old, new, work) if old else []
        if changes is None:
            block_old, block_new = block_old + old, block_new + new
            continue
        if block_old or block_new:
            head, tail = _shared_ends(block_old, block_new)
            end = len(block_old)
            yield Edit(at + head, at + end - tail, block_new[head : len(block_new) - tail])
            at, block_old, block_new = at + end, "", ""
        for start, end, new_start, new_end in changes:
            yield Edit(at + start, at + end, new[new_start:new_end])
        at += len(old)


def _pairs(olds: Sequence[str], news: Sequence[str], work: Work) -> Iterator[tuple[int, int]]:
    """Yield which lines of a hunk are to be compared with which."""
    if len(olds) == len(news) == 1:
        yield 0, 0
        return
    bare_olds, bare_news = [line.strip() for line in olds], [line.strip() for line in news]
    last = (len(olds), len(olds), len(news), len(news))
    i = j = 0
    for a, b, c, d in [*align(bare_olds, bare_news, work), last]:
        yield from zip(range(i, a), range(j, c), strict=True)
        for x, y in _alike(bare_olds[a:b], bare_news[c:d], work):
            yield a + x, c + y
        i, j = b, d


def _alike(olds: Sequence[str], news: Sequence[str], work: Work) -> list[tuple[int, int]]:
    """Return the pairs of lines, in order, that have the most words in common."""
    n, m = len(olds), len(news)
    if n * m > _PAIRS or n == m == 1:
        return [(k, k) for k in range(n)] if n == m else []
    if not n or not m or not work.take(n * m, _PAIR):
        return []
    old_words = [set(_WORD.findall(line)) for line in olds]
    new_words = [set(_WORD.findall(line)) for line in news]
    # best[x][y] is how much the lines from x and y on have in common.
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    match = [[0.0] * m for _ in range(n)]
    for x in reversed(range(n)):
        for y in reversed(range(m)):
            total = len(old_words[x]) + len(new_words[y])
            likeness = 2 * len(old_words[x] & new_words[y]) / total if total else 0.0
            match[x][y] = best[x + 1][y + 1] + likeness if likeness >= _ALIKE else 0.0
            best[x][y] = max(best[x + 1][y], best[x][y + 1], match[x][y])
    pairs = []
    x = y = 0
    while x < n and y < m:
        if match[x][y] and match[x][y] == best[x][y]:
            pairs.append((x, y))
            x, y = x + 1, y + 1
        elif best[x + 1][y] == best[x][y]:
            x += 1
        else:
            y += 1
    return pairs


def _line_changes(old: str, new: str, work: Work) -> list[Hunk] | None:
    """Return what differs inside a line, in characters, or None where little is the same."""
    wholly = min(len(old.strip()), len(new.strip()))
    if not wholly:
        return None
    head, tail = _shared_ends(old, new)
    end, new_end = len(old) - tail, len(new) - tail
    changes = [(head, end, head, new_end)]
    if head < end and head < new_end:
        olds, news = _TOKEN.findall(old, head, end), _TOKEN.findall(new, head, new_end)
        if len(olds) > 1 and len(news) > 1:
            to_old = list(accumulate(map(len, olds), initial=head))
            to_new = list(accumulate(map(len, news), initial=head))
            tokens = align(olds, news, work)
            changes = [(to_old[a], to_old[b], to_new[c], to_new[d]) for a, b, c, d in tokens]
            changes = _joined(old, new, changes)
    kept = len(old.strip()) - sum(len(old[i:j].strip()) for i, j, _, _ in changes)
    return changes if kept * 2 >= wholly else None


def _joined(old: str, new: str, changes: Sequence[Hunk]) -> list[Hunk]:
    """Widen changes that split a character, and join those with next to nothing between them."""
    plain = old.isascii() and new.isascii() and "\r" not in old and "\r" not in new
    joined: list[Hunk] = []
    for k, (i, end, j, new_end) in enumerate(changes):
        done = joined[-1][1] if joined else 0
        limit = changes[k + 1][0] if k + 1 < len(changes) else len(old)
        if not plain:
            while i > done and (_splits(old, i) or _splits(new, j)):
                i, j = i - 1, j - 1
            while end < limit and (_splits(old, end) or _splits(new, new_end)):
                end, new_end = end + 1, new_end + 1
        between = old[done:i]
        if joined and len(between.strip()) < _SHORT and not EOL.search(between):
            i, _, j, _ = joined.pop()
        joined.append((i, end, j, new_end))
    return joined


def _shared_ends(old: str, new: str) -> tuple[int, int]:
    """Return how much both texts begin and end with, cut where neither text is split."""
    head = shared_head(old, new)
    at = head
    while head - at < _LONG_WORD and (_in_word(old, at) or _in_word(new, at)):
        at -= 1
    if _in_word(old, at) or _in_word(new, at):
        at = head
    while _splits(old, at) or _splits(new, at):
        at -= 1
    head = at
    tail = min(shared_tail(old, new), len(old) - head, len(new) - head)
    at = tail
    while tail - at < _LONG_WORD and (_in_word(old, len(old) - at) or _in_word(new, len(new) - at)):
        at -= 1
    if _in_word(old, len(old) - at) or _in_word(new, len(new) - at):
        at = tail
    while _splits(old, len(old) - at) or _splits(new, len(new) - at):
        at -= 1
    return head, at


def _in_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _is_word(text[at]) and _is_word(text[at - 1])


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()


def _splits(text: str, at: int) -> bool:
    """Tell whether a border at `at` would part what is read as one character or one line end."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    if left == "\r":
        return right == "\n"
    if left == "\n":
        return False
    if left == _JOINER:
        return True
    if right < "\u0300":
        return False
    if "\ud800" <= left <= "\udbff" and "\udc00" <= right <= "\udfff":
        return True
    if right == _JOINER or "\U0001f3fb" <= right <= "\U0001f3ff" or right >= "\U000e0000":
        return True
    if left >= "\U0001f1e6" and right >= "\U0001f1e6":
        return left <= "\U0001f1ff" and right <= "\U0001f1ff"
    return unicodedata.category(right)[0] == "M"
