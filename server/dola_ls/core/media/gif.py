"""GIF without its metadata: https://www.w3.org/Graphics/GIF/spec-gif89a.txt."""

from __future__ import annotations

from dola_ls.core.media.faults import damaged
from dola_ls.core.media.media import Facts

MAGICS = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_PLAIN_TEXT, _CONTROL, _APPLICATION = 0x01, 0xF9, 0xFF
#: Applications whose blocks belong to the picture: how often it is repeated, and its colours.
_KEPT = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")


def strip_gif(data: bytes) -> tuple[bytes, Facts]:
    """Return a GIF file with nothing but the picture, and what it is; raises Unfit."""
    if len(data) < 13:
        raise damaged("GIF")
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    at = 13 + _colours(data[10])
    parts, images = [data[:at]], 0
    while True:
        if at == len(data) and images:
            break  # without its last byte, as some old programs write it
        if at >= len(data):
            raise damaged("GIF")
        start, block = at, data[at]
        if block == _TRAILER:
            break
        if block == _EXTENSION:
            at = _sub_blocks(data, at + 2)
            kept = _is_kept(data[start + 1], data[start + 3 : start + 14])
        elif block == _IMAGE and at + 10 < len(data):
            # A descriptor, perhaps colours of its own, and the width of the first codes.
            at = _sub_blocks(data, at + 10 + _colours(data[at + 9]) + 1)
            kept, images = True, images + 1
        else:
            raise damaged("GIF")
        if kept:
            parts.append(data[start:at])
    if not images:
        raise damaged("GIF")
    parts.append(bytes([_TRAILER]))
    return b"".join(parts), Facts("image", "GIF", "image/gif", width, height)


def _is_kept(label: int, application: bytes) -> bool:
    if label == _APPLICATION:
        return application in _KEPT
    return label in (_CONTROL, _PLAIN_TEXT)


def _colours(flags: int) -> int:
    """Return the bytes of the table of colours that follows."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> int:
    """Return where a chain of blocks ends, each with its length before it."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    if at >= len(data):
        raise damaged("GIF")
    return at + 1
