"""Answers that came and are of no use."""

from __future__ import annotations

from dola_ls.model.errors.base import Facts, ModelError, saying


class CutOff(ModelError):
    """The answer ended without the server saying that it was over, or by `said` for a failure."""

    rule = "cut_off"
    retryable = True

    def __init__(self, facts: Facts, said: str | None = None) -> None:
        what = (
            f"{facts.host} broke its answer off ({said})"
            if said
            else f"The connection to {facts.host} ended before the answer was complete"
        )
        super().__init__(
            f"{what}. Half an answer is not used: nothing was changed. Run the action again; this "
            "try may be billed.",
            facts,
        )


class OutOfTokens(ModelError):
    """The answer met the token limit, or thinking used all of it."""

    rule = "out_of_tokens"

    def __init__(self, facts: Facts, *, only_thinking: bool = False) -> None:
        usage = facts.completion.usage if facts.completion else None
        count = usage.completion_tokens if usage else None
        used = f"all its {count} tokens" if count else "all its tokens"
        what = f"used {used} for thinking" if only_thinking else f"used {used} before it was done"
        thinks = only_thinking or (usage is not None and usage.reasoning_tokens)
        advice = (
            "Select fewer lines, or lower the reasoning effort."
            if thinks
            else ("Select fewer lines, or run the action again.")
        )
        super().__init__(
            f"{facts.model} {what}, so there is no complete answer and nothing was changed. "
            f"{advice}",
            facts,
        )


class ModelRefused(ModelError):
    """The model declined in so many words."""

    rule = "model_refused"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"{facts.model} declined to do this{saying(facts)}. Nothing was changed. Put the "
            "request differently, or select other code.",
            facts,
        )


class Filtered(ModelError):
    """The provider's content filter stopped the request or the answer."""

    rule = "filtered"

    def __init__(self, facts: Facts) -> None:
        super().__init__(
            f"The content filter of {facts.host} stopped the request or the answer. Nothing was "
            "changed. Select other code: names and texts in it can set the filter off.",
            facts,
        )
