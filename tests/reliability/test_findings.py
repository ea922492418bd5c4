"""The table, and what makes the command fail."""

from __future__ import annotations

import pytest

from tests.reliability.findings import ROWS, Findings, as_json, failed, markdown


def whole() -> Findings:
    """Return findings in which every row is as it should be."""
    found = Findings()
    for row in ROWS:
        if row.kind in ("p95", "max"):
            found.samples[row.name] = [1.0]
        else:
            found.counts[row.name] = 0 if row.kind == "zero" else 7
    return found


def test_all_that_is_well_passes() -> None:
    assert failed(whole()) == []
    assert "missed" not in markdown(whole())


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "zero"], ids=lambda r: r.name)
def test_what_must_be_none_and_is_not_fails(row) -> None:
    found = whole()
    found.wrong(row.name, "it happened")
    assert failed(found) == [row.name]
    assert found.problems == [f"{row.name}: it happened"]


def test_what_did_not_run_is_no_success() -> None:
    assert set(failed(Findings())) == {row.name for row in ROWS if row.kind in ("zero", "all")}
    assert "not run" in markdown(Findings())


def test_a_fault_that_was_not_survived_fails() -> None:
    found = whole()
    found.counts["faults injected"] += 1
    assert failed(found) == ["faults survived"]


def test_times_are_told_and_decide_nothing() -> None:
    found = whole()
    found.samples["cancel → socket closed"] = [1.0] * 18 + [5_000.0] * 2
    assert failed(found) == []
    [row] = [line for line in markdown(found).splitlines() if "cancel" in line]
    assert "5,000 ms" in row
    assert "missed" in row


def test_findings_add_up() -> None:
    found, other = whole(), whole()
    other.wrong("wrong edits", "one")
    found.add(other)
    assert found.counts["inputs fuzzed"] == 14
    assert found.samples["memory growth"] == [1.0, 1.0]
    told = as_json(found, {"seed": 1})
    assert told["problems"] == ["wrong edits: one"]
    assert {row["figure"] for row in told["rows"]} == {row.name for row in ROWS}
