"""From a finished answer to search/replace blocks.

    <<<<<<< SEARCH
    lines as they are
    =======
    lines as they shall be
    >>>>>>> REPLACE

Markers are five to nine characters long and stand on lines of their own. Fences, file names and
prose outside the blocks mean nothing; between the markers every line is code. Where code holds
lines that look like markers, those count that are as long as the opening one and not indented
deeper. What can then still be read in two ways is refused: nothing here guesses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dola_ls.core.answer import AnswerReader, Code, CutOff, Prose, Refusal, is_thinking

_OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<mark><{5,9})[ \t]?SEARCH[>:]?[ \t]*")
_DIVIDER = re.compile(r"(?P<indent>[ \t]*)(?P<mark>={5,9})[ \t]*")
_CLOSING = re.compile(r"(?P<indent>[ \t]*)(?P<mark>>{5,9})[ \t]?REPLACE[<:]?[ \t]*")
#: Lines that a model, or a reader of its answer, could take for a marker.
_LOOKS_LIKE_ONE = re.compile(r"^[ \t]*(?:<{5,}|={5,9}[ \t]*\r?$|>{5,})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """Replace the lines `search` by the lines `replace`; each line of both ends in ``\\n``."""

    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a whole answer, in its order; never empty."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Malformed:
    """The answer holds markers that make no blocks; `why` can be told to the model."""

    why: str


BlockAnswer = Blocks | Malformed | Code | Refusal | Prose | CutOff


class BlockReader(AnswerReader):
    """Collects the deltas of one stream. `feed` them all, then ask `block_answer` once."""

    def block_answer(self, ended: bool) -> BlockAnswer:
        """Return the answer; `ended` tells whether the server said that it is over.

        An answer without any marker is read as `AnswerReader.answer` reads it: a model that was
        asked for blocks may well send the region, a refusal or prose.
        """
        answer = self.answer(ended)
        if isinstance(answer, Refusal) or not ended or self.thinks:
            return answer
        return read_edit_blocks(self.text) or answer

    @property
    def thinks(self) -> bool:
        """Whether nothing but thinking has come so far."""
        return is_thinking(self.text)


def holds_markers(text: str) -> bool:
    """Tell whether `text` holds lines that look like markers; never ask for blocks of such text."""
    return _LOOKS_LIKE_ONE.search(text) is not None


def read_edit_blocks(text: str) -> Blocks | Malformed | CutOff | None:
    """Return the blocks of a finished answer; None where it holds no marker that opens one."""
    lines = text.replace("\r\n", "\n").split("\n")
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        if _CLOSING.fullmatch(lines[at]):
            return Malformed("a >>>>>>> REPLACE line has no <<<<<<< SEARCH line before it")
        opening = _OPENING.fullmatch(lines[at])
        at += 1
        if opening is None:
            continue
        end = _end(lines, at, opening)
        if isinstance(end, Malformed | CutOff):
            return end
        block = _split(lines[at:end], opening)
        if isinstance(block, Malformed):
            return block
        blocks.append(block)
        at = end + 1
    return Blocks(tuple(blocks)) if blocks else None


def _pairs(marker: re.Match[str] | None, opening: re.Match[str]) -> bool:
    """Tell whether a marker is written like the opening one of its block."""
    return (
        marker is not None
        and len(marker["mark"]) == len(opening["mark"])
        and len(marker["indent"]) <= len(opening["indent"])
    )


def _end(lines: Sequence[str], start: int, opening: re.Match[str]) -> int | Malformed | CutOff:
    """Return the line that closes the block whose code begins at line `start`."""
    begins = next(
        (at for at in range(start, len(lines)) if _pairs(_OPENING.fullmatch(lines[at]), opening)),
        len(lines),
    )
    inside = [
        (at, _pairs(match, opening))
        for at in range(start, begins)
        if (match := _CLOSING.fullmatch(lines[at]))
    ]
    if inside:
        return next((at for at, pairs in inside if pairs), inside[0][0])
    if begins < len(lines):
        return Malformed("a block begins before the one above it is closed by >>>>>>> REPLACE")
    return CutOff("an edit block is not closed")


def _split(lines: Sequence[str], opening: re.Match[str]) -> Block | Malformed:
    """Cut the lines between the outer markers in two at the divider."""
    dividers = [
        (at, _pairs(match, opening))
        for at, line in enumerate(lines)
        if (match := _DIVIDER.fullmatch(line))
    ]
    like = [at for at, pairs in dividers if pairs]
    places = like if len(dividers) > 1 and like else [at for at, _ in dividers]
    if not places:
        return Malformed("a block has no ======= line between SEARCH and REPLACE")
    if len(places) > 1:
        return Malformed("a block has more than one ======= line, so its parts cannot be told")
    at = places[0]
    return Block(_joined(lines[:at]), _joined(lines[at + 1 :]))


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
