"""How an action asks for its answer: one table, and what is tried next where that fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dola_ls.core.actions import Action, Answer
from dola_ls.core.limits import MAX_REGION_LINES


class Form(StrEnum):
    """What the model is asked for in one request."""

    #: Prose to show.
    PROSE = "prose"
    #: The whole region again.
    REWRITE = "rewrite"
    #: The whole file again.
    FILE = "file"
    #: Search/replace blocks that are looked for within the region.
    BLOCKS = "blocks in the region"
    #: Search/replace blocks that are looked for in the whole file.
    FILE_BLOCKS = "blocks in the file"
    #: The blocks that could not be used, once more, with what was wrong with them.
    AGAIN = "blocks once more"
    #: The whole region or file once more, with what was wrong with it.
    MENDED = "rewrite once more"
    #: The text of a new file.
    NEW_FILE = "new file"


class Predictions(StrEnum):
    """What is known of the server's use of the `prediction` field."""

    WORKS = "works"
    UNKNOWN = "unknown"
    #: Ignored, refused, or switched off because it costs more than it gives.
    IGNORED = "ignored"
    #: The embedded engine drafts from the prompt by itself and needs no field.
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Strategy:
    """The requests an action makes, in order, each only where the one before led to no edit.

    There are at most three of them, so that an answer never costs more than the user expects.
    """

    #: Empty where no form fits: the region is too large to be written again, and no blocks can be
    #: told from its text.
    forms: tuple[Form, ...]
    predictions: Predictions = Predictions.UNKNOWN

    @property
    def in_file(self) -> bool:
        """Whether blocks are looked for in the whole file, and not in the region alone."""
        return Form.FILE_BLOCKS in self.forms

    def writes_file(self, form: Form) -> bool:
        """Tell whether a request of this form asks for the whole file anew."""
        return form is Form.FILE or (form is Form.MENDED and Form.FILE in self.forms)

    def predicts(self, form: Form) -> bool:
        """Tell whether a request of this form is to carry the region as its prediction.

        Blocks repeat too little of the region in one piece, and for a new file there is nothing to
        predict; rejected tokens are billed. A server of which nothing is known yet gets the field,
        for that is how it becomes known.
        """
        return form in (Form.REWRITE, Form.MENDED, Form.FILE) and self.predictions in (
            Predictions.WORKS,
            Predictions.UNKNOWN,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """Regions of at most `lines` lines are asked for in `form`, given one of `predictions`."""

    lines: float
    predictions: frozenset[Predictions]
    form: Form


_ALL = frozenset(Predictions)
_ANY_SIZE = float("inf")

#: For answers that change a region; the first row that fits decides.
#:
#: The figures for large models come from 105 before/after pairs of the CanItEdit set: blocks with
#: three lines of context cost 1.5 times the tokens of a rewrite below 25 lines, the same at 26 to
#: 50, 0.56 times at 51 to 100, and 0.24 times above. Models also get a rewrite into its form more
#: often than blocks (99.6 against 94.2 % in aider's polyglot benchmark), so a rewrite goes first
#: where it costs the same.
#:
#: Those for the embedded model of 1.5B parameters come from the edit evaluation
#: (``python -m tests.benchmarks.edit_eval``): rewrites of regions of 5 to 72 lines, and of short
#: files for changes elsewhere, were well formed at the first try in 86 % of 70 tasks, and 77 %
#: passed. It does not master blocks: where all edits of 11 tasks had to be asked for in one form
#: first (``--sides table,blocks,file,file_blocks``), 18 % of answers in blocks were well formed,
#: and 8 tasks passed for 2.8 times the seconds of this table each, in blocks for the whole file
#: 27 %, 6 and 3.5 times; as whole files 82 %, 9 and 1.4 times. By this table it was 82 % and 10.
TABLE: tuple[_Row, ...] = (
    _Row(50, _ALL, Form.REWRITE),
    _Row(200, frozenset({Predictions.WORKS, Predictions.LOCAL}), Form.REWRITE),
    _Row(_ANY_SIZE, _ALL, Form.BLOCKS),
)


#: Up to how many lines a file is written anew for changes outside of the region, where that is
#: cheap because most of it is drafted.
FILE_LINES = 120


def choose(
    action: Action,
    lines: int,
    predictions: Predictions,
    *,
    elsewhere: bool = False,
    file_lines: float = _ANY_SIZE,
    marked: bool = False,
) -> Strategy:
    """Return the strategy for an action on a region of `lines` lines.

    `elsewhere` says that the task needs changes outside the region too, such as its callers, in a
    file of `file_lines` lines.
    `marked` says that the text the blocks would be looked for in holds lines like the markers of
    blocks (`blocks.holds_markers`), so that blocks could not be told from it.
    """
    if elsewhere and file_lines <= FILE_LINES and predictions is Predictions.LOCAL:
        return Strategy((Form.FILE, Form.MENDED, Form.REWRITE), predictions)
    return Strategy(_forms(action.answer, lines, predictions, elsewhere, marked), predictions)


def _forms(
    answer: Answer, lines: int, predictions: Predictions, elsewhere: bool, marked: bool
) -> tuple[Form, ...]:
    if answer == "explanation":
        return (Form.PROSE,)
    if answer == "new-file":
        return (Form.NEW_FILE,)
    rewrite = (Form.REWRITE,) if lines <= MAX_REGION_LINES else ()
    first = Form.FILE_BLOCKS if elsewhere else _first(lines, predictions)
    if marked or first is Form.REWRITE:
        return (*rewrite, Form.MENDED) if rewrite else ()
    return (first, Form.AGAIN, *rewrite)


def _first(lines: int, predictions: Predictions) -> Form:
    return next(row.form for row in TABLE if lines <= row.lines and predictions in row.predictions)
