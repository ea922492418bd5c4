"""Explaining code: ask, read, make safe, link to the code, show.

context -> prompt -> model stream -> answer -> Markdown without links -> our links -> page
"""

from __future__ import annotations

from pathlib import Path

from dola_ls import sentences
from dola_ls.ask import Asking, Loops, Reply
from dola_ls.conversing import converse
from dola_ls.core.actions import EXPLAIN
from dola_ls.core.answer import Refusal
from dola_ls.core.code_links import line_of_symbol, with_links
from dola_ls.core.context import Context
from dola_ls.core.explanation import Explanation, read_explanation, unwrapped
from dola_ls.core.outcome import Explained, Outcome, Refused
from dola_ls.core.own_prompt import render_own
from dola_ls.core.page_head import head
from dola_ls.core.prompt import Prompt, render
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.model.errors import CutOff, OutOfTokens
from dola_ls.task import Editor, Task

_CUT = "\n\n*The answer was cut off here.*\n"


async def explain(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Show prose; half of it is still of use, and says that it is half."""
    prompt = _prompt(task, context)
    reply = await converse(asking, prompt, editor.workspace(task), task.document.text)
    receipt = asking.receipt()
    text, cut = reply.reader.text.strip(), _is_cut(reply)
    if reply.fault is not None and not (cut and text):
        return Refused(str(reply.fault), reply.fault.rule, receipt)
    answer = reply.reader.answer(True)
    if isinstance(answer, Refusal):
        return sentences.declined(answer, receipt)
    if not text:
        reason = "The model's answer is empty. Run the action again, or select other lines."
        return Refused(reason, "empty", receipt)
    body = safe_markdown(unwrapped(text))
    explanation = read_explanation(body) if _in_sections(task) else Explanation(body, ())
    page = _page(task, editor, (explanation.markdown or body).rstrip() + (_CUT if cut else "\n"))
    named = "" if task.cells is None else f" ({task.cells.name})"
    path = editor.write(task.label + named, page)
    # Before the page is there, for a user who sees it may look for the hover at once.
    if _in_sections(task) and not cut:
        _remember(task, editor, explanation.short, path)
    return Explained(page, path, await editor.show(path), receipt)


def _remember(task: Task, editor: Editor, short: str, page: Path) -> None:
    symbol = task.target.symbol
    if short and symbol is not None and task.target.whole_symbol:
        editor.remember(task.document, symbol, short, page)


def _in_sections(task: Task) -> bool:
    """Tell whether the code as such is to be explained, and not something that the user asks."""
    return task.action is EXPLAIN and not task.instruction and not task.diagnostics


def _prompt(task: Task, context: Context) -> Prompt:
    if task.own is not None:
        return render_own(task.own, context, task.instruction or "", task.problems)
    template = "" if _in_sections(task) else "question"
    return render(task.action, context, task.instruction, template=template)


def _asked(task: Task) -> list[str]:
    """Return what the user asked about; of problems what they are, and not the words for it."""
    if task.diagnostics and task.own is None:
        return task.problems
    return [task.instruction] if task.instruction else []


def _is_cut(reply: Reply) -> bool:
    if reply.fault is None:
        return not reply.ended
    return isinstance(reply.fault, CutOff | OutOfTokens | Loops)


def _page(task: Task, editor: Editor, body: str) -> str:
    """Return what is shown: where the code stands, what is said of it, and links to its lines."""
    document, region = task.document, task.target.region
    title = task.label if task.own is not None else ""
    top = head(document, task.target, title, _asked(task), cells=task.cells)
    page = safe_markdown(top) + "\n" + body
    address = editor.address_of(document)
    if not address:
        return page
    tree, symbol = task.tree, task.target.symbol
    first, last = document.line_of(region.start) + 1, document.line_of(region.end - 1) + 1
    # The prompts of the user's own show no numbers, so that numbers mean something else.
    lines = range(first, last + 1) if task.own is None else range(0)

    def line_of(name: str) -> int | None:
        return line_of_symbol(tree, name, symbol) if tree is not None else None

    return with_links(page, address, lines, line_of)
