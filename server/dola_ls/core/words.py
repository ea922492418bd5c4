"""The names in a piece of code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

WORD = re.compile(r"[^\W\d]\w*")
#: What Python 3.12 and later call them; `def first[T](items: list[T]) -> T` binds one.
_TYPE_PARAMETERS = frozenset({"ParamSpec", "TypeVar", "TypeVarTuple"})
_JOINS = re.compile(r"\w")
#: Comments and texts of the languages that write them as C does.
COMMENT_OR_TEXT = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'", re.DOTALL
)


def has_word(text: str, name: str) -> bool:
    """Tell whether a name stands in a text.

    The text is searched for the name alone, ten times as fast as by a pattern with word bounds.
    """
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not _JOINS.match(text[at - 1 : at]) and not _JOINS.match(text[end : end + 1]):
            return True
        at = text.find(name, end)
    return False


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that code binds in some way, whatever the scope."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case (
                ast.ClassDef(name=name)
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.partition(".")[0]
            case _ if type(node).__name__ in _TYPE_PARAMETERS:
                yield vars(node)["name"]
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
