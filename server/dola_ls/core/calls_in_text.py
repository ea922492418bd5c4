"""Calls of tools that a model writes into its text in place of the field for them.

Seed models do that at times (https://github.com/sipeed/picoclaw/issues/3153), and so does any
model whose server was not told how it calls tools::

    <seed:tool_call><function=read_symbol>
    <parameter=name>total</parameter></function></seed:tool_call>
    <tool_call>{"name": "read_symbol", "arguments": {"name": "total"}}</tool_call>

The function and its parameters may also be named by an attribute, ``<function name="…">``. What
stands in a code fence or within a line is text about calls and none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from dola_ls.core.conversation import ToolCall

_BLOCK = re.compile(
    r"^[ \t]*<(?P<tag>(?:seed:)?tool_call)>(?P<body>.*?)(?:</(?P=tag)>|\Z)",
    re.DOTALL | re.MULTILINE,
)
_NAMED = r"(?:=|\s+name\s*=)\s*[\"']?(?P<name>[^\s\"'<>]{1,200})[\"']?[^<>]*>"
_FUNCTION = re.compile(rf"<function{_NAMED}(?P<body>.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(
    rf"<parameter{_NAMED}(?P<value>.*?)(?:</parameter>|(?=<parameter\b)|\Z)", re.DOTALL
)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})", re.MULTILINE)


def calls_in_text(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    """Return a text without the calls it holds, and those; they have no ids.

    A block in which no call can be read is a call without a name.
    """
    if "tool_call>" not in text:
        return text, ()
    fenced = list(_fenced(text))
    kept, calls, at = [], [], 0
    for block in _BLOCK.finditer(text):
        if any(start <= block.start() < end for start, end in fenced):
            continue
        kept.append(text[at : block.start()])
        at = block.end()
        calls += list(_calls(block["body"])) or [ToolCall("", "", block["body"].strip())]
    return "".join([*kept, text[at:]]).strip() if calls else text, tuple(calls)


def _calls(body: str) -> Iterator[ToolCall]:
    for function in _FUNCTION.finditer(body):
        values = {
            found["name"]: found["value"].strip() for found in _PARAMETER.finditer(function["body"])
        }
        yield ToolCall("", function["name"], json.dumps(values, ensure_ascii=False))
    if "<function" in body:
        return
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    for one in said if isinstance(said, list) else [said]:
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            arguments = one.get("arguments", one.get("parameters", {}))
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            yield ToolCall("", one["name"], text)


def _fenced(text: str) -> Iterator[tuple[int, int]]:
    """Yield where code fences begin and end; one that is not closed ends with the text."""
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]):
            yield opening.start(), fence.end()
            opening = None
    if opening is not None:
        yield opening.start(), len(text)
