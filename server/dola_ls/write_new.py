"""A new file that an action of the user's own asks for: its place is settled, then it is written.

place -> prompt -> model stream -> answer -> new file
"""

from __future__ import annotations

from dola_ls import sentences
from dola_ls.ask import Asking
from dola_ls.core.answer import Code
from dola_ls.core.candidate import Verdict
from dola_ls.core.context import Context
from dola_ls.core.layout import line_ending
from dola_ls.core.new_file import new_file
from dola_ls.core.outcome import Created, Outcome, Refused
from dola_ls.core.own_prompt import render_own
from dola_ls.task import Editor, Task


async def write_new(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Write a new file beside the task's; one that is there already is never touched."""
    assert task.own is not None
    path = await editor.place_new(task)
    if isinstance(path, Refused):
        return path
    prompt = render_own(task.own, context, task.instruction or "", task.problems)
    reply = await asking.ask(prompt, task.document.text)
    receipt = asking.receipt()
    if reply.fault is not None:
        return Refused(str(reply.fault), reply.fault.rule, receipt)
    answer = reply.reader.answer(reply.ended)
    if not isinstance(answer, Code):
        return sentences.no_code(asking.model.name, answer, receipt)
    document = task.document
    text = new_file(answer.blocks, document.uri, document.language, line_ending(document))
    if isinstance(text, Verdict):
        return sentences.refused(text, receipt, f"{path.name} was not created")
    done = await editor.create(path, text, f"Dola: {task.label}")
    if isinstance(done, str):
        return Refused(f"{path.name} was not created: {done}.", "not_created", receipt)
    return Created(path, text, done, receipt)
