"""An edit that documents code must leave the code alone: a rule for which tree-sitter decides."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable

from dola_ls.core.bare_code import BareCode, Docstring, bare_code
from dola_ls.core.document import Document, Edit
from dola_ls.core.languages import language_of
from dola_ls.core.parsing import Tree, parse
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.shared_ends import shared_head, shared_tail
from dola_ls.core.tool_comments import marks

#: Line ends for some compilers (JavaScript, C#, Python) and blanks for others.
_ODD_LINE_ENDS = re.compile("[\v\f\u0085\u2028\u2029]")
_READS_DOC = re.compile(rb"(?<![.\w])__doc__\b")

#: Where Rust takes documentation for something: the lists of items, fields and variants.
_DOCUMENTED = frozenset(
    {
        "source_file",
        "declaration_list",
        "field_declaration_list",
        "ordered_field_declaration_list",
        "enum_variant_list",
        "match_block",
    }
)


def only_comments_changed(document: Document, tree: Tree | None, rewrite: Rewrite) -> str | None:
    """Refuse a rewrite that touches anything but comments and docstrings."""
    if tree is None:
        name = language_of(document.language).name
        return f"it may change code: comments and code of {name} cannot be told apart"
    region = rewrite.region
    changed = Edit(region.start, region.end, rewrite.text)
    after = parse(document.changed(changed, document.version), tree)
    return code_changed(tree, after) if after is not None else None


def code_changed(before: Tree, after: Tree) -> str | None:
    """Return what else than comments and docstrings differs, as the first half of a sentence.

    Comments that tools read, such as ``# noqa``, count as code.
    """
    if before.data == after.data:
        return None
    low, tail = _same_ends(before.data, after.data)
    old, new = bare_code(before, low, tail), bare_code(after, low, tail)
    if old.keys != new.keys:
        line = _first_difference(before, old, after, new)
        return f"it would change code, and only comments were asked for: “{line}”"
    return (
        _tools_disturbed(before, old, after, new)
        or _comments_misread(before, old, new)
        or (_docstrings_misread(before, old, after, new) if _is(before, "python") else None)
        or (_docs_misplaced(old, new) if _is(before, "rust") else None)
        or (_docs_lost(old, new) if _is(before, "php") else None)
    )


def _is(tree: Tree, language: str) -> bool:
    return tree.language.id == language


def _same_ends(old: bytes, new: bytes) -> tuple[int, int]:
    """Return how many bytes at either end are the same, short of the lines next to the change.

    A comment may be about the line after it, so those lines are always looked at.
    """
    low = shared_head(old, new)
    tail = shared_tail(old, new, min(len(old), len(new)) - low)
    low = old.rfind(b"\n", 0, len(old[:low].rstrip())) + 1
    behind = old[len(old) - tail :]
    line_end = behind.find(b"\n", len(behind) - len(behind.lstrip()))
    return low, len(behind) - line_end - 1 if line_end >= 0 else 0


def _first_difference(before: Tree, old: BareCode, after: Tree, new: BareCode) -> str:
    """Return the line of code that an edit changes, the one it adds where it only adds."""
    size = min(len(old.keys), len(new.keys))
    head = next((at for at in range(size) if old.keys[at] != new.keys[at]), size)
    tail = 0
    while tail < size - head and old.keys[-1 - tail] == new.keys[-1 - tail]:
        tail += 1
    for tree, code in ((before, old), (after, new)):
        for at in range(head, len(code.keys) - tail):
            if code.keys[at][1] not in {b"(", b")", b""}:
                return _line_at(tree.data, code.starts[at])
    return _line_at(before.data, old.starts[min(head, len(old.starts) - 1)])


def _line_at(data: bytes, at: int) -> str:
    at += len(data[at:]) - len(data[at:].lstrip())
    start = data.rfind(b"\n", 0, at) + 1
    end = data.find(b"\n", at)
    return _short(data[start : end if end >= 0 else len(data)].decode("utf-8", "replace"))


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0].rstrip()
    return line if len(line) <= 60 else f"{line[:59]}…"


def _tools_disturbed(before: Tree, old: BareCode, after: Tree, new: BareCode) -> str | None:
    then, now = marks(before, old), marks(after, new)
    if lost := list((then - now).elements()):
        return f"it would change or move a comment that tools read: “{_short(lost[0].text)}”"
    if added := list((now - then).elements()):
        return f"it would add a comment that tools read: “{_short(added[0].text)}”"
    return None


def _fresh(old: Iterable[str], new: Iterable[str]) -> list[str]:
    return list((Counter(new) - Counter(old)).elements())


def _comments_misread(tree: Tree, old: BareCode, new: BareCode) -> str | None:
    """Refuse new comments of which a compiler may take a part for code, or code for a part."""
    for text in _fresh((c.text for c in old.comments), (c.text for c in new.comments)):
        if _ODD_LINE_ENDS.search(text):
            return "its comments hold characters that some compilers take for a line end"
        # Read before comments are: https://docs.oracle.com/javase/specs/jls/se21/html/jls-3.html#jls-3.3
        if _is(tree, "java") and re.search(r"(?<!\\)(?:\\\\)*\\u", text):
            return "its comments hold “\\u”, which Java reads even there"
        # Blanks after the backslash do not matter to GCC, and “??/” is one in older C.
        ends = text.startswith("//") and text.rstrip().endswith(("\\", "??/"))
        if tree.language.id in {"c", "cpp"} and ends:
            return "its comments end in a backslash, which takes the next line for a comment too"
    return None


def _docstrings_misread(before: Tree, old: BareCode, after: Tree, new: BareCode) -> str | None:
    for side in (before, after):
        if _READS_DOC.search(side.data) and _module_doc(old) != _module_doc(new):
            return "it would change the docstring that the code itself reads as __doc__"
    fresh = set(_fresh((d.text for d in old.docstrings), (d.text for d in new.docstrings)))
    for docstring in new.docstrings:
        if docstring.text in fresh and not _is_sound(docstring.text):
            return "it holds a backslash that Python does not take in a docstring"
        if docstring.text in fresh and not _is_aligned(after.data, docstring):
            return "it indents a docstring otherwise than the code below it"
    return None


def _module_doc(code: BareCode) -> str | None:
    return next((one.text for one in code.docstrings if one.parent == "module"), None)


def _is_sound(docstring: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ast.literal_eval(f"({docstring}\n)")
    except (SyntaxError, ValueError, Warning, RecursionError, MemoryError):
        return False
    return True


def _is_aligned(data: bytes, docstring: Docstring) -> bool:
    """Tell whether a docstring is indented with the same blanks as the code below it.

    Python refuses tabs here and blanks there, which a tree takes for the same.
    """
    if docstring.next_start is None:
        return True
    own, below = (
        data[data.rfind(b"\n", 0, at) + 1 : at] for at in (docstring.start, docstring.next_start)
    )
    return own == below or bool(own.strip() or below.strip())


def _docs_misplaced(old: BareCode, new: BareCode) -> str | None:
    """Refuse documentation of Rust where the compiler wants none."""

    def misplaced(code: BareCode) -> list[str]:
        found = []
        for comment in code.comments:
            item = (comment.follower or "").endswith("_item")
            nothing = comment.follower in {None, "}", ")"}
            if re.match(r"///(?!/)|/\*\*(?![*/])", comment.text):
                if nothing or (comment.parent not in _DOCUMENTED and not item):
                    found.append(comment.text)
            elif comment.text.startswith(("//!", "/*!")) and not comment.leads:
                found.append(comment.text)
        return found

    if fresh := _fresh(misplaced(old), misplaced(new)):
        return f"Rust takes no documentation in that place: “{_short(fresh[0])}”"
    return None


def _docs_lost(old: BareCode, new: BareCode) -> str | None:
    """Refuse to do away with documentation that PHP keeps while the program runs."""
    then, now = (
        sum(comment.text.startswith("/**") for comment in code.comments) for code in (old, new)
    )
    return "it would remove documentation that PHP programs can read" if now < then else None
