"""What other servers say is wrong with the code: diagnostics, as a prompt and a title name them."""

from __future__ import annotations

from dataclasses import dataclass

from dola_ls.core.document import Document, Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem in a document, as its server told the editor and the editor told us."""

    span: Span
    message: str
    #: Who says so, and the name of the rule: ``ruff`` and ``F841``; empty where not told.
    source: str = ""
    code: str = ""

    def line_for(self, document: Document) -> str:
        """Return it on one line, with the line of the document it stands on, from one up."""
        who = " ".join(part for part in (self.source, self.code) if part)
        message = " ".join(self.message.split())
        line = document.line_of(self.span.start) + 1
        return f"line {line}: {message}{f' ({who})' if who else ''}"
