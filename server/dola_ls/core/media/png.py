"""PNG without its metadata: https://www.w3.org/TR/png-3/."""

from __future__ import annotations

from collections.abc import Iterator

from dola_ls.core.media.faults import damaged
from dola_ls.core.media.media import Facts

MAGIC = b"\x89PNG\r\n\x1a\n"
#: Chunks that may be left out of a picture and are kept: transparency, colour, size and animation.
#: What is not here goes: texts, Exif, times, and what no standard knows.
_KEPT = frozenset(b"tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD pHYs acTL fcTL fdAT".split())


def strip_png(data: bytes) -> tuple[bytes, Facts]:
    """Return a PNG file with nothing but the picture, and what it is; raises Unfit.

    What stands behind the end goes too: a picture that was cropped may have left the rest there
    (CVE-2023-21036).
    """
    parts, width, height = [MAGIC], 0, 0
    for type, chunk in _chunks(data):
        if not width:
            if type != b"IHDR" or len(chunk) != 25:
                raise damaged("PNG")
            width = int.from_bytes(chunk[8:12], "big")
            height = int.from_bytes(chunk[12:16], "big")
            if not width or not height:
                raise damaged("PNG")
        # An upper-case first letter means that no picture can be shown without it.
        if type[:1].isupper() or type in _KEPT:
            parts.append(chunk)
    return b"".join(parts), Facts("image", "PNG", "image/png", width, height)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk's type and the whole of it, up to the last one."""
    at = len(MAGIC)
    while at + 12 <= len(data):
        type = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data) or not type.isalpha():
            break
        yield type, data[at:end]
        if type == b"IEND":
            return
        at = end
    raise damaged("PNG")
