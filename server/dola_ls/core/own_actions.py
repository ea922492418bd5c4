"""The actions that users write themselves, as ``[[actions]]`` in their own ``config.toml``.

They are never taken from client settings nor from the workspace: whoever could change those would
decide what is asked about the user's code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from dola_ls.core.actions import Action, Answer, Target, find_target
from dola_ls.core.context import file_name
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of
from dola_ls.core.named_fields import Field, Wrong, parts_of
from dola_ls.core.parsing import Tree
from dola_ls.core.policy import show_hidden

OwnAnswer = Literal["edit", "explain", "new-file"]
Scope = Literal["selection", "symbol", "file"]
Effort = Literal["low", "medium", "high"]

#: What a prompt may name.
PROMPT_FIELDS = (
    "code",
    "name",
    "language",
    "file",
    "before",
    "after",
    "diagnostics",
    "instruction",
)
#: The one command of all of them; its argument names the action.
COMMAND = "dola.own"
#: The value of `model` that means the model for cheap work.
FAST = "fast"

_KINDS: dict[OwnAnswer, tuple[str, Answer]] = {
    "edit": ("refactor.rewrite.dola", "region"),
    "explain": ("dola.explain", "explanation"),
    "new-file": ("dola.new", "new-file"),
}


@dataclass(frozen=True, slots=True)
class OwnAction:
    """One action of the user's own."""

    id: str
    #: May hold ``{name}``.
    title: str
    #: A template with fields out of `PROMPT_FIELDS`.
    prompt: str
    answer: OwnAnswer = "edit"
    scope: Scope = "selection"
    #: Identifiers of the protocol; empty means every language.
    languages: frozenset[str] = frozenset()
    #: A model's name, or `FAST`; None means the usual one.
    model: str | None = None
    effort: Effort | None = None
    #: Where it begins in the user's file, counted from one.
    line: int = 0

    @property
    def action(self) -> Action:
        """What it looks like to all that deals with actions.

        The kind ends in the id, so that editors can bind a key to it. Offer it by `suits`, which
        knows the names that editors have for languages.
        """
        kind, answer = _KINDS[self.answer]
        return Action(self.id, COMMAND, f"Dola: {self.title}", f"{kind}.{self.id}", answer)

    def names(self, field: str) -> bool:
        """Tell whether its prompt has a field."""
        parts = parts_of(self.prompt, PROMPT_FIELDS, "prompt")
        return not isinstance(parts, Wrong) and Field(field) in parts

    def suits(self, language: str) -> bool:
        """Tell whether it is for documents of a language, by any name an editor has for it."""
        return not self.languages or language_id(language) in self.languages

    def target(self, document: Document, tree: Tree | None, span: Span) -> Target | None:
        """Return what it works on at `span`, or None where there is nothing.

        With scope ``selection`` a bare cursor means the enclosing symbol, as for every action.
        """
        found = find_target(document, tree, span) if self.scope != "file" else None
        return self.target_of(document, found)

    def target_of(self, document: Document, found: Target | None) -> Target | None:
        """Return what it works on where other actions work on `found`."""
        if self.scope == "file":
            start = 1 if document.text.startswith("\ufeff") else 0
            name = show_hidden(file_name(document.uri))
            return Target(Span(start, len(document.text)), name, None, False)
        if self.scope == "selection" or found is None:
            return found
        symbol = found.symbol
        return Target(symbol.span, symbol.name, symbol, True) if symbol is not None else None

    def new_file(self, source: PurePath) -> PurePath:
        """Return where its new file goes: beside the source, named after it and the action."""
        return source.with_name(f"{source.stem}_{self.id.replace('-', '_')}{source.suffix}")


def language_id(name: str) -> str:
    """Return the protocol's identifier of a language, which editors name in several ways."""
    return language_of(name.strip().lower()).id
