"""Links to images and videos in a text: where they stand, what they name, where their words go.

Nothing is looked up: what a link names may not exist, or be something else than its name says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from dola_ls.core.document import Document, Span
from dola_ls.core.find_comment import comment_round
from dola_ls.core.media.media import MediaKind
from dola_ls.core.parsing import Tree
from dola_ls.core.policy import show_hidden

Form = Literal["markdown", "html", "comment"]

_IMAGES = "png|apng|jpe?g|jpe|jfif|gif|webp"
_VIDEOS = "mp4|m4v|mov|qt|webm"
#: Files that no model here takes, so that nothing is offered on links to them.
_OTHERS = "svgz?|bmp|ico|tiff?|heic|heif|avif|pdf|mkv|avi|ogv|mpe?g|wmv|flv|mp3|ogg|wav"
_IS_VIDEO = re.compile(rf"\.(?:{_VIDEOS})$", re.IGNORECASE)
_IS_OTHER = re.compile(rf"\.(?:{_OTHERS})$", re.IGNORECASE)
#: Anything that may begin a link or be a path of a picture, to look no further where there is none.
_HINT = re.compile(rf"!\[|<(?:img|video|source)\b|\.(?:{_IMAGES})\b", re.IGNORECASE)

#: An image of Markdown: https://spec.commonmark.org/0.31.2/#images.
_LABEL = r"(?:\\.|[^\[\]\\]|\[(?:\\.|[^\[\]\\])*\])*?"
_TITLE = r"""(?:\s+(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)))?"""
_BARE = r"(?:\\.|[^\s()<>\\]|\((?:\\.|[^\s()\\])*\))(?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*"
_MARKDOWN = re.compile(
    rf"(?<!\\)!\[(?P<alt>{_LABEL})\]"
    rf"(?:\(\s*(?:<(?P<angle>(?:\\.|[^<>\n\\])*)>|(?P<bare>{_BARE})){_TITLE}\s*\)"
    rf"|\[(?P<label>(?:\\.|[^\[\]\\])*)\])?"
)
_DEFINITION = re.compile(
    r"^[ >]*\[(?P<label>(?:\\.|[^\[\]\\\n])+)\]:[ \t]*\n?[ \t]*"
    r"(?:<(?P<angle>[^<>\n]*)>|(?P<bare>\S+))",
    re.MULTILINE,
)
_VALUE = r"""(?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^\s"'=<>`{]+)"""
_TAG = re.compile(
    rf"<(?P<tag>img|video|source)(?P<attributes>(?:\s+[^\s\"'<>/=]+(?:\s*=\s*{_VALUE})?)*)\s*/?>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(rf"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?P<value>{_VALUE}))?")
_VIDEO_END = re.compile(r"</video\s*>", re.IGNORECASE)
#: Where a path of a picture ends within the words of a comment, and what it does not hold.
_PATH_ENDS = re.compile(rf"\.(?:{_IMAGES})(?![\w/\\])", re.IGNORECASE)
_QUOTES = {'"': '"', "'": "'", ">": "<", "`": "`"}
_NO_PATH = re.compile(r"[\s\"'<>`()\[\]{},;]")
_PUNCTUATION = re.compile(r"\\([!-/:-@\[-`{-~])")
#: How far from the cursor, in characters, a link may begin or end.
_FAR = 4000
#: The most labels that are looked up at a time.
_LABELS = 100
_NAME = 60
#: What begins an expression within a text, in templates and in programs.
_EXPRESSIONS = ("{{", "{%", "<?", "<%", "${", "#{")
_MARKDOWNS = frozenset(["markdown", "mdx", "md", "gfm", "rmd", "quarto", "pandoc", "vimwiki"])


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the words about an image go: in the place of `span`, with texts round them."""

    span: Span
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class MediaLink:
    """One link, or the path of a picture in a comment."""

    kind: MediaKind
    form: Form
    #: As it stands in the text, without escapes of Markdown or HTML; perhaps percent-encoded.
    path: str
    #: The link as a whole, the end of its element included.
    span: Span
    #: Where its text goes; None where it has no place for one.
    slot: Slot | None = None
    #: The comment that the path stands in, with lines below that go on with it.
    comment: Span | None = None

    @property
    def name(self) -> str:
        """What titles and sentences call it: the last part of its path, or of an address."""
        plain = re.split(r"[?#]", self.path)[0] if self.is_remote else self.path
        last = unquote(re.split(r"[/\\]", plain.rstrip("/\\"))[-1]) or plain
        shown = " ".join(show_hidden(last).split())
        return shown if len(shown) <= _NAME else shown[: _NAME - 1] + "…"

    @property
    def end(self) -> int:
        """Where what it stands in ends; what is written about it goes below that line."""
        return self.comment.end if self.comment is not None else self.span.end

    @property
    def is_remote(self) -> bool:
        """Whether it leads elsewhere than to a file: such a thing is never fetched."""
        scheme = re.match(r"\s*([a-zA-Z][a-zA-Z0-9+.-]+):", self.path)
        if scheme is not None:
            return scheme[1].lower() != "file"
        return self.path.lstrip().replace("\\", "/").startswith("//")

    @property
    def may_be_taken(self) -> bool:
        """Whether it names a file, by its path alone, of a kind that a model may take."""
        plain = re.split(r"[?#]", self.path)[0]
        return bool(plain.strip()) and not self.is_remote and _IS_OTHER.search(plain) is None


def is_markdown(document: Document) -> bool:
    """Tell whether a document is Markdown, under any of the names that editors have for it."""
    return document.language.split(".")[0].lower() in _MARKDOWNS


def link_at(document: Document, tree: Tree | None, span: Span) -> MediaLink | None:
    """Return the link that a cursor or the beginning of a selection is on.

    Beside all links on its line, it is the only one of that line, and None where there are more.
    """
    at = min(span.start, len(document.text))
    low, high = max(at - _FAR, 0), min(at + _FAR, len(document.text))
    if _HINT.search(document.text, low, high) is None:
        return None
    links = list(_links(document, tree, low, high, at))
    # Of links within each other the inner one is meant: <video> round its <source>.
    on = [link for link in links if link.span.start <= at <= link.span.end]
    if on:
        return min(on, key=lambda link: (link.span.end - link.span.start, at == link.span.end))
    line = document.line_span(document.line_of(at))
    beside = [link for link in links if link.span.start < line.end and link.span.end > line.start]
    return beside[0] if len(beside) == 1 else None


def _links(
    document: Document, tree: Tree | None, low: int, high: int, at: int
) -> Iterator[MediaLink]:
    text = document.text
    if is_markdown(document):
        labels: dict[str, str | None] = {}
        for match in _MARKDOWN.finditer(text, low, high):
            link = _of_markdown(document, match, labels)
            if link is not None:
                yield link
    for match in _TAG.finditer(text, low, high):
        yield from _of_tag(text, match)
    yield from _in_comment(document, tree, at)


def _of_markdown(
    document: Document, match: re.Match[str], labels: dict[str, str | None]
) -> MediaLink | None:
    alt = Span(match.start("alt"), match.end("alt"))
    slot = Slot(alt)
    raw = match["angle"] if match["angle"] is not None else match["bare"]
    if raw is None:
        # Without a label of its own, the words name the target, and still have to.
        label = match["label"] or match["alt"]
        if not match["label"]:
            slot = Slot(Span(alt.start, match.end() - 1), "", f"][{label}")
        wanted = _folded(label)
        if wanted not in labels and len(labels) < _LABELS:
            labels[wanted] = _defined(document.text, wanted)
        raw = labels.get(wanted)
        if raw is None:
            return None
    path = unescaped(raw)
    kind: MediaKind = "video" if _IS_VIDEO.search(re.split(r"[?#]", path)[0]) else "image"
    return MediaLink(kind, "markdown", path, Span(match.start(), match.end()), slot)


def _defined(text: str, wanted: str) -> str | None:
    """Return where a label of Markdown leads, given as `_folded`; the first definition counts."""
    for match in _DEFINITION.finditer(text) if wanted else ():
        if _folded(match["label"]) == wanted:
            return match["angle"] if match["angle"] is not None else match["bare"]
    return None


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def unescaped(raw: str) -> str:
    """Return a destination of Markdown without its backslashes; those of Windows stay."""
    windows = re.search(r"\\[A-Za-z0-9]", raw) is not None
    return html.unescape(raw if windows else _PUNCTUATION.sub(r"\1", raw)).strip()


def _of_tag(text: str, match: re.Match[str]) -> Iterator[MediaLink]:
    """Yield the links of an element: of a video those of its sources count as its own."""
    tag = match["tag"].lower()
    found: dict[str, re.Match[str]] = {}
    for attribute in _ATTRIBUTE.finditer(text, match.start("attributes"), match.end("attributes")):
        found.setdefault(attribute["name"].lower(), attribute)
    source = found.get("src")
    start, end = match.span()
    if tag == "video":
        closing = _VIDEO_END.search(text, end, end + _FAR)
        inner = _TAG.search(text, end, closing.start()) if closing is not None else None
        if source is None and inner is not None and inner["tag"].lower() == "source":
            source = next(
                (
                    one
                    for one in _ATTRIBUTE.finditer(
                        text, inner.start("attributes"), inner.end("attributes")
                    )
                    if one["name"].lower() == "src"
                ),
                None,
            )
        end = closing.end() if closing is not None and not match[0].endswith("/>") else end
    elif tag == "source":
        closing = _VIDEO_END.search(text, end, end + _FAR)
        opening = text.lower().rfind("<video", max(start - _FAR, 0), start)
        if closing is None or opening < 0 or text.find("</video", opening, start) >= 0:
            return  # of an audio or a picture
        end = closing.end()
    path = _static(source)
    if source is None or path is None:
        return
    if tag == "img":
        slot = _alt_slot(source, found.get("alt"))
        if slot is not None:
            yield MediaLink("image", "html", path, Span(start, end), slot)
    else:
        yield MediaLink("video", "html", path, Span(start, end))


def _static(attribute: re.Match[str] | None) -> str | None:
    """Return an attribute's value as text; None where it is an expression."""
    value = attribute["value"] if attribute is not None else None
    if value is None or value.startswith("{") or any(mark in value for mark in _EXPRESSIONS):
        return None
    return html.unescape(value.strip("\"'") if value[0] in "\"'" else value).strip()


def _alt_slot(source: re.Match[str], alt: re.Match[str] | None) -> Slot | None:
    """Return where an image's text goes; None where an expression gives it."""
    # The quotes of the address are those that can stand here, as within a string of a program.
    quote = source["value"][0] if source["value"][0] in "\"'" else '"'
    if alt is None:
        return Slot(Span(source.end(), source.end()), f" alt={quote}", quote)
    value = alt["value"]
    if value is None:
        return Slot(Span(alt.end(), alt.end()), f"={quote}", quote)
    start, end = alt.span("value")
    if value[0] in "\"'":
        expression = any(mark in value for mark in _EXPRESSIONS)
        return None if expression else Slot(Span(start + 1, end - 1))
    return None if value.startswith("{") else Slot(Span(start, end), quote, quote)


def _in_comment(document: Document, tree: Tree | None, at: int) -> Iterator[MediaLink]:
    """Yield the pictures that the comment at a cursor names on the cursor's line."""
    line = document.line_of(at)
    start, words = document.starts[line], document.line_text(line)
    low = max(at - start - _FAR, 0)
    for match in _PATH_ENDS.finditer(words, low, at - start + _FAR):
        comment = comment_round(document, tree, start + match.start())
        if comment is None:
            continue
        # The mark of the comment may stand right before it.
        first = max(_path_start(words, match.end(), low), comment.body.start - start)
        if first >= match.start():
            continue
        span = Span(start + first, start + match.end())
        if comment.body.start <= span.start and span.end <= comment.body.end:
            end = _comment_end(document, comment.span, comment.open, comment.close)
            path = words[first : match.end()].replace("\\ ", " ")
            yield MediaLink("image", "comment", path, span, comment=Span(comment.span.start, end))


def _path_start(words: str, end: int, low: int) -> int:
    """Return where a path begins that ends at `end`: behind a quote, else behind a blank."""
    opening = _QUOTES.get(words[end : end + 1], "")
    quote = words.rfind(opening, low, end) if opening else -1
    if quote >= 0:
        return quote + 1
    start = end
    while start > low and not _NO_PATH.match(words[start - 1]):
        start -= 1
    return start


def _comment_end(document: Document, comment: Span, open: str, close: str) -> int:
    """Return where a comment ends, with the lines below that go on with it."""
    if close:
        return comment.end
    end, line = comment.end, document.line_of(comment.start)
    own = not document.text[document.starts[line] : comment.start].strip()
    while own and line + 1 < document.line_count:
        line += 1
        words = document.line_text(line)
        if not words.lstrip().startswith(open):
            break
        end = document.starts[line] + len(words)
    return end
