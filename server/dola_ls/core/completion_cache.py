"""Completions that were given: to be given again, and to be gone on with while they are typed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

#: How many are kept, of all documents together.
_MOST = 64


@dataclass(frozen=True, slots=True)
class _Key:
    """The text round a completion; not the text itself, which may be large."""

    uri: str
    prefix: bytes
    #: Characters before the completion.
    length: int
    suffix: bytes


class CompletionCache:
    """The last completions, the least used of which are forgotten first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[_Key, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, uri: str, prefix: str, suffix: str, text: str) -> None:
        """Keep a completion between two texts; an empty one says that there is none."""
        key = _Key(uri, _hash(prefix), len(prefix), _hash(suffix))
        self._kept[key] = text
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, uri: str, prefix: str, suffix: str) -> str | None:
        """Return the completion between two texts; None where it is not known.

        What was typed of a completion since it was given is left out of it.
        """
        after = _hash(suffix)
        # The last one first: it is the one that is being typed.
        for key in reversed(self._kept):
            typed = len(prefix) - key.length
            if key.uri != uri or key.suffix != after or typed < 0:
                continue
            text = self._kept[key]
            begun = prefix[key.length :]
            # One that was typed to its end is over, and what comes then was never asked.
            if not text.startswith(begun) or (typed and typed == len(text)):
                continue
            if _hash(prefix[: key.length]) == key.prefix:
                self._kept.move_to_end(key)
                return text[typed:]
        return None

    def forget(self, uri: str) -> None:
        """Forget all completions of a document."""
        for key in [key for key in self._kept if key.uri == uri]:
            del self._kept[key]


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
