"""The request of the chat completions wire format, whole and strict; answers are in `replies`.

The fields are those the provider documents for ``bytedance/dola-seed-2-0-code`` and ``-lite``;
a test walks the OpenAPI document of the former. A request that does not fit is a fault of ours
and is refused before it is sent.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Outgoing(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextPart(Outgoing):
    """Text within a message, or within a prediction."""

    type: Literal["text"] = "text"
    text: str


class ImageUrl(Outgoing):
    """An image by address or as a ``data:`` URL with base64."""

    url: str = Field(min_length=1)
    detail: Literal["low", "high", "auto"] | None = None


class ImagePart(Outgoing):
    """An image within a user message."""

    type: Literal["image_url"] = "image_url"
    image_url: ImageUrl


class VideoUrl(Outgoing):
    """A video by address or as a ``data:`` URL with base64."""

    url: str = Field(min_length=1)


class VideoPart(Outgoing):
    """A video within a user message."""

    type: Literal["video_url"] = "video_url"
    video_url: VideoUrl


class RefusalPart(Outgoing):
    """A refusal within an earlier assistant message."""

    type: Literal["refusal"] = "refusal"
    refusal: str


class UserMessage(Outgoing):
    """What the user says."""

    role: Literal["user"] = "user"
    content: str | list[Annotated[TextPart | ImagePart | VideoPart, Field(discriminator="type")]]
    name: str | None = None


class SystemMessage(Outgoing):
    """What holds for the whole conversation."""

    role: Literal["system"] = "system"
    content: str | list[TextPart]
    name: str | None = None


class ToolMessage(Outgoing):
    """What a tool gave back."""

    role: Literal["tool"] = "tool"
    content: str
    tool_call_id: str
    name: str | None = None


class FunctionCall(Outgoing):
    """A call of a function, its arguments as JSON text."""

    name: str
    arguments: str


class AssistantToolCall(Outgoing):
    """A tool call in an earlier assistant message."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class AssistantMessage(Outgoing):
    """What the model said before."""

    role: Literal["assistant"] = "assistant"
    content: str | list[Annotated[TextPart | RefusalPart, Field(discriminator="type")]] | None = (
        None
    )
    name: str | None = None
    tool_calls: list[AssistantToolCall] | None = None
    refusal: str | None = None


Message = Annotated[
    UserMessage | SystemMessage | ToolMessage | AssistantMessage, Field(discriminator="role")
]

FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class FunctionTool(Outgoing):
    """A function the model may call; `parameters` is a JSON schema."""

    name: FunctionName
    parameters: dict[str, Any]
    description: str | None = None
    strict: bool | None = None


class Tool(Outgoing):
    """A tool the model may call."""

    type: Literal["function"] = "function"
    function: FunctionTool


class ChosenFunction(Outgoing):
    """The name of the one function to call."""

    name: FunctionName


class ToolChoice(Outgoing):
    """An order to call one function."""

    type: Literal["function"] = "function"
    function: ChosenFunction


class Prediction(Outgoing):
    """Text the answer will repeat for the most part (Predicted Outputs)."""

    type: Literal["content"] = "content"
    content: str | list[TextPart]


class StreamOptions(Outgoing):
    """Whether a last chunk tells the usage."""

    include_usage: bool


class JsonSchema(Outgoing):
    """A schema the answer is to follow."""

    name: FunctionName
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(Outgoing):
    """The form of the answer; documented for the lite model only."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class Thinking(Outgoing):
    """Whether the model thinks: what models of ModelArk take that know no effort."""

    type: Literal["enabled", "disabled", "auto"]


class ChatRequest(Outgoing):
    """The body of ``POST /chat/completions``."""

    model: str = Field(min_length=1)
    messages: list[Message] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[Tool] | None = Field(default=None, max_length=128)
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0.01, le=1)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    prediction: Prediction | None = None
    seed: int | None = Field(default=None, ge=1)
    reasoning_effort: Literal["low", "medium", "high"] | None = None
    response_format: ResponseFormat | None = None
    # Fields of other servers; see `dola_ls.model.dialects`.
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: list[str] | None = Field(default=None, min_length=1, max_length=4)
    thinking: Thinking | None = None

    @model_validator(mode="after")
    def _prediction_stands_alone(self) -> Self:
        # https://platform.openai.com/docs/guides/predicted-outputs: servers that know the field
        # refuse a request that has one of these as well.
        if self.prediction is not None:
            excluded = ("tools", "tool_choice", "parallel_tool_calls", "max_completion_tokens")
            present = [name for name in excluded if getattr(self, name) is not None]
            penalties = ("frequency_penalty", "presence_penalty")
            present += [name for name in penalties if (getattr(self, name) or 0) > 0]
            if present:
                raise ValueError(f"a prediction excludes {', '.join(present)}")
        return self

    def body(self) -> bytes:
        """Return the JSON to send; fields that were left out are not in it."""
        return self.model_dump_json(exclude_none=True, by_alias=True).encode()
