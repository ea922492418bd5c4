"""What other servers say is wrong with the code: diagnostics, as a prompt and a title name them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dola_ls.core.document import Document, Span
from dola_ls.core.policy import show_hidden

#: Characters of a message, and of the name of a server or a rule, that a prompt holds.
LONGEST = 600
_NAME = 80
#: Where a new part of a message begins, and not only a new line of it.
_BREAK = re.compile(r"(?:\r\n|\n|\r)(?=[^\S\r\n]|[\r\n])")
#: A path from the root of the disk, or a file's address: what stands before its last part.
_FOLDERS = re.compile(
    r"(?:file://(?:[^\s/'\"`]*)|(?<![\w.:/\\~-])(?:~|[A-Za-z]:)?)"
    r"[/\\](?:[^\s/\\:'\"`<>|(),;]+[/\\]){2,}(?=[^\s/\\])"
)


def plain_message(text: str, longest: int = LONGEST) -> str:
    """Return a message as one line: hidden characters named, cut where it is too long."""
    # Where a type is large, servers write thousands of characters.
    parts = (" ".join(part.split()) for part in _BREAK.split(text[: longest * 4]))
    line = show_hidden("; ".join(part for part in parts if part))
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem in a document, as its server told the editor and the editor told us."""

    span: Span
    message: str
    #: Who says so, and the name of the rule: ``ruff`` and ``F841``; empty where not told.
    source: str = ""
    code: str = ""
    #: Its server marks the code as unused or unreachable, whatever the message says.
    unnecessary: bool = False
    #: From 1, an error, to 4, a hint, as the LSP counts.
    severity: int = 1

    def line_for(self, document: Document, longest: int = LONGEST) -> str:
        """Return it on one line, with the line of the document it stands on, from one up.

        It is made for a prompt: no folder is named, which could tell of the user or the project.
        """
        who = " ".join(plain_message(part, _NAME) for part in (self.source, self.code) if part)
        message = plain_message(_FOLDERS.sub("", self.message[: longest * 4]), longest)
        line = document.line_of(self.span.start) + 1
        return f"line {line}: {message}{f' ({who})' if who else ''}"
