"""Images and videos in a request, what they may cost, and a server that does not take them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dola_ls.core.media.media import Detail, Facts, Media
from dola_ls.core.prompt import Prompt
from dola_ls.model.abilities import abilities, stated_abilities
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import BadRequest, MediaRefused, ModelError, ModelRetired, RateLimited
from dola_ls.model.ledger import Ledger, Metered
from dola_ls.model.prices import Price, Terms, estimate
from dola_ls.model.request import compose
from tests.fakes.api import FakeApi, answer, status
from tests.fakes.model import FakeModel
from tests.model.conftest import MakeModel, listen

URL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"


def image(width: int = 640, height: int = 480, detail: Detail = "auto") -> Media:
    return Media("a.png", Facts("image", "PNG", "image/png", width, height), 9, "ab", URL, detail)


def video(seconds: float = 10) -> Media:
    facts = Facts("video", "MP4", "video/mp4", 640, 480, seconds)
    return Media("a.mp4", facts, 9, "ab", "data:video/mp4;base64,AAAA")


def test_a_request_holds_the_parts_that_the_provider_documents() -> None:
    endpoint = Endpoint("custom", "https://api.example/v1", "coder")
    prompt = Prompt("system", "What is it?", media=(image(detail="high"), video()))
    body = json.loads(compose(endpoint, prompt, predicted=False).body())
    assert body["messages"][0] == {"role": "system", "content": "system"}
    assert body["messages"][1]["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}},
    ]


def test_no_picture_is_in_what_python_shows_of_a_prompt() -> None:
    assert "base64" not in repr(Prompt("s", "u", media=(image(),)))


@pytest.mark.parametrize(
    ("media", "least", "most"),
    [
        (image(640, 480), 392, 1000),
        (image(28, 28), 1, 300),
        (image(8000, 8000), 5120, 6000),
        (image(0, 0), 5120, 6000),
        (video(10), 12_800, 20_000),
        (video(100_000), 80_000, 80_000),
        (video(0), 80_000, 80_000),
    ],
)
def test_media_are_estimated_generously(media: Media, least: int, most: int) -> None:
    terms = Terms(Price(1.0, 1.0))
    bare = estimate(terms, Prompt("s", "u"))
    with_media = estimate(terms, Prompt("s", "u", media=(media,)))
    tokens = with_media.input_tokens - bare.input_tokens
    assert tokens == media.tokens
    assert least <= tokens <= most
    assert with_media.micros - bare.micros == tokens


@pytest.mark.parametrize(
    ("provider", "model", "stated", "known"),
    [
        ("aimlapi", "bytedance/dola-seed-2-0-code", None, {"images", "video"}),
        ("aimlapi", "bytedance/dola-seed-2-0-lite", None, {"images", "video"}),
        ("ark", "seed-2-0-code-preview-260328", None, {"images", "video"}),
        ("ark", "another", None, set()),
        ("custom", "bytedance/dola-seed-2-0-code", None, set()),
        ("custom", "coder", {"images"}, {"images"}),
        ("aimlapi", "bytedance/dola-seed-2-0-code", set(), set()),
    ],
)
def test_what_is_known_of_a_model(
    provider: str, model: str, stated: set[str] | None, known: set[str]
) -> None:
    said = frozenset(stated) if stated is not None else None
    endpoint = Endpoint(provider, "https://api.example/v1", model, abilities=said)
    assert abilities(endpoint) == known
    assert stated_abilities(HttpModel(endpoint)) == known
    assert stated_abilities(Metered(HttpModel(endpoint), Ledger())) == known


def test_a_model_that_says_nothing_takes_text_only() -> None:
    assert stated_abilities(FakeModel("x")) == frozenset()


async def fault(api: FakeApi, make_model: MakeModel, prompt: Prompt) -> ModelError:
    heard = await listen(make_model(), prompt)
    assert heard.error is not None
    return heard.error


ASKED = Prompt("s", "u", media=(image(),))


@pytest.mark.parametrize("code", [400, 413, 415, 422])
async def test_a_picture_that_is_refused_has_an_error_of_its_own(
    code: int, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(code, {"error": {"message": "Unsupported image format"}}))
    error = await fault(api, make_model, ASKED)
    assert isinstance(error, MediaRefused)
    assert error.rule == "media_refused"
    assert f"does not take the image ({code}): “Unsupported image format”" in str(error)
    assert len(api.requests) == 1


async def test_an_error_in_the_stream_counts_too(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(status(200, {"error": {"message": "Invalid image", "code": 400}}))
    assert isinstance(await fault(api, make_model, ASKED), MediaRefused)


@pytest.mark.parametrize("said", [f"bad url {URL}", URL[30:], "data:image/png;base64,iVBOR"])
async def test_a_server_that_repeats_the_picture_is_not_quoted(
    said: str, api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(400, {"error": {"message": said}}))
    error = await fault(api, make_model, ASKED)
    assert "iVBOR" not in str(error)
    assert "base64" not in str(error)
    assert URL[30:50] not in str(error)


async def test_a_video_is_called_one(api: FakeApi, make_model: MakeModel) -> None:
    api.enqueue(status(400, {"message": "no"}))
    error = await fault(api, make_model, replace(ASKED, media=(video(),)))
    assert "does not take the video (400)" in str(error)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (status(400, {"error": {"message": "no", "param": "model"}}), BadRequest),
        (status(404, {"error": {"message": "model not found"}}), ModelRetired),
        (status(404, {"error": {"message": "this model has no vision"}}), MediaRefused),
        (status(429, {"message": "too many"}, headers={"Retry-After": "999"}), RateLimited),
    ],
)
async def test_other_faults_stay_what_they_are(
    reply: object, kind: type[ModelError], api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(reply)  # type: ignore[arg-type]
    assert type(await fault(api, make_model, ASKED)) is kind


async def test_text_alone_is_never_a_matter_of_pictures(
    api: FakeApi, make_model: MakeModel
) -> None:
    api.enqueue(status(400, {"error": {"message": "image"}}))
    assert type(await fault(api, make_model, Prompt("s", "u"))) is BadRequest


async def test_a_request_of_many_megabytes_arrives_whole(
    api: FakeApi, make_model: MakeModel
) -> None:
    url = "data:video/mp4;base64," + "QUJD" * 2_000_000
    api.enqueue(answer("A film"))
    await listen(make_model(), replace(ASKED, media=(replace(video(), url=url),)))
    assert api.requests[0].json["messages"][1]["content"][1]["video_url"]["url"] == url
