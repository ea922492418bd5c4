"""Comments and dots that stand for code which was left out."""

from __future__ import annotations

import re
from collections import Counter

from dola_ls.core.document import split_lines

_COMMENT = re.compile(r"\s*\{?(?:#|//|/\*+|--|;+|%|<!--|\*)[\s#/*-]*(?P<text>.*)")
_DOTS = re.compile(r"\s*[\[(<{]?(?:\.\.\.|…)[\])>}]?\s*[;,]?\s*")
#: Comments that say more stand for nothing but themselves.
_LONGEST = 200
_WHAT = (
    r"(?:code|methods?|functions?|class(?:es)?|file|implementations?|logic|body|lines|content|text"
    r"|imports?|tests?|fields?|cases?|parts?)"
)
_WORDS = "existing|rest|remaining|unchanged|same|previous|omitted|other|snip"
_LEFT_OUT = re.compile(
    rf"^(?:\.\.\.|…).*\b(?:{_WORDS})\b"
    rf"|\b(?:{_WORDS})\b.*(?:\.\.\.|…)\W*$"
    r"|^[\[(<{]?(?:\.\.\.|…)\W*$"
    r"|^[\[(<{]?(?:the )?(?:rest of (?:the|your|this)|remaining|existing|other|previous|unchanged) "
    rf"(?:\w+ )?{_WHAT}"
    r"(?: (?:here|goes here|(?:is |are |remains? |stays? )?(?:the same|unchanged|as before)))?\W*$"
    rf"|^[\[(<{{]?(?:(?:the )?(?:\w+ )?{_WHAT} )?(?:(?:is |are |remains? |stays? |left )?"
    r"(?:unchanged|omitted|elided|truncated|snipped|skipped|(?:the )?same as (?:before|above)"
    r"|as before|as above))(?: for brevity)?\W*$"
    r"|^(?:keep|leave) (?:the |all )?(?:rest|remaining|existing|other|same)"
    rf"(?: \w+)? ?{_WHAT}?\W*$",
    re.IGNORECASE,
)


def left_out(text: str) -> Counter[str]:
    """Count the lines of `text` that stand for code which is not there."""
    found: Counter[str] = Counter()
    for line in split_lines(text):
        if len(line) > _LONGEST * 2 or not _stands_for_code(line):
            continue
        found[line.strip()] += 1
    return found


def _stands_for_code(line: str) -> bool:
    if _DOTS.fullmatch(line):
        return True
    comment = _COMMENT.match(line)
    if comment is None:
        return False
    text = comment["text"].strip().removesuffix("-->").removesuffix("*/}").removesuffix("*/")
    return len(text) <= _LONGEST and _LEFT_OUT.search(text.strip()) is not None
