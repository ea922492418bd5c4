"""What can go wrong with a model call, each with a sentence the user can act on.

A sentence says what happened, that nothing was changed, and what to do next. It never holds the
key, the code that was sent, or more of the server's own words than `faults.quotable` lets through.
"""

from __future__ import annotations

from dola_ls.model.errors.answered import (
    CutOff,
    Filtered,
    ModelRefused,
    OutOfTokens,
)
from dola_ls.model.errors.base import (
    Facts,
    ModelError,
)
from dola_ls.model.errors.refused import (
    BadRequest,
    MediaRefused,
    ModelRetired,
    OutOfCredit,
    RateLimited,
    Redirected,
    TooLong,
    about_media,
)
from dola_ls.model.errors.unreached import (
    Overloaded,
    ProtocolFault,
    ServerFault,
    TimedOut,
    TlsFailed,
    Unreachable,
)
from dola_ls.model.errors.unsent import (
    AnswerTooShort,
    BadAddress,
    KeyNotForOrigin,
    NoKey,
    NotHttps,
    Paused,
    WrongKey,
)

__all__ = [
    "AnswerTooShort",
    "BadAddress",
    "BadRequest",
    "CutOff",
    "Facts",
    "Filtered",
    "KeyNotForOrigin",
    "MediaRefused",
    "ModelError",
    "ModelRefused",
    "ModelRetired",
    "NoKey",
    "NotHttps",
    "OutOfCredit",
    "OutOfTokens",
    "Overloaded",
    "Paused",
    "ProtocolFault",
    "RateLimited",
    "Redirected",
    "ServerFault",
    "TimedOut",
    "TlsFailed",
    "TooLong",
    "Unreachable",
    "WrongKey",
    "about_media",
]
