"""Programs of this machine that some tests run."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

_VERSION = {"go": "version", "java": "-version", "javac": "-version"}


@cache
def working(name: str) -> str | None:
    """Return the path of a program that runs, or None where it is not there or does not.

    A name on the path may be a shim, as rustup's are, that has nothing to start.
    """
    path = shutil.which(name)
    if path is None:
        return None
    try:
        asked = [path, _VERSION.get(name, "--version")]
        subprocess.run(asked, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return path
