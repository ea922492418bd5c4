"""What is known of models by their ids: window, longest answer, price and abilities, in one table.

A model that is not in it is taken to be small and dear, and to do no more than text; what it really
does is learnt from its answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

#: The part of a model's window that goes to code round the region unless the user says otherwise.
#: Reading is cheap next to writing, but not free: on the Seed models this is half a cent and a
#: fraction of a second, and three requests of an action stay below `limits.action_input_tokens`.
CONTEXT_SHARE = 1 / 32
#: The same for models whose window is not known, which may be as small as 16384 tokens.
UNKNOWN_CONTEXT = 6000
#: The embedded engine reads some hundred tokens a second, so this many take several of them.
LOCAL_CONTEXT = 1500
#: The part of a window that code round the region may take at the most, whatever the user says: the
#: region, what is predicted and the answer need the rest.
_LARGEST_SHARE = 1 / 2


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens, which is millionths of a dollar for one."""

    input: float
    output: float


FREE = Price(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model at one provider."""

    #: Tokens of a request and its answer together.
    window: int
    #: Tokens that one answer may have, thoughts included.
    largest_answer: int
    price: Price
    image: bool = False
    video: bool = False
    tools: bool = False
    #: Whether it thinks before it answers, so that an effort means something to it.
    reasoning: bool = False
    #: Whether `prediction` is documented for it. What a server makes of it is learnt:
    #: `dola_ls.model.prediction`.
    prediction: bool = False

    @property
    def context_tokens(self) -> int:
        """Tokens of code round the region that are sent unless the user says otherwise."""
        return int(self.window * CONTEXT_SHARE)


#: What ``max_completion_tokens`` may be there, although the models can write twice as much:
#: https://docs.byteplus.com/en/docs/Byteplus_LAS/Chat_API.
_ARK_ANSWER = 65_536


def _seed(price: Price, *, prediction: bool = False, longest: int = 131_072) -> KnownModel:
    # https://docs.aimlapi.com, and the model list of ModelArk for the longest answer:
    # https://docs.byteplus.com/en/docs/ModelArk/1330310.
    return KnownModel(
        window=262_144,
        largest_answer=longest,
        price=price,
        image=True,
        video=True,
        tools=True,
        reasoning=True,
        prediction=prediction,
    )


#: The engine is started with this window, although the models could take 32768 tokens: memory.
_EMBEDDED = KnownModel(window=8192, largest_answer=8192, price=FREE)

#: Prices of the first provider are derived from the `meta.usage` of the samples in its
#: documentation, which come to 1.3 times BytePlus's list (https://docs.aimlapi.com); those of
#: ModelArk are its list. What a server says that a call cost goes before all of these.
MODELS = MappingProxyType(
    {
        "bytedance/dola-seed-2-0-code": _seed(Price(0.65, 3.90), prediction=True),
        "bytedance/dola-seed-2-0-lite": _seed(Price(0.325, 2.60)),
        "seed-2-0-code-preview-260328": _seed(Price(0.50, 3.00), longest=_ARK_ANSWER),
        "seed-2-0-lite-260228": _seed(Price(0.25, 2.00), longest=_ARK_ANSWER),
        "Qwen2.5-Coder-1.5B-Instruct": _EMBEDDED,
        "Qwen2.5-Coder-0.5B-Instruct": _EMBEDDED,
    }
)


#: What a model of unknown price is taken to cost: as much as a large one does at most providers.
#: With the price of the dearest, cheap ones would be asked about before each action.
UNKNOWN_PRICE = Price(2.5, 10.0)
#: List prices of models that are asked at addresses of the user's own and known for nothing else:
#: https://platform.openai.com/docs/pricing.
_LISTED = MappingProxyType(
    {
        "gpt-4.1": Price(2.00, 8.00),
        "gpt-4.1-mini": Price(0.40, 1.60),
        "gpt-4.1-nano": Price(0.10, 0.40),
        "gpt-4o": Price(2.50, 10.00),
        "gpt-4o-mini": Price(0.15, 0.60),
        "gpt-5": Price(1.25, 10.00),
        "gpt-5-mini": Price(0.25, 2.00),
        "o3": Price(2.00, 8.00),
        "o3-mini": Price(1.10, 4.40),
        "o4-mini": Price(1.10, 4.40),
    }
)


def price_of(model: str) -> Price:
    """Return what a model on another machine costs; one that is not known is taken to be large."""
    known = find(model)
    if known is not None and known.price != FREE:
        return known.price
    name = re.sub(r"-\d{4}-\d\d-\d\d$", "", model.removeprefix("openai/"))
    return _LISTED.get(name, UNKNOWN_PRICE)


def find(model: str) -> KnownModel | None:
    """Return what is known of a model by the id it is asked by; None for nothing."""
    return MODELS.get(model)


def context_tokens(model: str, wanted: int | None) -> int:
    """Return the tokens of code round the region for a model; `wanted` is the user's own figure."""
    known = find(model)
    if known is None:
        return UNKNOWN_CONTEXT if wanted is None else wanted
    usual = LOCAL_CONTEXT if known is _EMBEDDED else known.context_tokens
    return usual if wanted is None else min(wanted, int(known.window * _LARGEST_SHARE))
