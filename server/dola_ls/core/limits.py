"""Documents and regions that no action works on, each with its sentence."""

from __future__ import annotations

from dola_ls.core.actions import Target
from dola_ls.core.context import file_name
from dola_ls.core.document import Document

#: Characters. Beyond the first a document is left alone, beyond the second it is not parsed, so
#: that only selections in it can be worked on: parsing 1 MB takes about 150 ms.
MAX_DOCUMENT = 10_000_000
MAX_PARSED = 2_000_000
#: A rewrite of more than this is slow and rarely right; smaller pieces do better.
MAX_REGION_LINES = 400
MAX_REGION = 60_000


def why_not_document(document: Document) -> str | None:
    """Return why no action works on a document, as a sentence; None where they do."""
    name = file_name(document.uri)
    if not document.text.strip():
        return f"{name} is empty, so there is nothing to work on."
    if "\0" in document.text:
        return f"{name} is not text (it holds NUL characters). Nothing was sent."
    if len(document.text) > MAX_DOCUMENT:
        size = len(document.text) // 1_000_000
        return (
            f"{name} has {size} million characters, and files of more than "
            f"{MAX_DOCUMENT // 1_000_000} million are left alone. Nothing was sent."
        )
    return None


def why_not_region(
    document: Document, target: Target, advice: str = "Select a part."
) -> str | None:
    """Return why a region is too large for one request, as a sentence and what to do."""
    size = len(target.region)
    lines = document.line_of(target.region.end - 1) - document.line_of(target.region.start) + 1
    if size <= MAX_REGION and lines <= MAX_REGION_LINES:
        return None
    what = f"{lines} lines" if lines > 1 else "one line"
    return (
        f"{target.name} is too large for one request ({what}, {size} characters; the limit is "
        f"{MAX_REGION_LINES} lines and {MAX_REGION} characters). Nothing was sent. {advice}"
    )
