"""What a request may cost, and what is charged for it."""

from __future__ import annotations

import math

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.known_models import FREE, UNKNOWN_PRICE, Price, find
from dola_ls.model.local import LocalModel
from dola_ls.model.prices import (
    Estimate,
    Terms,
    charge,
    dollars,
    estimate,
    micros,
    stated_terms,
    terms_of,
)
from dola_ls.model.provider import PROVIDERS
from dola_ls.model.replies import Meta, Spent, TokenUsage, counted
from dola_ls.model.stream import Usage
from tests.fakes.model import FakeModel

CODE = Terms(Price(0.65, 3.90), 4096)
MOST = Estimate(1000, 2000, 8450)


def endpoint(model: str, url: str = "https://api.example/v1", provider: str = "custom") -> Endpoint:
    return Endpoint(provider, url, model)


def test_the_models_of_the_known_providers_have_their_prices() -> None:
    for provider in PROVIDERS.values():
        assert find(provider.model) is not None
        assert find(provider.fast_model) is not None
    assert terms_of(endpoint("bytedance/dola-seed-2-0-lite")).price == Price(0.325, 2.60)


async def test_another_model_at_the_same_address_has_a_price_of_its_own() -> None:
    client = HttpModel(endpoint("bytedance/dola-seed-2-0-code"))
    other = client.asking(endpoint("bytedance/dola-seed-2-0-lite"))
    assert client.terms == Terms(Price(0.65, 3.90), 4096, 131_072)
    assert other.terms == Terms(Price(0.325, 2.60), 4096, 131_072)
    await client.aclose()


def test_a_model_of_unknown_price_is_taken_to_be_dear() -> None:
    assert terms_of(endpoint("gpt-x")).price == UNKNOWN_PRICE == Price(2.5, 10.0)
    # The embedded models are free here alone.
    assert terms_of(endpoint("Qwen2.5-Coder-1.5B-Instruct")).price == UNKNOWN_PRICE
    assert stated_terms(object()).price == UNKNOWN_PRICE  # type: ignore[arg-type]  # says nothing


@pytest.mark.parametrize("model", ["gpt-4.1", "openai/gpt-4.1", "gpt-4.1-2025-04-14"])
def test_models_at_openai_have_their_list_price(model: str) -> None:
    assert terms_of(endpoint(model)).price == Price(2.0, 8.0)
    assert terms_of(endpoint(f"{model}-pro")).price == UNKNOWN_PRICE


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]"])
def test_what_runs_on_this_machine_is_free(url: str) -> None:
    assert terms_of(endpoint("bytedance/dola-seed-2-0-code", url)).free
    assert LocalModel.terms.free
    assert stated_terms(FakeModel("")).free


def test_an_estimate_holds_all_that_may_be_billed() -> None:
    prompt = Prompt("s" * 100, "u" * 900, prediction="p" * 400, max_tokens=1000)
    most = estimate(CODE, prompt)
    assert most.input_tokens >= 500 + 200
    # The answer, the thoughts, and a prediction that is rejected as a whole.
    assert most.output_tokens == 1000 + 4096 + 200
    assert most.micros >= most.input_tokens * 0.65 + most.output_tokens * 3.90
    assert estimate(Terms(FREE), prompt).micros == 0


def test_characters_of_many_bytes_are_not_taken_for_few_tokens() -> None:
    assert estimate(CODE, Prompt("", "多" * 1000)).input_tokens >= 1500
    assert estimate(CODE, Prompt("", "\ud800" * 10)).input_tokens > 0


def test_more_than_128_thousand_tokens_of_input_cost_twice_as_much() -> None:
    below = charge(CODE, Usage(128_000, 1000), MOST)
    above = charge(CODE, Usage(128_001, 1000), MOST)
    assert below == math.ceil(128_000 * 0.65 + 3900)
    assert above == math.ceil(2 * (128_001 * 0.65 + 3900))


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(100, 50, cost_usd=0.0123451), 12346),  # the server's word, rounded up
        (Usage(cost_usd=0.0), 0),
        (Usage(1000, 100), 1040),
        (Usage(1, 0), 1),
        # Not told, or not to be believed: the estimate.
        (None, 8450),
        (Usage(), 8450),
        (Usage(prompt_tokens=100), 8450),
        (Usage(completion_tokens=100), 8450),
        (Usage(0, 0), 8450),
        (Usage(-5, 10), 8450),
        (Usage(cost_usd=-1.0), 8450),
        (Usage(cost_usd=math.nan), 8450),
        (Usage(cost_usd=math.inf), 8450),
    ],
)
def test_what_is_charged(usage: Usage | None, cost: int) -> None:
    assert charge(CODE, usage, MOST) == cost


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(1000, 100, total_tokens=1500), 2600),
        (Usage(1000, None, total_tokens=1500), 2600),
        (Usage(1000, 100, total_tokens=1100), 1040),
        # Less than the two is not to be believed.
        (Usage(1000, 100, total_tokens=0), 1040),
        (Usage(None, 100, total_tokens=1500), 8450),
        (Usage(1000, 100, cost_usd=0.01, total_tokens=1500), 10_000),
    ],
)
def test_thoughts_that_stand_in_the_total_alone_are_charged(usage: Usage, cost: int) -> None:
    assert charge(CODE, usage, MOST) == cost


def test_the_cost_beside_the_tokens_counts_where_the_server_names_no_other() -> None:
    told = TokenUsage.model_validate({"prompt_tokens": 10, "cost": 0.0042, "total_tokens": 12})
    assert counted(told, None, None).cost_usd == 0.0042
    assert counted(told, None, None).total_tokens == 12
    assert counted(told, Meta(usage=Spent(usd_spent=0.5)), None).cost_usd == 0.5
    # The fee alone: the other service sends a bill of its own.
    fee = TokenUsage.model_validate({"cost": 0.0, "is_byok": True})
    assert counted(fee, None, None).cost_usd is None
    odd = TokenUsage.model_validate({"cost": {"total_cost": 1}})
    assert counted(odd, None, None).cost_usd is None


def test_credits_count_where_the_server_names_no_dollars() -> None:
    # The sample of the provider's documentation: 23155 credits are $0.0115775.
    told = counted(None, Meta(usage=Spent(credits_used=23155)), None)
    assert told.cost_usd == pytest.approx(0.0115775)
    told = counted(None, Meta(usage=Spent(credits_used=1, usd_spent=0.5)), None)
    assert told.cost_usd == 0.5


def test_money_in_words() -> None:
    assert dollars(micros(0.5)) == "$0.50"
    assert dollars(123_456) == "$0.1235"
    assert micros(math.inf) == math.inf
