"""From an answer about a picture or a video to the edit at its link, or below it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from dola_ls.core.actions import Target
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.layout import indent_of, line_ending
from dola_ls.core.media.links import MediaLink, is_markdown
from dola_ls.core.media.words import LONGEST_BELOW, escaped_html, escaped_markdown, paragraph
from dola_ls.core.prompt import fence_for
from dola_ls.core.rewrite import Rewrite

#: How a diagram of Mermaid begins: https://mermaid.js.org/intro/syntax-reference.html.
_MERMAID = re.compile(
    r"(?:---\n.*?\n---\n)?(?:\s|%%[^\n]*\n)*"
    r"(?:graph|flowchart|sequenceDiagram|classDiagram|stateDiagram|erDiagram|journey|gantt|pie"
    r"|quadrantChart|requirementDiagram|gitGraph|mindmap|timeline|zenuml|kanban|C4\w+"
    r"|(?:sankey|xychart|block|packet|architecture|radar|treemap)(?:-beta)?)\b",
    re.DOTALL,
)
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|[a-z][\w-]*)[\s>/]", re.DOTALL | re.IGNORECASE
)
#: What stands before the words of a line: quotations, items of lists, blanks.
_CONTAINER = re.compile(r"(?:[ \t]|>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*")
_ITEM = re.compile(r"[-*+]|\d{1,9}[.)]")


@dataclass(frozen=True, slots=True)
class Unusable:
    """The answer makes no edit; `why` says it as a clause about the answer."""

    rule: str
    why: str


def target_of(document: Document, link: MediaLink) -> Target:
    """Return what an action on a link works on: the lines from the link to where text goes."""
    region = document.whole_lines(Span(link.span.start, _line_below(document, link) - 1))
    return Target(region, link.name, None, False)


def described(document: Document, link: MediaLink, words: str) -> Rewrite:
    """Return the rewrite by which a link says `words`, or a line below it does."""
    if link.slot is not None:
        slot = link.slot
        escape = escaped_markdown if link.form == "markdown" else escaped_html
        text = slot.before + escape(words) + slot.after
        return _rewrite(document, link, [_smallest(document, slot.span, text)])
    if is_markdown(document):
        return _below(document, link, [paragraph(words)], apart=True)
    return _below(document, link, [f"<p>{escaped_html(words)}</p>"])


def longest_of(link: MediaLink) -> int | None:
    """Return how many characters words below a link may have; None for those in its place."""
    return None if link.slot is not None else LONGEST_BELOW


def written(document: Document, link: MediaLink, blocks: Sequence[str]) -> Rewrite | Unusable:
    """Return the rewrite that puts code below the line of a link or a comment."""
    blocks = [textwrap.dedent(one.replace("\r\n", "\n")) for one in blocks]
    blocks = [one.strip("\n").rstrip() for one in blocks if one.strip()]
    if not is_markdown(document):
        if not blocks:
            return Unusable("prose", "it holds no code")
        return _below(document, link, max(blocks, key=len).split("\n"))
    for code in blocks:
        label = "mermaid" if _MERMAID.match(code) else "html" if _HTML.match(code) else ""
        if label:
            fence = fence_for(code)
            lines = [f"{fence}{label}", *code.split("\n"), fence]
            return _below(document, link, lines, apart=True)
    return Unusable("prose", "it holds neither HTML nor a Mermaid diagram")


def _smallest(document: Document, span: Span, text: str) -> Edit:
    """Return the edit without what it would leave as it is at either end."""
    old = document.text[span.start : span.end]
    head = 0
    while head < min(len(old), len(text)) and old[head] == text[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(text)) - head and old[-1 - tail] == text[-1 - tail]:
        tail += 1
    return Edit(span.start + head, span.end - tail, text[head : len(text) - tail])


def _rewrite(document: Document, link: MediaLink, edits: Sequence[Edit]) -> Rewrite:
    region = target_of(document, link).region
    edits = [edit for edit in edits if document.text[edit.start : edit.end] != edit.text]
    moved = [Edit(e.start - region.start, e.end - region.start, e.text) for e in edits]
    text = apply_edits(document.text[region.start : region.end], moved)
    return Rewrite(region, text, tuple(edits))


def _line_below(document: Document, link: MediaLink) -> int:
    """Return where the line ends that text goes below: of a table, its last one."""
    line = document.line_of(max(link.end - 1, link.span.start))
    if is_markdown(document) and document.line_text(line).lstrip(" >").startswith("|"):
        while line + 1 < document.line_count and document.line_text(line + 1).lstrip(
            " >"
        ).startswith("|"):
            line += 1
    return document.line_span(line).end


def _below(
    document: Document, link: MediaLink, lines: Sequence[str], *, apart: bool = False
) -> Rewrite:
    """Return the rewrite with new lines below a link, laid out as what stands there.

    With `apart` blank lines stand round them.
    """
    end, eol = _line_below(document, link), line_ending(document)
    # Of an element the line counts that it ends on, at the margin of which it stands.
    start = link.span.start if link.form == "markdown" else max(link.end - 1, link.span.start)
    start = link.comment.start if link.comment is not None else start
    first = document.line_text(document.line_of(start))
    prefix = indent_of(first)
    if is_markdown(document):
        found = _CONTAINER.match(first)
        prefix = _ITEM.sub(lambda item: " " * len(item[0]), found[0] if found else "")
    new = [(prefix + line).rstrip() if line else prefix.rstrip() for line in lines]
    blank = prefix.rstrip()
    following = document.line_text(document.line_of(end)) if end < len(document.text) else ""
    if apart:
        new = [blank, *new]
        if following.strip(" \t>"):
            new.append(blank)
    before = document.text[end - 1 : end] in ("\n", "\r")
    text = eol.join(new)
    return _rewrite(document, link, [Edit(end, end, text + eol if before else eol + text)])
