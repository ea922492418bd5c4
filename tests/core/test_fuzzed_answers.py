"""Spoilt answers by the thousand: the right place or none, and nothing lost that was not given up.

`DOLA_TEST_ANSWERS=100000` tries as many. `python -m tests.core.test_fuzzed_answers 100000` prints
what became of them.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest

from dola_ls.core import gate
from dola_ls.core.actions import find_target
from dola_ls.core.blocks import BlockReader
from dola_ls.core.candidate import candidate
from dola_ls.core.document import Document, apply_edits, split_lines
from dola_ls.core.matching import Unmatched
from dola_ls.core.parsing import parse
from dola_ls.core.reading import Failed, read_blocks, read_rewrite
from dola_ls.core.rewrite import Rewrite
from tests.core.mutations import Case, make

#: How many answers are tried; set it higher for a thorough run.
ANSWERS = int(os.environ.get("DOLA_TEST_ANSWERS", "6000"))


def result_of(case: Case) -> tuple[str, str | None]:
    """Return what became of an answer, and the text where it was changed."""
    region = case.region
    document = Document("file:///a", region.language, 1, region.text)
    tree = parse(document)
    target = find_target(document, tree, region.span)
    assert target is not None
    assert target.region == region.span
    reader = BlockReader()
    reader.feed(case.answer)
    if case.blocks:
        found = read_blocks(document, region.span, region.span, reader, case.ended)
    else:
        found = read_rewrite(document, tree, target, reader, case.ended)
    if isinstance(found, Failed):
        problem = found.problem
        rule = problem.failures[0].rule if isinstance(problem, Unmatched) else "malformed"
        return rule, None
    if not isinstance(found, Rewrite):
        return type(found).__name__, None
    if not found.edits:
        return "unchanged", region.text
    verdict = gate.judge(candidate(document, tree, target, found))
    if verdict is not None:
        return verdict.rule, None
    return "applied", apply_edits(region.text, found.edits)


_PLAIN = str.maketrans("“”’–\u00a0", '""\'- ')


def said(text: str) -> Counter[str]:
    """Count the lines of a text, however they are indented, ended and typeset."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Counter(key for line in lines if (key := line.translate(_PLAIN).strip()))


def kept(text: str, end: Callable[[str], str]) -> list[str]:
    return [end(line) for line in split_lines(text)]


def fault(case: Case, text: str) -> str | None:
    """Return what is wrong with what an answer led to, judged without the code under test."""
    region = case.region
    if not (
        text.startswith(region.before)
        and text.endswith(region.after)
        and len(text) >= len(region.before) + len(region.after)
    ):
        return "wrong place"
    if case.bad and text != region.text:
        return "applied what was left out or cut off"
    # Blanks at line ends mean something in Markdown, and blocks are taken at their word.
    end = str.rstrip if case.blocks or region.language == "markdown" else str
    if case.same and kept(text, end) not in (kept(region.right, end), kept(region.text, end)):
        return "not the right text"
    new = said(text[len(region.before) : len(text) - len(region.after)])
    old, wanted = said(region.old), said("\n".join(case.wanted))
    own, given_up = said("\n".join(case.own)), said("\n".join(case.given_up))
    for line, count in old.items():
        # A rewrite gives up what it does not hold, blocks what they look for.
        least = count - given_up[line] if case.blocks else min(count, own[line])
        if new[line] < least:
            return f"lost {line!r}"
    made_up = set(new) - set(old) - set(wanted)
    return f"made up {made_up}" if made_up else None


def tried(seed: int) -> tuple[str, str | None]:
    """Return what became of the answer of a seed, and what is wrong with that."""
    case = make(seed)
    outcome, text = result_of(case)
    return outcome, None if text is None else fault(case, text)


@pytest.mark.timeout(max(120, ANSWERS // 50))
def test_no_answer_loses_text_or_lands_elsewhere() -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(ANSWERS):
        outcome, wrong = tried(seed)
        assert wrong is None, (seed, wrong, make(seed))
        outcomes[outcome] += 1
    # The mutations reach all that is to be tried, and leave enough of the answers sound.
    assert outcomes["applied"] > ANSWERS / 4
    assert len(outcomes) > 12


def main(count: int) -> None:
    """Print what became of `count` answers."""
    started = time.monotonic()
    outcomes: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    first: dict[str, int] = {}
    for seed in range(count):
        outcome, what = tried(seed)
        outcomes[outcome] += 1
        if what is not None:
            kind = " ".join(what.split()[: 1 if what.startswith(("lost", "made")) else 9])
            wrong[kind] += 1
            first.setdefault(kind, seed)
    for name, number in outcomes.most_common():
        print(f"{number:8}  {name}")
    print(f"{sum(wrong.values()):8}  wrong", dict(wrong), first)
    print(f"{time.monotonic() - started:8.1f}  seconds")


if __name__ == "__main__":
    main(int(sys.argv[1]))
