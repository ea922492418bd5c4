"""The actions as data: what each is called, when it is offered and what answer it wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of
from dola_ls.core.media.media import MediaKind
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import Symbol, enclosing_symbol, paragraph
from dola_ls.core.testing.frameworks import FRAMEWORKS

#: What the model is asked for: prose to show, the region again, the text of a new file; about a
#: picture or a video a line of text, or code that goes below it.
Answer = Literal["explanation", "region", "new-file", "words", "below"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the user can ask for."""

    id: str
    command: str
    title: str
    kind: str
    answer: Answer
    #: Offered only on these symbols; None means on anything, selections included.
    symbols: frozenset[str] | None = None
    #: Offered only in these languages; None means in all.
    languages: frozenset[str] | None = None
    #: The name of its prompt, where that is not its own.
    prompt: str = ""
    #: Its edits may touch comments and docstrings, and nothing else.
    comments_only: bool = False
    #: Done by the model for cheap work unless the user names another: what it makes is read by
    #: people, or is comments alone.
    cheap: bool = False
    #: What goes along with its requests, at a link to one; None for text alone.
    media: MediaKind | None = None

    @property
    def verb(self) -> str:
        """The name for progress and messages: ``Refactor``."""
        return self.title.removeprefix("Dola: ").partition(" {")[0]


EXPLAIN = Action(
    "explain",
    "dola.explain",
    "Dola: Explain {name}",
    "dola.explain",
    "explanation",
    cheap=True,
)
REFACTOR = Action(
    "refactor", "dola.refactor", "Dola: Refactor {name}", "refactor.rewrite.dola", "region"
)
GENERATE_TESTS = Action(
    "generateTests",
    "dola.generateTests",
    "Dola: Generate tests for {name}",
    "dola.tests",
    "new-file",
    symbols=frozenset({"function", "method", "class"}),
    languages=frozenset(id for framework in FRAMEWORKS.values() for id in framework.languages),
)

DOCUMENT = Action(
    "document",
    "dola.document",
    "Dola: Document {name}",
    "refactor.rewrite.dola",
    "region",
    symbols=frozenset({"function", "method", "class", "type", "module"}),
    comments_only=True,
    cheap=True,
)

#: What a comment ``dola: …`` asks for; offered where there is one.
INSTRUCT = Action(
    "instruct",
    "dola.instruct",
    "Dola: Edit {name}",
    "refactor.rewrite.dola",
    "region",
    prompt="refactor",
)

#: What mends problems that other servers report; offered where there are any.
FIX = Action("fix", "dola.fix", "Dola: Fix {name}", "quickfix.dola", "region", prompt="refactor")

#: What is written at the cursor: in no menu, and a command for `dola.showPrompt` alone. What is
#: masked in its request may not come back, as in a new file.
COMPLETE = Action("complete", "dola.complete", "Dola: Complete {name}", "", "new-file", cheap=True)

#: What is offered on links to images and videos.
DESCRIBE_IMAGE = Action(
    "describeImage",
    "dola.describeImage",
    "Dola: Describe image {name}",
    "refactor.rewrite.dola",
    "words",
    media="image",
)
WRITE_FROM_IMAGE = Action(
    "writeFromImage",
    "dola.writeFromImage",
    "Dola: Write code from image {name}",
    "refactor.rewrite.dola",
    "below",
    media="image",
)
DESCRIBE_VIDEO = Action(
    "describeVideo",
    "dola.describeVideo",
    "Dola: Describe video {name}",
    "refactor.rewrite.dola",
    "words",
    media="video",
)
MEDIA_ACTIONS: tuple[Action, ...] = (DESCRIBE_IMAGE, WRITE_FROM_IMAGE, DESCRIBE_VIDEO)

#: Those that are offered on any code.
ACTIONS: tuple[Action, ...] = (REFACTOR, EXPLAIN, DOCUMENT, GENERATE_TESTS)
BY_COMMAND: dict[str, Action] = {
    action.command: action for action in (*ACTIONS, INSTRUCT, FIX, *MEDIA_ACTIONS)
}


@dataclass(frozen=True, slots=True)
class Target:
    """What an action works on: whole lines, and what to call them."""

    #: Whole lines.
    region: Span
    #: As it stands in titles: ``total_price`` or ``lines 3-9``.
    name: str
    #: The symbol that is the region, or that the region lies in.
    symbol: Symbol | None
    #: Whether the region is that symbol, and not a part of it.
    whole_symbol: bool


def lines_target(document: Document, region: Span, symbol: Symbol | None) -> Target:
    """Return a target of whole lines that are no symbol of their own."""
    first, last = document.line_of(region.start) + 1, document.line_of(region.end - 1) + 1
    name = f"line {first}" if first == last else f"lines {first}-{last}"
    return Target(region, name, symbol, False)


def _same_lines(document: Document, a: Span, b: Span) -> bool:
    return document.text[a.start : a.end].strip() == document.text[b.start : b.end].strip() and (
        a.start < b.end and b.start < a.end
    )


def find_target(document: Document, tree: Tree | None, span: Span) -> Target | None:
    """Return what the user means by `span`, or None where there is nothing to work on.

    No selection means the enclosing symbol, and one character counts as none: Helix always
    selects at least the character under its cursor. Where no grammar is bundled, the paragraph
    round the cursor takes the symbol's place.
    """
    selected = document.text[span.start : span.end]
    symbol = enclosing_symbol(tree, span) if tree is not None else None
    if len(selected) > 1 and selected.strip():
        # Blank lines at either end of a selection are not what the user means to change.
        start = span.start + len(selected) - len(selected.lstrip())
        end = span.start + len(selected.rstrip())
        region = document.whole_lines(Span(start, end))
        if symbol is not None and _same_lines(document, symbol.span, region):
            return Target(symbol.span, symbol.name, symbol, True)
        return lines_target(document, region, symbol)
    if symbol is not None:
        return Target(symbol.span, symbol.name, symbol, True)
    if language_of(document.language).grammar is None:
        block = paragraph(document, min(span.start, len(document.text)))
        if block is not None:
            return lines_target(document, block, None)
    return None


def kind_matches(kind: str, only: Sequence[str] | None) -> bool:
    """Tell whether a client that asked for the kinds `only` wants `kind`.

    Kinds are hierarchical: ``refactor`` takes in ``refactor.rewrite.dola``, and the empty kind
    takes in all.
    """
    if only is None:
        return True
    return any(not want or kind == want or kind.startswith(want + ".") for want in only)


def fits(action: Action, document: Document, target: Target) -> bool:
    """Tell whether an action makes sense on a target."""
    if action.languages is not None and document.language not in action.languages:
        return False
    if action.symbols is None:
        return True
    return target.symbol is not None and target.symbol.kind in action.symbols


def title_of(action: Action, target: Target) -> str:
    """Return the title of an action on a target; tests are always for the symbol."""
    name = target.name
    if action.symbols is not None and target.symbol is not None:
        name = target.symbol.name
    return action.title.format(name=name)
