"""How an action ended: a value, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from dola_ls.core.document import Edit


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an action cost; None where the server did not say."""

    model: str
    seconds: float
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    cost_usd: float | None = None
    #: Those of `prompt_tokens` that the server had read before.
    cached_tokens: int | None = None
    #: The names of the tools that the model called, in their order.
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """The edit is in the buffer."""

    edits: tuple[Edit, ...]
    receipt: Receipt
    #: The name of a file that was changed without being shown; empty for what the user sees.
    unseen: str = ""
    #: What there is to say besides, as a sentence; empty for nothing.
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The edit is sound but was not applied; the server keeps it under `proposal`."""

    proposal: str
    reason: str
    receipt: Receipt
    #: The part of the answer that is in the buffer all the same: nobody had touched its lines.
    applied: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation was shown, or written to `path` where the client could not show it."""

    markdown: str
    path: PurePath
    shown: bool
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Created:
    """A new file was made, with the given text; `shown` tells whether the client opened it."""

    path: PurePath
    text: str
    shown: bool
    receipt: Receipt
    #: What there is to say besides, as a sentence; empty for nothing.
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """New tests are in their file, and were run, or could not be."""

    written: Created | Edited
    #: What came of it and what to look at, in sentences for the user.
    summary: str
    #: None where no test was run.
    passed: int | None
    failed: int
    #: How often tests were repaired.
    repairs: int
    receipt: Receipt

    @property
    def all_passed(self) -> bool:
        """Whether there is nothing to look at."""
        return bool(self.passed) and not self.failed and not self.repairs


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed, and `reason` says why and what to do, in a sentence or two."""

    reason: str
    #: The name of the rule that refused, for the log and for tests.
    rule: str
    receipt: Receipt | None = None
    #: The answer that was not used, kept by the server to be looked at; None where there is none.
    proposal: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The model saw nothing to change."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Previewed:
    """What an action would send was shown, or written to `path`; nothing was sent."""

    path: PurePath
    shown: bool


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The user stopped the action; what was not done by then is left undone."""


Outcome = (
    Edited | Proposed | Explained | Created | Tried | Refused | Unchanged | Previewed | Cancelled
)
