"""Whatever happens to the cells of a notebook, the server has them in the client's order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from dola_ls.lsp.documents import Documents
from dola_ls.lsp.notebooks import Notebooks

NOTEBOOK = "file:///trip.ipynb"
#: From where on, how many go, how many are new, how many of those that go come back, and a cell to
#: type into.
STEPS = st.lists(st.tuples(*[st.integers(0, 5)] * 5), max_size=12)


class Client:
    """A client's notebook, and what it says of it."""

    def __init__(self) -> None:
        self.documents = Documents()
        self.notebooks = Notebooks(self.documents)
        self.cells: list[str] = []
        self.texts: dict[str, tuple[int, str]] = {}
        self.made = 0
        document = types.NotebookDocument(NOTEBOOK, "jupyter-notebook", 1, [])
        self.notebooks.open(types.DidOpenNotebookDocumentParams(document, []))

    def new(self) -> str:
        self.made += 1
        uri = f"cell:{self.made}"
        self.texts[uri] = (1, f"x = {self.made}\n")
        return uri

    def change(self, cells: types.NotebookDocumentCellChanges) -> None:
        identifier = types.VersionedNotebookDocumentIdentifier(version=2, uri=NOTEBOOK)
        event = types.NotebookDocumentChangeEvent(cells=cells)
        self.notebooks.change(types.DidChangeNotebookDocumentParams(identifier, event))

    def splice(self, start: int, delete: int, add: int, back: int) -> None:
        gone = self.cells[start : start + delete]
        new = [self.new() for _ in range(add)]
        added = [*gone[::-1][:back], *new]
        self.cells[start : start + delete] = added
        closed = [uri for uri in gone if uri not in self.cells]
        structure = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(start, delete, [self.cell(uri) for uri in added]),
            [self.item(uri) for uri in new],
            [types.TextDocumentIdentifier(uri) for uri in closed],
        )
        self.change(types.NotebookDocumentCellChanges(structure=structure))

    def type(self, uri: str) -> None:
        version, text = self.texts[uri]
        self.texts[uri] = (version + 1, text + "y\n")
        change = types.TextDocumentContentChangeWholeDocument(text + "y\n")
        identifier = types.VersionedTextDocumentIdentifier(version + 1, uri)
        content = types.NotebookDocumentCellContentChanges(identifier, [change])
        self.change(types.NotebookDocumentCellChanges(text_content=[content]))

    def cell(self, uri: str) -> types.NotebookCell:
        return types.NotebookCell(types.NotebookCellKind.Code, uri)

    def item(self, uri: str) -> types.TextDocumentItem:
        version, text = self.texts[uri]
        return types.TextDocumentItem(uri, "python", version, text)


@given(STEPS)
def test_order_and_texts_are_the_clients(steps: list[tuple[int, int, int, int, int]]) -> None:
    client = Client()
    for start, delete, add, back, typed in steps:
        start = min(start, len(client.cells))
        delete = min(delete, len(client.cells) - start)
        client.splice(start, delete, add, back)
        if client.cells:
            client.type(client.cells[typed % len(client.cells)])
        for number, uri in enumerate(client.cells, start=1):
            document = client.documents.get(uri)
            assert document is not None
            assert (document.version, document.text) == client.texts[uri]
            cells = client.notebooks.around(document)
            assert cells is not None
            assert cells.number == number
            others = [cell.text for cell in (*cells.before, *cells.after)]
            assert others == [client.texts[one][1] for one in client.cells if one != uri]
        assert len(client.documents) == len(client.cells)
        assert not any(f"cell:{n}" in client.notebooks for n in range(1, client.made + 1)
                       if f"cell:{n}" not in client.cells)  # fmt: skip
