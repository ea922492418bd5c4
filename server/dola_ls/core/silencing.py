"""Comments and attributes that tell a tool to be silent, where it was to be content."""

from __future__ import annotations

import re
from collections import Counter

_SILENCE = re.compile(
    r"#\s*(?:flake8:\s*|ruff:\s*)?noqa\b"
    r"|#\s*(?:type|pyright|mypy|ty|pyre):\s*ignore\b|#\s*pyre-(?:ignore|fixme)\b"
    r"|#\s*(?:pylint|rubocop|shellcheck|yamllint|hadolint)[:\s]\s*(?:todo|disable|ignore)\b"
    r"|#\s*(?:nosec|pragma:\s*no[ -]?cover)\b"
    r"|(?:eslint|tslint|oxlint|stylelint)[-:]disable|(?:biome|deno-lint|prettier|svelte)-ignore"
    r"|@ts-(?:ignore|expect-error|nocheck)\b|//\s*#?(?:nolint|nosec)\b|\blint:ignore\b"
    r"|\bNOLINT\w*|\bNOSONAR\b|\bNOPMD\b|#pragma\s+(?:warning\s*\(?disable|\w+\s+diagnostic\s+ignored)"
    r"|#!?\[\s*(?:allow|expect)\s*\(|@SuppressWarnings\b|\[SuppressMessage\b|#\[SuppressWarnings\b"
    r"|@(?:phpstan|psalm)-(?:ignore|suppress)[\w-]*|phpcs:(?:ignore|disable)|noinspection\b",
    re.IGNORECASE,
)
#: Words of the user's own that ask for it.
_ASKED = re.compile(r"\b(?:ignor|silenc|suppress|disabl|allow|noqa|nolint)", re.IGNORECASE)


def silences(new: str, old: str, instruction: str | None = None) -> str | None:
    """Return the mark with which new code silences a tool more often than the old code did.

    None where there is none, or where the user asked for it.
    """
    if instruction and _ASKED.search(instruction):
        return None
    fresh = Counter(_marks(new)) - Counter(_marks(old))
    return min(fresh) if fresh else None


def _marks(code: str) -> list[str]:
    return [" ".join(match.split()) for match in _SILENCE.findall(code)]
