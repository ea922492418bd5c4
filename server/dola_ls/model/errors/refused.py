"""What a server does not accept, or has too little of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dola_ls.core.media.media import Media, MediaKind
from dola_ls.model.errors.base import Facts, ModelError, duration, saying
from dola_ls.model.errors.unreached import ServerFault

#: Words of a server by which it means what is not text, and a piece of what was sent.
_ON_MEDIA = re.compile(r"image|video|vision|modal", re.IGNORECASE)
_ENCODED = re.compile(r"base64,|[A-Za-z0-9+/]{40}")


class OutOfCredit(ModelError):
    """The account is empty, or the key may not use this model (403, 402)."""

    rule = "out_of_credit"

    def __init__(self, facts: Facts) -> None:
        said = f"{saying(facts)}. Most often" if facts.quote else ":"
        super().__init__(
            f"{facts.host} refused the request ({facts.status or 403}){said} the account is out of "
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
        when = f"in {duration(seconds)}" if seconds else "in a minute"
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
            f"{facts.host} does not accept {what} ({facts.status or 400}){saying(facts)}. Nothing "
            f"was changed. {advice}",
            facts,
        )


class MediaRefused(BadRequest):
    """The server does not take the image or video of a request."""

    rule = "media_refused"

    def __init__(self, facts: Facts, kind: MediaKind) -> None:
        self.parameter = None
        what = "image" if kind == "image" else "video"
        says = saying(facts) if not _ENCODED.search(facts.quote) else ""
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
