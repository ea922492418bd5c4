"""A server that implements Predicted Outputs, as a reference for what the field means.

It decodes a given completion the way servers with speculative decoding do: each step proposes the
next tokens of the prediction, takes over those that agree with what the model says, and generates
one token itself. It proposes without knowing the completion: from where the last agreement ended,
or from any place in the prediction that follows the same tokens as those written last. What it
counts follows from that and from nothing a test says::

    server = PredictedOutputs(lambda request: fenced(new_code))
    api.answer_with(server.answer)

The contract is OpenAI's (https://platform.openai.com/docs/guides/predicted-outputs): tokens that
were proposed and are not in the answer are billed as completion tokens and count towards its
limit; several other fields exclude a prediction. The proposing is that of an n-gram corpus with
the prediction in it, as in https://github.com/kekzl/imp/pull/825.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.api import Reply, Request, chunk, events_reply, sse, status, usage_of

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
#: Tokens proposed in one step.
WINDOW = 16
#: Tokens that have to be the same before another place in the prediction is tried.
_CONTEXT = 2
#: Fields that exclude a prediction, and the values with which they do not.
_EXCLUDED: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "presence_penalty": (None, 0),
    "frequency_penalty": (None, 0),
    "max_completion_tokens": (None,),
    "tools": (None,),
    "functions": (None,),
    "audio": (None,),
    "modalities": (None, ["text"]),
}


def tokens_of(text: str) -> list[str]:
    """Cut a text into tokens; joined, they are the text again."""
    return _TOKEN.findall(text)


@dataclass
class Decoding:
    """How one completion came about."""

    #: What each step wrote: the tokens it took over, then the one it generated.
    steps: list[str] = field(default_factory=list)
    #: Tokens of the answer that were taken over from the prediction.
    accepted: int = 0
    #: Tokens of the prediction that were proposed and never taken over.
    rejected: int = 0
    #: Tokens of the answer.
    written: int = 0
    finish: Literal["stop", "length"] = "stop"

    @property
    def billed(self) -> int:
        """Tokens that are charged as completion."""
        return self.written + self.rejected


def decode(completion: str, prediction: str, limit: int) -> Decoding:
    """Write `completion` in at most `limit` billed tokens, with the help of `prediction`."""
    target, draft = tokens_of(completion), tokens_of(prediction)
    result = Decoding()
    proposed: set[int] = set()
    taken: set[int] = set()
    at = 0
    while result.written < len(target):
        if result.billed >= limit:
            result.finish = "length"
            break
        at = _align(draft, target[: result.written], at)
        window = range(at, min(at + WINDOW, len(draft)))
        proposed.update(window)
        start = result.written
        for place in window:
            if result.written == len(target) or draft[place] != target[result.written]:
                break
            result.written += 1
            result.accepted += 1
            taken.add(place)
            at = place + 1
        # The step that verifies the proposal also yields the token after it.
        result.written = min(result.written + 1, len(target))
        if at < len(draft) and draft[at] == target[result.written - 1]:
            at += 1
        result.steps.append("".join(target[start : result.written]))
        result.rejected = len(proposed - taken)
    return result


def _align(draft: list[str], written: list[str], at: int) -> int:
    """Return where to go on in the prediction: right there, or where the text is the same."""
    context = written[-_CONTEXT:]
    if len(context) < _CONTEXT or draft[max(at - _CONTEXT, 0) : at] == context:
        return at
    places = [end for end in range(_CONTEXT, len(draft)) if draft[end - _CONTEXT : end] == context]
    # Edits keep the order of what they keep: the next place is the likeliest one.
    return min(places, key=lambda place: (place < at, abs(place - at)), default=at)


Mode = Literal["honours", "ignores", "refuses"]


class PredictedOutputs:
    """Answers requests; give its `answer` to `FakeApi.answer_with`.

    `complete` is the model: it says what the answer to a request is, whatever the prediction.
    `pause` is how many seconds one step takes.
    """

    def __init__(
        self,
        complete: Callable[[Request], str],
        mode: Mode = "honours",
        *,
        pause: float = 0.0,
        usd_per_token: float | None = None,
    ) -> None:
        self.mode = mode
        #: How each answer came about, in order; refused requests have none.
        self.decodings: list[Decoding] = []
        self._complete = complete
        self._pause = pause
        self._price = usd_per_token

    def answer(self, request: Request) -> Reply:
        """Answer a request, or refuse it as the contract says."""
        body = request.json
        prediction = body.get("prediction")
        honoured = prediction is not None and self.mode == "honours"
        if prediction is not None and self.mode == "refuses":
            return _wrong("property 'prediction' is unsupported", None)
        if honoured:
            refusal = _excluded(body)
            if refusal is not None:
                return refusal
        text = _text_of(prediction) if honoured else ""
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 4096
        decoding = decode(self._complete(request), text, limit)
        self.decodings.append(decoding)
        return self._reply(body, decoding, honoured)

    def _reply(self, body: dict[str, Any], decoding: Decoding, honoured: bool) -> Reply:
        events: list[dict[str, Any] | str] = [chunk({"role": "assistant", "content": ""})]
        events += [chunk({"content": text}) for text in decoding.steps]
        events.append(chunk({}, decoding.finish))
        if (body.get("stream_options") or {}).get("include_usage"):
            usage = usage_of(
                sum(len(tokens_of(message["content"])) for message in body["messages"]),
                decoding.billed,
                accepted=decoding.accepted if honoured else None,
                rejected=decoding.rejected if honoured else None,
            )
            meta = {}
            if self._price is not None:
                spent = usage["total_tokens"] * self._price
                meta = {"meta": {"usage": {"credits_used": 0, "usd_spent": spent}}}
            events.append({**chunk(None, usage=usage, **meta), "choices": []})
        return events_reply(sse([*events, "[DONE]"]), delay=self._pause)


def _excluded(body: dict[str, Any]) -> Reply | None:
    for name, harmless in _EXCLUDED.items():
        if body.get(name) not in harmless:
            return _wrong(f"'{name}' cannot be used together with 'prediction'", name)
    prediction = body["prediction"]
    if not isinstance(prediction, dict) or prediction.get("type") != "content":
        return _wrong("the type of a prediction is 'content'", "prediction.type")
    return None


def _text_of(prediction: dict[str, Any]) -> str:
    content = prediction["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content)


def _wrong(message: str, parameter: str | None) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": parameter, "code": None}
    return status(400, {"error": error})
