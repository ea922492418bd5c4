"""How fast an engine read and wrote, by its own clock."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.relay import Exchange


def rates(exchanges: Sequence[Exchange]) -> str:
    """Return the engine's rates over some exchanges."""
    read, wrote = read_rate(exchanges), answer_rate(exchanges)
    if read is None or wrote is None:
        return "The engine told no rates."
    return (
        f"The engine read {read:.1f} tokens a second and wrote {wrote:.1f}, drafts included, "
        f"over {len(exchanges)} requests."
    )


def read_rate(exchanges: Sequence[Exchange]) -> float | None:
    """Return the tokens of prompts read in a second."""
    # A few tokens behind a known prompt say little: each batch has its own cost.
    whole = [e for e in exchanges if e.read_tokens >= 64]
    spent = sum(e.read_ms for e in whole)
    return sum(e.read_tokens for e in whole) / spent * 1000 if spent else None


def answer_rate(exchanges: Sequence[Exchange]) -> float | None:
    """Return the tokens of answers written in a second."""
    spent = sum(e.answer_ms for e in exchanges)
    return sum(e.answer_tokens for e in exchanges) / spent * 1000 if spent else None
