"""From a finished answer to the new text of a region, in whichever form it was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from dola_ls.core import edits as editing
from dola_ls.core.actions import Target
from dola_ls.core.answer import Code, CutOff, Prose, Refusal
from dola_ls.core.blocks import BlockReader, Blocks, Malformed
from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Document, Span
from dola_ls.core.feedback import mended
from dola_ls.core.imports import split_imports, with_imports
from dola_ls.core.matching import Located, Unmatched, locate
from dola_ls.core.parsing import Tree
from dola_ls.core.rewrite import Rewrite


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that led to no edit: what is wrong with it, and its words."""

    problem: Unmatched | Malformed | Verdict
    text: str
    #: What the gate refused, to be looked at.
    rewrite: Rewrite | None = None

    def better_than(self, other: Failed | None) -> bool:
        """Tell whether this is rather to be kept: a later answer is, if there is text to see."""
        if not isinstance(self.problem, Verdict):
            return False
        if other is None:
            return True
        # What is only doubtful beats what is wrong.
        doubtful = isinstance(other.problem, Verdict) and other.problem.rule == "undeclared"
        return self.rewrite is not None and bool(self.rewrite.text.strip()) and not doubtful


#: What a model is told that sends the region back as it was.
UNCHANGED = Verdict(
    "unchanged", "it is the same as the code you were given, but the task asks for a change"
)

#: What an answer turns out to be.
Found = Rewrite | Failed | Refusal | Prose | CutOff


def read_rewrite(
    document: Document, tree: Tree | None, target: Target, reader: BlockReader, ended: bool
) -> Found:
    """Read the region's new text; imports that stand above it go to the file's own."""
    answer = reader.answer(ended)
    if not isinstance(answer, Code):
        return answer
    region = document.text[target.region.start : target.region.end]
    code = editing.pick_block(answer.blocks, region)
    imports, code = split_imports(document, tree, target.region, code)
    with_helpers = editing.with_helpers(code, answer.blocks, document, region)
    if with_helpers != code:
        more, code = split_imports(document, tree, target.region, with_helpers)
        imports = list(dict.fromkeys([*imports, *more]))
    rewrite = editing.rewrite_region(document, target.region, code)
    if editing.is_spilled(rewrite.text, answer.prose, region):
        return CutOff("some of the code stands outside its code block")
    return with_imports(document, tree, rewrite, imports)


def read_blocks(
    document: Document,
    span: Span,
    prefer: Span,
    reader: BlockReader,
    ended: bool,
    before: Failed | None = None,
) -> Found:
    """Read search/replace blocks, and find the place of each in `span`, best in `prefer`.

    `before` is the answer that this one mends; those of its blocks that were found still count.
    """
    answer = reader.block_answer(ended)
    if isinstance(answer, Refusal | CutOff):
        return answer
    if isinstance(answer, Code | Prose):
        answer = Malformed("it holds no edit blocks")
    if isinstance(answer, Malformed):
        return Failed(answer, reader.text)
    assert isinstance(answer, Blocks)
    blocks = answer.blocks
    if before is not None and isinstance(before.problem, Unmatched):
        blocks = mended(before.problem, blocks)
    located = locate(document, span, blocks, prefer)
    return located.rewrite if isinstance(located, Located) else Failed(located, reader.text)
