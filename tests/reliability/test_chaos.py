"""A short chaos run, and the page that judges it: it has to find what is wrong."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from dola_ls.lsp.workbench import Workbench
from tests.reliability.chaos import chaos, planned
from tests.reliability.faults import FAULTS
from tests.reliability.page import Page, improved


async def test_every_fault_is_survived_and_no_edit_is_wrong(tmp_path: Path) -> None:
    found = await chaos(len(FAULTS) + 8, tmp_path, seed=1)
    assert found.problems == []
    assert found.counts["faults injected"] == found.counts["faults survived"] == len(FAULTS)
    assert found.counts["edits that landed"] > 5


async def test_a_server_that_forgets_what_was_typed_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the changes since the snapshot, edits land where the lines were."""
    now = Workbench.now

    def forgetful(self: Workbench, document: Any) -> Any:
        found = now(self, document)
        return type(found)(found.document, ()) if found is not None else None

    monkeypatch.setattr(Workbench, "now", forgetful)
    found = await chaos(60, tmp_path, seed=1, rate=0.0)
    assert found.counts["wrong edits"] + found.counts["lost keystrokes"] > 0


def test_each_fault_comes_once_where_there_is_room() -> None:
    plan = planned(100, random.Random(1), 0.05)
    assert sorted(plan.values()) == sorted(FAULTS)
    assert len(planned(2_000, random.Random(1), 0.05)) == 100


def test_a_page_takes_an_edit_whole_or_in_part_and_no_other() -> None:
    page = Page("file:///a.py", 2)
    before, code = page.text, page.code(1)
    change = page.change(1, 1000)
    both = before.replace(code, improved(code, 1000))
    assert both != before
    first = before.replace("first = value + 1\n", "first = value + 1000\n")
    for text in (both, first):
        assert Page("file:///a.py", 2).take(text, []) is None
        mine = Page("file:///a.py", 2)
        assert mine.take(text, [mine.change(1, 1000)]) is not None
        assert mine.text == text
    wrong = before.replace("first = value + 0\n", "first = value + 1000\n")
    assert page.take(wrong, [change]) is None
    assert page.take(before + " ", [change]) is None


def test_a_line_that_was_touched_is_the_users() -> None:
    page = Page("file:///a.py", 1)
    change = page.change(0, 1000)
    change.first.text += "  # mine"
    taken = page.text.replace("first = value + 0  # mine", "first = value + 1000")
    assert page.take(taken, [change]) is None
    kept = page.text.replace("    return", "    total = total + 1000\n    return", 1)
    assert page.take(kept.replace('"""Return', '"""Return'), [change]) is not None


def test_a_line_goes_in_although_the_one_above_it_was_taken_away() -> None:
    page = Page("file:///a.py", 1)
    change = page.change(0, 1000)
    page.lines.remove(change.above[-1])
    added = page.text.replace("    return", "    total = total + 1000\n    return", 1)
    assert page.take(added, [change]) is not None
    assert page.text == added
