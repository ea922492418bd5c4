"""A fake model behind a real HTTP server, which a test can stop half way through an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

from tests.fakes.api import Piece, Reply, Request, ThreadedFakeApi, answer, usage_of

#: How often a held answer looks whether it may go on, in seconds.
_LOOK = 0.02


@dataclass
class Model:
    """Answers every request with `answer`, as it is when the request comes."""

    api: ThreadedFakeApi
    answer: str = ""
    #: What each answer is said to cost.
    usd: float | None = None
    #: What is sent along as thoughts, before each answer.
    reasoning: str = ""
    _free: Event = field(default_factory=Event)
    _half_way: Event = field(default_factory=Event)

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator[Model]:
        """Serve on a free port of this machine."""
        with ThreadedFakeApi() as api:
            model = cls(api)
            model._free.set()
            api.answer_with(model._reply)
            try:
                yield model
            finally:
                model._free.set()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a server here."""
        return {
            "DOLA_PROVIDER": "custom",
            "DOLA_BASE_URL": self.api.base_url,
            "DOLA_API_KEY": "test-key",
            "DOLA_MODEL": "fake",
        }

    @property
    def requests(self) -> list[Request]:
        """What was asked so far."""
        return self.api.requests

    @property
    def half_way(self) -> bool:
        """Whether the first half of a held answer is on its way."""
        return self._half_way.is_set()

    @property
    def abandoned(self) -> bool:
        """Whether a client closed its connection before the answer was over."""
        return any(request.aborted for request in self.requests)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop each answer half way until the block is left."""
        self._half_way.clear()
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def _reply(self, request: Request) -> Reply:
        whole = answer(self.answer, reasoning=self.reasoning, usage=usage_of(), usd=self.usd)
        # Lazy, because what comes next depends on what the test does meanwhile.
        return replace(whole, pieces=self._stopping_half_way(whole.pieces))

    def _stopping_half_way(self, pieces: tuple[Piece, ...]) -> Iterator[Piece]:
        half = len(pieces) // 2
        yield from pieces[:half]
        while not self._free.is_set():
            self._half_way.set()
            yield _LOOK
        yield from pieces[half:]
