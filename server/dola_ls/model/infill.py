"""Filling a gap in a text: llama.cpp's own request for models that were trained on it.

https://github.com/ggml-org/llama.cpp/tree/master/tools/server#post-infill-for-code-infilling. The
server puts the model's marks round the two texts, and takes marks in the texts for plain words; a
prompt that was put together here could be broken by a file that holds such a mark.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from dola_ls.core.prompt import Fill
from dola_ls.model.assembly import Assembly
from dola_ls.model.messages import sound
from dola_ls.model.wire import Outgoing


class FillRequest(Outgoing):
    """The body of ``POST /infill``."""

    input_prefix: str
    input_suffix: str
    n_predict: int
    stop: list[str] = Field(default_factory=list)
    temperature: float = 0.0
    stream: bool = True
    cache_prompt: bool = True

    def body(self) -> bytes:
        """Return the JSON to send."""
        return self.model_dump_json().encode()


def to_fill(fill: Fill, max_tokens: int) -> FillRequest:
    """Return the request that has a gap filled."""
    return FillRequest(
        input_prefix=sound(fill.prefix),
        input_suffix=sound(fill.suffix),
        n_predict=max_tokens,
        stop=["\n"] if fill.single_line else [],
    )


class FillAssembly(Assembly):
    """An answer to such a request while it comes in."""

    def _parse(self, data: str, event: str) -> dict[str, Any]:
        """Return an event as the chunk of a chat that would say the same."""
        return as_chunk(super()._parse(data, event))


def as_chunk(event: dict[str, Any]) -> dict[str, Any]:
    """Return what llama.cpp says of a completion in the words of a chat."""
    finish = None
    if event.get("stop") is True:
        cut = event.get("stop_type") == "limit" or event.get("truncated") is True
        finish = "length" if cut else "stop"
    chunk: dict[str, Any] = {
        "model": event.get("model"),
        "choices": [
            {"index": 0, "delta": {"content": event.get("content")}, "finish_reason": finish}
        ],
    }
    if finish is not None:
        sent, written = event.get("tokens_evaluated"), event.get("tokens_predicted")
        chunk["usage"] = {"prompt_tokens": sent, "completion_tokens": written}
        chunk["timings"] = event.get("timings")
    return chunk
