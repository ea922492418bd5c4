"""Fixtures for tests with real editors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .model import Model
from .nvim import Neovim, find_nvim
from .project import Project


@pytest.fixture
def model() -> Iterator[Model]:
    """Serve a fake model on this machine."""
    with Model.serving() as model:
        yield model


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write the sample project."""
    return Project.make(tmp_path)


@contextmanager
def running_nvim(home: Path, **how: Any) -> Iterator[Neovim]:
    """Start a Neovim, and look for faults at the end; skip the test where there is none."""
    executable, reason = find_nvim()
    if executable is None:
        pytest.skip(reason)
    nvim = Neovim.start(executable, home, **how)
    try:
        yield nvim
        if nvim.process.poll() is None:
            state = nvim.state()
            faults = [notice for notice in state.notices if notice["level"] >= _ERROR]
            assert not faults, f"Neovim reports faults: {faults}"
            # An end without a begin is as wrong as a begin without an end, but the latter may
            # still be on its way.
            assert set(state.progress_of("end")) <= set(state.progress_of("begin"))
    finally:
        nvim.close()


#: vim.log.levels.ERROR
_ERROR = 4


@pytest.fixture
def fresh_nvim(tmp_path: Path) -> Iterator[Neovim]:
    """Start a Neovim in which the server is not enabled yet."""
    with running_nvim(tmp_path / "home") as nvim:
        yield nvim


@pytest.fixture
def nvim(fresh_nvim: Neovim, project: Project, model: Model) -> Neovim:
    """Start a Neovim that has the server enabled and the fake model behind it."""
    project.enable(fresh_nvim, **model.environment)
    return fresh_nvim
