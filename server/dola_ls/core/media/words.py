"""The words that a model says of a picture: one line of plain text, escaped for where it goes."""

from __future__ import annotations

import html
import re

from dola_ls.core.policy import CONTROL, HIDDEN

#: Characters of a text for a picture, and of one below a video, at the most.
LONGEST, LONGEST_BELOW = 250, 400
#: How a model says that nothing came with the question; the prompt teaches it.
NOTHING_SEEN = "NOTHING TO SEE"
#: How models begin that speak of themselves, in the place of what they were to speak of.
_DECLINES = re.compile(
    r"(?:i(?:['’]m| am) (?:sorry|unable|not able)|sorry[,.]"
    r"|(?:unfortunately, )?i (?:can(?:not|['’]t)|do(?:n['’]t| not) (?:see|have)|need)"
    r"|as an ai\b|there is no (?:image|picture|video)\b"
    r"|no (?:image|picture|video) (?:was|is|has been)\b|please (?:provide|upload|share)\b)",
    re.IGNORECASE,
)

_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_IMAGE = re.compile(r"!\[((?:\\.|[^\]\\])*)\]\([^)\n]*\)")
_ALT = re.compile(r"""<[^<>]*\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>""", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\n]*\)")
_LABEL = re.compile(
    r"^(?:(?:the|an?|here(?: is|'s)(?: the| an?)?|suggested|proposed)\s+)?"
    r"(?:(?:image|video)\s+)?"
    r"(?:alt(?:ernative)?(?:[ -]?text)?|caption|description|summary)\s*[:：]\s*",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^(?:[-*+•]|\d{1,2}[.)])\s+")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "「": "」", "`": "`"}
#: Addresses that viewers make links of.
_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]*:(?://|\\\\)", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\\[\]<>*_|~$]|&(?=#?\w{1,31};)|(?<=\bwww)\.", re.IGNORECASE)
_LINE_START = re.compile(r"^(?:[#=+-]|\d{1,9}(?=[.)]))")


def plain_words(answer: str, longest: int = LONGEST) -> str:
    """Return what an answer says, as one line of at most `longest` characters; perhaps nothing.

    No control or invisible characters, no markup, no addresses that lead anywhere, and none of the
    characters that begin an expression in templates.
    """
    text = HIDDEN.sub("", CONTROL.sub(" ", answer.replace("\r\n", "\n")))
    if found := _ALT.search(text) or _IMAGE.search(text):
        text = next((group for group in found.groups() if group is not None), "")
    text = _FENCE.sub("", text).strip()
    paragraphs = [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    if len(paragraphs) > 1 and paragraphs[0].rstrip("*_ ").endswith((":", "：")):
        paragraphs = paragraphs[1:]
    words = paragraphs[0] if paragraphs else ""
    lines = [line for line in words.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].rstrip("*_ ").endswith((":", "：")):
        lines = lines[1:]
    if lines and _LIST_MARK.match(lines[0].strip()) and len(lines) > 1:
        lines = lines[:1]  # several to choose from
    words = _bare(" ".join(" ".join(lines).split()))
    words = _SCHEME.sub("", _LINK.sub(r"\1", _TAG.sub("", words)))
    words = words.replace("`", "'").replace("{", "(").replace("}", ")").replace("\ufffd", "")
    return _shortened(" ".join(words.split()), longest)


def sees_nothing(answer: str) -> bool:
    """Tell whether a model says that nothing came along with the question."""
    return re.sub(r"[^A-Z ]", "", plain_words(answer).upper()).strip() == NOTHING_SEEN


def declines(words: str) -> bool:
    """Tell whether words speak of the model, and not of a picture."""
    return _DECLINES.match(words) is not None


def _bare(words: str) -> str:
    """Take labels, bold type and quotes off the words of an answer."""
    before = None
    while words != before:
        before = words
        words = _LIST_MARK.sub("", _STRONG.sub(r"\2", words).strip())
        words = _LABEL.sub("", words, count=1).strip()
        if len(words) > 1 and _QUOTES.get(words[0]) == words[-1] and words.count(words[0]) <= 2:
            words = words[1:-1].strip()
    return words


def _shortened(words: str, longest: int) -> str:
    """Cut at the end of a sentence where there is one, else between words."""
    if len(words) <= longest:
        return words
    cut = words[:longest]
    sentence = max(cut.rfind(mark) for mark in (". ", "! ", "? ", "。"))
    if sentence >= longest // 3:
        return cut[: sentence + 1]
    cut = cut[: longest - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space >= longest // 3 else cut).rstrip(" ,;:-") + "…"


def escaped_markdown(words: str) -> str:
    """Return words as the text of an image in Markdown, in a table too."""
    return _SPECIAL.sub(r"\\\g<0>", words)


def paragraph(words: str) -> str:
    """Return words as a paragraph of Markdown of its own."""
    escaped = escaped_markdown(words)
    begins = _LINE_START.match(escaped)
    if begins is None:
        return escaped
    if escaped[0].isdigit():
        return escaped[: begins.end()] + "\\" + escaped[begins.end() :]
    return "\\" + escaped


def escaped_html(words: str) -> str:
    """Return words as the text of an attribute or an element of HTML, within a string too."""
    # A backslash would be an escape where the element stands in a program's string.
    return html.escape(words.replace("\\", "/"), quote=True)
