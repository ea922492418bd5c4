"""The heads of what a file imports from other files of its project; Python and JavaScript."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING

from dola_ls.core.document import Document
from dola_ls.core.languages import language_of_file
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.testing.draft_imports import script_import_of
from dola_ls.core.testing.listing import Listing, folders_above, joined
from dola_ls.core.testing.outlines import Declared, declarations, head_of, is_require
from dola_ls.core.testing.script_imports import exports_of

if TYPE_CHECKING:
    import tree_sitter

#: How many files a name is followed through that only passes it on, and how many are read at most.
_HOPS = 3
_FILES = 12
#: Folders whose contents are imported without their name.
_SOURCE_ROOTS = ("", "src", "lib", "python")
_SCRIPTS = ("", ".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", ".d.ts")
_COMPILED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_PASSED_ON = re.compile(
    r"^[ \t]*export\s*(?:\{(?P<names>[^}]*)\}|(?P<all>\*))\s*from\s*['\"](?P<from>[^'\"]+)['\"]",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """A name of another file of the project, as a file imports it."""

    path: str
    #: Empty for the module itself.
    name: str
    module: str
    local: str


def import_nodes(tree: Tree) -> Iterator[tree_sitter.Node]:
    """Yield the import statements of a file, also those in an outermost ``if`` or ``try``."""
    stack = list(reversed(tree.tree.root_node.named_children))
    while stack:
        node = stack.pop()
        if node.type in tree.language.imports or is_require(tree, node):
            yield node
        elif node.type in {"if_statement", "try_statement", "block"}:
            stack.extend(reversed(node.named_children))


def heads_of_imports(
    tree: Tree, used: Collection[str], code: str, source: str, listing: Listing
) -> Iterator[str]:
    """Yield the heads of what `code` uses from other files of the project, in order of import."""
    wanted: list[Imported] = []
    for one in imports_of(tree, source, listing):
        if one.name and one.local in used:
            wanted.append(one)
        elif not one.name:
            members = re.findall(rf"(?<![\w.]){re.escape(one.local)}\.(\w+)", code)
            wanted += [
                Imported(one.path, name, one.module, name) for name in dict.fromkeys(members)
            ]
    told: set[str] = set()
    for one in wanted[:_FILES]:
        there = declared_at(one.path, one.name, listing)
        head = head_of(there[1], there[2]) if there is not None else ""
        if head and head not in told:
            told.add(head)
            yield f"{tree.language.line_comment} from {one.module}\n{head}"


def imports_of(tree: Tree, source: str, listing: Listing) -> Iterator[Imported]:
    """Yield what a file imports from files of its project; Python and JavaScript."""
    if tree.language.id == "python":
        yield from _python(tree, source, listing)
    elif tree.language.id.startswith(("javascript", "typescript")):
        yield from _script(tree, source, listing)


def declared_at(path: str, name: str, listing: Listing) -> tuple[str, Tree, Declared] | None:
    """Return where a name that a file exports is declared, be it another one that it passes on."""
    return _declared_at(path, name, listing, _HOPS)


def _declared_at(
    path: str, name: str, listing: Listing, hops: int
) -> tuple[str, Tree, Declared] | None:
    document = Document("", language_of_file(PurePosixPath(path)), 0, listing.text(path))
    tree = parse(document)
    if tree is None or not hops:
        return None
    python = tree.language.id == "python"
    inner = name if python else _inner_name(document.text, name)
    for found in declarations(tree):
        if inner in found.names:
            return path, tree, found
    onward = _python(tree, path, listing) if python else _passed_on(document.text, path, listing)
    for one in onward:
        inner = name if one.local == "*" else one.name
        if one.local in {name, "*"} and inner and (
            there := _declared_at(one.path, inner, listing, hops - 1)
        ):  # fmt: skip
            return there
    return None


def _inner_name(text: str, name: str) -> str:
    """Return what a module calls inside what it exports under a name."""
    exports = exports_of(text)
    if name == "default":
        return exports.default or ""
    return next((inner for inner, outside in exports.names.items() if outside == name), name)


# -- Python --------------------------------------------------------------------------------------


def _python(tree: Tree, source: str, listing: Listing) -> Iterator[Imported]:
    for node in import_nodes(tree):
        try:
            statement = ast.parse(tree.text_of(node).replace("\r", "\n").strip()).body[0]
        except (SyntaxError, ValueError, IndexError):
            continue
        if isinstance(statement, ast.ImportFrom):
            yield from _from(statement, source, listing)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                path = _module(alias.name, 0, source, listing)
                if path is not None:
                    yield Imported(path, "", alias.name, alias.asname or alias.name)


def _from(statement: ast.ImportFrom, source: str, listing: Listing) -> Iterator[Imported]:
    module, level = statement.module or "", statement.level
    said = "." * level + module
    path = _module(module, level, source, listing)
    for alias in statement.names:
        local = alias.asname or alias.name
        below = f"{module}.{alias.name}" if module else alias.name
        inner = _module(below, level, source, listing)
        if inner is not None:
            yield Imported(inner, "", below if not level else said + alias.name, local)
        elif path is not None:
            yield Imported(path, alias.name, said, local)


def _module(module: str, level: int, source: str, listing: Listing) -> str | None:
    """Return the file of a Python module of the project; None for others."""
    parts = [part for part in module.split(".") if part]
    if not level and (not parts or parts[0] in sys.stdlib_module_names):
        return None
    folders = list(folders_above(source))
    if level:
        tops = folders[level - 1 : level]
    else:
        tops = [joined(folder, root) if root else folder
                for folder in folders for root in _SOURCE_ROOTS]  # fmt: skip
    for top in tops:
        path = "/".join([*([top] if top else []), *parts])
        for candidate in (f"{path}.py", f"{path}/__init__.py" if path else "__init__.py"):
            if candidate in listing.known and candidate != source:
                return candidate
    return None


# -- JavaScript and TypeScript -------------------------------------------------------------------


def _script(tree: Tree, source: str, listing: Listing) -> Iterator[Imported]:
    for node in import_nodes(tree):
        # What is imported as a type alone is declared there all the same.
        text = re.sub(r"^import\s+type\b", "import", tree.text_of(node).strip())
        one = script_import_of(re.sub(r"([{,]\s*)type\s+", r"\1", text))
        path = _script_file(one.module, source, listing)
        if path is None:
            continue
        if everything := re.search(r"\*\s+as\s+([\w$]+)", one.whole):
            yield Imported(path, "", one.module, everything[1])
        for local, outside in one.names.items():
            yield Imported(path, outside, one.module, local)
        if re.fullmatch(r"[\w$]+", one.default):
            required = "require(" in text and exports_of(listing.text(path)).default is None
            yield Imported(path, "" if required else "default", one.module, one.default)


def _script_file(module: str, source: str, listing: Listing) -> str | None:
    """Return the file that a relative specifier means; None for packages and what is not there."""
    if not module.startswith("."):
        return None
    path = normpath(joined(source.rpartition("/")[0], module))
    stem = PurePosixPath(path)
    candidates = [path + ending for ending in _SCRIPTS]
    candidates += [str(stem.with_suffix(ending)) for ending in _COMPILED.get(stem.suffix, ())]
    candidates += [f"{path}/index{ending}" for ending in _SCRIPTS[1:]]
    return next((name for name in candidates if name in listing.known and name != source), None)


def _passed_on(text: str, path: str, listing: Listing) -> Iterator[Imported]:
    """Yield what a module exports that stands in another one; ``*`` is everything."""
    for match in _PASSED_ON.finditer(text):
        there = _script_file(match["from"], path, listing)
        if there is None:
            continue
        if match["all"]:
            yield Imported(there, "*", match["from"], "*")
        for item in (match["names"] or "").split(","):
            inner, _, outside = item.strip().removeprefix("type ").partition(" as ")
            yield Imported(there, inner.strip(), match["from"], outside.strip() or inner.strip())
