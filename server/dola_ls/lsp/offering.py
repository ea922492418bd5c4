"""A code action as it is offered."""

from __future__ import annotations

from typing import Any

from lsprotocol import types


def action_of(title: str, kind: str, command: str, arguments: dict[str, Any]) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        command=types.Command(title=title, command=command, arguments=[arguments]),
    )
