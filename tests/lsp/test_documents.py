"""The store of open documents, against a slow model of a client's buffer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from dola_ls.core.document import Document, Edit, Encoding, line_starts
from dola_ls.lsp import documents as documents_module
from dola_ls.lsp.documents import Documents, document_key, whole_change
from tests.fakes.buffer import Buffer

URI = "file:///a.py"

#: One of each kind that has ever moved an edit to the wrong place.
CHARACTERS = [
    *"ab \t",
    "é",
    "\u0301",  # combining
    "漢",
    "😋",
    "👩\u200d💻",  # joined by ZWJ
    "\n",
    "\r",
    "\r\n",
    "\f",
    "\v",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\0",
    "\ud83d",  # half a surrogate pair
    "\ude0b",
]
texts = st.lists(st.sampled_from(CHARACTERS), max_size=16).map("".join)
encodings: st.SearchStrategy[Encoding] = st.sampled_from(["utf-8", "utf-16", "utf-32"])


def position(raw: dict[str, int]) -> types.Position:
    return types.Position(raw["line"], raw["character"])


def partial(raw: dict[str, Any]) -> types.TextDocumentContentChangePartial:
    range_ = types.Range(position(raw["range"]["start"]), position(raw["range"]["end"]))
    return types.TextDocumentContentChangePartial(range=range_, text=raw["text"])


def whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text=text)


def insert(line: int, character: int, text: str) -> types.TextDocumentContentChangePartial:
    at = types.Position(line, character)
    return types.TextDocumentContentChangePartial(range=types.Range(at, at), text=text)


def replay(text: str, edits: list[Edit]) -> str:
    for edit in edits:
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def current(store: Documents, uri: str = URI) -> Document:
    document = store.get(uri)
    assert document is not None
    return document


# -- edits land where the client made them -------------------------------------------------------


@settings(max_examples=600)
@given(encodings, texts, st.data())
def test_edits_land_where_the_client_made_them(
    encoding: Encoding, text: str, data: st.DataObject
) -> None:
    store = Documents(encoding)
    buffer = Buffer(URI, "python", text, encoding)
    first = store.open(URI, "python", 0, text)
    for version in range(1, data.draw(st.integers(1, 4)) + 1):
        changes: list[types.TextDocumentContentChangeEvent] = []
        for _ in range(data.draw(st.integers(1, 3))):
            new = data.draw(texts)
            if data.draw(st.integers(0, 5)) == 0:
                buffer.text = new
                changes.append(whole(new))
                continue
            ends = st.integers(0, len(buffer.text))
            start, end = sorted((data.draw(ends), data.draw(ends)))
            raw = buffer.range(start, end)
            # What the client's own positions name, which is never the middle of CRLF.
            changes.append(partial({"range": raw, "text": new}))
            buffer.replace(*buffer.span(raw), new)
        document = store.change(URI, version, changes)
        assert document is not None
        assert document.text == buffer.text
        assert document.starts == line_starts(buffer.text)
        assert document.version == version
    changes_made = store.changes_since(first)
    assert changes_made is not None
    assert replay(text, changes_made) == buffer.text


@settings(max_examples=300)
@given(encodings, texts, texts, st.tuples(*[st.integers(0, 20)] * 4))
def test_any_range_is_taken_as_near_as_possible(
    encoding: Encoding, text: str, new: str, numbers: tuple[int, int, int, int]
) -> None:
    buffer = Buffer(URI, "python", text, encoding)
    start = {"line": numbers[0], "character": numbers[1]}
    end = {"line": numbers[2], "character": numbers[3]}
    low, high = sorted(buffer.span({"start": start, "end": end}))
    store = Documents(encoding)
    store.open(URI, "python", 0, text)
    change = partial({"range": {"start": start, "end": end}, "text": new})
    document = store.change(URI, 1, [change])
    assert document is not None
    assert document.text == text[:low] + new + text[high:]


@pytest.mark.parametrize(
    "char", ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"], ids=ascii
)
def test_upstream_fault_a_line_ends_where_the_lsp_says_and_nowhere_else(char: str) -> None:
    """pygls splits with str.splitlines, and would insert one line too early."""
    store = Documents()
    store.open(URI, "python", 1, f"a{char}b\nsecond\n")
    document = store.change(URI, 2, [insert(1, 0, "X")])
    assert document is not None
    assert document.text == f"a{char}b\nXsecond\n"


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_counts_in_the_agreed_unit(encoding: Encoding, character: int) -> None:
    store = Documents(encoding)
    store.open(URI, "python", 1, "😋x")
    document = store.change(URI, 2, [insert(0, character, "|")])
    assert document is not None
    assert document.text == "😋|x"


def test_joining_cr_and_lf_makes_one_line_end() -> None:
    store = Documents()
    store.open(URI, "python", 1, "a\rx\nb")
    remove_x = types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(1, 0), types.Position(1, 1)), text=""
    )
    document = store.change(URI, 2, [remove_x, insert(1, 0, "|")])
    assert document is not None
    assert document.text == "a\r\n|b"


# -- a snapshot finds its way to the present -----------------------------------------------------


def test_tells_what_changed_since_each_snapshot() -> None:
    store = Documents()
    store.open(URI, "python", 1, "one two")
    first = current(store)
    store.change(URI, 2, [insert(0, 0, "zero "), insert(0, 5, "half ")])
    second = current(store)
    store.change(URI, 3, [insert(0, 0, "> ")])
    assert store.changes_since(first) == [
        Edit(0, 0, "zero "),
        Edit(5, 5, "half "),
        Edit(0, 0, "> "),
    ]
    assert store.changes_since(second) == [Edit(0, 0, "> ")]
    assert store.changes_since(current(store)) == []


def test_an_opened_again_document_is_another_one_though_its_version_is_the_same() -> None:
    store = Documents()
    before = store.open(URI, "python", 1, "text")
    store.close(URI)
    assert store.changes_since(before) is None
    store.open(URI, "python", 1, "text")
    assert store.changes_since(before) is None
    store.open(URI, "python", 1, "text")
    assert store.changes_since(before) is None


def test_a_document_it_never_gave_out_is_unknown() -> None:
    store = Documents()
    given_out = store.open(URI, "python", 1, "text")
    twin = Document(given_out.uri, given_out.language, given_out.version, given_out.text)
    assert store.changes_since(twin) is None


@settings(max_examples=200)
@given(encodings, texts, st.data())
def test_changes_that_come_in_the_wrong_order_are_made_in_the_right_one(
    encoding: Encoding, text: str, data: st.DataObject
) -> None:
    buffer, store = Buffer(URI, "python", text, encoding), Documents(encoding)
    store.open(URI, "python", 1, text)
    sent = []
    for version in (2, 3):
        start, end = sorted(data.draw(st.integers(0, len(buffer.text))) for _ in range(2))
        raw, new = buffer.range(start, end), data.draw(texts)
        sent.append((version, partial({"range": raw, "text": new})))
        buffer.replace(*buffer.span(raw), new)
    for version, change in reversed(sent):
        given_out = current(store)
        store.change(URI, version, [change])
    assert (current(store).text, current(store).version) == (buffer.text, 3)
    changes = store.changes_since(given_out)
    assert changes is not None
    assert replay(given_out.text, changes) == buffer.text
    # Both have their place: a later one is made behind them.
    store.change(URI, 4, [insert(0, 0, "x")])
    assert current(store).text == "x" + buffer.text


def test_a_change_that_comes_just_before_its_document_is_made_to_it() -> None:
    store = Documents()
    assert store.change(URI, 1, [insert(0, 0, "a"), insert(0, 1, "b")]) is None
    document = store.open(URI, "python", 0, "")
    assert (document.text, document.version) == ("ab", 1)
    assert store.get(URI) is document
    store.change(URI, 2, [insert(0, 2, "c")])
    assert current(store).text == "abc"
    assert store.changes_since(document) == [Edit(2, 2, "c")]


@pytest.mark.parametrize(("uri", "version"), [(URI, 1), (URI, 2), ("file:///b.py", 0)])
def test_no_other_change_is_made_to_a_document_that_is_opened(uri: str, version: int) -> None:
    store = Documents()
    store.change(URI, 1, [insert(0, 0, "a")])
    assert store.open(uri, "python", version, "x").text == "x"
    # Nor to one that is opened later.
    store.close(uri)
    assert store.open(URI, "python", 0, "x").text == "x"


def test_a_version_that_falls_does_not_confuse_snapshots(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Documents()
    first = store.open(URI, "python", 5, "a")
    store.change(URI, 4, [insert(0, 0, "b")])
    assert "version went from 5 to 4" in caplog.text
    store.change(URI, 5, [insert(0, 0, "c")])
    assert current(store).text == "cba"
    assert current(store).version == first.version
    assert store.changes_since(first) == [Edit(0, 0, "b"), Edit(0, 0, "c")]


def test_forgets_the_oldest_changes_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents_module, "MAX_CHANGES", 3)
    store = Documents()
    old = store.open(URI, "python", 0, "")
    store.change(URI, 1, [insert(0, 0, "1")])
    newer = current(store)
    for version in range(2, 5):
        store.change(URI, version, [insert(0, 0, str(version))])
    assert store.changes_since(old) is None
    assert store.changes_since(newer) == [Edit(0, 0, "2"), Edit(0, 0, "3"), Edit(0, 0, "4")]


def test_forgets_changes_that_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents_module, "MAX_CHANGE_BYTES", 1_000)
    store = Documents()
    old = store.open(URI, "python", 0, "")
    store.change(URI, 1, [insert(0, 0, "x" * 2_000)])
    assert store.changes_since(old) is None
    assert store.changes_since(current(store)) == []


def test_keeps_no_history_that_nobody_can_ask_for() -> None:
    store = Documents()
    store.open(URI, "python", 0, "")
    for version in range(1, 100):
        store.change(URI, version, [insert(0, 0, "x")])
    held = current(store)
    for version in range(100, 110):
        store.change(URI, version, [insert(0, 0, "x")])
    opened = store._open[document_key(URI)]
    assert len(opened._changes) == 10
    assert store.changes_since(held) == [Edit(0, 0, "x")] * 10


# -- full texts ----------------------------------------------------------------------------------


@settings(max_examples=500)
@given(texts, texts)
def test_a_whole_text_becomes_one_small_edit(old: str, new: str) -> None:
    edit = whole_change(old, new)
    assert replay(old, [edit]) == new
    for text, offset in ((old, edit.start), (new, edit.start), (old, edit.end)):
        assert text[offset - 1 : offset + 1] != "\r\n" or offset == 0
    if edit.start < edit.end and edit.text:
        # It could not have been smaller, but for what must not be split.
        whole_pairs = "\r\n\ud83d\ude0b"
        assert old[edit.start] != edit.text[0] or old[edit.start] in whole_pairs
        assert old[edit.end - 1] != edit.text[-1] or old[edit.end - 1] in whole_pairs


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        ("same", "same", Edit(4, 4, "")),
        ("", "new", Edit(0, 0, "new")),
        ("aXb", "aYb", Edit(1, 2, "Y")),
        ("aaa", "aa", Edit(2, 3, "")),
        ("a\r\nb", "a\nb", Edit(1, 3, "\n")),
        ("a\r\nb", "a\rb", Edit(1, 3, "\r")),
        ("\ud83d", "\ud83d\ude0b", Edit(0, 1, "\ud83d\ude0b")),
        ("x😋y", "x😍y", Edit(1, 2, "😍")),
    ],
)
def test_never_splits_a_line_end_or_a_character(old: str, new: str, edit: Edit) -> None:
    assert whole_change(old, new) == edit


# -- what clients get wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///a%20b.py", "file:///a b.py"),
        ("file:///c%3A/x.py", "file:///C:/x.py"),
        ("file:///C%3a/x.py", "file:///c:/x.py"),
        ("file:///%C3%A9.py", "file:///é.py"),
        ("untitled:Untitled-1", "untitled:Untitled-1"),
    ],
)
def test_equal_uris_name_one_document(one: str, other: str) -> None:
    store = Documents()
    opened = store.open(one, "python", 1, "text")
    assert store.get(other) is opened
    store.change(other, 2, [whole("new")])
    assert current(store, one).uri == one
    assert store.close(other) is not None
    assert len(store) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///A.py", "file:///a.py"),
        ("file:///a%2520b.py", "file:///a%20b.py"),
        ("file:///%FF", "file:///%FE"),
        ("untitled:C:/x", "untitled:c:/x"),
    ],
)
def test_other_uris_name_other_documents(one: str, other: str) -> None:
    assert document_key(one) != document_key(other)


def test_a_change_to_a_document_that_is_not_open_is_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Documents()
    assert store.change(URI, 1, [whole("text")]) is None
    assert store.get(URI) is None
    assert "not open" in caplog.text
    assert store.close(URI) is None


def test_a_change_without_changes_only_moves_the_version() -> None:
    store = Documents()
    before = store.open(URI, "python", 1, "text")
    store.change(URI, 2, [])
    assert (current(store).text, current(store).version) == ("text", 2)
    assert store.changes_since(before) == []


def test_lists_what_is_open() -> None:
    store = Documents()
    store.open("file:///a", "python", 1, "a")
    store.open("file:///b", "python", 1, "b")
    assert [document.text for document in store] == ["a", "b"]
