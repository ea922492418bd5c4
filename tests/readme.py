"""What the README shows, for tests to try."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    """Return the blocks of a language, in order."""
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, README.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def own_actions() -> str:
    """Return the examples of own actions, as the text of a user file."""
    [text] = [block for block in blocks("toml") if "[[actions]]" in block]
    return text


def settings() -> list[str]:
    """Return the examples of settings, each as the text of a user file."""
    return [block for block in blocks("toml") if "language-server" not in block]


def setting_rows() -> list[list[str]]:
    """Return the cells of the table of settings."""
    lines = README.read_text("utf-8").split("\n")
    first = lines.index("| setting | environment | from the editor | default |") + 2
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
