"""Writing about a picture or a video, or code from a picture: look, ask, read, judge, apply.

link -> file without metadata -> prompt -> model stream -> words or code -> gate -> rebase -> apply
"""

from __future__ import annotations

from dataclasses import replace

from dola_ls import sentences
from dola_ls.ask import Asking, Reply
from dola_ls.core import gate
from dola_ls.core.answer import Code, CutOff, Refusal
from dola_ls.core.candidate import candidate
from dola_ls.core.context import Context
from dola_ls.core.languages import language_of
from dola_ls.core.media.links import MediaLink, is_markdown
from dola_ls.core.media.media import Media, MediaKind
from dola_ls.core.media.words import LONGEST, declines, plain_words, sees_nothing
from dola_ls.core.media.writing import Unusable, described, longest_of, written
from dola_ls.core.outcome import Outcome, Refused, Unchanged
from dola_ls.core.prompt import Prompt, render
from dola_ls.core.rewrite import Rewrite
from dola_ls.edit import apply
from dola_ls.model.abilities import NEEDED, stated_abilities
from dola_ls.task import Editor, Proposal, Task

#: The rules for words, and for code; those on code that is rewritten have nothing to say of either.
_RULES = (gate.outside_region, gate.hidden, gate.garbled, gate.unparsable)
_CODE_RULES = (*_RULES, gate.edit_markers, gate.elided)


async def see(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Ask about the image or video of the task's link, and write the answer at the link."""
    link, kind = task.link, task.action.media
    assert link is not None
    assert kind is not None
    if NEEDED[kind] not in stated_abilities(asking.model):
        return Refused(cannot_see(asking.model.name, kind), "no_ability")
    editor.report(f"reading {link.name}")
    media = await editor.media(task)
    if isinstance(media, Refused):
        return media
    reply = await asking.ask(_prompt(task, context, media), task.document.text)
    receipt = asking.receipt()
    if reply.fault is not None:
        return Refused(str(reply.fault), reply.fault.rule, receipt)
    answer = reply.reader.answer(reply.ended)
    if isinstance(answer, CutOff):
        return sentences.no_code(asking.model.name, answer, receipt)
    if sees_nothing(reply.reader.text):
        what = "picture" if kind == "image" else "video"
        reason = (
            f"{asking.model.name} says that it got no {what}. Nothing was changed. Use a model "
            f"that takes {NEEDED[kind]}."
        )
        return Refused(reason, "unseen", receipt)
    if isinstance(answer, Refusal):
        return sentences.declined(answer, receipt)
    found = _read(task, link, reply)
    if isinstance(found, Unusable):
        reason = f"The model's answer was not used: {found.why}. Nothing was changed."
        return Refused(f"{reason} Run the action again.", found.rule, receipt)
    if not found.edits:
        return Unchanged(receipt)
    rules = _CODE_RULES if task.action.answer == "below" else _RULES
    verdict = gate.judge(candidate(task.document, task.tree, task.target, found), rules)
    if verdict is not None:
        reason = sentences.refused_reason(verdict)
        id = editor.propose(Proposal(task, found, reason, verdict))
        return Refused(reason, verdict.rule, receipt, id)
    return await apply(task, editor, found, receipt)


def cannot_see(model: str, kind: MediaKind) -> str:
    """Say that a model takes no images or video, as far as is known, and what to do."""
    what = "images" if kind == "image" else "video"
    return (
        f"{model} is not known to take {what}, so nothing was sent. Use a model that does, as "
        "those of the provider `aimlapi`; for a server of your own that does, set "
        f'`abilities = ["{what}"]` in Dola\'s config.toml.'
    )


def _prompt(task: Task, context: Context, media: Media) -> Prompt:
    into = language_of(context.language).name
    if context.language.endswith("react"):
        into += " with JSX"
    if is_markdown(task.document):
        into = "Mermaid (for a diagram) or HTML with its CSS in it (for a mock-up of a page)"
    fields = {"into": into}
    if task.action.answer == "below":
        # Every word of a mock-up counts; what a picture is about can be told from afar.
        media = replace(media, detail="high")
    prompt = render(task.action, context, task.instruction, fields=fields)
    return replace(prompt, media=(media,), again=task.retried)


def _read(task: Task, link: MediaLink, reply: Reply) -> Rewrite | Unusable:
    if task.action.answer == "below":
        answer = reply.reader.answer(reply.ended)
        return written(task.document, link, answer.blocks if isinstance(answer, Code) else ())
    words = plain_words(reply.reader.text, longest_of(link) or LONGEST)
    if declines(words):
        return Unusable("prose", "it says nothing of what is to be seen")
    if not any(char.isalnum() for char in words):
        return Unusable("empty", "it holds no words")
    return described(task.document, link, words)
