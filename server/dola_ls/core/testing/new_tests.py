"""From the model's answer to the text of a new test file that can be run.

Where a machine can decide, it does; the model is left the bodies of the tests.
"""

from __future__ import annotations

from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Document, Span
from dola_ls.core.edits import new_file_text
from dola_ls.core.testing.drafts import Draft, draft_of
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.indenting import reindented, unit_of_indent
from dola_ls.core.testing.kotlin_tests import kotlin_file
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.python_tests import tidy_tests, top_level_names, why_not_text
from dola_ls.core.testing.testcode import read_code


def new_test_file(
    answer_code: str,
    placement: Placement,
    framework: Framework,
    source_document: Document,
    eol: str = "\n",
) -> str | Verdict:
    """Return the text of a new test file made from an answer, or why it can be none.

    Copies of the code under test go, its import is there, package and class are named after the
    file. For unit tests inside a Rust source this is the module of tests.
    """
    code = answer_code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if (verdict := why_not_text(code)) is not None:
        return verdict
    if placement.language == "python":
        return _python(code, placement, framework, source_document, eol)
    if placement.language == "kotlin":
        text = kotlin_file(code, placement, framework)
        return text if isinstance(text, Verdict) else new_file_text(text, eol)
    draft = draft_of(code, placement, framework, source_document)
    if isinstance(draft, Verdict):
        return draft
    text = _composed(draft, placement, framework)
    test = read_code(text, placement.language, framework)
    if test.faults:
        return Verdict("unparsable", "no valid file could be made of it")
    unit = "\t" if placement.language == "go" else unit_of_indent(source_document.text)
    if unit is not None and unit_of_indent(text) not in {unit, None}:
        text = "\n".join(reindented(test, Span(0, len(text)), "", unit))
    return new_file_text(text, eol)


def _python(
    code: str, placement: Placement, framework: Framework, source: Document, eol: str
) -> str | Verdict:
    if framework.id == "unittest" and "pytest" in code:
        return Verdict("framework", "it is not written for unittest (“pytest”)")
    names = top_level_names(source.text)
    line = placement.imports[0] if placement.imports else ""
    text = tidy_tests(code, line, names, eol, source.text, names)
    if isinstance(text, Verdict):
        return text
    test = read_code(text, "python", framework)
    if framework.id == "unittest" and not any(unit.kind == "group" for unit in test.units()):
        return Verdict("no_tests", "it holds no test for unittest")
    name = placement.symbol.rpartition(".")[2]
    name = placement.binding if name.startswith("__") else name
    body = "".join(
        text[unit.span.start : unit.span.end] for unit in test.units() if unit.kind != "import"
    )
    if name not in body:
        return Verdict("not_tested", f"its tests never use {name}")
    return text


def _composed(draft: Draft, placement: Placement, framework: Framework) -> str:
    """Put a file together in the order its language wants."""
    language, package = placement.language, placement.package
    imports = list(draft.imports)
    body = draft.body
    if language == "go":
        specs = sorted({line.removeprefix("import ") for line in imports}, key=_go_order)
        return _blocks(package, _go_block(specs), body)
    if language == "php":
        return _blocks("<?php", *draft.first, package, "\n".join(imports), body)
    if language == "csharp":
        if package and not package.endswith(";"):
            code = read_code(body + "\n", language, framework)
            lines = reindented(code, Span(0, len(code.text)), "    ", "    ")
            body = "\n".join([package, "{", *lines, "}"])
            package = ""
        return _blocks("\n".join(imports), package, body)
    if language in {"java", "kotlin"}:
        static = [line for line in imports if line.startswith("import static ")]
        plain = [line for line in imports if line not in static]
        return _blocks(package, "\n".join(static), "\n".join(plain), body)
    return _blocks("\n".join(imports), body)


def _go_block(specs: list[str]) -> str:
    if len(specs) < 2:
        return "".join(f"import {spec}" for spec in specs)
    groups = [[spec for spec in specs if _go_order(spec)[0] == far] for far in (False, True)]
    lines = "\n\n".join("\n".join(f"\t{spec}" for spec in group) for group in groups if group)
    return f"import (\n{lines}\n)"


def _go_order(spec: str) -> tuple[bool, str]:
    path = spec.split('"')[1]
    return "." in path.split("/")[0], path


def _blocks(*parts: str) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"
