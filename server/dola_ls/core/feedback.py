"""What the model is told, once, of blocks that could not be used."""

from __future__ import annotations

from collections.abc import Sequence

from dola_ls.core.blocks import Block, Malformed
from dola_ls.core.candidate import Verdict
from dola_ls.core.document import split_lines
from dola_ls.core.matching import Failure, Unmatched
from dola_ls.core.prompt import fence_for

#: Failures, lines of a quotation and characters of a line that are told; the rest is left out.
_FAILURES, _LINES, _WIDTH = 4, 30, 160

_ADVICE = {
    "not_found": "Copy the lines for SEARCH exactly from the text, each as it stands there. To add "
    "lines, copy the line next to the place into both parts.",
    "ambiguous": "Copy more of the lines above or below into both parts, to make it one place.",
    "overlap": "Put all changes of the same lines into one block.",
    "empty_search": "To add lines, copy the line next to the place into both parts.",
    "repeats": "Put into REPLACE only what takes the place of the SEARCH lines.",
    "indentation": "Indent the lines of both parts as they are in the text.",
}
_DECLARE = "Write what declares it too, above the code that uses it."
_MENDING = {
    "undeclared": _DECLARE,
    "asked_but_undeclared": _DECLARE,
    "declared_late": "Write what declares it above the code that uses it, and nowhere else.",
    "outside_class": "Write it into the class.",
    "unchanged": "Make the change that the task asks for.",
    "elided": "Write every line, also those that stay.",
    "lost_elsewhere": "Copy every line that the task has nothing to do with, each in its place.",
    "fragment": "Write every line of the region, also those that stay.",
}


def feedback(problem: Unmatched | Malformed | Verdict) -> str:
    """Return the message with which a failed answer goes back to the model.

    It stands on its own and never speaks of anything that is not the text the model was shown,
    or its own answer. Blocks that were found need not be sent again (`mended`).
    """
    if isinstance(problem, Verdict):
        advice = _MENDING.get(problem.rule, "Write the whole answer without that fault.")
        return f"An earlier answer was not used: {problem.reason}. {advice}"
    if isinstance(problem, Malformed):
        return (
            f"Your answer could not be read: {problem.why}. Nothing was changed. "
            "Write all blocks again, each with its three marker lines."
        )
    failures = problem.failures[:_FAILURES]
    parts = ["Nothing was changed yet."]
    parts += [_told(failure) for failure in failures]
    which = "this block" if len(problem.failures) == 1 else "these blocks"
    again = f"Write {which} again, corrected."
    if problem.found:
        again += " The others were found and are kept: do not repeat them."
    return "\n\n".join([*parts, again])


def mended(unmatched: Unmatched, again: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks of a first answer that were found, and those of the answer to it."""
    return (*unmatched.found, *again)


def _told(failure: Failure) -> str:
    search = _short(failure.block.search)
    fence = fence_for(search, *failure.closest)
    parts = [f"This SEARCH part was not used, {failure.reason}:\n{fence}\n{search}{fence}"]
    if failure.closest:
        lead = (
            "The lines round each place"
            if failure.rule == "ambiguous"
            else "The lines most like it"
        )
        parts += [f"{lead}:\n{fence}\n{_short(lines)}{fence}" for lines in failure.closest]
    advice = _ADVICE.get(failure.rule)
    return "\n".join([*parts, advice] if advice else parts)


def _short(text: str) -> str:
    lines: Sequence[str] = split_lines(text)
    kept = [line.rstrip("\r\n")[:_WIDTH] + "\n" for line in lines[:_LINES]]
    return "".join(kept)
