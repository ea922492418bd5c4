"""Where requests go and with which key; a key is bound to one origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

from dola_ls.model.known_models import UNKNOWN_CONTEXT

if TYPE_CHECKING:
    from dola_ls.model.sampling import Plan

Effort = Literal["low", "medium", "high"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PATH = "/chat/completions"


def origin_of(url: str) -> str:
    """Return scheme, host and port of `url`, normalised: ``https://api.example.com:443``.

    Raises ValueError where the URL has no scheme or host, or a port that is no port.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").lower().rstrip(".")
    port = parts.port or _DEFAULT_PORTS.get(scheme)
    if not host or port is None:
        raise ValueError(f"not an http or https address: {url!r}")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def is_loopback(url: str) -> bool:
    """Tell whether `url` names this machine: ``localhost``, 127.0.0.0/8 or ::1."""
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model behind one OpenAI-compatible address."""

    provider: str
    #: The address before ``/chat/completions``.
    base_url: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    #: The origin the key was given for; it is sent to no other (S2).
    key_origin: str | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    #: None leaves the field out, for servers and models that do not reason.
    reasoning_effort: Effort | None = "low"
    temperature: float | None = 0.0
    #: Tokens of context round the region that the model can afford.
    context_tokens: int = UNKNOWN_CONTEXT
    #: Tokens added to ``max_tokens`` for reasoning, which shares that budget on Seed models. They
    #: think unless told not to, so leaving out the effort is no reason to leave these out.
    reasoning_tokens: int = 4096
    #: How the user wants answers drawn; None where they say nothing.
    plan: Plan | None = None
    #: What the user says that the model takes besides text; None leaves it to
    #: `dola_ls.model.abilities`.
    abilities: frozenset[str] | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port of the address."""
        return origin_of(self.base_url)

    @property
    def host(self) -> str:
        """The host, with its port where that is not the usual one; for sentences."""
        parts = urlsplit(self.base_url)
        host = parts.hostname or self.base_url
        port = parts.port
        return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"

    @property
    def chat_url(self) -> str:
        """The address a chat request is posted to; a query of the base address is kept."""
        parts = urlsplit(self.base_url)
        path = parts.path.rstrip("/")
        if not path.endswith(_PATH):
            path += _PATH
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))

    @property
    def fill_url(self) -> str:
        """The address of llama.cpp's own request to fill a gap; the embedded engine's alone."""
        parts = urlsplit(self.base_url)
        path = parts.path.rstrip("/").removesuffix("/v1") + "/infill"
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
