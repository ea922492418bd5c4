"""Sessions in any order, a few of them, and the oracle that would find what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reliability.sessions import Session, sessions


def test_sessions_in_any_order_leave_nothing_behind() -> None:
    found = sessions(5, 25)
    assert found.problems == []
    assert found.counts["sessions run"] >= 5


def test_a_request_that_is_not_answered_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(server: Any) -> None:
        server.protocol.refuse = lambda *arguments: None

    monkeypatch.setattr("tests.reliability.sessions._SETTLING", 0.3)
    monkeypatch.setattr(Session, "spoil", staticmethod(spoil))
    found = sessions(5, 25)
    assert found.counts["requests unanswered"] == 1
    assert "requests without an answer" in found.problems[0]
