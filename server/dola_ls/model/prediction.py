"""Whether a server makes anything of the `prediction` field, learnt from what it answers.

The field is documented for the Seed models, yet nothing shows that their servers use it. So it is
a hint that has to prove itself by the counters in the usage, per origin and model, and per action
where it costs more than it gives: rejected tokens are billed like any others.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from dola_ls.model.stream import Usage

#: Answers to look at before anything is concluded from their counters.
ENOUGH = 3
_VERSION = 1


class Capability(StrEnum):
    """What a server makes of the field."""

    UNKNOWN = "unknown"
    WORKS = "works"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(slots=True)
class Tally:
    """What predictions brought one action, in answers and tokens."""

    answers: int = 0
    accepted: int = 0
    rejected: int = 0

    @property
    def costly(self) -> bool:
        """Whether more tokens were billed for nothing than were saved."""
        return self.answers >= ENOUGH and self.rejected > self.accepted


@dataclass(slots=True)
class _Server:
    refused: bool = False
    #: Answers in a row to requests with a prediction that counted no token of it.
    silent: int = 0
    actions: dict[str, Tally] = field(default_factory=dict)

    @property
    def capability(self) -> Capability:
        if self.refused:
            return Capability.REFUSED
        if any(tally.accepted or tally.rejected for tally in self.actions.values()):
            return Capability.WORKS
        return Capability.IGNORED if self.silent >= ENOUGH else Capability.UNKNOWN


class PredictionBook:
    """What is known about predictions, for every (origin, model) that was asked."""

    def __init__(self) -> None:
        self._servers: dict[tuple[str, str], _Server] = {}

    def capability(self, origin: str, model: str) -> Capability:
        """Return what the server makes of the field, as far as known."""
        return self._server(origin, model).capability

    def tally(self, origin: str, model: str, action: str = "") -> Tally:
        """Return the counters of one action."""
        return self._server(origin, model).actions.get(action, Tally())

    def costly(self, origin: str, model: str, action: str = "") -> bool:
        """Tell whether predictions cost this action more than they give it."""
        return self.tally(origin, model, action).costly

    def wanted(self, origin: str, model: str, action: str = "") -> bool:
        """Tell whether a request of this action is to carry a prediction."""
        useful = self.capability(origin, model) in (Capability.UNKNOWN, Capability.WORKS)
        return useful and not self.costly(origin, model, action)

    def refuse(self, origin: str, model: str) -> None:
        """Note that the server answered the field with an error."""
        self._enter(origin, model).refused = True

    def record(self, origin: str, model: str, usage: Usage, action: str = "") -> None:
        """Note the usage of an answer to a request that carried a prediction."""
        server = self._enter(origin, model)
        accepted = usage.accepted_prediction_tokens or 0
        rejected = usage.rejected_prediction_tokens or 0
        server.silent = 0 if accepted or rejected else server.silent + 1
        tally = server.actions.setdefault(action, Tally())
        tally.answers += 1
        tally.accepted += accepted
        tally.rejected += rejected

    def to_json(self) -> dict[str, Any]:
        """Return the book as plain data; it holds addresses, model names and numbers only."""
        servers = [
            {"origin": origin, "model": model, **asdict(server)}
            for (origin, model), server in sorted(self._servers.items())
        ]
        return {"version": _VERSION, "servers": servers}

    @classmethod
    def from_json(cls, data: object) -> PredictionBook:
        """Return the book that `to_json` wrote; what does not look like one is left out."""
        book = cls()
        servers = data.get("servers") if isinstance(data, dict) else None
        for entry in servers if isinstance(servers, list) else []:
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                actions = {
                    str(name): Tally(**{key: int(value) for key, value in tally.items()})
                    for name, tally in entry["actions"].items()
                }
                server = _Server(bool(entry["refused"]), int(entry["silent"]), actions)
                book._servers[str(entry["origin"]), str(entry["model"])] = server
        return book

    @classmethod
    def load(cls, path: Path) -> PredictionBook:
        """Return the book kept at `path`, or an empty one where there is none to read."""
        try:
            return cls.from_json(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, RecursionError):
            return cls()

    def save(self, path: Path) -> None:
        """Write the book to `path`, whole or not at all, readable by the user only.

        Raises OSError where that cannot be done.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file with mode 0600.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(self.to_json(), file)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    def _server(self, origin: str, model: str) -> _Server:
        return self._servers.get((origin, model), _Server())

    def _enter(self, origin: str, model: str) -> _Server:
        return self._servers.setdefault((origin, model), _Server())
