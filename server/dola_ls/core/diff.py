"""From an old text and a new one to the smallest edits, and to a unified diff for people.

Lines are aligned first (`dola_ls.core.alignment`), so an unchanged line is never replaced and
keeps its marks, folds and cursors. Changed lines are then compared word by word
(`dola_ls.core.wording`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dola_ls.core.alignment import Hunk, Work, align
from dola_ls.core.document import EOL, Edit, split_lines
from dola_ls.core.shared_ends import shared_head, shared_tail
from dola_ls.core.wording import hunk_edits

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
        for edit in hunk_edits(olds[i:old_end], news[j:new_end], at, work):
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
    head = max(shared_head(old, new) - _AROUND, 0)
    while head:
        feed = old.rfind("\n", 0, head)
        head = max(feed, old.rfind("\r", feed + 1, head)) + 1
        if not head or old[head - 1] == "\n" or "\n" not in (old[head], new[head]):
            break
        head -= 1
    tail = min(shared_tail(old, new) - _AROUND, min(len(old), len(new)) - head)
    found = EOL.search(old, len(old) - tail) if tail > 0 else None
    return head, len(old) - found.end() if found else 0


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
