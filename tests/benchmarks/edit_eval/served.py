"""The server as its command starts it, asking an engine that is there already.

``python -m tests.benchmarks.edit_eval.served [--form FORM]`` serves one client on stdio. The
engine's address and key come as JSON in the environment variable `ORDER`, so that they stand in no
command line. With a form all edits are asked for in that one first, whatever the product's table
says.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dola_ls.edit
from dola_ls import log
from dola_ls.core.actions import Action
from dola_ls.core.strategy import Form, Strategy, choose
from dola_ls.lsp.server import create_server
from dola_ls.lsp.transport import serve_stdio
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.exchange import Timeouts
from tests.benchmarks.edit_eval.engine import Address, default

ORDER = "EDIT_EVAL_ORDER"
TABLE = "table"
#: The type of the `telemetry/event` that tells which forms were chosen for an edit.
CHOICE = "edit_eval.choice"
#: What is asked for, in order, each where the one before led to no edit: as the product falls back.
FORMS: dict[str, tuple[Form, ...]] = {
    "rewrite": (Form.REWRITE, Form.MENDED),
    "blocks": (Form.BLOCKS, Form.AGAIN, Form.REWRITE),
    "file": (Form.FILE, Form.MENDED, Form.REWRITE),
    "file_blocks": (Form.FILE_BLOCKS, Form.AGAIN, Form.REWRITE),
}


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


def overrule(form: str, tell: Callable[[Strategy], None]) -> None:
    """Have every edit asked for in one form, if it is not the table's turn; tell of each choice."""
    forms = FORMS.get(form)

    def chosen(action: Action, *arguments: Any, **more: Any) -> Strategy:
        strategy = choose(action, *arguments, **more)
        if forms is not None and action.answer == "region":
            strategy = replace(strategy, forms=forms)
        tell(strategy)
        return strategy

    # Here and nowhere else: the product has no setting that overrules its table.
    vars(dola_ls.edit)["choose"] = chosen


def main() -> int:
    """Serve; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--form", choices=[TABLE, *FORMS], default=TABLE)
    options = parser.parse_args()
    order = json.loads(os.environ.pop(ORDER))
    log.set_up(os.environ)
    # A copy of the environment, and not itself: nothing is kept in the user's folders.
    server = create_server(env=dict(os.environ), model=model_at(Address(**order)))
    overrule(
        options.form,
        lambda strategy: server.telemetry_event({"type": CHOICE, "forms": list(strategy.forms)}),
    )
    return serve_stdio(server)


if __name__ == "__main__":
    raise SystemExit(main())
