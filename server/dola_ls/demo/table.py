"""The demo's closing table, from the receipts the server sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dola_ls.demo.steps import Result

_HEAD = ("action", "model", "seconds", "in", "out", "drafts taken", "cost")


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the head and a row for each step, with all its tries taken together."""
    return [_HEAD, *(_row(result) for result in results)]


def _row(result: Result) -> tuple[str, ...]:
    name, receipts = result.step.name, result.receipts
    if len(receipts) > 1:
        name += f" ({len(receipts)} tries)"
    accepted = _sum(receipts, "acceptedPredictionTokens")
    rejected = _sum(receipts, "rejectedPredictionTokens")
    drafted = None if accepted is None else accepted + (rejected or 0)
    cost = _sum(receipts, "costUsd")
    seconds = _sum(receipts, "seconds")
    return (
        name + (": nothing of use" if result.why else ""),
        next((receipt["model"] for receipt in reversed(receipts) if receipt["model"]), "–"),
        "–" if seconds is None else f"{seconds:.1f}",
        _count(_sum(receipts, "promptTokens")),
        _count(_sum(receipts, "completionTokens")),
        f"{accepted} of {drafted}" if drafted else "–",
        "–" if cost is None else f"${cost:.4f}",
    )


def _sum(receipts: Sequence[dict[str, Any]], name: str) -> Any:
    """Return the sum of a figure; None where the server never said it."""
    known = [receipt[name] for receipt in receipts if receipt.get(name) is not None]
    return sum(known) if known else None


def _count(number: int | None) -> str:
    return "–" if number is None else str(number)
