"""When a request is sent again, and when a server is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.model.retry import (
    LONGEST_WAIT,
    WAITING_BUDGET,
    Breaker,
    Situation,
    asked_wait,
    situation_of,
    wait_before_retry,
)

SERVER_TIME = "Sun, 17 Mar 2030 17:46:40 GMT"


def wait(
    situation: Situation,
    attempt: int = 0,
    headers: dict[str, str] | None = None,
    spent: float = 0.0,
    dice: float = 0.0,
) -> float | None:
    return wait_before_retry(situation, attempt, headers or {}, spent, dice=dice)


@pytest.mark.parametrize(
    ("situation", "waits"),
    [
        (Situation.NOTHING_SENT, [0.5, 2.0, None]),
        (Situation.STALE_CONNECTION, [0.0, None]),
        (Situation.RATE_LIMITED, [2.0, 6.0, None]),
        (Situation.BUSY, [0.5, 2.0, None]),
        (Situation.FINAL, [None]),
    ],
)
def test_each_situation_has_its_number_of_tries(
    situation: Situation, waits: list[float | None]
) -> None:
    assert [wait(situation, attempt) for attempt in range(len(waits))] == waits


@pytest.mark.parametrize(
    ("status", "situation"),
    [
        (429, Situation.RATE_LIMITED),
        *((status, Situation.BUSY) for status in (408, 500, 502, 503, 529)),
        *(
            (status, Situation.FINAL)
            for status in (301, 307, 400, 401, 403, 404, 407, 409, 413, 422, 504)
        ),
    ],
)
def test_a_status_is_a_situation(status: int, situation: Situation) -> None:
    assert situation_of(status) is situation


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "junk", "retry-after": "7"}, 7.0),
        ({"retry-after": "Sun, 17 Mar 2030 17:46:52 GMT"}, 12.0),
        ({"retry-after": "Sun, 17 Mar 2030 17:46:00 GMT"}, None),
        # Without the server's own time a date says nothing, whatever this machine's clock says.
        ({"retry-after": "Sun, 17 Mar 2030 17:46:52 GMT", "date": ""}, None),
        ({"retry-after": "1000000000"}, 1e9),
        *(({"retry-after": junk}, None) for junk in ("-5", "0", "soon", "", "nan", "inf", "-inf")),
    ],
)
def test_what_a_server_asks_for_is_read_and_junk_is_not(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait({"date": SERVER_TIME, **headers}) == seconds


@pytest.mark.parametrize("situation", [Situation.RATE_LIMITED, Situation.BUSY])
def test_a_short_wait_is_honoured_and_a_long_one_ends_the_action(situation: Situation) -> None:
    assert wait(situation, headers={"retry-after": "30"}) == 30.0
    assert wait(situation, headers={"retry-after": "31"}) is None
    assert wait(situation, headers={"retry-after": "1e9"}) is None
    assert wait(situation, headers={"x-should-retry": "false"}) is None


@pytest.mark.parametrize("junk", ["-5", "junk", "nan", "0"])
def test_a_senseless_wait_counts_as_none_given(junk: str) -> None:
    assert wait(Situation.RATE_LIMITED, headers={"retry-after": junk}) == 2.0


def test_waiting_has_a_budget() -> None:
    asked = {"retry-after": "30"}
    assert wait(Situation.RATE_LIMITED, headers=asked, spent=WAITING_BUDGET - 30) == 30.0
    assert wait(Situation.RATE_LIMITED, headers=asked, spent=WAITING_BUDGET - 29) is None


@given(
    situation=st.sampled_from(Situation),
    attempt=st.integers(0, 10),
    header=st.text(),
    spent=st.floats(0, 100),
    dice=st.floats(0, 1, exclude_max=True),
)
def test_no_header_makes_a_wait_negative_or_long(
    situation: Situation, attempt: int, header: str, spent: float, dice: float
) -> None:
    seconds = wait(situation, attempt, {"retry-after": header}, spent, dice)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT
    assert seconds is None or attempt < situation.retries


def test_the_dice_spread_the_waits() -> None:
    for situation in (Situation.NOTHING_SENT, Situation.RATE_LIMITED, Situation.BUSY):
        low, high = wait(situation, dice=0.0), wait(situation, dice=0.99)
        assert low is not None
        assert high is not None
        assert low < high


def test_five_failures_in_a_row_within_a_minute_bring_a_pause() -> None:
    breaker = Breaker()
    for at in (0.0, 1.0, 2.0, 3.0):
        breaker.failed(at)
        assert breaker.pause_left(at) == 0
    breaker.failed(4.0)
    assert breaker.pause_left(4.0) == 30.0
    assert breaker.pause_left(24.0) == 10.0
    assert breaker.pause_left(34.0) == 0


def test_failures_far_apart_or_with_a_success_between_bring_none() -> None:
    breaker = Breaker()
    for at in (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0):
        breaker.failed(at)
        assert breaker.pause_left(at) == 0
    breaker = Breaker()
    for at in range(20):
        breaker.failed(float(at))
        if at % 4 == 3:
            breaker.succeeded()
        assert breaker.pause_left(float(at)) == 0
