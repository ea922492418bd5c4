"""An image or a video as it goes to a model, and what may be said of it without showing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: What a file is, and what a model must be able to take.
MediaKind = Literal["image", "video"]
Detail = Literal["low", "high", "auto"]

#: Bytes of a file at the most. The first provider states no limit, and BytePlus takes videos of up
#: to 50 MB in a request, which grows by a third through base64; but all of it is sent again with
#: each try, and has to be on its way before the wait for the first word is over.
LARGEST: dict[MediaKind, int] = {"image": 10_000_000, "video": 20_000_000}
#: A request's tokens for a picture. No provider states them for these models: a token for each
#: square of 28 pixels is what vision models of this family are known to take, with a limit to
#: which larger pictures are scaled down. Of a video one frame in a second is looked at, each for as
#: many tokens, until the whole is scaled down too. All on the generous side.
_SQUARE, _MOST_OF_IMAGE = 28 * 28, 6_000
_TOKENS_PER_SECOND, _MOST_OF_VIDEO = 1_500, 80_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bytes of a file say of it."""

    kind: MediaKind
    #: As people call it: ``PNG``.
    format: str
    #: As the web calls it: ``image/png``.
    mime: str
    #: Pixels; 0 where the file does not say.
    width: int = 0
    height: int = 0
    #: Of a video; 0 where the file does not say.
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Media:
    """One image or video of a request, its metadata taken out."""

    #: The bare file name, for people; it is not sent.
    name: str
    facts: Facts
    #: Bytes that are sent, before base64.
    size: int
    #: Of those bytes, in hexadecimal.
    sha256: str
    #: ``data:image/png;base64,…``
    url: str = field(repr=False)
    #: How closely an image is to be looked at; a video has no such field.
    detail: Detail = "auto"

    @property
    def tokens(self) -> int:
        """About how many tokens it takes; errs towards too many."""
        facts = self.facts
        if facts.kind == "video":
            seconds = facts.seconds or _MOST_OF_VIDEO
            return int(min((seconds + 2) * _TOKENS_PER_SECOND, _MOST_OF_VIDEO))
        pixels = facts.width * facts.height
        return min(pixels // _SQUARE * 5 // 4 + 256, _MOST_OF_IMAGE) if pixels else _MOST_OF_IMAGE

    @property
    def shown(self) -> str:
        """What stands for it where a request is shown."""
        facts = self.facts
        size = f" {facts.width}x{facts.height}" if facts.width and facts.height else ""
        length = f", {facts.seconds:.0f} s" if facts.seconds else ""
        return (
            f"[{facts.kind}: {self.name}, {bytes_in_words(self.size)}, {facts.format}{size}"
            f"{length}, SHA-256 {self.sha256}]"
        )


def bytes_in_words(size: int) -> str:
    """Return a size for people: ``12 kB``."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{max(round(size / 1000), 1)} kB"
    return f"{size / 1_000_000:.1f} MB"
