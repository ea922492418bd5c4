"""From a prompt to a request body, and whether anything may be sent to an endpoint at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from dola_ls.core.context import estimate_tokens
from dola_ls.core.prompt import Prompt
from dola_ls.model import errors, wire
from dola_ls.model.dialects import Manner, manner_of
from dola_ls.model.endpoint import Endpoint, is_loopback, origin_of
from dola_ls.model.known_models import find
from dola_ls.model.messages import messages, offered, sound
from dola_ls.model.prices import terms_of
from dola_ls.model.sampling import FIELDS, Plan, Sampling, cutting

#: Providers that answer nobody without a key.
_NEED_KEY = frozenset({"aimlapi", "ark"})
#: The temperature at which a question is asked again that led to nothing.
_WARMER = 0.6


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it would be sent, and its address without a query, which may hold a secret."""

    url: str
    model: str
    #: The JSON, in which images and videos are without their bytes, and its size with them.
    body: bytes
    size: int
    #: Whether a key goes along, in a header.
    keyed: bool
    #: Whether nothing is sent without one.
    needs_key: bool
    #: Whether it goes to the embedded engine, whose port is settled when it starts.
    embedded: bool
    #: What the user set and does not go along, in sentences.
    notes: tuple[str, ...] = ()


def outgoing(
    endpoint: Endpoint,
    prompt: Prompt,
    *,
    predicted: bool,
    tools: bool = False,
    manner: Manner | None = None,
) -> Outgoing:
    """Return the request that asks `prompt` of `endpoint`; nothing is sent."""
    manner = manner or manner_of(endpoint)
    bare = tuple(replace(one, url=one.url[: one.url.find(",") + 1]) for one in prompt.media)
    shown = replace(prompt, media=bare)
    body = compose(endpoint, shown, predicted=predicted, tools=tools, manner=manner).body()
    left = sum(len(one.url) for one in prompt.media) - sum(len(one.url) for one in bare)
    url = endpoint.chat_url.partition("?")[0]
    return Outgoing(
        url,
        endpoint.model,
        body,
        len(body) + left,
        keyed=bool(endpoint.api_key),
        needs_key=endpoint.provider in _NEED_KEY,
        embedded=endpoint.provider == "local",
        notes=tuple(notes_on(endpoint, prompt, manner)),
    )


def admit(endpoint: Endpoint) -> None:
    """Raise ModelError where nothing may be sent to `endpoint`: its address or its key is wrong."""
    try:
        origin = endpoint.origin
        parts = urlsplit(endpoint.base_url)
    except ValueError:
        facts = errors.Facts(model=endpoint.model)
        raise errors.BadAddress(facts, "The base address is not a web address") from None
    facts = errors.Facts(host=endpoint.host, model=endpoint.model)
    if parts.username is not None or parts.password is not None:
        raise errors.BadAddress(facts, "The base address holds a name or a password")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(origin)):
        raise errors.NotHttps(facts)
    key = endpoint.api_key
    if not key:
        if endpoint.provider in _NEED_KEY:
            raise errors.NoKey(facts)
        return
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise errors.WrongKey(facts)
    try:
        key_origin = origin_of(endpoint.key_origin) if endpoint.key_origin else None
    except ValueError:
        key_origin = None
    if key_origin != origin:
        raise errors.KeyNotForOrigin(facts, origin, key_origin)


def admit_answer(endpoint: Endpoint, prompt: Prompt) -> None:
    """Raise ModelError where the user lets answers be no longer than what this one repeats."""
    wanted = endpoint.plan.of(prompt.action).max_tokens if endpoint.plan is not None else None
    least = estimate_tokens(prompt.repeats) if prompt.repeats else 0
    if endpoint.plan is not None and wanted is not None and wanted < least:
        setting = endpoint.plan.name(prompt.action, "max_tokens")
        facts = errors.Facts(host=endpoint.host, model=endpoint.model)
        raise errors.AnswerTooShort(facts, setting, wanted, least)


def compose(
    endpoint: Endpoint,
    prompt: Prompt,
    *,
    predicted: bool,
    tools: bool = False,
    manner: Manner | None = None,
) -> wire.ChatRequest:
    """Return the request that asks `prompt` of `endpoint`.

    `predicted` and `tools` say whether its prediction and its tools go along, and only one of them
    may: https://platform.openai.com/docs/guides/predicted-outputs. `manner` is how the server takes
    requests, as far as that was learnt.
    """
    assert not (predicted and tools), "a prediction excludes tools"
    manner = manner or manner_of(endpoint)
    prediction = wire.Prediction(content=sound(prompt.prediction or "")) if predicted else None
    offer = offered(prompt) if tools else None
    fields: dict[str, Any] = {
        name: value
        for name, value in drawing(endpoint, prompt).items()
        if value is not None and why_without(endpoint, manner, name) is None
    }
    if (effort := endpoint.reasoning_effort) and manner.takes_instead("reasoning_effort"):
        fields["thinking"] = wire.Thinking(type="disabled" if effort == "low" else "enabled")
    # Never none at all, as the default of Seed models is 4096 with the reasoning in it.
    fields[manner.limit(predicted=predicted)] = terms_of(endpoint).answer_tokens(prompt)
    return wire.ChatRequest(
        model=endpoint.model,
        messages=messages(prompt, tools=tools),
        stream=True,
        prediction=prediction,
        tools=offer,
        tool_choice=("none" if prompt.final else "auto") if offer else None,
        **fields,
    )


def drawing(endpoint: Endpoint, prompt: Prompt) -> dict[str, Any]:
    """Return the fields of a request that say how its answer is drawn; None is left out."""
    plan = endpoint.plan or Plan()
    drawn = plan.of(prompt.action)
    usage = drawn.stream_options is None or drawn.stream_options.include_usage
    cut = cutting(drawn.stop or (), prompt.repeats)
    return {
        "temperature": _temperature(endpoint, drawn, again=prompt.again),
        "top_p": drawn.top_p,
        "frequency_penalty": drawn.frequency_penalty,
        "presence_penalty": drawn.presence_penalty,
        "seed": drawn.seed,
        "stop": [sound(text) for text in drawn.stop or () if text not in cut] or None,
        "stream_options": wire.StreamOptions(include_usage=True) if usage else None,
        "reasoning_effort": endpoint.reasoning_effort,
    }


def _temperature(endpoint: Endpoint, drawn: Sampling, *, again: bool) -> float | None:
    # One of the two is to be changed and not both; at 0 there would be nothing left for `top_p`.
    usual = endpoint.temperature if drawn.top_p is None else None
    wanted = usual if drawn.temperature is None else drawn.temperature
    return max(wanted, _WARMER) if again and wanted is not None else wanted


def why_without(endpoint: Endpoint, manner: Manner, name: str) -> str | None:
    """Return why a field does not go along; None where it does."""
    known = find(endpoint.model)
    if name == "reasoning_effort" and known is not None and not known.reasoning:
        return f"{endpoint.model} does not reason"
    return manner.why_without(name)


def notes_on(endpoint: Endpoint, prompt: Prompt, manner: Manner) -> list[str]:
    """Return a sentence for each thing the user set that does not go along with a request."""
    plan = endpoint.plan or Plan()
    drawn = plan.of(prompt.action)
    notes = []
    try:
        admit_answer(endpoint, prompt)
    except errors.AnswerTooShort as error:
        notes.append(f"This cannot be sent: {error}")
    for name, value in drawing(endpoint, prompt).items():
        if value is not None and (why := why_without(endpoint, manner, name)) is not None:
            notes.append(f"`{name}`: {why}.")
    for text in cutting(drawn.stop or (), prompt.repeats):
        setting = plan.name(prompt.action, "stop")
        notes.append(f"{text!r} of `{setting}`: it stands in the code and would cut it short.")
    return notes


def unsent_settings(endpoint: Endpoint) -> list[str]:
    """Return a sentence for each setting that this server is known to have no use for."""
    if endpoint.plan is None:
        return []
    manner, found = manner_of(endpoint), list[str]()
    for action in ("", *endpoint.plan.actions):
        drawn = endpoint.plan.of(action)
        for name in FIELDS:
            why = why_without(endpoint, manner, name)
            if getattr(drawn, name) is not None and why is not None:
                found.append(f"`{endpoint.plan.name(action, name)}` is not sent: {why}.")
    return list(dict.fromkeys(found))
