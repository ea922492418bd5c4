"""What a conversation is made of besides its first question: tools, calls and what they gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may ask for; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model made it: its arguments are text, which may be no JSON at all."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model said and called, and what each call gave."""

    said: str
    calls: tuple[ToolCall, ...]
    results: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts of the turn that are sent, in a fixed order."""
        return (self.said, *(call.arguments for call in self.calls), *self.results)

    def with_texts(self, texts: Sequence[str]) -> Turn:
        """Return the same turn with other texts, in the order of `texts`."""
        said, rest = texts[0], texts[1:]
        count = len(self.calls)
        calls = tuple(
            replace(call, arguments=text) for call, text in zip(self.calls, rest, strict=False)
        )
        return Turn(said, calls, tuple(rest[count:]))
