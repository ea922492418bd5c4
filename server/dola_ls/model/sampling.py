"""How answers are drawn, for all actions and for each: what the user may say, and what it means.

The ranges are those the provider documents. What contradicts itself is settled here, and told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

#: Fields of the request that are no settings, and why.
NOT_SETTABLE = MappingProxyType(
    {
        "n": "one answer is all that can be applied, and each more is billed",
        "logprobs": "nothing reads them, and a prediction excludes them",
        "top_logprobs": "nothing reads them, and a prediction excludes them",
        "logit_bias": "it is not documented for these models",
        "stream": "answers are always streamed, so that they can be shown and cancelled on the way",
        "prediction": "the code of the region goes along where the server makes something of it",
        "max_completion_tokens": "set `max_tokens`; it goes under the name that the server wants",
        "max_output_tokens": "set `max_tokens`; it goes under the name that the server wants",
        "thinking": "set `reasoning_effort`; it goes under the name that the server wants",
        "tools": "which tools a model may call is for the action to say",
        "tool_choice": "which tools a model may call is for the action to say",
        "parallel_tool_calls": "which tools a model may call is for the action to say",
        "response_format": "answers are read as Markdown with code blocks",
        "messages": "the action makes them; write an action of your own for another prompt",
    }
)
#: The same, for fields that an action may have and that have a place of their own for all actions.
AT_THE_TOP = MappingProxyType(
    {
        "reasoning_effort": "set `reasoning_effort` at the top of the file for all actions",
        "model": "set `model` at the top of the file for all actions",
    }
)
#: Most servers take so many and not more.
_MOST_STOPS = 4
_LONGEST_STOP = 100
#: What ends a code block or a search/replace block, or stands in nearly every one.
_CUTS = re.compile(r"`{2,}|~{3,}|<{5,}|={5,}|>{5,}")

Temperature = Annotated[float, Field(strict=True, ge=0, le=2)]
Penalty = Annotated[float, Field(strict=True, ge=-2, le=2)]


def _stops(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(value) > _MOST_STOPS:
        raise ValueError(f"must be at most {_MOST_STOPS} texts")
    for text in value:
        if not text.strip() or len(text) > _LONGEST_STOP:
            raise ValueError(
                f"must be texts of 1 to {_LONGEST_STOP} characters and not white space alone, "
                "which would cut every code block"
            )
        if _CUTS.search(text):
            raise ValueError("must not hold marks of code blocks, which would cut the code short")
    return value


def _one_line(value: str) -> str:
    value = value.strip()
    if not value or len(value) > 200 or not value.isprintable():
        raise ValueError("must be one line of 1 to 200 characters")
    return value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


class UsageOption(BaseModel):
    """`stream_options` as the user writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    include_usage: bool = Field(default=True, strict=True)

    def __str__(self) -> str:
        return f"include_usage = {str(self.include_usage).lower()}"


class Sampling(BaseModel):
    """How answers are drawn; None leaves it to dola-ls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: Temperature | None = None
    top_p: Annotated[float, Field(strict=True, ge=0.01, le=1)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    seed: Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)] | None = None
    #: Tokens of the whole answer, thoughts included.
    max_tokens: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    stop: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_stops)] | None = None
    stream_options: UsageOption | None = None


class ActionSampling(Sampling):
    """The same for one action, and which model is asked how hard."""

    #: A model's name, or ``fast``.
    model: Annotated[str, AfterValidator(_one_line)] | None = None
    reasoning_effort: (
        Annotated[Literal["low", "medium", "high"], BeforeValidator(_lower)] | None
    ) = None


#: Every field, for all actions and for one.
FIELDS = tuple(Sampling.model_fields)
ACTION_FIELDS = tuple(ActionSampling.model_fields)
_NOTHING = ActionSampling()


@dataclass(frozen=True, slots=True)
class Plan:
    """How the answers of each action are drawn."""

    every: Sampling = field(default_factory=Sampling)
    #: By the id of the action; what it leaves open is as in `every`.
    actions: Mapping[str, ActionSampling] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether the user said nothing of it."""
        return self.every == Sampling() and not self.actions

    def of(self, action: str) -> ActionSampling:
        """Return what holds for an action."""
        own = self.actions.get(action, _NOTHING).model_dump(exclude_none=True)
        return ActionSampling.model_validate({**self.every.model_dump(exclude_none=True), **own})

    def name(self, action: str, name: str) -> str:
        """Return what the setting is called that decides a field for an action."""
        own = getattr(self.actions.get(action), name, None) is not None
        return f"sampling.{action}.{name}" if own else f"sampling.{name}"

    def why_unpredicted(self, action: str) -> str | None:
        """Return why a request of an action can carry no prediction; None where it can.

        Servers that know the field refuse it beside penalties above 0:
        https://platform.openai.com/docs/guides/predicted-outputs.
        """
        drawn = self.of(action)
        for name in ("frequency_penalty", "presence_penalty"):
            if (getattr(drawn, name) or 0) > 0:
                return f"`{self.name(action, name)}` is above 0, which excludes it"
        return None

    def doubts(self) -> list[str]:
        """Return a sentence for each thing that is allowed and most likely not meant."""
        found = []
        for action in ("", *self.actions):
            drawn = self.of(action)
            both = drawn.temperature is not None and drawn.top_p is not None
            names = [self.name(action, name) for name in ("temperature", "top_p")]
            if both and (not action or any(action in name.split(".") for name in names)):
                found.append(
                    f"`{names[0]}` and `{names[1]}` are both set, and providers advise to change "
                    "one of them only. Both are sent."
                )
        return found


def cutting(stop: tuple[str, ...], code: str) -> list[str]:
    """Return the stop texts that stand in `code`: an answer that repeats it would end there."""
    return [text for text in stop if text in code]
