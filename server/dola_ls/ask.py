"""Asking the model, showing how far it is, and adding up what it cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from dola_ls.core.answer import ThinkWatch
from dola_ls.core.blocks import BlockReader
from dola_ls.core.context import CHARS_PER_TOKEN
from dola_ls.core.conversation import ToolCall
from dola_ls.core.loops import LoopWatch
from dola_ls.core.outcome import Receipt
from dola_ls.core.prompt import Prompt
from dola_ls.core.screening import LONG, MASK, Cleared, Screen, Stopped, screened
from dola_ls.core.thoughts import Thoughts
from dola_ls.model.errors import ModelError
from dola_ls.model.stream import ChatModel, Completion, Delta
from dola_ls.sentences import capital_first
from dola_ls.task import Task


class Loops(ModelError):
    """The answer said the same over and over, so it was not waited for."""

    rule = "loops"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} said the same over and over, so its answer was stopped and nothing was "
            "changed. Select fewer lines, or ask for something more definite."
        )


class HeldBack(ModelError):
    """The request holds what must not leave the machine, so it was not sent."""

    rule = "secret"

    def __init__(self, stopped: Stopped, *, first: bool) -> None:
        sent = "Nothing was sent." if first else "Nothing more was sent."
        super().__init__(f"{capital_first(stopped.reason)} {sent} {stopped.advice}")


class HoldsMask(ModelError):
    """The answer to a masked request is new text that holds a mask."""

    rule = "masked"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model}'s answer was not used: it holds the mask of a secret, which would be wrong "
            "code. Move the secret out of the code, and run the action again."
        )


class NotAllowed(ModelError):
    """The user has not agreed to what would be sent."""

    rule = "consent"


@dataclass(frozen=True, slots=True)
class Reply:
    """All that came of one request."""

    reader: BlockReader
    completion: Completion | None
    #: Why there is no whole answer, or None.
    fault: ModelError | None
    #: The secrets that the model saw masks of.
    hidden: tuple[str, ...] = field(default=(), repr=False)
    #: Whether more was not waited for, because nothing more was wanted.
    enough: bool = False

    @property
    def ended(self) -> bool:
        """Tell whether the server said that the answer is over."""
        return self.completion is not None and self.completion.ended

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model wants to be called."""
        return self.completion.calls if self.completion is not None else ()


class Reporter(Protocol):
    """What asking needs of the editor; a `dola_ls.task.Editor` has it."""

    async def may_send(self, prompt: Prompt) -> str | None:
        """Return why a prompt may not be sent, in sentences; None where it may."""
        ...

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show how far the request is."""
        ...

    def reasoned(self, task: Task, model: str, texts: Sequence[str]) -> None:
        """Keep what the model thought in each request so far, for the user to look at."""
        ...


class Asking:
    """The requests of one action. Nothing gets to the model but through `ask`."""

    def __init__(self, model: ChatModel, editor: Reporter, task: Task, screen: Screen) -> None:
        self.model = model
        self.task = task
        self.screen = screen
        #: The names of the tools that were called, in their order.
        self.called: list[str] = []
        self._editor = editor
        self._sent = 0
        self._started = time.monotonic()
        self._completions: list[Completion] = []
        self._thoughts = Thoughts()
        #: Whether the user agreed, or needed not to; once for all requests of the action.
        self._allowed = False

    async def ask(
        self,
        prompt: Prompt,
        about: str = "",
        expected_lines: int = 0,
        *,
        enough: Callable[[str], bool] | None = None,
    ) -> Reply:
        """Ask once; a fault of the model comes back in the reply, cancelling raises.

        `about` is the code it is about, which an answer may repeat. `expected_lines` is about how
        long the answer will be, for a percentage; 0 is unknown. The answer is broken off once
        `enough` says that of its text.
        """
        cleared = await self._cleared(prompt)
        if isinstance(cleared, Stopped):
            return Reply(BlockReader(), None, HeldBack(cleared, first=not self._sent))
        prompt = cleared.prompt
        reader = BlockReader()
        completion: Completion | None = None
        fault: ModelError | None = None
        loop = LoopWatch(about)
        stopped = False
        try:
            await self._consent(prompt)
            self._sent += 1
            self._thoughts.begin()
            meter = _Meter(self._editor, expected_lines)
            if not prompt.turns:  # else what was looked up is there to be read
                meter.begin()
            async with aclosing(self.model.stream(prompt)) as stream:
                async for delta in stream:
                    reader.feed(delta.text)
                    self._thoughts.add(delta.reasoning)
                    meter.show(delta)
                    completion = delta.completion or completion
                    if loop.feed(delta.text):
                        raise Loops(self.model.name)
                    if enough is not None and "\n" in delta.text and enough(reader.text):
                        stopped = True
                        break
        except ModelError as error:
            fault, completion = error, error.completion or completion
        finally:
            # Also of an action that is being cancelled.
            self._thoughts.add(reader.thought)
            if self._thoughts.texts:
                self._editor.reasoned(self.task, self.model.name, self._thoughts.texts)
        if completion is not None:
            self._completions.append(completion)
        reader, fault = self._restored(reader, fault, cleared)
        return Reply(reader, completion, fault, tuple(cleared.hidden.values()), stopped)

    async def _cleared(self, prompt: Prompt) -> Cleared | Stopped:
        """Look for secrets in the very texts that would be sent (S9)."""
        task = self.task.origin or self.task
        given = prompt, self.screen, (task.document,)
        if len(prompt.user) + sum(map(len, prompt.turn_texts)) < LONG:
            return screened(*given)
        return await asyncio.to_thread(screened, *given)

    def _restored(
        self, reader: BlockReader, fault: ModelError | None, cleared: Cleared
    ) -> tuple[BlockReader, ModelError | None]:
        """Put secrets back where an edit is read; what is all new holds neither them nor masks."""
        if not cleared.hidden or self.task.action.answer == "explanation":
            return reader, fault
        if self.task.action.answer in ("new-file", "words", "below"):
            return reader, HoldsMask(self.model.name) if MASK in reader.text else fault
        restored = BlockReader()
        restored.feed(cleared.restored(reader.text))
        return restored, fault

    async def _consent(self, prompt: Prompt) -> None:
        """Raise NotAllowed where the action's first request may not be sent."""
        if self._allowed:
            return
        why = await self._editor.may_send(prompt)
        if why is not None:
            raise NotAllowed(why)
        self._allowed = True
        # How long the user thought about it is none of the model's time.
        self._started = time.monotonic()

    def report(self, message: str) -> None:
        """Show what is going on between two requests."""
        self._editor.report(message)

    def receipt(self) -> Receipt:
        """Return what all requests so far took; None stays where no server said."""
        usages = [completion.usage for completion in self._completions]
        names = [completion.model for completion in self._completions if completion.model]
        return Receipt(
            names[-1] if names else self.model.name,
            time.monotonic() - self._started,
            _sum([usage.prompt_tokens for usage in usages]),
            _sum([usage.completion_tokens for usage in usages]),
            _sum([usage.reasoning_tokens for usage in usages]),
            _sum([usage.accepted_prediction_tokens for usage in usages]),
            _sum([usage.rejected_prediction_tokens for usage in usages]),
            _cost([usage.cost_usd for usage in usages]),
            _sum([usage.cached_tokens for usage in usages]),
            tuple(self.called),
        )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _cost(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


class _Meter:
    """Turns deltas into progress: thinking, then lines of the answer."""

    def __init__(self, editor: Reporter, expected: int) -> None:
        self._editor = editor
        self._expected = expected
        self._lines = 0
        #: Characters; the server counts tokens only at the end.
        self._thought = 0
        self._watch = ThinkWatch()
        self._staying = ""

    def begin(self) -> None:
        """Show that the model has the request, and has said nothing yet."""
        self._editor.report("reading", 0 if self._expected else None)

    def show(self, delta: Delta) -> None:
        if delta.stays:
            self._staying = f"; {delta.notice}"
            self._editor.report(delta.notice)
        elif delta.notice:
            self._report(delta.notice)
        elif delta.reasoning or (delta.text and self._watch.feed(delta.text)):
            self._thought += len(delta.reasoning or delta.text)
            self._report(f"thinking, {int(self._thought / CHARS_PER_TOKEN) + 1} tokens")
        elif delta.text:
            self._lines += delta.text.count("\n")
            share = min(self._lines * 100 // self._expected, 99) if self._expected else None
            lines = {0: "", 1: ", 1 line"}.get(self._lines, f", {self._lines} lines")
            self._report(f"writing{lines}", share)

    def _report(self, message: str, percentage: int | None = None) -> None:
        self._editor.report(message + self._staying, percentage)
