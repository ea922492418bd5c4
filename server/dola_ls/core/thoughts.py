"""What a model thought in the requests of one action, to be looked at and never an answer."""

from __future__ import annotations

from collections.abc import Sequence

from dola_ls.core.page_head import as_code
from dola_ls.core.safe_markdown import safe_markdown

#: Characters that are kept; what follows is not.
MOST = 200_000
_CUT = "\n\n(The rest was not kept.)"


class Thoughts:
    """Collects the reasoning of an action as it comes, up to a limit."""

    def __init__(self) -> None:
        self._requests: list[list[str]] = []
        self._left = MOST

    def begin(self) -> None:
        """Let a new request begin."""
        self._requests.append([])

    def add(self, text: str) -> None:
        """Take a piece in."""
        if not text or self._left < 0:
            return
        here = self._requests[-1]
        here.append(text[: self._left])
        self._left -= len(text)
        if self._left < 0:
            here.append(_CUT)

    @property
    def texts(self) -> tuple[str, ...]:
        """The reasoning of each request, which may be empty."""
        return tuple("".join(parts).strip() for parts in self._requests)


def thoughts_page(label: str, model: str, texts: Sequence[str]) -> str:
    """Return a page of Markdown in which nothing is live."""
    parts = [
        f"# What the model thought: {as_code(label)}",
        f"{as_code(model)} · The reasoning as it was sent along; none of it was used as an answer.",
    ]
    for number, text in enumerate(texts, 1):
        if len(texts) > 1:
            parts.append(f"## Request {number}")
        parts.append(safe_markdown(text).strip() or "Nothing was sent along.")
    return "\n\n".join(parts) + "\n"
