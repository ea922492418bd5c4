"""From a prompt to a request body, and whether anything may be sent to an endpoint at all."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from dola_ls.core.prompt import Prompt
from dola_ls.model import errors, wire
from dola_ls.model.endpoint import Endpoint, is_loopback, origin_of

#: Providers that answer nobody without a key.
_NEED_KEY = frozenset({"aimlapi", "ark"})
#: The temperature at which a question is asked again that led to nothing.
_WARMER = 0.6


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it would be sent, and its address without a query, which may hold a secret."""

    url: str
    model: str
    body: bytes
    #: Whether a key goes along, in a header.
    keyed: bool
    #: Whether nothing is sent without one.
    needs_key: bool
    #: Whether it goes to the embedded engine, whose port is settled when it starts.
    embedded: bool


def outgoing(endpoint: Endpoint, prompt: Prompt, *, predicted: bool) -> Outgoing:
    """Return the request that asks `prompt` of `endpoint`; nothing is sent."""
    body = compose(endpoint, prompt, predicted=predicted).body()
    url = endpoint.chat_url.partition("?")[0]
    return Outgoing(
        url,
        endpoint.model,
        body,
        keyed=bool(endpoint.api_key),
        needs_key=endpoint.provider in _NEED_KEY,
        embedded=endpoint.provider == "local",
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


def compose(endpoint: Endpoint, prompt: Prompt, *, predicted: bool) -> wire.ChatRequest:
    """Return the request that asks `prompt` of `endpoint`, with its prediction or without."""
    prediction = wire.Prediction(content=sound(prompt.prediction or "")) if predicted else None
    return wire.ChatRequest(
        model=endpoint.model,
        messages=[
            wire.SystemMessage(content=sound(prompt.system)),
            wire.UserMessage(content=sound(prompt.user)),
        ],
        # Never max_completion_tokens, which a prediction excludes; and never none at all, as the
        # default of Seed models is 4096 with the reasoning in it.
        max_tokens=prompt.max_tokens + endpoint.reasoning_tokens,
        stream=True,
        stream_options=wire.StreamOptions(include_usage=True),
        temperature=_temperature(endpoint, prompt),
        reasoning_effort=endpoint.reasoning_effort,
        prediction=prediction,
    )


def _temperature(endpoint: Endpoint, prompt: Prompt) -> float | None:
    if endpoint.temperature is None or not prompt.again:
        return endpoint.temperature
    return max(endpoint.temperature, _WARMER)


def sound(text: str) -> str:
    """Return `text` with U+FFFD for each lone surrogate, which JSON and UTF-8 cannot carry."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
