"""Why nothing was sent: addresses, keys and limits of the user's own."""

from __future__ import annotations

from dola_ls.model.errors.base import Facts, ModelError, duration


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


class AnswerTooShort(ModelError):
    """The user's own limit on answers leaves no room for the one that is asked for."""

    rule = "answer_too_short"

    def __init__(self, facts: Facts, setting: str, limit: int, least: int) -> None:
        super().__init__(
            f"`{setting}` lets an answer have {limit} tokens, and these lines alone take about "
            f"{least}. Nothing was sent. Raise it, or select fewer lines.",
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
            f"sent and nothing was changed. Try again in {duration(seconds)}.",
            facts,
        )
