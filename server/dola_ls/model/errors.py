"""What can go wrong with a model call, each with a sentence the user can act on.

A sentence says what happened, that nothing was changed, and what to do next. It never holds the
key, the code that was sent, or more of the server's own words than `faults.quotable` lets through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dola_ls.core.media.media import Media, MediaKind
from dola_ls.model.stream import Completion

#: Words of a server by which it means what is not text, and a piece of what was sent.
_ON_MEDIA = re.compile(r"image|video|vision|modal", re.IGNORECASE)
_ENCODED = re.compile(r"base64,|[A-Za-z0-9+/]{40}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a failed call, apart from its kind."""

    host: str = "the model server"
    model: str = "the model"
    status: int | None = None
    #: The server's id of the request, or ours where it gave none.
    request_id: str | None = None
    #: The server's words, already cut down to what may be shown.
    quote: str = ""
    #: How an answer ended that was of no use all the same; it was billed.
    completion: Completion | None = None


_UNKNOWN = Facts()


class ModelError(Exception):
    """A model call that gave nothing usable; the text is a sentence for the user.

    `rule` names the kind for logs and tests. `retryable` tells whether the same action may work a
    little later with nothing changed, which is also what counts as a failure of the server.
    """

    rule: ClassVar[str] = "model_fault"
    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str, facts: Facts = _UNKNOWN) -> None:
        self.facts = facts
        suffix = f" (Request {facts.request_id}.)" if facts.request_id else ""
        super().__init__(sentence + suffix)

    @property
    def status(self) -> int | None:
        """The HTTP status, where the server gave one."""
        return self.facts.status

    @property
    def request_id(self) -> str | None:
        """The id to quote to the server's support."""
        return self.facts.request_id

    @property
    def completion(self) -> Completion | None:
        """How the answer ended, where one came; its tokens were used."""
        return self.facts.completion


def _saying(facts: Facts) -> str:
    return f": “{facts.quote}”" if facts.quote else ""


class NoKey(ModelError):
    """No API key was found for a server that needs one."""

    rule = "no_key"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"No API key was found for {facts.host}, so nothing was sent and nothing was changed. "
            "Set the environment variable DOLA_API_KEY (or AIMLAPI_API_KEY), or `api_key` or "
            "`key_command` in Dola's config.toml. To work without a key, run "
            "`dola-ls local install`.",
            facts,
        )


class WrongKey(ModelError):
    """The server did not take the key (401), or it cannot be a key at all."""

    rule = "wrong_key"

    def __init__(self, facts: Facts) -> None:
        what = (
            "does not accept the API key (401)"
            if facts.status
            else "was not asked: the API key holds spaces or characters no key has"
        )
        super().__init__(
            f"{facts.host} {what}. Nothing was changed. Copy the key again into the place it "
            "comes from; `dola-ls check` tells which place that is.",
            facts,
        )


class KeyNotForOrigin(ModelError):
    """The key was given for another origin than the endpoint's (S2)."""

    rule = "key_not_for_origin"

    def __init__(self, facts: Facts, origin: str, key_origin: str | None) -> None:
        belongs = f"belongs to {key_origin}" if key_origin else "is not bound to any address"
        super().__init__(
            f"The API key {belongs}, and the model is to be asked at {origin}, so the key was not "
            "sent and nothing was changed. Give the key for that address in Dola's config.toml, "
            "or set the address back.",
            facts,
        )


class NotHttps(ModelError):
    """Plain http to another machine (S3)."""

    rule = "not_https"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"The address of {facts.host} is not https, so no code was sent to it and nothing was "
            "changed. Use an https address; http is allowed for this machine only.",
            facts,
        )


class BadAddress(ModelError):
    """The base address or the proxy's cannot be used."""

    rule = "bad_address"

    def __init__(self, facts: Facts, what: str) -> None:
        super().__init__(
            f"{what}, so nothing was sent and nothing was changed. Correct it in Dola's "
            "config.toml or in the environment; `dola-ls check` shows where it comes from.",
            facts,
        )


class OutOfCredit(ModelError):
    """The account is empty, or the key may not use this model (403, 402)."""

    rule = "out_of_credit"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"{facts.host} refused the request ({facts.status or 403}): the account is out of "
            f"credit, or its key may not use {facts.model}. Nothing was changed. Top up the "
            "account or look at the key's limits on the provider's site, then try again.",
            facts,
        )


class RateLimited(ModelError):
    """Too many requests (429); `seconds` is the wait the server asks for, if it says."""

    rule = "rate_limited"
    retryable = True

    def __init__(self, facts: Facts, seconds: float | None = None) -> None:
        self.seconds = seconds
        when = f"in {_duration(seconds)}" if seconds else "in a minute"
        super().__init__(
            f"{facts.host} takes no more requests for now (429). Nothing was changed. Try again "
            f"{when}.",
            facts,
        )


class ModelRetired(ModelError):
    """The server does not know the model (404, 410)."""

    rule = "model_retired"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"{facts.host} does not offer the model {facts.model} ({facts.status or 404}). Nothing "
            "was changed. It may have been retired, or its name or the address may be wrong: set "
            "DOLA_MODEL to one the provider lists, or correct DOLA_BASE_URL.",
            facts,
        )


class TooLong(ModelError):
    """The request is larger than the model's context (413, or 400 in words)."""

    rule = "too_long"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"The code is more than {facts.model} can take in one request. Nothing was changed. "
            "Select fewer lines, or use a model with a larger context.",
            facts,
        )


class AnswerTooShort(ModelError):
    """The user's own limit on answers leaves no room for the one that is asked for."""

    rule = "answer_too_short"

    def __init__(self, facts: Facts, setting: str, limit: int, least: int) -> None:
        super().__init__(
            f"`{setting}` lets an answer have {limit} tokens, and these lines alone take about "
            f"{least}. Nothing was sent. Raise it, or select fewer lines.",
            facts,
        )


class BadRequest(ModelError):
    """The server does not accept the request (400, 422 and their like)."""

    rule = "bad_request"

    def __init__(
        self, facts: Facts, parameter: str | None = None, *, unsupported: bool = False
    ) -> None:
        self.parameter = parameter
        #: Whether the parameter itself is refused, and not its value.
        self.unsupported = unsupported
        what = f"the parameter `{parameter}`" if parameter else "the request"
        advice = (
            f"Check that {facts.model} is a chat model of this server; `dola-ls check` sends the "
            "smallest request there is."
        )
        if parameter in ("max_tokens", "max_completion_tokens") and not unsupported:
            advice = "Set `sampling.max_tokens` in Dola's config.toml to what it allows."
        super().__init__(
            f"{facts.host} does not accept {what} ({facts.status or 400}){_saying(facts)}. Nothing "
            f"was changed. {advice}",
            facts,
        )


class MediaRefused(BadRequest):
    """The server does not take the image or video of a request."""

    rule = "media_refused"

    def __init__(self, facts: Facts, kind: MediaKind) -> None:
        self.parameter = None
        what = "image" if kind == "image" else "video"
        says = _saying(facts) if not _ENCODED.search(facts.quote) else ""
        ModelError.__init__(
            self,
            f"{facts.host} does not take the {what} ({facts.status or 400}){says}. Nothing was "
            f"changed. {facts.model} may not take this kind of {what}, or none of this size.",
            facts,
        )


def about_media(error: ModelError, media: Sequence[Media]) -> ModelError:
    """Return what an error means for a request with an image or video; others stay as they are."""
    if not media:
        return error
    kind = media[0].facts.kind
    quote = error.facts.quote
    refused = isinstance(error, TooLong) or (
        isinstance(error, BadRequest) and error.parameter in (None, "messages")
    )
    unknown = isinstance(error, ModelRetired | ServerFault) and _ON_MEDIA.search(quote) is not None
    return MediaRefused(error.facts, kind) if refused or unknown else error


class Redirected(ModelError):
    """The server sends requests elsewhere (3xx), which is never followed (S4)."""

    rule = "redirected"

    def __init__(self, facts: Facts, target: str | None = None) -> None:
        where = f" to {target}" if target else ""
        super().__init__(
            f"{facts.host} redirects{where} ({facts.status}). A redirect is never followed, as it "
            "would take your code along, so nothing was changed. If you trust the new address, "
            "make it the base address in Dola's config.toml.",
            facts,
        )


class CutOff(ModelError):
    """The answer ended without the server saying that it was over."""

    rule = "cut_off"
    retryable = True

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"The connection to {facts.host} ended before the answer was complete. Half an answer "
            "is not used: nothing was changed. Run the action again; this try may be billed.",
            facts,
        )


class OutOfTokens(ModelError):
    """The answer met the token limit, or thinking used all of it."""

    rule = "out_of_tokens"

    def __init__(self, facts: Facts, *, only_thinking: bool = False) -> None:
        usage = facts.completion.usage if facts.completion else None
        count = usage.completion_tokens if usage else None
        used = f"all its {count} tokens" if count else "all its tokens"
        what = f"used {used} for thinking" if only_thinking else f"used {used} before it was done"
        thinks = only_thinking or (usage is not None and usage.reasoning_tokens)
        advice = (
            "Select fewer lines, or lower the reasoning effort."
            if thinks
            else ("Select fewer lines, or run the action again.")
        )
        super().__init__(
            f"{facts.model} {what}, so there is no complete answer and nothing was changed. "
            f"{advice}",
            facts,
        )


class ModelRefused(ModelError):
    """The model declined in so many words."""

    rule = "model_refused"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"{facts.model} declined to do this{_saying(facts)}. Nothing was changed. Put the "
            "request differently, or select other code.",
            facts,
        )


class Filtered(ModelError):
    """The provider's content filter stopped the request or the answer."""

    rule = "filtered"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"The content filter of {facts.host} stopped the request or the answer. Nothing was "
            "changed. Select other code: names and texts in it can set the filter off.",
            facts,
        )


class Unreachable(ModelError):
    """No connection to the server; `reason` says why, as a clause."""

    rule = "unreachable"
    retryable = True

    def __init__(self, facts: Facts, reason: str, advice: str) -> None:
        super().__init__(
            f"{facts.host} cannot be reached: {reason}. Nothing was sent and nothing was changed. "
            f"{advice}",
            facts,
        )


class TlsFailed(ModelError):
    """The server's certificate was not accepted, or there was no TLS to speak of."""

    rule = "tls_failed"

    def __init__(
        self, facts: Facts, reason: str, issuer: str | None = None, *, certificate: bool = True
    ) -> None:
        self.reason = reason
        self.issuer = issuer
        self.certificate = certificate
        by = f"; it was issued by “{issuer}”" if issuer else ""
        if certificate:
            what = f"The certificate of {facts.host} is not trusted ({reason}){by}"
            advice = (
                "Behind a company proxy, set `ca_bundle` in Dola's config.toml or SSL_CERT_FILE "
                "to a file with that authority's certificate."
            )
        else:
            what = f"There is no secure connection to {facts.host} ({reason})"
            advice = "Check that the address and its port are those of an https server."
        super().__init__(f"{what}. Nothing was sent and nothing was changed. {advice}", facts)


class ServerFault(ModelError):
    """The server failed (5xx), whatever its body."""

    rule = "server_fault"
    retryable = True

    def __init__(self, facts: Facts) -> None:
        status = f" ({facts.status})" if facts.status else ""
        super().__init__(
            f"{facts.host} failed{status}{_saying(facts)}. Nothing was changed. Try again in a "
            "few minutes.",
            facts,
        )


class Overloaded(ModelError):
    """The server is too busy or being mended (503, 529)."""

    rule = "overloaded"
    retryable = True

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"{facts.host} is overloaded ({facts.status or 503}). Nothing was changed. Try again "
            "in a few minutes.",
            facts,
        )


class TimedOut(ModelError):
    """A wait took longer than it may; `waited_for` says for what, as a clause.

    `taken` tells whether the server may have taken the request in, and so may charge for it.
    """

    rule = "timed_out"
    retryable = True

    def __init__(
        self,
        facts: Facts,
        waited_for: str,
        seconds: float | None = None,
        *,
        taken: bool = True,
    ) -> None:
        within = f" within {_duration(seconds)}" if seconds else ""
        advice = (
            "Run the action again, with fewer lines selected if that keeps happening; this try "
            "may be billed."
            if taken
            else "Check the network, or run the action again a little later."
        )
        super().__init__(
            f"{facts.host} {waited_for}{within}. Nothing was changed. {advice}",
            facts,
        )


class ProtocolFault(ModelError):
    """The answer is not what a chat server sends."""

    rule = "protocol_fault"

    def __init__(self, facts: Facts, what: str) -> None:
        super().__init__(
            f"The answer of {facts.host} cannot be used: {what}. Nothing was changed. Check that "
            "the base address is that of an OpenAI-compatible chat server.",
            facts,
        )


class Paused(ModelError):
    """Too many failures in a row; nothing is sent for a while."""

    rule = "paused"
    retryable = True

    def __init__(self, facts: Facts, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"{facts.host} failed several times in a row, so it is left alone for now: nothing was "
            f"sent and nothing was changed. Try again in {_duration(seconds)}.",
            facts,
        )


def _duration(seconds: float) -> str:
    whole = max(round(seconds), 1)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
