"""Servers that cannot be reached, fail or speak another protocol."""

from __future__ import annotations

from dola_ls.model.errors.base import Facts, ModelError, duration, saying


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
            f"{facts.host} failed{status}{saying(facts)}. Nothing was changed. Try again in a "
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
        within = f" within {duration(seconds)}" if seconds else ""
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
