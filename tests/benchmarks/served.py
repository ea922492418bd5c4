"""The server as its command starts it, asking an engine that is there already.

``python -m tests.benchmarks.served`` serves one client on stdio. The engine's address and key come
as JSON in the environment variable `ORDER`, so that they stand in no command line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from dola_ls import log
from dola_ls.lsp.server import DolaServer, create_server
from dola_ls.lsp.transport import serve_stdio
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.exchange import Timeouts
from tests.benchmarks.engine import Address, default

ORDER = "EVAL_ORDER"


def model_at(address: Address) -> HttpModel:
    """Return a model that asks the engine as the product's embedded model does."""
    return HttpModel(
        Endpoint(
            provider="local",
            base_url=f"{address.url}/v1",
            model=address.model,
            api_key=address.key,
            key_origin=address.url,
            reasoning_effort=None,
            temperature=0.0,
            context_tokens=default("context_tokens"),
            reasoning_tokens=0,
        ),
        # The engine's prompt may take a minute; what ends a task that takes too long is the run.
        timeouts=Timeouts(first_token=900.0, idle=180.0, total=1800.0),
    )


def ordered_server(settings: Mapping[str, object] | None = None) -> DolaServer:
    """Return a server that asks the engine that the environment names, with other settings."""
    order = json.loads(os.environ.pop(ORDER))
    log.set_up(os.environ)
    # A copy of the environment, and not itself: nothing is kept in the user's folders.
    return create_server(
        env=dict(os.environ), command_line=settings, model=model_at(Address(**order))
    )


if __name__ == "__main__":
    raise SystemExit(serve_stdio(ordered_server()))
