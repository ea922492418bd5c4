"""Imports of new tests put among those of the file they go into: only what it lacks."""

from __future__ import annotations

import ast
import re

from dola_ls.core.document import Edit, Span
from dola_ls.core.imports import with_imports
from dola_ls.core.layout import bare, line_ending
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.testing.draft_imports import script_import_of
from dola_ls.core.testing.listing import Listing
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.script_imports import ScriptStyle, module_of, style_of_script
from dola_ls.core.testing.testcode import Code, Unit

_SCRIPTS = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
#: An import is not made longer than this.
_WIDTH = 100


def import_edits(old: Code, fresh: Code, placement: Placement) -> list[Edit]:
    """Return the insertions that bring in what new tests need and a file lacks."""
    mine = [unit for unit in old.units() if unit.kind == "import"]
    new = [unit for unit in fresh.units() if unit.kind == "import"]
    if placement.language == "python":
        edits, lines = _python(old, mine, fresh, new)
    elif placement.language in _SCRIPTS:
        edits, lines = _script(old, mine, fresh, new)
    elif placement.language == "go":
        edits, lines = _go(old, mine, fresh, new)
    else:
        known = {_plain(old.text_of(unit.node)) for unit in mine}
        edits, lines = [], [
            text for unit in new
            if _plain(text := fresh.text_of(unit.node).strip()) not in known
            and not _by_wildcard(text, known)
        ]  # fmt: skip
    if lines:
        edits.append(_new_lines(old, mine, lines))
    return edits


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(";").replace("'", '"')


def _by_wildcard(text: str, known: set[str]) -> bool:
    return re.sub(r"\.\w+$", ".*", _plain(text)) in known


def _new_lines(old: Code, mine: list[Unit], lines: list[str]) -> Edit:
    document = old.document
    eol = line_ending(document)
    units = old.units()
    first = next(
        (unit.span.start for unit in units if unit.kind in {"test", "group"}), len(old.text)
    )
    leading = [unit for unit in mine if unit.span.start < first] or mine
    if leading:
        at = leading[-1].span.end
        missing = "" if old.text[at - 1 : at] in {"\n", "\r"} else eol
        return Edit(at, at, missing + "".join(line + eol for line in lines))
    end = len(document.text)
    rewrite = Rewrite(Span(end, end), "", (Edit(end, end, ""),))
    found = with_imports(document, old.tree, rewrite, lines)
    if found.edits[0].text:
        return found.edits[0]
    # A language that imports by calls: behind the comments at the head of the file.
    at = 1 if document.text.startswith("\ufeff") else 0
    for row in range(document.line_count):
        line = document.line_text(row)
        if not line.startswith("#"):
            break
        at = document.line_span(row).end
    return Edit(at, at, "".join(line + eol for line in lines) + eol)


def _end_of_line(old: Code, unit: Unit) -> int:
    return unit.span.start + len(bare(old.text[unit.span.start : unit.span.end]))


def _python(
    old: Code, mine: list[Unit], fresh: Code, new: list[Unit]
) -> tuple[list[Edit], list[str]]:
    edits: list[Edit] = []
    lines: list[str] = []
    bound: set[str] = set()
    single: dict[str, Unit] = {}
    for unit in mine:
        node = _parsed(old, unit)
        if node is None:
            continue
        bound |= {alias.asname or alias.name for alias in node.names}
        text = bare(old.text[unit.span.start : unit.span.end])
        if isinstance(node, ast.ImportFrom) and not re.search(r"[()#\\;\n\r]", text):
            single.setdefault(f"{'.' * node.level}{node.module or ''}", unit)
    more: dict[str, list[str]] = {}
    for unit in new:
        node = _parsed(fresh, unit)
        if node is None:
            lines.append(fresh.text_of(unit.node))
            continue
        names = [ast.unparse(one) for one in node.names if (one.asname or one.name) not in bound]
        if not names:
            continue
        if isinstance(node, ast.Import):
            lines.append(f"import {', '.join(names)}")
            continue
        module = f"{'.' * node.level}{node.module or ''}"
        if module == "__future__":
            continue  # it would change how the whole file is read
        there = single.get(module)
        length = len(", ".join(names)) + 2
        if there is not None and _end_of_line(old, there) - there.span.start + length <= _WIDTH:
            more.setdefault(module, []).extend(names)
        else:
            lines.append(f"from {module} import {', '.join(names)}")
    for module, names in more.items():
        at = _end_of_line(old, single[module])
        at -= len(old.text[:at]) - len(old.text[:at].rstrip(" \t"))
        edits.append(Edit(at, at, "".join(f", {name}" for name in names)))
    return edits, lines


def _parsed(code: Code, unit: Unit) -> ast.Import | ast.ImportFrom | None:
    try:
        found = ast.parse(code.text_of(unit.node).replace("\r\n", "\n").replace("\r", "\n")).body[0]
    except (SyntaxError, ValueError, IndexError):
        return None
    return found if isinstance(found, ast.Import | ast.ImportFrom) else None


def _script(
    old: Code, mine: list[Unit], fresh: Code, new: list[Unit]
) -> tuple[list[Edit], list[str]]:
    edits: list[Edit] = []
    lines: list[str] = []
    there = [(unit, script_import_of(old.text_of(unit.node))) for unit in mine]
    bound = {name for _, one in there for name in (*one.names, one.default) if name}
    bound |= {name for _, one in there for name in re.findall(r"\* as (\w+)", one.whole)}
    module = module_of(old.document.uri, old.text, Listing((), lambda _: None))
    style = style_of_script(old.text, module)
    for unit in new:
        one = script_import_of(fresh.text_of(unit.node))
        if one.whole:
            if _plain(one.whole) not in {_plain(old.text_of(found.node)) for found in mine}:
                lines.append(one.whole)
            continue
        names = {name: out for name, out in one.names.items() if name not in bound}
        default = "" if one.default in bound else one.default
        if not names and not default:
            continue
        twin = next(
            (pair for pair in there if pair[1].module == one.module and pair[1].names), None
        )
        at = _in_braces(old, twin[0]) if twin is not None and not default else None
        if at is not None:
            edits.append(Edit(at, at, "".join(f", {_item(n, o, style)}" for n, o in names.items())))
        else:
            items = [out if out == name else f"{out} as {name}" for name, out in names.items()]
            lines.append(style.line(items, one.module, default))
    return edits, lines


def _item(name: str, outside: str, style: ScriptStyle) -> str:
    if name == outside:
        return name
    return f"{outside} as {name}" if style.module == "esm" else f"{outside}: {name}"


def _in_braces(old: Code, unit: Unit) -> int | None:
    """Return where a further name goes into an import on one line; None where it has several."""
    span = old.span_of(unit.node)
    text = old.text[span.start : span.end]
    close = text.find("}")
    if "\n" in text or "\r" in text or close < 0 or len(text) > _WIDTH - 10:
        return None
    inner = text[:close].rstrip()
    return None if inner.endswith((",", "{")) else span.start + len(inner)


def _go(old: Code, mine: list[Unit], fresh: Code, new: list[Unit]) -> tuple[list[Edit], list[str]]:
    spec = re.compile(r'(?:[\w.]+[ \t]+)?"[^"\n]+"')
    known = {path for unit in mine for path in re.findall(r'"([^"]+)"', old.text_of(unit.node))}
    wanted = [
        found
        for unit in new
        for found in spec.findall(fresh.text_of(unit.node).removeprefix("import "))
        if found.split('"')[1] not in known
    ]
    if not wanted:
        return [], []
    edits: list[Edit] = []
    eol = line_ending(old.document)
    for unit in mine:
        span = old.span_of(unit.node)
        first, last = old.document.line_of(span.start), old.document.line_of(span.end - 1)
        if last == first or old.document.line_text(last).strip() != ")":
            continue
        for one in wanted:
            # gofmt keeps the standard library's apart, and sorts each group.
            alike = [
                row
                for row in range(first + 1, last)
                if (path := re.search(r'"([^"]+)"', old.document.line_text(row)))
                and ("." in path[1]) == ("." in one.split('"')[1])
            ]
            at = old.document.starts[(alike[-1] + 1) if alike else last]
            edits.append(Edit(at, at, f"\t{one}{eol}"))
        return edits, []
    return [], [f"import {one}" for one in wanted]


def imported_names(code: Code) -> set[str]:
    """Return the names that the imports of a file bind."""
    found: set[str] = set()
    for unit in code.units():
        if unit.kind != "import":
            continue
        text = code.text_of(unit.node)
        if code.tree.language.id == "python" and (node := _parsed(code, unit)) is not None:
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif code.tree.language.id in _SCRIPTS:
            one = script_import_of(text)
            found |= {*one.names, one.default, *re.findall(r"\* as (\w+)", one.whole)} - {""}
        else:
            found |= set(re.findall(r"(\w+)(?=[;\"'},]|\s*$)", text))
    return found
