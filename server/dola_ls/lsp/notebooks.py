"""The open notebooks: which cells they have, in which order; their texts are in `documents`.

A cell is a text document of its own, with its own version. VS Code's language client tells of each
change to a cell twice where its selector takes in cells: in a message on the notebook, and as of
any document (no upstream issue found). Whichever comes second is left out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from dola_ls.core.context import file_name
from dola_ls.core.languages import language_of
from dola_ls.core.notebook import Cells, CellText, cell_target
from dola_ls.lsp.documents import document_key

if TYPE_CHECKING:
    from dola_ls.core.actions import Target
    from dola_ls.core.document import Document
    from dola_ls.lsp.documents import Documents
    from dola_ls.task import Task

log = logging.getLogger(__name__)

#: The scheme of cells in VS Code and what is made of it; the path is the notebook's own.
_CELL_SCHEME = "vscode-notebook-cell"
#: What is synchronized: all cells, for what a notebook says in words is context too.
SYNC = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook=types.NotebookDocumentFilterNotebookType(notebook_type="jupyter-notebook")
        )
    ]
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a message about a notebook did to its cells, by their addresses."""

    changed: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Notebook:
    uri: str
    cells: list[types.NotebookCell]


class Notebooks:
    """The notebooks the client has open."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._open: dict[str, _Notebook] = {}
        self._of_cell: dict[str, _Notebook] = {}
        #: The versions that cells got to by a message as of any document.
        self._by_text: dict[str, int] = {}

    def __contains__(self, uri: str) -> bool:
        """Tell whether a document is a cell of an open notebook."""
        return document_key(uri) in self._of_cell

    def knows(self, uri: str) -> bool:
        """Tell whether a cell's text is known, so that its opening as a document is no news."""
        return uri in self and self._documents.get(uri) is not None

    def is_news(self, uri: str, version: int) -> bool:
        """Tell whether a change that came as of any document is to be made."""
        if uri not in self:
            return True
        known = self._documents.get(uri)
        if known is not None and version <= known.version:
            return False
        self._by_text[document_key(uri)] = version
        return True

    def is_cell(self, uri: str) -> bool:
        """Tell whether a document is a cell, also where its notebook was not told of."""
        return uri in self or uri.startswith(f"{_CELL_SCHEME}:")

    def home_of(self, uri: str) -> str:
        """Return the address of a cell's notebook; any other address as it is."""
        notebook = self._of_cell.get(document_key(uri))
        if notebook is not None:
            return notebook.uri
        try:
            parts = urlsplit(uri)
        except ValueError:  # As for "http://[".
            return uri
        if parts.scheme == _CELL_SCHEME and re.match("/.", unquote(parts.path)):
            return f"file://{parts.path}"
        return uri

    def open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take in a notebook and the texts of its cells."""
        notebook = _Notebook(params.notebook_document.uri, list(params.notebook_document.cells))
        self._open[document_key(notebook.uri)] = notebook
        self._open_texts(params.cell_text_documents)
        self._enter(notebook)

    def change(self, params: types.DidChangeNotebookDocumentParams) -> Told:
        """Change a notebook and its cells, as the message says and in the order of the protocol."""
        notebook = self._open.get(document_key(params.notebook_document.uri))
        cells = params.change.cells
        if notebook is None or cells is None:
            if notebook is None:
                log.warning("ignored a change to a notebook that is not open")
            return Told()
        told = Told()
        if cells.structure is not None:
            self._restructure(notebook, cells.structure, told)
        for cell in cells.data or ():
            notebook.cells = [
                cell if _same(cell.document, one.document) else one for one in notebook.cells
            ]
        for content in cells.text_content or ():
            identifier = content.document
            if self._by_text.get(document_key(identifier.uri)) == identifier.version:
                continue
            if self._documents.change(identifier.uri, identifier.version, content.changes):
                told.changed.append(identifier.uri)
        return told

    def close(self, params: types.DidCloseNotebookDocumentParams) -> Told:
        """Forget a notebook and close its cells."""
        notebook = self._open.pop(document_key(params.notebook_document.uri), None)
        uris = [cell.document for cell in notebook.cells] if notebook is not None else []
        uris += [identifier.uri for identifier in params.cell_text_documents]
        return Told(closed=self._close_texts(uris))

    def around(self, document: Document) -> Cells | None:
        """Return where a cell stands and what is round it; None for what is no cell."""
        notebook = self._of_cell.get(document_key(document.uri))
        if notebook is None:
            return None
        keys = [document_key(cell.document) for cell in notebook.cells]
        at = keys.index(document_key(document.uri))
        texts = [self._text(number, cell) for number, cell in enumerate(notebook.cells, start=1)]
        before = tuple(text for text in texts[:at] if text is not None)
        after = tuple(text for text in texts[at + 1 :] if text is not None)
        return Cells(file_name(notebook.uri), at + 1, before, after)

    def in_notebook(self, task: Task) -> Task:
        """Return a task with the cells round its own; of any other document as it is."""
        cells = self.around((task.origin or task).document)
        return replace(task, cells=cells) if cells is not None else task

    def whole_cell(self, document: Document) -> Target | None:
        """Return all of a cell as a target; None for what is no cell, or a blank one."""
        cells = self.around(document)
        return cell_target(document, cells.number) if cells is not None else None

    def _text(self, number: int, cell: types.NotebookCell) -> CellText | None:
        document = self._documents.get(cell.document)
        if document is None:
            return None
        is_code = cell.kind == types.NotebookCellKind.Code
        return CellText(number, document.language, is_code, document.text)

    def _restructure(
        self, notebook: _Notebook, structure: types.NotebookDocumentCellChangeStructure, told: Told
    ) -> None:
        array, opened = structure.array, list(structure.did_open or ())
        start = min(max(array.start, 0), len(notebook.cells))
        end = min(start + max(array.delete_count, 0), len(notebook.cells))
        notebook.cells[start:end] = array.cells or ()
        again = {document_key(item.uri) for item in opened if self._is_as_before(item)}
        closed = [identifier.uri for identifier in structure.did_close or ()]
        # A cell that was moved may be closed and opened in one message, and is the same.
        gone = [uri for uri in closed if document_key(uri) not in again]
        told.closed.extend(self._close_texts(gone))
        self._open_texts(opened)
        for key in [key for key, of in self._of_cell.items() if of is notebook]:
            del self._of_cell[key]
        self._enter(notebook)

    def _enter(self, notebook: _Notebook) -> None:
        for cell in notebook.cells:
            self._of_cell[document_key(cell.document)] = notebook

    def _open_texts(self, items: Iterable[types.TextDocumentItem]) -> None:
        for item in items:
            if not self._is_as_before(item):
                self._documents.open(item.uri, item.language_id, item.version, item.text)

    def _is_as_before(self, item: types.TextDocumentItem) -> bool:
        known = self._documents.get(item.uri)
        return known is not None and (known.language, known.version, known.text) == (
            language_of(item.language_id).id,
            item.version,
            item.text,
        )

    def _close_texts(self, uris: Sequence[str]) -> list[str]:
        closed = []
        for uri in uris:
            self._of_cell.pop(document_key(uri), None)
            self._by_text.pop(document_key(uri), None)
            if self._documents.close(uri) is not None:
                closed.append(uri)
        return closed


def _same(one: str, other: str) -> bool:
    return document_key(one) == document_key(other)
