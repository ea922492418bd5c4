"""A real server process for the pieces: an environment of its own, and a model on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import bare
from tests.fakes.raw import Raw

ROOT = Path(__file__).parents[2]
SERVER = (sys.executable, "-m", "dola_ls")


def environment(home: Path, base_url: str = "") -> dict[str, str]:
    """Return an environment that knows nothing of the user's; the model is at `base_url`.

    Without one there is no model at all.
    """
    home.mkdir(exist_ok=True)
    config = home / "config.toml"
    config.touch(mode=0o600)
    kept = {name: text for name, text in bare().items() if not name.startswith("XDG_")}
    kept |= {
        "HOME": str(home),
        "DOLA_CONFIG": str(config),
        # The code under test is the one these tests came with.
        "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)]),
    }
    if base_url:
        kept |= {"DOLA_PROVIDER": "custom", "DOLA_BASE_URL": base_url, "DOLA_MODEL": "fake"}
    return kept


@contextlib.asynccontextmanager
async def server(
    env: Mapping[str, str], cwd: Path, *, argv: tuple[str, ...] = SERVER
) -> AsyncIterator[Raw]:
    """Start a server with this environment and no other."""
    # `Raw` adds to the environment of this process; `env -i` leaves nothing of that.
    pairs = [f"{name}={text}" for name, text in env.items()]
    async with Raw.start("env", "-i", *pairs, *argv, cwd=cwd) as raw:
        raw.answers["workspace/configuration"] = [None]
        yield raw


async def answered_after(raw: Raw, method: str, params: Any, limit: float = 20.0) -> float:
    """Send a request; return the seconds until it was answered, whatever the answer is."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    _, answer = raw.begin(method, params)
    await asyncio.wait_for(answer, limit)
    return loop.time() - began


def resident(pid: int) -> float | None:
    """Return the resident set of a process in MB, or None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
