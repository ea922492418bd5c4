"""The server as its command starts it, asking an engine that is there already.

``python -m tests.benchmarks.edit_eval.served [--form FORM] [--context off]`` serves one client on
stdio. With a form all edits are asked for in that one first, whatever the product's table says.
Without context nothing of other files goes along.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dola_ls.edit
from dola_ls.core.actions import Action
from dola_ls.core.strategy import Form, Strategy, choose
from dola_ls.lsp.transport import serve_stdio
from tests.benchmarks.served import ordered_server

TABLE = "table"
#: What ends the name of a side that is shown nothing of other files.
ALONE = "-alone"
#: And of one that is not told what other tools say of the lines.
UNTOLD = "-untold"
#: The type of the `telemetry/event` that tells which forms were chosen for an edit.
CHOICE = "edit_eval.choice"
#: What is asked for, in order, each where the one before led to no edit: as the product falls back.
FORMS: dict[str, tuple[Form, ...]] = {
    "rewrite": (Form.REWRITE, Form.MENDED),
    "blocks": (Form.BLOCKS, Form.AGAIN, Form.REWRITE),
    "file": (Form.FILE, Form.MENDED, Form.REWRITE),
    "file_blocks": (Form.FILE_BLOCKS, Form.AGAIN, Form.REWRITE),
}


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
    parser.add_argument("--context", choices=["on", "off"], default="on")
    options = parser.parse_args()
    server = ordered_server({"context.related": options.context == "on"})
    # What goes along is to hang on the task, and not on how busy the machine is.
    server.survey.patience = 10.0
    overrule(
        options.form,
        lambda strategy: server.telemetry_event({"type": CHOICE, "forms": list(strategy.forms)}),
    )
    return serve_stdio(server)


if __name__ == "__main__":
    raise SystemExit(main())
