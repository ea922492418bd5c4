"""The page that shows a request before it is sent: nothing in it is left to the imagination."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dola_ls.core.along import Piece
from dola_ls.core.context import estimate_tokens
from dola_ls.core.media.media import Media
from dola_ls.core.page_head import as_code
from dola_ls.core.prompt import fence_for
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.core.tools import MOST_CALLS

_AGAIN = (
    "This is the first request of the action as things are now; an answer that cannot be used goes "
    "back to the model once, with the reason."
)

_TOOLS = (
    f"The model may look up more by the tools below, at most {MOST_CALLS} times; what they give is "
    "sent in further requests, by the same rules."
)


def sent_page(
    label: str,
    facts: Sequence[tuple[str, str]],
    body: bytes,
    left_out: Sequence[str] = (),
    along: Sequence[Piece] = (),
    media: Sequence[Media] = (),
    *,
    size: int = 0,
    once: bool = False,
) -> str:
    """Return a page of Markdown on a request; `once` says that no second one may follow it.

    `body` is its JSON, as it is sent. `facts` are names and values in Markdown, `left_out` says in
    sentences what does not go along, and why; `along` is code from elsewhere that does. `media` are
    the images and videos of the request in their order: of these what they are is shown, and not
    their bytes. `size` is that of the whole in bytes, where `body` has some of it left out.
    """
    request: dict[str, Any] = json.loads(body)
    waiting = iter(media)
    for message in request.get("messages", ()):
        for part in message["content"] if isinstance(message["content"], list) else ():
            address = part.get(part["type"])
            if isinstance(address, dict):
                address["url"] = next(waiting).shown
    messages = [
        (f"Message: {as_code(one['role'])}", _text(one["content"]))
        for one in request.get("messages", ())
    ]
    # A gap to be filled by the embedded engine, in the place of a question.
    gap = (("Before the cursor", "input_prefix"), ("After the cursor", "input_suffix"))
    messages += [(title, request[name]) for title, name in gap if name in request]
    texts = [text for _, text in messages]
    prediction = request.get("prediction")
    if prediction is not None:
        texts.append(prediction["content"])
    tools = [tool["function"] for tool in request.get("tools", [])]
    tokens = sum(map(estimate_tokens, [*texts, *map(json.dumps, tools)]))
    tokens += sum(one.tokens for one in media)
    again = "" if once else f" {_AGAIN} {_TOOLS}" if tools else f" {_AGAIN}"
    parts = [f"# What would be sent: {as_code(label)}", f"Nothing was sent.{again}"]
    takes = f"about {tokens} tokens ({size or len(body)} bytes)"
    takes += f"; the answer may have {_most(request)} tokens"
    parts.append("\n".join(f"- {name}: {value}" for name, value in [*facts, ("Size", takes)]))
    if along:
        parts += ["## Code from elsewhere", "\n".join(_told(along))]
    if left_out:
        parts += ["## Left out", "\n".join(f"- {sentence}" for sentence in left_out)]
    for title, text in messages:
        parts += [f"## {title}", _block(text)]
    if prediction is not None:
        parts += ["## Predicted output", _block(prediction["content"])]
    if tools:
        listed = [f"- {as_code(tool['name'])}: {tool['description']}" for tool in tools]
        parts += ["## Tools offered", "\n".join(listed)]
    whole = json.dumps(request, ensure_ascii=False, indent=2)
    parts += ["## Request body", "All of the above as it is sent, with line breaks to read it by."]
    if media:
        parts[-1] += " Images and videos are left out here: they go along in base64."
    parts.append(_block(whole, "json"))
    return "\n\n".join(parts) + "\n"


def _told(along: Sequence[Piece]) -> list[str]:
    """Return a line for each file of which something goes along, with what and why."""
    files: dict[tuple[str, bool], list[str]] = {}
    for piece in sorted(along, key=lambda one: (one.calls, one.here, one.path, one.first)):
        files.setdefault((piece.path, piece.here), []).append(piece.why)
    lines = []
    for (path, here), whys in files.items():
        each = "; ".join(safe_markdown(why) for why in dict.fromkeys(whys))
        lines.append(f"- {as_code(path)}{' (this file)' if here else ''}: {each}")
    return lines


def _text(content: str | list[dict[str, Any]]) -> str:
    """Return a message as text, with a line for each image or video."""
    if isinstance(content, str):
        return content
    return "\n".join(
        part["text"] if part["type"] == "text" else part[part["type"]]["url"] for part in content
    )


def _most(request: dict[str, Any]) -> int:
    names = ("max_tokens", "max_completion_tokens", "n_predict")
    return next((int(request[name]) for name in names if name in request), 0)


def _block(text: str, label: str = "text") -> str:
    fence = fence_for(text)
    return f"{fence}{label}\n{text.removesuffix(chr(10))}\n{fence}"
