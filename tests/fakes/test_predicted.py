"""The reference server itself: what it takes over, what it charges, and what it refuses."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.api import ThreadedFakeApi
from tests.fakes.predicted import WINDOW, Mode, PredictedOutputs, decode, tokens_of

CODE = "".join(f"def part_{n}(value):\n    return value * {n}\n\n\n" for n in range(20))
POEM = "Roses are red, violets are blue; sugar is sweet! And so on: " * 4
LENGTH = len(tokens_of(CODE))
TEXTS = st.text("ab( )\n", max_size=60)


@given(TEXTS, TEXTS)
def test_the_prediction_never_changes_what_is_said(completion: str, prediction: str) -> None:
    result = decode(completion, prediction, 10_000)
    assert "".join(result.steps) == completion
    assert result.written == len(tokens_of(completion))
    # Each step generates one token, but for a last one in which everything was taken over.
    assert result.accepted + len(result.steps) - result.written in (0, 1)
    assert 0 <= result.rejected <= len(tokens_of(prediction))


def test_the_same_text_takes_the_fewest_steps() -> None:
    result = decode(CODE, CODE, 10_000)
    assert len(result.steps) == -(-LENGTH // (WINDOW + 1))
    assert result.rejected == 0
    assert result.billed == LENGTH


def test_without_a_prediction_each_token_is_a_step() -> None:
    result = decode(CODE, "", 10_000)
    assert (len(result.steps), result.accepted, result.rejected) == (LENGTH, 0, 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("part_9(", "renamed("),
        ("def part_9", "# a comment\ndef part_9"),
        ("def part_9(value):\n    return value * 9\n\n\n", ""),
        ("def part_0", "```python\ndef part_0"),
    ],
    ids=["replaced", "inserted", "deleted", "preceded"],
)
def test_the_prediction_is_found_again_after_a_change(before: str, after: str) -> None:
    result = decode(CODE.replace(before, after), CODE, 10_000)
    assert result.accepted > LENGTH * 0.8
    assert result.rejected < WINDOW * 2


def test_what_is_unlike_is_charged() -> None:
    result = decode(POEM, CODE, 10_000)
    assert result.rejected > result.accepted
    assert result.billed == len(tokens_of(POEM)) + result.rejected


def test_rejected_tokens_count_towards_the_limit() -> None:
    result = decode(POEM, CODE, 40)
    assert result.finish == "length"
    assert result.written < 40 <= result.billed + WINDOW


def post(api: ThreadedFakeApi, **fields: Any) -> tuple[int, str]:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "again"}],
        "prediction": {"type": "content", "content": CODE},
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 4000,
        **fields,
    }
    request = urllib.request.Request(f"{api.base_url}/chat/completions", json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def posted(mode: Mode = "honours", **fields: Any) -> tuple[int, str]:
    with ThreadedFakeApi() as api:
        api.answer_with(PredictedOutputs(lambda _: CODE, mode).answer)
        return post(api, **fields)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("presence_penalty", 0.1),
        ("frequency_penalty", 0.1),
        ("max_completion_tokens", 100),
        ("tools", [{"type": "function", "function": {"name": "f"}}]),
        ("modalities", ["text", "audio"]),
    ],
)
def test_what_excludes_a_prediction_is_refused(field: str, value: Any) -> None:
    code, body = posted(**{field: value})
    assert code == 400
    assert json.loads(body)["error"]["param"] == field
    assert posted(**{field: value, "prediction": None})[0] == 200


def test_a_prediction_has_the_type_content() -> None:
    assert posted(prediction={"type": "text", "content": CODE})[0] == 400
    parts = [{"type": "text", "text": CODE}]
    assert (
        f'"accepted_prediction_tokens": {LENGTH - LENGTH // (WINDOW + 1)}'
        in (posted(prediction={"type": "content", "content": parts})[1])
    )


def test_servers_that_do_not_know_the_field() -> None:
    code, body = posted("ignores")
    assert (code, "accepted_prediction_tokens" in body) == (200, False)
    code, body = posted("refuses")
    assert (code, "prediction" in body) == (400, True)
    assert posted("refuses", prediction=None)[0] == 200
