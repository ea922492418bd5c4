"""Lines, spans and positions of a document, beside slow and obvious ways to count them."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dola_ls.core.document import (
    Document,
    Edit,
    Encoding,
    Span,
    apply_edits,
    line_starts,
    split_lines,
)
from tests.core.texts import PIECES, texts

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
#: Code units of one character: bytes per unit of the codec that writes them.
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def document(text: str) -> Document:
    """Return the first version of a text."""
    return Document("file:///x.py", "python", 1, text)


def slow_lines(text: str) -> list[str]:
    """Split by the rule of the protocol, one character at a time."""
    lines, line = [], ""
    for index, char in enumerate(text):
        line += char
        if char == "\n" or (char == "\r" and text[index + 1 : index + 2] != "\n"):
            lines.append(line)
            line = ""
    return [*lines, line]


def units(text: str, encoding: Encoding) -> int:
    """Count code units as a client does that keeps the text in this encoding."""
    codec, size = CODECS[encoding]
    return sum(len(char.encode(codec, "surrogatepass")) // size for char in text)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """Draw a text and changes, each of the text that the one before it left."""
    text = start = draw(texts)
    made = []
    for _ in range(draw(st.integers(1, 5))):
        low = draw(st.integers(0, len(text)))
        high = draw(st.integers(low, min(len(text), low + 8)))
        put = draw(st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
        made.append(Edit(low, high, put))
        text = apply_edits(text, made[-1:])
    return start, made


# --- lines


@given(texts)
@settings(max_examples=300)
@example("")
@example("\r\n")
@example("a\n\rb")
@example("a\r\r\nb")
def test_lines_end_where_the_protocol_says(text: str) -> None:
    slow = slow_lines(text)
    assert split_lines(text) == (slow if slow[-1] else slow[:-1])
    assert line_starts(text) == [len("".join(slow[:index])) for index in range(len(slow))]
    this = document(text)
    assert this.line_count == len(slow)
    assert [this.line_text(line) for line in range(len(slow))] == [
        line.removesuffix("\n").removesuffix("\r") for line in slow
    ]


@pytest.mark.parametrize("char", list("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
def test_what_only_looks_like_a_line_end_is_none(char: str) -> None:
    assert len(f"a{char}b".splitlines()) == 2
    assert split_lines(f"a{char}b") == [f"a{char}b"]


# --- positions


@given(texts)
@settings(max_examples=200)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_positions_beside_a_slow_count(encoding: Encoding, text: str) -> None:
    this = document(text)
    start = 0
    for number, line in enumerate(slow_lines(text)):
        for index in range(len(line.removesuffix("\n").removesuffix("\r")) + 1):
            position = (number, units(line[:index], encoding))
            assert this.position(start + index, encoding) == position
            assert this.offset(*position, encoding) == start + index
        start += len(line)


@pytest.mark.parametrize(
    ("encoding", "character", "offset"),
    [
        ("utf-8", 1, 1), ("utf-8", 2, 1), ("utf-8", 4, 1), ("utf-8", 5, 2), ("utf-8", 99, 3),
        ("utf-16", 1, 1), ("utf-16", 2, 1), ("utf-16", 3, 2), ("utf-16", 99, 3),
        ("utf-32", 1, 1), ("utf-32", 2, 2), ("utf-32", 99, 3),
    ],
)  # fmt: skip
def test_inside_a_character_is_its_beginning_and_beyond_the_line_is_its_end(
    encoding: Encoding, character: int, offset: int
) -> None:
    this = document("a😀b\r\nc")
    assert this.offset(0, character, encoding) == offset
    assert this.offset(9, character, encoding) == len(this.text)


# --- spans


@given(texts, st.data())
@settings(max_examples=200)
def test_whole_lines(text: str, data: st.DataObject) -> None:
    this = document(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    grown = this.whole_lines(Span(start, end))
    assert grown.covers(Span(start, end))
    edges = line_starts(text)
    assert grown.start in edges
    assert grown.end in (*edges, len(text))
    # As few lines as will do: without its first or last line something would be missing.
    assert not any(grown.start < edge <= start for edge in edges)
    if start < end:
        assert not any(end <= edge < grown.end for edge in edges)
    else:
        assert len(slow_lines(text[grown.start : grown.end])) <= 2


def test_whole_lines_of_a_selection_that_ends_at_a_line_start() -> None:
    this = document("one\ntwo\nthree\n")
    assert this.whole_lines(Span(0, 4)) == Span(0, 4)
    assert this.whole_lines(Span(1, 5)) == Span(0, 8)
    assert this.whole_lines(Span(4, 4)) == Span(4, 8)
    assert this.whole_lines(Span(14, 14)) == Span(14, 14)


# --- changes


@given(changes())
@settings(max_examples=500)
@example(("a\rb", [Edit(2, 2, "\n")]))
@example(("a\r\nb", [Edit(1, 2, "")]))
@example(("a\r\nb", [Edit(2, 3, "")]))
@example(("a\r", [Edit(2, 2, "\n")]))
@example(("\r\r\n", [Edit(1, 1, "x"), Edit(1, 2, "")]))
def test_the_line_table_is_carried_through_changes(drawn: tuple[str, list[Edit]]) -> None:
    text, made = drawn
    this = document(text)
    for version, change in enumerate(made, 2):
        text = apply_edits(text, [change])
        this = this.changed(change, version)
        assert (this.text, this.version) == (text, version)
        assert this.starts == line_starts(text)


def test_a_change_leaves_the_document_it_was_made_to_alone() -> None:
    before = document("one\ntwo\n")
    after = before.changed(Edit(3, 3, "\nmore"), 2)
    assert (before.text, before.starts, before.version) == ("one\ntwo\n", [0, 4, 8], 1)
    assert (after.text, after.starts) == ("one\nmore\ntwo\n", [0, 4, 9, 13])


def test_a_change_scans_the_lines_round_it_only() -> None:
    this = document("line\n" * 1000)
    # A wrong entry far away shows whether the table is patched or made anew.
    this.starts[900] += 1
    after = this.changed(Edit(50, 50, "x\n"), 2)
    assert after.starts[901] == 900 * 5 + 1 + 2
    assert after.starts[:12] == line_starts(after.text)[:12]


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 2, ""), Edit(1, 3, "")],
        [Edit(3, 3, "x"), Edit(1, 1, "x")],
        [Edit(0, 99, "")],
        [Edit(-1, 0, "")],
        [Edit(2, 1, "")],
    ],
)
def test_edits_out_of_order_or_place_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps or lies outside"):
        apply_edits("four", edits)
