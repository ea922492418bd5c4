"""Lines that look like the head of a declaration, where no tree tells: the code does not parse."""

from __future__ import annotations

import re

from dola_ls.core.document import split_lines

_KEYWORD = re.compile(
    r"[ \t]*(?:@\w+[ \t]+)*(?:(?:export|default|declare|pub(?:\([\w: ]+\))?|public|private"
    r"|protected|internal|static|async|abstract|final|sealed|override|open|unsafe|extern|const|partial|data)"
    r"[ \t]+)*"
    r"(?:def|class|function|func|fn|fun|struct|enum|interface|trait|type|module|mod|record|object"
    r"|namespace)\b[ \t*]*(?:\([^)\n]*\)[ \t]*)?(?:self\.)?(?P<name>\w+)"
)
#: A method or a function without a word that says so: a name, its parameters and a brace.
_BRACE = re.compile(
    r"[^\S\n]*(?:[\w<>\[\],.*&:?@~]+[ \t]+)*?[*&~]*(?P<name>\w+)[ \t]*\([^()\n]*\)"
    r"[ \t]*(?:(?:const|noexcept|override|throws|->|:)[^\n{};]*)?\{"
)
_STATEMENTS = frozenset(
    {"if", "for", "while", "switch", "catch", "match", "return", "with", "foreach", "synchronized"}
    | {"lock", "using", "fixed", "do", "else", "try", "function", "fn"}
)


def declared_name(line: str) -> str | None:
    """Return the name that a line seems to declare, or None where it seems to declare none."""
    match = _KEYWORD.match(line)
    if match is None:
        match = _BRACE.match(line)
        if match is not None and line.split(None, 1)[0].strip("(}") in _STATEMENTS:
            return None
    return match["name"] if match and match["name"] not in _STATEMENTS else None


def declared_names(text: str) -> set[str]:
    """Return the names that the lines of a text seem to declare."""
    return {name for line in split_lines(text) if (name := declared_name(line)) is not None}
