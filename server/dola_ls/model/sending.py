"""The body of a request on its way: a long one in pieces, so that nothing else waits for it.

An image or a video makes a request of up to 27 MB. Put into JSON, encrypted and copied in one go it
would hold up the event loop for some tenths of a second, in a thread as well: the interpreter does
one thing at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from dola_ls.model import wire

#: Characters that are encoded at a time; an address of fewer is no matter.
PIECE = 128 * 1024
#: How the address of a file begins that was read here: all behind it is base64, which JSON takes
#: as it is.
_READ_HERE = "data:"


@dataclass(frozen=True, slots=True)
class Body:
    """A body as its parts: JSON as bytes, and the long addresses in it as text, ASCII alone."""

    parts: tuple[bytes | str, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return sum(map(len, self.parts))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body in pieces; whoever sends them lets others have their turn in between."""
        for part in self.parts:
            for start in range(0, len(part), PIECE):
                piece = part[start : start + PIECE]
                yield piece.encode("ascii") if isinstance(piece, str) else piece


def body_of(request: wire.ChatRequest) -> Body:
    """Return the body of a request."""
    apart: dict[str, str] = {}
    messages = [_without_long(message, apart) for message in request.messages]
    if not apart:
        return Body((request.body(),))
    rest = request.model_copy(update={"messages": messages}).body()
    parts: list[bytes | str] = []
    # They stand in it in the order in which they were taken out.
    for mark, address in apart.items():
        before, _, rest = rest.partition(mark.encode("ascii"))
        parts += [before, address]
    return Body((*parts, rest))


def _without_long(message: wire.Message, apart: dict[str, str]) -> wire.Message:
    """Return a message with a mark in the place of each long address; `apart` gets what it was."""
    if not isinstance(message, wire.UserMessage) or isinstance(message.content, str):
        return message
    content: list[wire.TextPart | wire.ImagePart | wire.VideoPart] = []
    for part in message.content:
        name = part.type
        given = getattr(part, name)
        if name != "text" and len(given.url) > PIECE and given.url.startswith(_READ_HERE):
            mark = uuid.uuid4().hex
            apart[mark] = given.url
            part = part.model_copy(update={name: given.model_copy(update={"url": mark})})
        content.append(part)
    return message.model_copy(update={"content": content})
