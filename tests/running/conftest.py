"""Fixtures for tests that run tests."""

from __future__ import annotations

import pytest

from tests.fakes.editor import PROFILES


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    """The name of each recorded editor in turn."""
    name: str = request.param
    return name
