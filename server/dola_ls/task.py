"""What a run is given: the task on one frozen document, and the editor as it needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol

from dola_ls.core.actions import FIX, Action, Target, title_of
from dola_ls.core.along import Related
from dola_ls.core.candidate import Verdict
from dola_ls.core.composed import composed
from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.fix import fix_words
from dola_ls.core.notebook import Cells
from dola_ls.core.outcome import Refused
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.prompt import Prompt
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.syntax import Symbol

if TYPE_CHECKING:
    # Only named here; what knows of tests, or of links, takes its time to be imported.
    from dola_ls.core.media.links import MediaLink
    from dola_ls.core.media.media import Media
    from dola_ls.core.testing.results import Failure, Results
    from dola_ls.placing import Home
    from dola_ls.searching import Workspace


def _moved(offset: int, removal: Edit) -> int:
    """Return where an offset has gone to through a removal."""
    if offset <= removal.start:
        return offset
    return max(offset - (removal.end - removal.start), removal.start) + len(removal.text)


@dataclass(frozen=True, slots=True)
class Task:
    """What the user asked for, on one frozen version of a document."""

    action: Action
    document: Document
    tree: Tree | None
    target: Target
    #: The file relative to its workspace folder; the rules for control files need it.
    file: PurePath
    instruction: str | None = None
    #: The action of the user's own that `action` stands for.
    own: OwnAction | None = None
    #: What other servers say is wrong here, as far as the editor told with the call.
    diagnostics: tuple[Diagnostic, ...] = ()
    #: What they say besides of the region, to be known and left as it is.
    others: tuple[Diagnostic, ...] = ()
    #: Keep the edit for review instead of applying it.
    review: bool = False
    #: The user was not content with the first answer.
    retried: bool = False
    #: What the user ran the action on, where its edit goes into another document.
    origin: Task | None = None
    #: Where the comment stands that the task came from.
    order: Span | None = None
    #: Where the document stands in a notebook, if it is a cell.
    cells: Cells | None = None
    #: What was taken out of `origin`'s document to make this one: the comment with the order.
    removal: Edit | None = None
    #: The link to the image or video that the task is about.
    link: MediaLink | None = None

    def without(self, removal: Edit, target: Target) -> Task:
        """Return the task on the text without the comment that it came from.

        `target` lies in the document as it is; the comment may stand in it or beside it.
        """
        document = self.document.changed(removal, self.document.version)
        region = Span(
            _moved(target.region.start, removal), max(_moved(target.region.end, removal), 0)
        )
        return replace(
            self,
            document=document,
            tree=parse(document, self.tree),
            target=replace(target, region=region),
            others=tuple(
                replace(
                    one, span=Span(*(_moved(at, removal) for at in (one.span.start, one.span.end)))
                )
                for one in self.others
                if not Span(removal.start, removal.end).covers(one.span)
            ),
            origin=replace(self, order=Span(removal.start, removal.end)),
            removal=removal,
        )

    def whole(self, rewrite: Rewrite) -> tuple[Task, Rewrite]:
        """Return the task on the editor's own text, and the rewrite with the comment gone."""
        if self.removal is None or self.origin is None:
            return self, rewrite
        document = self.origin.document
        edits = composed(self.document.text, self.removal, rewrite.edits)
        everything = Rewrite(Span(0, len(document.text)), "", (), rewrite.said)
        return self.origin, everything.only(document, edits)

    @property
    def label(self) -> str:
        """What the editor's undo list and messages call it: ``Refactor total_price``."""
        if self.own is not None:
            return title_of(self.action, self.target).removeprefix("Dola: ")
        return f"{self.action.verb} {self.target.name}"

    @property
    def beside(self) -> str:
        """Code elsewhere whose names the document's code shares: the other cells of a notebook."""
        return self.cells.code_in(self.document.language) if self.cells is not None else ""

    @property
    def to_fix(self) -> tuple[Diagnostic, ...]:
        """The problems that are to be gone afterwards."""
        return self.diagnostics if self.action is FIX else ()

    @property
    def request(self) -> str | None:
        """What is asked of the model in words; None leaves it to the action's own prompt."""
        if not self.to_fix:
            return self.instruction
        region = self.target.region
        return fix_words(self.document, region, self.to_fix, self.others, self.instruction)

    @property
    def problems(self) -> list[str]:
        """What other servers say is wrong, one line for each."""
        return [diagnostic.line_for(self.document) for diagnostic in self.diagnostics]

    @property
    def words(self) -> str | None:
        """The user's own words, where there are any: what they name may well be gone afterwards."""
        if self.own is None:
            return self.instruction
        said = self.own.prompt.replace("{name}", self.target.name)
        return f"{said}\n{self.instruction or ''}"


@dataclass(frozen=True, slots=True)
class Now:
    """The buffer as it is now, and what the user changed since the snapshot."""

    document: Document
    changes: Sequence[Edit]


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Why an edit is not in the buffer, and whether it is safe to send it again."""

    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer that was not applied, or only in part."""

    task: Task
    rewrite: Rewrite
    reason: str
    #: Why the gate refused it; None for a sound one.
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What code from elsewhere is looked for, beside what the task says."""

    #: The tokens there is room for.
    room: int
    #: Lines of the file that are not shown, from 0: from one up to another.
    hidden: tuple[tuple[int, int], ...] = ()
    instruction: str = ""
    #: Calls of the task's symbol are wanted too.
    callers: bool = False


class Editor(Protocol):
    """What an action needs of the editor; the protocol layer implements it."""

    def now(self, document: Document) -> Now | None:
        """Return the buffer as it is now; None where it was closed or the changes are lost."""
        ...

    def parsed(self, document: Document) -> Tree | None:
        """Return the syntax tree of a version of a document."""
        ...

    async def related(self, task: Task, sought: Sought) -> Related:
        """Return code from elsewhere that goes along with the task's; it is not waited for long.

        There is none where the user wants none. The task has a tree.
        """
        ...

    async def may_send(self, prompt: Prompt) -> str | None:
        """Return why an action's first prompt may not be sent, in sentences; None where it may.

        The user may be asked for that.
        """
        ...

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show how far the action is."""
        ...

    async def apply(
        self, document: Document, edits: Sequence[Edit], label: str
    ) -> NotApplied | None:
        """Apply edits to `document`, the current version; None once they are in the buffer."""
        ...

    def workspace(self, task: Task) -> Workspace | None:
        """Return what the model may look things up in; None where it may not."""
        ...

    async def place_tests(self, task: Task) -> Home | Refused:
        """Return where the tests of the task's symbol go, in a file that is safe to touch."""
        ...

    async def place_new(self, task: Task) -> Path | Refused:
        """Return where the new file of the task's own action goes, or why it may not be made."""
        ...

    async def media(self, task: Task) -> Media | Refused:
        """Return the image or video of the task's link, read from the disk, or why it may not go.

        It is of the kind that the action is for, and its metadata is gone.
        """
        ...

    async def open(self, path: Path, text: str | None = None) -> Document | str:
        """Open a file and return it as it is, or why it cannot be had, as a clause.

        Where `text` was put there a moment ago, it is waited for.
        """
        ...

    async def create(self, path: Path, text: str, label: str) -> str | bool:
        """Create a file and open it; return why it was not created, or whether it was opened."""
        ...

    def runs_tests(self) -> bool:
        """Tell whether the user wants new tests to be run."""
        ...

    async def run_tests(self, task: Task, home: Home, document: Document) -> Results | str:
        """Run the tests of a file; return how they went, or in a sentence why none was run."""
        ...

    def mark(self, document: Document, failures: Sequence[Failure]) -> None:
        """Mark the tests of a file that failed, in the place of all that were marked before."""
        ...

    def write(self, title: str, markdown: str) -> Path:
        """Write a page of Markdown to be shown, and return its path."""
        ...

    async def show(self, page: Path) -> bool:
        """Show a page beside the code; tell whether the client showed it."""
        ...

    def address_of(self, document: Document) -> str:
        """Return what leads from such Markdown to a document, percent-encoded; or nothing."""
        ...

    def remember(self, document: Document, symbol: Symbol, short: str, page: Path) -> None:
        """Keep the short form of an explanation of a symbol, and where all of it is."""
        ...

    def reasoned(self, task: Task, model: str, texts: Sequence[str]) -> None:
        """Keep what the model thought in each request so far, for the user to look at."""
        ...

    def propose(self, proposal: Proposal) -> str:
        """Keep a proposal and return its id."""
        ...
