"""How many jobs run at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """Lets so many at a time go on, where the number may change between two of them."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._running = 0
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def all_taken(self) -> bool:
        """Whether whoever comes now has to wait."""
        return self._running >= self._most()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it."""
        while self.all_taken:
            called = asyncio.get_running_loop().create_future()
            self._waiting.append(called)
            try:
                await called
            finally:
                self._waiting.remove(called)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            # All of them look, in their order: one that was called may have been cancelled since.
            for called in self._waiting:
                if not called.done():
                    called.set_result(None)
