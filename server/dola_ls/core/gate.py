"""Every reason for which an answer must not become an edit: a list of named rules.

A rule looks at a finished candidate and returns None, or what is wrong as the first half of a
sentence; the caller adds that nothing was changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from dola_ls.core.actions import Target
from dola_ls.core.document import Document, Edit, Span, apply_edits, split_lines
from dola_ls.core.edits import Rewrite
from dola_ls.core.languages import language_of
from dola_ls.core.policy import control_characters, hidden_characters, is_control_file
from dola_ls.core.syntax import Symbol, Tree, parse, python_parses, symbols_in


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a candidate is refused."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rewrite about to become an edit, with what the rules need to judge it."""

    document: Document
    tree: Tree | None
    target: Target
    rewrite: Rewrite
    after: Document
    tree_after: Tree | None

    @property
    def old(self) -> str:
        """The text of the region as it is."""
        region = self.rewrite.region
        return self.document.text[region.start : region.end]

    @property
    def new(self) -> str:
        """The text of the region as it would be."""
        return self.rewrite.text


def candidate(document: Document, tree: Tree | None, target: Target, rewrite: Rewrite) -> Candidate:
    """Return the candidate for a rewrite; parses the text as it would be."""
    # One change of the region comes to the same text as its edits, and keeps the line table.
    whole = Edit(rewrite.region.start, rewrite.region.end, rewrite.text)
    after = document.changed(whole, document.version)
    tree_after = parse(after, tree) if tree is not None else None
    return Candidate(document, tree, target, rewrite, after, tree_after)


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


_COMMENT = re.compile(r"\s*(?:#|//|/\*+|--|;+|%|<!--|\*)[\s#/*-]*(?P<text>.*)")
_DOTS = re.compile(r"\s*(?:\.\.\.|…)\s*")
_LEFT_OUT = re.compile(
    r"^(?:\.\.\.|…).*\b(?:existing|rest|remaining|unchanged|same|previous|omitted|other)\b"
    r"|\b(?:existing|rest|remaining|unchanged|same|previous|omitted|other)\b.*(?:\.\.\.|…)\W*$"
    r"|^(?:\.\.\.|…)\W*$"
    r"|^(?:the )?(?:rest of (?:the|your|this)|remaining|existing|other|previous|unchanged) "
    r"(?:\w+ )?(?:code|methods?|functions?|class(?:es)?|file|implementations?|logic|body|lines)"
    r"(?: (?:here|goes here|(?:is |are |remains? |stays? )?(?:the same|unchanged|as before)))?\W*$",
    re.IGNORECASE,
)


def _left_out(text: str) -> Counter[str]:
    """Count the lines of `text` that stand for code which is not there."""
    found: Counter[str] = Counter()
    for line in split_lines(text):
        comment = _COMMENT.match(line)
        if _DOTS.fullmatch(line) or (comment and _LEFT_OUT.search(comment["text"].strip())):
            found[line.strip()] += 1
    return found


def elided(c: Candidate) -> str | None:
    """Refuse a new comment or ``...`` that stands for code which was left out."""
    fresh = _left_out(c.new) - _left_out(c.old)
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


def _promised(symbols: list[Symbol], whole: str | None) -> set[str]:
    """Return the names that other code may call: not what is local to a function, nor privates.

    A private method may go when its class is rewritten; a private function may not, the rest of
    the file can call it.
    """
    functions = [symbol.span for symbol in symbols if symbol.kind in {"function", "method"}]
    return {
        symbol.name
        for symbol in symbols
        if not any(span != symbol.span and span.covers(symbol.span) for span in functions)
        and (symbol.name == whole or not symbol.container or not symbol.name.startswith("_"))
    }


def lost_symbols(c: Candidate) -> str | None:
    """Refuse an answer that no longer declares what the region declared."""
    if c.tree is None or c.tree_after is None:
        return None
    region = c.rewrite.region
    symbol = c.target.symbol if c.target.whole_symbol else None
    old = _promised(list(symbols_in(c.tree, region)), symbol.name if symbol else None)
    after = Span(region.start, region.start + len(c.new))
    lost = sorted(old - {found.name for found in symbols_in(c.tree_after, after)})
    if not lost:
        return None
    return f"it no longer declares {', '.join(lost[:3])}{' and more' if len(lost) > 3 else ''}"


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
    if "\ufffd" in c.new and "\ufffd" not in c.old:
        found.append("U+FFFD")
    return f"it holds broken characters ({', '.join(found[:5])})" if found else None


RULES: tuple[Rule, ...] = (
    outside_region,
    emptied,
    elided,
    hidden,
    garbled,
    shrunk,
    swollen,
    unparsable,
    lost_symbols,
)


def judge(c: Candidate) -> Verdict | None:
    """Return the first rule that refuses a candidate, or None where all let it pass."""
    for rule in RULES:
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
