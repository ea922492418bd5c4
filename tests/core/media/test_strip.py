"""Metadata goes before a picture does; pixels, frames and sound stay what they are."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.media.faults import Unfit
from dola_ls.core.media.strip import strip

from . import samples
from .samples import (
    ADOBE,
    CANARY,
    CLUSTER,
    CONTROL,
    FRAME,
    GIF_COMMENT,
    GIF_XMP,
    ICC,
    JFIF,
    LOOP,
    PNG_METADATA,
    SCAN,
    TABLES,
    VP8,
    box,
    element,
    exif,
    gif,
    jpeg,
    movie,
    png,
    riff,
    segment,
    vp8x,
    webm,
    webp,
)


def pixels_of(data: bytes) -> bytes:
    """Return the rows of a PNG picture, decoded."""
    at, packed = 8, b""
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(packed)


@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seed=st.binary(min_size=81, max_size=81),
    extra=st.lists(st.sampled_from([*PNG_METADATA, (b"gAMA", b"\0\0\xb1\x8f")]), max_size=6),
    tail=st.binary(max_size=30),
)
def test_the_pixels_of_a_png_survive(size, seed, extra, tail):
    width, height = size
    data = png(width, height, seed[: width * height], *extra) + tail
    stripped, facts = strip(data)
    assert pixels_of(stripped) == pixels_of(data[: len(data) - len(tail)])
    colour = [one for one in extra if one[0] == b"gAMA"]
    assert stripped == png(width, height, seed[: width * height], *colour)
    assert (facts.width, facts.height, facts.mime) == (width, height, "image/png")


@pytest.mark.parametrize("metadata", PNG_METADATA, ids=lambda one: one[0].decode())
def test_no_metadata_of_a_png_is_left(metadata):
    stripped, _ = strip(png(3, 2, None, metadata))
    assert metadata[1] not in stripped
    assert stripped == png(3, 2)


@pytest.mark.parametrize(
    "type", [b"tRNS", b"iCCP", b"sRGB", b"cHRM", b"pHYs", b"acTL", b"PLTE", b"bKGD"]
)
def test_what_a_png_is_shown_by_is_kept(type):
    data = png(3, 2, None, (type, b"\0\1\2"))
    assert strip(data)[0] == data


def test_what_was_cropped_away_is_not_sent():
    stripped, _ = strip(
        png() + CANARY + samples.chunk(b"IDAT", CANARY) + samples.chunk(b"IEND", b"")
    )
    assert stripped == png()


METADATA_SEGMENTS = {
    "exif": exif(1),
    "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + CANARY),
    "pages": segment(0xE2, b"MPF\0" + CANARY),
    "iptc": segment(0xED, b"Photoshop 3.0\0" + CANARY),
    "maker": segment(0xEF, CANARY),
    "comment": segment(0xFE, CANARY),
    "thumbnail": segment(0xE0, b"JFXX\0\x10" + CANARY),
}


@pytest.mark.parametrize("name", METADATA_SEGMENTS)
def test_no_metadata_of_a_jpeg_is_left(name):
    stripped, facts = strip(jpeg(JFIF, METADATA_SEGMENTS[name], ICC, ADOBE, tail=CANARY))
    assert CANARY not in stripped
    assert stripped == jpeg(JFIF, ICC, ADOBE)
    assert (facts.width, facts.height, facts.format) == (30, 40, "JPEG")


@given(st.lists(st.sampled_from([*METADATA_SEGMENTS.values(), ICC, ADOBE]), max_size=8))
def test_tables_and_scans_of_a_jpeg_survive(segments):
    stripped, _ = strip(jpeg(*segments))
    kept = b"".join(one for one in segments if one in (ICC, ADOBE))
    assert stripped == b"\xff\xd8" + kept + TABLES + FRAME + SCAN + SCAN + b"\xff\xd9"


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_jpeg_stays_upright(orientation):
    stripped, _ = strip(jpeg(JFIF, exif(orientation)))
    assert CANARY not in stripped
    again, _ = strip(stripped)
    assert again == stripped
    place = stripped.index(b"Exif\0\0")
    assert stripped[place + 6 :].startswith(
        b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0" + bytes([orientation])
    )
    assert stripped.replace(stripped[place - 4 : place + 32], b"") == jpeg(JFIF)


def test_the_thumbnail_of_jfif_goes_and_the_size_of_a_pixel_stays():
    thumbnail = segment(0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\2\2" + CANARY[:12])
    stripped, _ = strip(jpeg(thumbnail))
    assert stripped == jpeg(segment(0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\0\0"))


@given(st.lists(st.sampled_from([LOOP, CONTROL, GIF_COMMENT, GIF_XMP]), max_size=6))
def test_a_gif_keeps_its_images_and_its_loop(blocks):
    stripped, facts = strip(gif(*blocks, tail=CANARY))
    assert stripped == gif(*(one for one in blocks if one in (LOOP, CONTROL)))
    assert (facts.width, facts.height) == (4, 3)


def test_a_gif_without_its_last_byte_is_made_whole():
    assert strip(gif(LOOP)[:-1])[0] == gif(LOOP)


def test_a_webp_picture_loses_exif_and_xmp_and_says_so():
    data = webp(
        vp8x(0x2C), riff(b"ICCP", b"abc"), VP8, riff(b"EXIF", CANARY), riff(b"XMP ", CANARY)
    )
    stripped, facts = strip(data)
    assert stripped == webp(vp8x(0x20), riff(b"ICCP", b"abc"), VP8)
    assert (facts.width, facts.height, facts.mime) == (7, 5, "image/webp")


def test_frames_of_an_animated_webp_survive_without_foreign_chunks():
    frame = bytes(16) + VP8
    data = webp(vp8x(2), riff(b"ANIM", bytes(6)), riff(b"ANMF", frame + riff(b"junk", CANARY)))
    assert strip(data)[0] == webp(vp8x(2), riff(b"ANIM", bytes(6)), riff(b"ANMF", frame))


def test_the_size_of_a_lossless_webp_is_read():
    bits = (6 | 4 << 14).to_bytes(4, "little")
    _, facts = strip(webp(riff(b"VP8L", b"\x2f" + bits + b"x")))
    assert (facts.width, facts.height) == (7, 5)


FILM_METADATA = [
    box(b"udta", box(b"\xa9xyz", CANARY)),
    box(b"meta", bytes(4), box(b"ilst", CANARY)),
    box(b"uuid", bytes(16), CANARY),
    box(b"\xa9xyz", CANARY),
    box(b"free", CANARY),
    b"\0\0\0\1udta" + (len(CANARY) + 16).to_bytes(8, "big") + CANARY,
]


@pytest.mark.parametrize("brand", [b"isom", b"qt  ", b"M4V "])
@pytest.mark.parametrize("extra", FILM_METADATA, ids=range(len(FILM_METADATA)))
def test_no_metadata_of_a_film_is_left_at_any_level(extra, brand):
    data = movie(extra, brand=brand, tail=extra)
    stripped, facts = strip(data)
    assert CANARY not in stripped
    assert b"\xaa" not in stripped, "the time at which it was made"
    assert len(stripped) == len(data)
    assert b"picture-1picture-2sound-1" in stripped
    assert (facts.width, facts.height, facts.seconds) == (64, 48, 2.5)
    assert facts.format == ("MOV" if brand == b"qt  " else "MP4")


def test_tables_of_a_film_stay_where_they_are():
    data = movie(box(b"udta", CANARY))
    stripped, _ = strip(data)
    for type in (b"stsz", b"stco", b"stsc", b"vmhd", b"mdat"):
        assert [n for n in range(len(data)) if data.startswith(type, n)][:2] == [
            n for n in range(len(stripped)) if stripped.startswith(type, n)
        ][:2]
    first = data.index(b"stco")
    assert stripped[first : first + 20] == data[first : first + 20]
    assert strip(stripped)[0] == stripped


def test_a_track_that_says_where_the_camera_was_is_emptied():
    assert CANARY in movie()
    stripped, _ = strip(movie())
    assert CANARY not in stripped
    assert stripped.count(b"trak") == 2
    assert b"meta" not in stripped


def test_places_in_fragments_are_not_sent():
    with pytest.raises(Unfit, match="besides picture and sound"):
        strip(movie(tail=box(b"moof", box(b"mfhd", bytes(8)))))
    assert strip(movie(places=False, tail=box(b"moof", box(b"mfhd", bytes(8)))))[1].kind == "video"


def test_what_holds_no_picture_is_no_video():
    with pytest.raises(Unfit, match="no video"):
        strip(box(b"ftyp", b"M4A ", bytes(4)) + box(b"moov", samples.track(b"soun", [0], [1])))


WEBM_METADATA = [
    element(0x1254C367, element(0x7373, CANARY)),
    element(0x1941A469, CANARY),
    element(0x1043A770, CANARY),
    element(0xEC, CANARY),
]


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("extra", WEBM_METADATA, ids=["tags", "files", "chapters", "void"])
def test_no_metadata_of_a_webm_is_left(extra, live):
    title = element(0x7BA9, CANARY) + element(0x4461, b"\xaa" * 8) + element(0x7384, CANARY)
    data = webm(extra, info=title, live=live)
    stripped, facts = strip(data)
    assert CANARY not in stripped
    assert b"\xaa" not in stripped
    assert len(stripped) == len(data)
    assert stripped.index(CLUSTER) == data.index(CLUSTER)
    assert (facts.width, facts.height, facts.seconds) == (64, 48, 2.5)
    assert strip(stripped)[0] == stripped


def test_matroska_and_subtitles_are_not_taken():
    with pytest.raises(Unfit, match="no WebM"):
        strip(webm(doc=b"matroska"))
    with pytest.raises(Unfit, match="besides picture and sound"):
        strip(webm(kind=0x11))


WHOLE = {
    "png": png(3, 2, None, *PNG_METADATA),
    "jpeg": jpeg(JFIF, exif(6)),
    "gif": gif(GIF_COMMENT),
    "webp": webp(vp8x(8), VP8, riff(b"EXIF", CANARY)),
    "mp4": movie(box(b"udta", CANARY)),
    "webm": webm(WEBM_METADATA[0]),
}


@pytest.mark.parametrize("name", ["png", "jpeg", "mp4", "webm"])
def test_half_a_file_is_refused(name):
    with pytest.raises(Unfit, match=r"damaged|no video"):
        strip(WHOLE[name][: len(WHOLE[name]) * 2 // 3])


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=12),
    st.integers(0, 5000),
)
def test_whatever_the_bytes_are_there_is_an_end_to_it(name, changes, cut):
    data = bytearray(WHOLE[name])
    for at, byte in changes:
        data[at % len(data)] = byte
    try:
        stripped, facts = strip(bytes(data[: cut or None]))
    except Unfit:
        return
    assert len(stripped) <= len(data) + 40
    assert facts.kind in ("image", "video")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "by its content"),
        (b"BM" + bytes(60), "by its content"),
        (box(b"ftyp", b"heic", bytes(4)), "by its content"),
        (b"%PDF-1.7\n", "by its content"),
        (b"\x89PNG\r\n\x1a\n", "damaged PNG"),
        (b"RIFF\x04\0\0\0AVI ", "by its content"),
    ],
)
def test_other_files_are_known_by_their_content(data, why):
    with pytest.raises(Unfit, match=why):
        strip(data)
