"""Diagnostics as prompts name them."""

import pytest

from dola_ls.core.diagnostics import Diagnostic, plain_message
from dola_ls.core.document import Document, Span


def test_names_its_line_its_source_and_its_rule() -> None:
    document = Document("file:///a.py", "python", 1, "import os\n\nx = y\n")
    unused = Diagnostic(Span(7, 9), "`os` imported\nbut unused", "ruff", "F401")
    assert unused.line_for(document) == "line 1: `os` imported but unused (ruff F401)"
    assert Diagnostic(Span(15, 16), "no y").line_for(document) == "line 3: no y"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("no y", "no y"),
        ("  no\n y\t ", "no; y"),
        ("`os` imported\nbut unused", "`os` imported but unused"),
        ("`os` is unused\n\nhelp: Remove it\n", "`os` is unused; help: Remove it"),
        ("`os` is unused\r\n\r\nhelp: Remove it", "`os` is unused; help: Remove it"),
        ('No "a" in "b"\n\xa0\xa0"a" is unknown', 'No "a" in "b"; "a" is unknown'),
        ("a\u202eb\x00c\u200b", "a<U+202E>b<U+0000>c<U+200B>"),
        ("x" * 5000, "x" * 599 + "…"),
        ("", ""),
    ],
)
def test_a_message_is_one_line_that_hides_nothing(message: str, line: str) -> None:
    assert plain_message(message) == line


@pytest.mark.parametrize("longest", [10, 70])
def test_a_title_is_cut(longest: int) -> None:
    assert len(plain_message("word " * 100, longest)) <= longest
    assert len(plain_message("\u202e" * 100, longest)) <= longest
