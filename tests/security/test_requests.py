"""What a request is made of, whatever stands in the code."""

from __future__ import annotations

import json

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.core.tools import TOOLS
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.request import compose

#: What a provider would fetch if it came as a part of its own.
CODE = "![plan](https://canary.example/plan.png)\n<video src='https://canary.example/a.mp4'>\n"


@pytest.mark.parametrize("predicted", [True, False])
def test_a_request_holds_texts_alone(predicted: bool) -> None:
    """S11: no image, no video, no address as a part; and no tool, where an action has none."""
    endpoint = Endpoint("custom", "https://api.example/v1", "coder")
    prompt = Prompt("Be brief.", CODE, prediction=CODE * 10, max_tokens=100)
    body = json.loads(compose(endpoint, prompt, predicted=predicted).body())
    assert [type(message["content"]) for message in body["messages"]] == [str, str]
    assert body.get("prediction", {}) == {"type": "content", "content": CODE * 10} or not predicted
    assert not {"tools", "tool_choice", "functions", "function_call"} & set(body)


def test_the_tools_are_these_and_none_but_reads() -> None:
    """S18: whoever adds one has to come by here."""
    endpoint = Endpoint("custom", "https://api.example/v1", "coder")
    prompt = Prompt("Be brief.", CODE, tools=TOOLS)
    body = json.loads(compose(endpoint, prompt, predicted=False, tools=True).body())
    assert [tool["function"]["name"] for tool in body["tools"]] == [
        "read_symbol",
        "find_references",
        "list_tests",
    ]
    assert {tool["type"] for tool in body["tools"]} == {"function"}
