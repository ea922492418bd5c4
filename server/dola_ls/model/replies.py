"""The answers of the chat completions wire format, whole: complete replies and chunks of a stream.

An answer is taken as it comes: everything is optional, what is unknown is ignored, and a field of
the wrong type counts as absent.
"""

from __future__ import annotations

from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from dola_ls.model.stream import Usage


class Incoming(BaseModel):
    """A part of an answer: a field that does not fit counts as absent."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    @field_validator("*", mode="wrap")
    @classmethod
    def _drop_what_does_not_fit(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        try:
            return handler(value)
        except ValidationError:
            pass
        if isinstance(value, list):
            try:
                return handler([item for item in value if isinstance(item, dict)])
            except ValidationError:
                pass
        field = cls.model_fields[info.field_name or ""]
        return field.get_default(call_default_factory=True)


class UrlCitation(Incoming):
    """A source on the web, and the part of the answer it stands behind."""

    start_index: int | None = None
    end_index: int | None = None
    title: str | None = None
    url: str | None = None


class Annotation(Incoming):
    """A remark on the answer."""

    type: str | None = None
    url_citation: UrlCitation | None = None


class Audio(Incoming):
    """A spoken answer."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class CalledFunction(Incoming):
    """A function call; in a stream `arguments` is a piece."""

    name: str | None = None
    #: JSON as text; some servers put the object itself here.
    arguments: str | dict[str, Any] | None = None


class CalledCustom(Incoming):
    """A call of a tool that takes text."""

    name: str | None = None
    input: str | None = None


class ToolCall(Incoming):
    """A tool call, or in a stream a piece of the one at `index`."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: CalledFunction | None = None
    custom: CalledCustom | None = None


class ContentPart(Incoming):
    """A part of an answer that comes as a list."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None


class ReasoningDetail(Incoming):
    """A piece of reasoning as OpenRouter passes it on."""

    type: str | None = None
    text: str | None = None
    summary: str | None = None


#: Types of the parts of an answer that are no answer.
_THINKING = frozenset({"thinking", "reasoning"})


class AnswerMessage(Incoming):
    """An answer, or in a stream a piece of one."""

    role: str | None = None
    content: str | list[ContentPart] | None = None
    refusal: str | None = None
    annotations: list[Annotation] | None = None
    audio: Audio | None = None
    tool_calls: list[ToolCall] | None = None
    # Three names for the same thing, by the way a request takes through the provider.
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None

    @property
    def text(self) -> str:
        """The answer's text, without parts that are something else."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""

    @property
    def reasoning_text(self) -> str:
        """What the model thought, under whichever name it came."""
        if self.reasoning_content or self.reasoning:
            return self.reasoning_content or self.reasoning or ""
        if self.reasoning_details:
            return "".join(part.text or part.summary or "" for part in self.reasoning_details)
        parts = self.content if isinstance(self.content, list) else []
        return "".join(part.text or "" for part in parts if part.type in _THINKING)


class TopLogprob(Incoming):
    """A token that might have stood in the same place."""

    token: str | None = None
    logprob: float | None = None
    bytes: list[int] | None = None


class TokenLogprob(Incoming):
    """How likely a token was."""

    token: str | None = None
    logprob: float | None = None
    bytes: list[int] | None = None
    top_logprobs: list[TopLogprob] | None = None


class Logprobs(Incoming):
    """How likely the tokens of the answer or of the refusal were."""

    content: list[TokenLogprob] | None = None
    refusal: list[TokenLogprob] | None = None


class CompletionTokens(Incoming):
    """What the answer's tokens were spent on."""

    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class PromptTokens(Incoming):
    """What the prompt's tokens were."""

    cached_tokens: int | None = None
    audio_tokens: int | None = None


class TokenUsage(Incoming):
    """Tokens of one call."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    completion_tokens_details: CompletionTokens | None = None
    prompt_tokens_details: PromptTokens | None = None
    #: Dollars, at OpenRouter; with a key of another service it is the fee alone.
    cost: float | None = None
    is_byok: bool | None = None


#: Credits of the provider that one dollar buys; so in each sample of its documentation.
_CREDITS = 2_000_000


class Spent(Incoming):
    """Money of one call."""

    credits_used: float | None = None
    usd_spent: float | None = None


class Meta(Incoming):
    """The provider's own addition."""

    usage: Spent | None = None


class Timings(Incoming):
    """llama.cpp's own addition: among others how many drafted tokens were kept."""

    prompt_n: int | None = None
    prompt_ms: float | None = None
    predicted_n: int | None = None
    predicted_ms: float | None = None
    #: Tokens of the prompt that were known from before.
    cache_n: int | None = None
    draft_n: int | None = None
    draft_n_accepted: int | None = None


class Reply(Incoming):
    """What an answer and a chunk of a stream have in common."""

    id: str | None = None
    object: str | None = None
    created: float | None = None
    model: str | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    usage: TokenUsage | None = None
    meta: Meta | None = None
    timings: Timings | None = None


class Choice(Incoming):
    """One answer of a complete reply."""

    index: int | None = None
    message: AnswerMessage | None = None
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class ChatCompletion(Reply):
    """A complete reply."""

    choices: list[Choice] = Field(default_factory=list)


class ChunkChoice(Incoming):
    """A piece of one answer; some servers put a whole `message` where a `delta` belongs."""

    index: int | None = None
    delta: AnswerMessage | None = None
    message: AnswerMessage | None = None
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class ChatChunk(Reply):
    """One event of a stream; the one that tells the usage has no choices."""

    choices: list[ChunkChoice] = Field(default_factory=list)


def counted(usage: TokenUsage | None, meta: Meta | None, timings: Timings | None) -> Usage:
    """Return the figures of one call in the product's terms."""
    usage = usage or TokenUsage()
    output = usage.completion_tokens_details or CompletionTokens()
    accepted = output.accepted_prediction_tokens
    rejected = output.rejected_prediction_tokens
    if timings is not None and timings.draft_n is not None:
        accepted = timings.draft_n_accepted or 0
        rejected = timings.draft_n - accepted
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    if cached is None and timings is not None:
        cached = timings.cache_n
    cost = _dollars(meta.usage) if meta and meta.usage else None
    if cost is None and not usage.is_byok:
        cost = usage.cost
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reasoning_tokens=output.reasoning_tokens,
        cached_tokens=cached,
        accepted_prediction_tokens=accepted,
        rejected_prediction_tokens=rejected,
        cost_usd=cost,
        total_tokens=usage.total_tokens,
    )


def _dollars(spent: Spent) -> float | None:
    if spent.usd_spent is None and spent.credits_used is not None:
        return spent.credits_used / _CREDITS
    return spent.usd_spent
