"""Diagnostics as prompts name them."""

from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Span


def test_names_its_line_its_source_and_its_rule() -> None:
    document = Document("file:///a.py", "python", 1, "import os\n\nx = y\n")
    unused = Diagnostic(Span(7, 9), "`os` imported\nbut unused", "ruff", "F401")
    assert unused.line_for(document) == "line 1: `os` imported but unused (ruff F401)"
    assert Diagnostic(Span(15, 16), "no y").line_for(document) == "line 3: no y"
