"""The one table of models, and how much code a model is shown because of it."""

from __future__ import annotations

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.known_models import (
    FREE,
    LOCAL_CONTEXT,
    MODELS,
    UNKNOWN_CONTEXT,
    context_tokens,
    find,
)
from dola_ls.model.local import LocalModel
from dola_ls.model.prices import Terms, estimate, terms_of
from dola_ls.model.provider import PROVIDERS
from dola_ls.model.request import compose
from dola_ls.model.sampling import Plan, Sampling
from dola_ls.model.weights import MODELS as WEIGHTS
from dola_ls.settings import LimitSettings

CODE = "bytedance/dola-seed-2-0-code"
ARK = "seed-2-0-code-preview-260328"
PLENTY = Plan(Sampling(max_tokens=900_000))


def test_the_models_of_every_provider_and_of_the_engine_are_known() -> None:
    names = {name for one in PROVIDERS.values() for name in (one.model, one.fast_model)}
    assert names | {weights.title for weights in WEIGHTS.values()} == set(MODELS)
    for name in names:
        known = find(name)
        assert known is not None
        assert (known.window, known.image, known.video, known.tools) == (262144, True, True, True)
        assert known.reasoning
        assert known.price.output > known.price.input > 0
    assert find("gpt-x") is None
    assert find("") is None


def test_the_fast_model_is_the_cheaper_one() -> None:
    for provider in PROVIDERS.values():
        usual, fast = find(provider.model), find(provider.fast_model)
        assert usual is not None
        assert fast is not None
        assert fast.price.input < usual.price.input
        assert fast.price.output < usual.price.output


def test_the_engine_is_free_and_does_text_alone() -> None:
    for weights in WEIGHTS.values():
        known = find(weights.title)
        assert known is not None
        assert known.price == FREE
        assert not any((known.image, known.video, known.tools, known.reasoning))


def test_a_model_of_that_name_elsewhere_is_not_free() -> None:
    name = WEIGHTS["1.5b"].title
    assert not terms_of(Endpoint("custom", "https://gpu.example/v1", name)).free
    assert terms_of(Endpoint("custom", "http://127.0.0.1:8080/v1", name)).free


@pytest.mark.parametrize(
    ("model", "wanted", "tokens"),
    [
        (CODE, None, 8192),
        (CODE, 30_000, 30_000),
        (CODE, 200_000, 131_072),
        (CODE, 200, 200),
        ("gpt-x", None, UNKNOWN_CONTEXT),
        ("gpt-x", 50_000, 50_000),
        ("Qwen2.5-Coder-1.5B-Instruct", None, LOCAL_CONTEXT),
        ("Qwen2.5-Coder-1.5B-Instruct", 50_000, 4096),
    ],
)
def test_how_much_code_a_model_is_shown(model: str, wanted: int | None, tokens: int) -> None:
    assert context_tokens(model, wanted) == tokens


def test_three_requests_with_the_usual_context_stay_below_the_usual_limit() -> None:
    # As dense as code gets: three characters and a bit for a token.
    text = "x" * int(context_tokens(CODE, None) * 3.2)
    most = estimate(Terms(FREE), Prompt("s" * 2000, text))
    assert most.input_tokens * 3 < LimitSettings().action_input_tokens


def test_the_engine_has_room_for_what_it_is_shown() -> None:
    known = find(WEIGHTS["0.5b"].title)
    assert known is not None
    assert LocalModel(WEIGHTS["0.5b"])._order["n_ctx"] == known.window


def test_no_answer_is_asked_for_that_is_longer_than_the_model_can_give() -> None:
    endpoint = Endpoint("custom", "https://a.example", CODE, plan=PLENTY)
    request = compose(endpoint, Prompt("s", "u"), predicted=False)
    assert request.max_tokens == 131_072
    ark = Endpoint("ark", "https://ark.ap-southeast.bytepluses.com/api/v3", ARK, plan=PLENTY)
    assert compose(ark, Prompt("s", "u"), predicted=False).max_completion_tokens == 65_536
    unknown = Endpoint("custom", "https://a.example", "m", plan=PLENTY)
    assert compose(unknown, Prompt("s", "u"), predicted=False).max_tokens == 900_000
