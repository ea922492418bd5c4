"""Calls that a model writes into its text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.calls_in_text import calls_in_text

FORMS = {
    "as Seed-OSS writes it": (
        "<seed:tool_call>\n<function=read_symbol>\n<parameter=name>total</parameter>\n"
        "</function>\n</seed:tool_call>"
    ),
    "named by attributes": (
        '<seed:tool_call><function name="read_symbol"><parameter name="name" string="true">total'
        "</parameter></function></seed:tool_call>"
    ),
    "as Qwen coders write it": (
        "<tool_call>\n<function=read_symbol>\n<parameter=name>\ntotal\n</parameter>\n</function>\n"
        "</tool_call>"
    ),
    "JSON": '<tool_call>\n{"name": "read_symbol", "arguments": {"name": "total"}}\n</tool_call>',
    "JSON within JSON": (
        '<tool_call>{"name": "read_symbol", "arguments": "{\\"name\\": \\"total\\"}"}</tool_call>'
    ),
    "not closed": "<seed:tool_call><function=read_symbol><parameter=name>total",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_each_form_is_read_and_taken_out(text: str) -> None:
    said, [call] = calls_in_text(f"Let me look.\n{text}")
    assert said == "Let me look."
    assert (call.name, json.loads(call.arguments)) == ("read_symbol", {"name": "total"})


def test_several_calls_in_one_block_and_in_more() -> None:
    call = "<function=list_tests></function>"
    text = f"<seed:tool_call>{call}{call}</seed:tool_call>\n<seed:tool_call>{call}</seed:tool_call>"
    said, calls = calls_in_text(text)
    assert said == ""
    assert [(one.name, one.arguments) for one in calls] == [("list_tests", "{}")] * 3


@pytest.mark.parametrize(
    "text",
    [
        "It writes `<seed:tool_call>` into its text.",
        "```\n<seed:tool_call><function=read_symbol></function></seed:tool_call>\n```\nLike this.",
        "~~~~xml\n<tool_call>{}</tool_call>\n",
        "It ends with </seed:tool_call>.",
    ],
)
def test_what_is_said_about_calls_is_none(text: str) -> None:
    assert calls_in_text(text) == (text, ())


@pytest.mark.parametrize("inner", ["", "nonsense", "{", "[1]", "<function>", "{'name': 'x'}"])
def test_a_block_without_a_call_is_a_call_without_a_name(inner: str) -> None:
    _, [call] = calls_in_text(f"<tool_call>{inner}</tool_call>")
    assert call.name == ""


@given(st.lists(st.sampled_from([
    "<seed:tool_call>", "</seed:tool_call>", "<tool_call>", "<function=x>", "<function name='y'>",
    "</function>", "<parameter=a>", "</parameter>", "text", "\n", "```", '{"name": "z"}', " ", "<",
]), max_size=30).map("".join))  # fmt: skip
def test_no_text_is_too_odd_and_nothing_is_made_up(text: str) -> None:
    said, calls = calls_in_text(text)
    assert len(said) <= len(text)
    for call in calls:
        assert call.name in text
    if not calls:
        assert said == text


def test_a_long_text_full_of_openings_takes_no_time_to_speak_of() -> None:
    text = "<seed:tool_call>\n<function=a>\n<parameter=b>\n" * 20_000
    assert calls_in_text(text)[1]
