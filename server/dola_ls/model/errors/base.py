"""What is known of a failed call, and what all its errors have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dola_ls.model.stream import Completion


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a failed call, apart from its kind."""

    host: str = "the model server"
    model: str = "the model"
    status: int | None = None
    #: The server's id of the request, or ours where it gave none.
    request_id: str | None = None
    #: The server's words, already cut down to what may be shown.
    quote: str = ""
    #: How an answer ended that was of no use all the same; it was billed.
    completion: Completion | None = None


_UNKNOWN = Facts()


class ModelError(Exception):
    """A model call that gave nothing usable; the text is a sentence for the user.

    `rule` names the kind for logs and tests. `retryable` tells whether the same action may work a
    little later with nothing changed, which is also what counts as a failure of the server.
    """

    rule: ClassVar[str] = "model_fault"
    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str, facts: Facts = _UNKNOWN) -> None:
        self.facts = facts
        suffix = f" (Request {facts.request_id}.)" if facts.request_id else ""
        super().__init__(sentence + suffix)

    @property
    def status(self) -> int | None:
        """The HTTP status, where the server gave one."""
        return self.facts.status

    @property
    def request_id(self) -> str | None:
        """The id to quote to the server's support."""
        return self.facts.request_id

    @property
    def completion(self) -> Completion | None:
        """How the answer ended, where one came; its tokens were used."""
        return self.facts.completion


def saying(facts: Facts) -> str:
    return f": “{facts.quote}”" if facts.quote else ""


def duration(seconds: float) -> str:
    whole = max(round(seconds), 1)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
