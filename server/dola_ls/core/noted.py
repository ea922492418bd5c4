"""What other tools say of the lines of a region, for an action that is not there to fix it.

It is to be known and not to be solved: a refactoring stays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dola_ls.core.along import Noted
from dola_ls.core.context import estimate_tokens
from dola_ls.core.diagnostics import Diagnostic, plain_message
from dola_ls.core.document import Document, Span
from dola_ls.core.left_out import LeftOut
from dola_ls.core.problem_lines import with_lines
from dola_ls.core.screening import Screen
from dola_ls.core.secrets import find_secrets

#: So many are told, with so many characters of each message.
MOST, _LONGEST = 10, 240
_HEAD = (
    "What other tools say of these lines, for information only: change nothing for it unless the "
    "task asks for that."
)
_SEVERITIES = {1: "error", 2: "warning", 3: "information", 4: "hint"}


def noted(
    document: Document,
    region: Span,
    diagnostics: Sequence[Diagnostic],
    room: int,
    screen: Screen,
) -> Noted:
    """Return what a prompt says of problems that begin in a region, in at most `room` tokens.

    The worst are told before others, in the order of their lines. One that holds a secret is left
    out, as the action can do without it.
    """
    inside = [one for one in diagnostics if region.start <= one.span.start < max(region.end, 1)]
    room -= estimate_tokens(_HEAD)
    chosen: list[Diagnostic] = []
    left_out: list[LeftOut] = []
    crowded = 0
    for one in sorted(inside, key=_worst_first):
        text = "\n".join(_lines(document, region, [one]))
        secrets = [] if screen.stays else find_secrets(f"{text}\n{one.message}", screen.own_keys)
        size = estimate_tokens(f"{text}\n")
        if secrets:
            line = document.line_of(one.span.start) + 1
            what = f"what {plain_message(one.source, 40) or 'a tool'} says of line {line}"
            left_out.append(LeftOut(what, f"it holds what looks like {secrets[0].name}"))
        elif crowded or len(chosen) == MOST or size > room:
            # What is less bad does not take the place of what is worse.
            crowded += 1
        else:
            chosen.append(one)
            room -= size
    if crowded:
        what = f"{crowded} {'message' if crowded == 1 else 'messages'} of other tools"
        left_out.append(LeftOut(what, "there is no room for all that they say"))
    if not chosen:
        return Noted("", tuple(left_out))
    chosen.sort(key=lambda one: (one.span, *_worst_first(one)))
    text = "\n".join([_HEAD, *_lines(document, region, chosen)])
    return Noted(f"{text}\n", tuple(left_out))


def _worst_first(one: Diagnostic) -> tuple[int, Span, str, str, str]:
    return one.severity, one.span, one.source, one.code, one.message


def _lines(document: Document, region: Span, diagnostics: Sequence[Diagnostic]) -> list[str]:
    named = [
        replace(one, message=f"{_SEVERITIES.get(one.severity, 'error')}: {one.message}")
        for one in diagnostics
    ]
    return with_lines(document, region, named, _LONGEST)
