"""Generated tests in a real Neovim, run where the user's file says so."""

from __future__ import annotations

import os
import sys

import pytest

from .model import Model
from .nvim import Neovim, State
from .project import SHOP, TESTS, Project, fenced

pytestmark = pytest.mark.nvim

GENERATE_TESTS = "Dola: Generate tests for total_price"
WRONG = TESTS.replace("== 7", "== 8")


@pytest.fixture
def running(fresh_nvim: Neovim, project: Project, model: Model) -> Neovim:
    """Start a Neovim whose user has new tests run."""
    project.config.write_text("[tests]\nrun = true\n", encoding="utf-8")
    project.config.chmod(0o600)
    here = os.path.dirname(sys.executable)
    path = os.pathsep.join([here, os.environ["PATH"]])
    project.enable(fresh_nvim, **model.environment, PATH=path, PYTEST_ADDOPTS="-p no:asyncio")
    return fresh_nvim


def diagnostics(state: State, project: Project) -> list[list[object]]:
    """Return what is marked in the test file."""
    buffer = state.buffer(project.tests)
    return buffer.diagnostics if buffer is not None else []


def test_tests_are_run_from_a_buffer_that_was_never_saved(
    running: Neovim, project: Project, model: Model
) -> None:
    model.answer = fenced(TESTS)
    running.open(project.shop)
    running.cursor(7)

    running.pick(GENERATE_TESTS)
    state = running.until(lambda s: "tests passed" in s.told, "the tests are run")

    assert "Generate tests for total_price: 2 tests passed." in state.told
    assert state.current.text == TESTS
    assert state.current.modified
    assert diagnostics(state, project) == []
    assert [path.name for path in project.tests.parent.iterdir()] == ["test_shop.py"]


def test_a_test_that_fails_is_marked_until_its_line_is_changed(
    running: Neovim, project: Project, model: Model
) -> None:
    model.answer = fenced(WRONG)
    running.open(project.shop)
    running.cursor(7)

    running.pick(GENERATE_TESTS)
    state = running.until(lambda s: "marked in test_shop.py" in s.told, "the tests are run")

    assert "1 of 2 tests passed; the other one is marked in test_shop.py." in state.told
    assert "A repair was not used: it changes none of the tests that fail." in state.told
    [[line, message, source]] = diagnostics(state, project)
    assert (line, source) == (8, "dola-ls")
    assert "assert 7 == 8" in str(message)
    shop = state.buffer(project.shop)
    assert shop is not None
    assert shop.text == SHOP

    running.cursor(9)
    running.type("A # mine<Esc>")
    running.until(lambda s: diagnostics(s, project) == [], "the mark goes")
