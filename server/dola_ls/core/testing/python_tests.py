"""From the model's Python test file to one that can be run: imports right, nothing redefined."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection

from dola_ls.core.candidate import Verdict
from dola_ls.core.edits import new_file_text
from dola_ls.core.parsing import python_parses
from dola_ls.core.policy import control_characters, hidden_characters

_IMPORT_LINE = re.compile(r"(?:from (?P<module>[\w.]+) )?import (?P<name>\w+)")


def _is_test(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("test")
    return (
        isinstance(node, ast.ClassDef)
        and node.name.startswith("Test")
        and any(_is_test(inner) for inner in node.body)
    ) or (
        # unittest.TestCase may have any name.
        isinstance(node, ast.ClassDef) and bool(node.bases) and any(map(_is_test, node.body))
    )


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _without(
    lines: list[str], tree: ast.Module, name: str, module: str, copies: Collection[str]
) -> list[str]:
    """Leave out copies of what is tested, and imports of it from anywhere but `module`."""
    drop: set[int] = set()
    replaced: dict[int, str] = {}
    for node in tree.body:
        span = range(_first_line(node), (node.end_lineno or node.lineno) + 1)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if (node.name == name or node.name in copies) and not _is_test(node):
                drop.update(span)
        elif isinstance(node, ast.ImportFrom) and (node.level or node.module != module):
            rest = [alias for alias in node.names if alias.name != name]
            if len(rest) == len(node.names):
                continue
            drop.update(span)
            if rest:
                left = ast.ImportFrom(node.module, rest, node.level)
                replaced[node.lineno] = ast.unparse(left)
        elif isinstance(node, ast.Import) and any(
            alias.name.rpartition(".")[2] == name for alias in node.names
        ):
            drop.update(span)
    return [
        replaced.get(number, line)
        for number, line in enumerate(lines, 1)
        if number not in drop or number in replaced
    ]


def _names_own_module(node: ast.ImportFrom, declared: Collection[str]) -> bool:
    return all(alias.name in declared for alias in node.names)


def _imported(tree: ast.Module) -> set[str]:
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def _unbound(tree: ast.Module) -> set[str]:
    """Return the names a module uses and never binds, in whatever scope."""
    used: set[str] = set()
    bound = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
    return used - bound


def _imports_for(
    names: Collection[str], module: str, declared: Collection[str], source: str
) -> list[str]:
    """Return import lines for names that the tested module declares or imports itself."""
    lines: list[str] = []
    if names and python_parses(source):
        for node in ast.parse(source).body:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if isinstance(node, ast.ImportFrom) and (node.level or node.module == "__future__"):
                continue
            wanted = [
                alias
                for alias in node.names
                if (alias.asname or alias.name).partition(".")[0] in names
            ]
            if wanted:
                node.names = wanted
                lines.append(ast.unparse(node))
    own = sorted(set(names) & set(declared))
    return [*lines, *([f"from {module} import {', '.join(own)}"] if own and module else [])]


def why_not_text(code: str) -> Verdict | None:
    """Return why a text can be no code at all, whatever its language."""
    if hidden := hidden_characters(code):
        return Verdict("hidden", f"it holds invisible characters ({', '.join(hidden[:5])})")
    broken = control_characters(code) + (["U+FFFD"] if "\ufffd" in code else [])
    if broken:
        return Verdict("garbled", f"it holds broken characters ({', '.join(broken[:5])})")
    return None if code.strip() else Verdict("emptied", "it holds no code")


def top_level_names(source: str) -> set[str]:
    """Return the functions and classes that a module declares outermost."""
    if not python_parses(source):
        return set()
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.parse(source).body if isinstance(node, kinds)}


def tidy_tests(
    code: str,
    import_line: str,
    declared: Collection[str],
    eol: str = "\n",
    source: str = "",
    copies: Collection[str] = (),
) -> str | Verdict:
    """Return the text of a new test file made from the model's `code`, or why it is none.

    `import_line` imports what is tested, and `declared` are the names that its module declares:
    an import of nothing but these, from a module the model made up, is taken to mean that module.
    Names that the tests use and forget to import are imported as `source`, the module's text, does.
    `copies` are further outermost names of that module, whose definitions have no place in tests.
    """
    found = _IMPORT_LINE.fullmatch(import_line)
    module, name = (found["module"] or found["name"], found["name"]) if found else ("", "")
    code = code.replace("\r\n", "\n").replace("\r", "\n")
    if (verdict := why_not_text(code)) is not None:
        return verdict
    if not python_parses(code):
        return Verdict("unparsable", "it is not valid Python")
    tree = ast.parse(code)
    lines = code.split("\n")
    for node in reversed(tree.body):
        if module and isinstance(node, ast.ImportFrom) and _names_own_module(node, declared):
            names = ", ".join(ast.unparse(alias) for alias in node.names)
            lines[node.lineno - 1 : node.end_lineno] = [f"from {module} import {names}"]
    if module:
        text = "\n".join(lines)
        lines = _without(lines, ast.parse(text), name, module, copies)
    tree = ast.parse("\n".join(lines))
    if not any(_is_test(node) for node in tree.body):
        return Verdict("no_tests", "it holds no test function")
    missing = [import_line] if name and name not in _imported(tree) else []
    for runner in ("pytest", "unittest"):
        used = re.search(rf"\b{runner}\.", "\n".join(lines))
        if used and runner not in _imported(tree):
            missing = [f"import {runner}", *(["", *missing] if missing else [])]
    lost = _unbound(tree) - {name, "pytest", "unittest"}
    missing = [*_imports_for(lost, module, declared, source), *missing]
    if missing:
        at = _imports_end(tree)
        rest = lines[at:]
        while not at and rest and not rest[0].strip():
            rest.pop(0)
        lines = [*lines[:at], *missing, *([] if at else ["", ""]), *rest]
    return new_file_text("\n".join(lines), eol)


def _imports_end(tree: ast.Module) -> int:
    """Return the number of lines up to the end of the docstring and the first run of imports."""
    end = 0
    for node in tree.body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (isinstance(node, ast.Import | ast.ImportFrom) or (docstring and end == 0)):
            break
        end = node.end_lineno or node.lineno
    return end
