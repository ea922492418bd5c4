"""A start without a place to write, and a server that is killed at work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.reliability.findings import Findings
from tests.reliability.starts import FULL, REFUSED, SURROUNDINGS, killed, start_in

full = pytest.param(
    FULL,
    marks=pytest.mark.skipif(
        sys.platform != "linux", reason="a limit on the size of files stands for a full disk"
    ),
)


@pytest.mark.parametrize("name", [*SURROUNDINGS, REFUSED, full])
async def test_it_starts_works_and_ends_all_the_same(name: str, tmp_path: Path) -> None:
    found = Findings()
    await start_in(name, tmp_path, found)
    assert found.problems == []
    assert found.counts["answered initialize"] == 1


async def test_a_server_that_is_killed_has_touched_nothing(tmp_path: Path) -> None:
    found = Findings()
    await killed(tmp_path, found)
    assert found.problems == []
