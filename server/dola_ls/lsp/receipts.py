"""What an action took, for the progress that ends, for the logs, and as an event."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dola_ls.core.outcome import (
    Cancelled,
    Created,
    Edited,
    Explained,
    Outcome,
    Previewed,
    Proposed,
    Receipt,
    Refused,
    Tried,
    Unchanged,
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What an action and its day have come to, by the sum that the limits go by.

    In millionths of a dollar; the limit in dollars, infinity for none.
    """

    action: int
    today: int
    day_usd: float

    @property
    def words(self) -> list[str]:
        """The parts of a receipt."""
        limit = "" if math.isinf(self.day_usd) else f" of ${self.day_usd:.2f}"
        charged = f"charged ${self.action / 1_000_000:.6f}"
        return [charged, f"today ${self.today / 1_000_000:.4f}{limit}"]


def receipt_of(outcome: Outcome) -> Receipt | None:
    """Return what an action cost; None where no model was asked."""
    return getattr(outcome, "receipt", None)


def in_words(receipt: Receipt, spent: Spent | None = None) -> str:
    """Return all that is known of what an action cost, in one line; it never holds code."""
    words = [receipt.model, f"{receipt.seconds:.1f} s"]
    if receipt.prompt_tokens is not None:
        cached = f" ({receipt.cached_tokens} cached)" if receipt.cached_tokens else ""
        words.append(f"{receipt.prompt_tokens} tokens in{cached}")
    if receipt.completion_tokens is not None:
        words.append(f"{receipt.completion_tokens} out")
    if receipt.reasoning_tokens:
        words.append(f"{receipt.reasoning_tokens} of them thinking")
    accepted, rejected = receipt.accepted_prediction_tokens, receipt.rejected_prediction_tokens
    if accepted or rejected:
        words.append(f"predicted tokens: {accepted or 0} accepted, {rejected or 0} rejected")
    if receipt.tools:
        calls = "1 tool call" if len(receipt.tools) == 1 else f"{len(receipt.tools)} tool calls"
        words.append(f"{calls} ({' '.join(receipt.tools)})")
    if receipt.cost_usd is not None:
        words.append(f"${receipt.cost_usd:.6f}")
    if spent is not None:
        words += spent.words
    return ", ".join(word for word in words if word)


def event(action: str, outcome: Outcome, spent: Spent | None = None) -> dict[str, object]:
    """Return an outcome as a `telemetry/event`, for clients that asked for receipts."""
    receipt = receipt_of(outcome) or Receipt("", 0.0)
    return {
        "type": "dola.receipt",
        "action": action,
        "outcome": type(outcome).__name__.lower(),
        "rule": getattr(outcome, "rule", None),
        "model": receipt.model,
        "seconds": round(receipt.seconds, 3),
        "promptTokens": receipt.prompt_tokens,
        "cachedTokens": receipt.cached_tokens,
        "completionTokens": receipt.completion_tokens,
        "reasoningTokens": receipt.reasoning_tokens,
        "acceptedPredictionTokens": receipt.accepted_prediction_tokens,
        "rejectedPredictionTokens": receipt.rejected_prediction_tokens,
        "tools": list(receipt.tools),
        "costUsd": receipt.cost_usd,
        "chargedUsd": spent.action / 1_000_000 if spent is not None else 0.0,
        "todayUsd": spent.today / 1_000_000 if spent is not None else None,
    }


def closing_words(outcome: Outcome, spent: Spent | None = None) -> str:
    """Return what the progress of an action says at its end: what came of it, and the receipt."""
    receipt = receipt_of(outcome)
    cost = f" ({in_words(receipt, spent)})" if receipt is not None else ""
    match outcome:
        case Edited(edits=edits):
            return f"{len(edits)} {'edit' if len(edits) == 1 else 'edits'}{cost}"
        case Created(path=path):
            return f"created {path.name}{cost}"
        case Tried(passed=None):
            return f"written, not run{cost}"
        case Tried(passed=passed, failed=failed):
            return f"{passed} passed, {failed} failed{cost}"
        case Explained():
            return f"explained{cost}"
        case Unchanged():
            return f"nothing to change{cost}"
        case Proposed():
            return f"kept for review{cost}"
        case Refused():
            return f"nothing was changed{cost}"
        case Previewed():
            return "nothing was sent"
        case Cancelled():
            return "cancelled"
