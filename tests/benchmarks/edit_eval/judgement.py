"""Whether an edit kept to its lines, judged without any of the server's own code.

What has to stay is a row of fixed pieces of the source with free ones between them. A text keeps to
its lines exactly if these pieces stand in it whole and in order, the first at its start and the
last at its end; what lies between them is the edit. Looking for that needs no alignment, so that no
diff's choice among equally short ones can put a sound edit in the wrong place, or hide a wrong one.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.edit_eval.tasks import Task, lines_of


@dataclass(frozen=True, slots=True)
class Kept:
    """What happened to the lines that were none of the edit's business."""

    #: A line of them was changed, or one was put in where none may be; tells where.
    wrong_place: str = ""
    #: A line of them is not there any more, or no longer in its order; tells which.
    lost_text: str = ""
    #: The same as `wrong_place` for the lines of the region that the task has no need to change.
    excess: str = ""


def judge(task: Task, text: str) -> Kept:
    """Compare a file after an edit with the one before, line by line and line ends included.

    The region that the user pointed at is the edit's business as a whole: what a model changes
    there beyond the task is told as `excess`.
    """
    source, result = task.lines, lines_of(text)
    strict = _fixed(source, task.free_lines)
    wide = _fixed(source, [*task.free_lines, task.region_lines])
    return Kept(
        wrong_place="" if in_place(wide, result) else _difference(source, result, wide),
        lost_text=_missing([line for piece in wide for line in piece], result),
        excess="" if in_place(strict, result) else _difference(source, result, strict),
    )


def in_place(fixed: Sequence[Sequence[str]], result: Sequence[str]) -> bool:
    """Tell whether `result` holds the pieces whole, in order and apart, the outer ones at its ends.

    The first place for each piece is the best one, as it leaves most room for the others.
    """
    first, *inner, last = fixed
    end = len(result) - len(last)
    if end < len(first) or list(result[: len(first)]) != list(first):
        return False
    if list(result[end:]) != list(last):
        return False
    at = len(first)
    for piece in inner:
        size = len(piece)
        while at + size <= end and list(result[at : at + size]) != list(piece):
            at += 1
        if at + size > end:
            return False
        at += size
    return True


def _fixed(source: Sequence[str], free: Sequence[range]) -> list[list[str]]:
    """Return the lines before, between and after the free ones."""
    may_change = {number for lines in free for number in lines}
    pieces: list[list[str]] = [[]]
    for number, line in enumerate(source):
        if number not in may_change:
            pieces[-1].append(line)
        elif number - 1 not in may_change:
            pieces.append([])
    return pieces


def _missing(lines: Sequence[str], result: Sequence[str]) -> str:
    """Return the first of `lines` that is not in `result` after those before it."""
    at = 0
    for line in lines:
        while at < len(result) and result[at] != line:
            at += 1
        if at == len(result):
            return f"the line {line!r} is gone"
        at += 1
    return ""


def _difference(
    source: Sequence[str], result: Sequence[str], fixed: Sequence[Sequence[str]]
) -> str:
    """Describe the first difference that touches a fixed line, for people to look at."""
    kept = [line for piece in fixed for line in piece]
    matcher = difflib.SequenceMatcher(None, source, result, autojunk=False)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    # Those that take a fixed line away come first, as they say most.
    changes.sort(key=lambda change: not any(line in kept for line in source[change[1] : change[2]]))
    for _, start, end, new_start, new_end in changes:
        old, new = "".join(source[start:end]), "".join(result[new_start:new_end])
        return f"line {start + 1}: {old!r} became {new!r}"
    return ""
