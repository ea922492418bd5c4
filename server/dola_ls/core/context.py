"""What the model gets to see: the region and the code round it, within a token budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from dola_ls.core.actions import Target
from dola_ls.core.along import NOTHING, SILENCE, Noted, Related
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of
from dola_ls.core.left_out import LeftOut, lines_left_out

#: Characters per token of source code, on the low side, so that estimates err towards too many.
CHARS_PER_TOKEN = 3.2

#: The share of the context budget that goes to the lines after the region.
_AFTER_SHARE = 0.3


def estimate_tokens(text: str) -> int:
    """Return about how many tokens `text` takes; errs towards too many."""
    return int(len(text) / CHARS_PER_TOKEN) + 1


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a prompt may name. Texts are as in the buffer, but with ``\\n`` line ends.

    `before`, `region` and `after` follow each other without a gap.
    """

    #: The bare file name; never a path, which could name the user or the project.
    file: str
    language: str
    before: str
    region: str
    after: str
    #: What the region is called, and whether it is the symbol of that name.
    name: str
    whole_symbol: bool = True
    #: The number of the region's first line in the file, from one up.
    first_line: int = 1
    #: The other cells of a notebook, as code of the cell's language, and to read only.
    cells_before: str = ""
    cells_after: str = ""
    #: What of the file is not shown.
    left_out: tuple[LeftOut, ...] = ()
    #: The lines that these are, from 0: from one up to another.
    hidden: tuple[tuple[int, int], ...] = ()
    #: Code from elsewhere, to read only.
    related: Related = NOTHING
    #: What other tools say of the region.
    noted: Noted = SILENCE

    @property
    def code(self) -> str:
        """All the code that is shown, in one piece."""
        return f"{self.before}{self.region}{self.after}"

    def of_whole_file(self, document: Document, region: Span) -> Context:
        """Return the same with all of the file round the region."""
        before = plain_newlines(document.text[: region.start]).removeprefix("\ufeff")
        after = plain_newlines(document.text[region.end :])
        related = self.related.elsewhere()
        cells = tuple(one for one in self.left_out if one.what.startswith("cell "))
        return replace(self, before=before, after=after, left_out=cells, hidden=(), related=related)


def file_name(uri: str) -> str:
    """Return the last part of a document's URI, decoded."""
    return PurePosixPath(path_in(uri)).name or "untitled"


def path_in(uri: str) -> str:
    """Return the path in a document's URI, decoded; all of it where it is no URI at all."""
    try:
        return unquote(urlsplit(uri).path)
    except ValueError:  # As for "http://[": clients name what is no file as they like.
        return unquote(uri)


def plain_newlines(text: str) -> str:
    """Return `text` with every LSP line end as ``\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _tail_lines(document: Document, end_line: int, budget: int) -> int:
    line = end_line
    while line > 0:
        budget -= estimate_tokens(document.line_text(line - 1))
        if budget < 0:
            break
        line -= 1
    return line


def _head_lines(document: Document, start_line: int, budget: int) -> int:
    line = start_line
    while line < document.line_count:
        budget -= estimate_tokens(document.line_text(line))
        if budget < 0:
            break
        line += 1
    return line


def collect(document: Document, target: Target, budget: int) -> Context:
    """Return the context of a region in at most about `budget` tokens, the region not counted.

    The lines nearest to the region are worth most; what is left over of the budget goes to the
    head of the file, where imports stand.
    """
    first = document.line_of(target.region.start)
    end = target.region.end
    last = document.line_of(end) if end > target.region.start else first
    if end == len(document.text) and end != document.starts[-1]:
        last = document.line_count
    after_end = _head_lines(document, last, int(budget * _AFTER_SHARE))
    after_span = Span(end, document.starts[after_end] if after_end < document.line_count else -1)
    after = document.text[end:] if after_span.end < 0 else document.text[end : after_span.end]
    left = budget - estimate_tokens(after)
    before_start = _tail_lines(document, first, int(left * 0.75))
    before = document.text[document.starts[before_start] : target.region.start]
    head_end = min(_head_lines(document, 0, left - estimate_tokens(before)), before_start)
    if 0 < head_end < before_start:
        hidden = before_start - head_end
        marker = f"{language_of(document.language).line_comment} ({hidden} lines not shown)\n"
        before = document.text[: document.starts[head_end]] + marker + before
    name = file_name(document.uri)
    unseen = [(head_end, before_start), (after_end, document.line_count)]
    if not document.line_text(document.line_count - 1):
        unseen[-1] = after_end, document.line_count - 1  # nothing stands there
    return Context(
        file=name,
        language=document.language,
        before=plain_newlines(before).removeprefix("\ufeff"),
        region=plain_newlines(document.text[target.region.start : end]),
        after=plain_newlines(after),
        name=target.name,
        whole_symbol=target.whole_symbol,
        first_line=first + 1,
        left_out=lines_left_out(name, unseen),
        hidden=tuple(gap for gap in unseen if gap[0] < gap[1]),
    )
