"""Showing Markdown in an editor: a file in a private folder, opened by `window/showDocument`."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.lsp.convert import path_to_uri

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


class Pages:
    """Documents made for the user to read. They go when the server ends."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def write(self, title: str, text: str, suffix: str = ".md") -> Path:
        """Write a page and return its path. The folder and the file are the user's alone."""
        if self._folder is None:
            # mkdtemp makes it 0700.
            self._folder = Path(tempfile.mkdtemp(prefix="dola-ls-"))
        name = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:80] or "page"
        path = self._folder / f"{name}{suffix}"
        path.touch(mode=0o600, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def close(self) -> None:
        """Remove all pages."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
