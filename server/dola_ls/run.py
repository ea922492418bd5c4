"""One action, from the snapshot to the buffer: the path of the data.

    snapshot -> context -> prompt -> model stream -> answer -> edits -> gate -> rebase -> apply

Everything before and after the stream is a pure function in `dola_ls.core`. The editor and the
model are interfaces, so that a test can run all of this with two short fakes.
"""

from __future__ import annotations

from dola_ls import sentences
from dola_ls.ask import Asking
from dola_ls.core import gate
from dola_ls.core.limits import why_not_document, why_not_region
from dola_ls.core.outcome import Outcome, Refused
from dola_ls.core.screening import Screen
from dola_ls.edit import edit
from dola_ls.explaining import explain
from dola_ls.in_context import in_context
from dola_ls.model.stream import ChatModel
from dola_ls.seeing import see
from dola_ls.task import Editor, Task
from dola_ls.write_new import write_new
from dola_ls.write_tests import write_tests

#: Answers that change the document they are about.
_EDITS = frozenset({"region", "words", "below"})
#: Tokens of text round a link that go along with a picture.
_ROUND_A_PICTURE = 1000


async def run(
    task: Task, editor: Editor, model: ChatModel, screen: Screen | None = None
) -> Outcome:
    """Carry out one action. What can go wrong comes back as a value; cancelling raises.

    Nothing reaches the buffer before the gate has passed it, and nothing reaches the model before
    `screen` has; without one, secrets are looked for and never masked.
    """
    advice = "Select a part."
    if task.own is not None and task.own.scope != "selection":
        advice = f'Its scope is "{task.own.scope}"; with "selection" it can take a part.'
    reason = why_not_document(task.document) or why_not_region(task.document, task.target, advice)
    if reason is not None:
        return Refused(reason, "too_large_or_empty")
    if task.action.answer in _EDITS and (verdict := gate.may_edit(task.file)):
        return Refused(f"{sentences.capital(verdict.reason)} Nothing was sent.", verdict.rule)
    budget = model.context_tokens
    if task.action.media is not None:
        # What a picture is for, the lines next to it tell.
        budget = min(budget, _ROUND_A_PICTURE)
    screen = screen or Screen()
    context = await in_context(task, editor, budget, screen)
    asking = Asking(model, editor, task, screen)
    if task.action.answer == "explanation":
        return await explain(task, editor, asking, context)
    if task.action.media is not None:
        return await see(task, editor, asking, context)
    if task.action.answer == "new-file":
        write = write_tests if task.own is None else write_new
        return await write(task, editor, asking, context)
    return await edit(task, editor, asking, context)
