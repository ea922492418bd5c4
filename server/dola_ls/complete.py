"""Completing code at a cursor: ask, read, trim.

text round the cursor -> prompt -> model stream -> answer -> trimmed text
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dola_ls.ask import Asking, Reply
from dola_ls.core.answer import Code, Prose
from dola_ls.core.inline import (
    Place,
    Window,
    ask_to_chat,
    ask_to_fill,
    in_its_column,
    window,
    without_repeated_line,
)
from dola_ls.core.policy import control_characters, hidden_characters
from dola_ls.core.trimming import fitted, is_enough, trimmed
from dola_ls.model.errors import ModelError, OutOfTokens
from dola_ls.model.prices import Estimate, dollars
from dola_ls.task import Task

#: Four words in a row, the first with a capital, as no code begins.
_SENTENCE = re.compile(r"\s*[A-Z][\w']*,?(?: [\w'`,-]+){3}")
_PROSE_LANGUAGES = frozenset({"markdown", "plaintext", "latex", "restructuredtext", "git-commit"})
_OPEN_FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,})[^`\n]*\n")


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no completion, and `reason` says why in a sentence or two."""

    reason: str
    #: The name of the rule; users are told once of each.
    rule: str


class TooDear(ModelError):
    """The request may cost more than may be spent without a question."""

    rule = "too_dear"

    def __init__(self, most: Estimate) -> None:
        super().__init__(
            f"A completion here may cost up to {dollars(most.micros)}, more than is spent without "
            "a question, and completions ask none. It was not sent. Raise `ask_above_usd` under "
            "[limits] in Dola's config.toml if it may be."
        )


async def complete(
    task: Task, place: Place, asking: Asking, *, max_lines: int, fills: bool
) -> str | Failed:
    """Return the text for a place, fit to be inserted; empty where there is nothing to insert.

    `fills` tells that the model fills gaps rather than answers questions.
    """
    document = task.document
    lead = task.cells.code_in(document.language, before=True) if task.cells is not None else ""
    around = window(document, place, asking.model.context_tokens, lead)

    def enough(text: str) -> bool:
        return is_enough(around, text, max_lines)

    if fills:
        reply = await asking.ask(ask_to_fill(around, max_lines), document.text, enough=enough)
    else:
        reply = await asking.ask(ask_to_chat(around, max_lines), document.text)
    # Of half an answer the whole lines are of use; one that is all thinking has none.
    cut = isinstance(reply.fault, OutOfTokens) and bool(reply.reader.text.strip())
    if reply.fault is not None and not cut:
        return Failed(str(reply.fault), reply.fault.rule)
    if not reply.ended and not reply.enough:
        return ""
    said = reply.reader.text if fills else _code_of(around, reply, cut)
    if said is None:
        return ""
    if not fills:
        said = in_its_column(around, without_repeated_line(around, said))
    text = trimmed(around, said.replace("\r\n", "\n"), max_lines, whole=not cut)
    if control_characters(text, document.text) or hidden_characters(text, document.text):
        return ""
    return fitted(document, place.span.start, text)


def _code_of(around: Window, reply: Reply, cut: bool) -> str | None:
    """Return the code of a chat model's answer; None where it is none."""
    if cut:
        opening = _OPEN_FENCE.match(reply.reader.text)
        return reply.reader.text[opening.end() :] if opening is not None else None
    match reply.reader.answer(True):
        case Code(blocks=(block,)):
            return block.removesuffix("\n")
        case Prose(text=text) if text.strip() and not _is_prose(around, text):
            return text.rstrip("\n")
    return None


def _is_prose(around: Window, text: str) -> bool:
    return around.language not in _PROSE_LANGUAGES and _SENTENCE.match(text) is not None
