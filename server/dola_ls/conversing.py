"""Asking with tools: the model looks something up, is told, and goes on, until it answers.

Each request passes what every request passes: it is looked through for secrets, consent was given
for it, and it keeps within the limits. It ends after some rounds, calls, tokens or seconds, with a
request that lets nothing more be called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dola_ls.ask import Asking, Reply
from dola_ls.core.blocks import BlockReader
from dola_ls.core.calls_in_text import calls_in_text
from dola_ls.core.context import estimate_tokens
from dola_ls.core.conversation import ToolCall, Turn
from dola_ls.core.prompt import Prompt
from dola_ls.core.tools import MOST_CALLS, MOST_ROUNDS, TOOLS
from dola_ls.model.errors import ModelError, TooLong
from dola_ls.model.ledger import affords
from dola_ls.searching import Workspace
from dola_ls.toolbox import BUDGET, Toolbox

#: A request of more tokens is dear enough to be asked once.
_MOST_TOKENS = 8000


class OnlyCalls(ModelError):
    """The model asked for more and more, and never answered."""

    rule = "only_calls"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} asked to look up more instead of answering, so there is no answer and "
            "nothing was changed. Run the action again, or set `tools = false` in Dola's "
            "config.toml."
        )


async def converse(
    asking: Asking,
    prompt: Prompt,
    workspace: Workspace | None,
    about: str = "",
    enough: Callable[[str], bool] | None = None,
) -> Reply:
    """Ask as `Asking.ask` does, and let the model look things up before it answers."""
    if workspace is None or asking.screen.stays:
        return await asking.ask(prompt, about, enough=enough)
    toolbox = Toolbox(
        workspace, asking.task.document, asking.screen, min(BUDGET, asking.model.context_tokens)
    )
    offered = replace(prompt, tools=TOOLS)
    tokens = estimate_tokens(prompt.system) + estimate_tokens(prompt.user)
    if tokens > _MOST_TOKENS or not affords(asking.model, offered, _longest(offered, toolbox)):
        return await asking.ask(prompt, about, enough=enough)
    alone, prompt = prompt, offered
    try:
        for round in range(MOST_ROUNDS + 1):
            reply = _read(await asking.ask(prompt, about, enough=enough), number=round)
            if round == 0:
                toolbox.start()  # when the user had agreed
            if round and isinstance(reply.fault, TooLong):
                # What was looked up is more than this server takes.
                return await asking.ask(alone, about, enough=enough)
            if reply.fault is not None or not reply.calls:
                return reply
            if prompt.final:
                # It went on calling; what it said besides may be an answer.
                said = reply.reader.text.strip()
                return reply if said else replace(reply, fault=OnlyCalls(asking.model.name))
            prompt = await _answered(asking, toolbox, prompt, reply)
            last = round + 1 == MOST_ROUNDS
            if last or toolbox.spent or not affords(asking.model, prompt, prompt):
                prompt = replace(prompt, final=True)
        return reply
    finally:
        asking.called += toolbox.called


async def _answered(asking: Asking, toolbox: Toolbox, prompt: Prompt, reply: Reply) -> Prompt:
    """Return the prompt with what was called and what that gave."""
    calls = reply.calls[:MOST_CALLS]
    results = await toolbox.answer(calls, asking.report)
    turn = Turn(reply.reader.text.strip(), calls, results)
    return replace(prompt, turns=(*prompt.turns, turn))


def _read(reply: Reply, number: int) -> Reply:
    """Return a reply with the calls that stand in its text in their place."""
    if reply.completion is None or not reply.ended:
        return reply
    said, calls = calls_in_text(reply.reader.text)
    if not calls:
        return reply
    reader = BlockReader()
    reader.feed(said)
    named = reply.calls or _with_ids(calls, number)
    completion = replace(reply.completion, calls=named)
    return replace(reply, reader=reader, completion=completion)


def _with_ids(calls: Sequence[ToolCall], number: int) -> tuple[ToolCall, ...]:
    return tuple(replace(call, id=f"call_{number}_{place}") for place, call in enumerate(calls, 1))


def _longest(prompt: Prompt, toolbox: Toolbox) -> Prompt:
    """Return about the longest request that may follow: one with all that may be told."""
    return replace(prompt, turns=(Turn("", (), ("x" * (toolbox.whole * 4),)),))
