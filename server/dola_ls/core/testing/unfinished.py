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
from dola_ls.core.loops import repeats
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.marks import inner_of
from dola_ls.core.testing.testcode import Code, Unit, block_of, body_of, read_code

if TYPE_CHECKING:
    import tree_sitter

_NUMBER = re.compile(r"\d+")
_OPENING = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n", re.MULTILINE)
#: As many tests as are asked for; what comes after them in an endless answer adds nothing.
MOST = 8
#: With so many whole tests an answer is broken off: it was asked for six.
TOO_MANY = 12
#: Statements that are the same but for numbers, of which so many are kept.
_ALIKE = 3
#: Lines between two looks at an answer that is being written.
_STEP = 4
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


class TestWatch:
    """Looks at tests while they are written: whether more of them are of any use."""

    __test__ = False

    def __init__(self, language: str, framework: Framework) -> None:
        self._language = language
        self._framework = framework
        self._next = _STEP

    def enough(self, answer: str) -> bool:
        """Tell whether an answer has too many tests by now, or its lines only count up."""
        lines = answer.count("\n")
        if lines < self._next:
            return False
        self._next = lines + _STEP
        code = code_so_far(answer)
        if repeats(_NUMBER.sub("0", code)):
            return True
        whole = code[: code.rfind("\n") + 1]
        for end in _ENDS:
            read = read_code(whole + end, self._language, self._framework)
            if read.faults == 0:
                # Nobody knows whether the last one is all there.
                return sum(1 for _ in read.tests()) > TOO_MANY
        return False


def finished_tests(
    text: str, language: str, framework: Framework, *, broken_off: bool = False
) -> str | None:
    """Return the code of the tests that a cut-off answer has whole; None where it has none.

    Of an answer that was `broken_off` because it went on and on, the last test counts as well, with
    the first few of the statements that are the same but for numbers.
    """
    found = _parsing(split_lines(text[: text.rfind("\n") + 1]), language, framework)
    if found is None:
        return None
    code, said = found
    tests = list(code.tests())
    # Nobody knows whether the last one is all there, unless it was the answer that closed it.
    last: list[Unit] = []
    if not broken_off:
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
            gone += _repeated(code, test, but_for_numbers=broken_off)
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


def _repeated(code: Code, test: Unit, *, but_for_numbers: bool) -> Iterator[Span]:
    """Yield the statements at the end of a test that only repeat those before."""

    def said(node: tree_sitter.Node) -> str:
        text = code.text_of(node)
        return _NUMBER.sub("0", text) if but_for_numbers else text

    body = _body(code, test)
    statements = body.named_children if body is not None else []
    first = len(statements)
    while first and said(statements[first - 1]) == said(statements[-1]):
        first -= 1
    kept: set[str] = set()
    for statement in statements[first:]:
        text = code.text_of(statement)
        if text in kept or len(kept) == _ALIKE:
            yield code.document.whole_lines(code.span_of(statement))
        else:
            kept.add(text)
