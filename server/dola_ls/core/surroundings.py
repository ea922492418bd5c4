"""What an answer repeats: the lines round its region, or the region itself more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dola_ls.core.document import Document, Span, split_lines
from dola_ls.core.headers import declared_name
from dola_ls.core.layout import says
from dola_ls.core.transplant import repeats_around

#: How many lines are compared where one pair of lines is enough to refuse.
_FEW = 50
#: How lines begin that may stand above the head of a declaration: comments and decorators.
_ABOVE_HEAD = ("#", "//", "/*", "*", "@", "[")


def own_lines(document: Document, region: Span, answer: Sequence[str]) -> range:
    """Return which lines of an answer are the region's, and not copies of the lines round it.

    Models answer the whole function, or the whole file, when they were asked for some lines of it.
    Where the answer begins with the lines right before the region, or ends with those right after
    it, each to the letter, these are left out. One line alone has to be the only one of its kind
    in the document, for a list may well repeat an entry. Blank lines do not matter.
    """
    wanted = [(at, line.rstrip()) for at, line in enumerate(answer) if line.strip()]
    keys = [key for _, key in wanted]
    old = [line.rstrip() for line in _lines(document, region.start, region.end) if line.strip()]
    before = _beside(document, region, len(keys), ahead=False)
    after = _beside(document, region, len(keys), ahead=True)
    head = overlap(before, keys)
    tail = overlap(keys, after)
    # The region itself may begin or end as its surroundings do.
    if keys[:head] == old[:head]:
        head = 0
    if tail and keys[-tail:] == old[-tail:]:
        tail = 0
    if head + tail >= len(keys):
        return range(len(answer))
    if not _is_copy(document, keys[:head]):
        head = 0
    # Braces alone are believed only where the other end shows that lines were copied.
    rest = keys[len(keys) - tail :]
    if not _is_copy(document, rest) and not (head and not any(map(says, rest))):
        tail = 0
    return range(wanted[head][0], wanted[len(keys) - tail - 1][0] + 1)


def repeats_neighbours(document: Document, region: Span, new: str) -> bool:
    """Tell whether the new text of a region begins or ends with lines that stand next to it.

    Two lines have to say something: one may well be meant.
    """
    lines = split_lines(new)
    count = min(sum(bool(line.strip()) for line in lines), _FEW)
    beside = [_beside(document, region, count, ahead=ahead) for ahead in (False, True)]
    window = split_lines(document.text[region.start : region.end])
    said = [[line for line in some if line.strip()] for some in (lines, window)]
    return repeats_around(*said, *beside)


def copies(text: str) -> int:
    """Return how many times a text holds the same code in a row."""
    keys = [line.strip() for line in split_lines(text) if line.strip()]
    return repeated(keys) if any(map(says, keys)) else 1


def holds_second_version(new: str, old: str) -> bool:
    """Tell whether `new` is all of `old` with another version of it before or behind it.

    A second version holds at least half of the lines, and two at the least.
    """
    told = [key for line in split_lines(new) if (key := line.strip())]
    known = [key for line in split_lines(old) if (key := line.strip())]
    size = len(known)
    if len(told) <= size:
        return False
    rests = [told[size:]] if told[:size] == known else []
    rests += [told[:-size]] if told[-size:] == known else []
    lines = Counter(filter(says, known))
    return any(
        shared >= 2 and shared * 2 >= lines.total()
        for rest in rests
        if (shared := (lines & Counter(filter(says, rest))).total())
    )


def _is_copy(document: Document, lines: Sequence[str]) -> bool:
    said = [line for line in lines if says(line)]
    return len(said) > 1 or (len(said) == 1 and document.text.count(said[0]) == 1)


def _lines(document: Document, start: int, end: int) -> list[str]:
    first, last = document.line_of(start), document.line_of(end)
    last += document.starts[last] < end
    return [document.line_text(line) for line in range(first, last)]


def _beside(document: Document, region: Span, count: int, ahead: bool) -> list[str]:
    """Return up to `count` lines that are not blank, before or after a region, in their order."""
    step = 1 if ahead else -1
    at = document.line_of(region.end if ahead else region.start) + (0 if ahead else -1)
    if ahead and document.starts[at] < region.end:
        at += 1
    found: list[str] = []
    while 0 <= at < document.line_count and len(found) < count:
        line = document.line_text(at).rstrip()
        if line:
            found.append(line.removeprefix("\ufeff") if at == 0 else line)
        at += step
    return found if ahead else found[::-1]


def overlap(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many lines the end of `first` and the beginning of `second` share at most."""
    return _borders([*second, None, *first])[-1] if first and second else 0


def repeated(lines: Sequence[str]) -> int:
    """Return how many times some lines follow each other: 3 for ``a b a b a b``."""
    if not lines:
        return 1
    period = len(lines) - _borders(lines)[-1]
    return len(lines) // period if len(lines) % period == 0 else 1


def _borders(lines: Sequence[str | None]) -> list[int]:
    """Return, for each prefix of `lines`, the longest proper prefix of it that it also ends with.

    In time that grows with the number of lines (Knuth, Morris and Pratt).
    """
    borders = [0] * len(lines)
    for at in range(1, len(lines)):
        size = borders[at - 1]
        while size and lines[at] != lines[size]:
            size = borders[size - 1]
        borders[at] = size + (lines[at] == lines[size])
    return borders


def changed_copy(answer: list[str], region: Sequence[str]) -> list[str]:
    """Return an answer without the copy of the region that stands before or behind the new text.

    The rest has to begin as the region does, with the head of a declaration, so that what is put
    next to unchanged code is not taken for a second copy of it: another entry of a list may well
    begin as the first does. And it has to hold something new, so that it is no mere piece.
    """
    keys = [line.strip() for line in answer]
    old = [line.strip() for line in region if line.strip()]
    said = [at for at, key in enumerate(keys) if key]
    if sum(map(says, old)) < 2 or len(said) <= len(old):
        return answer
    head = next((line for line in old if not line.startswith(_ABOVE_HEAD)), "")
    if declared_name(head) is None:
        return answer
    told = [keys[at] for at in said]
    for copy, rest, lines in (
        (told[: len(old)], told[len(old) :], answer[said[len(old)] :]),
        (told[-len(old) :], told[: -len(old)], answer[: said[-len(old)]]),
    ):
        if copy == old and rest[0] == old[0] and not set(rest) <= set(old):
            return lines
    return answer
