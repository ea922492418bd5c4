"""Every reason for which an answer must not become an edit: a list of named rules.

A rule looks at a finished candidate and returns None, or what is wrong as the first half of a
sentence; the caller adds that nothing was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

from dola_ls.core.candidate import Candidate, Verdict
from dola_ls.core.declaring import (
    asked_but_undeclared,
    declared_late,
    declared_twice,
    lost_symbols,
    outside_class,
)
from dola_ls.core.document import Document, Edit, apply_edits, split_lines
from dola_ls.core.documentation import code_changed
from dola_ls.core.elisions import left_out
from dola_ls.core.elsewhere import lost_elsewhere
from dola_ls.core.languages import language_of
from dola_ls.core.misfits import (
    fences,
    holds_code_as_json,
    is_cut_at_ends,
    is_escaped,
    is_fragment,
    is_longer_object,
    is_numbered,
    looks_like_diff,
    markers,
)
from dola_ls.core.parsing import Tree, parse, python_parses
from dola_ls.core.policy import control_characters, hidden_characters, is_control_file
from dola_ls.core.reach import may_shorten
from dola_ls.core.silencing import silences
from dola_ls.core.surroundings import copies, holds_second_version, repeats_neighbours
from dola_ls.core.unrelated import is_unrelated

Rule = Callable[[Candidate], str | None]


def _code_lines(text: str) -> int:
    return sum(1 for line in split_lines(text) if line.strip())


def outside_region(c: Candidate) -> str | None:
    """Refuse edits outside the region; the strategies make none, this makes sure."""
    region = c.rewrite.region
    if all(region.start <= edit.start <= edit.end <= region.end for edit in c.rewrite.edits):
        return None
    return "it would change code outside the lines you chose"


def emptied(c: Candidate) -> str | None:
    """Refuse an answer without code."""
    return None if c.new.strip() or not c.old.strip() else "it holds no code"


def diff_answer(c: Candidate) -> str | None:
    """Refuse a diff whose hunks have no certain place; others were made use of."""
    if looks_like_diff(c.rewrite.said, c.old):
        return "it is a diff that does not fit these lines exactly, not their new text"
    return None


def json_answer(c: Candidate) -> str | None:
    """Refuse code that was wrapped into JSON."""
    wrapped = holds_code_as_json(c.new) and not holds_code_as_json(c.old)
    if wrapped and not is_longer_object(c.new, c.old):
        return "it holds the code inside JSON"
    return None


def edit_markers(c: Candidate) -> str | None:
    """Refuse new lines that look like the markers of edit blocks or of a merge conflict."""
    if markers(c.new) > markers(c.old):
        return "it holds markers of edits (“<<<<<<<” or “>>>>>>>”) among the code"
    return None


def numbered(c: Candidate) -> str | None:
    """Refuse code with line numbers before its lines."""
    if is_numbered(c.new) and not is_numbered(c.old):
        return "it has line numbers in front of the code"
    return None


def escaped(c: Candidate) -> str | None:
    """Refuse code whose special characters or line ends are escape sequences."""
    if is_escaped(c.new, c.old):
        return "its special characters are written as escapes, as in “&lt;” or “\\n”"
    return None


def elided(c: Candidate) -> str | None:
    """Refuse a new comment or ``...`` that stands for code which was left out."""
    fresh = left_out(c.new) - left_out(c.old)
    return f"it leaves code out (“{min(fresh)[:60]}”)" if fresh else None


def shrunk(c: Candidate) -> str | None:
    """Refuse an answer that keeps less than a fifth of a region of ten lines or more."""
    before, now = _code_lines(c.old), _code_lines(c.new)
    if before >= 10 and now * 5 < before:
        return f"it would cut {before} lines down to {now}"
    return None


def swollen(c: Candidate) -> str | None:
    """Refuse an answer many times as long as the region."""
    before, now = _code_lines(c.old), _code_lines(c.new)
    if now > before * 6 + 40:
        return f"it would turn {before} lines into {now}"
    return None


def unparsable(c: Candidate) -> str | None:
    """Refuse code that parses worse than what it replaces."""
    language = language_of(c.document.language).name
    if c.tree is not None and c.tree_after is not None and c.tree_after.faults > c.tree.faults:
        return f"the file would no longer parse as {language}"
    if c.document.language == "python" and not python_parses(c.new) and python_parses(c.old):
        return "the new code is not valid Python"
    return None


def hidden(c: Candidate) -> str | None:
    """Refuse new invisible or bidirectional characters."""
    found = hidden_characters(c.new, c.old)
    return f"it holds invisible characters ({', '.join(found[:5])})" if found else None


def garbled(c: Candidate) -> str | None:
    """Refuse new control characters and U+FFFD, the mark of bytes lost on the way."""
    found = control_characters(c.new, c.old)
    if c.new.count("\ufffd") > c.old.count("\ufffd"):
        found.append("U+FFFD")
    return f"it holds broken characters ({', '.join(found[:5])})" if found else None


def region_twice(c: Candidate) -> str | None:
    """Refuse the same code several times in a row; what was meant is not certain."""
    times = copies(c.new)
    if times > 1 and copies(c.old) == 1:
        return f"it holds the same code {times} times in a row"
    if holds_second_version(c.new, c.old):
        return "it holds your lines as they are and a second version of them"
    return None


def repeats(c: Candidate) -> str | None:
    """Refuse code that would begin or end with a copy of the lines next to it."""
    if repeats_neighbours(c.document, c.rewrite.region, c.new):
        return "it repeats lines that stand right next to yours"
    return None


def code_fences(c: Candidate) -> str | None:
    """Refuse code fences that may be the answer's own, or that its own were taken for."""
    if not c.rewrite.said:
        return None
    before, now = fences(c.old), fences(c.new)
    unparsed = c.tree is None and (now < before or (now > before and not _holds_fences(c)))
    if unparsed or (before % 2 == 0 and now % 2 == 1):
        return "its code fences cannot be told from those of the text"
    return None


def _holds_fences(c: Candidate) -> bool:
    """Tell whether fences are part of the language."""
    return c.document.language in {"markdown", "mdx", "plaintext", "quarto", "rmd", "rst"}


def fragment(c: Candidate) -> str | None:
    """Refuse only the changed lines in the place of the whole region."""
    whole = c.instruction and not may_shorten(c.instruction)
    if is_fragment(c.new, c.old) or (whole and is_cut_at_ends(c.new, c.old)):
        return "it holds only some of your lines, and the others would be lost"
    return None


def unrelated(c: Candidate) -> str | None:
    """Refuse code that shares no name with the lines; prose may be said in other words."""
    if _holds_fences(c) or not is_unrelated(c.new, c.old, c.instruction):
        return None
    return "it has nothing in common with your lines, which would be lost"


def code_touched(c: Candidate) -> str | None:
    """Refuse an edit of anything but comments and docstrings where only those were asked for."""
    if not c.comments_only:
        return None
    if c.tree is None or c.tree_after is None:
        return "whether it changes code cannot be told in this language"
    return code_changed(c.tree, c.tree_after)


def silenced(c: Candidate) -> str | None:
    """Refuse a fix that only tells the tool to be silent."""
    mark = silences(c.new, c.old, c.instruction) if c.diagnostics else None
    return f"it silences the message (“{mark}”) and fixes nothing" if mark else None


RULES: tuple[Rule, ...] = (
    outside_region,
    emptied,
    diff_answer,
    json_answer,
    edit_markers,
    numbered,
    escaped,
    elided,
    hidden,
    garbled,
    shrunk,
    swollen,
    region_twice,
    unparsable,
    code_touched,
    silenced,
    lost_symbols,
    lost_elsewhere,
    asked_but_undeclared,
    declared_late,
    outside_class,
    declared_twice,
    repeats,
    code_fences,
    fragment,
    unrelated,
)


#: Rules that nobody can overrule: what they refuse is not what it looks like.
FINAL = frozenset({"outside_region", "hidden", "garbled", "masked"})


def judge(c: Candidate, rules: Sequence[Rule] = RULES) -> Verdict | None:
    """Return the first rule that refuses a candidate, or None where all let it pass."""
    for rule in rules:
        reason = rule(c)
        if reason is not None:
            return Verdict(rule.__name__, reason)
    return None


def still_parses(
    now: Document, edits: Sequence[Edit], parsed: Callable[[Document], Tree | None]
) -> Verdict | None:
    """Check rebased edits against the buffer as it is now; `parsed` gives its tree."""
    tree = parsed(now)
    if tree is None:
        return None
    text = apply_edits(now.text, edits)
    after = parse(Document(now.uri, now.language, now.version, text), tree)
    if after is not None and after.faults > tree.faults:
        language = language_of(now.language).name
        return Verdict("unparsable", f"with your changes the file would not parse as {language}")
    return None


def may_edit(path: PurePath) -> Verdict | None:
    """Refuse files that steer an editor or a tool, whatever the edit (S14)."""
    if not is_control_file(path):
        return None
    return Verdict(
        "control_file", f"{path.name} steers an editor or a tool, and such files are never edited"
    )
