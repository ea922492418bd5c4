"""What a request may cost at the most, and what it did cost; all money in millionths of a dollar.

Whole numbers, rounded up: sums of them are exact, and never too small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.prompt import Prompt
from dola_ls.model.endpoint import Endpoint, is_loopback
from dola_ls.model.known_models import FREE, UNKNOWN_PRICE, Price, find, price_of
from dola_ls.model.stream import Usage

if TYPE_CHECKING:
    from dola_ls.model.sampling import Plan
    from dola_ls.model.stream import ChatModel

#: Beyond so many tokens of input BytePlus bills twice the price, for input and output.
_LONG_INPUT = 128_000
#: Bytes of UTF-8 that take a token at the least, in code with many digits and signs; a Chinese
#: character is three bytes and about one token.
_BYTES_PER_TOKEN = 2
#: Tokens round the two messages of a request.
_FRAME = 32
#: Dollars that no request costs.
_ABSURD = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What asking a model comes to."""

    price: Price
    #: Tokens that are added to what a prompt allows for its answer.
    reasoning_tokens: int = 0
    #: Tokens that an answer of the model can have at all; None where that is not known.
    largest_answer: int | None = None
    #: How the user wants answers drawn, which may bound them otherwise.
    plan: Plan | None = None

    def answer_tokens(self, prompt: Prompt) -> int:
        """Return the tokens that an answer may have, thoughts included."""
        wanted = self.plan.of(prompt.action).max_tokens if self.plan is not None else None
        tokens = wanted or prompt.max_tokens + self.reasoning_tokens
        return min(tokens, self.largest_answer or tokens)

    @property
    def free(self) -> bool:
        """Whether nobody sends a bill."""
        return self.price == FREE


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one request may come to at the most."""

    input_tokens: int
    output_tokens: int
    micros: int

    @property
    def usd(self) -> float:
        """The money in dollars."""
        return self.micros / 1_000_000


def terms_of(endpoint: Endpoint) -> Terms:
    """Return the terms of a model behind an address; on this machine nothing is billed."""
    known = find(endpoint.model)
    here = endpoint.provider == "local" or is_loopback(endpoint.base_url)
    price = FREE if here else price_of(endpoint.model)
    largest = known.largest_answer if known is not None else None
    return Terms(price, endpoint.reasoning_tokens, largest, endpoint.plan)


def stated_terms(model: ChatModel) -> Terms:
    """Return what a model says of itself; one that says nothing is taken to be large."""
    terms = getattr(model, "terms", None)
    return terms if isinstance(terms, Terms) else Terms(UNKNOWN_PRICE, 4096)


def estimate(terms: Terms, prompt: Prompt) -> Estimate:
    """Return what a prompt may come to at the most, before it is sent.

    A prediction is sent too, and the tokens of it that are not accepted are billed as output:
    https://platform.openai.com/docs/guides/predicted-outputs.
    """
    predicted = _tokens(prompt.prediction or "")
    input = _tokens(prompt.system) + _tokens(prompt.user) + _FRAME
    input += sum(one.tokens for one in prompt.media)
    input += sum(_tokens(text) + _FRAME for text in prompt.turn_texts)
    input += sum(_tokens(f"{tool}") for tool in prompt.tools)
    output = terms.answer_tokens(prompt) + predicted
    sent = input + predicted
    return Estimate(sent, output, _micros(terms.price, sent, output))


def charge(terms: Terms, usage: Usage | None, most: Estimate) -> int:
    """Return what a call is to be charged with.

    The server's own word on money comes first, then its count of tokens. Where it said neither, as
    of what was broken off, the estimate stands.
    """
    if usage is None:
        return most.micros
    told, sent, written = usage.cost_usd, usage.prompt_tokens, usage.completion_tokens
    if sent is not None and usage.total_tokens is not None:
        # xAI, Google and others count thoughts in the sum alone.
        written = max(written or 0, usage.total_tokens - sent)
    if told is not None and 0 <= told < _ABSURD:
        return math.ceil(round(told * 1_000_000, 3))
    if sent is not None and written is not None and sent > 0 and written >= 0:
        return _micros(terms.price, sent, written)
    return most.micros


def micros(usd: float) -> float:
    """Return a limit in millionths of a dollar; infinity stays what it is."""
    return usd if math.isinf(usd) else math.floor(round(usd * 1_000_000, 3))


def dollars(micros: float) -> str:
    """Return money for people: cents, or as many digits as a small sum needs."""
    usd = micros / 1_000_000
    if usd == round(usd, 2):
        return f"${usd:.2f}"
    return f"${usd:.4f}"


def _tokens(text: str) -> int:
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)


def _micros(price: Price, input: int, output: int) -> int:
    times = 2 if input > _LONG_INPUT else 1
    return math.ceil(round(times * (input * price.input + output * price.output), 3))
