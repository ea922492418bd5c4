"""From the code of an answer to edits of the buffer, in the buffer's own format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from dola_ls.core.diff import line_hunks, smallest_edits
from dola_ls.core.document import Document, Edit, Span, split_lines

_INDENT = re.compile(r"[ \t]*")
_INDENTED = re.compile(r"^[ \t]+\S", re.MULTILINE)
#: How many lines before and behind a region tell how code is indented there.
_ROUND = 200


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The new text of a region, and the smallest edits that bring it about."""

    region: Span
    text: str
    #: They refer to the whole document.
    edits: tuple[Edit, ...]


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _ending(line: str) -> str:
    return line[len(_bare(line)) :]


def line_ending(document: Document) -> str:
    """Return the line end that most lines of a document have; ``\\n`` where it has none."""
    # Counted by `str`, not line by line: 10 000 lines are looked through after every answer.
    text = document.text
    both = text.count("\r\n")
    counts = {"\n": text.count("\n") - both, "\r\n": both, "\r": text.count("\r") - both}
    return max(counts, key=lambda ending: counts[ending])


def indent_unit(text: str) -> str:
    """Return what one step of indentation is in `text`: a tab, or two to eight blanks.

    Where nothing is indented, four blanks.
    """
    widths: Counter[int] = Counter()
    tabs = blanks = 0
    previous = 0
    for line in split_lines(text):
        if not line.strip():
            continue
        indent = _INDENT.match(line)
        assert indent is not None
        if "\t" in indent[0]:
            tabs += 1
            previous = 0
            continue
        width = len(indent[0])
        if width:
            blanks += 1
        if width > previous:
            widths[width - previous] += 1
        previous = width
    if tabs > blanks:
        return "\t"
    likely = [width for width, _ in widths.most_common() if 2 <= width <= 8]
    return " " * (likely[0] if likely else 4)


def _unit_round(document: Document, region: Span) -> str:
    """Return the step of indentation round a region; that of the whole text where it has none."""
    first = max(document.line_of(region.start) - _ROUND, 0)
    last = min(document.line_of(region.end) + _ROUND, document.line_count - 1)
    text = document.text[document.starts[first] : document.line_span(last).end]
    return indent_unit(text if _INDENTED.search(text) else document.text)


def _unit_of_answer(lines: list[str]) -> str:
    """Return the indentation step of an answer: a tab, or the blanks that all its indents share."""
    shared = 0
    for line in lines:
        indent = _INDENT.match(line)
        assert indent is not None
        if line.strip() and "\t" in indent[0]:
            return "\t"
        if line.strip():
            shared = gcd(shared, len(indent[0]))
    return " " * shared if shared >= 2 else "    "


def _columns(indent: str, tab: int) -> int:
    return sum(tab if char == "\t" else 1 for char in indent)


def reindent(answer: list[str], region: list[str], unit: str) -> list[str]:
    """Give the lines of an answer the base indentation and the kind of blanks of the region.

    Models often drop the indentation of a nested region, or answer a file of tabs in blanks. All
    lines move by the distance between the first lines, so what is inside keeps its shape.
    `unit` is the document's step of indentation.
    """
    first_answer = next((line for line in answer if line.strip()), "")
    first_region = next((line for line in region if line.strip()), "")
    have, want = _INDENT.match(first_answer), _INDENT.match(first_region)
    assert have is not None
    assert want is not None
    tab = 4 if unit == "\t" else len(unit)
    kinds = {char for line in answer for char in (_INDENT.match(line) or have)[0]}
    wrong_kind = bool(kinds) and kinds != {unit[0]} and (kinds == {" "}) == (unit == "\t")
    if have[0] == want[0] and not wrong_kind:
        return answer
    step = len(_unit_of_answer(answer)) if wrong_kind and unit == "\t" else tab
    shift = _columns(want[0], step) - _columns(have[0], step)
    moved: list[str] = []
    for line in answer:
        match = _INDENT.match(line)
        assert match is not None
        if not line.strip():
            moved.append("")
            continue
        if not wrong_kind and shift >= 0 and have[0] == "":
            moved.append(want[0] + line)
            continue
        columns = max(_columns(match[0], step) + shift, 0)
        if unit == "\t":
            indent = "\t" * (columns // step) + " " * (columns % step)
        else:
            indent = " " * columns
        moved.append(indent + line[match.end() :])
    return moved


def _trim_blank(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def rewrite_region(document: Document, region: Span, code: str) -> Rewrite:
    """Return the edits that put `code` in the place of whole lines of a document.

    Lines that differ only in white space at their end count as unchanged and stay as they are, and
    so do blank lines at either end of the region, a byte order mark, and each line's own ending.
    """
    old = document.text[region.start : region.end]
    bom = "\ufeff" if region.start == 0 and old.startswith("\ufeff") else ""
    old_lines = split_lines(old.removeprefix(bom))
    core = _trim_blank(old_lines)
    lead = 0
    while lead < len(old_lines) and core and old_lines[lead] is not core[0]:
        lead += 1
    head, tail = old_lines[:lead], old_lines[lead + len(core) :]
    new_lines = [_bare(line) for line in split_lines(code.replace("\r\n", "\n"))]
    new_lines = reindent(_trim_blank(new_lines), core, _unit_round(document, region))
    eol = line_ending(document)
    # White space at the end of a line does not make it another line; models always drop it.
    keys_old = [_bare(line).rstrip() for line in core]
    keys_new = [line.rstrip() for line in new_lines]
    result: list[str] = []
    at = 0
    for old_start, old_end, new_start, new_end in line_hunks(keys_old, keys_new):
        result += core[at:old_start]
        changed = new_lines[new_start:new_end]
        for index, line in enumerate(changed):
            twin = core[old_start + index] if old_start + index < old_end else ""
            result.append(line.rstrip() + (_ending(twin) or eol))
        at = old_end
    result += core[at:]
    if result and core:
        # The last line ends as the region's last line did, be it in nothing at the end of a file.
        result = [line if _ending(line) else line + eol for line in result[:-1]] + [
            _bare(result[-1]) + _ending(core[-1])
        ]
    text = bom + "".join([*head, *result, *tail])
    edits = tuple(
        Edit(region.start + edit.start, region.start + edit.end, edit.text)
        for edit in smallest_edits(old, text)
    )
    return Rewrite(region, text, edits)


def pick_block(blocks: Sequence[str], region: str) -> str:
    """Return the block of an answer that holds the region's new text.

    Models like to repeat the original first or to add an example of use after it. So the first
    block that is not the region itself counts, and the region where there is no other.
    """
    plain = "\n".join(_bare(line).rstrip() for line in _trim_blank(split_lines(region)))
    fresh = [
        block
        for block in blocks
        if "\n".join(_bare(line).rstrip() for line in _trim_blank(split_lines(block))) != plain
    ]
    return fresh[0] if fresh else blocks[0]


def new_file_text(code: str, eol: str) -> str:
    """Return the text of a new file: no blank lines at either end, one final line end."""
    lines = _trim_blank([_bare(line).rstrip() for line in split_lines(code)])
    return "".join(line + eol for line in lines)
