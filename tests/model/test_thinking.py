"""Room for thoughts follows the effort, and keeps ordinary actions within the usual limits."""

from __future__ import annotations

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model.endpoint import Effort, Endpoint
from dola_ls.model.keys import Keys
from dola_ls.model.known_models import UNKNOWN_CONTEXT, UNKNOWN_PRICE, context_tokens, price_of
from dola_ls.model.prices import Terms, estimate
from dola_ls.model.provider import choose
from dola_ls.model.thinking import thinking_tokens
from dola_ls.settings import LimitSettings, Settings

SEED = "bytedance/dola-seed-2-0-code"
EFFORTS: list[Effort] = ["low", "medium", "high"]
LIMITS = LimitSettings()


def usd(model: str, effort: Effort | None, lines: int = 40) -> float:
    """Return what a refactoring of so many lines may cost at the most."""
    region = "        result = result + item.price * 2\n" * lines
    context = "x" * int(3.5 * context_tokens(model, None))
    answer = 256 + len(region) // 2
    prompt = Prompt("s" * 4000, context + region, prediction=region, max_tokens=answer)
    room = thinking_tokens(model, effort, here=False)
    return estimate(Terms(price_of(model), room), prompt).usd


def test_room_follows_the_effort() -> None:
    assert [thinking_tokens(SEED, effort, here=False) for effort in EFFORTS] == [
        4096,
        12_288,
        16_384,
    ]
    assert thinking_tokens("qwen3:8b", None, here=True) == 2048
    assert [thinking_tokens("qwen3:8b", effort, here=True) for effort in EFFORTS] == [4096] * 3
    # One that may think unasked.
    assert thinking_tokens("gpt-4.1", None, here=False) == 5000
    assert thinking_tokens("o4-mini", None, here=False) == 8192
    assert thinking_tokens("gpt-x", None, here=False) == 4000


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("lines", [40, 120])
def test_an_ordinary_action_is_not_asked_about(effort: Effort, lines: int) -> None:
    assert usd(SEED, effort, lines) <= LIMITS.ask_above_usd


@pytest.mark.parametrize("model", ["gpt-4.1", "o3", "o4-mini", "gpt-5-mini", "gpt-x"])
def test_nor_is_one_by_a_model_that_may_think_unasked(model: str) -> None:
    assert usd(model, None) <= LIMITS.ask_above_usd


@pytest.mark.parametrize("effort", [None, *EFFORTS])
def test_one_by_a_model_of_unknown_price_is_not_refused(effort: Effort | None) -> None:
    assert usd("gpt-x", effort) <= LIMITS.action_usd


def test_a_completion_by_a_model_of_unknown_price_needs_no_question() -> None:
    # As much as `dola_ls.core.inline` ever sends, and asks for.
    prompt = Prompt("s" * 1500, "x" * 7000, max_tokens=512 + 128)
    room = thinking_tokens("gpt-x", None, here=False)
    assert estimate(Terms(UNKNOWN_PRICE, room), prompt).usd <= LIMITS.ask_above_usd
    assert context_tokens("gpt-x", None) == UNKNOWN_CONTEXT


@pytest.mark.parametrize(
    ("values", "room"),
    [
        ({"reasoning_effort": "high"}, 16_384),
        ({}, 4096),
        ({"provider": "custom", "base_url": "http://127.0.0.1:1/v1", "model": "m"}, 2048),
        ({"provider": "custom", "base_url": "https://a.example", "model": "o4-mini"}, 8192),
    ],
)
async def test_the_room_is_that_of_the_settings(values: dict[str, str], room: int) -> None:
    keys = Keys(env={"DOLA_API_KEY": "key-of-this-test-alone"})
    found = await choose(Settings.model_validate(values), keys)
    assert isinstance(found, Endpoint)
    assert found.reasoning_tokens == room
