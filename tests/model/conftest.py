"""What the tests of the client share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import ModelError
from dola_ls.model.exchange import Timeouts
from dola_ls.model.stream import Completion, Delta
from tests.fakes.api import FakeApi

KEY = "sk-canary-0123456789abcdef"
PROMPT = Prompt("Answer with code only.", "def add(a, b): return a + b  # canary_in_the_code")

#: The product's limits in the same proportions, small enough to run into.
SHORT = Timeouts(
    connect=3.0, write=3.0, pool=3.0, first_token=2.0, idle=1.0, total=5.0, after_finish=0.3
)


@dataclass
class Heard:
    """What a stream brought."""

    deltas: list[Delta] = field(default_factory=list)
    error: ModelError | None = None

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas)

    @property
    def reasoning(self) -> str:
        return "".join(delta.reasoning for delta in self.deltas)

    @property
    def notices(self) -> list[str]:
        return [delta.notice for delta in self.deltas if delta.notice]

    @property
    def completion(self) -> Completion:
        ends = [delta.completion for delta in self.deltas if delta.completion is not None]
        assert len(ends) == 1, self.error
        assert self.deltas[-1].completion is ends[0]
        return ends[0]


async def listen(model: HttpModel, prompt: Prompt = PROMPT) -> Heard:
    """Take in a whole stream; anything raised but a ModelError is a fault of the client."""
    heard = Heard()
    try:
        async for delta in model.stream(prompt):
            heard.deltas.append(delta)
    except ModelError as error:
        heard.error = error
    return heard


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """Run a fake server."""
    async with FakeApi() as server:
        yield server


class Nap:
    """A clock that does not take its time: it notes the seconds that were to be slept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def nap() -> Nap:
    """Sleep between tries without sleeping."""
    return Nap()


MakeModel = Callable[..., HttpModel]


@pytest.fixture
async def make_model(api: FakeApi, nap: Nap) -> AsyncIterator[MakeModel]:
    """Make clients of the fake server, closed at the end; keywords go to `Endpoint`."""
    made: list[HttpModel] = []

    def make(
        timeouts: Timeouts = SHORT, predictions: Any = None, sleep: Any = nap, **changes: Any
    ) -> HttpModel:
        values = {
            "provider": "custom",
            "base_url": api.base_url,
            "model": "bytedance/dola-seed-2-0-code",
            "api_key": KEY,
            "key_origin": api.origin,
            **changes,
        }
        model = HttpModel(
            Endpoint(**values), predictions=predictions, timeouts=timeouts, sleep=sleep
        )
        made.append(model)
        return model

    yield make
    for model in made:
        await model.aclose()


@pytest.fixture
def model(make_model: MakeModel) -> HttpModel:
    """Make a client of the fake server."""
    return make_model()
