"""One action, from the snapshot to the buffer: the path of the data.

    snapshot -> context -> prompt -> model stream -> answer -> edits -> gate -> rebase -> apply

Everything before and after the stream is a pure function in `dola_ls.core`. The editor and the
model are interfaces, so that a test can run all of this with two short fakes.
"""

from __future__ import annotations

from pathlib import Path

from dola_ls import sentences
from dola_ls.ask import Asking, Loops
from dola_ls.core import gate
from dola_ls.core.answer import Refusal
from dola_ls.core.context import Context, collect
from dola_ls.core.limits import why_not_document, why_not_region
from dola_ls.core.outcome import (
    Explained,
    Outcome,
    Refused,
)
from dola_ls.core.own_prompt import render_own
from dola_ls.core.prompt import render
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.edit import edit
from dola_ls.model.errors import CutOff as StreamCutOff
from dola_ls.model.errors import OutOfTokens
from dola_ls.model.stream import ChatModel
from dola_ls.task import Editor, Task
from dola_ls.write_new import write_new
from dola_ls.write_tests import write_tests


async def run(task: Task, editor: Editor, model: ChatModel) -> Outcome:
    """Carry out one action. What can go wrong comes back as a value; cancelling raises.

    Nothing reaches the buffer before the gate has passed it.
    """
    advice = "Select a part."
    if task.own is not None and task.own.scope != "selection":
        advice = f'Its scope is "{task.own.scope}"; with "selection" it can take a part.'
    reason = why_not_document(task.document) or why_not_region(task.document, task.target, advice)
    if reason is not None:
        return Refused(reason, "too_large_or_empty")
    if task.action.answer == "region" and (verdict := gate.may_edit(task.file)):
        return Refused(f"{sentences.capital(verdict.reason)} Nothing was sent.", verdict.rule)
    context = collect(task.document, task.target, model.context_tokens)
    asking = Asking(model, editor)
    if task.action.answer == "explanation":
        return await _explain(task, editor, asking, context)
    if task.action.answer == "new-file":
        write = write_tests if task.own is None else write_new
        return await write(task, editor, asking, context)
    return await edit(task, editor, asking, context)


async def _explain(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Show prose; half of it is still of use, and says that it is half."""
    if task.own is None:
        prompt = render(task.action, context, task.instruction)
        title, heading = f"Explain {task.target.name}", task.target.name
    else:
        prompt = render_own(task.own, context, task.instruction or "", task.problems)
        # A title may hold the name of a file, which others have chosen.
        title, heading = task.label, safe_markdown(task.label).strip()
    reply = await asking.ask(prompt, task.document.text)
    receipt = asking.receipt()
    text = reply.reader.text.strip()
    fault = reply.fault
    cut = isinstance(fault, StreamCutOff | OutOfTokens | Loops) or (
        fault is None and not reply.ended
    )
    if fault is not None and not (cut and text):
        return Refused(str(fault), fault.rule, receipt)
    answer = reply.reader.answer(True)
    if isinstance(answer, Refusal):
        return sentences.declined(answer, receipt)
    if not text:
        reason = "The model's answer is empty. Run the action again, or select other lines."
        return Refused(reason, "empty", receipt)
    if cut:
        text += "\n\n*The answer was cut off here.*"
    markdown = f"# {heading}\n\n" + safe_markdown(text)
    path, shown = await editor.show(title, markdown)
    return Explained(markdown, Path(path), shown, receipt)
