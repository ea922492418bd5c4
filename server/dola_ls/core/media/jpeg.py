"""JPEG without its metadata: ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf."""

from __future__ import annotations

import re

from dola_ls.core.media.faults import damaged
from dola_ls.core.media.media import Facts

MAGIC = b"\xff\xd8\xff"
#: Markers that no length follows: restarts, and one that means nothing.
_BARE = frozenset([0x01, *range(0xD0, 0xD8)])
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
#: Where the coded data of a scan ends: at a marker, which neither a stuffed zero nor a restart is.
_SCAN_ENDS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
#: Exif's orientation, of an ordinary TIFF directory.
_ORIENTATION = 0x0112


def strip_jpeg(data: bytes) -> tuple[bytes, Facts]:
    """Return a JPEG file with nothing but the picture, and what it is; raises Unfit.

    Of Exif the orientation alone is kept, written anew: without it the model would see a picture
    lying on its side. Thumbnails go, and so does what stands behind the end.
    """
    parts, at, size, orientation = [data[:2]], 2, (0, 0), 1
    while True:
        at, marker = _marker(data, at)
        if marker == _EOI:
            break
        if marker in _BARE:
            parts.append(bytes([0xFF, marker]))
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data) or marker == _SOI:
            raise damaged("JPEG")
        body = data[at + 2 : at + length]
        at += length
        if marker in _FRAMES and len(body) >= 5:
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        if marker == 0xE1:
            orientation = _orientation_of(body) or orientation
        kept = _kept(marker, body)
        if kept is not None:
            parts.append(_segment(marker, kept))
        if marker == _SOS:
            end = _SCAN_ENDS.search(data, at)
            if end is None:
                raise damaged("JPEG")
            parts.append(data[at : end.start()])
            at = end.start()
    if not all(size):
        raise damaged("JPEG")
    if orientation != 1:
        # Behind JFIF's own segment, which has to come first.
        parts.insert(2 if len(parts) > 1 and parts[1][1] == 0xE0 else 1, _turned(orientation))
    parts.append(bytes([0xFF, _EOI]))
    return b"".join(parts), Facts("image", "JPEG", "image/jpeg", *size)


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker at an offset, and where it ends; it may begin with several ``FF``."""
    if data[at : at + 1] != b"\xff":
        raise damaged("JPEG")
    while at < len(data) and data[at] == 0xFF:
        at += 1
    if at >= len(data):
        raise damaged("JPEG")
    return at + 1, data[at]


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _kept(marker: int, body: bytes) -> bytes | None:
    """Return what is kept of a segment; None for nothing."""
    if marker == 0xE0:
        # The size of a pixel, without the thumbnail behind it.
        return body[:12] + b"\0\0" if body[:5] == b"JFIF\0" and len(body) >= 14 else None
    if marker == 0xE2:
        return body if body.startswith(b"ICC_PROFILE\0") else None
    if marker == 0xEE:
        # How the colours were changed before they were coded.
        return body[:12] if body.startswith(b"Adobe") and len(body) >= 12 else None
    return None if marker == _COM or 0xE0 <= marker <= 0xEF else body


def _orientation_of(body: bytes) -> int | None:
    """Return Exif's orientation, from 1 to 8; None where a segment does not tell."""
    if not body.startswith(b"Exif\0\0"):
        return None
    tiff = body[6:]

    def number(at: int, width: int) -> int:
        return int.from_bytes(tiff[at : at + width], "little" if tiff[:2] == b"II" else "big")

    first = number(4, 4)
    for entry in range(min(number(first, 2), 200)):
        at = first + 2 + 12 * entry
        if number(at, 2) == _ORIENTATION and number(at + 2, 2) == 3:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else None
    return None


def _turned(orientation: int) -> bytes:
    """Return an Exif segment that holds an orientation and nothing else."""
    entry = _ORIENTATION.to_bytes(2, "big") + b"\0\3\0\0\0\1" + orientation.to_bytes(2, "big")
    tiff = b"MM\0*\0\0\0\x08\0\1" + entry + b"\0\0" + b"\0\0\0\0"
    return _segment(0xE1, b"Exif\0\0" + tiff)
