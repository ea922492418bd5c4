"""Answers in another form than the one asked for: how each is told from code."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from dola_ls.core.blocks import Block
from dola_ls.core.document import split_lines
from dola_ls.core.layout import bare, says

_HUNK = re.compile(r"@@(?: .*)?")
_MARKER = re.compile(r"[ \t]*(?:<{5,9}|>{5,9})(?:[ \t]?\w.*)?")
_NUMBER = re.compile(r"[ \t]*(?P<number>\d+)[ \t]*(?:[:|│→][ \t]|[:|│→]$|\t)")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27|#34);")
_RAW = re.compile(r"[<>]|&(?!\w+;|#\w+;)")
#: Names under which models put code into a JSON object.
_CODE_KEYS = frozenset(
    ["answer", "code", "content", "edited", "new_code", "output", "replacement", "result", "text"]
)

#: How alike two lines are that are the same but for a change, and how much of them is compared.
_ALIKE, _WIDTH, _LINES = 0.8, 160, 400


def looks_like_diff(code: str, old: str) -> bool:
    """Tell whether `code` is a diff that changes `old`, and not code that `old` could become."""
    lines, known = _lines(code), _lines(old)
    if _has_header(lines):
        return not _has_header(known)
    signed = [line for line in lines if line.strip()]
    if not signed or any(line[0] not in " +-\\" for line in signed):
        return False
    if not any(line[0] in "+-" for line in signed):
        return False
    # A list in Markdown has the same look, but what follows its signs are not the old lines.
    kept = {line.rstrip() for line in known if line.strip()}
    return any(line[0] in " -" and line[1:].rstrip() in kept for line in signed)


def _has_header(lines: Sequence[str]) -> bool:
    return any(_HUNK.fullmatch(line) for line in lines) or any(
        one.startswith("--- ") and two.startswith("+++ ") for one, two in pairwise(lines)
    )


def diff_blocks(code: str) -> tuple[Block, ...]:
    """Return the hunks of a unified diff as blocks; empty where one has no place to look for.

    Line numbers do not count, models make them up.
    """
    hunks: list[list[str]] = []
    for line in _lines(code):
        if _HUNK.fullmatch(line):
            hunks.append([])
        elif hunks:
            hunks[-1].append(line)
    blocks: list[Block] = []
    for lines in hunks:
        while lines and not lines[-1].strip():
            lines.pop()
        if any(line[:1] not in ("", " ", "+", "-", "\\") for line in lines):
            return ()
        search = "".join(f"{line[1:]}\n" for line in lines if line[:1] in ("", " ", "-"))
        replace = "".join(f"{line[1:]}\n" for line in lines if line[:1] in ("", " ", "+"))
        if not search.strip():
            return ()
        blocks.append(Block(search, replace))
    return tuple(blocks)


def markers(text: str) -> int:
    """Count the lines that look like the outer markers of an edit block or of a conflict."""
    return sum(_MARKER.fullmatch(line) is not None for line in _lines(text))


def is_numbered(code: str) -> bool:
    """Tell whether all lines begin with ascending line numbers, as viewers show them."""
    found = [_NUMBER.match(line) for line in _lines(code) if line.strip()]
    numbers = [int(match["number"][:9]) for match in found if match is not None]
    return (
        bool(numbers)
        and len(numbers) == len(found)
        and all(one < two for one, two in pairwise(numbers))
    )


def holds_code_as_json(code: str) -> bool:
    """Tell whether `code` is a JSON object, or a string, that holds the code."""
    if not code.lstrip().startswith(("{", '"')):
        return False
    try:
        value = json.loads(code)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, str):
        return "\n" in value
    return isinstance(value, dict) and any(
        isinstance(inner, str) and ("\n" in inner or key.lower() in _CODE_KEYS)
        for key, inner in value.items()
    )


def is_longer_object(new: str, old: str) -> bool:
    """Tell whether both are JSON objects, and the new one has all keys of the old."""
    try:
        now, before = json.loads(new), json.loads(old)
    except (ValueError, RecursionError):
        return False
    return isinstance(now, dict) and isinstance(before, dict) and before.keys() <= now.keys()


def is_escaped(code: str, old: str) -> bool:
    """Tell whether `code` has its special characters, or its line ends, written as escapes."""
    lines = [line for line in _lines(code) if line.strip()]
    if len(lines) == 1 and sum(bool(line.strip()) for line in _lines(old)) > 1:
        return lines[0].count("\\n") >= 2 and old.count("\\n") < lines[0].count("\\n")
    return (
        len(_ENTITY.findall(code)) > len(_ENTITY.findall(old))
        and not _RAW.search(code)
        and _RAW.search(old) is not None
    )


def fences(text: str) -> int:
    """Count the lines of `text` that open or close a block of code in Markdown."""
    return sum(line.lstrip().startswith(("```", "~~~")) for line in _lines(text))


def is_fragment(code: str, old: str) -> bool:
    """Tell whether `code` is only a few changed lines out of the middle of `old`.

    Its first and last line have to be nearly the same as lines of `old`, with others before and
    behind them that `code` does not hold.
    """
    new, known = ([line.strip() for line in _lines(text) if says(line)] for text in (code, old))
    if not 0 < len(new) * 2 <= len(known) or known[0] in new or known[-1] in new:
        return False
    if all(line in known for line in new):
        return False  # a mere deletion of lines
    first, last = _most_alike(new[0], known), _most_alike(new[-1], known)
    if first is None or last is None or not 0 < first <= last < len(known) - 1:
        return False
    return len(new) <= last - first + 2


def is_cut_at_ends(code: str, old: str) -> bool:
    """Tell whether `code` is a part of `old`, changed or not, and the lines round it are gone.

    It begins and ends with lines of `old` that stand there once, and of those before and behind
    it holds none: two at the least, or some at both ends.
    """
    new, known = ([line.strip() for line in _lines(text) if says(line)] for text in (code, old))
    if not new or known.count(new[0]) != 1 or known.count(new[-1]) != 1:
        return False
    first, last = known.index(new[0]), known.index(new[-1])
    gone = [*known[:first], *known[last + 1 :]]
    if first > last or not set(gone).isdisjoint(new):
        return False
    return len(gone) >= 2


def _most_alike(line: str, lines: Sequence[str]) -> int | None:
    """Return where the line stands that is most like `line`; None where none is nearly the same."""
    if line in lines:
        return lines.index(line)
    matcher = SequenceMatcher(None, "", line[:_WIDTH], autojunk=False)
    best, found = _ALIKE, None
    for at, other in enumerate(lines[:_LINES]):
        matcher.set_seq1(other[:_WIDTH])
        if matcher.real_quick_ratio() >= best and matcher.quick_ratio() >= best:
            ratio = matcher.ratio()
            if ratio >= best:
                best, found = ratio, at
    return found


def _lines(text: str) -> list[str]:
    return [bare(line) for line in split_lines(text)]
