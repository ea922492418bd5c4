"""What a call asks for: read strictly, and never repaired."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.conversation import ToolCall
from dola_ls.core.tools import (
    TOOLS,
    FindReferences,
    ListTests,
    Misused,
    ReadSymbol,
    read_call,
)


def call(name: str, arguments: object = "") -> ToolCall:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall("1", name, text)


@pytest.mark.parametrize(
    ("made", "wish"),
    [
        (call("read_symbol", {"name": "total"}), ReadSymbol("total")),
        (call("read_symbol", {"name": " Cart.total() ", "path": "a.py"}),
         ReadSymbol("Cart.total", "a.py")),
        (call("read_symbol", {"name": "Cart::total", "path": None}), ReadSymbol("Cart::total")),
        (call("read_symbol", {"name": "x", "more": [1]}), ReadSymbol("x")),
        (call("find_references", {"name": "$item"}), FindReferences("$item")),
        (call("list_tests"), ListTests()),
        (call("list_tests", "null"), ListTests()),
        (call("list_tests", " {} "), ListTests()),
        (call("list_tests", {"file": 1}), ListTests()),
    ],
)  # fmt: skip
def test_a_call_is_read(made: ToolCall, wish: object) -> None:
    assert read_call(made) == wish


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (call("delete_file", {"name": "total"}), "no such tool"),
        (call("", "{}"), "no such tool"),
        (call("read_symbol", '{"name": "tot'), "not a JSON object"),
        (call("read_symbol", "{'name': 'total'}"), "not a JSON object"),
        (call("read_symbol", '{}{"name": "total"}'), "not a JSON object"),
        (call("read_symbol", '["total"]'), "not a JSON object"),
        (call("read_symbol", '"total"'), "not a JSON object"),
        (call("read_symbol", "[" * 100_000), "not a JSON object"),
        (call("read_symbol", {"name": "x" * 5000}), "not a JSON object"),
        (call("read_symbol"), "`name` has to be there"),
        (call("read_symbol", {"name": 7}), "`name` has to be there"),
        (call("read_symbol", {"name": ["a"]}), "`name` has to be there"),
        (call("read_symbol", {"name": "a", "path": 7}), "`path` has to be text"),
        (call("read_symbol", {"name": "../../etc/passwd"}), "name of one symbol"),
        (call("read_symbol", {"name": "a b"}), "name of one symbol"),
        (call("find_references", {"name": ""}), "name of one symbol"),
        (call("find_references", {"name": "a\u202eb"}), "name of one symbol"),
        (call("find_references", {"name": "x" * 201}), "name of one symbol"),
    ],
)
def test_what_means_nothing_is_told(made: ToolCall, why: str) -> None:
    wish = read_call(made)
    assert isinstance(wish, Misused)
    assert why in wish.why


@given(st.sampled_from([tool.name for tool in TOOLS]), st.text() | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "path", "x"]), inner),
).map(json.dumps))  # fmt: skip
def test_no_argument_gets_through_but_one_name(name: str, arguments: str) -> None:
    wish = read_call(call(name, arguments))
    if isinstance(wish, ReadSymbol | FindReferences):
        assert 0 < len(wish.name) <= 200
        assert not set(wish.name) & set("/\\ \n\"'`()")


def test_no_tool_takes_anything_but_names_and_none_is_about_writing() -> None:
    assert [tool.name for tool in TOOLS] == ["read_symbol", "find_references", "list_tests"]
    for tool in TOOLS:
        assert set(tool.parameters["properties"]) <= {"name", "path"}
