"""Who issued a certificate that was not trusted, so that a sentence can name the company proxy.

Python tells nothing about a certificate it rejected before 3.13, so the certificate is fetched
once more and its issuer read from the DER bytes (RFC 5280 §4.1). Nothing is sent in doing so, and
nothing that was read is relied on for more than the sentence.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

_COMMON_NAME = bytes.fromhex("550403")
_ORGANISATION = bytes.fromhex("55040a")
_SEQUENCE, _VERSION = 0x30, 0xA0
_ENCODINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
_TIMEOUT = 3.0
_LONGEST = 80


async def fetch_issuer(origin: str) -> str | None:
    """Return the name of who issued the certificate shown at `origin`, or None."""
    parts = urlsplit(origin)
    address = (parts.hostname or "", parts.port or 443)
    try:
        pem = await asyncio.to_thread(ssl.get_server_certificate, address, timeout=_TIMEOUT)
        return issuer_of(ssl.PEM_cert_to_DER_cert(pem))
    except (OSError, ValueError):
        return None


def issuer_of(der: bytes) -> str | None:
    """Return the issuer's common name, or its organisation, from an X.509 certificate.

    Raises ValueError where `der` is no certificate.
    """
    signed = _first(_first(der))
    fields = [value for value in _values(signed) if value[0] != _VERSION]
    # serialNumber, signature, issuer
    if len(fields) < 3 or fields[2][0] != _SEQUENCE:
        raise ValueError("not a certificate")
    names: dict[bytes, str] = {}
    for _, relative in _values(fields[2][1]):
        for _, attribute in _values(relative):
            pair = list(_values(attribute))
            if len(pair) == 2 and pair[1][0] in _ENCODINGS:
                names[pair[0][1]] = pair[1][1].decode(_ENCODINGS[pair[1][0]], "replace")
    name = names.get(_COMMON_NAME) or names.get(_ORGANISATION) or ""
    shown = "".join(char for char in name if char.isprintable()).strip()[:_LONGEST]
    return shown or None


def _first(der: bytes) -> bytes:
    for _, content in _values(der):
        return content
    raise ValueError("empty")


def _values(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each value in a DER sequence."""
    position = 0
    while position < len(der):
        if position + 2 > len(der):
            raise ValueError("cut off")
        tag, length = der[position], der[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(der[position : position + count], "big")
            position += count
        if position + length > len(der):
            raise ValueError("cut off")
        yield tag, der[position : position + length]
        position += length
