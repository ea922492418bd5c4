"""What a model call yields: deltas, and at the end how it went."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from dola_ls.core.conversation import ToolCall
from dola_ls.core.prompt import Prompt
from dola_ls.core.strategy import Predictions

if TYPE_CHECKING:
    from dola_ls.model.dialects import Dialect


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one call, as the server reported them; None means it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    #: Predicted Outputs: https://platform.openai.com/docs/guides/predicted-outputs. The embedded
    #: engine's draft counters are reported in the same two fields.
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    cost_usd: float | None = None
    #: More than the first two together where thoughts are in neither of them.
    total_tokens: int | None = None


#: What servers say of an answer that they gave up themselves, ``[DONE]`` or not: OpenRouter, vLLM
#: and SGLang, DeepSeek, Zhipu.
BROKEN = frozenset(
    {"error", "abort", "aborted", "cancelled", "insufficient_system_resource", "network_error"}
)


@dataclass(frozen=True, slots=True)
class Completion:
    """How a stream ended.

    `finish_reason` is the server's word (``stop``, ``length``, ``content_filter``, ``tool_calls``)
    or None; `done` tells whether ``[DONE]`` was seen. A stream with neither was cut off, and so was
    one that ended by a word in `BROKEN`.
    """

    finish_reason: str | None
    done: bool
    model: str
    usage: Usage = field(default_factory=Usage)
    #: The server's id of this call, for its support; never compared.
    inference_id: str | None = None
    refusal: str | None = None
    #: Whether the request that was answered carried a prediction.
    predicted: bool = False
    #: The server's word for how it is set up at the time; a seed means the same under one of them.
    fingerprint: str | None = None
    #: What kind of server it showed itself to be; None for no mark.
    dialect: Dialect | None = None
    #: The tools that the model wants to be called, with arguments nobody has looked at yet.
    calls: tuple[ToolCall, ...] = ()

    @property
    def ended(self) -> bool:
        """Tell whether the server said that the answer is over."""
        if self.finish_reason in BROKEN:
            return False
        return self.finish_reason is not None or self.done


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer. The last one of a stream carries `completion`, and only that one."""

    text: str = ""
    reasoning: str = ""
    completion: Completion | None = None
    #: A remark for the progress display, such as a wait before another try.
    notice: str = ""
    #: Whether the remark stays beside all that follows: what a request may cost is not to be
    #: overtaken by the first line of its answer.
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Remote:
    """A model on another machine: what the user agrees to send code to."""

    #: Scheme, host and port.
    origin: str
    model: str
    #: The host as sentences name it.
    host: str


class ChatModel(Protocol):
    """Anything that answers a prompt: the HTTP client, the embedded engine, a fake."""

    #: The model's id as the receipt shows it.
    name: str
    #: Tokens of context round the region that this model can afford.
    context_tokens: int

    @property
    def remote(self) -> Remote | None:
        """Where prompts go; None where they stay on this machine."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it comes.

        Raises a `dola_ls.model.errors.ModelError` whose text is a sentence for the user. Closing
        the iterator or cancelling its task closes the connection.
        """
        ...

    def prediction_use(self, action: str) -> Predictions:
        """Return what is known of the server's use of predictions for an action."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and processes."""
        ...
