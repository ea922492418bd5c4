"""Compilers and the like that checks need, and a place for those that are fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.programs import working

#: What a language's check cannot do without, besides this Python.
NEEDS: dict[str, tuple[str, ...]] = {
    "python": (),
    "markdown": (),
    "typescript": ("esbuild", "node"),
    "go": ("go",),
    "rust": ("rustc",),
    "java": ("javac", "java"),
    "c": ("cc",),
}
AIDER = "aider-chat"
_FETCHING = 600.0


@dataclass
class Tools:
    """Where programs are; `folder` is for those that this may fetch, None where it may not."""

    folder: Path | None = None
    _found: dict[str, str | None] = field(default_factory=dict)

    def path(self, name: str) -> str | None:
        """Return the path of a program, or None where it is not there."""
        if name not in self._found:
            names = ("cc", "gcc", "clang") if name == "cc" else (name,)
            found = next((path for n in names if (path := working(n))), None)
            self._found[name] = found or (self._esbuild() if name == "esbuild" else None)
        return self._found[name]

    def missing(self, language: str) -> list[str]:
        """Return which programs a language's checks lack."""
        return [name for name in NEEDS[language] if self.path(name) is None]

    def _esbuild(self) -> str | None:
        """Return esbuild's path in the folder, where npm puts it if need be."""
        npm = shutil.which("npm")
        if self.folder is None or not shutil.which("node"):
            return None
        folder = self.folder / "esbuild"
        scripts = str(folder / "node_modules" / ".bin")
        if (found := shutil.which("esbuild", path=scripts)) or npm is None:
            return found
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "esbuild"]
        if not fetched(command, "esbuild"):
            return None
        return shutil.which("esbuild", path=scripts)

    def aider(self) -> str | None:
        """Return a Python that has aider, in an environment of its own in the folder."""
        if self.folder is None:
            return None
        folder = self.folder / "aider"
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        done = folder / "complete"
        if not done.exists():
            if not fetched([sys.executable, "-m", "venv", str(folder)], "an environment"):
                return None
            if not fetched([str(python), "-m", "pip", "install", "--quiet", AIDER], AIDER):
                return None
            done.touch()
        return str(python)


def fetched(command: list[str], what: str) -> bool:
    """Run a command that gets something; tell whether it did, and on stderr why not."""
    print(f"getting {what} …", file=sys.stderr)
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            timeout=_FETCHING,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{what} could not be had: {error}", file=sys.stderr)
        return False
    return True
