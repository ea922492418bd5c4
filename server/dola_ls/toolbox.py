"""The tools at work: what the model asked for is looked up, and told within a budget.

What is told passes the rules for all that leaves: files that are kept back are not in the
`Workspace`, and a piece that holds a secret is left out, unless it is to be masked. All of it goes
into a request, which is looked through once more.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dola_ls.core.context import estimate_tokens, file_name, plain_newlines
from dola_ls.core.conversation import ToolCall
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of
from dola_ls.core.policy import show_hidden
from dola_ls.core.prompt import fence_for
from dola_ls.core.screening import Screen
from dola_ls.core.secrets import find_secrets
from dola_ls.core.tools import (
    MOST_CALLS,
    FindReferences,
    ListTests,
    Misused,
    ReadSymbol,
    Wish,
    read_call,
)
from dola_ls.searching import Definition, Workspace

#: Tokens that all results of an action may have, and what is not worth a call. One of them may
#: have half.
BUDGET, _LEAST = 4000, 50
#: Lines that `find_references` tells, and characters of one.
_MOST_LINES, _WIDEST = 30, 200
#: Names of tests that are told of one file.
_MOST_TESTS = 100
#: Seconds from the first request on, after which the model has to answer.
SECONDS = 120.0
_FENCE = re.compile(r"`{3,}")
_NO_ROOM = "There is no room for more. Answer with what you know."
_REST = "(the rest is left out, as there is no room for it)"
_SECRET = "It holds a secret, so it is not shown."


@dataclass
class Toolbox:
    """The tools of one action, and what is left of them."""

    workspace: Workspace
    document: Document
    screen: Screen
    #: The tokens for all results.
    whole: int = BUDGET
    clock: Callable[[], float] = time.monotonic
    #: The names of the tools that were called, in their order.
    called: list[str] = field(default_factory=list)
    #: Rounds in which a call meant nothing.
    _faults: int = 0
    _started: float | None = None

    def __post_init__(self) -> None:
        self.budget = self.whole

    def start(self) -> None:
        """Let the time begin."""
        self._started = self.clock()

    @property
    def spent(self) -> bool:
        """Whether the model has to answer now."""
        late = self._started is not None and self.clock() - self._started > SECONDS
        return (
            late
            # Said once what is wrong; who goes on like this is to answer without tools.
            or self._faults > 1
            or len(self.called) >= MOST_CALLS
            or self.budget < _LEAST
        )

    async def answer(
        self, calls: Sequence[ToolCall], report: Callable[[str], None]
    ) -> tuple[str, ...]:
        """Return what each call gives, or in a sentence for the model why it gives nothing.

        `report` is told in a few words what is going on, for the user.
        """
        wishes = [read_call(call) for call in calls]
        self._faults += any(isinstance(wish, Misused) for wish in wishes)
        told: list[str] = []
        results = []
        for call, wish in zip(calls, wishes, strict=True):
            if isinstance(wish, Misused):
                results.append(f"Error: {wish.why}")
            elif self.spent:
                results.append(_NO_ROOM)
            else:
                self.called.append(call.name)
                report("; ".join([*told[-2:], _doing(wish, self.document)]))
                text, seen = await self._looked_up_apart(wish)
                told.append(seen or _doing(wish, self.document))
                report("; ".join(told[-3:]))
                # What its pieces do not hold, all of them together may.
                results.append(self._fitted(_SECRET if self._kept_back(text) else text))
        return tuple(results)

    async def _looked_up_apart(self, wish: Wish) -> tuple[str, str]:
        try:
            return await asyncio.to_thread(self._looked_up, wish)
        except asyncio.CancelledError:
            self.workspace.stop()  # the thread would go on for a while
            raise

    def _looked_up(self, wish: Wish) -> tuple[str, str]:
        match wish:
            case ReadSymbol(name, path):
                found = self.workspace.definitions(name, path)
                seen = f"reading {name} in {_shown(found[0].path)}" if found else ""
                shown = [self._definition(one) for one in found]
                return "\n\n".join(shown) or f"This project declares no {name} that is shown.", seen
            case FindReferences(name):
                uses = self.workspace.references(name, _MOST_LINES)
                lines = [
                    f"{use.path}:{use.line}: {self._line(use.text)}" for use in uses[:_MOST_LINES]
                ]
                return "\n".join(lines) or f"No line that is shown uses {name}.", ""
            case ListTests():
                files = self.workspace.tests()
                names = [
                    f"{one.path}: {', '.join(map(self._line, one.names[:_MOST_TESTS])) or 'none'}"
                    for one in files
                ]
                return "\n".join(names) or "There are no tests for this file.", ""

    def _definition(self, one: Definition) -> str:
        code = plain_newlines(one.code).rstrip("\n")
        head = f"{one.path}, from line {one.line}:"
        if self._kept_back(code):
            return f"{head} {_SECRET}"
        fence = fence_for(code)
        return f"{head}\n{fence}{language_of(one.language).id}\n{code}\n{fence}"

    def _line(self, text: str) -> str:
        cut = len(text) > _WIDEST
        if self._kept_back(text, cut=cut):
            return f"({_SECRET})"
        return f"{text[:_WIDEST]}…" if cut else text

    def _kept_back(self, text: str, *, cut: bool = False) -> bool:
        """Tell whether a text may not be told; half a secret would not be known for one."""
        found = find_secrets(text, self.screen.own_keys)
        return any(cut or not (self.screen.masks and one.maskable) for one in found)

    def _fitted(self, text: str) -> str:
        """Return as much of a text as there is room for, and take that from the budget."""
        room = given = min(self.budget, self.whole // 2)
        kept: list[str] = []
        for line in text.split("\n"):
            room -= estimate_tokens(line + "\n")
            if room < 0:
                self.budget -= given
                if self._kept_back(text, cut=True):
                    return _SECRET
                return "\n".join([*kept, *_open_fence(kept), _REST])
            kept.append(line)
        self.budget -= given - room
        return text


def _shown(path: str) -> str:
    return show_hidden(" ".join(path.split()))


def _open_fence(lines: Sequence[str]) -> list[str]:
    """Return the line that closes a code fence which lines leave open, if they do."""
    fence = max((fence_of[0] for line in lines if (fence_of := _FENCE.match(line))), default="")
    marks = [line for line in lines if fence and line.startswith(fence)]
    return [fence] if len(marks) % 2 else []


def _doing(wish: Wish, document: Document) -> str:
    match wish:
        case ReadSymbol(name, _):
            return f"looking for {name}"
        case FindReferences(name):
            return f"looking for uses of {name}"
        case ListTests():
            return f"listing the tests of {file_name(document.uri)}"
