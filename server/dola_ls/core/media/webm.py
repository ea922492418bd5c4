"""WebM without its metadata: https://www.rfc-editor.org/rfc/rfc9559 and RFC 8794 (EBML).

As in MP4, places are counted in bytes, so that what goes becomes a ``Void`` of the same length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dola_ls.core.media.faults import Unfit, damaged
from dola_ls.core.media.media import Facts

MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _CLUSTER, _INFO, _TRACKS = 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B
_SEEK, _CUES, _DOC_TYPE = 0x114D9B74, 0x1C53BB6B, 0x4282
_TAGS, _ATTACHMENTS, _CHAPTERS = 0x1254C367, 0x1941A469, 0x1043A770
_ENTRY, _VIDEO, _KIND, _NAME = 0xAE, 0xE0, 0x83, 0x536E
_SCALE, _DURATION, _WIDTH, _HEIGHT = 0x2AD7B1, 0x4489, 0xB0, 0xBA
_VOID, _CRC = 0xEC, 0xBF
#: What is kept of a segment, and of its description. A checksum over what is changed goes with it.
_OF_SEGMENT = frozenset([_CLUSTER, _INFO, _TRACKS, _SEEK, _CUES])
_OF_INFO = frozenset([_SCALE, _DURATION, 0x4D80, 0x5741])
_LEVEL_1 = _OF_SEGMENT | {_TAGS, _ATTACHMENTS, _CHAPTERS}
_PICTURE, _SOUND = 1, 2


@dataclass(frozen=True, slots=True)
class Element:
    """One element, from the first byte of its id to its end."""

    id: int
    start: int
    body: int
    end: int


def strip_webm(data: bytes) -> tuple[bytes, Facts]:
    """Return a film of the same length without metadata, and what it is; raises Unfit."""
    film = bytearray(data)
    top = list(_elements(film, 0, len(film)))
    kinds = [one for one in _elements(film, top[0].body, top[0].end) if one.id == _DOC_TYPE]
    if not kinds or film[kinds[0].body : kinds[0].end].rstrip(b"\0") != b"webm":
        raise Unfit("it is Matroska, but no WebM video")
    seconds, size, pictures = 0.0, (0, 0), 0
    for segment in top[1:]:
        if segment.id != _SEGMENT:
            _void(film, segment)
            continue
        for element in _elements(film, segment.body, segment.end):
            if element.id not in _OF_SEGMENT:
                _void(film, element)
            elif element.id == _CLUSTER:
                for one in _elements(film, element.body, element.end):
                    if one.id == _VOID:
                        _void(film, one)
            elif element.id == _INFO:
                seconds = _strip_info(film, element)
            elif element.id == _TRACKS:
                for entry in list(_elements(film, element.body, element.end)):
                    if entry.id != _ENTRY:
                        _void(film, entry)
                        continue
                    seen = _strip_track(film, entry)
                    size, pictures = (seen, pictures + 1) if seen else (size, pictures)
    if not pictures:
        raise Unfit("it holds no video, or is a damaged WebM file")
    return bytes(film), Facts("video", "WebM", "video/webm", *size, seconds)


def _elements(film: bytearray, at: int, end: int) -> Iterator[Element]:
    while at < end:
        id, body = _vint(film, at, marked=True)
        length, body = _vint(film, body)
        if length is None and id in (_SEGMENT, _CLUSTER):
            # Of unknown length, as browsers record: up to the next element that is not within.
            stop = end if id == _SEGMENT else _end_of_cluster(film, body, end)
        elif length is None:
            raise damaged("WebM")
        else:
            stop = body + length
        if id is None or stop > end:
            raise damaged("WebM")
        yield Element(id, at, body, stop)
        at = stop


def _end_of_cluster(film: bytearray, at: int, end: int) -> int:
    while at < end:
        id, body = _vint(film, at, marked=True)
        if id in _LEVEL_1:
            return at
        length, body = _vint(film, body)
        if length is None:
            raise damaged("WebM")
        at = body + length
    return at


def _vint(film: bytearray, at: int, *, marked: bool = False) -> tuple[int | None, int]:
    """Return a number of variable width and where it ends; None where all its bits are set."""
    if at >= len(film) or not film[at]:
        raise damaged("WebM")
    width = 9 - film[at].bit_length()
    raw = int.from_bytes(film[at : at + width], "big")
    if at + width > len(film):
        raise damaged("WebM")
    if marked:
        return raw, at + width
    value = raw & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), at + width


def _strip_info(film: bytearray, info: Element) -> float:
    """Take names and times out of a film's description; return its seconds."""
    scale, duration = 1_000_000, 0.0
    for element in list(_elements(film, info.body, info.end)):
        body = bytes(film[element.body : element.end])
        if element.id not in _OF_INFO:
            _void(film, element)
        elif element.id == _SCALE:
            scale = int.from_bytes(body, "big")
        elif element.id == _DURATION and len(body) in (4, 8):
            [duration] = struct.unpack(">f" if len(body) == 4 else ">d", body)
    seconds = duration * scale / 1e9
    return seconds if 0 < seconds < 1e7 else 0.0


def _strip_track(film: bytearray, entry: Element) -> tuple[int, int] | None:
    """Take a track's name out; return the size of its picture, None where it has none."""
    kind, size = 0, [0, 0]
    for element in list(_elements(film, entry.body, entry.end)):
        if element.id in (_NAME, _CRC, _VOID):
            _void(film, element)
        elif element.id == _KIND:
            kind = int.from_bytes(film[element.body : element.end], "big")
        elif element.id == _VIDEO:
            for one in _elements(film, element.body, element.end):
                if one.id in (_WIDTH, _HEIGHT):
                    pixels = int.from_bytes(film[one.body : one.end], "big")
                    size[one.id == _HEIGHT] = min(pixels, 1 << 16)
    if kind not in (_PICTURE, _SOUND):
        raise Unfit("it holds data besides picture and sound that cannot be taken out")
    return (size[0], size[1]) if kind == _PICTURE else None


def _void(film: bytearray, element: Element) -> None:
    """Put an element of zeros in the place of another; every element has two bytes or more."""
    total = element.end - element.start
    if total >= 9:
        head = bytes([_VOID, 0x01]) + (total - 9).to_bytes(7, "big")
    else:
        head = bytes([_VOID, 0x80 | (total - 2)])
    film[element.start : element.end] = head + bytes(total - len(head))
