"""Imports of the standard library that new code needs and forgot.

Models often use ``json.dumps`` and leave the import to whoever reads it. Where the name can only
mean one thing of the standard library, and nothing in the file has that name, it is imported.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping

from dola_ls.core.document import Document
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.std_names import STD_NAMES
from dola_ls.core.words import COMMENT_OR_TEXT, WORD, bound_names, has_word

#: How a name has to be used: followed by a dot in Go, as a type or a value elsewhere.
_USED = {
    "go": r"(?<![\w.]){name}\.[A-Z]",
    "java": r"(?<![\w.]){name}\b",
    "rust": r"(?<![\w:]){name}\b",
}
#: How code binds a name by itself.
_BOUND = {
    "go": r"\b{name}\b\s*(?:,\s*\w+\s*)*:?=|\b(?:var|func|type|const)\s+{name}\b"
    r"|[(,]\s*{name}\s+[\w*\[]",
    "java": r"\b(?:class|interface|enum|record)\s+{name}\b|<\s*{name}\s*>\s*\w+\s+\w+\s*\("
    r"|\.{name};",
    "rust": r"\b(?:struct|enum|type|trait|mod)\s+{name}\b|\buse\b[^;]*\b{name}\b[^;]*;",
}
#: A line of Go that imports a package of some name, or by that name.
_IMPORTED = (
    r"^[ \t]*(?:import[ \t]+)?(?:\([ \t]*)?"
    r"(?:{name}[ \t]+\"|\"(?:[^\"\n]*/)?{name}(?:/v\d+)?\")"
)


def missing_imports(document: Document, rewrite: Rewrite, beside: str = "") -> list[str]:
    """Return the import lines that the new text of a region needs and the file has not.

    `beside` is code whose names it shares: the other cells of a notebook.
    """
    having = f"{document.text}\n{beside}"
    if document.language == "python":
        names = _python_modules(rewrite.text, having)
        return [f"import {name}" for name in names]
    known = STD_NAMES.get(document.language)
    if known is None:
        return []
    code = COMMENT_OR_TEXT.sub(" ", rewrite.text)
    # A name that the file has already is bound, imported by a wildcard, or none of ours.
    words = set(WORD.findall(code))

    def has(patterns: Mapping[str, str], name: str) -> bool:
        return re.search(patterns[document.language].replace("{name}", name), code) is not None

    return [
        line
        for name, line in known.items()
        if name in words
        and has(_USED, name)
        and not has(_BOUND, name)
        and not has_word(having, name)
        and not (document.language == "go" and _imports_in_go(rewrite.text, name))
    ]


def _imports_in_go(new: str, name: str) -> bool:
    pattern = _IMPORTED.replace("{name}", re.escape(name))
    return re.search(pattern, new, re.MULTILINE) is not None


def _python_modules(new: str, old: str) -> Iterator[str]:
    """Yield modules of the standard library that `new` takes attributes of without a binding."""
    try:
        tree = ast.parse(textwrap.dedent(new.removeprefix("\ufeff")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    known = set(dir(builtins)) | set(bound_names(tree))
    used = dict.fromkeys(
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )
    modules = (name for name in used if name in sys.stdlib_module_names and name not in known)
    yield from (name for name in modules if not has_word(old, name))
