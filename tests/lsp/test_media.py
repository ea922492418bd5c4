"""Actions on links to images and videos, from the menu to the buffer, with a real HTTP exchange."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from dola_ls import media_files
from tests.core.media.samples import CANARY, jpeg, movie, png, webm
from tests.fakes.api import FakeApi, answer, status
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel
from tests.lsp.gallery import ABLE, PAGE, bytes_of, gallery, parts_of, server_at, titles, told
from tests.lsp.shop import chosen, server_with
from tests.lsp.test_show_prompt import page_of

IMAGE_TITLES = ["Dola: Describe image cart.png", "Dola: Write code from image cart.png"]


async def test_a_picture_is_described_where_its_link_stands(profile: str, tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api:
        api.enqueue(answer("Alt text: A cart with [two] lamps\n"))
        async with Editor.connect(
            server_at(api, tmp_path), profile, folder=tmp_path / "shop"
        ) as editor:
            await editor.open(uri, PAGE, "markdown")
            await editor.execute(await chosen(editor, uri, "dola.describeImage", "img/cart"))
            await editor.idle()
            assert editor.text(uri) == PAGE.replace("![](img", "![A cart with \\[two\\] lamps](img")
            editor.take_edits()
        [request] = api.requests
    text, picture = parts_of(request.json)
    assert text["type"] == "text"
    assert "![](img/cart.png)" in text["text"]
    assert picture["type"] == "image_url"
    assert picture["image_url"]["detail"] == "auto"
    url = picture["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    assert bytes_of(url) == png(64, 48)
    assert CANARY not in request.body


async def test_a_large_file_is_read_and_encoded_in_pieces_and_in_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []

    def watched(data: bytes) -> bytes:
        seen.append((len(data), threading.get_ident()))
        return base64.b64encode(data)

    monkeypatch.setattr(media_files, "b64encode", watched)
    uri = gallery(tmp_path)
    noise = png(1000, 800, random.Random(7).randbytes(800_000))
    (tmp_path / "shop" / "img" / "cart.png").write_bytes(noise)
    async with FakeApi() as api:
        api.enqueue(answer("Alt text: noise"))
        async with Editor.connect(server_at(api, tmp_path), folder=tmp_path / "shop") as editor:
            await editor.open(uri, PAGE, "markdown")
            await editor.execute(await chosen(editor, uri, "dola.describeImage", "img/cart"))
            await editor.idle()
            editor.take_edits()
        [request] = api.requests
    assert bytes_of(parts_of(request.json)[1]["image_url"]["url"]) == noise
    assert len(seen) > 5
    # The event loop has its turn between any two of them.
    assert max(length for length, _ in seen) <= 100_000
    assert threading.get_ident() not in {thread for _, thread in seen}


async def test_code_from_a_picture_goes_below_its_link(profile: str, tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api:
        api.enqueue(answer("```mermaid\nflowchart TD\n  A --> B\n```"))
        async with Editor.connect(
            server_at(api, tmp_path), profile, folder=tmp_path / "shop"
        ) as editor:
            await editor.open(uri, PAGE, "markdown")
            await editor.execute(await chosen(editor, uri, "dola.writeFromImage", "img/cart"))
            await editor.idle()
            assert editor.text(uri) == PAGE.replace(
                "cart.png)\n", "cart.png)\n\n```mermaid\nflowchart TD\n  A --> B\n```\n"
            )
            editor.take_edits()
        [request] = api.requests
    assert parts_of(request.json)[1]["image_url"]["detail"] == "high"


async def test_a_video_is_described(profile: str, tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api:
        api.enqueue(answer("A lamp is lit."))
        async with Editor.connect(
            server_at(api, tmp_path), profile, folder=tmp_path / "shop"
        ) as editor:
            await editor.open(uri, PAGE, "markdown")
            assert "Dola: Describe video clip.mp4" in await titles(editor, uri, "clip")
            await editor.execute(await chosen(editor, uri, "dola.describeVideo", "clip"))
            await editor.idle()
            assert "![A lamp is lit.](clip.mp4)" in editor.text(uri)
            editor.take_edits()
        [request] = api.requests
    [_, video] = parts_of(request.json)
    assert video["type"] == "video_url"
    assert set(video["video_url"]) == {"url"}
    sent = bytes_of(video["video_url"]["url"])
    assert CANARY in movie()
    assert CANARY not in sent
    assert len(sent) == len(movie())


async def test_what_is_listed_where(profile: str, tmp_path: Path) -> None:
    page = PAGE + "![x](https://a.example/b.png) \\![y](a.png)\n<!-- cart.png -->\n![z](a.svg)\n"
    uri = gallery(tmp_path, page)
    server = server_at(None, tmp_path, DOLA_BASE_URL="http://127.0.0.1:9/v1")
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, page, "markdown")

        async def ours(at: str) -> list[str]:
            return [
                one for one in await titles(editor, uri, at) if "image" in one or "video" in one
            ]

        assert await ours("img/cart") == IMAGE_TITLES
        assert await ours("cart.png -->") == IMAGE_TITLES[1:]
        for nowhere in ("# Shop", "https:", "![z]"):
            assert await ours(nowhere) == []
        only = await editor.code_actions(
            uri, editor.cursor_at(uri, "img/cart"), only=["quickfix.dola"]
        )
        assert only == []
        automatic = await editor.code_actions(uri, editor.cursor_at(uri, "img/cart"), trigger=2)
        assert automatic == []


@pytest.mark.parametrize(
    ("config", "env", "wanted"),
    [
        ("", {}, []),
        ('abilities = ["video"]\n', {}, []),
        ('abilities = ["images"]\n', {}, IMAGE_TITLES),
        ("", {"DOLA_PROVIDER": "aimlapi", "DOLA_MODEL": ""}, IMAGE_TITLES),
        ("", {"DOLA_PROVIDER": "ark", "DOLA_MODEL": ""}, IMAGE_TITLES),
        ("", {"DOLA_PROVIDER": "aimlapi", "DOLA_MODEL": "gpt-7"}, []),
        ("abilities = []\n", {"DOLA_PROVIDER": "aimlapi", "DOLA_MODEL": ""}, []),
    ],
)
async def test_it_is_listed_where_the_model_is_known_to_take_pictures(
    config: str, env: dict[str, str], wanted: list[str], tmp_path: Path
) -> None:
    uri = gallery(tmp_path)
    settings = {"DOLA_BASE_URL": "http://127.0.0.1:9/v1", **env}
    if "DOLA_PROVIDER" in env:
        del settings["DOLA_BASE_URL"]
    async with Editor.connect(server_at(None, tmp_path, config, **settings)) as editor:
        await editor.open(uri, PAGE, "markdown")
        found = await titles(editor, uri, "img/cart")
        assert [one for one in found if "image" in one] == wanted


async def test_the_embedded_model_says_that_it_takes_text_only(
    profile: str, tmp_path: Path
) -> None:
    uri = gallery(tmp_path)
    server = server_at(None, tmp_path, "", DOLA_PROVIDER="local", DOLA_MODEL="")
    async with Editor.connect(server, profile) as editor:
        await editor.open(uri, PAGE, "markdown")
        actions = await editor.code_actions(uri, editor.cursor_at(uri, "img/cart"))
        image = [one for one in actions if one["title"] in IMAGE_TITLES]
        assert len(image) == 2
        if server.client.disabled_support:
            assert all("takes text only" in one["disabled"]["reason"] for one in image)
        else:
            assert all("disabled" not in one for one in image)


async def test_a_model_without_the_ability_is_answered_with_one_sentence(tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    model = FakeModel("A cart")
    async with Editor.connect(server_with(tmp_path, model)) as editor:
        await editor.open(uri, PAGE, "markdown")
        assert not {*IMAGE_TITLES} & {*await titles(editor, uri, "img/cart")}
        message = await told(editor, uri, "img/cart")
        assert "fake-model is not known to take images, so nothing was sent." in message
        message = await told(editor, uri, "clip", "dola.describeVideo")
        assert "is not known to take video" in message
    assert model.prompts == []


async def test_the_request_is_shown_without_the_bytes(tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api:
        api.enqueue(answer("A cart"))
        async with Editor.connect(server_at(api, tmp_path), folder=tmp_path / "shop") as editor:
            await editor.open(uri, PAGE, "markdown")
            call = {"uri": uri, "range": editor.cursor_at(uri, "img/cart")}
            await editor.run("dola.showPrompt", {"action": "dola.describeImage", **call})
            await editor.idle()
            page = page_of(editor)
            assert api.requests == []
            await editor.run("dola.describeImage", call)
            await editor.idle()
            editor.take_edits()
        [request] = api.requests
    url = parts_of(request.json)[1]["image_url"]["url"]
    data = bytes_of(url)
    shown = (
        f"[image: cart.png, {len(data)} B, PNG 64x48, SHA-256 {hashlib.sha256(data).hexdigest()}]"
    )
    assert page.count(shown) == 2
    assert "base64," not in page
    assert url[30:] not in page
    body = json.loads(page.rpartition("```json\n")[2].partition("\n```")[0])
    assert parts_of(body)[1]["image_url"]["url"] == shown
    assert parts_of(body)[0] == parts_of(request.json)[0]


def spoil(shop: Path, what: str) -> str:
    """Put something else in the place of the picture; return what is said of it."""
    picture = shop / "img" / "cart.png"
    if what == "missing":
        picture.unlink()
        return "cart.png cannot be sent: there is no such file"
    if what == "folder":
        picture.unlink()
        picture.mkdir()
        return "it is a folder"
    if what == "unreadable":
        picture.unlink()
        picture.symlink_to("cart.png")
        return "it leads nowhere"
    if what == "large":
        picture.write_bytes(png(3, 2)[:-12] + bytes(40_000_000))
        return "it has 40.0 MB, and an image may have 10 MB"
    contents = {
        "empty": (b"", "it is empty"),
        "text": (b"<svg/>", "by its content it is no PNG, JPEG, GIF or WebP image"),
        "half": (png(64, 48)[:-20], "it is a damaged PNG file, or not whole"),
        "video": (movie(), "by its content it is a video (MP4)"),
    }
    data, why = contents[what]
    picture.write_bytes(data)
    return why


@pytest.mark.parametrize(
    "what", ["missing", "folder", "unreadable", "large", "empty", "text", "half", "video"]
)
async def test_what_cannot_be_sent_is_told_in_a_sentence(what: str, tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    why = spoil(tmp_path / "shop", what)
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(uri, PAGE, "markdown")
        message = await told(editor, uri, "img/cart")
        assert why in message
        assert "Nothing was sent." in message
        assert str(tmp_path) not in message
        assert editor.text(uri) == PAGE
        assert api.requests == []


@pytest.mark.parametrize(
    ("link", "file"),
    [
        ("![](<my pictures/a b.png>)", "my pictures/a b.png"),
        ("![](my%20pictures/a%20b.png)", "my pictures/a b.png"),
        ("![](img%2fc%61rt2.png)", "img/cart2.png"),
        ("![](img\\sub\\a.png)", "img/sub/a.png"),
        ("![](./img/../a.png)", "a.png"),
        ("![](/img/a.png)", "img/a.png"),
        ("![](a.png?raw=true#x)", "a.png"),
        ("![](100%.png)", "100%.png"),
        ("![](a%20b.png)", "a%20b.png"),
        ("![](é漢😀.png)", "é漢😀.png"),
        ("<img src='a&amp;b.png'>", "a&b.png"),
        ("![][logo]\n\n[logo]: <img/l o.png> 'x'", "img/l o.png"),
        ("![](picture)", "picture"),
        ("![](photo.png)", "photo.png"),
    ],
)
async def test_paths_are_found_however_they_are_written(
    link: str, file: str, tmp_path: Path
) -> None:
    uri = gallery(tmp_path, link)
    path = tmp_path / "shop" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg())
    async with FakeApi() as api:
        api.enqueue(answer("A cart"))
        async with Editor.connect(server_at(api, tmp_path), folder=tmp_path / "shop") as editor:
            await editor.open(uri, link, "markdown")
            at = {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 1}}
            await editor.run("dola.describeImage", {"uri": uri, "range": at})
            await editor.idle()
            editor.take_edits()
            assert "A cart" in editor.text(uri)
        [request] = api.requests
    # What it is, is seen from its bytes, whatever its name is.
    assert parts_of(request.json)[1]["image_url"]["url"].startswith("data:image/jpeg;base64,")


async def test_an_unsaved_page_has_no_place_to_look_beside(tmp_path: Path) -> None:
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open("untitled:a.md", PAGE, "markdown")
        message = await told(editor, "untitled:a.md", "img/cart")
        assert "Save this document to a file" in message
        assert api.requests == []


async def test_no_link_at_the_cursor_is_told(tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api, Editor.connect(server_at(api, tmp_path)) as editor:
        await editor.open(uri, PAGE, "markdown")
        assert "no link to an image" in await told(editor, uri, "# Shop")
        assert "no link to a video" in await told(editor, uri, "img/", "dola.describeVideo")
        assert "no link to an image" in await told(editor, uri, "clip", "dola.writeFromImage")


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (
            400,
            {"error": {"message": "Image is too small: data:image/png;base64,iVBORw0KGgoAAAANS"}},
        ),
        (413, {"error": {"message": "Request Entity Too Large"}}),
        (422, {"message": "messages.1.content must be a string"}),
        (404, {"error": {"message": "No endpoints found that support image input"}}),
    ],
)
async def test_a_server_that_takes_no_images_is_told_in_a_sentence(
    code: int, body: dict[str, Any], tmp_path: Path
) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api:
        api.enqueue(status(code, body, end="close"))
        async with Editor.connect(server_at(api, tmp_path)) as editor:
            await editor.open(uri, PAGE, "markdown")
            message = await told(editor, uri, "img/cart")
            assert f"does not take the image ({code})" in message
            assert "Nothing was changed" in message
            assert "base64" not in message
            assert "iVBOR" not in message
            assert editor.text(uri) == PAGE


async def test_a_proposal_is_asked_for_again_at_the_link(tmp_path: Path) -> None:
    uri = gallery(tmp_path)
    async with FakeApi() as api:
        api.enqueue(answer("A cart"), answer("Two carts"))
        server = server_at(api, tmp_path, ABLE, DOLA_APPLY="review")
        async with Editor.connect(server) as editor:
            await editor.open(uri, PAGE, "markdown")
            await told(editor, uri, "img/cart")
            assert editor.text(uri) == PAGE
            await editor.type(uri, "# Shop", "# A longer name")
            actions = await editor.code_actions(uri, editor.cursor_at(uri, "![](img"))
            retry = next(one for one in actions if one["title"].startswith("Dola: Retry"))
            await editor.execute(retry)
            await editor.idle()
            editor.take_messages()
            actions = await editor.code_actions(uri, editor.cursor_at(uri, "![](img"))
            apply = next(one for one in actions if one["title"].startswith("Dola: Apply"))
            await editor.execute(apply)
            await editor.idle()
            editor.take_edits()
            assert "![Two carts](img/cart.png)" in editor.text(uri)
        assert len(api.requests) == 2
        assert all(len(parts_of(request.json)) == 2 for request in api.requests)


async def test_a_webm_recorded_by_a_browser_is_sent(tmp_path: Path) -> None:
    page = "<video>\n  <source src='clip.webm'>\n</video>\n"
    uri = gallery(tmp_path, page, "page.html")
    (tmp_path / "shop" / "clip.webm").write_bytes(webm(live=True))
    async with FakeApi() as api:
        api.enqueue(answer("A lamp is lit."))
        async with Editor.connect(server_at(api, tmp_path)) as editor:
            await editor.open(uri, page, "html")
            await editor.run(
                "dola.describeVideo", {"uri": uri, "range": editor.cursor_at(uri, "clip")}
            )
            await editor.idle()
            editor.take_edits()
            assert editor.text(uri) == page + "<p>A lamp is lit.</p>\n"
        [request] = api.requests
    assert parts_of(request.json)[1]["video_url"]["url"].startswith("data:video/webm;base64,")
