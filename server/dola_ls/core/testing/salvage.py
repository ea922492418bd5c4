"""The tests that parse, of an answer in which some others do not.

A small model loses count of its brackets. Each test stands by itself, so that one with a bracket
too many is no reason to go without the others; of an edit a part is never taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.testcode import read_code

#: Where something new begins: at the margin, behind an empty line, and not with a closing bracket.
_BEGINS = re.compile(r"^(?=[^\s)\]}])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Salvage:
    """What is of use of an answer, and how many pieces of it are not."""

    code: str
    left_out: int


def tests_that_parse(text: str, language: str, framework: Framework) -> Salvage | None:
    """Return the answer without the pieces that do not parse; None where that leaves no test."""
    pieces: list[str] = []
    begins = [*(match.start() for match in _BEGINS.finditer(text)), len(text)]
    for start, end in pairwise(begins):
        piece = text[start:end]
        if pieces and not pieces[-1].endswith("\n\n"):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    sound = [piece for piece in pieces if read_code(piece, language, framework).faults == 0]
    code = read_code("".join(sound), language, framework)
    if code.faults or not any(code.tests()):
        return None
    return Salvage(code.text, len(pieces) - len(sound))
