"""Answers and texts of great length: the work grows as they do, and no faster."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dola_ls.core import gate
from dola_ls.core.actions import find_target
from dola_ls.core.blocks import BlockReader
from dola_ls.core.candidate import candidate
from dola_ls.core.document import Document
from dola_ls.core.parsing import parse
from dola_ls.core.reading import read_blocks, read_rewrite
from dola_ls.core.rewrite import Rewrite
from tests.core.regions import FUNCTION, Region

F = FUNCTION


def beside(line: str) -> Region:
    return Region("", "python", f"a = '{line}'\n", F.old, f"b = '{line}'\n", F.new)


def one_line(line: str) -> Region:
    return Region("", "python", "x = 1\n", f"a = '{line}'\n", "y = 2\n", "")


def fenced(code: str) -> str:
    return f"````python\n{code}\n````\n"


#: By size: the region, and the answer to it.
SHAPES: dict[str, Callable[[int], tuple[Region, str]]] = {
    "lines next to the region": lambda n: (beside("ab1😀" * (n // 4)), fenced(F.new)),
    "a line of the region": lambda n: (
        one_line("ab1 " * (n // 4)),
        fenced(f"a = '{'ab2 ' * (n // 4)}'"),
    ),
    "a line of the answer": lambda n: (F, fenced(f"{F.new}x = '{'ab1 ' * (n // 4)}'")),
    "blanks": lambda n: (F, fenced(F.new + " " * n + "x")),
    "words of an elision": lambda n: (F, fenced(f"{F.new}# {'other... ' * (n // 9)}x")),
    "dots": lambda n: (F, fenced(f"{F.new}# {'.' * n}x")),
    "equal lines": lambda n: (
        Region("", "python", "x = 1\n" * (n // 16), F.old, "x = 1\n" * (n // 16), F.new),
        fenced("x = 1\n" * (n // 16) + F.new + "x = 1\n" * (n // 16)),
    ),
    "braces": lambda n: (F, fenced(F.new + "}\n" * (n // 8))),
    "functions": lambda n: (
        F,
        fenced(F.new + "".join(f"def g{at}(): pass\n" for at in range(n // 32))),
    ),
    "fences": lambda n: (F, "```py\nx\n```\n" * (n // 24)),
    "hunks": lambda n: (F, fenced("@@ -1 +1 @@\n-a\n+b\n" * (n // 64))),
    "edit blocks": lambda n: (F, "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n" * (n // 64)),
    "half-open blocks": lambda n: (F, "<<<<<<< SEARCH\na\n=======\nb\n" * (n // 64)),
    "thinking": lambda n: (F, "x\n</think>\n" * (n // 16) + "<think>" * (n // 16)),
}


def worked(region: Region, answer: str) -> float:
    """Return the seconds of the processor that an answer takes to become an edit, or none."""
    document = Document("file:///a.py", region.language, 1, region.text)
    tree = parse(document)
    target = find_target(document, tree, region.span)
    assert target is not None
    started = time.process_time()
    for read in (
        lambda reader: read_rewrite(document, tree, target, reader, True),
        lambda reader: read_blocks(document, region.span, region.span, reader, True),
    ):
        reader = BlockReader()
        reader.feed(answer)
        found = read(reader)
        if isinstance(found, Rewrite):
            gate.judge(candidate(document, tree, target, found))
    return time.process_time() - started


@pytest.mark.parametrize("name", SHAPES)
def test_twice_the_length_is_not_four_times_the_work(name):
    shape, size = SHAPES[name], 60_000
    worked(*shape(size))
    # Four times the length is four times the work where it is linear, and 16 times where it is
    # quadratic. The best of some rounds, so that whatever else the machine does is left out.
    ratios = []
    for _ in range(3):
        small, large = worked(*shape(size)), worked(*shape(size * 4))
        ratios.append(large / max(small, 0.001))
        if ratios[-1] < 9:
            return
    assert min(ratios) < 9, ratios
