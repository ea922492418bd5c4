"""Code that has nothing to do with the lines it is to stand in the place of."""

from __future__ import annotations

from dola_ls.core.words import WORD

#: Words that code of any kind has in common, and that say nothing of what it is about.
_COMMON = frozenset(
    WORD.findall(
        """
        and as async await begin bool boolean break case catch char class code const continue
        def default do double elif else end enum except export extends final finally float fn
        for from fun func function if impl import in int interface is let long module mut
        namespace new nil none not null of or package pass print private protected pub public
        return self static str string struct switch the then this throw to true false try type
        undefined union use using val var void while with yield
        """
    )
)
#: Of fewer names nothing can be said: `x = f(a)` may well become `pass`.
_FEWEST = 4


def is_unrelated(new: str, old: str, words: str | None = None) -> bool:
    """Tell whether `new` shares no name with `old`, nor any with what the user asked for."""
    before, now = telling(old), telling(new)
    if len(before) < _FEWEST or not now or now & before:
        return False
    return not now & telling(words or "")


def telling(text: str) -> set[str]:
    """Return the words of a text, in lower case, that say something of what it is about."""
    return {word for word in map(str.lower, WORD.findall(text)) if word not in _COMMON}
