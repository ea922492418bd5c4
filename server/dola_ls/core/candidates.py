"""Code that may go along with a region, and as much of it as there is room for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dola_ls.core.along import Piece, Related
from dola_ls.core.context import estimate_tokens
from dola_ls.core.left_out import LeftOut

#: The share of the room that one definition may take.
_ONE = 0.6
#: How outlines of classes begin the lines of what makes their objects.
_MAKES = re.compile(r"\b(?:__init__|__new__|constructor|initialize|__construct|new)\b")
#: Tokens of a label and its fences.
_FRAME = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """Code that may go along, in forms that take less and less room."""

    #: What it defines or calls.
    name: str
    what: str
    piece: Piece
    forms: tuple[str, ...]
    #: It is good to have and no more, so that nobody has to be told where there is no room.
    extra: bool = False


def fitted(candidates: Sequence[Candidate], room: int) -> Related:
    """Return as much of some code as there is room for, what matters most first.

    Each comes in its shortest form to begin with, so that a large class keeps nothing else out;
    then those that came first are shown more of.
    """
    chosen: dict[int, str] = {}
    paths: set[str] = set()
    left_out: list[LeftOut] = []
    most = max(room * _ONE, _FRAME * 2)
    for number, one in enumerate(candidates):
        form = one.forms[-1]
        size = _size(form) + (0 if one.piece.path in paths else _FRAME)
        if size <= min(room, most):
            room -= size
            paths.add(one.piece.path)
            chosen[number] = form
        elif not one.extra:
            left_out.append(LeftOut(one.what, "there is no room for it in one request"))
    for number, short in chosen.items():
        for form in candidates[number].forms[:-1]:
            if _size(form) <= most and _size(form) - _size(short) <= room:
                room -= _size(form) - _size(short)
                chosen[number] = form
                break
    pieces = [replace(candidates[n].piece, text=form) for n, form in chosen.items()]
    return Related(tuple(pieces), tuple(left_out))


def _size(form: str) -> int:
    return estimate_tokens(form + "\n")


def slim(head: str, members: frozenset[str], *, fields: bool = False) -> str:
    """Return the outline of a class with no methods but some, and what makes its objects."""
    lines = head.split("\n")
    at = next((n for n, line in enumerate(lines) if line.rstrip().endswith((":", "{"))), 0)
    kept, taken = lines[: at + 1], False
    for line in lines[at + 1 :]:
        deep = len(line) - len(line.lstrip())
        closes = line.lstrip().startswith((")", "]", "}"))
        if deep > 4 or (closes and deep):
            if taken:
                kept.append(line)
            continue
        taken = deep > 0 and (
            not members.isdisjoint(re.findall(r"\w+", line))
            or _MAKES.search(line) is not None
            or (fields and "(" not in line)
        )
        if taken or deep == 0:
            kept.append(line)
    return "\n".join(kept)


def all_left_out(parts: Iterable[Sequence[LeftOut]]) -> tuple[LeftOut, ...]:
    """Return what was left out, each thing once."""
    return tuple(dict.fromkeys(one for part in parts for one in part))
