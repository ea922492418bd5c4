"""What a run tells the user when no edit came of it: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from dola_ls.core.answer import CutOff, Prose, Refusal
from dola_ls.core.candidate import Verdict
from dola_ls.core.outcome import Receipt, Refused
from dola_ls.core.risky import Risk
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.core.testing.results import Results


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


def left_out(count: int) -> str:
    """Say that a part of the tests in an answer could not be taken."""
    if count == 1:
        return "One test that the model wrote is not valid code, and was left out."
    return f"{count} tests that the model wrote are not valid code, and were left out."


def refused_reason(verdict: Verdict) -> str:
    """Say that the gate refused an answer, which is kept."""
    return f"The model's answer was not used: {verdict.reason}. Nothing was changed."


def brings_in(risks: Sequence[Risk]) -> str:
    """Say what an answer brings in that is to be looked at first."""
    return (
        f"The answer brings in what you did not ask for: {_risks(risks)}. Nothing was applied and "
        "the answer is kept for you to look at."
    )


def not_run(risks: Sequence[Risk]) -> str:
    """Say why new tests were not run."""
    return (
        f"The tests bring in what the code does not hold: {_risks(risks)}. They were not run: "
        "look at them first."
    )


def _risks(risks: Sequence[Risk]) -> str:
    """List what is new, with its lines, which count from zero."""
    shown = [f"{risk.what} (line {risk.line + 1})" for risk in risks[:3]]
    return "; ".join(shown) + (f"; and {len(risks) - 3} more" if len(risks) > 3 else "")


def met_user(line: int, *, rest_applied: bool = False) -> str:
    """Say that the user and the model changed the same line, given from zero."""
    met = f"You changed line {line + 1} while the model answered, and the answer changes it too."
    if rest_applied:
        return f"{met} The rest was applied; what meets your change is kept."
    return f"{met} Nothing was applied and the answer is kept."


def capital(clause: str) -> str:
    """Make a sentence of a clause."""
    return capital_first(clause) + "."


def capital_first(text: str) -> str:
    """Begin a text with a capital letter, and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def how_tests_went(results: Results, file: str) -> str:
    """Say how many tests passed, and where the others are marked."""
    passed, failed = results.passed, results.failed
    if any(failure.test is None for failure in results.failures) and not passed:
        return f"The tests could not be run; {file} is marked where it fails."
    if not failed:
        return f"{_tests(passed or 0)} passed."
    marked = f"marked in {file}" if results.failures else f"not told apart in {file}"
    if passed is None:
        return f"{_tests(failed)} failed, {marked}."
    those = "the other one is" if failed == 1 else f"the other {failed} are"
    if not passed:
        those = "it is" if failed == 1 else "they are"
    return f"{passed} of {_tests(passed + failed)} passed; {those} {marked}."


def expected_otherwise(names: Sequence[str], symbol: str) -> str:
    """Say which tests were made to expect something else."""
    return (
        f"What {_listed(names)} {'expects' if len(names) == 1 else 'expect'} was changed to what "
        f"the code does: check that {symbol} is right."
    )


def not_repaired(reason: str) -> str:
    """Say why an answer that was to repair tests was not used."""
    return f"A repair was not used: {_plain(reason)}."


def held_for_right(answer: Refusal) -> str:
    """Pass on why the model thinks that a test that fails is right."""
    words = _plain(answer.reason)
    return f"The model did not repair them: {words or 'it gave no reason'}"


def failed_before(count: int) -> str:
    """Say that tests fail that were there before, and are the user's."""
    are = "one of them was" if count == 1 else f"{count} of them were"
    return f"Of those that fail, {are} there before and left as before."


def no_test_run(program: str, said: str) -> str:
    """Say what a test runner said when it ran no test."""
    return f"No test was run. {program} said: {_plain(said) or 'nothing'}"


def _plain(text: str, most: int = 300) -> str:
    """Return words that others chose as a message may hold them: VS Code makes links of some."""
    return " ".join(safe_markdown(text).split())[:most]


def _tests(count: int) -> str:
    return f"{count} {'test' if count == 1 else 'tests'}"


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = [_plain(name, 80) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
