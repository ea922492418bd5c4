"""What an action may send, found out before it runs: of which file, and with which secrets."""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.core.context import file_name, path_in
from dola_ls.core.outcome import Refused
from dola_ls.core.policy import may_hold_secrets, misleading_characters
from dola_ls.core.screening import Screen
from dola_ls.keeping_back import Wishes, why_kept_back
from dola_ls.lsp.convert import uri_to_path

if TYPE_CHECKING:
    from dola_ls.lsp.configuration import Configuration
    from dola_ls.lsp.server import DolaServer
    from dola_ls.settings import Settings
    from dola_ls.task import Task


def wishes_of(settings: Settings) -> Wishes:
    """Return what the user's settings say of files."""
    return Wishes(settings.privacy.exclude, settings.privacy.gitignored)


async def screen_for(server: DolaServer, task: Task) -> Screen | Refused:
    """Return how a task's requests are looked through, or why there may be none.

    Call it right after the model was chosen. For the embedded engine there is nothing to keep
    back: it is a part of this program and answers on this machine. An address of this machine is
    another matter: what listens there may pass on what it gets, as relays and tunnels do.
    """
    configuration = server.configuration
    if stays_here(configuration):
        return Screen(stays=True)
    resolved = configuration.settings()
    if resolved.blocked is not None:
        reason = (
            f"{resolved.blocked} It may say which files to keep back, so nothing was sent. Put it "
            "right, or remove it."
        )
        return Refused(reason, "kept_back")
    uri = server.notebooks.home_of((task.origin or task).document.uri)
    name, path = file_name(uri), uri_to_path(uri)
    if path is None:
        # Not a file of this disk, whose ignore files could be read; its name can be.
        if may_hold_secrets(PurePosixPath(path_in(uri) or "x"), is_code=True):
            reason = f"{name} is kept back: by its name it may hold secrets. Nothing was sent."
            return Refused(reason, "kept_back")
    else:
        wishes = wishes_of(resolved.settings)
        kept = await asyncio.to_thread(why_kept_back, path, server.folders, wishes)
        if kept is not None:
            reason = f"{name} is kept back: {kept.why}. Nothing was sent. {kept.advice}"
            return Refused(reason, "kept_back")
    masks = resolved.settings.privacy.secrets == "mask"
    return Screen(configuration.own_keys(), masks)


def warn_of_hidden(server: DolaServer, task: Task) -> None:
    """Say which invisible characters the code of a task holds: the model reads them too (S16)."""
    region = task.target.region
    found = misleading_characters(task.document.text[region.start : region.end].lstrip("\ufeff"))
    if found:
        shown = ", ".join(found[:4]) + (" and others" if len(found) > 4 else "")
        server.say(
            f"{task.label}: this code holds invisible characters ({shown}), by which it may read "
            "differently from what it does. It is sent as it is; look at those lines.",
            types.MessageType.Warning,
        )


def stays_here(configuration: Configuration) -> bool:
    """Tell whether the model that was chosen last is the embedded engine."""
    from dola_ls.model.provider import LocalChoice

    return configuration.fixed_model is None and isinstance(configuration.choice, LocalChoice)
