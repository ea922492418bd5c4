"""Tests that an answer only copies from the sample it was shown."""

from __future__ import annotations

from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.testcode import read_code


def without_copies(code: str, sample: str, language: str, framework: Framework) -> str:
    """Return `code` without the tests that stand in `sample` as they are.

    Where no other test is left, nothing is taken out.
    """
    there = read_code(sample, language, framework)
    known = {_plain(there.text[test.span.start : test.span.end]) for test in there.tests()}
    answer = read_code(code, language, framework)
    tests = list(answer.tests())
    copies = [t for t in tests if _plain(code[t.span.start : t.span.end]) in known]
    if len(copies) == len(tests):
        return code
    for test in sorted(copies, key=lambda test: test.span, reverse=True):
        code = code[: test.span.start] + code[test.span.end :]
    return code


def _plain(text: str) -> str:
    return " ".join(text.split())
