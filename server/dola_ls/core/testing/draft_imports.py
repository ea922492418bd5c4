"""The imports of an answer set right: the code under test from where it is, the rest as it was.

Models guess where the code under test stands. What is imported from a guess, and the project
knows better, is taken out here; the right line goes in once.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from dola_ls.core.document import Document
from dola_ls.core.testing.frameworks import FRAMEWORKS, Framework
from dola_ls.core.testing.naming import stem_of
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.script_imports import ScriptStyle, exports_of
from dola_ls.core.testing.testcode import Code

_SCRIPT_IMPORT = re.compile(
    r"import\s+(?:type\s+)?(?P<what>[^'\"]+?)\s+from\s+['\"](?P<from>[^'\"]+)['\"]"
    r"|(?:const|let|var)\s+(?P<cjs>[^=]+?)\s*=\s*(?:await\s+)?require\(\s*['\"](?P<require>[^'\"]+)"
)
_FRAMEWORK_MODULES = frozenset(
    {"vitest", "@jest/globals", "node:test", "test", "mocha", "bun:test"}
)
_GLOBALS = frozenset(
    {"describe", "it", "test", "expect", "beforeEach", "afterEach", "beforeAll", "afterAll",
     "before", "after", "suite"}
)  # fmt: skip


@dataclass(slots=True)
class ScriptImport:
    """One import statement of JavaScript: local name -> name outside."""

    module: str
    names: dict[str, str] = field(default_factory=dict)
    default: str = ""
    #: ``* as x`` and statements of another form, kept as they are.
    whole: str = ""


def script_import_of(text: str) -> ScriptImport:
    """Read an import statement or a require."""
    match = _SCRIPT_IMPORT.match(text.strip())
    if match is None:
        module = re.search(r"['\"]([^'\"]+)['\"]", text)
        return ScriptImport(module[1] if module else "", whole=text.strip())
    found = ScriptImport(match["from"] or match["require"])
    what = (match["what"] or match["cjs"]).strip()
    if what.startswith("*") or text.strip().startswith("import type"):
        found.whole = text.strip()
        return found
    braces = re.search(r"\{([^}]*)\}", what)
    for item in braces[1].split(",") if braces else ():
        outside, _, local = re.sub(r"\s*:\s*", " as ", item.strip()).partition(" as ")
        if outside:
            found.names[local.strip() or outside.strip()] = outside.strip()
    found.default = re.sub(r"\{[^}]*\}", "", what).strip(" ,\n")
    return found


def script_lines(
    code: Code, statements: list[str], placement: Placement, framework: Framework, source: Document
) -> list[str]:
    """Return the import lines of a JavaScript or TypeScript test file."""
    style = placement.style or ScriptStyle("esm")
    own = script_import_of(placement.imports[0]) if placement.imports else ScriptImport("")
    exports = exports_of(source.text)
    known = set(exports.names.values())
    used = code.names_used()
    groups: dict[str, ScriptImport] = {}
    lines: list[str] = []
    bound: set[str] = set()
    for statement in statements:
        one = script_import_of(statement)
        if re.fullmatch(r"['\"]use strict['\"];?", statement.strip()):
            continue
        if one.whole:
            lines.append(one.whole)
            bound |= set(re.findall(r"\* as (\w+)", one.whole))
            continue
        if one.module in _FRAMEWORK_MODULES:
            kept = {
                name: outside
                for name, outside in one.names.items()
                if outside not in _GLOBALS and outside not in framework.provides
            }
            one.names = kept
            if one.default in framework.provides or not one.default:
                one.default = ""
        if re.fullmatch(r"(?:node:)?assert(?:/strict)?", one.module) and (
            one.default and framework.provides.get(one.default, "").startswith("node:assert")
        ):
            one.default = ""
        guessed = one.module.startswith(".") or stem_of(one.module)[0] == stem_of(source.uri)[0]
        if guessed:
            same = _same_module(one.module, own.module)
            for local, outside in list(one.names.items()):
                if outside in known or same or local == placement.binding:
                    del one.names[local]
                    if outside in known and local in used:
                        own.names.setdefault(local, outside)
            if one.default and (same or one.default in {placement.binding, own.default}):
                if one.default != own.default and own.default:
                    own.names.pop(one.default, None)
                one.default = ""
        if one.names or one.default:
            into = groups.setdefault(one.module, ScriptImport(one.module))
            into.names |= one.names
            into.default = into.default or one.default
            bound |= {*one.names, one.default}
    bound |= {*own.names, own.default}
    for name in sorted(used - bound):
        module = framework.provides.get(name)
        if module is not None and name not in _declared(code):
            into = groups.setdefault(module, ScriptImport(module))
            if module.startswith("node:assert"):
                into.default = name
            else:
                into.names[name] = name
    for name in sorted((used & set(exports.names)) - bound - _declared(code)):
        if exports.names[name] == name and exports.default != name:
            own.names[name] = name
    ours = [groups.pop(name) for name in list(groups) if name in set(framework.provides.values())]
    for one in (*ours, *groups.values(), own):
        if one.module:
            names = [out if out == name else f"{out} as {name}" for name, out in one.names.items()]
            lines.append(style.line(names, one.module, one.default))
    return lines


def _same_module(one: str, two: str) -> bool:
    return PurePosixPath(one).name.split(".")[0] == PurePosixPath(two).name.split(".")[0]


def _declared(code: Code) -> set[str]:
    return {unit.name for unit in code.units() if unit.kind == "declaration"}


def other_lines(
    code: Code, statements: list[str], placement: Placement, framework: Framework, source: Document
) -> list[str]:
    """Return the import lines of a test file in any language but Python and JavaScript."""
    declared = declared_names(source, framework)
    lines: list[str] = []
    for statement in statements:
        line = _LINES.get(placement.language, _as_is)(statement, placement, source, declared)
        if line and line not in lines:
            lines.append(line)
    joined = "\n".join(lines)
    used = code.names_used() | set(re.findall(r"\b[A-Z_]{4,}\b", code.text))
    for name, line in framework.provides.items():
        if name not in used or _is_bound(name, line, joined):
            continue
        line = f'import "{line}"' if placement.language == "go" else line
        if line not in lines:
            lines.append(line)
    own = [line for line in placement.imports if line not in lines or line in {"}", 'extern "C" {'}]
    if placement.language == "ruby":
        return [*own, *lines]
    return [*lines, *own]


def _is_bound(name: str, line: str, imports: str) -> bool:
    """Tell whether import lines already bring in a name that `line` would."""
    if line in imports:
        return True
    if line.startswith("import "):
        package = re.sub(r"^import (?:static )?|\.\w+;?$", "", line)
        return (
            f"{package}.*" in imports
            or re.search(rf"[.]{name};?$", imports, re.MULTILINE) is not None
        )
    return re.search(rf"[\\/\"]{re.escape(name)}[;\"]", imports) is not None


def declared_names(source: Document, framework: Framework) -> set[str]:
    """Return what a source declares outermost."""
    if not source.text.strip():
        return set()
    code = Code(source, framework)
    names: set[str] = set()
    stack = [code.root]
    while stack:
        for unit in code.units(stack.pop()):
            if unit.kind in {"declaration", "group"} and unit.name:
                names.add(unit.name.removeprefix("impl "))
            if unit.node.type in {"namespace_declaration", "namespace_definition", "module"}:
                stack.extend(
                    child for child in unit.node.named_children if child.type in
                    {"declaration_list", "body_statement", "compound_statement"}
                )  # fmt: skip
    return names


def _as_is(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    return statement.strip()


def _go_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    path = re.search(r'"([^"]+)"', statement)
    package = placement.name.removesuffix("_test")
    if path and not placement.imports and path[1].rpartition("/")[2] == package and "/" in path[1]:
        return ""  # a package does not import itself
    if path and placement.imports and path[1].rpartition("/")[2] == package:
        return ""
    return statement.strip()


def _rust_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    own = re.match(r"(?:pub )?use\s+(?:crate|super|self)\b", statement.strip())
    names = set(re.findall(r"\w+", statement))
    if placement.inline or placement.imports == ("use super::*;",):
        # `use super::*` brings all of this in; a guess at the crate's name does not even build.
        return "" if own or (names & set(declared) and "std" not in names) else statement.strip()
    return "" if placement.binding in names else statement.strip()


def _java_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    line = statement.strip()
    match = re.match(r"import\s+(static\s+)?([\w.]+?)(\.\*)?;?$", line)
    if match is None:
        return line
    parts = match[2].split(".")
    found = re.search(r"^\s*package\s+([\w.]+)", source.text, re.MULTILINE)
    package = found[1] if found else ""
    hit = next((at for at, part in enumerate(parts) if part in declared), None)
    if hit is None:
        return "" if match[3] and match[2] == package and not match[1] else line
    if match[1]:
        return f"import static {'.'.join([package, *parts[hit:]]).strip('.')}{match[3] or ''};"
    return ""


def _csharp_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    line = statement.strip()
    name = re.sub(r"^(?:global )?using\s+(?:static\s+)?|;$", "", line).strip()
    known = name.startswith(("System", "Microsoft")) or any(
        name in provided for one in FRAMEWORKS.values() for provided in one.provides.values()
    )
    theirs = set(re.findall(r"^\s*using\s+([^;]+);", source.text, re.MULTILINE))
    return line if known or name in theirs or "=" in name or line in placement.imports else ""


def _php_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    line = statement.strip()
    last = re.search(r"(\w+)\s*;$", line)
    return "" if last and last[1] in declared else line


def _ruby_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    path = re.search(r"['\"]([^'\"]+)['\"]", statement)
    if path is None:
        return statement.strip()
    name = path[1].rpartition("/")[2].removesuffix(".rb")
    if name == stem_of(source.uri)[0] or name in {"spec_helper", "test_helper", "rails_helper"}:
        return ""
    helped = any("helper" in line for line in placement.imports)
    return "" if helped and path[1] in {"minitest/autorun", "rspec"} else statement.strip()


def _cpp_line(
    statement: str, placement: Placement, source: Document, declared: Collection[str]
) -> str:
    path = re.search(r'["<]([^">]+)[">]', statement)
    own = re.search(r'"([^"]+)"', "\n".join(placement.imports))
    if path and own and stem_of(path[1])[0] == stem_of(own[1])[0] and '"' in statement:
        return ""
    return statement.strip()


_LINES = {
    "go": _go_line, "rust": _rust_line, "java": _java_line, "kotlin": _java_line,
    "csharp": _csharp_line, "php": _php_line, "ruby": _ruby_line, "cpp": _cpp_line,
}  # fmt: skip
