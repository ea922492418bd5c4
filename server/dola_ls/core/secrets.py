"""Secrets in a text that is about to leave the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dola_ls.core.secret_rules import RULES, Rule

#: Shorter keys, such as the ``EMPTY`` that local servers want, are no secrets.
_SHORTEST_KEY = 8
_OWN = Rule("own-key", "your own API key", (), re.compile(""), maskable=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret and where it stands in the text that was looked through."""

    rule: str
    #: What it looks like, in words.
    name: str
    start: int
    end: int
    #: Never shown: not in a message, a log or a `repr`.
    text: str = field(repr=False)
    maskable: bool = True


def find_secrets(text: str, own_keys: Sequence[str] = ()) -> list[Secret]:
    """Return the secrets of a text in the order they stand in, none within another.

    `own_keys` are the user's own keys for models, found wherever they stand.
    """
    found = [*_own(text, own_keys)]
    # The one letter that gets longer in lower case would move all that follows.
    folded = text.replace("\u0130", "I").lower()
    for rule in RULES:
        if rule.needs in text:
            found += _of(rule, text, folded if rule.any_case else text)
    kept: list[Secret] = []
    for one in sorted(found, key=lambda one: (one.start, one.maskable, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif not one.maskable and kept[-1].maskable:
            # What may not be sent at all counts before what can be masked.
            kept[-1] = one
    return kept


def _own(text: str, keys: Sequence[str]) -> Iterator[Secret]:
    for key in keys:
        at = text.find(key) if len(key) >= _SHORTEST_KEY else -1
        if at >= 0:
            yield Secret(_OWN.id, _OWN.name, at, at + len(key), key, maskable=False)


def _of(rule: Rule, text: str, folded: str) -> Iterator[Secret]:
    """Yield what a rule finds; its anchors are looked for in `folded`."""
    matches = _at_anchors(rule, text, folded) if rule.anchors else rule.pattern.finditer(text)
    for match in matches:
        group = 1 if rule.pattern.groups else 0
        secret = match[group]
        if rule.check(secret):
            start, end = match.span(group)
            yield Secret(rule.id, rule.name, start, end, secret, rule.maskable)


def _at_anchors(rule: Rule, text: str, folded: str) -> Iterator[re.Match[str]]:
    for anchor in rule.anchors:
        at = folded.find(anchor)
        while at >= 0:
            match = rule.pattern.match(text, at)
            if match is not None:
                yield match
            at = folded.find(anchor, match.end() if match is not None else at + 1)
