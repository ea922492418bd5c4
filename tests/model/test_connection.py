"""Certificates and proxies."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from dola_ls.model import errors
from dola_ls.model.certificate import issuer_of
from dola_ls.model.client import HttpModel
from dola_ls.model.connection import KEEPALIVE, proxy_for
from dola_ls.model.endpoint import Endpoint, origin_of
from dola_ls.model.exchange import Timeouts
from tests.fakes.api import FakeApi, answer, status
from tests.model.conftest import KEY, SHORT, Heard, MakeModel, Nap, listen
from tests.model.tls import server_context

IMPATIENT = Timeouts(connect=0.2)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Be a company's certificate authority, which nobody else trusts."""
    return trustme.CA(organization_name="Acme Web Inspection")


@pytest.fixture
async def secure(authority: trustme.CA) -> AsyncIterator[FakeApi]:
    """Run a fake server with a certificate of that authority."""
    async with FakeApi(tls=server_context(authority)) as server:
        yield server


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """Write the authority's own certificate to a file."""
    path = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment says about proxies and certificates."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def model_of(api: FakeApi, make_model: MakeModel, **changes: str) -> HttpModel:
    return make_model(base_url=api.base_url, key_origin=api.origin, **changes)


async def test_an_unknown_authority_is_refused_by_name(
    secure: FakeApi, make_model: MakeModel
) -> None:
    heard = await listen(model_of(secure, make_model))
    assert isinstance(heard.error, errors.TlsFailed)
    assert heard.error.issuer is not None
    assert "“Acme Web Inspection”" in str(heard.error)
    assert "ca_bundle" in str(heard.error)
    assert secure.requests == []
    assert heard.notices == []


async def test_the_setting_makes_it_known(
    secure: FakeApi, make_model: MakeModel, bundle: str
) -> None:
    secure.enqueue(answer("ok"))
    assert (await listen(model_of(secure, make_model, ca_bundle=bundle))).text == "ok"


async def test_so_does_the_environment(
    secure: FakeApi, make_model: MakeModel, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    secure.enqueue(answer("ok"))
    assert (await listen(model_of(secure, make_model))).text == "ok"


async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, make_model: MakeModel, bundle: str
) -> None:
    async with FakeApi(tls=server_context(authority, "elsewhere.example")) as api:
        heard = await listen(model_of(api, make_model, ca_bundle=bundle))
        assert isinstance(heard.error, errors.TlsFailed)
        assert api.requests == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
async def test_a_bundle_that_cannot_be_read_is_told(
    secure: FakeApi, make_model: MakeModel, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "company.pem"
    if content is not None:
        path.write_bytes(content)
    heard = await listen(model_of(secure, make_model, ca_bundle=str(path)))
    assert isinstance(heard.error, errors.TlsFailed)
    assert str(path) in str(heard.error)
    assert secure.connections == 0


async def test_a_server_that_does_not_answer_the_handshake_is_told(
    api: FakeApi, make_model: MakeModel
) -> None:
    url = f"https://localhost:{api.port}/v1"
    heard = await listen(make_model(IMPATIENT, base_url=url, key_origin=origin_of(url)))
    assert isinstance(heard.error, errors.TimedOut)
    assert "took no connection" in str(heard.error)
    assert api.requests == []


async def test_a_server_that_speaks_no_tls_is_told(make_model: MakeModel) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}/v1"
        heard = await listen(make_model(base_url=url, key_origin=origin_of(url)))
    assert isinstance(heard.error, errors.TlsFailed)
    assert "no secure connection" in str(heard.error)


async def test_a_cancel_during_the_handshake_closes_the_connection(
    api: FakeApi, make_model: MakeModel
) -> None:
    url = f"https://localhost:{api.port}/v1"
    task = asyncio.create_task(listen(make_model(base_url=url, key_origin=origin_of(url))))
    await api.connected(1)
    # The server says nothing, so now the client waits for its part of the handshake.
    await asyncio.sleep(0.05)
    task.cancel()
    await api.connected(0)
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_issuer_is_read_from_the_certificate(authority: trustme.CA) -> None:
    pem = authority.issue_cert("localhost").cert_chain_pems[0].bytes().decode()
    der = ssl.PEM_cert_to_DER_cert(pem)
    assert issuer_of(der) == "Acme Web Inspection"
    for end in range(0, len(der), 7):
        with pytest.raises(ValueError):
            issuer_of(der[:end])


# Proxies


FAR = "https://models.invalid/v1"


def far(make_model: MakeModel, **changes: str) -> HttpModel:
    return make_model(base_url=FAR, key_origin=origin_of(FAR), **changes)


async def test_the_proxy_of_the_settings_is_used(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(status(407))
    heard = await listen(far(make_model, proxy=f"http://user:pa55word@127.0.0.1:{api.port}"))
    assert isinstance(heard.error, errors.Unreachable)
    assert "407" in str(heard.error)
    assert "pa55word" not in str(heard.error)
    assert [(r.method, r.path) for r in api.requests] == [("CONNECT", "models.invalid:443")]
    # The key is for the server at the other end of the tunnel.
    assert KEY not in str(api.requests[0].headers)


async def test_so_is_the_proxy_of_the_environment(
    api: FakeApi, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{api.port}")
    api.enqueue(status(502))
    heard = await listen(far(make_model))
    assert isinstance(heard.error, errors.Unreachable)
    assert "the proxy answered 502" in str(heard.error)
    assert len(api.requests) == 1


async def test_this_machine_is_asked_without_a_proxy(
    api: FakeApi, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    api.enqueue(answer("ok"))
    assert (await listen(make_model(proxy="http://127.0.0.1:9"))).text == "ok"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://127.0.0.1:9", "http://"])
async def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    make_model: MakeModel, proxy: str, nap: Nap
) -> None:
    heard = await listen(far(make_model, proxy=proxy.replace("127", "user:pa55word@127")))
    assert isinstance(heard.error, errors.BadAddress)
    assert "proxy" in str(heard.error)
    assert "pa55word" not in str(heard.error)


@pytest.mark.parametrize(
    ("url", "setting", "environment", "expected"),
    [
        (FAR, None, {}, None),
        (FAR, "http://p:1", {}, "http://p:1"),
        (FAR, "p:1", {"https_proxy": "http://q:2"}, "http://p:1"),
        (FAR, None, {"https_proxy": "http://q:2"}, "http://q:2"),
        (FAR, None, {"all_proxy": "q:2"}, "http://q:2"),
        (FAR, None, {"http_proxy": "http://q:2"}, None),
        (FAR, None, {"https_proxy": "http://q:2", "no_proxy": "models.invalid"}, None),
        (FAR, None, {"https_proxy": "http://q:2", "no_proxy": "*"}, None),
        (FAR, "http://p:1", {"no_proxy": "models.invalid"}, "http://p:1"),
        ("http://127.0.0.1:8080", "http://p:1", {"http_proxy": "http://q:2"}, None),
        ("http://localhost:8080", "http://p:1", {"all_proxy": "http://q:2"}, None),
        ("http://[::1]:8080", "http://p:1", {"all_proxy": "http://q:2"}, None),
    ],
)
def test_which_proxy_is_used(
    url: str,
    setting: str | None,
    environment: dict[str, str],
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(Endpoint("custom", url, "m", proxy=setting)) == expected


async def test_a_connection_is_kept_for_the_next_request_but_not_for_long(
    api: FakeApi, make_model: MakeModel
) -> None:
    model = make_model()
    api.enqueue(status(400), status(400))
    heard: list[Heard] = [await listen(model), await listen(model)]
    assert all(isinstance(one.error, errors.BadRequest) for one in heard)
    assert api.connections == 1
    assert KEEPALIVE <= 5
    assert SHORT.pool <= 5


@pytest.mark.parametrize(
    ("base", "chat"),
    [
        ("https://a.example/v1", "https://a.example/v1/chat/completions"),
        ("https://a.example/v1/", "https://a.example/v1/chat/completions"),
        ("https://a.example", "https://a.example/chat/completions"),
        ("https://a.example/v1/chat/completions", "https://a.example/v1/chat/completions"),
        ("https://a.example/v1?api-version=2", "https://a.example/v1/chat/completions?api-version=2"),
    ],
)  # fmt: skip
def test_the_chat_address_is_made_from_the_base(base: str, chat: str) -> None:
    assert Endpoint("custom", base, "m").chat_url == chat
