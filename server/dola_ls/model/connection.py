"""Connections to one endpoint: trusted certificates, the proxy, and a pool that is thrown away.

httpx 0.28.1 loses a place in its pool when a request is cancelled at a bad moment
(https://github.com/encode/httpx/issues/3782, https://github.com/encode/httpcore/issues/1093), and
a language server cancels all day long. So a client that had a request end in any way but its own
is not used again: it is closed as soon as its other requests are over.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Coroutine
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from dola_ls.model import errors
from dola_ls.model.endpoint import Endpoint, is_loopback

#: Seconds a connection is kept after use: less than proxies and sleeping machines keep theirs.
KEEPALIVE = 5.0


class Closable(Protocol):
    """Something with a connection."""

    async def aclose(self) -> None:
        """Let go of it."""
        ...


class Lease:
    """One client and how many requests use it now."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.users = 0
        self.retired = False


class Connections:
    """Hands out an httpx client, made at first use and replaced after a request went astray."""

    def __init__(self, endpoint: Endpoint, timeout: httpx.Timeout) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._context: ssl.SSLContext | None = None
        self._lease: Lease | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def take(self) -> Lease:
        """Return the client for one request; give it to `give_back` whatever happens."""
        if self._context is None:
            # Reading a few hundred certificates takes long enough to hold up typing.
            self._context = await asyncio.to_thread(trusted, self._endpoint)
        if self._lease is None:
            self._lease = Lease(self._client(self._context))
        self._lease.users += 1
        return self._lease

    async def give_back(
        self, lease: Lease, response: httpx.Response | None, socket: Closable | None, *, clean: bool
    ) -> None:
        """End one request; `clean` tells that it was neither cancelled nor broken.

        `socket` is the connection that was opened for it, if one was. The closing runs in a task
        of its own: a second cancel cannot stop it half way.
        """
        lease.users -= 1
        if not clean:
            self._retire(lease)
        closing = self._let_go(lease, response, None if clean else socket)
        await asyncio.shield(self._spawn(closing))

    async def aclose(self) -> None:
        """Close everything, also what is in use; the next request starts afresh."""
        lease = self._lease
        if lease is not None:
            self._retire(lease)
            self._spawn(_close(lease.client))
        while self._closing:
            await asyncio.gather(*self._closing)

    def _retire(self, lease: Lease) -> None:
        lease.retired = True
        if self._lease is lease:
            self._lease = None

    async def _let_go(
        self, lease: Lease, response: httpx.Response | None, socket: Closable | None
    ) -> None:
        if response is not None:
            await _close(response)
        if socket is not None:
            # httpcore 1.0.9 forgets a socket whose TLS handshake is cancelled.
            await _close(socket)
        if lease.retired and not lease.users:
            await _close(lease.client)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def _client(self, context: ssl.SSLContext) -> httpx.AsyncClient:
        proxy = proxy_for(self._endpoint)
        try:
            if proxy is not None and not urlsplit(proxy).hostname:
                raise ValueError("no host")
            return httpx.AsyncClient(
                verify=context,
                http1=True,
                http2=False,
                proxy=proxy,
                trust_env=False,
                follow_redirects=False,
                timeout=self._timeout,
                limits=httpx.Limits(
                    max_connections=100, max_keepalive_connections=4, keepalive_expiry=KEEPALIVE
                ),
            )
        except (ValueError, httpx.InvalidURL, ImportError):
            # ImportError: SOCKS needs a package that is not among the dependencies. The address
            # itself may hold a password and is not repeated.
            raise errors.BadAddress(
                errors.Facts(host=self._endpoint.host),
                "The proxy's address is not one of the form http://host:port",
            ) from None


async def _close(what: Closable) -> None:
    try:
        await what.aclose()
    except (httpx.HTTPError, OSError, RuntimeError):
        # The connection is gone already, which is all that was wanted.
        pass


def trusted(endpoint: Endpoint) -> ssl.SSLContext:
    """Return whom to trust: `ca_bundle` if set, else SSL_CERT_FILE, else the usual authorities.

    The usual ones are those of the system, where a company's own is found, and Mozilla's list.
    Raises TlsFailed where a file named by the user cannot be read.
    """
    if urlsplit(endpoint.base_url).scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if endpoint.ca_bundle:
            return ssl.create_default_context(cafile=endpoint.ca_bundle)
        context = httpx.create_ssl_context()
        if not {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys():
            context.load_default_certs()
    except (OSError, ssl.SSLError):
        name = endpoint.ca_bundle or "the file or directory SSL_CERT_FILE or SSL_CERT_DIR names"
        facts = errors.Facts(host=endpoint.host)
        raise errors.TlsFailed(facts, f"no certificates can be read from {name}") from None
    return context


def proxy_for(endpoint: Endpoint) -> str | None:
    """Return the proxy for `endpoint`: never for this machine, else the setting, else the system's.

    NO_PROXY speaks of the environment's proxies and leaves the setting alone.
    """
    if is_loopback(endpoint.base_url):
        return None
    if endpoint.proxy:
        return _with_scheme(endpoint.proxy)
    parts = urlsplit(endpoint.base_url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return _with_scheme(proxy) if proxy else None


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"
