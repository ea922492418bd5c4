"""WebP without its metadata: https://developers.google.com/speed/webp/docs/riff_container."""

from __future__ import annotations

from collections.abc import Iterator

from dola_ls.core.media.faults import damaged
from dola_ls.core.media.media import Facts

#: Chunks of the picture; all others go.
_KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
#: Of the extended header: there is Exif, there is XMP.
_FLAGS = 0x08 | 0x04
#: Bytes of a frame of an animation before its own chunks.
_FRAME = 16


def is_webp(data: bytes) -> bool:
    """Tell whether bytes begin as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def strip_webp(data: bytes) -> tuple[bytes, Facts]:
    """Return a WebP file with nothing but the picture, and what it is; raises Unfit."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) + 1:
        raise damaged("WebP")
    parts: list[bytes] = []
    size = (0, 0)
    for type, body in _chunks(data[12:end]):
        size = size if all(size) else _size(type, body)
        if type == b"VP8X" and body:
            body = bytes([body[0] & ~_FLAGS]) + body[1:]
        elif type == b"ANMF":
            inner = [_chunk(*one) for one in _chunks(body[_FRAME:]) if one[0] in _KEPT]
            body = body[:_FRAME] + b"".join(inner)
        if type in _KEPT:
            parts.append(_chunk(type, body))
    if not all(size):
        raise damaged("WebP")
    rest = b"WEBP" + b"".join(parts)
    stripped = b"RIFF" + len(rest).to_bytes(4, "little") + rest
    return stripped, Facts("image", "WebP", "image/webp", *size)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise damaged("WebP")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _chunk(type: bytes, body: bytes) -> bytes:
    return type + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def _size(type: bytes, body: bytes) -> tuple[int, int]:
    """Return the width and height that a chunk tells; zeros where it tells none."""
    if type == b"VP8X" and len(body) >= 10:
        return (
            int.from_bytes(body[4:7], "little") + 1,
            int.from_bytes(body[7:10], "little") + 1,
        )
    if type == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if type == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
        low = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
        return low[0] & 0x3FFF, low[1] & 0x3FFF
    return 0, 0
