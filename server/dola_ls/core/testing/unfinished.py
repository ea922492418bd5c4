"""The tests that are whole in an answer that never came to its end.

A small model writes one more case after the other until its tokens are used up, or says the same
again and again. Each test stands by itself, so those that were finished are of use all the same; of
an edit half an answer never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dola_ls.core.document import Span, split_lines
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.marks import inner_of
from dola_ls.core.testing.testcode import Code, Unit, block_of, body_of, read_code

if TYPE_CHECKING:
    import tree_sitter

_OPENING = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n", re.MULTILINE)
#: As many tests as are asked for; what comes after them in an endless answer adds nothing.
MOST = 8
#: What may be missing behind the last whole test: the ends of the blocks that it stands in.
_ENDS = ("", "});\n", "}\n", "  });\n});\n", "end\n")


def code_so_far(answer: str) -> str:
    """Return what stands behind the opening fence of an answer, up to a closing one."""
    opening = _OPENING.search(answer)
    if opening is None:
        return ""
    code = answer[opening.end() :]
    closing = re.search(rf"^[ \t]*{re.escape(opening[1])}", code, re.MULTILINE)
    return code[: closing.start()] if closing else code


def finished_tests(text: str, language: str, framework: Framework) -> str | None:
    """Return the code of the tests that a cut-off answer has whole; None where it has none."""
    found = _parsing(split_lines(text[: text.rfind("\n") + 1]), language, framework)
    if found is None:
        return None
    code, said = found
    tests = list(code.tests())
    # Nobody knows whether the last one is all there, unless it was the answer that closed it.
    open_ended = language == "python" and len(tests) > 1
    last = [test for test in tests if test.span.end > said] + tests[-1:] * open_ended
    seen: set[str] = set()
    gone: list[Span] = []
    for test in tests:
        body = _body(code, test)
        what = code.text_of(body) if body is not None else test.name
        last += [test] * (not what.strip())
        if test in last or what in seen or len(seen) >= MOST:
            gone.append(test.span)
        else:
            gone += _repeated(code, test)
        seen.add(what)
    if set(tests) <= set(last):
        return None
    kept = code.text
    for span in sorted(gone, reverse=True):
        kept = kept[: span.start] + kept[span.end :]
    return kept if read_code(kept, language, framework).faults == 0 else None


def _parsing(lines: list[str], language: str, framework: Framework) -> tuple[Code, int] | None:
    """Return the longest beginning of some lines that parses and holds a test, and its length.

    The ends of blocks that were put behind it are not counted.
    """
    for count in range(len(lines), 0, -1):
        for end in _ENDS:
            text = "".join(lines[:count])
            code = read_code(text + end, language, framework)
            if code.faults == 0 and any(code.tests()):
                return code, len(text)
    return None


def _body(code: Code, test: Unit) -> tree_sitter.Node | None:
    inner = inner_of(test.node)
    return body_of(code, inner) or inner.child_by_field_name("body") or block_of(inner)


def _repeated(code: Code, test: Unit) -> Iterator[Span]:
    """Yield the statements at the end of a test that only repeat the one before."""
    body = _body(code, test)
    statements = body.named_children if body is not None else []
    while len(statements) > 1:
        *statements, last = statements
        if code.text_of(last) != code.text_of(statements[-1]):
            return
        yield code.document.whole_lines(code.span_of(last))
