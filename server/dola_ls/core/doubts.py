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
#: Statements of JavaScript and Rust that bring names in.
_IMPORTS = re.compile(
    r"^[ \t]*(?:import\b[^;'\"{}\n]*(?:\{[^{}]*\})?\s*from\b|use [\w:*, ]*(?:\{[^;]{0,500}\})?;)",
    re.MULTILINE,
)
_WORD_IN_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
#: Languages with text between tags, which may be written in capitals.
_MARKUP = frozenset({"javascript", "javascriptreact", "typescriptreact"})
_BETWEEN_TAGS = re.compile(r"(?:>(?=[^<>{}();=&|]*[<{])|\}(?=[^<>{}();=&|]*<))[^<{]*")
#: Languages in which it matters where in a file a constant stands, beside Python.
_IN_ORDER = frozenset(
    {"c", "cpp", "javascript", "javascriptreact", "typescript", "typescriptreact"}
)
_OUTERMOST = re.compile(
    r"^(?:#define[ \t]+(\w+)|(?:[a-z]\w*[ \t]+)+(\w+)[ \t]*(?::[^=\n]*)?=(?!=))", re.MULTILINE
)
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
    imports = _IMPORTS.findall(rewrite.text)
    declared.update(name for text in imports for name in _WORD_IN_CAPITALS.findall(text))
    if document.language in _MARKUP:
        code = _BETWEEN_TAGS.sub(" ", code)
    used = set(_CONSTANT.findall(code)) - declared - _GLOBALS
    return sorted(name for name in used if not has_word(declaring, name))


def used_above(language: str, new: str, names: set[str]) -> list[str]:
    """Return which of `names` are constants that stand, outermost, below code that uses them.

    Only in languages where that may fail: when the file is loaded, or when it is compiled.
    """
    if language == "python":
        return sorted(names.intersection(_late_in_python(new)))
    if language not in _IN_ORDER:
        return []
    # Lines stay lines, so that what begins one still does.
    code = COMMENT_OR_TEXT.sub(lambda match: "\n" * match[0].count("\n"), new)
    found: dict[str, int] = {}
    for match in _OUTERMOST.finditer(code):
        found.setdefault(match[1] or match[2], match.start())
    return sorted(name for name in names & found.keys() if has_word(code[: found[name]], name))


def _late_in_python(new: str) -> Iterator[str]:
    tree = _parsed(new)
    if tree is None:
        return
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id] = min(node.lineno, used.get(node.id, node.lineno))
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            for name in bound_names(statement):
                if used.get(name, statement.lineno) < statement.lineno:
                    yield name


def _in_python(new: str, old: str) -> Iterator[str]:
    if _STAR.search(old):
        return
    tree = _parsed(new)
    if tree is None:
        return
    known = set(dir(builtins)) | set(bound_names(tree))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - known
    yield from (name for name in used if not name.startswith("__") and not has_word(old, name))


def _parsed(new: str) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(new.removeprefix("\ufeff")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
