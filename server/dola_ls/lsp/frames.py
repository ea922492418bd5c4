"""The base protocol's frames: `Content-Length: N`, an empty line, N bytes of JSON.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.18/specification/#baseProtocol
"""

from __future__ import annotations

import re

#: The largest message body taken; only a file of that size makes an editor send the like.
MAX_FRAME = 64 * 1024 * 1024
#: How much is kept of a header line whose end has not come.
MAX_HEADER = 8 * 1024

_LENGTH = re.compile(rb"(?:^|[^\w-])content-length[ \t]*:[ \t]*(\d+)[ \t]*$", re.IGNORECASE)


class FrameTooLarge(Exception):
    """A message was announced that is larger than anything this server takes in."""

    def __init__(self, digits: bytes) -> None:
        size = digits.decode() if len(digits) < 20 else f"more than {10**19}"
        super().__init__(
            f"A message of {size} bytes was announced; {MAX_FRAME} are the most that is taken. "
            "The server ends, for it cannot tell where the next message starts. Close the file "
            "that is this large, then restart the server."
        )


class FrameParser:
    """Cut a stream of bytes into message bodies, however the stream is cut up.

    Header names in any case, header lines ended by CRLF or LF. Anything else in front of a body
    is skipped, so the stream finds its feet again after rubbish.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._length: int | None = None
        self._in_body = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take in some bytes; return the bodies that are now complete.

        Raises FrameTooLarge; the parser is of no use afterwards.
        """
        self._buffer += data
        bodies = []
        while (body := self._next()) is not None:
            if body:
                bodies.append(body)
        return bodies

    def _next(self) -> bytes | None:
        while not self._in_body:
            line = self._line()
            if line is None:
                return None
            if line:
                self._header(line)
            else:
                self._in_body = self._length is not None
        length = self._length or 0
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._in_body, self._length = False, None
        return body

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            if len(self._buffer) > MAX_HEADER:
                # Rubbish without a line end. Its tail is kept: a header may start in it.
                del self._buffer[:-MAX_HEADER]
            self._scanned = len(self._buffer)
            return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        self._scanned = 0
        return line

    def _header(self, line: bytes) -> None:
        # Searched for at the end of the line, not only at its start: after a message whose length
        # was told too small the rest of it stands before the next header.
        match = _LENGTH.search(line)
        if match is None:
            return
        digits = match[1].lstrip(b"0") or b"0"
        if len(digits) > len(str(MAX_FRAME)) or int(digits) > MAX_FRAME:
            raise FrameTooLarge(digits)
        self._length = int(digits)
