"""From the model's answer to the text of a new file that it wrote freely."""

from __future__ import annotations

from dola_ls.core.actions import Target
from dola_ls.core.candidate import Verdict, candidate
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.edits import new_file_text
from dola_ls.core.gate import RULES, judge, swollen, unparsable
from dola_ls.core.languages import language_of
from dola_ls.core.parsing import parse
from dola_ls.core.rewrite import Rewrite

#: Nothing is too much for a file that was not there, and what does not parse is told otherwise.
_RULES = tuple(rule for rule in RULES if rule not in (swollen, unparsable))


def new_file(blocks: tuple[str, ...], uri: str, language: str, eol: str) -> str | Verdict:
    """Return the text of a new file made from an answer's code blocks, or why it can be none."""
    if len(blocks) > 1:
        return Verdict("many_blocks", f"it holds {len(blocks)} code blocks, and a file is one")
    text = new_file_text(blocks[0].removeprefix("\ufeff"), eol)
    if not text:
        return Verdict("emptied", "it holds no code")
    nothing = Document(uri, language, 0, "")
    target = Target(Span(0, 0), "", None, False)
    rewrite = Rewrite(Span(0, 0), text, (Edit(0, 0, text),), blocks[0])
    c = candidate(nothing, parse(nothing), target, rewrite)
    verdict = judge(c, _RULES)
    if verdict is None and unparsable(c):
        verdict = Verdict("unparsable", f"it does not parse as {language_of(language).name}")
    return verdict or text
