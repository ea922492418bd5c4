"""Lines of code moved to another depth, in the indentation of the place they go to."""

from __future__ import annotations

from dola_ls.core.document import Span, split_lines
from dola_ls.core.layout import bare, indent_of, step_of
from dola_ls.core.testing.testcode import Code


def unit_of_indent(text: str) -> str | None:
    """Return one step of indentation as a text has it: a tab or blanks; None where it has none."""
    lines = [
        line for line in split_lines(text) if line.strip() and indent_of(line) not in {"", " "}
    ]
    tabs = sum("\t" in indent_of(line) for line in lines)
    if not lines:
        return None
    if tabs * 2 > len(lines):
        return "\t"
    outermost = [line for line in split_lines(text) if line.strip() and not indent_of(line)]
    return " " * (step_of([*outermost[:1], *lines]) or 4)


def reindented(code: Code, span: Span, indent: str, unit: str) -> list[str]:
    """Return the lines of a span, without line ends, their leftmost one at `indent`.

    One step of their own indentation becomes one `unit`. Lines that begin inside a string stay.
    """
    first = code.document.line_of(span.start)
    lines = [bare(line) for line in split_lines(code.text[span.start : span.end])]
    fixed = _fixed_rows(code)
    free = [line for at, line in enumerate(lines) if first + at not in fixed and line.strip()]
    step = step_of(free) or len(unit.expandtabs(4))
    columns = [len(indent_of(line).expandtabs(step)) for line in free]
    base = min(columns, default=0)
    result = []
    for at, line in enumerate(lines):
        if first + at in fixed:
            result.append(line)
        elif not line.strip():
            result.append("")
        else:
            deeper = len(indent_of(line).expandtabs(step)) - base
            levels, rest = divmod(deeper, step)
            result.append(indent + unit * levels + " " * rest + line.strip(" \t"))
    return result


def _fixed_rows(code: Code) -> set[int]:
    """Return the rows that begin inside a string, and so must keep their indentation."""
    found: set[int] = set()
    stack = [code.root]
    while stack:
        node = stack.pop()
        if node.end_point[0] == node.start_point[0]:
            continue
        if any(word in node.type for word in ("string", "heredoc", "template_literal", "nowdoc")):
            found.update(range(node.start_point[0] + 1, node.end_point[0] + 1))
            continue
        stack.extend(node.named_children)
    return found
