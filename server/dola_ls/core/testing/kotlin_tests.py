"""Kotlin tests, for which no grammar is bundled: told by their lines, and only for new files."""

from __future__ import annotations

import re
import textwrap

from dola_ls.core.candidate import Verdict
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.placement import Placement

_IMPORT = re.compile(r"^import[ \t]+[\w.*]+(?:[ \t]+as[ \t]+\w+)?[ \t]*;?[ \t]*$\n?", re.MULTILINE)
_PACKAGE = re.compile(r"^package[ \t]+[\w.]+[ \t]*;?[ \t]*$\n?", re.MULTILINE)
_CLASS = re.compile(r"^(?:\w+[ \t]+)*class[ \t]+(\w+)", re.MULTILINE)
_LITERAL = re.compile(
    r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*[\s\S]*?\*/'
)


def kotlin_file(code: str, placement: Placement, framework: Framework) -> str | Verdict:
    """Return the text of a new Kotlin test file, or why the answer can be none."""
    code = textwrap.dedent(code)
    other = r"org\.junit\.(?!jupiter)\w" if framework.id == "junit5" else r"org\.junit\.jupiter"
    if found := re.search(other, code):
        return Verdict("framework", f"it is not written for {framework.name} (“{found[0]}”)")
    imports = [line.strip().rstrip(";") for line in _IMPORT.findall(code)]
    body = _PACKAGE.sub("", _IMPORT.sub("", code)).strip("\n")
    bare = _LITERAL.sub("", body)
    if any(bare.count(one) != bare.count(two) for one, two in ("{}", "()", "[]")):
        return Verdict("unparsable", "it is not valid Kotlin: a bracket is not closed")
    if not re.search(r"@(?:\w+\.)*(?:Test|ParameterizedTest)\b", bare):
        return Verdict("no_tests", f"it holds no test for {framework.name}")
    names = _CLASS.findall(bare)
    if placement.binding in names:
        return Verdict("pasted", f"it holds {placement.binding} again")
    tested = placement.symbol.rpartition(".")[2]
    if not re.search(rf"\b{re.escape(tested)}\b", bare):
        return Verdict("not_tested", f"its tests never use {tested}")
    if not names:
        body = f"class {placement.name} {{\n{textwrap.indent(body, '    ')}\n}}"
    elif placement.name not in names:
        body = re.sub(rf"\b{names[0]}\b", placement.name, body)
    imports = [line for line in imports if line.rpartition(".")[2] != placement.binding]
    text = "\n".join(imports)
    for name, line in framework.provides.items():
        used = re.search(rf"\b{name}\b", bare)
        package = line.removeprefix("import ").rpartition(".")[0]
        if used and not re.search(rf"[.]{name}$|{re.escape(package)}\.\*", text, re.MULTILINE):
            imports.append(line)
    lines = sorted({*imports, *placement.imports})
    return "\n\n".join(part for part in (placement.package, "\n".join(lines), body) if part) + "\n"
