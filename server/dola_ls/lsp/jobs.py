"""Running actions: one asyncio task each, which anyone may cancel and which always ends well."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.core.outcome import (
    Cancelled,
    Created,
    Edited,
    Explained,
    Outcome,
    Previewed,
    Proposed,
    Refused,
    Tried,
    Unchanged,
)
from dola_ls.lsp.configuration import NOT_TRUSTED
from dola_ls.lsp.documents import document_key
from dola_ls.lsp.progress import Progress
from dola_ls.lsp.receipts import Spent, closing_words, event, in_words, receipt_of
from dola_ls.lsp.turns import Turns

if TYPE_CHECKING:
    from dola_ls.core.prompt import Prompt
    from dola_ls.lsp.server import DolaServer
    from dola_ls.model.ledger import Metered
    from dola_ls.model.prices import Estimate
    from dola_ls.task import Task

log = logging.getLogger(__name__)

#: Actions that may wait for their turn.
_MOST = 32


@dataclass(eq=False)
class Job:
    """One action that is under way."""

    token: str
    label: str
    uri: str
    request_id: str | int | None
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    #: The model as it was asked for this job, which knows what that came to; None if it was not.
    metered: Metered | None = field(default=None, repr=False)
    started: float = field(default_factory=time.monotonic)


class Jobs:
    """The actions under way."""

    def __init__(self, server: DolaServer) -> None:
        self._server = server
        self._jobs: set[Job] = set()
        self._numbers = count(1)
        self._turns = Turns(lambda: server.configuration.settings().settings.limits.in_flight)
        self._closing = False
        self._uncounted_told = False

    def under_way(self) -> list[Job]:
        """Return the jobs, oldest first."""
        return sorted(self._jobs, key=lambda job: job.started)

    def any_for(self, uri: str) -> bool:
        """Tell whether a job is under way for a document."""
        key = document_key(uri)
        return any(document_key(job.uri) == key for job in self._jobs)

    def start(self, task: Task, request_id: str | int | None, *, preview: bool = False) -> bool:
        """Begin a job and return at once; with `preview` it only shows what would be sent.

        False where it was not begun, which the user was told.
        """
        if self._closing:
            return False
        if not self._server.configuration.trusted:
            self._server.say(f"{task.label}: {NOT_TRUSTED}", types.MessageType.Warning)
            return False
        if len(self._jobs) >= _MOST:
            self._server.say(
                f"{_MOST} actions are waiting already. {task.label} was not started; wait for "
                "some of them, or cancel them.",
                types.MessageType.Warning,
            )
            return False
        task = self._server.notebooks.in_notebook(task)
        token = f"dola-{'showPrompt' if preview else task.action.id}-{next(self._numbers)}"
        label = f"What would be sent ({task.label})" if preview else task.label
        job = Job(token, label, task.document.uri, request_id)
        self._jobs.add(job)
        work = self._preview if preview else self._run
        job.task = asyncio.create_task(self._work(job, task, work), name=token)
        return True

    def cancel(
        self,
        *,
        token: str | int | None = None,
        request_id: str | int | None = None,
        uri: str | None = None,
    ) -> list[Job]:
        """Cancel the jobs that match, all of them where nothing is given; return which."""
        everything = token is None and request_id is None and uri is None
        chosen = [
            job
            for job in self.under_way()
            if everything
            or (token is not None and job.token == token)
            or (request_id is not None and job.request_id == request_id)
            or (uri is not None and document_key(job.uri) == document_key(uri))
        ]
        for job in chosen:
            if job.task is not None:
                job.task.cancel()
        return chosen

    async def close(self) -> None:
        """Cancel everything, and wait until it has ended."""
        self._closing = True
        tasks = [job.task for job in self.cancel() if job.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(
        self, job: Job, task: Task, work: Callable[[Job, Task, Progress], Awaitable[Outcome]]
    ) -> None:
        progress = Progress(self._server, job.token, f"Dola: {job.label}")
        outcome: Outcome = Cancelled()
        try:
            progress.begin()
            if self._turns.all_taken:
                progress.report("waiting for other actions")
            async with self._turns.one():
                outcome = await work(job, task, progress)
        except asyncio.CancelledError:
            pass  # cancelling is how the user ends a job, not a fault
        except Exception:
            log.exception("%s failed", job.token)
            outcome = Refused(
                "Something went wrong inside dola-ls. Nothing was changed; its log says more.",
                "fault",
            )
        finally:
            self._jobs.discard(job)
            news = self._news(job)
            with contextlib.suppress(Exception):
                await progress.end("; ".join([closing_words(outcome, self._spent(job)), *news]))
        self._tell(job, task, outcome)
        await self._server.configuration.save_predictions()
        if job.metered is not None:
            await self._server.ledger.purse.save()
            self._tell_uncounted()

    async def _run(self, job: Job, task: Task, progress: Progress) -> Outcome:
        # Imported here: httpx and pydantic come with it, and nothing before an action needs them.
        from dola_ls.lsp.leaving import screen_for, warn_of_hidden
        from dola_ls.lsp.workbench import Workbench
        from dola_ls.model.ledger import Metered
        from dola_ls.model.provider import Unavailable
        from dola_ls.run import run

        # It may have waited for its turn.
        self._server.configuration.look()
        self._server.tell_problems()
        model = await self._server.configuration.model(task.own, task.action)
        if isinstance(model, Unavailable):
            return Refused(model.reason, "no_model")
        screen = await screen_for(self._server, task)
        if isinstance(screen, Refused):
            return screen
        warn_of_hidden(self._server, task)
        limits = self._server.configuration.settings().settings.limits

        async def approve(most: Estimate) -> bool:
            from dola_ls.lsp import asking_cost

            return await asking_cost.approve(self._server, most)

        job.metered = Metered(model, self._server.ledger, limits=limits, approve=approve)

        async def may_send(prompt: Prompt) -> str | None:
            return await self._server.consents.why_not(task, model, prompt, progress)

        return await run(task, Workbench(self._server, progress, may_send), job.metered, screen)

    async def _preview(self, job: Job, task: Task, progress: Progress) -> Outcome:
        from dola_ls.lsp.show_prompt import preview

        self._server.configuration.look()
        self._server.tell_problems()
        return await preview(self._server, task, progress)

    def _news(self, job: Job) -> list[str]:
        """Return what there is to say about predictions from now on; the log has it too."""
        book = self._server.configuration.predictions
        news = book.take_news() if book is not None else []
        for sentence in news:
            log.info("%s: %s", job.token, sentence)
        return news

    def _spent(self, job: Job) -> Spent | None:
        """Return what a job and the day have come to; None where nothing was to be paid."""
        if job.metered is None or not job.metered.sum.micros:
            return None
        limits = self._server.configuration.settings().settings.limits
        return Spent(job.metered.sum.micros, self._server.ledger.purse.day.spent(), limits.day_usd)

    def _tell_uncounted(self) -> None:
        """Say once that the day's sum is this server's alone."""
        day = self._server.ledger.purse.day
        if not day.trouble or self._uncounted_told:
            return
        self._uncounted_told = True
        self._server.say(
            f"Dola: {day.path} cannot be written ({day.trouble}), so that the day's spending is "
            "counted for this editor alone and until it ends. Make the folder writable.",
            types.MessageType.Warning,
        )

    def _tell(self, job: Job, task: Task, outcome: Outcome) -> None:
        """Say how it ended, where the editor does not show it already."""
        receipt = receipt_of(outcome)
        spent = self._spent(job)
        figures = f", {in_words(receipt, spent)}" if receipt is not None else ""
        log.info("%s: %s%s", job.token, type(outcome).__name__, figures)
        if receipt is not None:
            # To the editor's log of this server, where it is in nobody's way.
            self._server.window_log_message(
                types.LogMessageParams(
                    types.MessageType.Info, f"{job.label}: {in_words(receipt, spent)}"
                )
            )
        if self._server.configuration.settings().settings.receipts:
            self._server.telemetry_event(event(_action_of(job), outcome, spent))
        say = self._server.say
        match outcome:
            case Refused(reason=reason, rule=rule, proposal=proposal):
                log.info("%s: refused by %s", job.token, rule)
                if rule == "wrong_key":
                    self._server.configuration.forget_key()
                kept = " The code actions on those lines show it, or ask again." if proposal else ""
                say(f"{job.label}: {reason}{kept}", types.MessageType.Warning)
            case Proposed() if task.review and self._server.client.own_review:
                pass  # the client has been told, and shows it
            case Proposed(reason=reason):
                say(
                    f"{job.label}: {reason} The code actions on those lines show, apply or discard "
                    "it.",
                    types.MessageType.Warning,
                )
            case Edited() | Created() if told := _unseen(outcome) + outcome.note:
                say(f"{job.label}: {told.strip()}", types.MessageType.Info)
            case Tried(written=written, summary=summary, all_passed=all_passed):
                log.info(
                    "%s: tests: %s passed, %d failed, %d repairs",
                    *(job.token, outcome.passed, outcome.failed, outcome.repairs),
                )
                say(
                    " ".join(f"{job.label}: {_unseen(written)}{written.note} {summary}".split()),
                    types.MessageType.Info if all_passed else types.MessageType.Warning,
                )
            case Unchanged():
                say(f"{job.label}: the model sees nothing to change.", types.MessageType.Info)
            case Previewed(shown=False, path=path):
                say(
                    f"{job.label}: this editor did not open the page. It is in {path}",
                    types.MessageType.Info,
                )
            case Explained(shown=False, path=path):
                say(
                    f"{job.label}: this editor did not open the explanation. It is in {path}",
                    types.MessageType.Info,
                )


def _unseen(written: Created | Edited) -> str:
    """Return a sentence on a file that the editor did not show."""
    if isinstance(written, Created):
        return "" if written.shown else f"{written.path.name} was created. "
    return f"{written.unseen} was changed. " if written.unseen else ""


def _action_of(job: Job) -> str:
    """Return the id of a job's action, which may hold hyphens too."""
    return job.token.removeprefix("dola-").rpartition("-")[0]
