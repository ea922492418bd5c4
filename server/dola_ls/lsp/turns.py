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
        self._left = asyncio.Condition()

    @property
    def all_taken(self) -> bool:
        """Whether whoever comes now has to wait."""
        return self._running >= self._most()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it."""
        async with self._left:
            await self._left.wait_for(lambda: not self.all_taken)
            self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            async with self._left:
                self._left.notify_all()
