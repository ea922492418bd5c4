"""MP4 and QuickTime without their metadata, every byte of the rest in its place.

https://developer.apple.com/documentation/quicktime-file-format and ISO/IEC 14496-12. A file is
boxes within boxes, and tables in it count bytes from the file's beginning, so nothing is taken out:
what is not needed to show the film becomes a ``free`` box of the same length, with zeros in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dola_ls.core.media.faults import Unfit, damaged
from dola_ls.core.media.media import Facts

#: What is kept of the boxes in each kind of box; of the file itself first. All others go: ``udta``
#: and ``meta`` with names and places (``©xyz``), ``uuid``, ``prft`` and ``emsg`` with times.
_KEPT: dict[bytes, frozenset[bytes]] = {
    b"": frozenset(b"ftyp styp moov mdat moof mfra sidx ssix wide".split()),
    b"moov": frozenset(b"mvhd trak mvex iods".split()),
    b"trak": frozenset(b"tkhd mdia edts tref tapt load".split()),
    b"mdia": frozenset(b"mdhd minf hdlr elng".split()),
    b"minf": frozenset(b"vmhd smhd nmhd gmhd hmhd hdlr dinf stbl".split()),
    b"dinf": frozenset([b"dref"]),
    b"moof": frozenset(b"mfhd traf".split()),
    b"traf": frozenset(b"tfhd tfdt trun sdtp sbgp sgpd subs saiz saio senc".split()),
}
_IMAGES = frozenset(b"heic heix heim heis hevc hevx mif1 msf1 avif avis".split())
_FIRST = frozenset(b"ftyp moov mdat wide free skip".split())
#: Boxes with the times at which something was made.
_TIMED = frozenset(b"mvhd tkhd mdhd".split())


@dataclass(frozen=True, slots=True)
class Box:
    """One box, from the first byte of its length to its end."""

    type: bytes
    start: int
    body: int
    end: int


def is_mp4(data: bytes) -> bool:
    """Tell whether bytes begin as MP4 or QuickTime does, and not as a picture in such boxes."""
    return data[4:8] in _FIRST and not (data[4:8] == b"ftyp" and data[8:12] in _IMAGES)


def strip_mp4(data: bytes) -> tuple[bytes, Facts]:
    """Return a film of the same length without metadata, and what it is; raises Unfit.

    Picture and sound are kept. Other tracks are not, nor what they hold: cameras and drones write
    there where they were.
    """
    film = bytearray(data)
    top = list(_boxes(film, 0, len(film)))
    for box in top:
        _strip(film, box, b"")
    movies = [box for box in top if box.type == b"moov"]
    seconds, size, pictures = 0.0, (0, 0), 0
    for movie in movies:
        for box in _boxes(film, movie.body, movie.end):
            if box.type == b"mvhd":
                seconds = _seconds(film, box)
            handler = _handler(film, box) if box.type == b"trak" else b""
            if handler == b"vide":
                pictures += 1
                size = _size(film, box)
            elif handler and handler != b"soun":
                if any(other.type == b"moof" for other in top):
                    raise Unfit("it holds data besides picture and sound that cannot be taken out")
                _blank_samples(film, box)
                _blank(film, box)
    if not pictures:
        raise Unfit("it holds no video, or is a damaged MP4 file")
    quick = film[4:8] != b"ftyp" or film[8:12] == b"qt  "
    format, mime = ("MOV", "video/quicktime") if quick else ("MP4", "video/mp4")
    return bytes(film), Facts("video", format, mime, *size, seconds)


def _boxes(film: bytearray, at: int, end: int) -> Iterator[Box]:
    while at + 8 <= end:
        length, body = int.from_bytes(film[at : at + 4], "big"), at + 8
        if length == 1:
            length, body = int.from_bytes(film[at + 8 : at + 16], "big"), at + 16
        elif length == 0:
            # To the end of the file; within a box it is the mark behind its last one.
            length = len(film) - at if end == len(film) else 0
        if length == 0:
            return
        if at + length > end or at + length < body:
            raise damaged("MP4")
        yield Box(bytes(film[at + 4 : at + 8]), at, body, at + length)
        at += length


def _strip(film: bytearray, box: Box, within: bytes) -> None:
    if box.type not in _KEPT[within]:
        _blank(film, box)
    elif box.type in _TIMED:
        width = 16 if film[box.body] == 1 else 8
        _clear(film, box.body + 4, min(box.body + 4 + width, box.end))
    elif box.type == b"dref":
        # Where the film's parts lie; old ones hold paths of the machine they were made on.
        for place in _boxes(film, box.body + 8, box.end):
            _clear(film, place.body + 4, place.end)
    elif box.type in _KEPT:
        for inner in _boxes(film, box.body, box.end):
            _strip(film, inner, box.type)


def _blank(film: bytearray, box: Box) -> None:
    film[box.start + 4 : box.start + 8] = b"free"
    _clear(film, box.body, box.end)


def _clear(film: bytearray, start: int, end: int) -> None:
    if end > start:
        film[start:end] = bytes(end - start)


def _find(film: bytearray, box: Box, *path: bytes) -> Box | None:
    for type in path:
        found = [inner for inner in _boxes(film, box.body, box.end) if inner.type == type]
        if not found:
            return None
        box = found[0]
    return box


def _handler(film: bytearray, track: Box) -> bytes:
    """Return what a track holds: ``vide``, ``soun``, ``meta`` …"""
    box = _find(film, track, b"mdia", b"hdlr")
    return bytes(film[box.body + 8 : box.body + 12]) if box is not None else b"none"


def _seconds(film: bytearray, box: Box) -> float:
    long = film[box.body] == 1
    at = box.body + (20 if long else 12)
    scale = int.from_bytes(film[at : at + 4], "big")
    raw = bytes(film[at + 4 : at + (12 if long else 8)])
    unknown = raw.count(0xFF) == len(raw)
    return int.from_bytes(raw, "big") / scale if scale and not unknown else 0.0


def _size(film: bytearray, track: Box) -> tuple[int, int]:
    box = _find(film, track, b"tkhd")
    if box is None or box.end - box.body < 84:
        return 0, 0
    # In 1/65536 of a pixel.
    width, height = (int.from_bytes(film[at : at + 2], "big") for at in (box.end - 8, box.end - 4))
    return width, height


def _blank_samples(film: bytearray, track: Box) -> None:
    """Put zeros in the place of all that a track holds, going by its tables."""
    table = _find(film, track, b"mdia", b"minf", b"stbl")
    if table is None:
        return
    parts = {box.type: box for box in _boxes(film, table.body, table.end)}
    sizes, runs = parts.get(b"stsz"), parts.get(b"stsc")
    places = parts.get(b"stco") or parts.get(b"co64")
    if sizes is None or runs is None or places is None:
        raise Unfit("it holds data besides picture and sound that cannot be taken out")

    def number(box: Box, at: int, width: int = 4) -> int:
        return int.from_bytes(film[box.body + at : min(box.body + at + width, box.end)], "big")

    width = 8 if places.type == b"co64" else 4
    chunks = min(number(places, 4), (places.end - places.body - 8) // width)
    starts = [number(runs, 8 + 12 * n) for n in range((runs.end - runs.body - 8) // 12)]
    each, sample, run = number(sizes, 4), 0, 0
    left = number(sizes, 8) if each else (sizes.end - sizes.body - 12) // 4
    for chunk in range(1, chunks + 1):
        while run + 1 < len(starts) and starts[run + 1] <= chunk:
            run += 1
        count = min(number(runs, 12 + 12 * run), left - sample)
        length = (
            each * count
            if each
            else sum(number(sizes, 12 + 4 * n) for n in range(sample, sample + count))
        )
        sample += count
        start = number(places, 8 + width * (chunk - 1), width)
        _clear(film, min(start, len(film)), min(start + length, len(film)))
