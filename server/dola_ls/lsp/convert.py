"""Between the protocol's positions, edits and URIs and those of the rest of the package."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from lsprotocol import types

from dola_ls.core.document import Document, Edit, Encoding, Span
from dola_ls.lsp.capabilities import Client
from dola_ls.project import real_path, workspace_folder_of


class Located(NamedTuple):
    """A range of the client's, as a span of the document."""

    span: Span
    #: Whether the range names lines the document does not have, or ends before it starts. The
    #: span is then as near as possible, and the client and the server see different texts.
    outside: bool


def to_span(document: Document, range_: types.Range, encoding: Encoding) -> Located:
    """Return the span a range covers, clamped to the document.

    A character beyond the end of its line means the end of the line, which the protocol allows,
    as is the line after the last one at character 0: that is how editors name the end of a text
    without a final line end.
    """
    start, end = (
        document.offset(position.line, position.character, encoding)
        for position in (range_.start, range_.end)
    )
    beyond = any(
        position.line > document.line_count
        or (position.line == document.line_count and position.character > 0)
        for position in (range_.start, range_.end)
    )
    return Located(Span(min(start, end), max(start, end)), beyond or start > end)


def to_range(document: Document, span: Span, encoding: Encoding) -> types.Range:
    """Return the range of a span of `document`."""
    return types.Range(
        types.Position(*document.position(span.start, encoding)),
        types.Position(*document.position(span.end, encoding)),
    )


def to_text_edits(
    document: Document, edits: Sequence[Edit], encoding: Encoding
) -> list[types.TextEdit]:
    """Return edits that all refer to `document` as text edits, in the same order."""
    return [
        types.TextEdit(to_range(document, Span(edit.start, edit.end), encoding), edit.text)
        for edit in _before_last_line_end(document, edits)
    ]


def _before_last_line_end(document: Document, edits: Sequence[Edit]) -> list[Edit]:
    """Return edits with the same result, in which whole lines at the end go before its line end.

    Neovim adds an empty line to what is put behind all of its lines (`apply_text_edits` in
    https://github.com/neovim/neovim/blob/v0.11.4/runtime/lua/vim/lsp/util.lua).
    """
    *others, last = edits or [Edit(0, 0, "")]
    end = len(document.text)
    eol = "\r\n" if document.text.endswith("\r\n") else "\n"
    at = end - len(eol)
    if (
        (last.start, last.end) != (end, end)
        or not document.text.endswith(eol)
        or not last.text.endswith(eol)
        or any(edit.end > at for edit in others)
    ):
        return list(edits)
    return [*others, Edit(at, at, eol + last.text.removesuffix(eol))]


def to_workspace_edit(
    document: Document, edits: Sequence[Edit], client: Client
) -> types.WorkspaceEdit:
    """Return edits that all refer to `document` in the form `client` takes.

    With `documentChanges` the client can refuse the edit when its buffer has moved on; with
    `changes` the check is the server's alone.
    """
    text_edits = to_text_edits(document, edits, client.encoding)
    if not client.document_changes:
        return types.WorkspaceEdit(changes={document.uri: text_edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(
        uri=document.uri, version=document.version if document.is_open else None
    )
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, text_edits)])


def create_file_edit(uri: str, text: str, client: Client) -> types.WorkspaceEdit:
    """Return the edit that makes a new file with `text` in it.

    The caller makes sure that the file is not there: without options a client may overwrite it,
    and with `ignoreIfExists` Neovim writes neither the file nor its directory. Raises ValueError
    where `client` cannot create files.
    """
    if not client.create_files:
        raise ValueError("the client declares no resource operation `create`")
    # The range goes beyond the end of the empty line, which clients clamp: with an empty range
    # Neovim keeps its buffer's one empty line after the text.
    everything = types.Range(types.Position(0, 0), types.Position(0, 1))
    return types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri=uri),
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None),
                [types.TextEdit(everything, text)],
            ),
        ]
    )


_DRIVE = re.compile(r"^/[A-Za-z]:(/|$)")
#: No system opens a longer path, and looking through all its folders would take for ever.
_LONGEST, _LONGEST_ON_WINDOWS = 4096, 32_767


def uri_to_path(uri: str, *, windows: bool = os.name == "nt") -> Path | None:
    """Return the file a `file:` URI names, or None where it names none on this machine.

    Any other scheme (`untitled:`, `git:`) is no file; neither is a path longer than any system
    opens, nor one of another host, except on Windows, where it is a share.
    """
    # urlsplit silently drops tabs and line ends, which would name another file.
    if re.search(r"[\x00-\x1f]", uri):
        return None
    try:
        parts = urlsplit(uri)
        # A `?` or `#` the client left unescaped belongs to the name: file URIs have no queries.
        rest = uri[len(parts.scheme) + len("://") + len(parts.netloc) :]
        path = os.fsdecode(unquote_to_bytes(rest))
    except ValueError:
        return None
    if not uri[len(parts.scheme) :].startswith("://") or parts.scheme.lower() != "file":
        return None
    if not path.startswith("/") or "\0" in path:
        return None
    if len(path) > (_LONGEST_ON_WINDOWS if windows else _LONGEST):
        return None
    host = "" if parts.netloc.lower() == "localhost" else parts.netloc
    if host:
        return Path(f"//{host}{path}") if windows else None
    return Path(path[1:] if windows and _DRIVE.match(path) else path)


def path_to_uri(path: PurePath, *, windows: bool = os.name == "nt") -> str:
    """Return the `file:` URI of an absolute path."""
    plain = os.fsencode(path).replace(b"\\", b"/") if windows else os.fsencode(path)
    if plain.startswith(b"//"):
        return "file:" + quote(plain)
    if windows and re.match(rb"^[A-Za-z]:", plain):
        # The form VS Code uses: a lower-case drive letter and an escaped colon.
        return f"file:///{chr(plain[0]).lower()}%3A" + quote(plain[2:])
    if not plain.startswith(b"/"):
        raise ValueError(f"not an absolute path: {path}")
    return "file://" + quote(plain)


def relative_file(uri: str, folders: Sequence[Path]) -> PurePath:
    """Return a document's real path relative to its workspace folder, or whole outside of any."""
    path = uri_to_path(uri)
    if path is None:
        return PurePath(uri.rpartition("/")[2])
    folder = workspace_folder_of(path, folders)
    real = real_path(path)
    return real.relative_to(real_path(folder)) if folder is not None else real
