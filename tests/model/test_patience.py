"""How long a model may take: on this machine longer than elsewhere, and longer where it thinks."""

from __future__ import annotations

import pytest

from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Effort, Endpoint
from dola_ls.model.exchange import Timeouts

LOOPBACK = ("http://127.0.0.1:11434/v1", "http://localhost:1234/v1", "http://[::1]:8080/v1")
REMOTE = "https://api.example/v1"


def waits(timeouts: Timeouts) -> tuple[float, float, float]:
    return timeouts.first_token, timeouts.idle, timeouts.total


@pytest.mark.parametrize("url", LOOPBACK)
@pytest.mark.parametrize("effort", [None, "high"])
async def test_a_server_on_this_machine_is_given_time(url: str, effort: Effort | None) -> None:
    model = HttpModel(Endpoint("custom", url, "coder", reasoning_effort=effort))
    assert waits(model._timeouts) == (900, 180, 1800)


async def test_a_model_elsewhere_is_given_time_to_think() -> None:
    usual = HttpModel(Endpoint("custom", REMOTE, "coder", reasoning_effort="low"))
    assert waits(usual._timeouts) == (120, 60, 300)
    for effort in ("medium", "high"):
        other = usual.asking(Endpoint("custom", REMOTE, "thinker", reasoning_effort=effort))
        assert waits(other._timeouts) == (300, 60, 900)
        assert waits(other.asking(usual._endpoint)._timeouts) == (120, 60, 300)


async def test_limits_that_are_given_hold_for_every_model_there() -> None:
    own = Timeouts(total=7)
    model = HttpModel(Endpoint("custom", LOOPBACK[0], "coder"), timeouts=own)
    assert model._timeouts == own
    assert model.asking(Endpoint("custom", REMOTE, "x", reasoning_effort="high"))._timeouts == own


async def test_what_is_no_address_is_no_reason_to_fail() -> None:
    assert HttpModel(Endpoint("custom", "http://[::1/v1", "coder"))._timeouts == Timeouts()
