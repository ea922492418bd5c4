"""The servers that are measured, and how each is started."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks.client import Client


@dataclass(frozen=True, slots=True)
class Server:
    """One server on stdio."""

    name: str
    distribution: str
    argv: tuple[str, ...] | None

    @property
    def installed(self) -> bool:
        """Whether it can be started here."""
        return self.argv is not None

    @property
    def title(self) -> str:
        """Name and version."""
        try:
            return f"{self.name} {version(self.distribution)}"
        except PackageNotFoundError:
            return self.name

    @contextmanager
    def running(self, env: Mapping[str, str] | None = None) -> Iterator[Client]:
        """Start the server in an empty folder of its own, and end it afterwards."""
        assert self.argv is not None
        with tempfile.TemporaryDirectory(prefix="dola-bench-") as name:
            folder = Path(name).resolve()
            (folder / "config.toml").touch(mode=0o600)
            mine = {key: value for key, value in os.environ.items() if not key.startswith("DOLA_")}
            # Written byte code is what makes a start a warm one.
            mine.pop("PYTHONDONTWRITEBYTECODE", None)
            mine["DOLA_CONFIG"] = str(folder / "config.toml")
            # A home of their own: nothing is learnt from the user's files or left there.
            mine |= {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
            client = Client(self.argv, {**mine, **(env or {})}, folder)
            try:
                yield client
            finally:
                client.end()


def _script(name: str) -> tuple[str, ...] | None:
    """Return the command that the environment of this Python has under a name."""
    path = shutil.which(name, path=sysconfig.get_path("scripts"))
    return (path,) if path else None


DOLA = Server("dola-ls", "dola-ls", _script("dola-ls"))
BARE = Server(
    "bare pygls", "pygls", (sys.executable, str(Path(__file__).with_name("bare_server.py")))
)
PYLSP = Server("pylsp", "python-lsp-server", _script("pylsp"))
JEDI = Server("jedi-language-server", "jedi-language-server", _script("jedi-language-server"))

ALL = (DOLA, BARE, PYLSP, JEDI)
