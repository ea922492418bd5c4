"""C++ test macros made readable for a grammar that does not expand macros."""

from __future__ import annotations

import re

_CPP_CASE = re.compile(r"^([ \t]*)((?:TEST_CASE|TEMPLATE_TEST_CASE|SCENARIO)\s*\()", re.MULTILINE)
_CPP_SECTION = re.compile(r"\b(?:SECTION|GIVEN|WHEN|THEN|AND_WHEN|AND_THEN)\s*\(")


def without_macros(text: str) -> str:
    """Make what Catch2's macros look like parse, without moving a character.

    ``TEST_CASE("a") {`` is no C++ before its macro is expanded; ``void TC()    {`` is.
    """

    def covered(text: str, pattern: re.Pattern[str], stand_in: str) -> str:
        at = 0
        while found := pattern.search(text, at):
            start = found.end(1) if pattern is _CPP_CASE else found.start()
            end = _closing(text, found.end() - 1)
            at = found.end()
            if end is None or end - start < len(stand_in) or "\n" in text[start:end]:
                continue
            if text[end:].lstrip()[:1] == "{":
                text = text[:start] + stand_in.ljust(end - start) + text[end:]
        return text

    if text.startswith("\ufeff"):
        text = " " + text[1:]  # the grammar takes a byte order mark for a mistake
    text = covered(text, _CPP_CASE, "void TC()")
    return covered(text, _CPP_SECTION, "if (1)")


def _closing(text: str, start: int) -> int | None:
    """Return the offset behind the parenthesis that closes the one at `start`."""
    depth, quote, at = 0, "", start
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at + 1
        at += 1
    return None
