"""The client against what servers of every kind send, and what it learns of them."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.dialects import DIALECTS, UNKNOWN, Dialect, Habits, recognised
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import (
    BadRequest,
    ModelError,
    ModelRetired,
    Overloaded,
    RateLimited,
    ServerFault,
    TooLong,
    WrongKey,
)
from dola_ls.model.known_models import MODELS
from dola_ls.model.ledger import Ledger, Metered
from dola_ls.model.request import compose
from dola_ls.model.sampling import Plan, Sampling
from tests.fakes.api import FakeApi, Reply, answer, status
from tests.model.conftest import KEY, PROMPT, Heard, MakeModel, listen

REPLIES = Path(__file__).parent / "replies"
BY_FOLDER = {
    "aimlapi": "AIML API",
    "ark": "BytePlus ModelArk",
    "openai": "OpenAI",
    "llama.cpp": "llama.cpp",
    "vllm": "vLLM",
    "ollama": "Ollama",
}
KINDS = list(BY_FOLDER)
TEXT = "```python\ndef add(a, b):\n    return a + b\n```\n"
THOUGHT = "The user wants a shorter function."
LONG = "total = 0\n" * 40
#: What a request may hold that not every server takes.
EVERYTHING = Sampling(
    temperature=0.4, frequency_penalty=-0.5, presence_penalty=-0.5, seed=7, stop=("#END",)
)


def dialect(folder: str) -> Dialect:
    [found] = [one for one in DIALECTS if one.name == BY_FOLDER[folder]]
    return found


def recorded(kind: str, name: str) -> Reply:
    """Return a reply out of a file, whose name begins with its status."""
    path = REPLIES / kind / name
    code = int(name[:3])
    body = path.read_bytes()
    if path.suffix == ".json":
        return status(code, json.loads(body))
    return Reply((body,), code, (("Content-Type", "text/event-stream"),))


def files(prefix: str) -> list[tuple[str, str]]:
    return [
        (kind, path.name)
        for kind in KINDS
        for path in sorted((REPLIES / kind).iterdir())
        if path.name.startswith(prefix)
    ]


def make(make_model: MakeModel, kind: str, **changes: Any) -> HttpModel:
    """Make a client as the settings for this kind of server would have it."""
    provider = kind if kind in ("aimlapi", "ark") else "custom"
    return make_model(provider=provider, **{"model": "fake-model", **changes})


def sent(api: FakeApi, *names: str) -> list[list[Any]]:
    return [[request.json.get(name) for name in names] for request in api.requests]


def at(events: list[dict[str, Any]], path: str) -> Any:
    """Return what stands at a dotted path in any of the events."""
    for event in events:
        value: Any = event
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def events_of(kind: str) -> list[dict[str, Any]]:
    lines = (REPLIES / kind / "200.sse").read_text("utf-8").split("\n")
    data = [line.removeprefix("data: ") for line in lines if line]
    return [json.loads(one) for one in data if one != "[DONE]"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_is_read_whole(kind: str, api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(recorded(kind, "200.sse"))
    heard = await listen(make(make_model, kind), Prompt("s", "u", prediction=LONG))
    assert heard.error is None
    assert heard.text == TEXT
    assert heard.reasoning == (THOUGHT if dialect(kind).reasoning else "")
    done = heard.completion
    assert (done.finish_reason, done.done) == ("stop", True)
    usage = done.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (39, 62)
    assert usage.cached_tokens == (16 if dialect(kind).cached else None)
    assert (usage.cost_usd is not None) is bool(dialect(kind).cost)
    figures = (usage.accepted_prediction_tokens, usage.rejected_prediction_tokens)
    assert figures == ((12, 3) if dialect(kind).drafts else (None, None))


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_says_where_the_samples_have_it(kind: str) -> None:
    events, table = events_of(kind), dialect(kind)
    deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
    names = {name for delta in deltas for name in delta if name.startswith("reasoning")}
    assert names == ({table.reasoning} if table.reasoning else set())
    for path in (table.cached, table.drafts, table.cost):
        assert not path or at(events, path) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_is_known_by_its_answer_or_its_address(kind: str) -> None:
    found = {one.name for event in events_of(kind) if (one := recognised(event))}
    marked = kind in ("llama.cpp", "vllm", "ollama")
    assert found == ({BY_FOLDER[kind]} if marked else set())


def test_an_odd_answer_shows_no_kind() -> None:
    for payload in ({}, {"choices": 5}, {"choices": [5]}, {"system_fingerprint": ["b1"]}):
        assert recognised(payload) is None


@pytest.mark.parametrize(
    ("url", "provider", "name"),
    [
        ("https://api.openai.com/v1", "custom", "OpenAI"),
        ("https://eu.api.openai.com:443/v1", "custom", "OpenAI"),
        ("https://ark.eu-west.bytepluses.com/api/v3", "custom", "BytePlus ModelArk"),
        ("https://ark.cn-beijing.volces.com/api/v3", "custom", "BytePlus ModelArk"),
        ("https://api.aimlapi.com/v1", "custom", "AIML API"),
        ("https://api.openai.com.example/v1", "custom", "an unknown server"),
        ("https://notopenai.com/v1", "custom", "an unknown server"),
        ("http://127.0.0.1:8000/v1", "local", "llama.cpp"),
        ("not an address", "custom", "an unknown server"),
    ],
)
def test_whose_address_it_is(url: str, provider: str, name: str) -> None:
    assert Habits().of(Endpoint(provider, url, "m")).dialect.name == name


@pytest.mark.parametrize(
    ("url", "limit", "limit_beside_prediction", "without"),
    [
        ("https://api.aimlapi.com/v1", "max_tokens", "max_tokens", {"stop"}),
        (
            "https://ark.ap-southeast.bytepluses.com/api/v3",
            *("max_completion_tokens", "max_tokens", {"stop", "seed"}),
        ),
        ("https://api.openai.com/v1", "max_completion_tokens", "max_tokens", set()),
        ("https://vllm.example/v1", "max_tokens", "max_tokens", set()),
    ],
)
def test_what_is_sent_to_whom(
    url: str, limit: str, limit_beside_prediction: str, without: set[str]
) -> None:
    endpoint = Endpoint("custom", url, "m", reasoning_tokens=100, plan=Plan(EVERYTHING))
    prompt = Prompt("s", "u", prediction=LONG, max_tokens=500)
    fields = {"temperature", "frequency_penalty", "presence_penalty", "seed", "stop"}
    fields |= {"reasoning_effort", "stream_options"}
    for predicted, name in ((False, limit), (True, limit_beside_prediction)):
        body = json.loads(compose(endpoint, prompt, predicted=predicted).body())
        assert fields - set(body) == without
        limits = {n: body[n] for n in ("max_tokens", "max_completion_tokens") if n in body}
        assert limits == {name: 600}
        assert ("prediction" in body) is predicted


async def test_what_a_server_shows_itself_to_be_goes_into_the_log_and_no_text_does(
    api: FakeApi, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "dola_ls")
    odd = json.dumps({"id": "secret code\n here", "choices": [], "system_fingerprint": "fp x"})
    api.enqueue(
        recorded("llama.cpp", "200.sse"), Reply((f"data: {odd}\n\ndata: [DONE]\n\n".encode(),))
    )
    model = make(make_model, "llama.cpp", plan=Plan(Sampling(seed=11)))
    await listen(model)
    await listen(model)
    lines = [record.getMessage() for record in caplog.records if "seed" in record.getMessage()]
    assert lines == [
        "fake-model of llama.cpp: id chatcmpl-DHvcEyFobkuV4Xu1QSYo4bqNv18TDqaA, seed 11, "
        "fingerprint b6881-8b11deea4",
        "fake-model of llama.cpp: id -, seed 11, fingerprint -",
    ]
    assert sent(api, "seed") == [[11], [11]]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_within_an_answer_is_told_and_never_asked_again(
    kind: str, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(recorded(kind, "200-error.sse"))
    heard = await listen(make(make_model, kind))
    assert type(heard.error) is (TooLong if kind == "llama.cpp" else ServerFault)
    assert "Nothing was changed." in str(heard.error)
    assert len(api.requests) == 1


ERRORS: dict[str, type[ModelError]] = {
    "401": WrongKey,
    "404": ModelRetired,
    "400-no-model": ModelRetired,
    "400-too-long": TooLong,
    "429": RateLimited,
    "503": Overloaded,
    "400-value": BadRequest,
}


@pytest.mark.parametrize(
    ("kind", "name", "error"),
    [(kind, name, error) for key, error in ERRORS.items() for kind, name in files(key + ".")],
)
async def test_a_refusal_is_told_for_what_it_is(
    kind: str, name: str, error: type[ModelError], api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(recorded(kind, name))
    api.repeat_last()
    heard = await listen(make(make_model, kind, model="seed-9"))
    assert type(heard.error) is error
    sentence = str(heard.error)
    assert "Nothing was changed." in sentence
    assert KEY not in sentence
    if error is ModelRetired:
        assert "does not offer the model seed-9" in sentence
    if error is BadRequest:
        assert "Set `sampling.max_tokens` in Dola's config.toml to what it allows." in sentence
    tries = 3 if error in (RateLimited, Overloaded) else 1
    assert len(api.requests) == tries


REFUSED = {
    "aimlapi": "reasoning_effort",
    "ark": "reasoning_effort",
    "openai": "temperature",
    "vllm": "stream_options",
    "ollama": "reasoning_effort",
}


@pytest.mark.parametrize(("kind", "field"), REFUSED.items())
async def test_a_field_that_is_refused_is_left_out_once_and_for_all(
    kind: str, field: str, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(
        recorded(kind, "400-unknown-field.json"),
        recorded(kind, "200.sse"),
        recorded(kind, "200.sse"),
    )
    model = make(make_model, kind)
    heard = await listen(model)
    assert (heard.error, heard.text) == (None, TEXT)
    [notice] = heard.notices
    assert notice.endswith(f"refuses `{field}`; asking again without it")
    assert (await listen(model)).text == TEXT
    there = [value is not None for [value] in sent(api, field)]
    assert there == [True, False, False]
    # Everything else is as it was.
    first, second, third = ({**request.json} for request in api.requests)
    del first[field]
    thinking = {"thinking": {"type": "disabled"}} if kind == "ark" else {}
    assert second == third == {**first, **thinking}


async def test_another_model_at_the_same_address_is_asked_with_the_field(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(recorded("ollama", "400-unknown-field.json"), *[recorded("ollama", "200.sse")] * 2)
    model = make(make_model, "ollama")
    await listen(model)
    await listen(model.asking(replace(model._endpoint, model="another")))
    assert sent(api, "model", "reasoning_effort") == [
        ["fake-model", "low"],
        ["fake-model", None],
        ["another", "low"],
    ]


async def test_the_limit_goes_along_under_the_name_that_is_wanted(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(recorded("openai", "400-limit.json"), *[recorded("openai", "200.sse")] * 2)
    model = make(make_model, "openai")
    prompt = Prompt("s", "u", prediction=LONG, max_tokens=500, action="refactor")
    for _ in range(2):
        assert (await listen(model, prompt)).text == TEXT
    names = ("max_tokens", "max_completion_tokens", "prediction")
    first, second, third = sent(api, *names)
    assert first[0] == 500 + 4096
    assert first[2] is not None
    # The newer name excludes a prediction.
    assert second == third == [None, 500 + 4096, None]


async def test_there_is_no_request_without_a_limit(api: FakeApi, make_model: MakeModel) -> None:
    other = {"error": {"message": "Unknown parameter: 'max_completion_tokens'.", "param": None}}
    api.enqueue(recorded("openai", "400-limit.json"), status(400, other))
    heard = await listen(make(make_model, "openai"))
    assert isinstance(heard.error, BadRequest)
    assert heard.error.parameter == "max_completion_tokens"
    assert sent(api, "max_tokens", "max_completion_tokens") == [[2048 + 4096, None], [None, 6144]]


async def test_a_server_that_knows_the_older_name_alone_is_given_that(
    api: FakeApi, make_model: MakeModel
) -> None:
    said = {"error": {"message": "Unknown parameter: 'max_completion_tokens'.", "param": None}}
    api.enqueue(status(400, said), recorded("ark", "200.sse"))
    heard = await listen(make(make_model, "ark"))
    assert heard.text == TEXT
    assert sent(api, "max_tokens", "max_completion_tokens") == [[None, 6144], [6144, None]]


async def test_a_server_that_refuses_one_field_after_the_other_is_asked_until_none_is_left(
    api: FakeApi, make_model: MakeModel
) -> None:
    fields = ["temperature", "seed", "stream_options", "reasoning_effort", "presence_penalty"]

    def refuse(request: Any) -> Reply:
        here = [name for name in fields if name in request.json]
        if here:
            return status(422, {"detail": [{"loc": ["body", here[0]], "msg": "Extra inputs"}]})
        return answer(TEXT)

    api.answer_with(refuse)
    model = make(make_model, "vllm", plan=Plan(EVERYTHING))
    heard = await listen(model)
    assert heard.text == TEXT
    assert len(api.requests) == len(fields) + 1
    await listen(model)
    assert len(api.requests) == len(fields) + 2


async def test_a_server_that_refuses_without_end_is_asked_each_time_for_less(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(400, {"error": {"message": "Unknown parameter: temperature"}}))
    api.repeat_last()
    heard = await listen(make(make_model, "vllm"))
    assert isinstance(heard.error, BadRequest)
    assert len(api.requests) == 2


async def test_only_what_was_sent_can_be_refused(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(status(400, {"error": {"message": "Unknown parameter: top_p", "param": "top_p"}}))
    heard = await listen(make(make_model, "vllm"))
    assert isinstance(heard.error, BadRequest)
    assert len(api.requests) == 1


async def test_a_refusal_costs_nothing(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(recorded("openai", "400-unknown-field.json"), recorded("aimlapi", "200.sse"))
    ledger = Ledger()
    metered = Metered(make(make_model, "openai"), ledger)
    async for _ in metered.stream(PROMPT):
        pass
    assert ledger.session.calls == 1
    assert ledger.session.prompt_tokens == 39


async def test_an_older_form_is_tried_once_where_a_newer_one_is_refused(
    api: FakeApi, make_model: MakeModel
) -> None:
    refused = recorded("ark", "400-unknown-field.json")
    other = {"error": {"message": "The parameter `thinking` is not valid.", "param": "thinking"}}
    api.enqueue(refused, status(400, other), recorded("ark", "200.sse"))
    heard: Heard = await listen(make(make_model, "ark", reasoning_effort="high"))
    assert heard.text == TEXT
    assert sent(api, "reasoning_effort", "thinking") == [
        ["high", None],
        [None, {"type": "enabled"}],
        [None, None],
    ]


def test_an_effort_is_not_sent_to_a_model_that_does_not_reason() -> None:
    for name, known in MODELS.items():
        endpoint = Endpoint("custom", "https://vllm.example/v1", name, reasoning_effort="high")
        body = json.loads(compose(endpoint, PROMPT, predicted=False).body())
        assert ("reasoning_effort" in body) is known.reasoning


def test_every_kind_has_samples_and_the_unknown_one_asks_for_nothing_special() -> None:
    assert {one.name for one in DIALECTS} == {*BY_FOLDER.values(), UNKNOWN.name}
    assert {path.name for path in REPLIES.iterdir() if path.is_dir()} == set(KINDS)
    assert (UNKNOWN.limit, UNKNOWN.without, UNKNOWN.instead) == ("max_tokens", {}, {})
