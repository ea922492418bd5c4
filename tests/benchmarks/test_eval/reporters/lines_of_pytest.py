"""A plugin for pytest that writes a line of JSON for every test as it ends."""

from __future__ import annotations

import json
import os
from typing import Any

_FILE = os.environ["TEST_EVAL_LINES"]


def _tell(**line: Any) -> None:
    with open(_FILE, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def pytest_collectreport(report: Any) -> None:
    """Tell of a file that cannot be loaded."""
    if report.failed:
        _tell(broken=report.longreprtext[-1000:])


def pytest_runtest_logreport(report: Any) -> None:
    """Tell how a test ended: once it was called, or where it did not come to that."""
    name = report.nodeid.partition("::")[2]
    if report.when == "call" or not report.passed:
        _tell(test=name, passed=report.passed, why=report.longreprtext[-500:])
