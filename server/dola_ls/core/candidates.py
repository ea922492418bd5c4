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


def fitted(candidates: Sequence[Candidate], room: int) -> Related:
    """Return as much of some code as there is room for, in the order it is given in."""
    pieces: list[Piece] = []
    left_out: list[LeftOut] = []
    paths: set[str] = set()
    most = room * _ONE
    for one in candidates:
        frame = 0 if one.piece.path in paths else _FRAME
        for form in one.forms:
            size = estimate_tokens(form + "\n") + frame
            if size <= min(room, max(most, _FRAME * 2)):
                room -= size
                paths.add(one.piece.path)
                pieces.append(replace(one.piece, text=form))
                break
        else:
            left_out.append(LeftOut(one.what, "there is no room for it in one request"))
    return Related(tuple(pieces), tuple(left_out))


def slim(head: str, members: frozenset[str]) -> str:
    """Return the outline of a class with no members but some."""
    lines = head.split("\n")
    at = next((n for n, line in enumerate(lines) if line.rstrip().endswith((":", "{"))), 0)
    kept, taken = lines[: at + 1], False
    for line in lines[at + 1 :]:
        deep = len(line) - len(line.lstrip())
        if taken and (deep > 4 or (line.lstrip().startswith((")", "]", "}")) and deep)):
            kept.append(line)
        elif deep == 0 or not members.isdisjoint(re.findall(r"\w+", line)):
            kept.append(line)
            taken = deep > 0
        else:
            taken = False
    return "\n".join(kept)


def all_left_out(parts: Iterable[Sequence[LeftOut]]) -> tuple[LeftOut, ...]:
    """Return what was left out, each thing once."""
    return tuple(dict.fromkeys(one for part in parts for one in part))
