"""A failing test written anew: put in the place of the old one, if it checks no less.

What may change is what this action wrote, and of that the tests that failed and what they use. The
code under test is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from dola_ls.core.candidate import Verdict
from dola_ls.core.context import estimate_tokens, plain_newlines
from dola_ls.core.diff import smallest_edits
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.layout import indent_of, line_ending
from dola_ls.core.parsing import python_parses
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.testing.assertions import Checks, checks_of, why_weaker
from dola_ls.core.testing.cases import Case, CaseId, cases_of, members_of
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.homes import said_by
from dola_ls.core.testing.import_merge import import_edits
from dola_ls.core.testing.indenting import reindented, unit_of_indent
from dola_ls.core.testing.new_tests import new_test_file
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.testcode import Code, code_of, read_code


@dataclass(frozen=True, slots=True)
class Repair:
    """The edits of a repair, and the tests that expect something else because of it."""

    rewrite: Rewrite
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A test file as it is, and what of it this action wrote."""

    document: Document
    placement: Placement
    framework: Framework
    #: The code under test; for tests inside a Rust source the file itself.
    source: Document
    mine: frozenset[CaseId]
    #: The file was made by this action.
    is_new: bool = False

    @property
    def code(self) -> Code:
        """The test file with its tree."""
        return code_of(self.document, self.placement.language, self.framework)


def members(document: Document, placement: Placement, framework: Framework) -> frozenset[CaseId]:
    """Return the tests and declarations of a test file, by their names."""
    code = code_of(document, placement.language, framework)
    return frozenset(case.id for case in members_of(code))


def excerpt(written: Written, failing: Collection[CaseId | None], room: int) -> str:
    """Return the test file without the tests that passed; cut to about `room` tokens."""
    code = written.code
    text = code.text
    if None not in failing:
        passed = [case for case in cases_of(code) if case.id not in failing]
        if written.placement.inline:
            # The code under test is shown already.
            passed += [case for case in members_of(code) if case.id not in written.mine]
        edits = sorted({Edit(case.unit.span.start, case.unit.span.end, "") for case in passed})
        text = apply_edits(text, edits)
    lines: list[str] = []
    for line in re.sub(r"\n{4,}", "\n\n\n", plain_newlines(text).strip("\ufeff\n")).split("\n"):
        room -= estimate_tokens(line)
        if room < 0:
            break
        lines.append(line)
    return "\n".join(lines).rstrip()


def repair(written: Written, answer: str, failing: Collection[CaseId | None]) -> Repair | Verdict:
    """Return the edits that put repaired tests into the place of failing ones, or why not.

    None among the failing ones stands for the file itself, which could not be read; only a file
    that is new is then written anew as a whole.
    """
    placement, framework = written.placement, written.framework
    text = new_test_file(answer, placement, framework, written.source)
    if isinstance(text, Verdict):
        return text
    old = written.code
    fresh = read_code(text, placement.language, framework)
    if None in failing and written.is_new:
        return _whole(written, old, fresh, answer)
    may_change = {id for id in failing if id is not None} & written.mine
    if None in failing:
        may_change |= written.mine
    theirs = _by_id(fresh)
    edits: list[Edit] = []
    changed: list[str] = []
    for case in members_of(old):
        again = theirs.get(case.id)
        # What tests use may be at fault as well; other tests are left as they are.
        ours = case.id in (may_change if case.is_test else written.mine)
        if again is None or not ours or said_by(old, case.unit) == said_by(fresh, again.unit):
            continue
        found = _judged(old, case, fresh, again, placement)
        if isinstance(found, Verdict):
            return found
        changed += [case.id[-1]] if found else []
        edits += _replaced(old, case, fresh, again)
    if not edits:
        return Verdict("unchanged", "it changes none of the tests that fail")
    edits = sorted([*edits, *import_edits(old, fresh, placement)])
    return _finished(written, old, edits, answer, changed)


def _whole(written: Written, old: Code, fresh: Code, answer: str) -> Repair | Verdict:
    """Take a new file's text anew, with all the tests that are in it."""
    changed: list[str] = []
    theirs = _by_id(fresh)
    for case in members_of(old):
        again = theirs.get(case.id)
        if again is None and case.is_test:
            return Verdict("fewer_tests", f"it leaves {case.id[-1]} out")
        if again is None:
            continue
        found = _judged(old, case, fresh, again, written.placement)
        if isinstance(found, Verdict):
            return found
        changed += [case.id[-1]] if found else []
    everything = Span(0, len(old.text)), Span(0, len(fresh.text))
    before, after = checks_of(old, everything[0]), checks_of(fresh, everything[1])
    if (verdict := why_weaker("the file", before, after)) is not None:
        return verdict
    text = fresh.text.replace("\n", line_ending(written.document))
    edits = smallest_edits(old.text, text)
    if not edits:
        return Verdict("unchanged", "it is the same as before")
    return _finished(written, old, edits, answer, changed)


def _by_id(code: Code) -> dict[CaseId, Case]:
    found: dict[CaseId, Case] = {}
    for case in members_of(code):
        found.setdefault(case.id, case)
    return found


def _judged(
    old: Code, case: Case, fresh: Code, again: Case, placement: Placement
) -> bool | Verdict:
    """Tell whether a test expects something else than before, or why it checks less."""
    name = case.id[-1]
    before, after = checks_of(old, case.unit.span), checks_of(fresh, again.unit.span)
    if case.is_test != again.is_test:
        return Verdict("fewer_tests", f"{name} would be no test any more")
    verdict = why_weaker(name, before, after)
    if verdict is None and case.is_test and _uses(old, case, placement) and (
        not _uses(fresh, again, placement)
    ):  # fmt: skip
        verdict = Verdict("not_tested", f"{name} would no longer use {placement.binding}")
    return verdict if verdict is not None else _expects_otherwise(before, after)


def _uses(code: Code, case: Case, placement: Placement) -> bool:
    name = re.split(r"\.|::|#", placement.symbol)[-1].strip()
    text = code.text[case.unit.span.start : case.unit.span.end]
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in (name, placement.binding)
    )


def _expects_otherwise(before: Checks, after: Checks) -> bool:
    return bool(before.statements - after.statements)


def _replaced(old: Code, case: Case, fresh: Code, again: Case) -> list[Edit]:
    """Return the edits that put one test into the place of another, in the file's own layout."""
    document, span = old.document, case.unit.span
    eol = line_ending(document)
    indent = indent_of(document.line_text(document.line_of(span.start)))
    step = unit_of_indent(old.text) or unit_of_indent(fresh.text) or "    "
    was = old.text[span.start : span.end]
    ending = was[len(was.rstrip("\r\n")) :]
    text = eol.join(reindented(fresh, again.unit.span, indent, step)).rstrip("\r\n") + ending
    return [
        Edit(span.start + edit.start, span.start + edit.end, edit.text)
        for edit in smallest_edits(was, text)
    ]


def _finished(
    written: Written, old: Code, edits: list[Edit], answer: str, changed: list[str]
) -> Repair | Verdict:
    document = written.document
    text = apply_edits(document.text, edits)
    after = read_code(text, written.placement.language, written.framework)
    kept = {case.id for case in cases_of(after)} >= {case.id for case in cases_of(old)}
    python = written.placement.language == "python"
    if not kept or after.faults > old.faults or (
        python and not python_parses(text.lstrip("\ufeff"))
    ):  # fmt: skip
        return Verdict("unparsable", "with it the test file would not parse")
    region = document.whole_lines(Span(edits[0].start, edits[-1].end))
    at = region.start
    moved = [Edit(edit.start - at, edit.end - at, edit.text) for edit in edits]
    new = apply_edits(document.text[at : region.end], moved)
    rewrite = Rewrite(region, new, tuple(edits), answer)
    return Repair(rewrite, tuple(dict.fromkeys(changed)))
