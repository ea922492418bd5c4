"""Fixtures for tests of the protocol: a bare server, and an editor that is connected to it."""

from __future__ import annotations

import pytest

from tests.fakes.editor import PROFILES
from tests.lsp.bare import Bare


@pytest.fixture
def bare() -> Bare:
    """A server without features."""
    return Bare()


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    """The name of each recorded editor in turn."""
    name: str = request.param
    return name
