"""What a file is by its first bytes, and the same without metadata."""

from __future__ import annotations

from dola_ls.core.media import gif, jpeg, mp4, png, webm, webp
from dola_ls.core.media.faults import Unfit
from dola_ls.core.media.media import Facts, MediaKind

#: The formats of each kind, for sentences.
FORMATS: dict[MediaKind, str] = {
    "image": "PNG, JPEG, GIF or WebP",
    "video": "MP4, MOV or WebM",
}


def strip(data: bytes) -> tuple[bytes, Facts]:
    """Return an image or video without its metadata, and what it is; raises Unfit.

    Pixels, frames and sound stay byte for byte what they are, and so do colour profiles.
    """
    if not data:
        raise Unfit("it is empty")
    if data.startswith(png.MAGIC):
        return png.strip_png(data)
    if data.startswith(jpeg.MAGIC):
        return jpeg.strip_jpeg(data)
    if data.startswith(gif.MAGICS):
        return gif.strip_gif(data)
    if webp.is_webp(data):
        return webp.strip_webp(data)
    if mp4.is_mp4(data):
        return mp4.strip_mp4(data)
    if data.startswith(webm.MAGIC):
        return webm.strip_webm(data)
    known = f"no {FORMATS['image']} image and no {FORMATS['video']} video"
    raise Unfit(f"by its content it is {known}")
