"""What a test runner said, read leniently: which tests failed, where, and why.

Runners change how they report from version to version, so little is relied on: a line that names
a test that failed, the next words, and a place in the test file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dola_ls.core.policy import show_hidden
from dola_ls.core.testing.cases import CaseId, case_named, cases_of
from dola_ls.core.testing.testcode import Code

#: Lines and characters of what is said of a failure.
_LINES, _CHARS = 4, 400
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_NEVER = r"(?!)"
_ERROR = re.compile(
    r"^(?:E +|# |.*: )?\s*(?:error\b.*|[\w.]*(?:Error|Exception)\b.*|No module named .*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One test that failed; `test` is None where the whole file did. Lines are from zero."""

    test: CaseId | None
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Results:
    """How the tests of a file went; `passed` is None where nobody said."""

    passed: int | None
    failed: int
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class _Form:
    """How a framework's runner reports, as patterns on lines."""

    #: The line that begins what is said of one test that failed, with its `name`.
    failing: str
    #: What went wrong, as `text`, in what follows.
    message: str
    passed: str = _NEVER
    failed: tuple[str, ...] = ()
    #: All tests that were run, where the runner does not say how many passed.
    total: str = _NEVER


_PASSED, _FAILED = r"(\d+) passed\b", r"(\d+) failed\b"
_FAILURES = (r"(?i:failures?)[:=] *(\d+)", r"(?i:errors?)[:=] *(\d+)")
_SCRIPT_ERROR = r"^(?P<text>(?! FAIL)\S.*(?:\n\S.*)*)"
_UNITTEST = _Form(
    r"^(?:FAIL|ERROR): (?P<name>\w+) \(.*$",
    r"^(?P<text>(?!Traceback|FAIL|ERROR|[-=]{5})\S.*(?:\n(?!\n|[-=]{5}).*)*)",
    failed=_FAILURES,
    total=r"^Ran (\d+) tests?",
)
_JUNIT = _Form(
    r"^(?:\[ERROR\]\s+(?:[\w.$]+\.)?(?=\w+(?:\([^)]*\))?(?:\{[^}]*\})? -- )|\w+ > )(?P<name>\w+)",
    r"\n\s*(?P<text>\S.*)",
    failed=_FAILURES,
    total=r"^(?:\[\w+\] )?Tests run: (\d+)",
)
_SHARP = _Form(
    r"^\s*(?:Failed|\[FAIL\]|X) (?P<name>[\w.]+)",
    r"Error Message:\s*\n\s*(?P<text>\S.*(?:\n\s*(?:Expected|Actual|But was).*)*)",
    r"Passed: *(\d+)",
    (r"Failed: *(\d+)",),
)
_CATCH = _Form(_NEVER, _NEVER)
_FORMS: dict[str, _Form] = {
    "pytest": _Form(
        r"^_{2,} (?:ERROR (?:at \w+ of|collecting) )?(?P<name>.+?) _{2,}$",
        r"(?P<text>(?:^E(?:  .*)?\n?)+)",
        _PASSED,
        (_FAILED, r"(\d+) errors?\b"),
    ),
    "unittest": _UNITTEST,
    "vitest": _Form(r"^ *FAIL  (?P<name>.+)$", _SCRIPT_ERROR, _PASSED, (_FAILED,)),
    "jest": _Form(
        r"^  ● (?P<name>.+)$",
        r"\n\n(?P<text>    \S.*(?:\n\n?    (?:Expected|Received).*)*)",
        r"^Tests: .*?(\d+) passed",
        (r"^Tests: .*?(\d+) failed",),
    ),
    "mocha": _Form(
        r"^  \d+\) (?:.+\n {5,})*?(?P<name>.+?):$",
        r"\n\s*(?P<text>\S.*(?:\n\n\S.*)?)",
        r"^\s*(\d+) passing",
        (r"^\s*(\d+) failing",),
    ),
    "node:test": _Form(
        r"^\s*not ok \d+ - (?P<name>.+)$",
        r"^\s*error: (?:\|-\n(?P<text>(?:[ \t]*.*\n)+?)(?=[ \t]*\w+: )|'?(?P<line>.*?)'?$)",
        r"^# pass (\d+)",
        (r"^# fail (\d+)",),
    ),
    "testing": _Form(
        r"^\s*--- FAIL: (?P<name>\S+) \([\d.]+s\)(?!\n\s+--- FAIL)",
        r"(?:Error:\s+|^\s+\S+\.go:\d+: (?=\S)|^panic: )"
        r"(?P<text>.*(?:\n\s+(?:expected|actual) *:.*)*)",
    ),
    "rust": _Form(
        r"^---- (?P<name>\S+) stdout ----$",
        r"panicked at .*:\n(?P<text>(?:(?!stack backtrace|note:).+\n?)+)",
        r"^test result: .*?(\d+) passed",
        (r"^test result: .*?(\d+) failed",),
    ),
    "junit5": _JUNIT,
    "junit4": _JUNIT,
    "xunit": _SHARP,
    "nunit": _SHARP,
    "mstest": _SHARP,
    "rspec": _Form(
        r"^  \d+\) (?P<name>.+)$",
        r"Failure/Error:.*\n(?P<text>(?:[ \t]*\n| {5,}(?!#).*\n)+?)(?= +#)",
        failed=(r"(\d+) failures?\b",),
        total=r"^(\d+) examples?\b",
    ),
    "minitest": _Form(
        r"^\s*\d+\) (?:Failure|Error):\n[^\n#]*#(?P<name>\w+)",
        r":\n(?P<text>.+(?:\n\s*Actual.*)?)",
        failed=(r"(\d+) failures\b", r"(\d+) errors\b"),
        total=r"^(\d+) runs\b",
    ),
    "phpunit": _Form(
        r"^\d+\) .*::(?P<name>\w+)",
        r"\n(?P<text>.+)",
        failed=_FAILURES,
        total=r"^(?:OK \(|Tests: )(\d+)",
    ),
    "pest": _Form(
        r"^\s*FAILED  .*? > (?P<name>.+?)(?:  .*)?$",
        r"\n\s+(?P<text>\S.+)",
        _PASSED,
        (_FAILED,),
    ),
}
_FORMS["testify"] = _FORMS["testing"]


def read_results(
    output: str, succeeded: bool, code: Code, files: Collection[str]
) -> Results | None:
    """Return how the tests of a file went; None where no test of it seems to have been run.

    `code` is the test file as it was run, and `files` the names under which it may be spoken of.
    """
    output = _tidy(output)
    form = _FORMS.get(code.framework.id, _CATCH)
    passed = _number(form.passed, output)
    failed = sum(_number(pattern, output) or 0 for pattern in form.failed)
    total = _number(form.total, output)
    if passed is None and total is not None:
        passed = max(total - failed, 0)
    if succeeded:
        if passed is None and (form.passed, form.total) == (_NEVER, _NEVER):
            passed = len(cases_of(code))
        elif passed is None and form is _JUNIT:
            passed = len(cases_of(code))  # `mvn -q` is silent about tests that pass
        return Results(passed, 0) if passed else None
    failures = _unique(_failures(output, form, code, files))
    if not failures and not failed:
        # Coverage that is too low makes a runner fail as well, and that is not asked here.
        return Results(passed, 0) if passed else None
    if passed is None and "panic:" not in output:
        passed = max(len(cases_of(code)) - len(failures), 0)
    if any(failure.test is None for failure in failures) and not failed:
        passed = 0
    return Results(passed, max(failed, len(failures)), tuple(failures))


def _tidy(output: str) -> str:
    """Return output without colours, blanks at line ends and runs of empty lines.

    The patterns look across line ends, and runs of those would take them very long.
    """
    lines = (line.rstrip() for line in _ANSI.sub("", output).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _number(pattern: str, output: str) -> int | None:
    """Return the number in the last match: what comes before may be a test's own words."""
    found = re.findall(pattern, output, re.MULTILINE)
    return int(found[-1]) if found else None


def _failures(output: str, form: _Form, code: Code, files: Collection[str]) -> Iterator[Failure]:
    cases = cases_of(code)
    spans = [
        (case, code.document.line_of(case.unit.span.start),
         code.document.line_of(max(case.unit.span.end - 1, case.unit.span.start)))
        for case in cases
    ]  # fmt: skip
    place = re.compile(
        rf"(?<![\w.-])(?:{'|'.join(map(re.escape, files))})[\"']?(?:, line |:line |:)(\d+)"
    )
    # Where a test of node:test's begins says nothing of where it failed.
    output = re.sub(r"^\s*location: .*\n", "", output, flags=re.MULTILINE)
    heads = list(re.finditer(form.failing, output, re.MULTILINE))
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(output)
        part = output[head.end() : end]
        if "subtestsFailed" in part:
            continue  # a group of node:test's, told of after the tests in it
        lines = [int(line) - 1 for line in place.findall(part)]
        lines = [line for line in lines if 0 <= line < code.document.line_count]
        case = case_named(cases, head["name"])
        if case is None and lines:
            case = next((c for c, first, last in spans if first <= lines[0] <= last), None)
        inside = [
            line for one, first, last in spans for line in lines
            if one is case and first <= line <= last
        ]  # fmt: skip
        start = next((first for one, first, _ in spans if one is case), 0)
        if case is not None:
            yield Failure(case.id, inside[0] if inside else start, _message(form, part))
        elif lines:
            told = list(place.finditer(part))[-1]
            yield Failure(None, lines[-1], _told_at(part, *told.span()))
        elif above := place.search(output):
            # The runner says that the file failed, and its language why, further up.
            line = min(max(int(above[1]), 1), code.document.line_count) - 1
            yield Failure(None, line, _told_at(output, *above.span()))
        else:
            yield Failure(None, 0, _message(form, part))
    if heads:
        return
    # The file could not even be read: the places in it that are spoken of, and what is said there.
    for match in place.finditer(output):
        line = int(match[1]) - 1
        if 0 <= line < code.document.line_count and not _is_warning(output, match.start()):
            yield Failure(None, line, _told_at(output, match.start(), match.end()))


def _is_warning(output: str, at: int) -> bool:
    start = output.rfind("\n", 0, at) + 1
    two = output[output.rfind("\n", 0, max(start - 1, 0)) + 1 : output.find("\n", at)]
    return re.search(r"^\s*warning\b|: warning:|Warning:", two, re.MULTILINE) is not None


def _message(form: _Form, part: str) -> str:
    found = re.search(form.message, part, re.MULTILINE)
    text = next((group for group in found.groups() if group), "") if found else ""
    return _clean(text) or _clean(part) or "it failed"


def _told_at(output: str, start: int, end: int) -> str:
    """Return what is said of a place: on its line, or on the lines round it."""
    line_start = output.rfind("\n", 0, start) + 1
    line_end = output.find("\n", end)
    if output[line_start:start].lstrip().startswith("-->"):  # rustc says it on the line above
        above = _clean(output[:line_start].rstrip("\n").rpartition("\n")[2])
        return above or "it could not be built"
    behind = output[end : line_end if line_end >= 0 else len(output)].strip(" ,:)0123456789'\"")
    if len(behind) > 3 and not re.fullmatch(r"in \S+", behind):
        return _clean(behind)
    before = [match[0] for match in _ERROR.finditer(output, 0, line_start)]
    after = _ERROR.search(output, line_end if line_end >= 0 else len(output))
    return _clean(after[0] if after else before[-1] if before else "it could not be run")


def why_not_run(output: str) -> str:
    """Return the line of a runner's output that says best why it ran no test."""
    output = _tidy(output)
    found = _ERROR.search(output)
    lines = [line for line in output.split("\n") if line.strip()]
    return _clean(found[0] if found else lines[-1] if lines else "").partition("\n")[0]


def _clean(text: str) -> str:
    lines = [re.sub(r"^(?:E +|# )", "", line).strip() for line in text.split("\n")]
    kept = [line for line in lines if line and not re.fullmatch(r"E|[-=_⎯~^]+", line)][:_LINES]
    said = show_hidden("\n".join(kept))
    return said if len(said) <= _CHARS else said[: _CHARS - 1] + "…"


def _unique(failures: Iterator[Failure]) -> list[Failure]:
    """Leave of several failures of one test, or at one place, the first."""
    found: dict[object, Failure] = {}
    for failure in failures:
        found.setdefault(failure.test or failure.line, failure)
    return list(found.values())
