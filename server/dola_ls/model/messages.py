"""What a prompt comes to as messages: texts, images and videos, tools and what they gave."""

from __future__ import annotations

import re

from dola_ls.core.conversation import ToolCall, Turn
from dola_ls.core.media.media import Media
from dola_ls.core.prompt import Prompt
from dola_ls.core.tools import read_arguments
from dola_ls.model import wire


def messages(prompt: Prompt, *, tools: bool) -> list[wire.Message]:
    """Return the messages of a request, in which tools are spoken of as such or not at all."""
    user = prompt.user
    if not tools and prompt.turns:
        # A server that refuses tools may well refuse what was called as well.
        given = [result for turn in prompt.turns for result in turn.results]
        user = "\n\n".join([user, "What else you asked to see, to read only:", *given])
    found: list[wire.Message] = [
        wire.SystemMessage(content=sound(prompt.system)),
        wire.UserMessage(content=_content(sound(user), prompt.media)),
    ]
    for turn in prompt.turns if tools else ():
        found += _turn(turn)
    return found


def offered(prompt: Prompt) -> list[wire.Tool] | None:
    """Return the tools of a prompt; None where there are none, as an empty list is refused."""
    return [
        wire.Tool(
            function=wire.FunctionTool(
                name=tool.name, description=tool.description, parameters=dict(tool.parameters)
            )
        )
        for tool in prompt.tools
    ] or None


def sound(text: str) -> str:
    """Return `text` with U+FFFD for each lone surrogate, which JSON and UTF-8 cannot carry."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _content(
    text: str, media: tuple[Media, ...]
) -> str | list[wire.TextPart | wire.ImagePart | wire.VideoPart]:
    """Return what the user says: text alone as it is, else parts, the text first."""
    return [wire.TextPart(text=text), *map(_part, media)] if media else text


def _part(media: Media) -> wire.ImagePart | wire.VideoPart:
    if media.facts.kind == "video":
        return wire.VideoPart(video_url=wire.VideoUrl(url=media.url))
    return wire.ImagePart(image_url=wire.ImageUrl(url=media.url, detail=media.detail))


def _turn(turn: Turn) -> list[wire.Message]:
    called = [
        wire.AssistantToolCall(
            id=call.id, function=wire.FunctionCall(name=_name(call), arguments=_arguments(call))
        )
        for call in turn.calls
    ]
    return [
        wire.AssistantMessage(content=sound(turn.said), tool_calls=called),
        *(
            wire.ToolMessage(content=sound(result), tool_call_id=call.id)
            for call, result in zip(turn.calls, turn.results, strict=True)
        ),
    ]


def _name(call: ToolCall) -> str:
    """Return the name of a call as servers let it pass, which look at it more closely by now."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", call.name)[:64] or "unknown"


def _arguments(call: ToolCall) -> str:
    """Return the arguments of a call; what is no JSON would break the templates of some servers."""
    return sound(call.arguments) if call.arguments and read_arguments(call.arguments) else "{}"
