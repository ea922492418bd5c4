"""A company's proxy: with and without a password, in the settings and in the environment."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from dola_ls.model import errors
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import origin_of
from tests.fakes.api import FakeApi, answer, reset, status
from tests.fakes.proxy import Proxy
from tests.model.conftest import KEY, PROMPT, MakeModel, Nap, listen
from tests.model.tls import server_context

#: RFC 6761: it never resolves, so that only a proxy can lead there.
FAR = "https://models.invalid/v1"
PASSWORD = "pa55word"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment says about proxies and certificates."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def authority() -> trustme.CA:
    """Be a company's certificate authority, which nobody else trusts."""
    return trustme.CA(organization_name="Acme Web Inspection")


@pytest.fixture
async def far_api(authority: trustme.CA) -> AsyncIterator[FakeApi]:
    """Run the server at the other end of the tunnel."""
    async with FakeApi(tls=server_context(authority, "models.invalid")) as api:
        yield api


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """Write the authority's own certificate to a file."""
    path = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def far(make_model: MakeModel, **changes: str) -> HttpModel:
    return make_model(base_url=FAR, key_origin=origin_of(FAR), **changes)


@pytest.mark.parametrize("credentials", [None, f"user:{PASSWORD}"], ids=["open", "with a password"])
@pytest.mark.parametrize("where", ["setting", "environment", "environment for all"])
async def test_an_answer_comes_through_the_proxy(
    far_api: FakeApi,
    bundle: str,
    make_model: MakeModel,
    monkeypatch: pytest.MonkeyPatch,
    credentials: str | None,
    where: str,
) -> None:
    far_api.enqueue(answer("through"))
    async with Proxy(far_api.port, credentials) as proxy:
        address = f"http://{credentials + '@' if credentials else ''}{proxy.address}"
        changes = {"ca_bundle": bundle}
        if where == "setting":
            changes["proxy"] = address
        else:
            monkeypatch.setenv("ALL_PROXY" if where.endswith("all") else "HTTPS_PROXY", address)
        heard = await listen(far(make_model, **changes))
        assert heard.text == "through"
        assert proxy.asked == ["models.invalid:443"]
        # What goes through the tunnel is none of the proxy's business.
        assert KEY not in proxy.heads[0]
        assert PROMPT.user not in proxy.heads[0]
        assert "proxy-authorization" not in far_api.requests[0].headers


@pytest.mark.parametrize("given", ["", "user:wrong@"], ids=["none", "a wrong one"])
async def test_a_proxy_that_wants_a_password_is_asked_once_and_told(
    far_api: FakeApi, bundle: str, make_model: MakeModel, nap: Nap, given: str
) -> None:
    async with Proxy(far_api.port, f"user:{PASSWORD}") as proxy:
        heard = await listen(
            far(make_model, proxy=f"http://{given}{proxy.address}", ca_bundle=bundle)
        )
        assert str(heard.error) == (
            "models.invalid cannot be reached: the proxy answered 407. Nothing was sent and "
            "nothing was changed. Correct `proxy` in Dola's config.toml, or HTTPS_PROXY and "
            "NO_PROXY."
        )
        assert len(proxy.asked) == 1
    assert nap.seconds == []
    assert far_api.requests == []


async def test_no_proxy_stands_for_the_hosts_it_names(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, nap: Nap
) -> None:
    async with FakeApi() as api, Proxy(api.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", "models.invalid")
        heard = await listen(far(make_model))
        assert "its name is unknown" in str(heard.error)
        assert proxy.asked == []


async def test_this_machine_is_never_asked_through_a_proxy(
    make_model: MakeModel, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would be told what the embedded engine is asked."""
    async with Proxy(api.port) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        for host in ("127.0.0.1", "localhost"):
            url = f"http://{host}:{api.port}/v1"
            api.enqueue(answer("near"))
            model = make_model(
                base_url=url, key_origin=origin_of(url), proxy=f"http://{proxy.address}"
            )
            assert (await listen(model)).text == "near"
        assert proxy.asked == []


async def test_a_proxy_that_is_not_there_is_told_as_one(
    far_api: FakeApi, make_model: MakeModel, nap: Nap
) -> None:
    async with Proxy(far_api.port) as proxy:
        address = proxy.address
    heard = await listen(far(make_model, proxy=f"http://user:{PASSWORD}@{address}"))
    assert str(heard.error) == (
        "models.invalid cannot be reached: the proxy takes no connection. Nothing was sent and "
        "nothing was changed. Correct `proxy` in Dola's config.toml, or HTTPS_PROXY and NO_PROXY."
    )
    assert 2.5 <= sum(nap.seconds) <= 4


async def test_a_proxy_nobody_knows_is_told_as_one(make_model: MakeModel) -> None:
    heard = await listen(far(make_model, proxy=f"http://user:{PASSWORD}@proxy.invalid:3128"))
    assert "the proxy's name is unknown" in str(heard.error)


async def test_a_tunnel_that_breaks_is_told_and_not_paid_twice(
    far_api: FakeApi, bundle: str, make_model: MakeModel
) -> None:
    far_api.enqueue(reset(), answer("too late"))
    async with Proxy(far_api.port) as proxy:
        heard = await listen(far(make_model, proxy=f"http://{proxy.address}", ca_bundle=bundle))
    assert isinstance(heard.error, errors.CutOff)
    assert len(far_api.requests) == 1


async def test_a_proxy_that_reads_along_is_not_trusted_before_its_authority_is(
    far_api: FakeApi, make_model: MakeModel
) -> None:
    async with Proxy(far_api.port) as proxy:
        heard = await listen(far(make_model, proxy=f"http://{proxy.address}"))
    assert isinstance(heard.error, errors.TlsFailed)
    assert "ca_bundle" in str(heard.error)
    assert far_api.requests == []


async def test_the_password_of_a_proxy_is_told_to_nobody_else(
    far_api: FakeApi,
    bundle: str,
    make_model: MakeModel,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in a sentence, not in a log at its most talkative, not to the server."""
    caplog.set_level(logging.DEBUG)
    said = []
    async with Proxy(far_api.port, f"user:{PASSWORD}") as proxy:
        for scheme, credentials in [
            ("http", f"user:{PASSWORD}"),
            ("http", f"nobody:{PASSWORD}"),
            ("socks5", f"user:{PASSWORD}"),
            ("ftp", f"user:{PASSWORD}"),
        ]:
            far_api.enqueue(status(400))
            address = f"{scheme}://{credentials}@{proxy.address}"
            heard = await listen(far(make_model, proxy=address, ca_bundle=bundle))
            said.append(str(heard.error))
    out, err = capfd.readouterr()
    sent = "".join(str(request.headers) for request in far_api.requests)
    for text in ("\n".join(said), caplog.text, out, err, sent):
        assert PASSWORD not in text
    assert len(said) == 4
