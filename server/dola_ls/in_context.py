"""The context of an action: the region, the code round it, and what is known from elsewhere.

region -> what other tools say of it -> lines round it -> definitions and calls -> what may be sent
"""

from __future__ import annotations

from dataclasses import replace

from dola_ls.core.along import SILENCE, Noted, Related
from dola_ls.core.callers import may_change_calls
from dola_ls.core.context import Context, collect, estimate_tokens
from dola_ls.core.notebook import with_cells
from dola_ls.core.noted import noted
from dola_ls.core.prompt import shown_related
from dola_ls.core.screening import Screen, harmless
from dola_ls.task import Editor, Sought, Task

#: The share of the model's context that code from elsewhere may take. The embedded model has
#: little room, and reads at some hundred tokens a second.
_SHARE = 0.2
#: And what other tools say of the region.
_NOTED = 0.15


async def in_context(task: Task, editor: Editor, budget: int, screen: Screen) -> Context:
    """Return what the model gets to see, in about `budget` tokens, the region not counted."""
    said = _noted(task, budget, screen)
    budget -= estimate_tokens(said.text) if said.text else 0
    context = replace(await _with_related(task, editor, budget, screen), noted=said)
    if task.cells is None:
        return context
    return with_cells(context, task.cells, budget - _size(context.related))


def _noted(task: Task, budget: int, screen: Screen) -> Noted:
    """Return what other tools say of the region; a fix has it among its words."""
    if not task.others or task.to_fix:
        return SILENCE
    room = int(budget * _NOTED)
    return noted(task.document, task.target.region, task.others, room, screen)


async def _with_related(task: Task, editor: Editor, budget: int, screen: Screen) -> Context:
    context = collect(task.document, task.target, budget)
    room = int(budget * _SHARE)
    # Tests have needs of their own, and prompts of the user's own say what they show; a picture has
    # no definitions.
    alone = (
        task.own is not None or task.action.answer == "new-file" or task.action.media is not None
    )
    if task.tree is None or alone or room <= 0:
        return context
    instruction = task.instruction or ""
    sought = Sought(room, context.hidden, instruction, _wants_callers(task, instruction))
    related = harmless(await editor.related(task, sought), screen)
    size = _size(related)
    if size and context.hidden:
        # What goes along comes out of the same budget.
        context = collect(task.document, task.target, budget - size)
    return replace(context, related=related)


def _size(related: Related) -> int:
    return estimate_tokens(shown_related(related)) if related.pieces else 0


def _wants_callers(task: Task, instruction: str) -> bool:
    """Tell whether the code that calls the region may have a say in how it changes."""
    symbol = task.target.symbol
    return (
        task.action.answer == "region"
        and not task.action.comments_only
        and task.target.whole_symbol
        and symbol is not None
        and symbol.kind in ("function", "method")
        and may_change_calls(instruction)
    )
