"""What a viewer makes of Markdown."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

#: A viewer's own parser, with tables and with addresses made into links.
VIEWER = MarkdownIt("gfm-like", {"html": True})
assert VIEWER.linkify is not None
# As GitHub and VS Code have it: `total.py` is no address.
VIEWER.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
# Others have other ideas of which addresses are harmless.
VIEWER.validateLink = lambda url: True
UNSEEN = re.compile(r"[\x1b\x00\x07\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def live(markdown: str) -> list[str]:
    """Return what a viewer would load, run or link to in `markdown`."""

    def walk(tokens):
        for token in tokens:
            yield token
            yield from walk(token.children or [])

    found = []
    for token in walk(VIEWER.parse(markdown)):
        if token.type in {"html_block", "html_inline", "image"}:
            found.append(f"{token.type}: {token.content}")
        elif token.type == "link_open":
            found.append(f"link: {token.attrs['href']}")
        elif token.type == "text":
            found += re.findall(r"\bwww\.\w+", token.content)
    return found + UNSEEN.findall(markdown)
