"""From the code of an answer to edits of the buffer, in the buffer's own format."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from dola_ls.core.blocks import Block, Blocks, read_edit_blocks
from dola_ls.core.diff import line_hunks, smallest_edits
from dola_ls.core.document import Document, Edit, Span, split_lines
from dola_ls.core.flush_left import flush_left
from dola_ls.core.headers import declared_name, declared_names
from dola_ls.core.languages import language_of
from dola_ls.core.layout import (
    Layout,
    bare,
    ending,
    indent_of,
    line_ending,
    says,
    style_of,
    trim_blank,
)
from dola_ls.core.matching import Located, Tier, locate
from dola_ls.core.misfits import diff_blocks, looks_like_diff, markers
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.surroundings import changed_copy, own_lines
from dola_ls.core.unrelated import is_unrelated
from dola_ls.core.words import WORD, has_word

__all__ = [
    "Rewrite",
    "is_spilled",
    "line_ending",
    "new_file_text",
    "pick_block",
    "rewrite_region",
    "with_helpers",
]

#: Languages in which two blanks at the end of a line are a line break.
_BREAKS = frozenset({"markdown", "quarto", "rmd", "mdx"})


def rewrite_region(document: Document, region: Span, code: str) -> Rewrite:
    """Return the edits that put `code` in the place of whole lines of a document.

    Lines that differ only in white space at their end count as unchanged and stay as they are, and
    so do blank lines at either end of the region, a byte order mark, and each line's own ending.
    Copies of the lines round the region, and of the region itself, are left out where they can be
    told for certain. A diff or edit blocks are made use of where their places are certain; the
    gate refuses what is left of them.
    """
    old = document.text[region.start : region.end]
    code = code.removeprefix("\ufeff")
    pieces = _from_pieces(document, region, old, code)
    if pieces is not None:
        return pieces
    bom = "\ufeff" if region.start == 0 and old.startswith("\ufeff") else ""
    old_lines = split_lines(old.removeprefix(bom))
    core = trim_blank(old_lines)
    lead = 0
    while lead < len(old_lines) and core and old_lines[lead] is not core[0]:
        lead += 1
    head, tail = old_lines[:lead], old_lines[lead + len(core) :]
    told = [bare(line) for line in split_lines(code.replace("\r\n", "\n"))]
    new_lines, layout = _own_part(document, region, core, trim_blank(told))
    eol = line_ending(document)
    breaks = document.language in _BREAKS
    result: list[str] = []
    at = 0
    for old_start, old_end, new_start, new_end in line_hunks(
        *_numbered(layout.old, layout.new) if layout else _numbered(core, new_lines)
    ):
        result += core[at:old_start]
        for index in range(new_end - new_start):
            beside = old_start + index
            twin = core[beside] if beside < old_end else ""
            new = new_lines[new_start + index]
            line = layout.line(new_start + index, beside) if layout else new.rstrip(" \t")
            broken = breaks and line and new.endswith("  ")
            result.append(line + ("  " if broken else "") + (ending(twin) or eol))
        at = old_end
    result += core[at:]
    if result and core:
        # The last line ends as the region's last line did, be it in nothing at the end of a file.
        result = [line if ending(line) else line + eol for line in result[:-1]] + [
            bare(result[-1]) + ending(core[-1])
        ]
    text = bom + "".join([*head, *result, *tail])
    edits = tuple(
        Edit(region.start + edit.start, region.start + edit.end, edit.text)
        for edit in smallest_edits(old, text)
    )
    return Rewrite(region, text, edits, code)


def _own_part(
    document: Document, region: Span, core: list[str], lines: list[str]
) -> tuple[list[str], Layout | None]:
    """Return the lines of an answer that are the region's new text, and how they are laid out."""
    kept = own_lines(document, region, lines)
    lines = trim_blank(changed_copy(lines[kept.start : kept.stop], core))
    if not core or not lines:
        return lines, None
    style = style_of(document, region)
    rescale = language_of(document.language).grammar is not None
    layout = Layout(lines, core, style, rescale, flush_left(document.language, lines))
    # Copies of the lines round the region may only be known by the indentation they should have.
    kept = own_lines(document, region, [layout.line(at, 0) for at in range(len(lines))])
    if len(kept) < len(lines):
        lines = trim_blank(lines[kept.start : kept.stop])
        layout = Layout(lines, core, style, rescale, flush_left(document.language, lines))
    return lines, layout


def _numbered(old: Sequence[object], new: Sequence[object]) -> tuple[list[str], list[str]]:
    """Return a name for each line, so that equal ones have the same."""
    names: dict[object, str] = {}
    one, two = (
        [names.setdefault(line, f"{len(names)}\n") for line in lines] for lines in (old, new)
    )
    return one, two


def _from_pieces(document: Document, region: Span, old: str, code: str) -> Rewrite | None:
    """Make use of a diff, or of edit blocks, sent in the place of the whole region."""
    blocks: Sequence[Block] = ()
    if looks_like_diff(code, old):
        blocks = diff_blocks(code)
    elif markers(code) and not markers(old):
        found = read_edit_blocks(code)
        blocks = found.blocks if isinstance(found, Blocks) else ()
    if not blocks:
        return None
    located = locate(document, region, blocks)
    if isinstance(located, Located) and set(located.tiers) <= {Tier.EXACT, Tier.TRAILING}:
        return located.rewrite
    return None


def pick_block(blocks: Sequence[str], region: str) -> str:
    """Return the block of an answer that holds the region's new text.

    Models like to repeat the original first or to add an example of use after it. So blocks that
    are the region itself do not count while there is another. Of the others the first counts that
    has the region's first line; where none has, the one that shares the most lines with it. Where
    the region stands beside blocks that have nothing to do with it, it is to stay as it is.
    """
    plain = _plain(region)
    fresh = [block for block in blocks if _plain(block) != plain]
    if len(fresh) < len(blocks):
        fresh = [block for block in fresh if not is_unrelated(block, region)]
    if len(fresh) < 2:
        return fresh[0] if fresh else next(b for b in blocks if _plain(b) == plain)
    old = {line.strip() for line in split_lines(region) if says(line)}
    first = next((line.strip() for line in split_lines(region) if says(line)), "")
    told = [{line.strip() for line in split_lines(block)} for block in fresh]
    for block, lines in zip(fresh, told, strict=True):
        if first in lines:
            return block
    return max(zip(fresh, told, strict=True), key=lambda pair: len(pair[1] & old))[0]


def with_helpers(code: str, blocks: Sequence[str], document: Document, region: str) -> str:
    """Return the block that was picked of an answer below those of others that it needs.

    Models like to give a new helper a code block of its own. It is needed where it declares
    outermost names that `code` uses, that the document has not, and that `code` has not declared
    itself.
    """
    if indent_of(region.lstrip("\r\n")):
        return code  # beside a method there is no place that is certain
    used, mine = set(WORD.findall(code)), declared_names(code)
    needed = []
    for block in blocks:
        heads = [line for line in split_lines(block) if line.strip() and not indent_of(line)]
        names = {name for line in heads if (name := declared_name(line)) is not None}
        known = any(name in mine or has_word(document.text, name) for name in names)
        if names & used and not known:
            needed.append(block.strip("\r\n"))
    if not needed:
        return code
    gap = "\n\n\n" if document.language == "python" else "\n\n"
    return gap.join([*needed, code.lstrip("\r\n")])


def is_spilled(code: str, prose: str, region: str) -> bool:
    """Tell whether lines of the region that `code` leaves out stand in the prose beside it.

    So it is where a fence inside the code was taken for the end of the block.
    """
    if not prose:
        return False
    known, kept, beside = (
        Counter(line.strip() for line in split_lines(text) if says(line))
        for text in (region, code, prose)
    )
    return bool((known - kept) & beside)


def _plain(code: str) -> str:
    """Return code without its base indentation and white space at line ends."""
    lines = [bare(line).rstrip().expandtabs(4) for line in split_lines(code)]
    return textwrap.dedent("\n".join(trim_blank(lines)))


def new_file_text(code: str, eol: str) -> str:
    """Return the text of a new file: no blank lines at either end, one final line end."""
    lines = trim_blank([bare(line).rstrip() for line in split_lines(code)])
    return "".join(line + eol for line in lines)
