"""Sums of tokens and money."""

from __future__ import annotations

from datetime import date

import pytest

from dola_ls.model.ledger import Ledger, Spending
from dola_ls.model.stream import Usage

MONDAY, TUESDAY = date(2030, 3, 18), date(2030, 3, 19)


def test_calls_add_up_per_action_session_and_day() -> None:
    ledger = Ledger()
    priced = Usage(100, 50, 20, 10, 40, 5, 0.25)
    ledger.record("dola.refactor", priced, MONDAY)
    ledger.record("dola.refactor", priced, TUESDAY)
    ledger.record("dola.explain", Usage(prompt_tokens=7), TUESDAY)

    assert ledger.actions["dola.refactor"] == Spending(2, 200, 100, 40, 20, 80, 10, 0.5, 0)
    assert ledger.actions["dola.explain"] == Spending(1, 7, unpriced_calls=1)
    assert ledger.on(MONDAY) == Spending(1, 100, 50, 20, 10, 40, 5, 0.25, 0)
    assert ledger.on(TUESDAY) == Spending(2, 107, 50, 20, 10, 40, 5, 0.25, 1)
    assert ledger.session == Spending(3, 207, 100, 40, 20, 80, 10, 0.5, 1)


def test_a_day_or_session_without_calls_costs_nothing() -> None:
    ledger = Ledger()
    assert ledger.session == ledger.on(MONDAY) == Spending()
    assert not ledger.actions


def test_nobody_else_writes_in_the_ledger() -> None:
    ledger = Ledger()
    with pytest.raises(TypeError):
        ledger.actions["dola.refactor"] = Spending()
