"""Which tasks of an evaluation are run, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Named(Protocol):
    """What a task is picked by."""

    @property
    def language(self) -> str:
        """LSP's name of the language."""
        ...

    @property
    def name(self) -> str:
        """The name among the tasks of its language."""
        ...

    @property
    def id(self) -> str:
        """``python/cart_rename_parameter``."""
        ...


_Task = TypeVar("_Task", bound=Named)


def pick(tasks: Sequence[_Task], only: Sequence[str], limit: int | None) -> list[_Task]:
    """Return the tasks whose language or name is in `only`, at most `limit`, of each language.

    Tasks can be called by the last word of their names, too: ``told``.

    The languages take turns, so that a few tasks are of several languages, and so that a run that
    is broken off has something to say.
    """
    wanted = [
        t
        for t in tasks
        if not only or {t.language, t.name, t.id, t.name.rpartition("_")[2]} & set(only)
    ]
    limit = len(wanted) if limit is None else limit
    languages = dict.fromkeys(task.language for task in wanted)
    left = [[task for task in wanted if task.language == language] for language in languages]
    picked: list[_Task] = []
    while len(picked) < limit and any(left):
        for queue in left:
            if queue and len(picked) < limit:
                # The middle of what is left: files beside each other by name are often alike.
                picked.append(queue.pop(len(queue) // 2))
    return picked
