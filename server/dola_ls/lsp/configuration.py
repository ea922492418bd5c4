"""The server's settings and the model they lead to, found when an action first needs them.

`initialize` always succeeds: no settings, key or network are looked at before an action asks.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dola_ls.model.keys import Keys
    from dola_ls.model.prediction import PredictionBook
    from dola_ls.model.provider import Choice, Unavailable
    from dola_ls.model.stream import ChatModel
    from dola_ls.resolve import Resolved

log = logging.getLogger(__name__)


@dataclass
class Configuration:
    """What the client and the user said, and the model in use because of it."""

    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    command_line: Mapping[str, object] = field(default_factory=dict)
    #: For tests: a model to use whatever the settings say.
    fixed_model: ChatModel | None = None
    #: As it arrived in `initialize`.
    initialization_options: Any = None
    #: As the client last said it, by answer or by notification.
    client_settings: Any = None
    _resolved: Resolved | None = None
    _keys: Keys | None = None
    _choice: Choice | None = None
    _model: ChatModel | None = None
    #: What is known of predictions; it outlives a change of the settings.
    _predictions: PredictionBook | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _told: set[str] = field(default_factory=set)

    def changed(self) -> None:
        """Look again at the next action: the client's settings have changed."""
        self._resolved = None

    def settings(self) -> Resolved:
        """Return the settings with their sources and problems; never fails."""
        if self._resolved is None:
            from dola_ls import log as logging_setup
            from dola_ls.resolve import load

            self._resolved = load(
                self.initialization_options,
                configuration=self.client_settings,
                env=self.env,
                command_line=self.command_line,
            )
            logging_setup.set_level(self._resolved.settings.log)
        return self._resolved

    def new_problems(self) -> list[str]:
        """Return the problems with the settings that the user has not been told of."""
        fresh = [problem for problem in self.settings().problems if problem not in self._told]
        self._told.update(fresh)
        return fresh

    async def model(self) -> ChatModel | Unavailable:
        """Return the model to ask, or why there is none. May ask a key command or the keyring."""
        if self.fixed_model is not None:
            return self.fixed_model
        from dola_ls.model.keys import Keys
        from dola_ls.model.prediction import PredictionBook
        from dola_ls.model.provider import Unavailable, choose, open_model

        async with self._lock:
            settings = self.settings().settings
            if self._keys is None:
                self._keys = Keys(self.env)
            choice = await choose(settings, self._keys)
            if isinstance(choice, Unavailable):
                return choice
            if self._model is None or choice != self._choice:
                await self._close_model()
                if self._predictions is None:
                    self._predictions = PredictionBook()
                self._model = open_model(choice, predictions=self._predictions)
                self._choice = choice
            return self._model

    def forget_key(self) -> None:
        """Ask for the key again next time; the last one was refused."""
        if self._keys is not None:
            self._keys.forget()

    async def close(self) -> None:
        """Let go of the model's connections and processes."""
        async with self._lock:
            await self._close_model()
        if self.fixed_model is not None:
            await self.fixed_model.aclose()

    async def _close_model(self) -> None:
        if self._model is not None:
            model, self._model = self._model, None
            await _quietly(model.aclose())


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        log.exception("a model could not be closed")
