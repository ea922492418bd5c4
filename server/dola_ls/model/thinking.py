"""How many tokens of an answer are left to thoughts, by how hard a model is asked to think.

They are a part of what a request may cost at the most, so there are no more of them than keep an
ordinary action within the limits that a user has without setting any.
"""

from __future__ import annotations

from types import MappingProxyType

from dola_ls.model.endpoint import Effort
from dola_ls.model.known_models import price_of

#: With 16384 a large refactoring by the dearest Seed model may come to ten cents, from which on
#: each one would be asked about.
_ROOM = MappingProxyType({"low": 4096, "medium": 12_288, "high": 16_384})
#: For a server on this machine, whose window may be small: without an effort, and with one.
_HERE = (2048, 4096)
#: For a model elsewhere that may think unasked: the least and the most, and the dollars between.
_LEAST, _MOST, _USD = 2048, 8192, 0.04


def thinking_tokens(model: str, effort: Effort | None, *, here: bool) -> int:
    """Return the tokens that are added for thoughts; `here` says it runs on this machine."""
    if here:
        return _HERE[effort is not None]
    if effort is not None:
        return _ROOM[effort]
    return max(_LEAST, min(_MOST, int(_USD * 1_000_000 / price_of(model).output)))
