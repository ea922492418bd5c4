"""A menu's names come from the tree at hand while the user types within lines, and stay right."""

from __future__ import annotations

import asyncio
import random

import pytest
from lsprotocol import types

from dola_ls.core.actions import find_target
from dola_ls.core.document import Span
from dola_ls.core.parsing import parse
from dola_ls.lsp import trees as module
from dola_ls.lsp.documents import Documents
from dola_ls.lsp.trees import Trees

URI = "file:///a.py"
TEXT = "".join(
    f"# About {i}.\ndef f{i}(a, b):\n    x = 'é' + a\n    y = x + b\n"
    f"    z = y\n    if z:\n        x = z\n"
    f"    return x + {i}\n\n\n"
    for i in range(20)
)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the parses."""
    made: list[int] = []

    def counted(document, before=None):
        made.append(document.version)
        return parse(document, before)

    monkeypatch.setattr(module, "parse", counted)
    return made


def type_at(documents: Documents, offset: int, text: str, removed: int = 0) -> None:
    document = documents.get(URI)
    assert document is not None
    start = types.Position(*document.position(offset, "utf-16"))
    end = types.Position(*document.position(offset + removed, "utf-16"))
    change = types.TextDocumentContentChangePartial(types.Range(start, end), text)
    documents.change(URI, document.version + 1, [change])


async def test_keys_within_lines_need_no_parse(parses: list[int]) -> None:
    documents = Documents()
    documents.open(URI, "python", 1, TEXT)
    trees = Trees(documents)
    at = TEXT.index("return x + 7")
    first = trees.named_target(documents.get(URI), Span(at, at))
    assert first is not None
    for number in range(30):
        type_at(documents, at + number, '"' if number == 3 else "q")
        document = documents.get(URI)
        target = trees.named_target(document, Span(at + number, at + number))
        assert target is not None
        assert target.name == "f7"
    assert parses == [1]
    # The text itself is looked at by the action, and once the user pauses.
    assert trees.get(documents.get(URI)) is not None
    assert len(parses) == 2
    trees.close()


async def test_it_catches_up_when_the_user_pauses(
    parses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDLE", 0.0)
    documents = Documents()
    documents.open(URI, "python", 1, TEXT)
    trees = Trees(documents)
    at = TEXT.index("return x + 7")
    trees.named_target(documents.get(URI), Span(at, at))
    type_at(documents, at, "q")
    trees.named_target(documents.get(URI), Span(at, at))
    assert parses == [1]
    await asyncio.sleep(0.02)
    assert parses == [1, 2]
    trees.close()


@pytest.mark.parametrize(
    ("needle", "text", "removed"),
    [
        ("f7(a", "new_", 0),
        ("return x + 7", "\n", 0),
        ("    if z:", "def g():\n", 0),
        ("\n    z = y", "", 1),
        ("# About 8", "x = 1  ", 0),
    ],
)
async def test_what_may_change_a_name_is_parsed(
    needle: str, text: str, removed: int, parses: list[int]
) -> None:
    documents = Documents()
    documents.open(URI, "python", 1, TEXT)
    trees = Trees(documents)
    at = TEXT.index("f7(a") + (TEXT[TEXT.index("f7(a") :].index(needle))
    trees.named_target(documents.get(URI), Span(at, at))
    type_at(documents, at, text, removed)
    document = documents.get(URI)
    target = trees.named_target(document, Span(at + len(text), at + len(text)))
    expected = find_target(document, parse(document), Span(at + len(text), at + len(text)))
    assert (target and target.name) == (expected and expected.name)
    assert len(parses) == 2
    trees.close()


async def test_random_typing_names_what_a_fresh_parse_names() -> None:
    rng = random.Random(5)
    documents = Documents()
    documents.open(URI, "python", 1, TEXT)
    trees = Trees(documents)
    for _ in range(300):
        document = documents.get(URI)
        offset = rng.randrange(len(document.text))
        line = document.line_text(document.line_of(offset))
        if line.startswith("def") or not line.strip():
            continue
        offset = document.starts[document.line_of(offset)] + rng.randrange(4, len(line))
        type_at(documents, offset, rng.choice(["q", "é", "1", "😀", ""]), rng.choice([0, 0, 1]))
        document = documents.get(URI)
        cursor = rng.randrange(len(document.text))
        target = trees.named_target(document, Span(cursor, cursor))
        fresh = parse(document)
        expected = find_target(document, fresh, Span(cursor, cursor))
        if fresh is not None and fresh.faults == 0:
            assert (target and target.name) == (expected and expected.name)
    trees.close()
