"""Positions, edits and URIs, between the protocol's forms and the package's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from lsprotocol import types

from dola_ls.core.document import Document, Edit, Encoding, Span, apply_edits
from dola_ls.lsp.capabilities import Client
from dola_ls.lsp.convert import (
    create_file_edit,
    path_to_uri,
    to_range,
    to_span,
    to_workspace_edit,
    uri_to_path,
)
from tests.fakes.buffer import Buffer
from tests.lsp.test_documents import encodings, texts

URI = "file:///a.py"


def document(text: str, version: int = 3) -> Document:
    return Document(URI, "python", version, text)


def lsp_range(start: tuple[int, int], end: tuple[int, int]) -> types.Range:
    return types.Range(types.Position(*start), types.Position(*end))


@settings(max_examples=300)
@given(encodings, texts)
def test_ranges_and_spans_say_the_same(encoding: Encoding, text: str) -> None:
    doc, buffer = document(text), Buffer(URI, "python", text, encoding)
    for start in range(len(text) + 1):
        if text[start - 1 : start + 1] == "\r\n" and start:
            continue  # No position names the place between CR and LF.
        span = Span(start, len(text))
        range_ = to_range(doc, span, encoding)
        assert (range_.start.line, range_.start.character) == tuple(buffer.position(start).values())
        assert to_span(doc, range_, encoding) == (span, False)


@pytest.mark.parametrize(
    ("start", "end", "span", "outside"),
    [
        ((0, 0), (0, 3), Span(0, 3), False),
        ((0, 0), (0, 99), Span(0, 3), False),  # the protocol allows it: the end of the line
        ((0, 0), (2, 0), Span(0, 7), False),  # the end, as a selection of whole lines names it
        ((0, 0), (2, 1), Span(0, 7), True),
        ((0, 0), (3, 0), Span(0, 7), True),
        ((9, 0), (9, 9), Span(7, 7), True),
        ((1, 2), (0, 1), Span(1, 6), True),  # the wrong way round
    ],
)
def test_says_where_a_range_is_not_of_this_document(
    start: tuple[int, int], end: tuple[int, int], span: Span, outside: bool
) -> None:
    assert to_span(document("one\ntwo"), lsp_range(start, end), "utf-16") == (span, outside)


def test_edits_travel_with_the_version_they_were_made_for() -> None:
    client = Client(document_changes=True, encoding="utf-8")
    edits = [Edit(0, 1, "A"), Edit(4, 4, "!")]
    edit = to_workspace_edit(document("😋\nab", version=7), edits, client)
    assert edit.changes is None
    [change] = edit.document_changes or []
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == 7
    assert change.text_document.uri == URI
    assert list(change.edits) == [
        types.TextEdit(lsp_range((0, 0), (0, 4)), "A"),
        types.TextEdit(lsp_range((1, 2), (1, 2)), "!"),
    ]


def test_edits_travel_without_it_where_the_client_takes_no_versions() -> None:
    edit = to_workspace_edit(document("ab"), [Edit(0, 1, "A")], Client(document_changes=False))
    assert edit.document_changes is None
    assert edit.changes == {URI: [types.TextEdit(lsp_range((0, 0), (0, 1)), "A")]}


@pytest.mark.parametrize(
    ("text", "edits", "expected"),
    [
        ("ab\n", [Edit(3, 3, "c\n")], [Edit(2, 2, "\nc")]),
        ("ab\r\n", [Edit(4, 4, "c\r\n")], [Edit(2, 2, "\r\nc")]),
        ("ab\n", [Edit(0, 1, "A"), Edit(3, 3, "c\n")], [Edit(0, 1, "A"), Edit(2, 2, "\nc")]),
        # Otherwise the result would be another one, or the edit would meet another one.
        ("ab\n", [Edit(3, 3, "c")], [Edit(3, 3, "c")]),
        ("ab\r\n", [Edit(4, 4, "c\n")], [Edit(4, 4, "c\n")]),
        ("ab", [Edit(2, 2, "\n")], [Edit(2, 2, "\n")]),
        ("ab\n", [Edit(2, 3, ""), Edit(3, 3, "c\n")], [Edit(2, 3, ""), Edit(3, 3, "c\n")]),
        ("", [], []),
    ],
)
def test_lines_at_the_end_go_before_its_line_end(
    text: str, edits: list[Edit], expected: list[Edit]
) -> None:
    edit = to_workspace_edit(document(text), edits, Client(document_changes=False))
    buffer = Buffer(URI, "python", text, "utf-16")
    sent = [
        Edit(
            buffer.offset(one.range.start.line, one.range.start.character),
            buffer.offset(one.range.end.line, one.range.end.character),
            one.new_text,
        )
        for one in (edit.changes or {})[URI]
        if isinstance(one, types.TextEdit)
    ]
    assert sent == expected
    assert apply_edits(text, sent) == apply_edits(text, edits)


def test_a_new_file_is_made_without_options_and_filled() -> None:
    client = Client(document_changes=True, resource_operations=frozenset({"create"}))
    edit = create_file_edit("file:///t.py", "text", client)
    create, fill = edit.document_changes or []
    assert create == types.CreateFile(uri="file:///t.py")
    assert isinstance(fill, types.TextDocumentEdit)
    assert fill.text_document.version is None
    # Beyond the end of the line, for Neovim.
    assert list(fill.edits) == [types.TextEdit(lsp_range((0, 0), (0, 1)), "text")]


def test_a_client_that_cannot_create_files_is_not_asked_to() -> None:
    with pytest.raises(ValueError, match="create"):
        create_file_edit("file:///t.py", "text", Client(document_changes=True))


# -- URIs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.py", "/a/b.py"),
        ("file:///a%20b/%C3%A9%23%3F.py", "/a b/é#?.py"),
        ("file:///a?b#c.py", "/a?b#c.py"),
        ("file:///a;b.py", "/a;b.py"),
        ("file:///a%2520b", "/a%20b"),
        ("file://localhost/a.py", "/a.py"),
        ("FILE:///a.py", "/a.py"),
        ("file:///%FF", "/\udcff"),
    ],
)
def test_a_file_uri_names_a_path(uri: str, path: str) -> None:
    assert uri_to_path(uri, windows=False) == Path(path)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "git:/a/b.py?ref",
        "vscode-notebook-cell:/a.ipynb#W0",
        "file://evil/share/a.py",
        "file:a.py",
        "file:///" + "a/" * 2048 + "b.py",
        "file:///a%00b",
        "file:///a\nb",
        "file:///\ud83d",
        "http://[",
        "file://[/a",
        "",
        "/a/b.py",
    ],
)
def test_any_other_uri_names_none(uri: str) -> None:
    assert uri_to_path(uri, windows=False) is None


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/a%20b.py", "c:/a b.py"),
        ("file:///C:/a.py", "C:/a.py"),
        ("file://server/share/a.py", "//server/share/a.py"),
    ],
)
def test_windows_paths(uri: str, path: str) -> None:
    assert uri_to_path(uri, windows=True) == Path(path)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("C:\\a b\\c.py", "file:///c%3A/a%20b/c.py"),
        ("\\\\server\\share\\a.py", "file://server/share/a.py"),
    ],
)
def test_windows_uris(path: str, uri: str) -> None:
    assert path_to_uri(Path(path), windows=True) == uri


@pytest.mark.parametrize("path", ["/a/b.py", "/a b/é#?%.py", "/\udcff", "/a;b", "/c:/x"])
def test_paths_come_back(path: str) -> None:
    assert uri_to_path(path_to_uri(Path(path), windows=False), windows=False) == Path(path)


def test_a_relative_path_has_no_uri() -> None:
    with pytest.raises(ValueError, match="absolute"):
        path_to_uri(Path("a.py"))
