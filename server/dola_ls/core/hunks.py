"""The parts of an edit that a user decides about one by one."""

from __future__ import annotations

from collections.abc import Sequence

from dola_ls.core.document import Document, Edit

#: Changes with fewer unchanged lines between them belong together.
_APART = 3

Hunk = tuple[Edit, ...]


def hunks_of(document: Document, edits: Sequence[Edit]) -> tuple[Hunk, ...]:
    """Return edits in groups, each some lines away from the next; in their order."""
    groups: list[list[Edit]] = []
    last = 0
    for edit in edits:
        first = document.line_of(edit.start)
        if groups and first - last <= _APART:
            groups[-1].append(edit)
        else:
            groups.append([edit])
        last = document.line_of(edit.end)
    return tuple(tuple(group) for group in groups)
