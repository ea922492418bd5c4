"""The sample project that the editors work on, and what a model would say about it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from .nvim import Neovim

SHOP = '''\
"""A small shop."""

TAX = 0.2


def total_price(items):
    total = 0
    for item in items:
        total = total + item["price"] * item["quantity"]
    return total


def label(item):
    return item["name"].title()
'''
_BEFORE, _, _REST = SHOP.partition("def total_price")
_AFTER = _REST[_REST.index("\n\n\ndef label") :]

#: `total_price` as a model would rewrite it.
REFACTORED = """\
def total_price(items):
    return sum(item["price"] * item["quantity"] for item in items)"""
REFACTORED_SHOP = _BEFORE + REFACTORED + _AFTER

EXPLANATION = """\
Adds up what the items cost, each `price` times its `quantity`.

- An empty list gives `0`.
- An item without a price raises `KeyError`."""

TESTS = """\
from shop import total_price


def test_nothing_costs_nothing():
    assert total_price([]) == 0


def test_quantities_count():
    assert total_price([{"price": 3, "quantity": 2}, {"price": 1, "quantity": 1}]) == 7
"""


def fenced(code: str, before: str = "") -> str:
    """Return code as models send it."""
    return f"{before}```python\n{code.rstrip()}\n```\n"


@dataclass(frozen=True, slots=True)
class Project:
    """A project of one module on disk, and an empty user file for the server."""

    root: Path
    config: Path

    @classmethod
    def make(cls, folder: Path) -> Project:
        """Write the project and an empty user file below `folder`."""
        root = folder / "project"
        root.mkdir()
        (root / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n', "utf-8")
        (root / "shop.py").write_text(SHOP, encoding="utf-8")
        config = folder / "config.toml"
        config.touch()
        return cls(root, config)

    def add(self, name: str, text: str) -> Path:
        """Write another file and return its path."""
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    def has_own_actions(self) -> None:
        """Put two actions of the user's own into the user file: one edits, one makes a file."""
        self.config.write_text(
            '[[actions]]\nid = "simpler"\ntitle = "Simplify {name}"\nprompt = "Make it simpler."\n'
            '[[actions]]\nid = "stub"\ntitle = "Stub of {name}"\nscope = "file"\n'
            'answer = "new-file"\nprompt = "Write a stub."\n',
            encoding="utf-8",
        )

    def runs_tests(self) -> None:
        """Have new tests run with the pytest of this interpreter, as the user file says."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "{file}"]
        self.config.write_text(f"[tests]\nrun = {json.dumps(command)}\n", encoding="utf-8")
        self.config.chmod(0o600)

    @property
    def shop(self) -> Path:
        """The module with `total_price`."""
        return self.root / "shop.py"

    @property
    def tests(self) -> Path:
        """Where its tests belong."""
        return self.root / "tests" / "test_shop.py"

    def enable(self, nvim: Neovim, **environment: str) -> None:
        """Enable the shipped configuration with the server of this interpreter."""
        command = [sys.executable, "-m", "dola_ls"]
        nvim.enable(command, {"DOLA_CONFIG": str(self.config), **environment})
