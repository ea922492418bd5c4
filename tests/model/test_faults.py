"""From statuses, bodies and exceptions to sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dola_ls.model import errors
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import ModelError
from dola_ls.model.faults import Call, from_report, from_status, is_error, quotable, read_report

KEY = "sk-canary-0123456789abcdef"
CODE = "def transfer(account_secret_name): return account_secret_name"
ENDPOINT = Endpoint(
    "aimlapi",
    "https://api.example.com/v1",
    "bytedance/dola-seed-2-0-code",
    api_key=KEY,
    key_origin="https://api.example.com:443",
)
CALL = Call(ENDPOINT, "ours", (CODE,))


def error_of(status: int, body: Any = "", headers: dict[str, str] | None = None) -> ModelError:
    data = body if isinstance(body, str) else json.dumps(body)
    return from_status(CALL, status, headers or {}, data.encode())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, errors.Redirected),
        (308, errors.Redirected),
        (400, errors.BadRequest),
        (401, errors.WrongKey),
        (402, errors.OutOfCredit),
        (403, errors.OutOfCredit),
        (404, errors.ModelRetired),
        (405, errors.BadRequest),
        (407, errors.Unreachable),
        (408, errors.TimedOut),
        (409, errors.BadRequest),
        (410, errors.ModelRetired),
        (413, errors.TooLong),
        (422, errors.BadRequest),
        (429, errors.RateLimited),
        (500, errors.ServerFault),
        (502, errors.ServerFault),
        (503, errors.Overloaded),
        (504, errors.TimedOut),
        (520, errors.ServerFault),
        (529, errors.Overloaded),
    ],
)
@pytest.mark.parametrize("body", ["", "<html><h1>Bad Gateway</h1></html>", "{", "[1]", "null"])
def test_the_status_alone_tells_enough(status: int, kind: type[ModelError], body: str) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert "html" not in str(error).lower()
    assert "changed" in str(error)


SHAPES: dict[str, Any] = {
    "problem+json": {
        "title": "Too Many Requests",
        "status": 429,
        "message": "Slow down",
        "instance": "/v1/chat/completions",
        "requestId": "req-1",
        "timestamp": "2030-03-18T00:00:00Z",
        "error": {"name": "ThrottlerException", "message": "Slow down"},
    },
    "the provider's older form": {
        "message": "Slow down",
        "path": "/v1/chat/completions",
        "requestId": "req-1",
        "statusCode": "429",
        "timestamp": "2030-03-18T00:00:00Z",
    },
    "OpenAI's": {
        "error": {"message": "Slow down", "type": "requests", "code": "429", "param": None},
        "request_id": "req-1",
    },
    "a bare text": {"error": "Slow down", "status": 429, "requestId": "req-1"},
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_error_body_is_read(body: dict[str, Any]) -> None:
    report = read_report(body)
    assert report.status == 429
    assert "Slow down" in report.message
    assert report.request_id == "req-1"
    assert isinstance(from_report(CALL, report), errors.RateLimited)
    assert is_error(body)


def test_an_error_body_may_be_a_list() -> None:
    said = 'Invalid JSON payload received. Unknown name "prediction": Cannot find field.'
    error = error_of(400, json.dumps([{"error": {"code": 400, "message": said}}]))
    assert isinstance(error, errors.BadRequest)
    assert error.parameter == "prediction"
    assert read_report([]).message == read_report([5]).message == ""


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "This model's maximum context length is 262144 tokens", errors.TooLong),
        (400, "prompt is too long: 300000 tokens", errors.TooLong),
        (400, "the request exceeds the available context size", errors.TooLong),
        (422, "Input exceeds the context window", errors.TooLong),
        (400, "max_tokens or model output limit was reached", errors.OutOfTokens),
        (400, "InputTextSensitiveContentDetected", errors.Filtered),
        (403, "The request was blocked by our content policy", errors.Filtered),
        (400, "Incorrect API key provided", errors.WrongKey),
        (400, "The model `x` does not exist", errors.ModelRetired),
        (429, "insufficient_quota", errors.OutOfCredit),
        (403, "You've run out of credits", errors.OutOfCredit),
        (None, "rate_limit_exceeded", errors.RateLimited),
        (None, "overloaded_error", errors.Overloaded),
        (None, "context_length_exceeded", errors.TooLong),
        (None, "Provider returned error", errors.ServerFault),
    ],
)
def test_words_tell_what_a_status_does_not(
    status: int | None, message: str, kind: type[ModelError]
) -> None:
    for body in ({"error": {"message": message}}, {"error": {"code": message}}):
        report = read_report(body)
        error = from_report(CALL, report) if status is None else error_of(status, json.dumps(body))
        assert type(error) is kind


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"error": {"message": "bad", "param": "prediction"}}, "prediction"),
        ({"error": {"message": "property 'prediction' is unsupported"}}, "prediction"),
        (
            {"message": "Body validation error!", "error": [{"path": ["temperature"]}]},
            "temperature",
        ),
        ({"message": [{"path": ["temperature"], "code": "too_big"}]}, "temperature"),
        (
            {"error": {"message": "Unknown parameter: stream_options.include_usage"}},
            "stream_options",
        ),
        ({"error": {"message": "predictions of failure"}}, None),
        ({"error": {"message": "no"}}, None),
    ],
)
def test_a_refused_parameter_is_named(body: dict[str, Any], parameter: str | None) -> None:
    error = error_of(400, body)
    assert isinstance(error, errors.BadRequest)
    assert error.parameter == parameter
    if parameter:
        assert f"`{parameter}`" in str(error)


def test_a_wait_and_a_request_id_are_told() -> None:
    error = error_of(429, SHAPES["problem+json"], {"retry-after": "300", "x-request-id": "x"})
    assert isinstance(error, errors.RateLimited)
    assert error.seconds == 300
    assert error.request_id == "req-1"
    assert "5 minutes" in str(error)
    assert "req-1" in str(error)


def test_a_retired_model_and_a_redirects_target_are_named() -> None:
    assert "bytedance/dola-seed-2-0-code" in str(error_of(404))
    error = error_of(307, headers={"location": "https://evil.example/steal?token=secret"})
    assert "https://evil.example:443" in str(error)
    assert "secret" not in str(error)
    assert "https://api.example.com:443" in str(error_of(301, headers={"location": "/elsewhere"}))
    assert isinstance(error_of(302, headers={"location": "http://[bad"}), errors.Redirected)


def test_without_a_key_a_401_asks_for_one() -> None:
    keyless = Call(Endpoint("custom", "https://api.example.com/v1", "m"), "ours")
    assert isinstance(from_status(keyless, 401, {}, b""), errors.NoKey)


def test_the_servers_words_are_shown_when_they_help() -> None:
    error = error_of(500, {"message": "model is under\x1b[31m maintenance\u202e"})
    assert "“model is under [31m maintenance”" in str(error)
    long = str(error_of(500, {"message": "word " * 200}))
    assert len(long) < 500


@pytest.mark.parametrize(
    "message",
    [
        f"Expected string, received {CODE}",
        "Expected string, received '" + CODE[10:25] + "'",
        "Expected:\n" + CODE.replace(" ", "\n   "),
        f"Incorrect API key provided: {KEY}",
        "Incorrect API key provided: sk-canary-******cdef",
    ],
)
def test_words_that_repeat_the_key_or_the_code_are_not_shown(message: str) -> None:
    assert quotable(message, KEY, [CODE]) == ""
    for status in (400, 401, 403, 404, 422, 429, 500, 503):
        text = str(error_of(status, {"error": {"message": message}}))
        assert "canary" not in text
        assert "cdef" not in text
        assert CODE[10:25] not in text


@pytest.mark.parametrize("hostile", ["x" * 200, "a b", "<script>", "a\nb", "", 7, None])
def test_a_request_id_that_is_none_is_not_shown(hostile: Any) -> None:
    headers = {"x-request-id": hostile} if isinstance(hostile, str) else {}
    error = error_of(500, {"requestId": hostile}, headers)
    assert error.request_id == "ours"


@pytest.mark.parametrize(
    ("payload", "event", "expected"),
    [
        ({"error": {"message": "x"}}, "", True),
        ({"error": "x"}, "", True),
        ({"error": {"message": None, "code": 502}, "choices": None}, "", True),
        ({"message": "x"}, "error", True),
        ({"choices": [], "error": None}, "", False),
        ({"choices": [], "status": "ok", "message": "x"}, "", False),
        ({"usage": {}}, "", False),
    ],
)
def test_an_error_is_told_from_a_chunk(payload: dict[str, Any], event: str, expected: bool) -> None:
    assert is_error(payload, event) is expected


def test_every_kind_has_a_name_of_its_own() -> None:
    kinds = ModelError.__subclasses__()
    assert len({kind.rule for kind in [ModelError, *kinds]}) == len(kinds) + 1
