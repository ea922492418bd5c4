"""From the model's answer to clean test code of the right framework, in every language.

What a machine can decide is decided here: the name of the class, the package, the imports, and
that nothing of the code under test is defined again.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.languages import language_of
from dola_ls.core.testing.draft_imports import declared_names, other_lines, script_lines
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.indenting import reindented
from dola_ls.core.testing.marks import inner_of
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.renaming import renamed
from dola_ls.core.testing.testcode import Code, Unit, body_of, read_code

#: Framework -> what only tests for another one hold.
_FOREIGN = {
    "unittest": r"\bpytest\b",
    "vitest": r"""['"](?:node:test|mocha|bun:test)['"]|\bjest\.\w""",
    "jest": r"""['"](?:node:test|mocha|chai|bun:test)['"]|\bvi\.\w""",
    "mocha": r"""['"]node:test['"]|\b(?:vi|jest)\.\w|\.to[A-Z]\w+\(""",
    "node:test": r"""['"](?:chai|bun:test)['"]|\b(?:vi|jest)\.\w|\bexpect\(""",
    "testing": r"stretchr/testify|onsi/ginkgo|\b(?:assert|require)\.\w+\(t,",
    "testify": r"onsi/ginkgo",
    "junit5": r"\borg\.junit\.(?!jupiter)\w|\borg\.testng\b|\(expected\s*=",
    "junit4": r"\borg\.junit\.jupiter\b|\borg\.testng\b|@BeforeEach\b|@ParameterizedTest\b",
    "xunit": r"\busing NUnit|\busing Microsoft\.VisualStudio|\[(?:TestMethod|TestFixture)\b",
    "nunit": r"\busing Xunit|\busing Microsoft\.VisualStudio|\[(?:Fact|Theory|TestMethod)\b",
    "mstest": r"\busing Xunit|\busing NUnit|\[(?:Fact|Theory|TestFixture)\b",
    "rspec": r"\bMinitest::|\bassert_equal\b",
    "minitest": r"\bRSpec\b|\bexpect\(.*\)\.to\b",
    "phpunit": r"^(?:it|test|describe)\(",
    "pest": r"\bextends\s+\\?[\w\\]*TestCase\b",
    "googletest": r"\bcatch2/|\bTEST_CASE\s*\(|\bREQUIRE\s*\(",
    "catch2": r"\bgtest/|\bTEST(?:_F)?\s*\(\s*\w+\s*,|\bEXPECT_\w+\s*\(",
}
_HEADERS = {
    "junit5": ("class {} {{", "}}"),
    "junit4": ("public class {} {{", "}}"),
    "xunit": ("public class {}\n{{", "}}"),
    "nunit": ("[TestFixture]\npublic class {}\n{{", "}}"),
    "mstest": ("[TestClass]\npublic class {}\n{{", "}}"),
    "phpunit": ("final class {} extends TestCase\n{{", "}}"),
    "minitest": ("class {} < Minitest::Test", "end"),
}
_HEAD_LINE = re.compile(
    r"\s*(?:package|import|using|use|namespace|require|require_relative|declare|<\?php)\b.*|\s*<\?php.*"
)
_JUNIT4 = re.compile(
    r"(@(?:Test|Before|After|BeforeClass|AfterClass)(?:\([^()]*\))?\s+)((?:static\s+)?void\b)"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Clean test code: its imports, and all the rest."""

    imports: tuple[str, ...]
    body: str
    #: Statements that stand before everything, as ``declare(strict_types=1);``.
    first: tuple[str, ...] = ()


def draft_of(
    text: str, placement: Placement, framework: Framework, source: Document
) -> Draft | Verdict:
    """Return the clean tests of an answer, or why it holds none."""
    text = textwrap.dedent(text)
    language = placement.language
    if language == "php" and "<?php" not in text:
        text = f"<?php\n\n{text}"
    found = re.search(_FOREIGN.get(framework.id, r"(?!)"), text, re.MULTILINE)
    if framework.id == "mocha" and framework.provides.get("expect") == "chai":
        found = None if found and found[0].startswith(".to") else found
    if found is not None:
        said = found[0].strip(" ('\"")
        return Verdict("framework", f"it is not written for {framework.name} (“{said}”)")
    code = read_code(_wrapped(text, placement, framework), language, framework)
    if code.faults:
        return Verdict("unparsable", f"it is not valid {language_of(language).name}")
    if language == "csharp":
        code = _out_of_namespace(code, framework)
    declared = declared_names(source, framework)
    if language == "go":
        code = _go_names(code, placement, declared)
    if language in {"java", "csharp", "php"} and framework.nesting == "class":
        code = _class_named(code, placement, framework, declared)
    units = code.units()
    for unit in units:
        classlike = unit.kind == "group" and body_of(code, unit.node) is not None
        calls = inner_of(unit.node).type.endswith(("call", "call_expression")) or (
            unit.node.type in {"mod_item", "namespace_definition"}
        )
        if classlike and not calls and unit.name in declared and unit.name != placement.name:
            reason = f"it holds {unit.name} again with the tests inside it"
            return Verdict("pasted", reason)
    copies = [unit for unit in units if unit.kind == "declaration" and _is_copy(unit, declared)]
    units = [unit for unit in units if unit not in copies]
    if not any(unit.kind in {"test", "group"} for unit in units):
        return Verdict("no_tests", f"it holds no test for {framework.name}")
    kept = _without(code, [*copies, *(u for u in units if u.kind in {"import", "package"})])
    if not _uses(kept, placement):
        return Verdict("not_tested", f"its tests never use {placement.symbol.rpartition('.')[2]}")
    statements = _statements(code, units)
    rest = read_code(kept, language, framework)
    if language == "rust":
        return _rust_draft(rest, statements, placement, framework, source)
    lines = script_lines if language in _SCRIPTS else other_lines
    imports = lines(rest, statements, placement, framework, source)
    first = tuple(
        code.text_of(unit.node) for unit in units if unit.node.type == "declare_statement"
    )
    body = _JUNIT4.sub(r"\1public \2", kept) if framework.id == "junit4" else kept
    if framework.id == "junit4":
        body = re.sub(
            rf"^(final )?class {placement.name}\b", r"public \g<0>", body, flags=re.MULTILINE
        )
    return Draft(tuple(imports), body.strip("\n"), first)


_SCRIPTS = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})


def _is_copy(unit: Unit, declared: set[str]) -> bool:
    return unit.name.removeprefix("impl ") in declared


def _uses(text: str, placement: Placement) -> bool:
    name = re.split(r"\.|::|#", placement.symbol)[-1].strip()
    if re.fullmatch(r"__\w+__|initialize|new|impl", name):
        name = placement.binding
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _without(code: Code, units: list[Unit]) -> str:
    """Return the text with some units cut out, and the blank lines behind them."""
    edits = []
    for unit in units:
        end = unit.span.end
        while end < len(code.text) and code.text[end] in "\r\n":
            end += 1
        edits.append(Edit(unit.span.start, end, ""))
    # Two imports may stand on one line; it goes once.
    unique: list[Edit] = []
    for edit in sorted(edits):
        if not unique or edit.start >= unique[-1].end:
            unique.append(edit)
    return apply_edits(code.text, unique)


def _statements(code: Code, units: list[Unit]) -> list[str]:
    found = []
    for unit in units:
        if unit.kind != "import":
            continue
        text = code.text_of(unit.node)
        specs = re.findall(r'(?:[\w.]+[ \t]+)?"[^"\n]+"', text) if text.startswith("import") and (
            code.tree.language.id == "go"
        ) else []  # fmt: skip
        found += [f"import {spec.removeprefix('import ')}" for spec in specs] or [text.strip()]
    return found


def _wrapped(text: str, placement: Placement, framework: Framework) -> str:
    """Put tests without a class or module of their own into one."""
    lines = text.split("\n")
    if framework.nesting != "class" or re.search(r"^\s*[\w\s]*\bclass\s+\w+", text, re.MULTILINE):
        return text
    header = _HEADERS.get(framework.id)
    if header is None:
        return text
    at = 0
    for number, line in enumerate(lines, 1):
        if _HEAD_LINE.fullmatch(line):
            at = number
        elif line.strip() and not line.strip().startswith(("//", "#[", "#", "/*", "*")):
            break
    unit = "  " if framework.id == "minitest" else "    "
    body = textwrap.indent(textwrap.dedent("\n".join(lines[at:])).strip("\n"), unit)
    begin, end = (part.format(placement.name) for part in header)
    return "\n".join([*lines[:at], "", begin, body, end, ""])


def _out_of_namespace(code: Code, framework: Framework) -> Code:
    """Take C# code out of the braces of its namespace; it gets the right one later."""
    for unit in code.units():
        body = unit.node.child_by_field_name("body")
        if unit.node.type != "namespace_declaration" or body is None or not body.named_children:
            continue
        inner = code.document.whole_lines(
            Span(
                code.span_of(body.named_children[0]).start,
                code.span_of(body.named_children[-1]).end,
            )
        )
        lines = reindented(code, inner, "", "    ")
        text = apply_edits(
            code.text, [Edit(unit.span.start, unit.span.end, "\n".join(lines) + "\n")]
        )
        return read_code(text, "csharp", framework)
    return code


def _class_named(
    code: Code, placement: Placement, framework: Framework, declared: set[str]
) -> Code:
    """Give the test class the name of its file."""
    classes = [
        unit.name for unit in code.units() if unit.kind == "group" and unit.name not in declared
    ]
    if not classes or placement.name in classes:
        return code
    text = renamed(code, {classes[0]: placement.name})
    return read_code(text, placement.language, framework)


def _go_names(code: Code, placement: Placement, declared: set[str]) -> Code:
    """Write names of the package under test with its name, or without it, as they are seen."""
    package = placement.name.removesuffix("_test")
    outside = bool(placement.imports)
    edits = []
    stack = [code.root]
    while stack:
        node = stack.pop()
        stack.extend(node.named_children)
        if node.type in {"selector_expression", "qualified_type"}:
            first, last = node.named_children[0], node.named_children[-1]
            own = code.text_of(first) == package and code.text_of(last) in declared
            if own and not outside:
                edits.append(Edit(code.span_of(first).start, code.span_of(last).start, ""))
        elif (
            outside
            and node.type in {"identifier", "type_identifier"}
            and code.text_of(node) in declared
            and node.parent is not None
            and node.parent.type not in {
                "selector_expression", "qualified_type", "function_declaration", "type_spec",
                "keyed_element", "literal_element", "parameter_declaration", "var_spec",
                "expression_list" if _is_declared_here(node) else "",
            }
        ):  # fmt: skip
            at = code.span_of(node).start
            edits.append(Edit(at, at, f"{package}."))
    text = apply_edits(code.text, sorted(edits))
    return read_code(text, "go", code.framework) if edits else code


def _is_declared_here(node: object) -> bool:
    parent = getattr(getattr(node, "parent", None), "parent", None)
    return getattr(parent, "type", "") == "short_var_declaration"


def _rust_draft(
    code: Code, statements: list[str], placement: Placement, framework: Framework, source: Document
) -> Draft | Verdict:
    """Put Rust's unit tests into ``mod tests``; those of ``tests/`` stand by themselves."""
    if not placement.inline:
        lines = other_lines(code, statements, placement, framework, source)
        return Draft(tuple(lines), code.text.strip("\n"))
    inside: list[str] = []
    name = placement.name
    texts: list[str] = []
    declared = declared_names(source, framework)
    for unit in code.units():
        body = body_of(code, unit.node) if unit.kind == "group" else None
        if body is None:
            texts.append("\n".join(reindented(code, unit.span, "", "    ")))
            continue
        name = unit.name
        for inner in code.units(body):
            if inner.kind == "import":
                inside.append(code.text_of(inner.node).strip())
            elif inner.kind != "declaration" or not _is_copy(inner, declared):
                texts.append("\n".join(reindented(code, inner.span, "", "    ")))
    lines = other_lines(code, [*statements, *inside], placement, framework, source)
    lines = ["use super::*;", *(line for line in lines if line != "use super::*;")]
    body_text = textwrap.indent("\n".join(lines) + "\n\n" + "\n\n".join(texts), "    ",
                                lambda line: bool(line.strip()))  # fmt: skip
    return Draft((), f"#[cfg(test)]\nmod {name} {{\n{body_text}\n}}")
