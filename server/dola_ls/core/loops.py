"""Noticing a model that says the same over and over; small ones do so up to their token limit."""

from __future__ import annotations

#: Characters that have to be repetition, and how often the repeated piece has to be in them.
_LEAST = 600
_TIMES = 5
#: The end of a text that is looked for further up, how far up, and how often one looks.
_PROBE = 120
_FAR = 1200
_STEP = 64
#: What is kept of a text: as much as `repeats` can look at.
_KEPT = _FAR * _TIMES


def repeats(text: str) -> bool:
    """Tell whether `text` ends in the same piece five times over, 600 characters at the least."""
    window, probe = text[-_FAR:], text[-_PROBE:]
    at = window.rfind(probe, 0, len(window) - 1)
    if at < 0 or not probe.strip():
        return False
    period = len(window) - len(probe) - at
    length = max(_LEAST, period * _TIMES)
    tail = text[-length:]
    return len(tail) == length and tail[period:] == tail[:-period]


class LoopWatch:
    """Looks at a stream's text as it grows. `about` is text that may rightly come again."""

    def __init__(self, about: str = "") -> None:
        self._about = about
        self._text = ""
        self._unseen = 0

    def feed(self, delta: str) -> bool:
        """Take the next piece; tell whether the answer goes round in circles by now."""
        self._text = self._text[-_KEPT:] + delta
        self._unseen += len(delta)
        if self._unseen < _STEP:
            return False
        self._unseen = 0
        # A table of a hundred equal rows comes back as a table of a hundred equal rows.
        return repeats(self._text) and self._text[-_LEAST:] not in self._about
