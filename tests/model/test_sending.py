"""A long body goes out in pieces, byte for byte as it would in one, and with its length told."""

from __future__ import annotations

import base64
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.core.media.media import Facts, Media
from dola_ls.core.prompt import Prompt
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.exchange import Timeouts
from dola_ls.model.request import compose, outgoing
from dola_ls.model.sending import PIECE, body_of
from tests.fakes.api import FakeApi, answer, status
from tests.model.conftest import MakeModel, listen

ENDPOINT = Endpoint("custom", "https://api.example/v1", "coder")


def media(size: int, kind: str = "video", name: str = "a.mp4") -> Media:
    """Return an image or a video whose address has about so many characters."""
    data = (bytes(range(251)) * (size // 251 + 1))[: size * 3 // 4]
    mime = "video/mp4" if kind == "video" else "image/png"
    facts = Facts("video" if kind == "video" else "image", "MP4", mime, 640, 480, 10)
    url = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    return Media(name, facts, len(data), "ab", url)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from([10, PIECE - 100, PIECE + 100, PIECE * 3]), max_size=4), st.text())
async def test_its_pieces_are_the_body(sizes: list[int], text: str) -> None:
    kinds = ("image", "video")
    prompt = Prompt("system", text, media=tuple(media(n, kinds[n % 2]) for n in sizes))
    request = compose(ENDPOINT, prompt, predicted=False)
    body = body_of(request)
    pieces = [piece async for piece in body]
    assert b"".join(pieces) == request.body()
    assert body.size == len(request.body())
    assert max(map(len, pieces)) <= PIECE


async def test_a_text_of_any_length_is_cut_as_well_and_stays_what_it_is() -> None:
    prompt = Prompt("system", "ä" * PIECE * 2)
    body = body_of(compose(ENDPOINT, prompt, predicted=False))
    pieces = [piece async for piece in body]
    assert max(map(len, pieces)) <= PIECE
    assert json.loads(b"".join(pieces))["messages"][1]["content"] == prompt.user


async def test_a_video_is_sent_in_pieces_and_again_when_it_has_to_be(
    api: FakeApi, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    send = httpx.AsyncClient.send

    async def watched(self: httpx.AsyncClient, request: httpx.Request, **more: object):
        stream = request.stream
        assert isinstance(stream, httpx.AsyncByteStream)

        async def pieces():
            async for piece in stream:
                sent.append(len(piece))
                yield piece

        request.stream = Stream(pieces())
        return await send(self, request, **more)

    monkeypatch.setattr(httpx.AsyncClient, "send", watched)
    film = media(2_000_000)
    api.enqueue(status(429, headers={"Retry-After": "0"}), answer("A film."))
    model = make_model(timeouts=Timeouts())
    heard = await listen(model, Prompt("s", "u", media=(film,)))
    assert heard.text == "A film."
    assert len(api.requests) == 2
    for request in api.requests:
        [_, user] = request.json["messages"]
        assert user["content"][1]["video_url"]["url"] == film.url
        assert request.headers["content-length"] == str(len(request.body))
        assert "transfer-encoding" not in request.headers
    assert sum(sent) == sum(len(request.body) for request in api.requests)
    # Between two pieces others have their turn.
    assert max(sent) <= PIECE


class Stream(httpx.AsyncByteStream):
    """A stream of what a generator yields."""

    def __init__(self, pieces) -> None:
        self._pieces = pieces

    def __aiter__(self):
        return self._pieces


async def test_a_request_that_is_shown_is_without_the_bytes_and_tells_their_number() -> None:
    prompt = Prompt("s", "u", media=(media(300_000), media(20, "image", "b.png")))
    out = outgoing(ENDPOINT, prompt, predicted=False)
    whole = compose(ENDPOINT, prompt, predicted=False).body()
    assert out.size == len(whole)
    assert len(out.body) < 2000
    [_, film, picture] = json.loads(out.body)["messages"][1]["content"]
    assert film["video_url"]["url"] == "data:video/mp4;base64,"
    assert picture["image_url"]["url"] == "data:image/png;base64,"
