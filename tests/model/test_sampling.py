"""How answers are drawn, from the plan to the request, and what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from dola_ls.core.prompt import Prompt
from dola_ls.core.strategy import Predictions
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import AnswerTooShort
from dola_ls.model.known_models import Price
from dola_ls.model.ledger import Ledger, Metered
from dola_ls.model.prices import Terms, estimate
from dola_ls.model.request import compose, outgoing, unsent_settings
from dola_ls.model.sampling import ActionSampling, Plan, Sampling, UsageOption
from dola_ls.model.spending import ActionSum, CapReached
from dola_ls.settings import LimitSettings
from tests.fakes.api import FakeApi, answer
from tests.fakes.model import FakeModel
from tests.model.conftest import MakeModel, listen

URL = "https://gpu.example/v1"
LONG = "total = 0\n" * 40
REFACTOR = Prompt("s", "u", max_tokens=800, action="refactor")


def body(plan: Plan | None, prompt: Prompt = REFACTOR, url: str = URL) -> dict[str, Any]:
    endpoint = Endpoint("custom", url, "m", plan=plan, reasoning_tokens=1000)
    found: dict[str, Any] = json.loads(compose(endpoint, prompt, predicted=False).body())
    return found


def test_without_a_plan_a_request_is_as_ever() -> None:
    assert body(None) == body(Plan())
    assert set(body(None)) == {
        *("model", "messages", "max_tokens", "stream", "stream_options", "temperature"),
        "reasoning_effort",
    }


def test_every_field_gets_into_the_request() -> None:
    every = Sampling(
        temperature=0.5,
        frequency_penalty=-1,
        presence_penalty=-2,
        seed=9,
        max_tokens=3000,
        stop="END",
        stream_options=UsageOption(include_usage=False),
    )
    sent = body(Plan(every))
    fields = ("temperature", "frequency_penalty", "presence_penalty", "seed", "max_tokens", "stop")
    assert [sent[name] for name in fields] == [0.5, -1, -2, 9, 3000, ["END"]]
    assert "stream_options" not in sent
    assert body(Plan(Sampling(top_p=0.4)))["top_p"] == 0.4


def test_an_action_has_its_own_and_others_do_not() -> None:
    plan = Plan(Sampling(seed=1), {"explain": ActionSampling(temperature=1.5)})
    explain = body(plan, Prompt("s", "u", action="explain"))
    assert (explain["temperature"], explain["seed"]) == (1.5, 1)
    assert (body(plan)["temperature"], body(plan)["seed"]) == (0, 1)


def test_one_who_sets_top_p_alone_gets_no_temperature_beside_it() -> None:
    plan = Plan(Sampling(top_p=0.3))
    assert "temperature" not in body(plan)
    assert "temperature" not in body(plan, Prompt("s", "u", again=True))
    both = Plan(Sampling(top_p=0.3, temperature=0.2))
    assert (body(both)["top_p"], body(both)["temperature"]) == (0.3, 0.2)


@pytest.mark.parametrize(("wanted", "again"), [(0.1, 0.6), (1.2, 1.2)])
def test_a_question_asked_again_is_asked_warmer_and_never_colder(
    wanted: float, again: float
) -> None:
    plan = Plan(Sampling(temperature=wanted))
    assert body(plan, Prompt("s", "u", again=True))["temperature"] == again


@pytest.mark.parametrize("name", ["frequency_penalty", "presence_penalty"])
async def test_a_penalty_excludes_the_prediction_of_its_action_and_says_so(
    name: str, api: FakeApi, make_model: MakeModel
) -> None:
    plan = Plan(actions={"refactor": ActionSampling.model_validate({name: 0.5})})
    api.enqueue(answer("a"), answer("b"))
    model = make_model(plan=plan)
    penalised = Prompt("s", "u", prediction=LONG, action="refactor")
    free = Prompt("s", "u", prediction=LONG, action="fix")
    assert (await listen(model, penalised)).text == "a"
    assert (await listen(model, free)).text == "b"
    assert ["prediction" in request.json for request in api.requests] == [False, True]
    assert api.requests[0].json[name] == 0.5
    why = f"`sampling.refactor.{name}` is above 0, which excludes it"
    assert model.why_unpredicted(penalised) == why
    assert model.why_unpredicted(free) is None
    # So that long regions are asked for in blocks.
    assert model.prediction_use("refactor") is Predictions.IGNORED
    assert model.prediction_use("fix") is Predictions.UNKNOWN


@pytest.mark.parametrize("penalty", [0, -0.5])
async def test_a_penalty_that_is_none_lets_the_prediction_go(
    penalty: float, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(answer("a"))
    model = make_model(plan=Plan(Sampling(presence_penalty=penalty)))
    await listen(model, Prompt("s", "u", prediction=LONG, action="refactor"))
    assert "prediction" in api.requests[0].json


async def test_a_limit_that_is_too_small_for_the_lines_is_told_and_nothing_is_sent(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(answer("a"))
    plan = Plan(Sampling(max_tokens=100), {"fix": ActionSampling(max_tokens=500)})
    model = make_model(plan=plan)
    long = Prompt("s", LONG, action="refactor", repeats=LONG)
    heard = await listen(model, long)
    assert isinstance(heard.error, AnswerTooShort)
    assert str(heard.error) == (
        "`sampling.max_tokens` lets an answer have 100 tokens, and these lines alone take about "
        "126. Nothing was sent. Raise it, or select fewer lines."
    )
    assert api.requests == []
    assert model.outgoing(long).notes[0].startswith("This cannot be sent: `sampling.max_tokens`")
    enough = Prompt("s", LONG, action="fix", repeats=LONG)
    assert (await listen(model, enough)).text == "a"
    assert api.requests[0].json["max_tokens"] == 500


async def test_what_was_not_sent_is_not_charged(make_model: MakeModel) -> None:
    model = make_model(plan=Plan(Sampling(max_tokens=100)))
    ledger = Ledger()
    metered = Metered(model, ledger, limits=LimitSettings())
    with pytest.raises(AnswerTooShort):
        async for _ in metered.stream(Prompt("s", LONG, repeats=LONG)):
            pass
    assert isinstance(metered.sum, ActionSum)
    assert (metered.sum.micros, ledger.session.calls) == (0, 0)


def test_a_larger_limit_is_a_larger_estimate_so_that_the_caps_hold() -> None:
    price, prompt = Price(1.0, 10.0), Prompt("s", "u", max_tokens=800, action="refactor")
    usual = estimate(Terms(price, 1000), prompt)
    assert usual.output_tokens == 1800
    for tokens in (100, 50_000):
        plan = Plan(actions={"refactor": ActionSampling(max_tokens=tokens)})
        terms = Terms(price, 1000, plan=plan)
        assert estimate(terms, prompt).output_tokens == tokens
        assert estimate(terms, Prompt("s", "u", max_tokens=800)).output_tokens == 1800


async def test_no_limit_on_answers_leads_past_a_cap() -> None:
    model = FakeModel("never asked")
    plan = Plan(actions={"refactor": ActionSampling(max_tokens=1_000_000)})
    model.terms = Terms(Price(0.5, 3.0), 1000, plan=plan)
    metered = Metered(model, Ledger(), limits=LimitSettings())
    with pytest.raises(CapReached):
        async for _ in metered.stream(REFACTOR):
            pass
    assert model.prompts == []


@pytest.mark.parametrize(
    "text", ["", "  ", "\n", "```", "~~~", "<<<<<<< SEARCH", "======", "a" * 101]
)
def test_a_stop_that_cuts_every_code_block_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Sampling(stop=(text,))


def test_a_stop_that_stands_in_the_code_is_left_out_and_told() -> None:
    plan = Plan(Sampling(stop=("# done", "total")))
    prompt = Prompt("s", LONG, action="refactor", repeats=LONG)
    endpoint = Endpoint("custom", URL, "m", plan=plan)
    assert body(plan, prompt)["stop"] == ["# done"]
    assert outgoing(endpoint, prompt, predicted=False).notes == (
        "'total' of `sampling.stop`: it stands in the code and would cut it short.",
    )
    # An explanation repeats nothing.
    assert body(plan, Prompt("s", LONG, action="explain"))["stop"] == ["# done", "total"]
    only = Plan(Sampling(stop=("total",)))
    assert "stop" not in body(only, prompt)


def test_what_a_provider_has_no_use_for_is_told() -> None:
    plan = Plan(Sampling(seed=4), {"explain": ActionSampling(stop=("END",))})
    known = Endpoint("aimlapi", "https://api.aimlapi.com/v1", "m", plan=plan)
    assert unsent_settings(known) == [
        "`sampling.explain.stop` is not sent: it is not documented for this provider, which drops "
        "it in silence."
    ]
    ark = Endpoint("ark", "https://ark.ap-southeast.bytepluses.com/api/v3", "m", plan=plan)
    assert [text.partition(" is not sent")[0] for text in unsent_settings(ark)] == [
        "`sampling.seed`",
        "`sampling.explain.stop`",
    ]
    assert unsent_settings(Endpoint("custom", URL, "m", plan=plan)) == []
    assert unsent_settings(Endpoint("custom", URL, "m")) == []


def test_lone_surrogates_of_a_stop_do_no_harm() -> None:
    assert body(Plan(Sampling(stop=("\ud800END",))))["stop"] == ["\ufffdEND"]
