"""Servers with a certificate of an authority that only a test knows."""

from __future__ import annotations

import ssl

import trustme


def server_context(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    """Return what a server at `name` needs to speak TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
