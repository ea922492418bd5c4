"""The body of a reply, piece by piece, also where it comes compressed although nobody asked."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator

import httpx

#: The most bytes of a piece that was compressed. httpx unpacks all that has come in one go, and a
#: kilobyte may hold a megabyte.
_PIECE = 64 * 1024
_CODINGS = ("gzip", "x-gzip", "deflate")


async def unpacked(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the body; raises httpx.DecodingError where it is not compressed as it says."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    raw = response.aiter_raw()
    if coding in ("", "identity"):
        async for data in raw:
            yield data
        return
    if coding not in _CODINGS:
        raise httpx.DecodingError(f"a coding that is not known: {coding}")
    # Told apart by its first bytes: what is called deflate has the header of zlib or of gzip.
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    async for data in raw:
        left, piece = data, b"-"
        while piece and not unpacker.eof:
            try:
                piece = unpacker.decompress(left, _PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
            left = unpacker.unconsumed_tail
            if piece:
                yield piece
