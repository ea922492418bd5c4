"""What runners print, as they print it, and what is made of it.

A sample under ``outputs`` holds the tests that were run, all that the runner wrote, and what is
read from it: the counts, then each failure with its line, its test and what was said. Those of
RSpec, Minitest, PHPUnit, Pest, xUnit and Gradle follow their documentation, the others are real.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.results import Results, read_results, why_not_run
from dola_ls.core.testing.testcode import Code, read_code

_FOLDER = Path(__file__).parent / "outputs"


@dataclass(frozen=True)
class Sample:
    framework: str
    language: str
    file: str
    code: int
    tests: str
    output: str
    results: str

    @property
    def parsed(self) -> Code:
        return read_code(self.tests, self.language, FRAMEWORKS[self.framework])

    def read(self, output: str | None = None) -> Results | None:
        name = self.file.rpartition("/")[2]
        said = self.output if output is None else output
        return read_results(said, self.code == 0, self.parsed, {name})


def sample(name: str) -> Sample:
    """Return a sample by its name."""
    text = (_FOLDER / f"{name}.sample").read_text(encoding="utf-8")
    head, _, rest = text.partition("=== tests\n")
    tests, _, rest = rest.partition("=== output\n")
    output, _, results = rest.partition("=== results\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    fields["code"] = int(fields["code"])
    return Sample(tests=tests, output=output, results=results, **fields)


SAMPLES = sorted(path.stem for path in _FOLDER.glob("*.sample"))
every_sample = pytest.mark.parametrize("name", SAMPLES)


def shown(results: Results | None) -> str:
    """Return results as the samples hold them."""
    if results is None:
        return "none\n"
    lines = [f"{results.passed} passed, {results.failed} failed"]
    for failure in results.failures:
        test = " > ".join(failure.test) if failure.test else "the file"
        lines.append(f"{failure.line + 1} {test}: {failure.message.replace(chr(10), ' / ')}")
    return "\n".join(lines) + "\n"


@every_sample
def test_what_a_runner_says_is_read(name: str) -> None:
    found = sample(name)
    assert shown(found.read()) == found.results


@pytest.mark.parametrize(
    ("name", "said", "passed"),
    [
        ("pytest", "....                                   [100%]\n4 passed in 0.01s\n", 4),
        ("pytest", "4 passed, 1 warning in 0.01s\n", 4),
        ("unittest", "....\n-----\nRan 4 tests in 0.001s\n\nOK\n", 4),
        ("vitest", " Test Files  1 passed (1)\n      Tests  3 passed (3)\n", 3),
        ("jest", "Test Suites: 1 passed, 1 total\nTests:       3 passed, 3 total\n", 3),
        ("mocha", "  3 passing (8ms)\n", 3),
        ("node-test", "# tests 3\n# pass 3\n# fail 0\n", 3),
        ("go", "ok  \texample.com/shop/pricing\t0.004s\n", 4),
        ("cargo", "test result: ok. 3 passed; 0 failed; 0 ignored\n", 3),
        ("maven", "", 3),
        ("rspec", "3 examples, 0 failures\n", 3),
        ("minitest", "3 runs, 3 assertions, 0 failures, 0 errors, 0 skips\n", 3),
        ("phpunit", "OK (3 tests, 3 assertions)\n", 3),
        ("pest", "  Tests:    2 passed (2 assertions)\n", 2),
        ("xunit", "Passed!  - Failed:     0, Passed:     2, Skipped:     0, Total:     2\n", 2),
    ],
)
def test_tests_that_pass_are_counted(name: str, said: str, passed: int) -> None:
    found = sample(name)
    assert read_results(said, True, found.parsed, {"x"}) == Results(passed, 0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pytest", "no tests ran in 0.01s\n"),
        ("unittest", "Ran 0 tests in 0.000s\n\nNO TESTS RAN\n"),
        ("node-test", "# tests 0\n# pass 0\n# fail 0\n"),
        ("vitest", "No test files found, exiting with code 0\n"),
    ],
)
def test_no_test_at_all_is_no_success(name: str, said: str) -> None:
    assert read_results(said, True, sample(name).parsed, {"x"}) is None


def test_a_runner_that_fails_for_another_reason_has_run_the_tests() -> None:
    said = "...  [100%]\nFAIL Required test coverage of 80% not reached.\n3 passed in 0.01s\n"
    assert read_results(said, False, sample("pytest").parsed, {"x"}) == Results(3, 0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("/usr/bin/python3: No module named pytest\n", "/usr/bin/python3: No module named pytest"),
        ("npm ERR! canceled\nError: Cannot find module 'vitest'\n    at x\n",
         "Error: Cannot find module 'vitest'"),
        ("\x1b[31msomething\x1b[0m\n\nlast words \u202e\n", "last words <U+202E>"),
        ("", ""),
    ],
)  # fmt: skip
def test_why_nothing_was_run(said: str, why: str) -> None:
    assert read_results(said, False, sample("pytest").parsed, {"test_shop.py"}) is None
    assert why_not_run(said) == why


@every_sample
def test_colours_change_nothing(name: str) -> None:
    found = sample(name)
    coloured = "\n".join(f"\x1b[1;31m{line}\x1b[0m" for line in found.output.split("\n"))
    assert shown(found.read(coloured)) == found.results


@given(st.sampled_from(SAMPLES), st.data())
def test_output_cut_anywhere_is_no_fault(name: str, data: st.DataObject) -> None:
    found = sample(name)
    start = data.draw(st.integers(0, len(found.output)))
    end = data.draw(st.integers(start, len(found.output)))
    results = found.read(found.output[start:end])
    if results is None:
        return
    assert results.failed >= len(results.failures)
    for failure in results.failures:
        assert 0 <= failure.line < found.parsed.document.line_count
        assert failure.message


@every_sample
@pytest.mark.parametrize(
    "filler", [" \n", "     x\n", "x: ", "E   x\n", "  1) x\n", "\n\n    Error:\n"]
)
def test_output_as_long_as_is_kept_is_read_in_time(name: str, filler: str) -> None:
    found = sample(name)
    found.read(found.output + filler * (200_000 // len(filler)) + found.output)
