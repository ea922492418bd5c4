"""The wire models against the provider's OpenAPI document: every field, type, enum and bound.

Nothing here lists fields by hand. Samples are made from the document; a field that is missing from
a model makes a request invalid, or is gone from what an answer was read into.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from dola_ls.model.replies import ChatChunk, ChatCompletion, counted
from dola_ls.model.wire import ChatRequest

DOCUMENT = json.loads(
    (Path(__file__).parent / "openapi" / "chat-completions.openapi.json").read_text("utf-8")
)
OPERATION = DOCUMENT["paths"]["/v1/chat/completions"]["post"]
REQUEST = OPERATION["requestBody"]["content"]["application/json"]["schema"]
ANSWERS = OPERATION["responses"]["200"]["content"]
COMPLETION = ANSWERS["application/json"]["schema"]
CHUNK = ANSWERS["text/event-stream"]["schema"]

Path_ = tuple[str | int, ...]


def samples(schema: dict[str, Any]) -> Iterator[Any]:
    """Yield values that together use every branch, enum value and bound of `schema`."""
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        for branch in branches:
            yield from samples(branch)
        return
    if "enum" in schema:
        yield from schema["enum"]
        return
    kind = schema["type"]
    if kind == "object":
        yield from objects(schema)
    elif kind == "array":
        items = list(samples(schema["items"]))
        yield items[:2]
        yield from ([item] for item in items)
    elif kind == "string":
        yield "https://example.com/picture.png" if schema.get("format") == "uri" else "some_text"
    elif kind == "boolean":
        yield from (True, False)
    else:
        bounds = [schema[name] for name in ("minimum", "maximum") if name in schema]
        yield from bounds or [7]


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = schema.get("properties")
    if properties is None:
        yield {"type": "object", "properties": {"path": {"type": "string", "default": None}}}
        return
    first = {name: next(samples(inner)) for name, inner in properties.items()}
    yield first
    yield {name: first[name] for name in schema.get("required", ())}
    for name, inner in properties.items():
        for value in samples(inner):
            yield {**first, name: value}
        if inner.get("nullable"):
            yield {**first, name: None}


def fields(schema: dict[str, Any], value: Any, at: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield path and schema of every property of `schema` that is in `value`."""
    for branch in schema.get("anyOf") or schema.get("oneOf") or ():
        if fits(branch, value):
            yield from fields(branch, value, at)
            return
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield (*at, name), inner
                yield from fields(inner, value[name], (*at, name))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from fields(schema["items"], item, (*at, index))


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Tell which branch of a union a value was made from."""
    if schema["type"] != "object":
        return schema["type"] == {str: "string", list: "array"}.get(type(value))
    if not isinstance(value, dict) or not set(value) <= set(schema["properties"]):
        return False
    enums = {n: i["enum"] for n, i in schema["properties"].items() if "enum" in i}
    return all(value.get(name) in enum for name, enum in enums.items() if name in value)


def without(value: Any, path: Path_) -> Any:
    copy = deepcopy(value)
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return copy


def replaced(value: Any, path: Path_, new: Any) -> Any:
    copy = deepcopy(value)
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return copy


def present(value: Any) -> Any:
    """Return `value` without nulls, which mean the same as leaving a field out."""
    if isinstance(value, dict):
        return {name: present(inner) for name, inner in value.items() if inner is not None}
    return [present(item) for item in value] if isinstance(value, list) else value


def is_exclusive(request: dict[str, Any]) -> bool:
    """Tell whether a request combines a prediction with what a prediction excludes."""
    names = ("tools", "tool_choice", "parallel_tool_calls")
    penalties = ("frequency_penalty", "presence_penalty")
    return "prediction" in request and (
        any(request.get(name) is not None for name in names)
        or any((request.get(name) or 0) > 0 for name in penalties)
    )


def separated(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the request, or where it combines what excludes each other, the two halves."""
    if not is_exclusive(request):
        yield request
        return
    yield without(request, ("prediction",))
    names = {"tools", "tool_choice", "parallel_tool_calls", "frequency_penalty"}
    yield {n: v for n, v in request.items() if n not in names | {"presence_penalty"}}


REQUESTS = [half for whole in samples(REQUEST) for half in separated(whole)]


def dump(model: BaseModel) -> Any:
    return model.model_dump(mode="json", exclude_unset=True, by_alias=True)


def test_the_document_is_walked_whole() -> None:
    """The walk itself must not have gone blind: these fields lie in its far corners."""
    seen = {path[-1] for request in REQUESTS for path, _ in fields(REQUEST, request)}
    assert {"video_url", "detail", "tool_call_id", "refusal", "strict", "prediction"} <= seen
    assert set(REQUEST["properties"]) <= seen


def test_every_documented_request_is_accepted_and_sent_as_it_is() -> None:
    for request in REQUESTS:
        model = ChatRequest.model_validate_json(json.dumps(request))
        assert present(dump(model)) == present(request)
        sent = json.loads(model.body())
        expected = present(request)
        # Nulls within a tool's schema are the schema's own.
        for tool, original in zip(expected.get("tools", []), request.get("tools", []), strict=True):
            tool["function"]["parameters"] = original["function"]["parameters"]
        assert sent == expected


def test_what_the_document_forbids_is_refused() -> None:
    """Wrong types, unknown enum values, bounds, missing and additional fields, one at a time."""
    checked: set[str] = set()
    accepted: list[tuple[str, Path_]] = []

    def refuse(why: str, path: Path_, request: dict[str, Any]) -> None:
        checked.add(why)
        with contextlib.suppress(ValidationError):
            ChatRequest.model_validate_json(json.dumps(request))
            accepted.append((why, path))

    seen: set[int] = set()
    refuse("a field too many", (), {**REQUESTS[0], "banana_toggle": True})
    for request in REQUESTS:
        for path, schema in fields(REQUEST, request):
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            if "enum" in schema and path != ("model",):
                refuse("an unknown value", path, replaced(request, path, "banana"))
            if "minimum" in schema:
                refuse("too little", path, replaced(request, path, schema["minimum"] - 1))
            if "maximum" in schema:
                refuse("too much", path, replaced(request, path, schema["maximum"] + 1))
            if schema.get("type") in ("string", "number", "integer", "boolean", "array"):
                refuse("a wrong type", path, replaced(request, path, {"a": 1}))
            value = at(request, path)
            if schema.get("type") == "object" and isinstance(value, dict):
                if "properties" in schema:
                    extra = replaced(request, path, {**value, "banana": 1})
                    refuse("a nested field too many", path, extra)
                for name in schema.get("required", ()):
                    if name != "type":
                        refuse("a field too few", path, without(request, (*path, name)))
    for name in REQUEST["required"]:
        refuse("a field too few", (name,), without(REQUESTS[0], (name,)))
    assert accepted == []
    assert len(checked) == 7


def at(value: Any, path: Path_) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize(
    "other",
    [
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
        {"tool_choice": "auto"},
        {"parallel_tool_calls": False},
        {"presence_penalty": 0.5},
        {"frequency_penalty": 0.5},
        {"n": 2},
        {"logprobs": True},
        {"max_completion_tokens": 10},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_prediction_stands_alone(other: dict[str, Any]) -> None:
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "prediction": {"type": "content", "content": "x"},
    }
    ChatRequest.model_validate(request)
    with pytest.raises(ValidationError):
        ChatRequest.model_validate({**request, **other})


def test_the_lite_models_response_format_is_there() -> None:
    for form in ({"type": "json_object"}, {"type": "json_schema", "json_schema": SCHEMA_FORM}):
        request = {
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "response_format": form,
        }
        assert json.loads(ChatRequest.model_validate(request).body()) == request


SCHEMA_FORM = {"name": "answer", "schema": {"type": "object"}, "strict": True}

REPLIES = [(ChatCompletion, COMPLETION), (ChatChunk, CHUNK)]


@pytest.mark.parametrize(("model", "schema"), REPLIES, ids=["completion", "chunk"])
def test_every_documented_answer_is_read_without_loss(
    model: type[BaseModel], schema: dict[str, Any]
) -> None:
    for reply in samples(schema):
        assert present(dump(model.model_validate(reply))) == present(reply)


@pytest.mark.parametrize(("model", "schema"), REPLIES, ids=["completion", "chunk"])
def test_what_is_missing_null_or_of_a_wrong_type_harms_nothing_else(
    model: type[BaseModel], schema: dict[str, Any]
) -> None:
    # By way of JSON, so that no two places of the sample are one object.
    reply = json.loads(json.dumps(next(samples(schema))))
    for path, _ in fields(schema, reply):
        changed = [replaced(reply, path, wrong) for wrong in (None, {"odd": 1}, "odd", [3.5], -1.5)]
        for broken in (without(reply, path), *changed):
            read = present(dump(model.model_validate(broken)))
            # Everything outside the field that was broken is as before.
            assert outside(read, path) == outside(present(reply), path), path


def outside(value: Any, path: Path_) -> Any:
    """Return `value` without what lies at `path`."""
    if isinstance(value, dict):
        rest = {name: inner for name, inner in value.items() if name != path[0]}
        return {**rest, path[0]: outside(value.get(path[0]), path[1:])} if path[1:] else rest
    if isinstance(value, list) and isinstance(path[0], int) and len(value) > path[0]:
        before, after = value[: path[0]], value[path[0] + 1 :]
        return [*before, outside(value[path[0]], path[1:]), *after] if path[1:] else before + after
    return None


def test_a_reply_with_reasoning_cost_and_null_details_is_read() -> None:
    reply = ChatCompletion.model_validate(
        {
            "id": "021777553573335",
            "object": "chat.completion",
            "created": 1777553611,
            "model": "seed-2-0-code-preview-260328",
            "service_tier": "default",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "logprobs": None,
                    "message": {
                        "role": "assistant",
                        "content": "Done.",
                        "reasoning_content": "\nLet me see.",
                        "refusal": None,
                        "annotations": None,
                        "audio": None,
                        "tool_calls": None,
                    },
                }
            ],
            "usage": {
                "prompt_tokens": 39,
                "completion_tokens": 62,
                "total_tokens": 101,
                "completion_tokens_details": None,
                "prompt_tokens_details": {"cached_tokens": 3},
            },
            "meta": {"usage": {"credits_used": 23155, "usd_spent": 0.0115775}},
        }
    )
    message = reply.choices[0].message
    assert message is not None
    assert (message.text, message.reasoning_text) == ("Done.", "\nLet me see.")
    figures = counted(reply.usage, reply.meta, reply.timings)
    assert (figures.prompt_tokens, figures.completion_tokens) == (39, 62)
    assert (figures.cached_tokens, figures.reasoning_tokens) == (3, None)
    assert figures.cost_usd == 0.0115775


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"content": [{"type": "thinking", "text": "hm"}], "reasoning": "hm"},
    ],
)
def test_reasoning_is_found_under_its_three_names_and_is_never_text(delta: dict[str, Any]) -> None:
    chunk = ChatChunk.model_validate({"choices": [{"delta": delta}]})
    read = chunk.choices[0].delta
    assert read is not None
    assert (read.reasoning_text, read.text) == ("hm", "")


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, None, {"type": "image_url"}, {"type": "text"}]
    chunk = ChatChunk.model_validate(
        {"choices": [{"delta": {"content": [*parts, {"type": "text", "text": "b"}]}}]}
    )
    read = chunk.choices[0].delta
    assert read is not None
    assert read.text == "ab"


def test_the_embedded_engines_draft_counters_are_prediction_counters() -> None:
    chunk = ChatChunk.model_validate(
        {"choices": [], "timings": {"draft_n": 50, "draft_n_accepted": 41, "predicted_ms": 12.5}}
    )
    figures = counted(chunk.usage, chunk.meta, chunk.timings)
    assert (figures.accepted_prediction_tokens, figures.rejected_prediction_tokens) == (41, 9)
