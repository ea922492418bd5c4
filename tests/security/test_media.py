"""S11: what leaves with an image or a video: the very file, of this folder, without metadata."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dola_ls import log, media_files
from dola_ls.core.document import Document, Span
from dola_ls.core.media.links import link_at
from dola_ls.core.outcome import Refused
from dola_ls.keeping_back import Wishes
from dola_ls.media_files import read_media
from dola_ls.model.stream import Remote
from tests.core.media import samples
from tests.core.media.samples import CANARY, PNG_METADATA, exif, gif, jpeg, movie, png, webm, webp
from tests.fakes.api import FakeApi, answer
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel
from tests.lsp.gallery import ABLE, bytes_of, gallery, parts_of, server_at, told
from tests.lsp.shop import server_with

COMMANDS = ["dola.describeImage", "dola.writeFromImage", "dola.describeVideo"]
SECRET = png(5, 5, bytes(range(25)))


def link(target: str) -> str:
    """Return a page that links to a picture."""
    return f"![](<{target}>)\n"


async def refusal(tmp_path: Path, page: str, config: str = ABLE) -> str:
    """Return what is said of the link at the beginning of a page, of which nothing is sent."""
    uri = gallery(tmp_path, page)
    async with (
        FakeApi() as api,
        Editor.connect(server_at(api, tmp_path, config), folder=tmp_path / "shop") as editor,
    ):
        await editor.open(uri, page, "markdown")
        message = await told(editor, uri, page[2:12])
        assert editor.text(uri) == page
        assert api.requests == []
    return message


def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / "secret.png").write_bytes(SECRET)
    return folder / "secret.png"


@pytest.mark.parametrize(
    "target",
    [
        "../elsewhere/secret.png",
        "img/../../elsewhere/secret.png",
        "..%2felsewhere%2fsecret.png",
        "%2e%2e/elsewhere/secret.png",
        "..\\elsewhere\\secret.png",
        "{path}",
        "file://{path}",
        "file://localhost{path}",
        "FILE://{path}",
        "img/link.png",
        "linked/secret.png",
        "chain.png",
    ],
)
async def test_nothing_outside_the_folder_is_sent(target: str, tmp_path: Path) -> None:
    secret = outside(tmp_path)
    gallery(tmp_path)
    shop = tmp_path / "shop"
    (shop / "img" / "link.png").symlink_to(secret)
    (shop / "linked").symlink_to(secret.parent)
    (shop / "chain.png").symlink_to("img/link.png")
    message = await refusal(tmp_path, link(target.format(path=secret)))
    assert "it lies outside the folder shop" in message
    assert "Nothing was sent." in message
    assert str(tmp_path) not in message


@pytest.mark.parametrize(
    "target",
    [
        "file://otherhost/share/a.png",
        "file:////otherhost/share/a.png",
        "\\\\otherhost\\share\\a.png",
        "%5C%5Cotherhost%5Cshare%5Ca.png",
        "/\\otherhost/a.png",
        "a\0.png",
        "%00.png",
    ],
)
async def test_other_machines_and_broken_names_are_no_files(target: str, tmp_path: Path) -> None:
    message = await refusal(tmp_path, link(target))
    assert "othing was sent" in message


async def test_a_page_outside_of_all_folders_shows_its_own_folder_only(tmp_path: Path) -> None:
    secret = outside(tmp_path)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "a.md").write_text(link("../elsewhere/secret.png"))
    at = Document("file:///a.md", "markdown", 1, link("../elsewhere/secret.png"))
    found = link_at(at, None, Span(3, 3))
    assert found is not None
    for folders in ([], [tmp_path / "shop"]):
        read = read_media(found, "image", alone / "a.md", folders, Wishes())
        assert isinstance(read, Refused)
        assert read.rule == "outside"
    assert secret.exists()


RULES: dict[str, Callable[[Path], object]] = {
    ".aiignore": lambda shop: (shop / ".aiignore").write_text("img/\n"),
    ".gitignore": lambda shop: (shop / ".gitignore").write_text("*.png\n"),
    ".aiexclude": lambda shop: (shop / ".aiexclude").write_text(""),
    "unreadable": lambda shop: (shop / ".cursorignore").write_bytes(b"\xff\xfe"),
    "nested": lambda shop: (shop / "img" / ".geminiignore").write_text("cart.png\n"),
}


@pytest.mark.parametrize("rule", RULES)
async def test_a_picture_that_is_kept_back_is_not_sent(rule: str, tmp_path: Path) -> None:
    gallery(tmp_path)
    RULES[rule](tmp_path / "shop")
    if rule in (".aiexclude", "unreadable"):
        # Those keep back the page as well.
        message = await refusal(tmp_path, link("img/cart.png"))
        assert "is kept back" in message
        return
    message = await refusal(tmp_path, link("img/cart.png"))
    assert message.startswith("Describe image cart.png: cart.png is kept back:")
    assert "Nothing was sent." in message


async def test_the_users_own_patterns_hold_for_pictures(tmp_path: Path) -> None:
    config = ABLE + '[privacy]\nexclude = ["img/"]\n'
    message = await refusal(tmp_path, link("img/cart.png"), config)
    assert "`privacy.exclude`" in message


@pytest.mark.parametrize("name", [".env.png", "credentials.png", ".ssh/cart.png", "id_rsa.png"])
async def test_names_of_secrets_hold_for_pictures(name: str, tmp_path: Path) -> None:
    gallery(tmp_path)
    path = tmp_path / "shop" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(png())
    assert "it may hold secrets" in await refusal(tmp_path, link(name))


async def test_a_link_to_what_is_kept_back_is_judged_by_both_paths(tmp_path: Path) -> None:
    gallery(tmp_path)
    shop = tmp_path / "shop"
    (shop / "private").mkdir()
    (shop / "private" / "a.png").write_bytes(png())
    (shop / "open.png").symlink_to("private/a.png")
    (shop / ".aiignore").write_text("private/\n")
    assert "is kept back" in await refusal(tmp_path, link("open.png"))


async def test_an_address_is_never_fetched_nor_passed_on(tmp_path: Path) -> None:
    async with FakeApi() as web, FakeApi() as api:
        web.answer_with(lambda request: answer("no"))
        targets = [
            f"{web.base_url}/cart.png",
            f"{web.base_url.replace('http:', 'HTTP:')}/clip.mp4",
            f"//{web.base_url.partition('//')[2]}/cart.png",
            "data:image/png;base64,iVBORw0KGgo=",
            "https://a.example/cart.png",
        ]
        pages = [link(target) for target in targets]
        pages += [f"<img src='{target}'>\n" for target in targets]
        pages += [f"<video src='{target}'></video>\n" for target in targets]
        text = "\n".join(pages)
        uri = gallery(tmp_path, text)
        server = server_at(api, tmp_path)
        async with Editor.connect(server, folder=tmp_path / "shop") as editor:
            await editor.open(uri, text, "markdown")
            for page in pages:
                at = {"uri": uri, "range": editor.cursor_at(uri, page)}
                listed = await editor.code_actions(uri, at["range"])
                titles = [one["title"] for one in listed]
                assert not any("image" in one or "video" in one for one in titles)
                for command in COMMANDS:
                    await editor.run(command, at)
            await editor.idle()
            messages = editor.take_messages()
            assert len(messages) == len(pages) * len(COMMANDS)
            assert all("othing was sent" in message for message in messages)
        assert web.requests == []
        assert api.requests == []


FILES = {
    "png": (png(3, 2, None, *PNG_METADATA) + CANARY, png(3, 2)),
    "jpeg": (jpeg(samples.JFIF, exif(1), tail=CANARY), jpeg(samples.JFIF)),
    "gif": (gif(samples.GIF_XMP, samples.LOOP, tail=CANARY), gif(samples.LOOP)),
    "webp": (
        webp(samples.vp8x(8), samples.VP8, samples.riff(b"EXIF", CANARY)),
        webp(samples.vp8x(0), samples.VP8),
    ),
    "mp4": (movie(samples.box(b"udta", samples.box(b"\xa9xyz", CANARY))), None),
    "webm": (webm(samples.element(0x1254C367, CANARY)), None),
}


@pytest.mark.parametrize("kind", FILES)
async def test_metadata_does_not_leave_the_machine(kind: str, tmp_path: Path) -> None:
    data, wanted = FILES[kind]
    video = wanted is None
    page = "![](cart.mp4)\n" if video else "![](cart.png)\n"
    uri = gallery(tmp_path, page)
    (tmp_path / "shop" / page[4:-2]).write_bytes(data)
    assert CANARY in data
    async with FakeApi() as api:
        api.enqueue(answer("A cart"))
        async with Editor.connect(server_at(api, tmp_path), folder=tmp_path / "shop") as editor:
            await editor.open(uri, page, "markdown")
            command = "dola.describeVideo" if video else "dola.describeImage"
            await editor.run(command, {"uri": uri, "range": editor.cursor_at(uri, "cart")})
            await editor.idle()
            editor.take_edits()
        [request] = api.requests
    part = parts_of(request.json)[1]
    sent = bytes_of(part[part["type"]]["url"])
    assert CANARY not in sent
    assert wanted is None or sent == wanted
    assert str(tmp_path).encode() not in request.body


async def test_no_log_holds_a_picture(tmp_path: Path) -> None:
    uri = gallery(tmp_path, link("img/cart.png"))
    stderr, folder = io.StringIO(), tmp_path / "log"
    log.set_up({"DOLA_LOG": "trace"}, folder=folder, stream=stderr)
    try:
        async with FakeApi() as api:
            api.enqueue(answer("A cart"))
            server = server_at(api, tmp_path, DOLA_LOG="trace")
            async with Editor.connect(server, folder=tmp_path / "shop") as editor:
                await editor.open(uri, link("img/cart.png"), "markdown")
                await editor.run(
                    "dola.describeImage", {"uri": uri, "range": editor.cursor_at(uri, "img")}
                )
                await editor.idle()
                editor.take_edits()
            [request] = api.requests
    finally:
        log.close()
    url = parts_of(request.json)[1]["image_url"]["url"]
    written = stderr.getvalue() + "".join(path.read_text() for path in folder.glob("*"))
    assert "describeImage" in written
    assert "base64," not in written
    assert url[30:80] not in written


async def test_in_a_workspace_that_is_not_trusted_nothing_is_read(tmp_path: Path) -> None:
    page = link("img/cart.png")
    uri = gallery(tmp_path, page)
    async with (
        FakeApi() as api,
        Editor.connect(
            server_at(api, tmp_path), "vscode-1.139", options={"workspaceTrusted": False}
        ) as editor,
    ):
        await editor.open(uri, page, "markdown")
        for command in COMMANDS[:2]:
            assert "is not trusted" in await told(editor, uri, "img", command)
        assert api.requests == []


async def test_consent_is_asked_for_before_a_picture_leaves(tmp_path: Path) -> None:
    page = link("img/cart.png")
    uri = gallery(tmp_path, page)
    model = FakeModel("A cart")
    model.abilities = frozenset({"images"})  # type: ignore[attr-defined]
    model.remote = Remote("https://api.example:443", "coder", "api.example")
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "vscode-1.139", folder=tmp_path / "shop") as editor:
        await editor.open(uri, page, "markdown")
        editor.choices = ["Don't send"]
        await editor.run("dola.describeImage", {"uri": uri, "range": editor.cursor_at(uri, "img")})
        await editor.idle()
        [question] = editor.take_questions()
        assert "api.example" in question["message"]
        assert model.prompts == []
        assert editor.text(uri) == page
        editor.take_messages()


async def test_no_workspace_can_say_that_a_model_takes_pictures(tmp_path: Path) -> None:
    page = link("img/cart.png")
    uri = gallery(tmp_path, page)
    said: dict[str, Any] = {"abilities": ["images", "video"]}
    async with (
        FakeApi() as api,
        Editor.connect(
            server_at(api, tmp_path, ""), options=said, settings={"dola": said}
        ) as editor,
    ):
        await editor.open(uri, page, "markdown")
        await editor.run("dola.describeImage", {"uri": uri, "range": editor.cursor_at(uri, "img")})
        await editor.idle()
        ignored, message = editor.take_messages()
        assert "`abilities`" in ignored
        assert "is not known to take images" in message
        assert api.requests == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    gallery(tmp_path)
    os.mkfifo(tmp_path / "shop" / "pipe.png")
    assert "it is no regular file" in await refusal(tmp_path, link("pipe.png"))


async def test_a_file_that_changes_while_it_is_read_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery(tmp_path)
    picture = tmp_path / "shop" / "img" / "cart.png"
    stat = os.fstat

    def look(handle: int) -> os.stat_result:
        found = stat(handle)
        picture.write_bytes(picture.read_bytes() + b"more")
        return found

    monkeypatch.setattr(media_files.os, "fstat", look)
    page = link("img/cart.png")
    at = Document("file:///a.md", "markdown", 1, page)
    found = link_at(at, None, Span(3, 3))
    assert found is not None
    source = tmp_path / "shop" / "README.md"
    read = read_media(found, "image", source, [tmp_path / "shop"], Wishes())
    monkeypatch.undo()
    assert isinstance(read, Refused)
    assert "it changed while it was read" in read.reason


@pytest.mark.parametrize(
    "said",
    [
        "](http://evil.example) ![x](http://evil.example/?q=",
        '"><script>alert(1)</script><img src="http://evil.example',
        "\u202egnp.exe\u2066",
        "A cart\n\n# Heading\n\n[click](command:evil)",
        "{{constructor.constructor('alert(1)')()}}",
    ],
)
async def test_what_a_picture_talks_the_model_into_stays_words(said: str, tmp_path: Path) -> None:
    for page, language in (
        (link("img/cart.png"), "markdown"),
        ("<img src='img/cart.png'>", "html"),
    ):
        uri = gallery(tmp_path, page, "a.md" if language == "markdown" else "a.html")
        async with FakeApi() as api:
            api.enqueue(answer(said))
            async with Editor.connect(server_at(api, tmp_path), folder=tmp_path / "shop") as editor:
                await editor.open(uri, page, language)
                at = {"uri": uri, "range": editor.cursor_at(uri, "img/")}
                await editor.run("dola.describeImage", at)
                await editor.idle()
                editor.take_edits()
                editor.take_messages()
                text = editor.text(uri)
        assert text.count("\n") == page.count("\n")
        assert "://" not in text
        assert "<script" not in text
        assert "{{" not in text
        assert "\u202e" not in text
        if language == "markdown":
            at_end = link_at(Document("file:///a.md", "markdown", 1, text), None, Span(1, 1))
            assert at_end is not None
            assert at_end.path == "img/cart.png"
            assert (at_end.span.start, at_end.span.end) == (0, len(text) - 1)
