"""Whether a server makes anything of the `prediction` field, learnt from what it answers.

The field is documented for the Seed models, yet nothing shows that their servers use it. So it is
a hint that has to prove itself by the counters in the usage, per origin and model, and per action
where it costs more than it gives: rejected tokens are billed like any others.

What was learnt is kept in a file, which several servers may share. It is forgotten after a month,
so that a server that has changed gets another chance. Whether a server refuses `tools` is kept
beside it.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from dola_ls.model.state_file import read_json, version_of, write_whole
from dola_ls.model.stream import Usage

#: Answers to look at before anything is concluded from their counters.
ENOUGH = 3
#: The name of the file in the state folder.
FILE = "predictions.json"
_VERSION = 1
_DAYS = 30
_LONGEST_NAME = 300
#: What comes of reading fields that are not what they should be.
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


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
    #: The last day something was counted (`date.toordinal`).
    day: int = 0

    @property
    def costly(self) -> bool:
        """Whether more tokens were billed for nothing than were saved."""
        return self.answers >= ENOUGH and self.rejected > self.accepted

    def __str__(self) -> str:
        return f"{self.rejected} tokens rejected, {self.accepted} accepted"


def _recent(day: int, today: int) -> bool:
    """Tell whether a day is still of interest; one far ahead was noted under a wrong clock."""
    return abs(today - day) <= _DAYS


@dataclass(slots=True)
class _Server:
    refused: bool = False
    #: Answers in a row to requests with a prediction that counted no token of it.
    silent: int = 0
    #: The last day the two above changed.
    day: int = 0
    actions: dict[str, Tally] = field(default_factory=dict)
    #: The last day the server refused tools; 0 for never.
    no_tools: int = 0

    @property
    def capability(self) -> Capability:
        if self.refused:
            return Capability.REFUSED
        if any(tally.accepted or tally.rejected for tally in self.actions.values()):
            return Capability.WORKS
        return Capability.IGNORED if self.silent >= ENOUGH else Capability.UNKNOWN

    def without_old(self, today: int) -> _Server:
        recent = _recent(self.day, today)
        actions = {n: tally for n, tally in self.actions.items() if _recent(tally.day, today)}
        no_tools = self.no_tools * _recent(self.no_tools, today)
        return _Server(self.refused and recent, self.silent * recent, self.day, actions, no_tools)


@dataclass(frozen=True, slots=True)
class _Note:
    """One thing that was learnt; notes can be entered again on top of what others have learnt."""

    origin: str
    model: str
    day: int
    action: str = ""
    accepted: int = 0
    rejected: int = 0
    refused: bool = False
    no_tools: bool = False

    def enter(self, servers: dict[tuple[str, str], _Server]) -> None:
        server = servers.setdefault((self.origin, self.model), _Server())
        if self.no_tools:
            server.no_tools = self.day
            return
        if self.refused:
            server.refused, server.day = True, self.day
            return
        counted = self.accepted or self.rejected
        server.silent, server.day = (0 if counted else server.silent + 1), self.day
        tally = server.actions.setdefault(self.action, Tally())
        tally.answers += 1
        tally.accepted += self.accepted
        tally.rejected += self.rejected
        tally.day = self.day


class PredictionBook:
    """What is known about predictions, for every (origin, model) that was asked."""

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        self._today = today
        self._servers: dict[tuple[str, str], _Server] = {}
        #: What the file does not hold yet.
        self._unsaved: list[_Note] = []
        self._news: list[str] = []
        # `save` runs in a thread of its own, next to everything else.
        self._lock = threading.Lock()

    @property
    def changed(self) -> bool:
        """Whether something was learnt since the last `save`."""
        return bool(self._unsaved)

    def known(self) -> list[tuple[str, str]]:
        """Return the origins and models there is anything to say about, in order."""
        return sorted(self._servers)

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
        return self.why_not(origin, model, action) is None

    def why_not(self, origin: str, model: str, action: str = "") -> str | None:
        """Return why a request of this action carries no prediction; None where it carries one."""
        capability = self.capability(origin, model)
        if capability is Capability.REFUSED:
            return "the server refuses the field"
        if capability is Capability.IGNORED:
            return "ignored by the server"
        tally = self.tally(origin, model, action)
        return str(tally) if tally.costly else None

    def describe(self, origin: str, model: str) -> str:
        """Return what is known in a few words, for the status and the doctor."""
        server = self._server(origin, model)
        match server.capability:
            case Capability.REFUSED:
                return "off: the server refuses the field"
            case Capability.IGNORED:
                return "off: ignored by the server"
            case Capability.UNKNOWN:
                seen = f" ({server.silent} of {ENOUGH} answers counted none)"
                return f"sent, not known yet whether used{seen if server.silent else ''}"
        on = [tally for tally in server.actions.values() if not tally.costly]
        accepted, rejected = sum(t.accepted for t in on), sum(t.rejected for t in on)
        words = [f"used, {accepted} tokens accepted, {rejected} rejected"] if on else []
        words += [
            f"off for {name or 'other requests'}: {tally}"
            for name, tally in sorted(server.actions.items())
            if tally.costly
        ]
        return "; ".join(words)

    def refuse(self, origin: str, model: str) -> None:
        """Note that the server answered the field with an error."""
        self._learn(_Note(origin, model, self._today().toordinal(), refused=True))

    def refuse_tools(self, origin: str, model: str) -> None:
        """Note that the server took a request only without tools."""
        self._learn(_Note(origin, model, self._today().toordinal(), no_tools=True))

    def tools_refused(self, origin: str, model: str) -> bool:
        """Tell whether the server refused tools within the last month."""
        return bool(self._server(origin, model).no_tools)

    def record(self, origin: str, model: str, usage: Usage, action: str = "") -> None:
        """Note the usage of an answer to a request that carried a prediction."""
        accepted = usage.accepted_prediction_tokens or 0
        rejected = usage.rejected_prediction_tokens or 0
        day = self._today().toordinal()
        self._learn(_Note(origin, model, day, action, max(accepted, 0), max(rejected, 0)))

    def take_news(self) -> list[str]:
        """Return why predictions were switched off, each reason once."""
        news, self._news = self._news, []
        return news

    def to_json(self) -> dict[str, Any]:
        """Return the book as plain data; it holds addresses, model names and numbers only."""
        servers = [
            {"origin": origin, "model": model, **asdict(server)}
            for (origin, model), server in sorted(self._servers.items())
        ]
        return {"version": _VERSION, "servers": servers}

    @classmethod
    def from_json(cls, data: object, today: Callable[[], date] = date.today) -> PredictionBook:
        """Return the book that `to_json` wrote; what does not look like one is left out."""
        book = cls(today)
        day = today().toordinal()
        for entry in _entries(data):
            with contextlib.suppress(*_MALFORMED):
                actions = {
                    _word(name): Tally(**{key: int(value) for key, value in tally.items()})
                    for name, tally in entry["actions"].items()
                }
                server = _Server(
                    bool(entry["refused"]),
                    int(entry["silent"]),
                    int(entry["day"]),
                    actions,
                    # Versions before there were tools wrote none.
                    int(entry.get("no_tools", 0)),
                ).without_old(day)
                if server.refused or server.silent or server.actions or server.no_tools:
                    book._servers[_word(entry["origin"]), _word(entry["model"])] = server
        return book

    @classmethod
    def load(cls, path: Path, today: Callable[[], date] = date.today) -> PredictionBook:
        """Return the book kept at `path`, or an empty one where there is none to read."""
        return cls.from_json(read_json(path), today)

    def save(self, path: Path) -> None:
        """Add what is new to the book at `path`, whole or not at all, readable by the user only.

        What another server has learnt meanwhile is kept, and taken over; of two that save in the
        same instant, one counts. The book of a newer version is left alone. Raises OSError where
        the file cannot be written.
        """
        data = read_json(path)
        version = version_of(data)
        if version is not None and version > _VERSION:
            return
        theirs = self.from_json(data, self._today)._servers if version == _VERSION else None
        with self._lock:
            unsaved = self._unsaved[:]
            if theirs is not None:
                for note in unsaved:
                    note.enter(theirs)
                self._servers = theirs
            text = json.dumps(self.to_json())
            self._unsaved.clear()
        try:
            write_whole(path, text)
        except BaseException:
            with self._lock:
                self._unsaved[:0] = unsaved
            raise

    def _learn(self, note: _Note) -> None:
        where = (note.origin, note.model, note.action)
        with self._lock:
            before = self.why_not(*where)
            note.enter(self._servers)
            self._unsaved.append(note)
            after = self.why_not(*where)
            if after is not None and before is None:
                costly = self.costly(*where)
                what = f" for {note.action or 'other requests'}" if costly else ""
                self._news.append(f"predictions are off{what} with {note.model}: {after}")

    def _server(self, origin: str, model: str) -> _Server:
        return self._servers.get((origin, model), _Server())


def _word(value: object) -> str:
    """Return a name that can be shown; raises ValueError where it is none."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST_NAME:
        raise ValueError
    return value


def _entries(data: object) -> list[Any]:
    servers = data.get("servers") if isinstance(data, dict) else None
    return servers if version_of(data) == _VERSION and isinstance(servers, list) else []
