"""A run with a fake editor: what most tests of the whole path begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from dola_ls.core.actions import REFACTOR, Action, find_target
from dola_ls.core.along import NOTHING, Related
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.media.media import Media
from dola_ls.core.outcome import Refused
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.prompt import Prompt
from dola_ls.core.syntax import Symbol
from dola_ls.core.testing.frameworks import FRAMEWORKS
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.results import Failure, Results
from dola_ls.placing import Home
from dola_ls.searching import Workspace
from dola_ls.task import NotApplied, Now, Proposal, Sought, Task

TEXT = """\
import os


def total(items):
    result = 0
    for item in items:
        result = result + item
    return result


def tax(value):
    return value * 2
"""
NEW = "def total(items):\n    return sum(items)\n"


PLACE = Placement(
    "tests/test_a.py", False, "python", "total", "total", imports=("from a import total",)
)


class FakeEditor:
    """A buffer that takes edits, and a user who may type while the model answers."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.changes: list[Edit] = []
        self.applied: list[Sequence[Edit]] = []
        self.shown: list[tuple[str, str]] = []
        self.remembered: list[tuple[str, str]] = []
        self.created: list[tuple[Path, str]] = []
        self.proposals: list[Proposal] = []
        self.messages: list[str] = []
        #: What `apply` answers, in turn; then it applies.
        self.refusals: list[str] = []
        self.on_report: Callable[[], object] = lambda: None
        self.on_refusal: Callable[[], object] = lambda: None
        self.gone = False
        #: Where tests go, and the file that is there already.
        self.home: Home | Refused = Home(Path("/shop/tests/test_a.py"), FRAMEWORKS["pytest"], PLACE)
        self.test_file: Document | None = None
        #: What the model may look things up in.
        self.project: Workspace | None = None
        self.thoughts: tuple[str, ...] = ()
        #: Where the new file of an own action goes.
        self.new_path: Path | Refused = Path("/shop/a_new.py")
        #: What is at the link of a task.
        self.picture: Media | Refused = Refused("There is no picture.", "missing")
        #: How the tests go, in turn; none means that the user wants none run.
        self.results: list[Results | str] = []
        self.runs: list[str] = []
        #: What goes along with the code, and what was asked for.
        self.along = NOTHING
        self.sought: list[Sought] = []
        self.marked: list[Sequence[Failure]] = []

    def type(self, edit: Edit) -> None:
        self.changes.append(edit)
        self.document = self.document.changed(edit, self.document.version + 1)

    def now(self, document: Document) -> Now | None:
        return None if self.gone else Now(self.document, list(self.changes))

    def parsed(self, document: Document) -> Tree | None:
        return parse(document)

    async def related(self, task: Task, sought: Sought) -> Related:
        self.sought.append(sought)
        return self.along

    async def may_send(self, prompt: Prompt) -> str | None:
        return None

    def report(self, message: str, percentage: int | None = None) -> None:
        self.messages.append(message)
        self.on_report()

    async def apply(
        self, document: Document, edits: Sequence[Edit], label: str
    ) -> NotApplied | None:
        if self.refusals:
            refusal, before = self.refusals.pop(0), self.document
            self.on_refusal()
            return NotApplied(refusal, again=self.document is not before)
        assert document is self.document
        self.applied.append(edits)
        text = apply_edits(document.text, edits)
        self.document = Document(document.uri, document.language, document.version + 1, text)
        return None

    def workspace(self, task: Task) -> Workspace | None:
        return self.project

    async def place_tests(self, task: Task) -> Home | Refused:
        return self.home

    async def place_new(self, task: Task) -> Path | Refused:
        return self.new_path

    async def media(self, task: Task) -> Media | Refused:
        return self.picture

    async def open(self, path: Path, text: str | None = None) -> Document | str:
        if self.created and path == self.created[-1][0]:
            # The new file is the document from here on.
            if self.test_file is None:
                self.test_file = self.document = Document(path.as_uri(), "python", 1, text or "")
                self.changes = []
            return self.document
        return (
            self.document if self.test_file and self.applied else self.test_file or "it is locked"
        )

    async def create(self, path: Path, text: str, label: str) -> str | bool:
        self.created.append((path, text))
        return True

    def runs_tests(self) -> bool:
        return bool(self.results)

    async def run_tests(self, task: Task, home: Home, document: Document) -> Results | str:
        self.runs.append(document.text)
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]

    def mark(self, document: Document, failures: Sequence[Failure]) -> None:
        self.marked.append(failures)

    def write(self, title: str, markdown: str) -> Path:
        self.shown.append((title, markdown))
        return Path("/tmp/x.md")

    async def show(self, page: Path) -> bool:
        return True

    def address_of(self, document: Document) -> str:
        return document.uri

    def remember(self, document: Document, symbol: Symbol, short: str, page: Path) -> None:
        self.remembered.append((symbol.name, short))

    def reasoned(self, task: Task, model: str, texts: Sequence[str]) -> None:
        self.thoughts = tuple(texts)

    def propose(self, proposal: Proposal) -> str:
        self.proposals.append(proposal)
        return "refactor-1"


def set_up(action: Action = REFACTOR, text: str = TEXT, needle: str = "result = 0", **options):
    """Return the task for a bare cursor at `needle`, and an editor with the text open."""
    at = text.index(needle)
    return selected(text, Span(at, at), action, **options)


def selected(
    text: str, span: Span, action: Action = REFACTOR, language: str = "python", **options
) -> tuple[Task, FakeEditor]:
    """Return the task for a selection, and an editor with the text open."""
    document = Document("file:///shop/a.py", language, 1, text)
    tree = parse(document)
    target = find_target(document, tree, span)
    assert target is not None
    file = options.pop("file", PurePosixPath("a.py"))
    return Task(action, document, tree, target, file, **options), FakeEditor(document)
