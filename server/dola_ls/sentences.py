"""What a run tells the user when no edit came of it: what happened, and what to do next."""

from __future__ import annotations

from dola_ls.core.answer import CutOff, Prose, Refusal
from dola_ls.core.candidate import Verdict
from dola_ls.core.outcome import Receipt, Refused
from dola_ls.core.policy import safe_markdown


def no_code(model: str, answer: Refusal | Prose | CutOff, receipt: Receipt) -> Refused:
    """Refuse an answer that holds no whole code."""
    if isinstance(answer, Refusal):
        return declined(answer, receipt)
    if isinstance(answer, CutOff):
        reason = (
            f"{model}'s answer is not whole: {answer.why}. Nothing was changed. Run the action "
            "again, on fewer lines if it keeps happening."
        )
        return Refused(reason, "cut_off", receipt)
    reason = (
        f"{model} answered without code. Nothing was changed. Run the action again, or ask for "
        "something more definite."
    )
    return Refused(reason, "prose", receipt)


def declined(answer: Refusal, receipt: Receipt) -> Refused:
    """Pass on why the model says that it cannot do it."""
    words = " ".join(safe_markdown(answer.reason).split())[:300] or "it gave no reason"
    reason = f"The model cannot do this: {words} Nothing was changed."
    return Refused(reason, "model_declined", receipt)


def no_place(model: str, receipt: Receipt) -> Refused:
    """Refuse an answer whose lines are not those of the buffer."""
    reason = (
        f"{model}'s answer does not fit these lines. Nothing was changed. Select fewer lines, or "
        "run the action again."
    )
    return Refused(reason, "no_place", receipt)


def refused(verdict: Verdict, receipt: Receipt, what: str) -> Refused:
    """Refuse an answer for a rule of the gate; `what` says what was not done."""
    reason = f"The model's answer was not used: {verdict.reason}. {what}. Run the action again."
    return Refused(reason, verdict.rule, receipt)


def refused_reason(verdict: Verdict) -> str:
    """Say that the gate refused an answer, which is kept."""
    return f"The model's answer was not used: {verdict.reason}. Nothing was changed."


def met_user(line: int, *, rest_applied: bool = False) -> str:
    """Say that the user and the model changed the same line, given from zero."""
    met = f"You changed line {line + 1} while the model answered, and the answer changes it too."
    if rest_applied:
        return f"{met} The rest was applied; what meets your change is kept."
    return f"{met} Nothing was applied and the answer is kept."


def capital(clause: str) -> str:
    """Make a sentence of a clause."""
    return clause[:1].upper() + clause[1:] + "."
