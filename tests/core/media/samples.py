"""Small images and videos, written byte by byte, with or without metadata."""

from __future__ import annotations

import struct
import zlib

#: What stands in every piece of metadata, so that a test can look for it.
CANARY = b"canary-48.2N-11.6E"


def chunk(type: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(body)) + type + body + struct.pack(">I", zlib.crc32(type + body))


def png(
    width: int = 3, height: int = 2, pixels: bytes | None = None, *extra: tuple[bytes, bytes]
) -> bytes:
    """Return a grey PNG picture; `extra` are chunks before the pixels."""
    pixels = bytes(width * height) if pixels is None else pixels
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    middle = b"".join(chunk(*one) for one in extra)
    body = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + head + middle + body + chunk(b"IEND", b"")


#: Metadata of PNG, each in a chunk of its own.
PNG_METADATA = [
    (b"tEXt", b"Comment\0" + CANARY),
    (b"zTXt", b"Comment\0\0" + zlib.compress(CANARY)),
    (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + CANARY),
    (b"eXIf", b"MM\0*" + CANARY),
    (b"tIME", b"\x07\xea\x0b\x1d\x0c\x00\x00"),
    (b"prVt", CANARY),
]


def segment(marker: int, body: bytes) -> bytes:
    """Return a segment of a JPEG file."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


JFIF = segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0")
ICC = segment(0xE2, b"ICC_PROFILE\0\1\1" + b"profile")
ADOBE = segment(0xEE, b"Adobe\0d\0\0\0\0\1")
TABLES = segment(0xDB, bytes(65)) + segment(0xC4, bytes(20))
FRAME = segment(0xC0, b"\x08" + struct.pack(">HH", 40, 30) + b"\1\1\x11\0")
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56\xff\x00"


def exif(orientation: int) -> bytes:
    """Return a segment with Exif: an orientation, a place, and a thumbnail."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    place = struct.pack("<HHII", 0x8825, 4, 1, 38)
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entry + place + bytes(4)
    return segment(0xE1, b"Exif\0\0" + tiff + CANARY)


def jpeg(*between: bytes, tail: bytes = b"") -> bytes:
    """Return a JPEG picture of two scans with segments between its beginning and its tables."""
    return b"\xff\xd8" + b"".join(between) + TABLES + FRAME + SCAN + SCAN + b"\xff\xd9" + tail


def gif(*extra: bytes, tail: bytes = b"") -> bytes:
    """Return a GIF picture of 4x3 with blocks before its image."""
    head = b"GIF89a" + struct.pack("<HHBBB", 4, 3, 0x80, 0, 0) + bytes(6)
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 3, 0) + b"\2" + b"\3\x84\x1f\x05\0"
    return head + b"".join(extra) + image + b";" + tail


LOOP = b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0"
CONTROL = b"\x21\xf9\4\0\0\0\0\0"
GIF_COMMENT = b"\x21\xfe" + bytes([len(CANARY)]) + CANARY + b"\0"
GIF_XMP = b"\x21\xff\x0bXMP DataXMP" + bytes([len(CANARY)]) + CANARY + b"\0"


def riff(type: bytes, body: bytes) -> bytes:
    """Return a chunk of a WebP file."""
    return type + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


VP8 = riff(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 7, 5) + b"pix")


def webp(*chunks: bytes) -> bytes:
    """Return a WebP file of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def vp8x(flags: int) -> bytes:
    """Return the extended header of a WebP picture of 7x5."""
    return riff(b"VP8X", bytes([flags, 0, 0, 0, 6, 0, 0, 4, 0, 0]))


def box(type: bytes, *parts: bytes) -> bytes:
    """Return a box of an MP4 file."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + type + body


def numbers(values: list[int]) -> bytes:
    """Return how many numbers there are, and the numbers."""
    return struct.pack(f">{len(values) + 1}I", len(values), *values)


def track(handler: bytes, chunks: list[int], sizes: list[int], *extra: bytes) -> bytes:
    """Return a track whose chunks of one sample each lie at these offsets."""
    times = b"\xaa" * 8
    tkhd = box(b"tkhd", bytes(4), times, bytes(64), struct.pack(">HHHH", 64, 0, 48, 0))
    table = box(
        b"stbl",
        box(b"stsd", bytes(8)),
        box(b"stsz", bytes(8), numbers(sizes)),
        box(b"stsc", bytes(4), struct.pack(">IIII", 1, 1, 1, 1)),
        box(b"stco", bytes(4), numbers(chunks)),
    )
    media = box(
        b"mdia",
        box(b"mdhd", bytes(4), times, bytes(12)),
        box(b"hdlr", bytes(8), handler, bytes(13)),
        box(b"minf", box(b"vmhd", bytes(12)), table, box(b"udta", CANARY)),
        *extra,
    )
    return box(b"trak", tkhd, media, *extra)


def movie(*extra: bytes, brand: bytes = b"isom", places: bool = True, tail: bytes = b"") -> bytes:
    """Return a film: a picture, a sound and, with `places`, a track that says where it was."""
    head = box(b"ftyp", brand, bytes(4))
    samples = [b"picture-1", b"picture-2", b"sound-1", CANARY]
    at, offsets = len(head) + 8, []
    for one in samples:
        offsets.append(at)
        at += len(one)
    mvhd = box(b"mvhd", bytes(4), b"\xaa" * 8, struct.pack(">II", 600, 1500), bytes(80))
    tracks = [
        track(b"vide", offsets[:2], [9, 9], *extra),
        track(b"soun", offsets[2:3], [7]),
        *([track(b"meta", offsets[3:], [len(CANARY)])] if places else []),
    ]
    if not places:
        samples[3] = bytes(len(CANARY))
    return head + box(b"mdat", *samples) + box(b"moov", mvhd, *tracks, *extra) + tail


def element(id: int, body: bytes, *, unknown: bool = False) -> bytes:
    """Return an element of a WebM file."""
    raw = id.to_bytes((id.bit_length() + 7) // 8, "big")
    if unknown:
        return raw + b"\x01" + b"\xff" * 7 + body
    return raw + b"\x01" + len(body).to_bytes(7, "big") + body


CLUSTER = element(0xE7, b"\0") + element(0xA3, b"\x81\0\0\x80frame")


def webm(
    *extra: bytes, info: bytes = b"", live: bool = False, doc: bytes = b"webm", kind: int = 1
) -> bytes:
    """Return a film of 64x48 and 2.5 s; `extra` are elements of its segment behind the pictures."""
    head = element(0x1A45DFA3, element(0x4282, doc))
    length = element(0x4489, struct.pack(">d", 2500.0))
    about = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3, "big")) + length + info)
    size = element(0xE0, element(0xB0, b"\x40") + element(0xBA, b"\x30"))
    entry = element(0xD7, b"\1") + element(0x83, bytes([kind])) + element(0x536E, CANARY) + size
    tracks = element(0x1654AE6B, element(0xAE, entry))
    pictures = element(0x1F43B675, CLUSTER, unknown=live)
    return head + element(0x18538067, about + tracks + pictures + b"".join(extra), unknown=live)
