"""Models that answer what they are given to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from dola_ls.core.prompt import Prompt
from dola_ls.core.strategy import Predictions
from dola_ls.model.errors import ModelError
from dola_ls.model.known_models import FREE
from dola_ls.model.prices import Terms
from dola_ls.model.stream import Completion, Delta, Remote, Usage


class FakeModel:
    """Answers each prompt with the next of `answers`; the last one is repeated.

    An answer is its text, a function of the prompt, or a `ModelError` to raise.
    """

    name = "fake-model"
    #: Where it says that prompts go; None for this machine.
    remote: Remote | None = None
    terms = Terms(FREE)

    def __init__(
        self,
        *answers: str | Callable[[Prompt], str] | ModelError,
        chunk: int = 7,
        ended: bool = True,
        context_tokens: int = 1000,
    ) -> None:
        self.answers: Sequence[str | Callable[[Prompt], str] | ModelError] = answers
        self.context_tokens = context_tokens
        self.prompts: list[Prompt] = []
        #: Cleared by a test to hold the answer back half way.
        self.go = asyncio.Event()
        self.go.set()
        self.half_way = asyncio.Event()
        self.closed = 0
        self.predictions = Predictions.UNKNOWN
        self._chunk = chunk
        self._ended = ended

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Yield the answer in small pieces."""
        self.prompts.append(prompt)
        answer = self.answers[min(len(self.prompts), len(self.answers)) - 1]
        if isinstance(answer, ModelError):
            raise answer
        text = answer(prompt) if callable(answer) else answer
        try:
            for start in range(0, len(text), self._chunk):
                if start * 2 >= len(text):
                    self.half_way.set()
                    await self.go.wait()
                yield Delta(text=text[start : start + self._chunk])
                await asyncio.sleep(0)
            usage = Usage(prompt_tokens=100, completion_tokens=len(text) // 4 + 1)
            reason = "stop" if self._ended else None
            yield Delta(completion=Completion(reason, False, self.name, usage))
        finally:
            self.closed += 1

    def prediction_use(self, action: str) -> Predictions:
        """Return what a test wants to be known."""
        return self.predictions

    async def aclose(self) -> None:
        """Nothing is held."""


def fenced(code: str, label: str = "python") -> str:
    """Return code as models answer it."""
    return f"```{label}\n{code.rstrip()}\n```"
