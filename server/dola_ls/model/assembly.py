"""From events to an answer: what to show, what to count, and whether it is an answer at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from dola_ls.model import errors, faults
from dola_ls.model.calls import CallReader
from dola_ls.model.dialects import Dialect, recognised
from dola_ls.model.faults import Call
from dola_ls.model.replies import (
    AnswerMessage,
    ChatChunk,
    ChatCompletion,
    Choice,
    ChunkChoice,
    Meta,
    Reply,
    Timings,
    TokenUsage,
    counted,
)
from dola_ls.model.sse import DONE, Event
from dola_ls.model.stream import BROKEN, Completion, Delta, Usage

#: What some servers put where others have null: LocalAI, SGLang, older Ollama, KoboldCpp.
_NO_WORD = frozenset({"", "null", "none"})
#: Other words for the two ends after which an answer is of no use, in lower case; any word that is
#: not known (``eos``, ``end_turn``) is a good end.
_SAME = MappingProxyType(
    {
        **dict.fromkeys(("length", "max_tokens", "model_length"), "length"),
        **dict.fromkeys(("content_filter", "safety", "sensitive"), "content_filter"),
        **{word: word for word in BROKEN},
    }
)

#: Characters of text and reasoning together that an answer may have.
MAX_ANSWER = 2 * 1024 * 1024

AnyChoice = TypeVar("AnyChoice", Choice, ChunkChoice)


class Assembly:
    """One answer while it comes in."""

    def __init__(self, call: Call, *, inference_id: str | None, predicted: bool) -> None:
        self._call = call
        self._inference_id = inference_id
        self._predicted = predicted
        self._length = 0
        self._has_text = False
        self._has_reasoning = False
        self._refusal = ""
        self._calls = CallReader()
        self._model = ""
        self._usage: TokenUsage | None = None
        self._meta: Meta | None = None
        self._timings: Timings | None = None
        self._fingerprint: str | None = None
        self._dialect: Dialect | None = None
        #: The server's word for why it stopped, once it has said it.
        self.finish_reason: str | None = None
        #: Whether ``[DONE]`` was seen; nothing of use follows it.
        self.done = False

    @property
    def started(self) -> bool:
        """Whether the model has said or thought anything yet."""
        return self._length > 0

    def add(self, event: Event) -> Delta | None:
        """Take one event in; return what it adds to the answer. Raises ModelError."""
        if event.data.strip() == DONE:
            self.done = True
            return None
        if not event.data.strip():
            return None
        payload = self._parse(event.data, event.name)
        chunk = ChatChunk.model_validate(payload)
        self._keep(chunk)
        choice = _first(chunk.choices)
        if choice is None:
            return None
        return self._add(choice.delta or choice.message, choice.finish_reason)

    def add_whole(self, body: str) -> Delta | None:
        """Take in a reply that came in one piece although a stream was asked for."""
        reply = ChatCompletion.model_validate(self._parse(body, ""))
        self._keep(reply)
        choice = _first(reply.choices)
        if choice is None:
            raise errors.ProtocolFault(self._facts(), "it holds no answer")
        return self._add(choice.message, choice.finish_reason, whole=True)

    def finish(self) -> Completion:
        """Return how the answer ended. Raises ModelError where that is no good end."""
        completion = Completion(
            finish_reason=self.finish_reason,
            done=self.done,
            model=self._model or self._call.endpoint.model,
            usage=self._counted(),
            inference_id=self._inference_id,
            refusal=self._refusal or None,
            predicted=self._predicted,
            fingerprint=self._fingerprint,
            dialect=self._dialect,
            calls=self._calls.calls(),
        )
        facts = replace(self._facts(), completion=completion)
        if not completion.ended:
            raise errors.CutOff(facts, self.finish_reason)
        if self._refusal:
            quote = faults.quotable(self._refusal, self._call.endpoint.api_key, self._call.sent)
            raise errors.ModelRefused(replace(facts, quote=quote))
        if self.finish_reason == "content_filter":
            raise errors.Filtered(facts)
        only_thinking = self._has_reasoning and not self._has_text and not completion.calls
        if self.finish_reason == "length" or only_thinking:
            raise errors.OutOfTokens(facts, only_thinking=only_thinking)
        return completion

    def _parse(self, data: str, event: str) -> dict[str, Any]:
        try:
            payload = json.loads(data)
        except (ValueError, RecursionError):
            raise errors.ProtocolFault(self._facts(), "it is not JSON") from None
        if not isinstance(payload, dict):
            raise errors.ProtocolFault(self._facts(), "it is not a JSON object")
        if faults.is_error(payload, event):
            report = faults.read_report(payload)
            found = report.request_id or self._inference_id
            raise faults.from_report(self._call, replace(report, request_id=found))
        self._dialect = self._dialect or recognised(payload)
        return payload

    def _keep(self, reply: Reply) -> None:
        self._model = reply.model or self._model
        self._usage = reply.usage or self._usage
        self._meta = reply.meta or self._meta
        self._timings = reply.timings or self._timings
        self._inference_id = self._inference_id or reply.id
        self._fingerprint = reply.system_fingerprint or self._fingerprint

    def _add(
        self, message: AnswerMessage | None, finish_reason: str | None, *, whole: bool = False
    ) -> Delta | None:
        reason = _plain(finish_reason)
        if self.finish_reason is None or reason in BROKEN:
            self.finish_reason = reason
        if message is None:
            return None
        self._refusal += message.refusal or ""
        delta = Delta(text=message.text, reasoning=message.reasoning_text)
        self._has_text = self._has_text or bool(delta.text.strip())
        self._has_reasoning = self._has_reasoning or bool(delta.reasoning)
        self._length += len(delta.text) + len(delta.reasoning)
        self._length += self._calls.add(message.tool_calls or (), whole=whole)
        if self._length + len(self._refusal) > MAX_ANSWER:
            raise errors.ProtocolFault(self._facts(), "it is longer than 2 MiB")
        return delta if delta.text or delta.reasoning else None

    def _counted(self) -> Usage:
        return counted(self._usage, self._meta, self._timings)

    def _facts(self) -> errors.Facts:
        return replace(self._call.facts, request_id=self._inference_id or self._call.request_id)


def _plain(finish_reason: str | None) -> str | None:
    """Return a server's word for its end as all others say it; None where it says none."""
    word = (finish_reason or "").strip().lower()
    return None if word in _NO_WORD else _SAME.get(word, finish_reason)


def _first(choices: Sequence[AnyChoice]) -> AnyChoice | None:
    return next((choice for choice in choices if choice.index in (0, None)), None)
