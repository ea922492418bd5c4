"""From an action and its context to what the model is told. The texts are data, in ``prompts/``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from string import Template

from dola_ls.core.actions import Action
from dola_ls.core.along import Piece, Related
from dola_ls.core.context import Context, estimate_tokens
from dola_ls.core.conversation import Tool, Turn
from dola_ls.core.languages import language_of, language_of_file
from dola_ls.core.left_out import LeftOut
from dola_ls.core.media.media import Media

#: Below this many characters a prediction gains nothing: servers were measured to accept none of
#: it (https://github.com/bartolli/opencues/issues/138).
MIN_PREDICTION = 200

#: What stands above code from elsewhere.
_USED = "Code that it uses, to read only:"
_CALLS = "Code that calls it, to read only:"

_FENCES = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Fill:
    """A gap to be filled, for models that were trained on that, in place of a question."""

    prefix: str
    suffix: str
    #: Whether the answer is to end with its first line.
    single_line: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to the model; the model layer turns it into a request body."""

    system: str
    user: str
    #: Text the answer is expected to repeat for the most part, sent as Predicted Output.
    prediction: str | None = None
    #: Tokens the answer itself may have; room for reasoning is added by the model layer.
    max_tokens: int = 2048
    #: The action it is for; what predictions gain is counted by action.
    action: str = ""
    #: Code that the answer repeats for the most part, whether it is predicted or not; never sent.
    repeats: str = ""
    #: Asked for the second time: at temperature 0 a model says the same again.
    again: bool = False
    #: Images and videos that go along behind the text.
    media: tuple[Media, ...] = ()
    #: What does not go along, to be shown to the user; never sent.
    left_out: tuple[LeftOut, ...] = ()
    #: What goes along with the code at hand and why, to be shown to the user.
    along: tuple[Piece, ...] = ()
    #: The same as a gap to be filled; only the embedded engine is asked like that.
    fill: Fill | None = None
    #: What the model may ask for before it answers; never together with a prediction.
    tools: tuple[Tool, ...] = ()
    #: What it asked for so far, and what it was given.
    turns: tuple[Turn, ...] = ()
    #: The tools are named for the sake of what was called; the model has to answer now.
    final: bool = False

    @property
    def turn_texts(self) -> tuple[str, ...]:
        """The texts that came after the question."""
        return tuple(text for turn in self.turns for text in turn.texts)


@dataclass(frozen=True, slots=True)
class _Template:
    system: Template
    user: Template
    #: What the user asks for when no instruction is given.
    task: Template


@cache
def _template(id: str) -> _Template:
    text = (files("dola_ls.core") / "prompts" / f"{id}.md").read_text(encoding="utf-8")
    system, user, task = text.split("\n---\n")
    return _Template(
        Template(system.strip()), Template(user.strip() + "\n"), Template(task.strip())
    )


def fence_for(*texts: str) -> str:
    """Return a fence longer than any run of backticks in `texts`, three at the least."""
    longest = max((len(run) for text in texts for run in _FENCES.findall(text)), default=2)
    return "`" * (longest + 1)


def _around(context: Context, fence: str, label: str) -> str:
    parts = []
    before, after = context.before.strip("\n"), context.after.strip("\n")
    if before:
        parts.append(f"Code before it, to read only:\n{fence}{label}\n{before}\n{fence}\n")
    if after:
        parts.append(f"Code after it, to read only:\n{fence}{label}\n{after}\n{fence}\n")
    return "\n".join(parts) + "\n" if parts else ""


def shown_related(related: Related) -> str:
    """Return the code from elsewhere as a prompt shows it: by file, in an order of its own.

    It comes before all that is about the region, as it changes least from one request to the next.
    """
    parts: list[str] = []
    for calls, label in ((False, _USED), (True, _CALLS)):
        shown: dict[tuple[str, bool], list[str]] = {}
        for piece in related.ordered():
            if piece.calls is calls:
                shown.setdefault((piece.path, piece.here), []).append(piece.text)
        if shown:
            parts.append(f"\n{label}" if parts else label)
        for (path, here), texts in shown.items():
            code = "\n\n".join(texts)
            fence = fence_for(code)
            language = language_of_file(PurePosixPath(path))
            where = f"{path}, further away" if here else path
            parts.append(f"{where}\n{fence}{language}\n{code}\n{fence}")
    return "\n".join(parts) + "\n\n" if parts else ""


def _cells(context: Context, fence: str) -> str:
    """Show the other cells of a notebook, apart from the code of this one."""
    parts = []
    for where, cells in (("before", context.cells_before), ("after", context.cells_after)):
        if cells:
            label = f"Cells {where} it in the notebook, to read only"
            parts.append(f"{label}:\n{fence}{context.language}\n{cells}{fence}\n\n")
    return "".join(parts)


def _subject(context: Context, fence: str, region: str) -> str:
    """Say what the task is about, where the whole file is shown."""
    if context.whole_symbol:
        return f"The task is about {context.name}."
    return f"The task is about these lines:\n{fence}{context.language}\n{region}{fence}"


def _numbered(region: str, first: int) -> str:
    """Return a region with the number of each line before it, so that an answer can name them."""
    lines = region.removesuffix("\n").split("\n")
    width = len(str(first + len(lines) - 1))
    return "".join(f"{first + n:{width}} | {line}".rstrip() + "\n" for n, line in enumerate(lines))


def _answer_tokens(action: Action, rewritten: str) -> int:
    # Room for an answer that grows by half. An answer that needs more has most likely lost its
    # way, and running into the limit is told, never applied.
    if action.answer == "region":
        return max(512, int(estimate_tokens(rewritten) * 1.5) + 256)
    if action.answer == "new-file":
        return 1536
    if action.answer == "below":
        return 4096
    if action.answer == "words":
        return 256
    return 800


def render(
    action: Action,
    context: Context,
    instruction: str | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    template: str = "",
    whole: bool = False,
    predicts: bool = False,
) -> Prompt:
    """Return the prompt for an action; `instruction` replaces the template's own task.

    `fields` are what the template names besides. `template` names another one than the action's
    own. `whole` says that all the code is to be written anew, and not the region alone. With
    `predicts` what is to be written anew goes along as the prediction, if it is long enough to be
    of use.
    """
    text = _template(template or action.prompt or action.id)
    fence = fence_for(context.code, context.cells_before, context.cells_after)
    label = context.language
    region = context.region if context.region.endswith("\n") else context.region + "\n"
    code = context.code.strip("\n") + "\n"
    user = shown_related(context.related) + text.user.substitute(
        file=context.file,
        language=language_of(context.language).name,
        around=_cells(context, fence) + _around(context, fence, label),
        cells=_cells(context, fence),
        fence=fence,
        label=label,
        region=region,
        numbered=_numbered(region, context.first_line),
        code=code,
        subject=_subject(context, fence, region),
        noted=f"{context.noted.text}\n" if context.noted.text else "",
        **(fields or {}),
        task=instruction or text.task.substitute(fields or {}, name=context.name),
    )
    rewritten = context.code if whole else context.region
    repeats = action.answer == "region" and not template.endswith("_blocks")
    return Prompt(
        system=text.system.substitute(fields or {}),
        user=user,
        prediction=rewritten if predicts and len(rewritten) >= MIN_PREDICTION else None,
        max_tokens=_answer_tokens(action, rewritten),
        action=action.id,
        repeats=rewritten if repeats else "",
        left_out=(*context.left_out, *context.related.left_out, *context.noted.left_out),
        along=context.related.pieces,
    )
