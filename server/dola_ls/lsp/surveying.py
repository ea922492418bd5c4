"""Looking through the workspace while nobody waits, and through what is known for an action.

Nothing is looked at before the first action. From then on each action has its folder looked
through again, in slices in a thread, so that the protocol goes on; what changed is found by size
and time. An action waits for that a moment at most, and takes what is known by then.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dola_ls.core.along import NOTHING, Related
from dola_ls.core.context import file_name
from dola_ls.core.left_out import LeftOut
from dola_ls.core.related import Wanted
from dola_ls.gathering import Buffer, OpenFiles, gather
from dola_ls.indexing import Index
from dola_ls.lsp.convert import uri_to_path
from dola_ls.lsp.leaving import wishes_of
from dola_ls.project import workspace_folder_of

if TYPE_CHECKING:
    from dola_ls.keeping_back import Wishes
    from dola_ls.lsp.server import DolaServer
    from dola_ls.task import Sought, Task

log = logging.getLogger(__name__)

#: Seconds of one slice of work, and between two of them.
_SLICE, _PAUSE = 0.02, 0.005
#: Seconds an action waits for its related code, the share of them it waits for the index, and
#: seconds after which what hangs is given up.
PATIENCE, _FOR_WALK, _FOR_THE_REST = 0.3, 0.65, 0.2


class Survey:
    """The indexes of the workspace folders that an action was run in."""

    def __init__(self, server: DolaServer) -> None:
        self._server = server
        self._indexes: dict[Path, Index] = {}
        self._work: dict[Path, asyncio.Task[None]] = {}
        self._open_files = OpenFiles()
        #: Seconds that an action waits at most.
        self.patience = PATIENCE

    @property
    def under_way(self) -> bool:
        """Whether a folder is being looked through."""
        return any(not task.done() for task in self._work.values())

    async def related(self, task: Task, sought: Sought) -> Related:
        """Return the code that goes along with a task's region; never fails."""
        assert task.tree is not None
        end = time.monotonic() + self.patience
        index, name = self._place(task.document.uri)
        if index is not None:
            walking = self._look_through(index, name)
            # Not awaited itself: what it has found by then is used, and it goes on.
            await asyncio.wait({walking}, timeout=self.patience * _FOR_WALK)
        wanted = Wanted(
            task.tree,
            task.target,
            name,
            sought.hidden,
            sought.room,
            sought.instruction,
            sought.callers,
        )
        work = asyncio.ensure_future(
            asyncio.to_thread(gather, wanted, index, self._buffers(), self._open_files, end)
        )
        # What is given up may still fail, and nobody is to be told of that.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Reading stops at `end`; what is left is a matter of milliseconds, but for a slow disk.
        left = max(end - time.monotonic(), 0) + _FOR_THE_REST
        done, _ = await asyncio.wait({work}, timeout=left)
        if not done:
            why = "finding it took too long"
            return Related((), (LeftOut("code of other files", why),))
        try:
            return work.result()
        except Exception:
            log.exception("no related code for %s", task.action.id)
            return NOTHING

    async def close(self) -> None:
        """Stop looking."""
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)
        self._work.clear()

    def _place(self, uri: str) -> tuple[Index | None, str]:
        """Return the index of a document's workspace folder, and the document's name in it.

        A cell has those of its notebook.
        """
        uri = self._server.notebooks.home_of(uri)
        path, folders = uri_to_path(uri), self._server.folders
        for gone in self._indexes.keys() - set(folders):
            del self._indexes[gone]
            if (work := self._work.pop(gone, None)) is not None:
                work.cancel()
        folder = workspace_folder_of(path, folders) if path is not None else None
        if path is None or folder is None:
            return None, file_name(uri)
        index = self._indexes.get(folder)
        if index is None:
            index = self._indexes[folder] = Index(folder, self._wishes())
        index.wishes = self._wishes()
        return index, index.name_of(path) or file_name(uri)

    def _look_through(self, index: Index, near: str) -> asyncio.Task[None]:
        """Look through a folder, if that is not being done already."""
        work = self._work.get(index.root)
        if work is None or work.done():
            work = asyncio.create_task(_look_through(index, near), name="dola-index")
            self._work[index.root] = work
        return work

    def _wishes(self) -> Wishes:
        return wishes_of(self._server.configuration.settings().settings)

    def _buffers(self) -> list[Buffer]:
        found = []
        for document in self._server.documents:
            path = uri_to_path(document.uri)
            if path is not None:
                found.append(Buffer(path, document))
        return found


async def _look_through(index: Index, near: str) -> None:
    started = time.monotonic()
    try:
        await asyncio.to_thread(index.walk, near)
        done = False
        while not done:
            done = await asyncio.to_thread(index.work, _SLICE)
            await asyncio.sleep(_PAUSE)
    except Exception:
        log.exception("the workspace could not be looked through")
        return
    log.debug("%d files known after %.1f s", len(index.names), time.monotonic() - started)
