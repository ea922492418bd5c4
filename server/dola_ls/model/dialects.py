"""In what OpenAI-compatible servers differ: one table, and what was learnt beyond it.

A server is known by its provider or its host, else by marks in its answers. Of one that is not
known the request has the fields that all servers take; a field that one refuses all the same, by
name and with status 400 or 422, is left out from then on (`Habits`). Such a refusal costs nothing.
What an answer holds is read under all of these names at once: `dola_ls.model.replies`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from dola_ls.model.endpoint import Endpoint

if TYPE_CHECKING:
    from dola_ls.model.errors import BadRequest
    from dola_ls.model.wire import ChatRequest

Limit = Literal["max_tokens", "max_completion_tokens"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind of server takes and gives."""

    #: As sentences and the log name it.
    name: str
    #: The name of the longest answer. Beside a prediction it is always ``max_tokens``.
    limit: Limit = "max_tokens"
    #: Fields it does not take, and why.
    without: Mapping[str, str] = field(default_factory=dict)
    #: What takes the place of a field that it refuses.
    instead: Mapping[str, str] = field(default_factory=dict)
    #: Where its answers have these; empty where they have none. Tests hold this against samples.
    reasoning: str = "reasoning_content"
    cached: str = "usage.prompt_tokens_details.cached_tokens"
    drafts: str = "usage.completion_tokens_details"
    cost: str = ""


#: The first provider drops what it does not know in silence, with status 200.
AIMLAPI = Dialect(
    "AIML API",
    without={"stop": "it is not documented for this provider, which drops it in silence"},
    cost="meta.usage.usd_spent",
)
#: ``max_tokens`` leaves the thoughts out there, so that only the other name bounds the bill:
#: https://docs.byteplus.com/en/docs/Byteplus_LAS/Chat_API. Older models know ``thinking`` alone.
ARK = Dialect(
    "BytePlus ModelArk",
    limit="max_completion_tokens",
    without={
        "stop": "models that think do not take it there",
        "seed": "it is not documented for this provider",
    },
    instead={"reasoning_effort": "thinking"},
    drafts="",
)
#: Models that reason refuse ``max_tokens``: https://platform.openai.com/docs/guides/reasoning.
OPENAI = Dialect("OpenAI", limit="max_completion_tokens", reasoning="")
#: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
LLAMA_CPP = Dialect("llama.cpp", cached="timings.cache_n", drafts="timings.draft_n")
#: https://docs.vllm.ai/en/latest/serving/openai_compatible_server/
VLLM = Dialect("vLLM", reasoning="reasoning", drafts="")
#: https://github.com/ollama/ollama/blob/main/openai/openai.go
OLLAMA = Dialect("Ollama", reasoning="reasoning", cached="", drafts="")
#: Any other server.
UNKNOWN = Dialect("an unknown server")

DIALECTS = (AIMLAPI, ARK, OPENAI, LLAMA_CPP, VLLM, OLLAMA, UNKNOWN)
_BY_PROVIDER = MappingProxyType({"aimlapi": AIMLAPI, "ark": ARK, "local": LLAMA_CPP})
_BY_HOST = (
    (re.compile(r"(^|\.)openai\.com$"), OPENAI),
    (re.compile(r"^ark\..*\.(bytepluses|volces)\.com$"), ARK),
    (re.compile(r"(^|\.)aimlapi\.com$"), AIMLAPI),
)
#: What llama.cpp calls its builds, such as ``b6097-9515c613``.
_BUILD = re.compile(r"b\d+-[0-9a-f]{6,}")

#: Fields that are left out where a server refuses them; the answer is as good without.
OPTIONAL = frozenset(
    {
        *("temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "stop"),
        *("reasoning_effort", "thinking", "stream_options"),
    }
)
#: Names of the longest answer; one of them always goes along, as it is what bounds the bill.
_LIMITS: tuple[Limit, Limit] = ("max_tokens", "max_completion_tokens")
#: How servers complain of a field without its name: Ollama of an effort.
UNNAMED = MappingProxyType(
    {re.compile(r"does not support (thinking|reasoning)"): "reasoning_effort"}
)


def recognised(payload: Mapping[str, Any]) -> Dialect | None:
    """Return the kind of server that a piece of an answer shows it to be; None for no mark."""
    fingerprint = payload.get("system_fingerprint")
    if fingerprint == "fp_ollama":
        return OLLAMA
    if "timings" in payload or (isinstance(fingerprint, str) and _BUILD.fullmatch(fingerprint)):
        return LLAMA_CPP
    choices = payload.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if "prompt_logprobs" in payload or "prompt_token_ids" in payload:
        return VLLM
    return VLLM if isinstance(first, dict) and "stop_reason" in first else None


@dataclass(frozen=True, slots=True)
class Manner:
    """How requests to one model are written."""

    dialect: Dialect
    #: Fields that the server was heard to refuse.
    refused: frozenset[str] = frozenset()

    def limit(self, *, predicted: bool) -> Limit:
        """Return the name under which the longest answer goes along."""
        usual = "max_tokens" if predicted else self.dialect.limit
        other = _LIMITS[1 - _LIMITS.index(usual)]
        return other if usual in self.refused else usual

    @property
    def predicts(self) -> bool:
        """Whether a prediction can go along: it excludes the newer name of the limit."""
        return "max_tokens" not in self.refused

    def takes_instead(self, name: str) -> bool:
        """Tell whether another field goes in the place of one that was refused."""
        other = self.dialect.instead.get(name)
        return name in self.refused and other is not None and other not in self.refused

    def why_without(self, name: str) -> str | None:
        """Return why a field does not go along; None where it does."""
        if name in self.refused:
            return "the server refuses it with this model"
        return self.dialect.without.get(name)


def manner_of(endpoint: Endpoint) -> Manner:
    """Return how a request is written before the server has said anything."""
    return Manner(_BY_PROVIDER.get(endpoint.provider) or _of_host(endpoint))


def _of_host(endpoint: Endpoint) -> Dialect:
    host = endpoint.host.partition(":")[0].lower()
    return next((dialect for pattern, dialect in _BY_HOST if pattern.search(host)), UNKNOWN)


class Habits:
    """What servers were found to be and to refuse, for as long as this process lives."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], set[str]] = {}
        self._dialects: dict[str, Dialect] = {}

    def of(self, endpoint: Endpoint) -> Manner:
        """Return how a request is written, with all that was learnt."""
        try:
            origin = endpoint.origin
        except ValueError:  # no address: nothing will be sent
            return Manner(UNKNOWN)
        manner = manner_of(endpoint)
        if manner.dialect is UNKNOWN:
            manner = Manner(self._dialects.get(origin, UNKNOWN))
        return Manner(manner.dialect, frozenset(self._refused.get((origin, endpoint.model), ())))

    def meet(self, endpoint: Endpoint, dialect: Dialect) -> None:
        """Note what a server showed itself to be."""
        self._dialects[endpoint.origin] = dialect

    def amend(self, endpoint: Endpoint, error: BadRequest, sent: ChatRequest) -> str | None:
        """Note what a server refused, and return what to say; None where nothing else can be sent.

        `sent` is the request it refused. Each field is learnt once, so that asking again ends.
        """
        name = error.parameter
        if error.status not in (400, 422) or name is None or getattr(sent, name, None) is None:
            return None
        refused = self._refused.setdefault((endpoint.origin, endpoint.model), set())
        if name in OPTIONAL:
            refused.add(name)
            return f"{endpoint.host} refuses `{name}`; asking again without it"
        if name in _LIMITS and error.unsupported and not refused & set(_LIMITS):
            refused.add(name)
            other = _LIMITS[1 - _LIMITS.index(name)]
            return f"{endpoint.host} refuses `{name}`; asking again with `{other}`"
        return None
