"""From an old text and a new one to the smallest edits, and to a unified diff for people.

Lines are aligned first (`dola_ls.core.alignment`), so an unchanged line is never replaced and
keeps its marks, folds and cursors. Changed lines are then compared word by word. No edit begins
or ends inside a CRLF, a surrogate pair, or a character with its combining marks, neither in the
old text nor in the new one, and none inside a word of ordinary length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate

from dola_ls.core.alignment import Hunk, Work, align
from dola_ls.core.document import EOL, Edit, split_lines

_JOINER = "\u200d"
_TOKEN = re.compile(r"\r\n|\w+|[^\S\r\n]+|.", re.DOTALL)
#: Text this short, white space aside, between two edits of a line is replaced along with them.
_SHORT = 3
#: An edit is widened by at most this much to begin and end at the edge of a word.
_LONG_WORD = 64
#: How many lines a hunk may slide, and how many characters are left round it for that.
_SLIDE, _AROUND = 50, 4000


def smallest_edits(old: str, new: str) -> list[Edit]:
    """Return the edits that turn `old` into `new`: sorted, not overlapping, as small as is useful.

    ``apply_edits(old, smallest_edits(old, new)) == new`` always holds; equal texts give no edits.
    """
    if old == new:
        return []
    at, tail = _shared_lines(old, new)
    olds, news = split_lines(old[at : len(old) - tail]), split_lines(new[at : len(new) - tail])
    work = Work()
    edits: list[Edit] = []
    done = 0
    for i, old_end, j, new_end in line_hunks(olds, news, work):
        at += sum(map(len, olds[done:i]))
        for edit in _hunk_edits(olds[i:old_end], news[j:new_end], at, work):
            if edits and edits[-1].end == edit.start:
                before = edits.pop()
                edit = Edit(before.start, edit.end, before.text + edit.text)
            edits.append(edit)
        at += sum(map(len, olds[i:old_end]))
        done = old_end
    return edits


def line_hunks(old: Sequence[str], new: Sequence[str], work: Work | None = None) -> list[Hunk]:
    """Return the changed lines as ``(old_start, old_end, new_start, new_end)``, sorted.

    The lines carry their line ends. Between two hunks lies at least one equal line. A block that
    could as well be said to begin a few lines higher or lower begins where a person would put it.
    """
    hunks = align(old, new, work)
    for index, (i, old_end, j, new_end) in enumerate(hunks):
        if i < old_end and j < new_end:
            continue
        lines, start, end = (new, j, new_end) if i == old_end else (old, i, old_end)
        above = i - hunks[index - 1][1] - 1 if index else i
        below = (hunks[index + 1][0] - 1 if index + 1 < len(hunks) else len(old)) - old_end
        shift = _slide(lines, start, end, min(above, _SLIDE), min(below, _SLIDE))
        hunks[index] = (i + shift, old_end + shift, j + shift, new_end + shift)
    return hunks


def unified(old: str, new: str, name: str, context: int = 3) -> str:
    """Return a unified diff that ``git apply`` and ``patch -p1`` take; empty for equal texts.

    Its lines end at LF alone, as those tools have it: a lone CR stays inside its line.
    """
    olds, news = re.findall(r"[^\n]*\n|[^\n]+", old), re.findall(r"[^\n]*\n|[^\n]+", new)
    parts: list[str] = []
    for group in _groups(line_hunks(olds, news), context):
        i, j = max(group[0][0] - context, 0), max(group[0][2] - context, 0)
        old_end = min(group[-1][1] + context, len(olds))
        new_end = min(group[-1][3] + context, len(news))
        parts.append(f"@@ -{_range(i, old_end)} +{_range(j, new_end)} @@\n")
        for start, end, new_start, behind in group:
            parts += _marked(" ", olds[i:start])
            parts += _marked("-", olds[start:end])
            parts += _marked("+", news[new_start:behind])
            i = end
        parts += _marked(" ", olds[i:old_end])
    return "".join([f"--- a/{name}\n+++ b/{name}\n", *parts]) if parts else ""


def _groups(hunks: Sequence[Hunk], context: int) -> Iterator[list[Hunk]]:
    group: list[Hunk] = []
    for hunk in hunks:
        if group and hunk[0] - group[-1][1] > 2 * context:
            yield group
            group = []
        group.append(hunk)
    if group:
        yield group


def _range(start: int, end: int) -> str:
    # An empty range is named by the line before it.
    return f"{start + (end > start)},{end - start}"


def _marked(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield (
            f"{sign}{line}" if line[-1] == "\n" else f"{sign}{line}\n\\ No newline at end of file\n"
        )


def _shared_lines(old: str, new: str) -> tuple[int, int]:
    """Return how many characters of whole lines both texts begin and end with.

    Some shared text is left on either side, for hunks to slide in.
    """
    head = max(_shared_head(old, new) - _AROUND, 0)
    while head:
        feed = old.rfind("\n", 0, head)
        head = max(feed, old.rfind("\r", feed + 1, head)) + 1
        if not head or old[head - 1] == "\n" or "\n" not in (old[head], new[head]):
            break
        head -= 1
    tail = min(_shared_tail(old, new) - _AROUND, min(len(old), len(new)) - head)
    found = EOL.search(old, len(old) - tail) if tail > 0 else None
    return head, len(old) - found.end() if found else 0


def _shared_head(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    if old[:high] == new[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shared_tail(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _slide(lines: Sequence[str], start: int, end: int, above: int, below: int) -> int:
    """Return by how many lines to move a block that could stand in several places."""
    up = down = 0
    while up < above and lines[start - 1 - up] == lines[end - 1 - up]:
        up += 1
    while down < below and lines[start + down] == lines[end + down]:
        down += 1
    if not up and not down:
        return 0

    def ugliness(shift: int) -> tuple[int, int, int]:
        depth, cut = map(
            sum, zip(_cut(lines, start + shift), _cut(lines, end + shift), strict=True)
        )
        return depth, cut, -shift

    return min(range(-up, down + 1), key=ugliness)


def _cut(lines: Sequence[str], at: int) -> tuple[int, int]:
    """Rate a border between two blocks of code: its depth, and how odd it is to cut there."""
    following = next((line for line in lines[at : at + 5] if line.strip()), "")
    depth = _indent(following)
    if at == len(lines) or at == 0 or not lines[at - 1].strip():
        return depth, 0
    if not lines[at].strip():
        return depth, 1
    return depth, 3 if depth < _indent(lines[at - 1]) else 2


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _hunk_edits(olds: Sequence[str], news: Sequence[str], at: int, work: Work) -> Iterator[Edit]:
    """Yield the edits of one hunk whose first line begins at `at`.

    Lines are compared in pairs: all of them where both sides have the same number, else from the
    top and from the bottom while they resemble each other. Lines that do not are replaced whole.
    """
    shorter = min(len(olds), len(news))
    equal = len(olds) == len(news)
    top: list[list[Hunk] | None] = []
    while len(top) < shorter:
        changes = _line_changes(olds[len(top)], news[len(top)], work)
        if changes is None and not equal:
            break
        top.append(changes)
    bottom: list[list[Hunk] | None] = []
    while len(top) + len(bottom) < shorter:
        changes = _line_changes(olds[-1 - len(bottom)], news[-1 - len(bottom)], work)
        if changes is None:
            break
        bottom.append(changes)

    # What nobody resembles, as one block: it may begin with any None of `top`.
    block_old, block_new = "", ""
    rest = slice(len(top), len(olds) - len(bottom)), slice(len(top), len(news) - len(bottom))
    rows = [
        *zip(olds, news, top, strict=False),
        ("".join(olds[rest[0]]), "".join(news[rest[1]]), None),
        *zip(olds[rest[0].stop :], news[rest[1].stop :], reversed(bottom), strict=True),
        ("", "", []),
    ]
    for old, new, changes in rows:
        if changes is None:
            block_old, block_new = block_old + old, block_new + new
            continue
        if block_old or block_new:
            head, tail = _shared_ends(block_old, block_new)
            end = len(block_old)
            yield Edit(at + head, at + end - tail, block_new[head : len(block_new) - tail])
            at, block_old, block_new = at + end, "", ""
        for i, old_end, j, new_end in changes:
            yield Edit(at + i, at + old_end, new[j:new_end])
        at += len(old)


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
    head = _shared_head(old, new)
    at = head
    while head - at < _LONG_WORD and (_in_word(old, at) or _in_word(new, at)):
        at -= 1
    if _in_word(old, at) or _in_word(new, at):
        at = head
    while _splits(old, at) or _splits(new, at):
        at -= 1
    head = at
    tail = min(_shared_tail(old, new), len(old) - head, len(new) - head)
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
