"""Which link a cursor is on, what it names, and where its words go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.core.media.links import MediaLink, link_at
from dola_ls.core.media.writing import described
from dola_ls.core.parsing import parse


def found(text: str, language: str = "markdown") -> tuple[Document, MediaLink | None]:
    """Return the link at the `|` of a text, which is no part of it."""
    at = text.index("|")
    document = Document("file:///a/b.md", language, 1, text[:at] + text[at + 1 :])
    return document, link_at(document, parse(document), Span(at, at))


def with_words(text: str, words: str, language: str = "markdown") -> str:
    """Return a text whose link at the `|` says `words`."""
    document, link = found(text, language)
    assert link is not None
    return apply_edits(document.text, described(document, link, words).edits)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("![|](pic.png)", "pic.png"),
        ("![old](|img/pic.png)", "img/pic.png"),
        ('see ![old](./pic.png "a title") |', "./pic.png"),
        ("![a](<my |pictures/a b.png>)", "my pictures/a b.png"),
        ("![a](my%20pictures/a.|png)", "my%20pictures/a.png"),
        ("![a [b] c](p(1).p|ng)", "p(1).png"),
        ("![a \\] b](p\\_1.p|ng)", "p_1.png"),
        ("![a](..\\img\\logo.p|ng)", "..\\img\\logo.png"),
        ("[![inner](in|ner.png)](outer.html)", "inner.png"),
        ("![a][lo|go]\n\n[LOGO]: img/logo.jpg", "img/logo.jpg"),
        ("![lo|go][]\n\n> [logo]: <img/my logo.jpg> 'x'", "img/my logo.jpg"),
        ("![lo|go]\n\n[logo]:\n  img/logo.webp\n[logo]: other.png", "img/logo.webp"),
        ("<img src='a&amp;b.png' al|t=x>", "a&b.png"),
        ('<p><img\n  class="x"\n  src=|pic.png\n  width=3 /></p>', "pic.png"),
    ],
)
def test_the_path_of_an_image(text: str, path: str) -> None:
    _, link = found(text)
    assert link is not None
    assert (link.kind, link.path, link.may_be_taken) == ("image", path, True)


def test_of_ten_links_on_a_line_the_one_at_the_cursor_counts() -> None:
    line = " ".join(f"![p{n}](p{n}.png)" for n in range(10))
    for n in range(10):
        at = line.index(f"p{n}.png")
        _, link = found(line[:at] + "|" + line[at:])
        assert link is not None
        assert link.path == f"p{n}.png"
    assert found("|x " + line)[1] is None
    assert found("x| ![a](a.png)")[1] is not None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("plain| text", "markdown"),
        ("\\![no|t](an-image.png)", "markdown"),
        ("[a lin|k](pic.png)", "markdown"),
        ("![un|defined][label]", "markdown"),
        ("![a](pic.png)|", "python"),
        ("<img alt='|x'>", "html"),
        ("<img src={lo|go} alt='x' />", "javascriptreact"),
        ("<img src='a.png' alt={wor|ds} />", "javascriptreact"),
        ("<img :src='lo|go'>", "vue"),
        ("<img src='{{ url }}|'>", "html"),
        ("<audio><source src='a|.mp4'></audio>", "html"),
        ("<picture><source src='|a.png'></picture>", "html"),
        ("name = 'pi|c.png'", "python"),
        ("<img src=\"{% static 'a|.png' %}\">", "django-html"),
        ("<img src='<%= url %>|.png'>", "erb"),
        ("<img src='a.png|' alt='{{ words }}'>", "html"),
    ],
)
def test_there_is_no_link(text: str, language: str) -> None:
    assert found(text, language)[1] is None


@pytest.mark.parametrize(
    "path",
    [
        "https://example.com/a.png",
        "HTTP://example.com/a.png",
        "//example.com/a.png",
        "\\\\server\\share\\a.png",
        "data:image/png;base64,AAAA",
        "vscode://x/a.png",
        "ftp://x/a.png",
    ],
)
def test_addresses_of_elsewhere_are_known(path: str) -> None:
    _, link = found(f"![|a](<{path}>)")
    assert link is not None
    assert link.is_remote
    assert not link.may_be_taken


@pytest.mark.parametrize("path", ["a.svg", "a.BMP", "a.heic?x=1", "a.pdf"])
def test_files_that_no_model_takes_are_offered_nothing(path: str) -> None:
    _, link = found(f"![|a]({path})")
    assert link is not None
    assert not link.may_be_taken


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("![|](p.png)", "![A cat](p.png)"),
        ("![o|ld](p.png 't')", "![A cat](p.png 't')"),
        ("x ![A dog|](p.png) ![b](c.png)", "x ![A cat](p.png) ![b](c.png)"),
        ("![a|][logo]\n\n[logo]: p.png", "![A cat][logo]\n\n[logo]: p.png"),
        ("![lo|go][]\n\n[logo]: p.png", "![A cat][logo]\n\n[logo]: p.png"),
        ("![lo|go]\n\n[logo]: p.png", "![A cat][logo]\n\n[logo]: p.png"),
        ("<img src='p.png|'>", "<img src='p.png' alt='A cat'>"),
        ('<img class="a" src="p.png|" />', '<img class="a" src="p.png" alt="A cat" />'),
        ("<img src=p.png| width=3>", '<img src=p.png alt="A cat" width=3>'),
        ("<img alt='' src=|p.png>", "<img alt='A cat' src=p.png>"),
        ("<img alt=old src=|p.png>", '<img alt="A cat" src=p.png>'),
        ("<img alt src='|p.png'>", "<img alt='A cat' src='p.png'>"),
        ('<IMG SRC="|p.png" ALT="A dog">', '<IMG SRC="p.png" ALT="A cat">'),
        ("![|](clip.mp4)", "![A cat](clip.mp4)"),
    ],
)
def test_words_go_where_they_belong_and_nowhere_else(text: str, after: str) -> None:
    assert with_words(text, "A cat") == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("<video src='c.mp4|'></video>\nx\n", "<video src='c.mp4'></video>\n\nA cat\n\nx\n"),
        ("<video>\n <source src='|c.webm'>\n</video>",
         "<video>\n <source src='c.webm'>\n</video>\n\nA cat"),
        ("<vid|eo controls>\n<source src='c.mp4'></video>\n",
         "<video controls>\n<source src='c.mp4'></video>\n\nA cat\n"),
        ("> <video src='c.mov|'>\n> x", "> <video src='c.mov'>\n>\n> A cat\n>\n> x"),
    ],
)  # fmt: skip
def test_words_about_a_video_go_below_it_in_markdown(text: str, after: str) -> None:
    assert with_words(text, "A cat") == after


def test_words_about_a_video_are_a_paragraph_in_html() -> None:
    text = "<div>\r\n  <video src='c.mp4|'>\r\n  </video>\r\n</div>\r\n"
    assert with_words(text, 'A <cat> & "a" dog', "html") == (
        "<div>\r\n  <video src='c.mp4'>\r\n  </video>\r\n"
        "  <p>A &lt;cat&gt; &amp; &quot;a&quot; dog</p>\r\n</div>\r\n"
    )


@pytest.mark.parametrize(
    ("text", "language", "path", "comment"),
    [
        ("# mock-ups/cart.p|ng\n# wide\nx = 1\n", "python", "mock-ups/cart.png",
         "# mock-ups/cart.png\n# wide"),
        ("x = 1  # see cart.png|\n# other\n", "python", "cart.png", "# see cart.png"),
        ("/* from \"my cart.jp|g\" */\n", "css", "my cart.jpg", '/* from "my cart.jpg" */'),
        ("<!-- cart.webp| -->\n", "html", "cart.webp", "<!-- cart.webp -->"),
        ("// C:\\work\\cart.gif|\n", "javascript", "C:\\work\\cart.gif", "// C:\\work\\cart.gif"),
        ("//cart.png|\n", "javascript", "cart.png", "//cart.png"),
        ("#cart.png|\n", "python", "cart.png", "#cart.png"),
    ],
)  # fmt: skip
def test_a_path_in_a_comment(text: str, language: str, path: str, comment: str) -> None:
    document, link = found(text, language)
    assert link is not None
    assert link.comment is not None
    assert (link.path, link.slot) == (path, None)
    assert document.text[link.comment.start : link.comment.end] == comment


def test_the_name_shows_no_hidden_characters() -> None:
    _, link = found("![|a](<img/a\u202egnp.png>)")
    assert link is not None
    assert link.name == "a<U+202E>gnp.png"
    _, link = found("![|a](https://evil.example/x.png?q=1)")
    assert link is not None
    assert link.name == "x.png"


@given(st.text("![]()<>img src=alt\"'\\\n{}/.png|vdeo ", max_size=120), st.integers(0, 120))
def test_every_text_is_read(text: str, at: int) -> None:
    document = Document("file:///a.md", "markdown", 1, text)
    link = link_at(document, None, Span(min(at, len(text)), min(at, len(text))))
    if link is not None:
        rewrite = described(document, link, "A cat")
        after = apply_edits(text, rewrite.edits)
        assert after.replace("A cat", "") != text or "A cat" in after
        assert all(rewrite.region.covers(Span(e.start, e.end)) for e in rewrite.edits)


@pytest.mark.parametrize("part", ["![", "![a](", "<img a", "[x]: ", "<!-- ", "![[", "\\"])
def test_long_rubbish_is_read_in_no_time(part: str) -> None:
    text = part * 20_000
    document = Document("file:///a.md", "markdown", 1, text + "![a][b]")
    link_at(document, None, Span(len(text) // 2, len(text) // 2))
    link_at(document, None, Span(len(text) + 2, len(text) + 2))
