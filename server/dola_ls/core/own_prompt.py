"""From an action of the user's own and its context to what the model is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from dola_ls.core.context import Context, estimate_tokens
from dola_ls.core.languages import language_of
from dola_ls.core.named_fields import Field, Wrong, filled, parts_of
from dola_ls.core.own_actions import PROMPT_FIELDS, OwnAction
from dola_ls.core.prompt import MIN_PREDICTION, Prompt, fence_for

_TEMPLATES = {"edit": "refactor", "explain": "own_explain", "new-file": "own_new-file"}
#: A fence that the user wrote round a field; such a field brings its own.
_OWN_FENCE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n[ \t]*(?P<field>\{(?:code|before|after)\})[ \t]*\n"
    r"[ \t]*(?P=fence)[ \t]*$",
    re.MULTILINE,
)
_LONGEST_LINE = 500
_MOST_DIAGNOSTICS = 50


def render_own(
    own: OwnAction,
    context: Context,
    instruction: str = "",
    diagnostics: Sequence[str] = (),
    *,
    template: str = "",
    predicts: bool = False,
) -> Prompt:
    """Return the prompt for an action of the user's own.

    Their text is the task. The code is where it says ``{code}``; where it says so nowhere, file,
    surroundings and code go before the task. An instruction that it does not name ends it.
    `diagnostics` are lines to be read, one for each.
    `template` is the one that the answer of an edit is asked for in: ``refactor``, or
    ``refactor_blocks`` where the region is too long to be written anew.
    """
    parts = parts_of(_OWN_FENCE.sub(r"\g<field>", own.prompt.strip()), PROMPT_FIELDS, "prompt")
    if isinstance(parts, Wrong):
        raise ValueError(f"actions {own.id}: {parts.what}")
    named = {part.name for part in parts if isinstance(part, Field)}
    before = f"{context.cells_before}\n{context.before}" if context.cells_before else context.before
    after = f"{context.after}\n{context.cells_after}" if context.cells_after else context.after
    texts = {"before": before, "code": context.region, "after": after}
    texts = {name: text.strip("\n") for name, text in texts.items()}
    fence = fence_for(*texts.values())
    inline = {
        "name": _one_line(context.name),
        "file": _one_line(context.file),
        "language": language_of(context.language).name,
        "instruction": instruction.strip() or "(none)",
    }

    def block(name: str) -> str | None:
        if name == "diagnostics":
            lines = [f"- {_one_line(line)}" for line in diagnostics[:_MOST_DIAGNOSTICS]]
            return "\n".join(lines) or "(none)"
        if name not in texts:
            return None
        # Blank code is still code: an edit of it has to find its block.
        if not texts[name].strip() and name != "code":
            return "(none)"
        return f"{fence}{context.language}\n{texts[name]}\n{fence}"

    task = filled(parts, inline.__getitem__, block)
    if instruction.strip() and "instruction" not in named:
        task = f"{task}\n{instruction.strip()}"
    if "code" not in named:
        head = [f"File: {inline['file']} ({inline['language']})"]
        for name, label in (
            ("before", "Code before it, to read only"),
            ("after", "Code after it, to read only"),
            ("code", "Region to rewrite" if own.answer == "edit" else "The code"),
        ):
            if name not in named and texts[name].strip():
                head.append(f"{label}:\n{block(name)}")
        task = "\n\n".join([*head, f"Task: {task}"])
    system, closing = _frame(template or _TEMPLATES[own.answer])
    rewritten = context.region if own.answer == "edit" else ""
    return Prompt(
        system=system,
        user=f"{task}\n{closing}\n",
        prediction=rewritten if predicts and len(rewritten) >= MIN_PREDICTION else None,
        max_tokens=_answer_tokens(own, rewritten),
        action=own.id,
        repeats="" if template.endswith("_blocks") else rewritten,
        left_out=context.left_out,
    )


@cache
def _frame(template: str) -> tuple[str, str]:
    """Return the system text of a template, and the line that closes what the user says."""
    text = (files("dola_ls.core") / "prompts" / f"{template}.md").read_text(encoding="utf-8")
    system, user, *_ = text.split("\n---\n")
    return system.strip(), user.strip().splitlines()[-1]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_LINE]


def _answer_tokens(own: OwnAction, rewritten: str) -> int:
    if own.answer == "edit":
        # Translated comments and new log lines grow: twice as long is still a sound answer.
        return max(768, estimate_tokens(rewritten) * 2 + 256)
    return 2048 if own.answer == "new-file" else 1000
