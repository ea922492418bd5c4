"""A folder of programs for an editor's path."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def make_programs(folder: Path, beside: tuple[str, ...]) -> Path:
    """Make a folder of programs: `dola-ls` of this environment, and others of it or the path."""
    folder.mkdir()
    dola = folder / "dola-ls"
    python = shlex.quote(sys.executable)
    dola.write_text(f'#!/bin/sh\nexec {python} -m dola_ls "$@"\n', encoding="utf-8")
    dola.chmod(0o755)
    for name in beside:
        found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
        assert found is not None, f"{name} is not installed"
        (folder / name).symlink_to(found)
    return folder
