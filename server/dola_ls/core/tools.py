"""The tools that the model may ask for: all of them read, and none takes a path to open."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from dola_ls.core.conversation import Tool, ToolCall

#: Calls that are answered in one action.
MOST_CALLS = 8
#: Requests of one action after which the model may still call something.
MOST_ROUNDS = 3
#: Characters that a model may take for its arguments, and a name or a path in them.
_MOST_ARGUMENTS, _LONGEST = 2000, 200
_NAME = re.compile(r"[\w$~][\w$?!]*(?:(?:\.|::|#|->)[\w$~][\w$?!]*){0,8}")
_CALLED = re.compile(r"\s*\(\s*\)\s*\Z")


def _tool(name: str, description: str, /, **texts: str) -> Tool:
    required = [name for name in texts if name != "path"]
    return Tool(
        name,
        description,
        {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": text} for name, text in texts.items()
            },
            "required": required,
            "additionalProperties": False,
        },
    )


READ_SYMBOL = _tool(
    "read_symbol",
    "Return the definition of a function, class, method or constant of this project that the "
    "request does not show. Use it only where the answer depends on it.",
    name="The name, such as total_price or Cart.total",
    path="The file it stands in, where several have the name, such as shop/cart.py",
)
FIND_REFERENCES = _tool(
    "find_references",
    "Return the lines of this project that use a name, at most 30.",
    name="The name, such as total_price",
)
LIST_TESTS = _tool("list_tests", "Return the names of the tests there are for this file.")
TOOLS = (READ_SYMBOL, FIND_REFERENCES, LIST_TESTS)


@dataclass(frozen=True, slots=True)
class ReadSymbol:
    """Show a definition; `path` is compared with the project's files and never opened."""

    name: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class FindReferences:
    """Show the lines that use a name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListTests:
    """Show the tests that belong to the document."""


@dataclass(frozen=True, slots=True)
class Misused:
    """A call that means nothing; `why` is told to the model."""

    why: str


Wish = ReadSymbol | FindReferences | ListTests


def read_call(call: ToolCall) -> Wish | Misused:
    """Return what a call asks for, or what is wrong with it; nothing is guessed or repaired."""
    if call.name not in {tool.name for tool in TOOLS}:
        names = ", ".join(tool.name for tool in TOOLS)
        return Misused(f"There is no such tool. There are: {names}.")
    arguments = read_arguments(call.arguments)
    if arguments is None:
        return Misused('The arguments are not a JSON object such as {"name": "total_price"}.')
    if call.name == LIST_TESTS.name:
        return ListTests()
    name, path = arguments.get("name"), arguments.get("path")
    if not isinstance(name, str):
        return Misused("`name` has to be there, as text.")
    if path is not None and not isinstance(path, str):
        return Misused("`path` has to be text, or left out.")
    name = _CALLED.sub("", name).strip().strip("`")
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        return Misused("`name` has to be the name of one symbol, such as Cart.total.")
    if call.name == FIND_REFERENCES.name:
        return FindReferences(name)
    return ReadSymbol(name, (path or "").strip()[:_LONGEST])


def read_arguments(text: str) -> dict[str, Any] | None:
    """Return the arguments of a call; nothing at all is no arguments, None is no JSON object."""
    if not text.strip():
        return {}
    if len(text) > _MOST_ARGUMENTS:
        return None
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if arguments is None:
        return {}
    return arguments if isinstance(arguments, dict) else None


def last_part(name: str) -> str:
    """Return the bare name of a qualified one: ``total`` of ``Cart.total``."""
    return re.split(r"\.|::|#|->", name)[-1]


def container_part(name: str) -> str:
    """Return what a qualified name says the symbol stands in; empty for a bare name."""
    parts = re.split(r"\.|::|#|->", name)
    return parts[-2] if len(parts) > 1 else ""
