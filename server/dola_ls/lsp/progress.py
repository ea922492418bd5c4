"""Work-done progress of one job: always ended, never in the way of the work."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

log = logging.getLogger(__name__)

#: A client has this long to agree to a progress; some never answer (ALE), and none is needed.
_CREATE_SECONDS = 2.0
_REPORT_EVERY = 0.1


class Progress:
    """Reports to the client under a token that reads well, as Helix 25.01 shows the token.

    Does nothing where the client declares no `window.workDoneProgress`.
    """

    def __init__(self, server: DolaServer, token: str, title: str) -> None:
        self._server = server
        self.token = token
        self._title = title
        self._begun = False
        self._ended = False
        self._message = ""
        self._percentage: int | None = None
        self._last = 0.0
        self._creating: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Ask the client for the progress, and show it once the client has agreed."""
        if self._server.client.work_done_progress:
            self._creating = asyncio.create_task(self._create(), name=f"{self.token} progress")

    async def _create(self) -> None:
        request = self._server.protocol.send_request_async(
            types.WINDOW_WORK_DONE_PROGRESS_CREATE,
            types.WorkDoneProgressCreateParams(token=self.token),
        )
        try:
            await asyncio.wait_for(request, _CREATE_SECONDS)
        except Exception as error:
            log.debug("no progress %s: %s", self.token, type(error).__name__)
            return
        if self._ended:
            return
        self._begun = True
        self._send(
            types.WorkDoneProgressBegin(
                title=self._title,
                cancellable=True,
                message=self._message or None,
                percentage=self._percentage,
            )
        )

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show a message; at most ten a second are sent, and always the last of them."""
        changed = message != self._message or percentage != self._percentage
        self._message, self._percentage = message, percentage
        if not self._begun or not changed or self._later is not None:
            return
        wait = self._last + _REPORT_EVERY - time.monotonic()
        if wait <= 0:
            self._report()
        else:
            self._later = asyncio.get_running_loop().call_later(wait, self._report)

    def _report(self) -> None:
        self._later = None
        if self._ended:
            return
        self._last = time.monotonic()
        self._send(
            types.WorkDoneProgressReport(
                cancellable=True, message=self._message, percentage=self._percentage
            )
        )

    async def end(self, message: str) -> None:
        """End the progress; every begin is followed by this."""
        if self._ended:
            return
        self._ended = True
        if self._later is not None:
            self._later.cancel()
        if self._creating is not None:
            self._creating.cancel()
            await asyncio.gather(self._creating, return_exceptions=True)
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=message or None))

    def _send(
        self,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        self._server.progress(types.ProgressParams(token=self.token, value=value))
