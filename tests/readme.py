"""What the README shows, for tests to try."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def own_actions() -> str:
    """Return the examples of own actions, as the text of a user file."""
    blocks = re.findall(r"^```toml\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    [text] = [block for block in blocks if "[[actions]]" in block]
    return str(text)
