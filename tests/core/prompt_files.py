"""Prompts in files, so that none is changed in passing: they are changed by figures.

After a change that is meant, write them anew and look at the difference:

    DOLA_TEST_PROMPTS=write python -m pytest tests/core -k prompt
"""

from __future__ import annotations

import os
from pathlib import Path

from dola_ls.core.prompt import Prompt

FOLDER = Path(__file__).parent / "prompts"


def is_as_written(name: str, prompt: Prompt) -> None:
    """Compare a prompt with the file of a name, or write that."""
    text, file = written(prompt), FOLDER / f"{name}.txt"
    if os.environ.get("DOLA_TEST_PROMPTS") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"there is no {file.name} yet. {__doc__}"
    assert text == file.read_text(encoding="utf-8")


def written(prompt: Prompt) -> str:
    """Return all of a prompt that a model or its server gets to see."""
    parts = {"system": prompt.system, "user": prompt.user.rstrip("\n")}
    if prompt.prediction is not None:
        parts["prediction"] = prompt.prediction
    parts["limits"] = f"{prompt.max_tokens} tokens, action {prompt.action}"
    return "\n\n".join(f"=== {name}\n{text}" for name, text in parts.items()) + "\n"
