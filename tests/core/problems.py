"""Texts with problems marked in them, and diagnostics that real servers published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dola_ls.core.diagnostics import Diagnostic
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import Tree, parse

RECORDED = Path(__file__).parent.parent / "diagnostics"
#: The servers of whose diagnostics there is a recording.
SERVERS = sorted(path.stem for path in RECORDED.glob("*.json"))


def parsed(text: str, language: str = "python") -> tuple[Document, Tree | None]:
    """Return a document with its tree."""
    document = Document("file:///home/ann/shop/a.py", language, 1, text)
    return document, parse(document)


def marked(text: str) -> tuple[str, list[Span]]:
    """Return a text without its marks ‹ and ›, and what stands between them."""
    spans: list[Span] = []
    plain = ""
    for at, part in enumerate(text.replace("›", "‹").split("‹")):
        if at % 2:
            spans.append(Span(len(plain), len(plain) + len(part)))
        plain += part
    return plain, spans


def recorded(server: str) -> dict[str, Any]:
    """Return what a server published for a file: `text`, `language`, `uri`, `diagnostics`."""
    found: dict[str, Any] = json.loads((RECORDED / f"{server}.json").read_text("utf-8"))
    return found


def diagnostics_of(document: Document, given: Sequence[dict[str, Any]]) -> list[Diagnostic]:
    """Return diagnostics of the LSP, in UTF-16, as the core knows them."""

    def offset(position: dict[str, int]) -> int:
        return document.offset(position["line"], position["character"], "utf-16")

    return [
        Diagnostic(
            Span(offset(one["range"]["start"]), offset(one["range"]["end"])),
            one["message"],
            one.get("source", ""),
            str(one.get("code", "")),
            1 in one.get("tags", ()),
        )
        for one in given
    ]
