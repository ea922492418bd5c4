"""Showing Markdown in an editor: a file in a private folder, opened by `window/showDocument`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
import stat
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from lsprotocol import types

from dola_ls.lsp.convert import path_to_uri, uri_to_path

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

log = logging.getLogger(__name__)

_SHOW_SECONDS = 10.0


async def show_document(server: DolaServer, path: Path, take_focus: bool) -> bool:
    """Ask the client to open a file; tell whether it did."""
    if not server.client.show_document:
        return False
    params = types.ShowDocumentParams(uri=path_to_uri(path), external=False, take_focus=take_focus)
    try:
        result = await asyncio.wait_for(server.window_show_document_async(params), _SHOW_SECONDS)
    except Exception as error:
        log.info("the client did not show a document: %s", type(error).__name__)
        return False
    return bool(result and result.success)


def _is_own_folder(path: Path) -> bool:
    """Tell whether a path is a folder of this user's, and no link."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (os.name != "posix" or found.st_uid == os.getuid())


class Pages:
    """Documents made for the user to read. They go when the server ends."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder they are in, which is the user's alone."""
        # What cleans up temporary files may have removed it, and anybody put something there since.
        if self._folder is None or not _is_own_folder(self._folder):
            # mkdtemp makes it 0700. Resolved, so that relative links lead the same way for all.
            self._folder = Path(tempfile.mkdtemp(prefix="dola-ls-")).resolve()
        return self._folder

    def write(self, title: str, text: str, suffix: str = ".md") -> Path:
        """Write a new page and return its path; the file is the user's alone.

        No page is written over: an editor that has it open would go on to show the old text.
        """
        name = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:80] or "page"
        path = self.folder / f"{name}{suffix}"
        for number in count(2):
            with contextlib.suppress(FileExistsError):
                path.touch(mode=0o600, exist_ok=False)
                break
            path = self.folder / f"{name}-{number}{suffix}"
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def address_of(self, uri: str, *, relative: bool) -> str:
        """Return what a link in a page leads to a file by; empty for what is no file."""
        path = uri_to_path(uri)
        if path is None:
            return ""
        if relative:
            # On Windows there is no way from one drive to another.
            with contextlib.suppress(ValueError):
                way = os.path.relpath(path, self.folder)
                return quote(os.fsencode(way).replace(os.sep.encode(), b"/"))
        return path_to_uri(path)

    def close(self) -> None:
        """Remove all pages."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
