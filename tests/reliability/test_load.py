"""Much at once, for a moment."""

from __future__ import annotations

from pathlib import Path

from tests.reliability.load import load
from tests.reliability.soak import soak


async def test_a_loaded_server_answers_and_asks_nobody_by_itself(tmp_path: Path) -> None:
    found = await load(0.5, 2, tmp_path)
    assert found.problems == []
    assert found.counts["model calls without an action"] == 0
    assert len(found.samples["code actions at 50 requests/s"]) == 25
    assert len(found.samples["cancel → socket closed"]) == 2
    assert found.counts["edits that landed"] == 10


async def test_a_soak_of_a_moment_loses_nothing(tmp_path: Path) -> None:
    found = await soak(2.0, tmp_path)
    assert found.problems == []
    assert found.counts["keystrokes"] > 5
    assert found.counts["actions held"] >= 1
