"""That the figures are what the records say, and that a run can go on where it was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.edit_eval import __main__ as command
from tests.benchmarks.edit_eval.__main__ import _same
from tests.benchmarks.edit_eval.report import figures, table
from tests.benchmarks.edit_eval.results import Record, Results
from tests.benchmarks.edit_eval.served import FORMS, TABLE
from tests.benchmarks.edit_eval.sides import WARM_UP
from tests.benchmarks.edit_eval.speculation import kept_share
from tests.benchmarks.rates import answer_rate, read_rate
from tests.benchmarks.relay import Exchange

_EXCHANGE = Exchange(
    text="x", read_tokens=100, read_ms=1000, answer_tokens=30, answer_ms=600, accepted=20
)
_RECORD = Record(
    task=WARM_UP.id,
    digest=WARM_UP.digest,
    side=TABLE,
    outcome="edited",
    rule="",
    said="",
    well_formed=True,
    applied=True,
    passed=True,
    how="ran",
    reason="",
    wrong_place="",
    lost_text="",
    excess="",
    seconds=6.0,
    text="def f(b):\n    return b\n",
    exchanges=[_EXCHANGE],
    plan=["rewrite"],
)
_FAILED = replace(_RECORD, passed=False, applied=False, wrong_place="line 3", seconds=4.0)


def test_the_table_adds_up() -> None:
    row = table({TABLE: [_RECORD, _FAILED], "aider-diff": []}).splitlines()
    assert len(row) == 3
    cells = [cell.strip() for cell in row[2].strip("|").split("|")]
    assert cells[:8] == [TABLE, "2", "100%", "50%", "50%", "1", "0", "0"]
    # All seconds count, those of what failed too.
    assert cells[8:] == ["60", "40", "5.0", "10", "10.0"]


def test_figures_are_met_or_missed_against_the_better_of_aiders_formats() -> None:
    slow = replace(_RECORD, side="aider-whole", seconds=20.0)
    worse = replace(_FAILED, side="aider-diff", seconds=1.0)
    told = figures({TABLE: [_RECORD], "aider-diff": [worse], "aider-whole": [slow]}, TABLE)
    assert "passes: 100%, aider-whole 100% (to reach: more): missed" in told
    assert "6.0, aider-whole 20.0, so 0.30 × (to reach: 0.6 ×): met" in told
    assert "wrong place: 0 of 1 (to reach: 0): met" in told
    assert "wrong place: 1 of 1 (to reach: 0): missed" in figures({TABLE: [_FAILED]}, TABLE)


def test_rates_come_from_the_engines_own_clock() -> None:
    few = Exchange(read_tokens=2, read_ms=500)
    assert read_rate([_EXCHANGE, few]) == 100
    assert answer_rate([_EXCHANGE, Exchange()]) == 50
    assert answer_rate([]) is None


def test_a_run_goes_on_with_what_is_left(tmp_path: Path) -> None:
    results = Results({"runs": []})
    results.put(_FAILED)
    results.put(_RECORD)
    results.save(tmp_path / "results.json")
    again = Results.load(tmp_path / "results.json")
    assert again == results
    assert again.find(WARM_UP, TABLE) == _RECORD
    assert again.find(WARM_UP, "blocks") is None
    changed = WARM_UP.model_copy(update={"digest": "another"})
    assert again.find(changed, TABLE) is None


def test_what_the_table_did_is_not_done_again_in_the_form_it_chose() -> None:
    results = Results()
    results.put(replace(_RECORD, plan=list(FORMS["rewrite"])))
    same = _same(results, WARM_UP, "rewrite")
    assert same is not None
    assert (same.side, same.same_as) == ("rewrite", TABLE)
    assert _same(results, WARM_UP, "blocks") is None


def test_how_much_of_a_region_an_edit_keeps() -> None:
    assert kept_share(WARM_UP) == 0.0
    half = WARM_UP.model_copy(update={"reference": "def f(a):\n    return b\n"})
    assert kept_share(half) == 0.5


def test_a_report_is_of_what_all_sides_did_and_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def engine(model: str) -> None:
        raise AssertionError("an engine was started")

    figures = Path(command.__file__).parent / "figures" / "1.5b.json"
    monkeypatch.setattr(command, "engine", engine)
    monkeypatch.setattr(
        "sys.argv", ["edit_eval", "--report", "--sides", "table,table-alone", "--out", str(figures)]
    )
    assert command.main() == 0
    rows = capsys.readouterr().out.split("\n")[2:4]
    counts = {row.split("|")[2].strip() for row in rows}
    assert len(counts) == 1
    assert 0 < int(counts.pop()) < 64
