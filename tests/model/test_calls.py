"""Tool calls put together from pieces, whichever way a server cuts and numbers them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.conversation import ToolCall
from dola_ls.model.calls import CallReader
from dola_ls.model.replies import ToolCall as Piece

NAMES = ("read_symbol", "find_references", "list_tests", "no_such_tool")


def read(*chunks: Sequence[dict[str, Any]], whole: bool = False) -> tuple[ToolCall, ...]:
    """Return the calls of a stream, each chunk of which is a list of pieces."""
    reader = CallReader()
    for chunk in chunks:
        reader.add([Piece.model_validate(piece) for piece in chunk], whole=whole)
    return reader.calls()


def piece(index: int | None, id: str | None = None, name: str | None = None, **more: Any) -> Any:
    return {"index": index, "id": id, "function": {"name": name, **more}}


ARGUMENTS = st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3).map(json.dumps)
CALLS = st.lists(st.tuples(st.sampled_from(NAMES), ARGUMENTS), min_size=1, max_size=5)


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[str]:
    places = draw(st.lists(st.integers(0, len(text)), max_size=4).map(sorted))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[tuple[str, str]], list[list[dict[str, Any]]]]:
    """Return calls, and chunks that carry them by the contract: interleaved and cut anywhere."""
    calls = draw(CALLS)
    queues: list[list[dict[str, Any]]] = []
    for index, (name, arguments) in enumerate(calls):
        names, texts = draw(cut(name)), draw(cut(arguments))
        pieces = [piece(index, f"id-{index}", names[0], arguments="")]
        pieces += [piece(index, None, part) for part in names[1:]]
        pieces += [piece(index, None, None, arguments=part) for part in texts]
        queues.append(pieces)
    # Each begins after the one before it; from then on any of them may go on.
    chunks: list[list[dict[str, Any]]] = []
    begun = 0
    while any(queues):
        ready = [at for at, queue in enumerate(queues) if queue and at <= begun]
        at = draw(st.sampled_from(ready))
        begun = max(begun, at + 1)
        part = queues[at].pop(0)
        if chunks and draw(st.booleans()):
            chunks[-1].append(part)
        else:
            chunks.append([part])
    return calls, chunks


@given(streams())
def test_any_cut_and_any_order_give_the_same_calls(
    stream: tuple[list[tuple[str, str]], list[list[dict[str, Any]]]],
) -> None:
    calls, chunks = stream
    found = read(*chunks)
    assert [(call.name, call.arguments) for call in found] == calls
    assert [call.id for call in found] == [f"id-{index}" for index in range(len(calls))]


@given(st.lists(st.from_type(dict).map(dict) | st.fixed_dictionaries({}, optional={
    "index": st.none() | st.integers() | st.text(),
    "id": st.none() | st.text() | st.integers(),
    "function": st.none() | st.text() | st.fixed_dictionaries({}, optional={
        "name": st.none() | st.text() | st.integers(),
        "arguments": st.none() | st.text() | st.dictionaries(st.text(), st.integers()),
    }),
}), max_size=20))  # fmt: skip
def test_rubbish_is_taken_in_and_ids_differ(pieces: list[dict[str, Any]]) -> None:
    found = read(pieces)
    assert len({call.id for call in found}) == len(found)
    assert all(call.id for call in found)


A, B = '{"name": "a"}', '{"name": "b"}'
TWO = [("read_symbol", A), ("find_references", B)]
ODD: dict[str, list[list[dict[str, Any]]]] = {
    "each in one chunk": [
        [piece(0, "x", "read_symbol", arguments=A)],
        [piece(1, "y", "find_references", arguments=B)],
    ],
    "both in one chunk": [
        [
            piece(0, "x", "read_symbol", arguments=A),
            piece(1, "y", "find_references", arguments=B),
        ]
    ],
    "no index": [
        [piece(None, "x", "read_symbol", arguments=A[:3])],
        [piece(None, None, None, arguments=A[3:])],
        [piece(None, "y", "find_references", arguments="")],
        [piece(None, None, None, arguments=B)],
    ],
    "neither index nor id": [
        [piece(None, None, "read_symbol", arguments=A)],
        [piece(None, None, "find_references", arguments=B)],
    ],
    "every index is 0": [
        [piece(0, "x", "read_symbol", arguments=A)],
        [piece(0, "y", "find_references", arguments=B)],
    ],
    "every index is 0, and no id": [
        [piece(0, None, "read_symbol", arguments=A)],
        [piece(0, None, "find_references", arguments=B)],
    ],
    "id and name are said again": [
        [piece(0, "x", "read_symbol", arguments=A[:4])],
        [piece(0, "x", "read_symbol", arguments=A[4:])],
        [piece(1, "y", "find_references", arguments=B)],
    ],
    "the id alone tells them apart": [
        [piece(None, "x", "read_symbol", arguments=A[:4])],
        [piece(None, "y", "find_references", arguments=B[:4])],
        [piece(None, "x", None, arguments=A[4:])],
        [piece(None, "y", None, arguments=B[4:])],
    ],
    "the index counts the pieces": [
        [piece(0, "x", "read_symbol", arguments="")],
        [piece(1, None, None, arguments=A)],
        [piece(2, "y", "find_references", arguments="")],
        [piece(3, None, None, arguments=B)],
    ],
    "the index is text": [
        [piece("0", "x", "read_symbol", arguments=A)],  # type: ignore[arg-type]
        [piece("1", "y", "find_references", arguments=B)],  # type: ignore[arg-type]
    ],
    "the arguments are an object": [
        [piece(0, "x", "read_symbol", arguments=json.loads(A))],
        [piece(1, "y", "find_references", arguments=json.loads(B))],
    ],
}


@pytest.mark.parametrize("chunks", ODD.values(), ids=ODD)
def test_servers_that_number_otherwise_are_understood(chunks: list[list[dict[str, Any]]]) -> None:
    assert [(call.name, call.arguments) for call in read(*chunks)] == TWO


def test_ids_that_no_request_could_hold_are_replaced() -> None:
    found = read(
        [piece(0, "same", "list_tests"), piece(1, "a b\n", "list_tests")],
        [piece(2, "x" * 500, "list_tests"), piece(3, None, "list_tests")],
    )
    assert [call.id for call in found] == ["same", "call_2", "call_3", "call_4"]


def test_a_whole_reply_is_never_put_together() -> None:
    same = piece(None, None, "list_tests", arguments="")
    assert len(read([same, same], whole=True)) == 2


def test_ten_thousand_calls_are_cut_down() -> None:
    reader = CallReader()
    for number in range(10_000):
        reader.add([Piece.model_validate(piece(number, f"i{number}", "list_tests"))])
    assert len(reader.calls()) == 32
