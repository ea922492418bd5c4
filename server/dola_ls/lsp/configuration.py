"""The server's settings and the model they lead to, found when an action first needs them.

`initialize` always succeeds: no settings, key or network are looked at before an action asks.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dola_ls.core.actions import Action
    from dola_ls.core.own_actions import OwnAction
    from dola_ls.model.keys import Keys
    from dola_ls.model.prediction import PredictionBook
    from dola_ls.model.provider import Choice, Unavailable
    from dola_ls.model.stream import ChatModel
    from dola_ls.resolve import Resolved
    from dola_ls.settings import Settings

log = logging.getLogger(__name__)

#: What a client says ``false`` to where its user does not trust the workspace (S6).
TRUST = "workspaceTrusted"
NOT_TRUSTED = (
    "the editor says that this workspace is not trusted, so nothing was sent. Trust it in the "
    "editor, and restart the server."
)
#: The variables that hold keys for models.
KEY_VARIABLES = ("DOLA_API_KEY", "AIMLAPI_API_KEY", "ARK_API_KEY")


@dataclass
class Configuration:
    """What the client and the user said, and the model in use because of it."""

    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    command_line: Mapping[str, object] = field(default_factory=dict)
    #: For tests: a model to use whatever the settings say.
    fixed_model: ChatModel | None = None
    #: The folder for what is kept between sessions, the user's own if None. Under an environment
    #: that was made up, as for tests, None means that nothing is kept.
    state: Path | None = None
    #: As it arrived in `initialize`.
    initialization_options: Any = None
    #: As the client last said it, by answer or by notification.
    client_settings: Any = None
    #: The user's own actions as they were last read; none before the settings are.
    own_actions: tuple[OwnAction, ...] = ()
    #: The settings as they were last read; None before they are. The menu goes by these.
    last_read: Resolved | None = None
    _resolved: Resolved | None = None
    _keys: Keys | None = None
    _choice: Choice | None = None
    #: The settings that were last asked for a model, and what they led to.
    _asked: tuple[Resolved, Choice] | None = None
    _model: ChatModel | None = None
    #: What is known of predictions; it outlives a change of the settings.
    _predictions: PredictionBook | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Held while the file of what is known is read or written.
    _filing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _unwritable: bool = False
    _told: set[str] = field(default_factory=set)
    #: The user's own actions whose model the embedded engine has not got, as far as it was said.
    _without_model: set[str] = field(default_factory=set)

    @property
    def trusted(self) -> bool:
        """Whether the client let the workspace be trusted; it may take that back at any time.

        Either source can take trust away and none can give it: a workspace may have written the
        settings that a client sends.
        """
        return _trusts(self.initialization_options) and _trusts(self.client_settings)

    def changed(self) -> None:
        """Read the settings again at the next action: some of them have changed."""
        self._resolved = None

    def look(self) -> None:
        """Have the user file read again if it has changed. For what begins, not for the menu."""
        if self._resolved is not None and self._resolved.outdated:
            self.changed()

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
            self.own_actions = self._resolved.actions
            self.last_read = self._resolved
        return self._resolved

    def new_problems(self) -> list[str]:
        """Return the problems with the settings that the user has not been told of."""
        fresh = [problem for problem in self.settings().problems if problem not in self._told]
        self._told.update(fresh)
        return fresh

    async def model(
        self, own: OwnAction | None = None, action: Action | None = None
    ) -> ChatModel | Unavailable:
        """Return the model to ask, or why there is none. May ask a key command or the keyring.

        For an action, its own or the settings may name another model at the same address, or an
        effort; cheap work has a model of its own.
        """
        if self.fixed_model is not None:
            return self.fixed_model
        from dola_ls.model.endpoint import Endpoint
        from dola_ls.model.keys import Keys
        from dola_ls.model.provider import Unavailable, choose, names_model, open_model
        from dola_ls.model.request import unsent_settings

        predictions = await self.load_predictions()
        async with self._lock:
            resolved = self.settings()
            settings = resolved.settings
            if self._keys is None:
                self._keys = Keys(self.env)
            choice = await choose(settings, self._keys)
            self._asked = resolved, choice
            if isinstance(choice, Unavailable):
                return choice
            if isinstance(choice, Endpoint):
                unsent = unsent_settings(choice)
                resolved.problems.extend(one for one in unsent if one not in resolved.problems)
            if self._model is None or choice != self._choice:
                await self._close_model()
                self._model = open_model(choice, predictions=predictions)
                self._choice = choice
            action = own.action if own is not None else action
            if not names_model(action, own, settings):
                return self._model
            return await self._model_of(action, own, self._model, settings, self._keys)

    async def model_to_show(
        self, own: OwnAction | None = None, action: Action | None = None
    ) -> ChatModel | Unavailable:
        """Return the model whose requests can be shown: where there is no key, all but that."""
        from dola_ls.model.provider import Unavailable, open_model, without_key

        model = await self.model(own, action)
        if not isinstance(model, Unavailable):
            return model
        action = own.action if own is not None else action
        choice = without_key(self.settings().settings, action, own)
        return model if choice is None else open_model(choice, predictions=self._predictions)

    async def _model_of(
        self,
        action: Action | None,
        own: OwnAction | None,
        usual: ChatModel,
        settings: Settings,
        keys: Keys,
    ) -> ChatModel | Unavailable:
        """Return the model that is named for an action."""
        from dola_ls.model.client import HttpModel
        from dola_ls.model.endpoint import Endpoint
        from dola_ls.model.provider import Unavailable, choose_for

        choice = await choose_for(action, own, settings, keys)
        if isinstance(choice, Unavailable):
            return choice
        if isinstance(choice, Endpoint) and isinstance(usual, HttpModel):
            return usual.asking(choice)
        if own is not None and (own.model or own.effort) and own.id not in self._without_model:
            self._without_model.add(own.id)
            log.info(
                "action %s: `model` and `effort` are left out, the embedded engine has one model",
                own.id,
            )
        return usual

    def own_keys(self) -> tuple[str, ...]:
        """Return the user's own keys for models, as far as they are known without asking."""
        from dola_ls.model.endpoint import Endpoint

        settings = self.settings().settings
        keys = [self.env.get(variable, "").strip() for variable in KEY_VARIABLES]
        keys.append(settings.api_key.get_secret_value().strip() if settings.api_key else "")
        keys.append((self.choice.api_key or "") if isinstance(self.choice, Endpoint) else "")
        return tuple(dict.fromkeys(key for key in keys if key))

    @property
    def choice(self) -> Choice | None:
        """What the settings led to; None where no action has asked since they changed."""
        asked = self._asked
        return asked[1] if asked is not None and asked[0] is self._resolved else None

    @property
    def predictions(self) -> PredictionBook | None:
        """What is known of predictions; None where it was not loaded yet."""
        return self._predictions

    async def load_predictions(self) -> PredictionBook:
        """Return what is known of predictions, read from the disk the first time."""
        from dola_ls.model.prediction import PredictionBook

        async with self._filing:
            if self._predictions is None:
                path = self._predictions_file()
                book = await asyncio.to_thread(PredictionBook.load, path) if path else None
                self._predictions = book or PredictionBook()
            return self._predictions

    async def save_predictions(self) -> None:
        """Keep what was learnt of predictions; where that is not possible, the log says so."""
        book, path = self._predictions, self._predictions_file()
        if book is None or path is None:
            return
        async with self._filing:
            if not book.changed:
                return
            try:
                await asyncio.to_thread(book.save, path)
            except OSError as error:
                if not self._unwritable:
                    log.warning("%s cannot be written: %s", path, error.strerror)
                self._unwritable = True

    def _predictions_file(self) -> Path | None:
        from dola_ls.model.prediction import FILE

        return self.kept(FILE)

    def kept(self, name: str) -> Path | None:
        """Return where a file that is kept between sessions lies; None where nothing is kept."""
        folder = self.state_folder()
        return folder / name if folder is not None else None

    def state_folder(self) -> Path | None:
        """Return the folder for what is kept between sessions; None where nothing is."""
        from dola_ls.model.state_file import state_folder

        if self.state is None and self.env is os.environ:
            return state_folder()
        return self.state

    def forget_key(self) -> None:
        """Ask for the key again next time; the last one was refused."""
        if self._keys is not None:
            self._keys.forget()

    async def close(self) -> None:
        """Keep what was learnt, and let go of the model's connections and processes."""
        await self.save_predictions()
        async with self._lock:
            await self._close_model()
        if self.fixed_model is not None:
            await self.fixed_model.aclose()

    async def _close_model(self) -> None:
        if self._model is not None:
            model, self._model = self._model, None
            await _quietly(model.aclose())


def _trusts(client: object) -> bool:
    """Tell whether what a client sent says nothing against trusting the workspace."""
    if not isinstance(client, Mapping):
        return True
    if not _trusts(client.get("dola")):
        return False
    said = [client.get(name) for name in (TRUST, f"dola.{TRUST}")]
    # What is neither true nor false was meant to say something all the same.
    return all(value is None or value is True for value in said)


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        log.exception("a model could not be closed")
