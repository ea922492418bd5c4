"""Which model the demo has to work with, and how to get one where there is none."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dola_ls.model.weights import MODELS

if TYPE_CHECKING:
    from dola_ls.demo.screen import Screen
    from dola_ls.model.provider import Choice
    from dola_ls.settings import Settings

_PIP = "python3 -m pip install 'dola-ls[local]'"


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that can be asked, and what the server has to be told to take it."""

    title: str
    where: str
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Settings for `initializationOptions`.
    options: Mapping[str, object] = field(default_factory=dict)


def find_model(screen: Screen, *, model: str | None, yes: bool) -> Ready | None:
    """Return the model that is set, else the embedded one, which is installed if need be.

    With `model` it is the embedded one of that size in any case. Where there is none in the end,
    the screen says why.
    """
    # Imported here: pydantic takes longer than `dola-ls --help` should.
    from dola_ls.model import provider
    from dola_ls.resolve import load

    command_line: dict[str, object] = {}
    if model is not None:
        command_line = {"provider": "local", "local.model": model}
    resolved = load(command_line=command_line)
    for problem in resolved.problems:
        screen.note(problem)
    settings = resolved.settings
    choice = _choose(settings)
    missing = isinstance(choice, provider.LocalChoice) and model not in (None, choice.model)
    if (isinstance(choice, provider.Unavailable) and _may_install(settings)) or missing:
        if not provider.engine_installed():
            screen.bad(
                "There is no key for a model, and the embedded engine is not installed either, so "
                f"the demo did not run. Install it with: {_PIP}"
                if settings.provider == "auto"
                else "The embedded engine is not installed, so the demo did not run. Install it "
                f"with: {_PIP}"
            )
            return None
        if settings.provider == "auto":
            screen.paragraph("No key is set, so the demo takes the model that runs right here.")
        if not _install(screen, model or settings.local.model, yes=yes):
            return None
        choice = _choose(settings)
    if isinstance(choice, provider.Unavailable):
        screen.bad(choice.reason)
        return None
    if isinstance(choice, provider.LocalChoice):
        environment = {"DOLA_PROVIDER": "local"} if model else {}
        options = {"local": {"model": choice.model}}
        title = f"{MODELS[choice.model].title}, {MODELS[choice.model].gigabytes}"
        return Ready(title, "this machine; no code leaves it", environment, options)
    return Ready(choice.model, f"{choice.host}, which gets to see the sample's code")


def _choose(settings: Settings) -> Choice:
    from dola_ls.model.keys import Keys
    from dola_ls.model.provider import choose

    return asyncio.run(choose(settings, Keys(os.environ)))


def _may_install(settings: Settings) -> bool:
    """Tell whether the embedded model would help: not where the user means another one."""
    from dola_ls.model.endpoint import origin_of
    from dola_ls.model.keys import Keys, NoKey
    from dola_ls.model.provider import PROVIDERS

    if settings.provider != "auto":
        return settings.provider == "local"
    if settings.base_url is not None:
        return False
    origin = origin_of(PROVIDERS["aimlapi"].base_url)
    key = asyncio.run(Keys(os.environ).find(settings, origin))
    return isinstance(key, NoKey) and not key.broken


def _install(screen: Screen, name: str, *, yes: bool) -> bool:
    from dola_ls.local_cli import install

    weights = MODELS[name]
    if install(weights, yes=yes) == 0:
        return True
    smaller = min(MODELS.values(), key=lambda other: other.size)
    screen.bad(
        "The demo did not run, because it has no model to ask. Run it again to install "
        f"{weights.title}, with `--model {smaller.name}` for the smaller one "
        f"({smaller.gigabytes}), or set DOLA_API_KEY to use a model on the network."
    )
    return False
