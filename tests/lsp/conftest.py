"""Fixtures for tests of the protocol: a bare server, and an editor that is connected to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.editor import PROFILES
from tests.lsp.bare import Bare
from tests.lsp.shop import TEXT


@pytest.fixture
def bare() -> Bare:
    """A server without features."""
    return Bare()


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    """The name of each recorded editor in turn."""
    name: str = request.param
    return name


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """Return the address of a file in a project of its own."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    file = folder / "a.py"
    file.write_text(TEXT)
    return file.as_uri()
