"""Names that new code uses and nobody declares: a reason to ask once more, not to refuse.

Another file of the package, a wildcard import or the surroundings of a script may declare them
after all, so an answer that insists is believed.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator

from dola_ls.core.document import Document
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.words import COMMENT_OR_TEXT, bound_names, has_word

#: Languages in which a bare name in capitals is a constant of the program's own.
_CONSTANTS = frozenset(
    {"csharp", "go", "java", "javascript", "javascriptreact", "rust", "typescript"}
    | {"typescriptreact"}
)
_CONSTANT = re.compile(r"(?<![\w.:$@#])[A-Z][A-Z0-9_]{2,}\b(?!\s*(?:[(!:.]|=[^=]))")
_DECLARED = re.compile(r"\b([A-Z][A-Z0-9_]{2,})\b\s*(?::[^:=;\n]*)?=(?!=)|\b(?:case|enum)\s+(\w+)")
#: Begins with letters, which are searched for as such; `^` or `\b` would be tried everywhere.
_STAR = re.compile(r"import[ \t]+\*")
#: Globals of JavaScript that look like constants.
_GLOBALS = frozenset({"CSS", "JSON", "URL"})


def undeclared(document: Document, rewrite: Rewrite, beside: str = "") -> list[str]:
    """Return names that the new text of a region uses, and that the file declares nowhere.

    `beside` is code whose names it shares: the other cells of a notebook.
    """
    declaring = f"{document.text}\n{beside}"
    if document.language == "python":
        return sorted(_in_python(rewrite.text, declaring))
    if document.language not in _CONSTANTS:
        return []
    code = COMMENT_OR_TEXT.sub(" ", rewrite.text)
    declared = {name for match in _DECLARED.finditer(code) for name in match.groups() if name}
    used = set(_CONSTANT.findall(code)) - declared - _GLOBALS
    return sorted(name for name in used if not has_word(declaring, name))


def _in_python(new: str, old: str) -> Iterator[str]:
    if _STAR.search(old):
        return
    try:
        tree = ast.parse(textwrap.dedent(new.removeprefix("\ufeff")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    known = set(dir(builtins)) | set(bound_names(tree))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - known
    yield from (name for name in used if not name.startswith("__") and not has_word(old, name))
