"""From the spawn of a server to its answer to `initialize`."""

from __future__ import annotations

from tests.benchmarks.effort import Effort
from tests.benchmarks.servers import ALL, BARE, DOLA
from tests.benchmarks.table import Row, Section, Target

#: How much longer than the smallest server pygls can make.
_TIMES = 1.25


def startup(effort: Effort) -> Section:
    """Start the servers by turns, so that whatever else the machine does slows all of them."""
    installed = [server for server in ALL if server.installed]
    samples: dict[str, list[float]] = {server.name: [] for server in ALL}
    for turn in range(effort.starts + 1):
        for server in installed:
            with server.running() as client:
                seconds = client.initialize()
            # The first start of each reads the disk; that is not what is compared.
            if turn:
                samples[server.name].append(seconds * 1000)
    rows = [
        Row(
            server.title,
            tuple(samples[server.name]),
            Target("ratio", _TIMES) if server is DOLA else None,
            "" if server.installed else "not installed",
        )
        for server in ALL
    ]
    return Section(
        "Spawn to the answer to initialize",
        "ms",
        rows,
        floor=BARE.title,
        note="Warm starts, one server after the other in each round.",
    )
