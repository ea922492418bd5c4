"""Tool calls put together from the pieces they come in.

By the contract a piece names its call by `index`, and only the first one has an id and a name
(https://platform.openai.com/docs/guides/function-calling#streaming). Servers that number wrongly
or not at all, that say id or name again in each piece, cut the name in two, or send a call in one
piece, are understood as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dola_ls.core.conversation import ToolCall as Call
from dola_ls.model.replies import ToolCall

#: Calls of one answer that are kept, and those that are told apart: nobody means to make more.
_MOST, _TOLD_APART = 32, 64
_ID = re.compile(r"[\w.:/|+=-]{1,128}")


@dataclass(slots=True)
class _Slot:
    index: int | None
    id: str
    name: str = ""
    arguments: str = ""


class CallReader:
    """The calls of one answer. Give it all pieces, then ask for `calls`."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []

    def add(self, pieces: Sequence[ToolCall], *, whole: bool = False) -> int:
        """Take pieces in, or with `whole` complete calls; return how many characters they had."""
        size = 0
        for piece in pieces:
            function = piece.function
            name = (function.name if function else None) or ""
            arguments = _text(function.arguments if function else None)
            size += len(name) + len(arguments)
            slot = None if whole else self._slot_of(piece, name)
            if slot is None and len(self._slots) == _TOLD_APART:
                slot = self._slots[-1]
            if slot is None:
                slot = _Slot(piece.index, piece.id or "")
                self._slots.append(slot)
            slot.id = slot.id or piece.id or ""
            if name != slot.name:  # else it is only said again
                slot.name += name
            slot.arguments += arguments
        return size

    def calls(self) -> tuple[Call, ...]:
        """Return the calls in the order they began; each has an id of its own."""
        found: list[Call] = []
        taken: set[str] = set()
        for number, slot in enumerate(self._slots[:_MOST], 1):
            # One that is missing, said twice or unusual would be refused with the next request.
            good = _ID.fullmatch(slot.id) and slot.id not in taken
            id = slot.id if good else f"call_{number}"
            taken.add(id)
            found.append(Call(id, slot.name, slot.arguments))
        return tuple(found)

    def _slot_of(self, piece: ToolCall, name: str) -> _Slot | None:
        """Return the call that a piece belongs to; None for a new one."""
        if piece.id and (known := [slot for slot in self._slots if slot.id == piece.id]):
            return known[-1]
        here = [
            slot
            for slot in self._slots
            if piece.index is not None
            and slot.index == piece.index
            # Some servers number every call 0.
            and not (piece.id and slot.id)
        ]
        if here:
            # So do some without any ids; a name comes before the arguments.
            mine = here[-1]
            return None if name not in ("", mine.name) and mine.arguments else mine
        last = self._slots[-1] if self._slots else None
        if piece.id or last is None:
            return None
        if piece.index is not None and last.index is not None:
            # A new number without a name is a wrong number.
            return None if name else last
        return None if name and last.arguments else last


def _text(arguments: object) -> str:
    if isinstance(arguments, dict):  # as Ollama's own format has it
        return json.dumps(arguments, ensure_ascii=False)
    return arguments if isinstance(arguments, str) else ""
