"""What a model says of a picture becomes one line of plain text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.media.words import (
    LONGEST,
    escaped_html,
    escaped_markdown,
    paragraph,
    plain_words,
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("A cat on a mat", "A cat on a mat"),
        ('"A cat on a mat."\n', "A cat on a mat."),
        ("“A cat”", "A cat"),
        ("Alt text: A cat", "A cat"),
        ("**Alt text:** A cat", "A cat"),
        ("Here is the alt text:\n\nA cat", "A cat"),
        ("Here's an alternative text:\n> ", ">"),
        ("```\nA cat\n```", "A cat"),
        ("`A cat`", "A cat"),
        ("![A cat](pic.png)", "A cat"),
        ('<img src="pic.png" alt="A cat">', "A cat"),
        ("1. A cat\n2. A dog\n3. A bird", "A cat"),
        ("- A cat", "A cat"),
        ("A cat\non a mat.\n\nIt sleeps.", "A cat on a mat."),
        ("A **big** cat", "A big cat"),
        ("A <b>cat</b> and a [dog](http://x)", "A cat and a dog"),
        ("Go to https://evil.example now", "Go to evil.example now"),
        ("A {{ secret }} and `code`", "A (( secret )) and 'code'"),
        ("A\u202e cat\u200b \x1b[31m\x07", "A cat [31m"),
        ('He says "yes" and "no"', 'He says "yes" and "no"'),
        ("Описание: кот", "Описание: кот"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_words_without_what_models_put_round_them(answer: str, words: str) -> None:
    assert plain_words(answer) == words


def test_a_long_answer_ends_with_a_sentence_or_a_word() -> None:
    assert plain_words("One sentence that is long enough to count for a third of it all, and so it "
                       "goes on and on. " + "word " * 80).endswith("on and on.")  # fmt: skip
    cut = plain_words("word " * 80)
    assert cut.endswith("word…")
    assert len(cut) <= LONGEST


@given(st.text(max_size=400))
def test_it_is_one_short_line_whatever_the_answer_is(answer: str) -> None:
    words = plain_words(answer)
    assert len(words) <= LONGEST
    assert words == " ".join(words.split())
    assert not re.search("[\x00-\x1f\u2028\u2029`{}\u202a-\u202e]", words)


@given(st.text(st.sampled_from("ab ![]()<>*_|&;#\\\"'"), max_size=60))
def test_markdown_has_no_way_out_of_the_words(answer: str) -> None:
    words = plain_words(answer)
    escaped = escaped_markdown(words)
    bare = re.sub(r"\\.", "", escaped)
    assert not re.search(r"[\[\]<>*_|]", bare)
    assert not bare.endswith("\\")
    assert re.sub(r"\\(.)", r"\1", escaped) == words


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))


@pytest.mark.parametrize("quote", ["'", '"'])
@given(st.text(st.sampled_from("ab <>\"'&;=/\\x onerror"), max_size=60))
def test_html_has_no_way_out_of_the_words(quote: str, answer: str) -> None:
    words = plain_words(answer)
    parser = _Tags()
    parser.feed(f"<img alt={quote}{escaped_html(words)}{quote}>")
    assert parser.seen == [("img", [("alt", words.replace("\\", "/"))])]
    assert html.unescape(escaped_html(words)) == words.replace("\\", "/")


@pytest.mark.parametrize(
    "start", ["# a", "- a", "+ a", "> a", "1. a", "12) a", "=a", "* a", "| a |"]
)
def test_a_paragraph_is_never_something_else(start: str) -> None:
    assert re.match(r"\\[#+>=*|-]|\d+\\[.)]", paragraph(start))


def test_no_viewer_makes_a_link_of_it() -> None:
    assert escaped_markdown("www.evil.example") == "www\\.evil.example"
