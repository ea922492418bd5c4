"""`dola.status`: what is under way, which model is set, and what the session has come to."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from dola_ls.lsp.configuration import Configuration
    from dola_ls.lsp.jobs import Job
    from dola_ls.lsp.server import DolaServer
    from dola_ls.model.ledger import Ledger

#: Models whose use of predictions is told; editors cut a message after some 1000 characters.
_MOST_MODELS = 3


def tell(server: DolaServer) -> None:
    """Say how things stand, in one message; asks nobody."""
    configuration = server.configuration
    sentences = [
        f"dola-ls {server.version}: {_under_way(server.jobs.under_way())}.",
        _model(configuration),
        _session(server.ledger),
        _spent(server),
        *_predictions(configuration),
        "`dola-ls check` in a terminal says more.",
    ]
    # One line: some editors show the first one only.
    server.say(" ".join(sentences), types.MessageType.Info)
    server.tell_problems()


def _under_way(jobs: list[Job]) -> str:
    now = time.monotonic()
    names = [f"{job.label} ({now - job.started:.0f} s)" for job in jobs]
    return ", ".join(names) or "nothing is under way"


def _model(configuration: Configuration) -> str:
    from dola_ls.model.endpoint import Endpoint
    from dola_ls.model.provider import PROVIDERS, LocalChoice, other_models
    from dola_ls.model.weights import MODELS

    settings = configuration.settings().settings
    if configuration.fixed_model is not None:
        return f"Model: {configuration.fixed_model.name}."
    match configuration.choice:
        case Endpoint() as endpoint:
            known = PROVIDERS.get(endpoint.provider)
            others = "".join(
                f", {model} for {', '.join(actions)}"
                for model, actions in other_models(endpoint, settings).items()
            )
            at = known.title if known else endpoint.host
            return f"Model: {endpoint.model} at {at}{others}."
        case LocalChoice(model=name):
            return f"Model: {MODELS[name].title} in the embedded engine."
        case None:
            named = f", model: {settings.model}" if settings.model else ""
            return f"Provider: {settings.provider}{named}; settled when an action needs it."
    return f"Provider: {settings.provider}; no model could be asked."


def _session(ledger: Ledger) -> str:
    total = ledger.session
    if not total.calls:
        return "No answer yet in this session."
    each = ", ".join(f"{name or 'other'} {sum_.calls}" for name, sum_ in ledger.actions.items())
    words = [f"{total.calls} {'answer' if total.calls == 1 else 'answers'} ({each})"]
    if total.calls > total.uncounted_calls:
        thinking = f" ({total.reasoning_tokens} thinking)" if total.reasoning_tokens else ""
        cached = f" ({total.cached_tokens} cached)" if total.cached_tokens else ""
        words += [
            f"{total.prompt_tokens} tokens in{cached}",
            f"{total.completion_tokens} out{thinking}",
        ]
    if total.uncounted_calls:
        words.append(f"tokens of {total.uncounted_calls} not told")
    accepted, rejected = total.accepted_prediction_tokens, total.rejected_prediction_tokens
    if accepted or rejected:
        words.append(f"predicted tokens: {accepted} accepted, {rejected} rejected")
    priced = total.calls - total.unpriced_calls
    if priced:
        some = f" for {priced} of {total.calls} answers" if total.unpriced_calls else ""
        words.append(f"${total.cost_usd:.6f}{some}")
    return f"This session: {', '.join(words)}."


def _spent(server: DolaServer) -> str:
    """Return what was charged, as the limits see it, and the limits."""
    limits = server.configuration.settings().settings.limits
    purse = server.ledger.purse
    sums = (
        (purse.session, limits.session_usd, "in this session"),
        (purse.day.spent(), limits.day_usd, "today"),
    )
    words = [f"${micros / 1_000_000:.4f}{_of(limit)} {when}" for micros, limit, when in sums]
    return f"Charged: {', '.join(words)}."


def _of(limit: float) -> str:
    return "" if math.isinf(limit) else f" of ${limit:.2f}"


def _predictions(configuration: Configuration) -> list[str]:
    """Return a sentence for each model of which something is known, the one in use first."""
    from dola_ls.model.endpoint import Endpoint
    from dola_ls.model.provider import LocalChoice

    book, choice = configuration.predictions, configuration.choice
    if book is None:
        return []
    sentences, known = [], book.known()
    if isinstance(choice, LocalChoice):
        sentences.append("Predictions: the embedded engine drafts from the prompt itself.")
    elif isinstance(choice, Endpoint):
        here = (choice.origin, choice.model)
        known = [here, *(other for other in known if other != here)]
    for origin, model in known[:_MOST_MODELS]:
        host = origin.partition("://")[2].removesuffix(":443")
        sentences.append(f"Predictions with {model} at {host}: {book.describe(origin, model)}.")
        if book.tools_refused(origin, model):
            sentences.append(
                f"Tools are not offered to {model} at {host}: the server refuses them."
            )
    if len(known) > _MOST_MODELS:
        sentences.append(f"{len(known) - _MOST_MODELS} more models are known.")
    return sentences
