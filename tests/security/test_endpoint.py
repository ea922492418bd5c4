"""Where code and keys may go: S2 (a key goes to its origin), S3 (https), S4 (no redirect), S22.

Every test looks at what a server on the other side saw, not at what the client says it did.
"""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import Path

import pytest

import dola_ls
from dola_ls.core.prompt import Prompt
from dola_ls.model import errors
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint, is_loopback, origin_of
from dola_ls.model.exchange import Timeouts
from dola_ls.model.stream import Delta
from tests.fakes.api import FakeApi, Reply, answer, chunk, events_reply, reset, silence, sse, status

KEY = "sk-canary-0123456789abcdef"
CODE = "canary_in_the_code = 'top secret'"
PROMPT = Prompt("system", CODE, prediction=CODE * 20)
HASTE = Timeouts(connect=1, write=1, pool=1, first_token=0.3, idle=0.3, total=1, after_finish=0.1)


async def no_wait(_: float) -> None:
    """Do not wait between tries."""


async def ask(endpoint: Endpoint, prompt: Prompt = PROMPT) -> list[Delta] | errors.ModelError:
    model = HttpModel(endpoint, timeouts=HASTE, sleep=no_wait)
    try:
        return [delta async for delta in model.stream(prompt)]
    except errors.ModelError as error:
        return error
    finally:
        await model.aclose()


def endpoint_of(url: str, key_origin: str | None, key: str | None = KEY) -> Endpoint:
    return Endpoint("custom", url, "model", api_key=key, key_origin=key_origin)


# S2


async def test_a_key_is_sent_to_its_own_origin() -> None:
    async with FakeApi() as api:
        api.enqueue(answer("ok"))
        await ask(endpoint_of(api.base_url, api.origin))
        assert api.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "other",
    [
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1{port}",
        "http://localhost:{port}",
        "http://127.0.0.1",
        "https://api.aimlapi.com",
        "not an origin",
        "",
        None,
    ],
)
async def test_a_key_is_never_sent_to_another_origin(other: str | None) -> None:
    async with FakeApi() as api:
        key_origin = other and other.format(port=str(api.port)[:4] if ":1{" in other else api.port)
        outcome = await ask(endpoint_of(api.base_url, key_origin))
        assert isinstance(outcome, errors.KeyNotForOrigin)
        assert KEY not in str(outcome)
        assert api.origin in str(outcome)
        assert api.connections == 0


async def test_the_same_origin_may_be_written_in_another_way() -> None:
    async with FakeApi() as api:
        api.enqueue(answer("ok"))
        written = f"HTTP://127.0.0.1:{api.port}/another/path?x=1"
        assert isinstance(await ask(endpoint_of(api.base_url, written)), list)


async def test_without_a_key_none_is_made_up() -> None:
    async with FakeApi() as api:
        api.enqueue(answer("ok"))
        await ask(endpoint_of(api.base_url, None, key=None))
        assert "authorization" not in api.requests[0].headers


@pytest.mark.parametrize("provider", ["aimlapi", "ark"])
async def test_a_provider_that_needs_a_key_is_not_asked_without_one(provider: str) -> None:
    async with FakeApi() as api:
        outcome = await ask(Endpoint(provider, api.base_url, "model"))
        assert isinstance(outcome, errors.NoKey)
        assert api.connections == 0


@pytest.mark.parametrize("bad", ["line\nbreak", "with space", "ключ", "nul\0", "key\r\nX-Evil: 1"])
async def test_a_key_that_cannot_be_one_is_not_sent(bad: str) -> None:
    async with FakeApi() as api:
        outcome = await ask(endpoint_of(api.base_url, api.origin, key=bad))
        assert isinstance(outcome, errors.WrongKey)
        assert bad not in str(outcome)
        assert api.connections == 0


# S3


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://10.0.0.5:8000/v1",
        "http://127.0.0.1.example.com/v1",
        "http://localhost.example.com/v1",
        "http://2130706433.example/v1",
        "ftp://127.0.0.1:21/v1",
        "file://127.0.0.1:80/etc/passwd",
    ],
)
async def test_plain_http_leaves_this_machine_in_no_case(url: str) -> None:
    outcome = await ask(endpoint_of(url, origin_of(url)))
    assert isinstance(outcome, errors.NotHttps)


@pytest.mark.parametrize("url", ["", "api.example.com", "https://", "https://a:b:c/", "https://[x"])
async def test_what_is_no_address_is_told(url: str) -> None:
    assert isinstance(await ask(endpoint_of(url, "https://a.example")), errors.BadAddress)


async def test_an_address_with_a_password_is_not_used() -> None:
    async with FakeApi() as api:
        url = f"http://user:pa55word@127.0.0.1:{api.port}/v1"
        outcome = await ask(endpoint_of(url, api.origin))
        assert isinstance(outcome, errors.BadAddress)
        assert "pa55word" not in str(outcome)
        assert api.connections == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1/", True),
        ("http://LOCALHOST./", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:80/", True),
        ("http://0.0.0.0/", False),
        ("http://[::]/", False),
        ("http://192.168.0.1/", False),
        ("http://127.0.0.1@evil.example/", False),
        ("http:///", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_certificates_are_checked_everywhere() -> None:
    """A look through the whole package: nothing in it turns the check off."""
    off = re.compile(
        r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_create_unverified_context"
    )
    package = Path(dola_ls.__file__).parent
    guilty = [path for path in package.rglob("*.py") if off.search(path.read_text("utf-8"))]
    # It looks for these words in answers.
    assert [path.name for path in guilty] == ["risky.py"]


# S4


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["elsewhere", "same host", "same path"])
async def test_no_redirect_is_followed(code: int, where: str) -> None:
    async with FakeApi() as api, FakeApi() as other:
        target = {
            "elsewhere": f"{other.base_url}/chat/completions",
            "same host": f"{api.base_url}/another",
            "same path": "chat/completions?again",
        }[where]
        api.enqueue(status(code, headers={"Location": target}))
        outcome = await ask(endpoint_of(api.base_url, api.origin))
        assert isinstance(outcome, errors.Redirected)
        assert len(api.requests) == 1
        assert other.connections == 0


# S22


FAULTS: dict[str, Reply] = {
    "the code in a 400": status(400, {"error": {"message": f"Received: {CODE}"}}),
    "the key in a 401": status(401, {"error": {"message": f"Incorrect API key: {KEY}"}}),
    "the key starred out": status(401, {"error": {"message": "Incorrect: sk-canary-*****cdef"}}),
    "both in a 500": status(500, f"<html>{KEY} {CODE}</html>"),
    "both in a text": status(400, f"{KEY} {CODE}"),
    "both in a stream": events_reply(sse([{"error": {"message": f"{KEY} {CODE}"}}])),
    "both in headers": status(
        429, headers={"X-Request-Id": KEY + " " + CODE, "Retry-After": CODE, "Location": KEY}
    ),
    "both in a redirect": status(302, headers={"Location": f"https://a.example/{KEY}?{CODE}"}),
    "the code in a refusal": events_reply(sse([chunk({"refusal": f"Not {CODE}"}, "stop")])),
    "reset": reset(),
    "silence": silence(),
    "cut off": answer(CODE, finish=None, done=False),
    "not JSON": events_reply([f"data: {CODE}\n\n".encode()]),
    "not HTTP": Reply((f"{KEY} {CODE}\r\n\r\n".encode(),), framing="raw"),
}


@pytest.mark.parametrize("reply", FAULTS.values(), ids=FAULTS)
async def test_neither_key_nor_code_is_told_or_logged(
    reply: Reply, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with FakeApi() as api:
            api.enqueue(reply, reply, reply)
            endpoint = endpoint_of(api.base_url, api.origin)
            outcome = await ask(endpoint)
    assert isinstance(outcome, errors.ModelError)
    told = "".join(traceback.format_exception(outcome))
    # What the libraries log at their most talkative is held to the same.
    logged = "\n".join(record.getMessage() for record in caplog.records if is_ours(record))
    captured = capfd.readouterr()
    for text in (told, repr(outcome), repr(endpoint), logged, captured.out, captured.err):
        for secret in (KEY, KEY[:10], KEY[-4:], CODE, "canary", "top secret"):
            assert secret not in text


def is_ours(record: logging.LogRecord) -> bool:
    """Leave out what a server said in its headers: httpcore logs these at DEBUG, unasked for."""
    return not (record.name.startswith("httpcore") and "receive_response" in record.getMessage())


async def test_the_key_is_in_no_representation() -> None:
    endpoint = Endpoint("custom", "https://a.example", "m", api_key=KEY, proxy="http://u:pw@p:1")
    model = HttpModel(endpoint)
    for text in (repr(endpoint), str(endpoint), repr(model), f"{endpoint!s}"):
        assert KEY not in text
        assert "pw@" not in text
    await model.aclose()
