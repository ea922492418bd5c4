"""`dola.showPrompt`: the exact first request of an action as a page, and nothing is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.ask import Asking
from dola_ls.complete import complete
from dola_ls.core.actions import BY_COMMAND, COMPLETE, REFACTOR
from dola_ls.core.document import Span
from dola_ls.core.inline import Place
from dola_ls.core.left_out import LeftOut
from dola_ls.core.outcome import Outcome, Previewed, Refused
from dola_ls.core.page_head import as_code
from dola_ls.core.policy import show_hidden
from dola_ls.core.prompt import Prompt
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.core.sent_page import sent_page
from dola_ls.core.strategy import Predictions
from dola_ls.lsp import own
from dola_ls.lsp.arguments import WrongArguments, write_range
from dola_ls.lsp.commands import Call, find_place, read_call, task_of
from dola_ls.model.abilities import stated_abilities
from dola_ls.model.errors import ModelError
from dola_ls.model.stream import Delta

if TYPE_CHECKING:
    from dola_ls.lsp.progress import Progress
    from dola_ls.lsp.server import DolaServer
    from dola_ls.model.stream import ChatModel, Remote
    from dola_ls.task import Task

COMMAND = "dola.showPrompt"
_EXAMPLE = (
    '{"action": "dola.refactor", "uri": "file:///…", "range": {"start": {"line": 0, '
    '"character": 0}, "end": {"line": 0, "character": 0}}}'
)


def show_prompt(server: DolaServer, arguments: tuple[Any, ...]) -> None:
    """Start the job that shows what an action would send, or say in one message why not.

    Without arguments it is about where the user last opened the menu of code actions: a key of
    Helix can send none.
    """
    place = server.last_place
    if not arguments and place is not None:
        arguments = ({"uri": place[0], "range": write_range(place[1])},)
    if not arguments:
        server.say(
            f"{COMMAND} needs a place. Open the menu of code actions on the code in question, "
            f"close it, and run the command again; or send an object like {_EXAMPLE}.",
            types.MessageType.Warning,
        )
        return
    try:
        call = read_call(arguments)
        action = arguments[0].get("action", REFACTOR.command)
        if not isinstance(action, str):
            raise WrongArguments("`action` has to be the id of an action, as text")
    except WrongArguments as error:
        server.say(
            f"{COMMAND} was not run: {error}. It takes an object like {_EXAMPLE}.",
            types.MessageType.Error,
        )
        return
    known = BY_COMMAND.get(action)
    if action == COMPLETE.command:
        task = _completion(server, call)
        known = COMPLETE
    else:
        task = own.task_of(server, action, call) if known is None else task_of(server, known, call)
    if isinstance(task, str):
        what = known.verb if known is not None else show_hidden(action[:40])
        server.say(f"What would be sent ({what}): {task}", types.MessageType.Warning)
        return
    server.jobs.start(task, server.protocol.msg_id, preview=True)


def _completion(server: DolaServer, call: Call) -> Task | str:
    from dola_ls.lsp.inline_completion import task_at

    place = find_place(server, call)
    if isinstance(place, str):
        return place
    document, span = place
    return task_at(server, document, Place(Span(span.start, span.start)))


async def preview(server: DolaServer, task: Task, progress: Progress) -> Outcome:
    """Run an action up to its first request, and show that in the place of sending it."""
    from dola_ls.lsp.leaving import screen_for
    from dola_ls.lsp.workbench import Workbench
    from dola_ls.model.provider import Unavailable
    from dola_ls.run import run

    model = await server.configuration.model_to_show(task.own, task.action)
    if isinstance(model, Unavailable):
        return Refused(model.reason, "no_model")
    screen = await screen_for(server, task)
    if isinstance(screen, Refused):
        return screen
    unsent = Unsent(model)
    workbench = Workbench(server, progress, nothing_leaves)
    if task.action is COMPLETE:
        asking = Asking(unsent, workbench, task, screen)
        lines = server.configuration.settings().settings.completion.max_lines
        fills = getattr(model, "fills", False) is True
        why = await complete(task, Place(task.target.region), asking, max_lines=lines, fills=fills)
        outcome: Outcome = Refused(str(getattr(why, "reason", "")), "not_sent")
    else:
        outcome = await run(task, workbench, unsent, screen)
    if unsent.prompt is None:
        return outcome
    return await show_page(server, task.label, model, unsent.prompt)


async def nothing_leaves(prompt: Prompt) -> str | None:
    """Let a prompt pass without a question: it goes no further than to `Unsent`."""
    return None


class Unsent:
    """A model that keeps the first prompt and asks nobody; all else is as the model's own."""

    def __init__(self, model: ChatModel) -> None:
        self.name = model.name
        self.context_tokens = model.context_tokens
        self.abilities = stated_abilities(model)
        self._model = model
        self.prompt: Prompt | None = None

    @property
    def remote(self) -> Remote | None:
        """Return None: nothing goes anywhere."""
        return None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Keep the prompt and end the action."""
        self.prompt = self.prompt or prompt
        raise ModelError("Nothing was sent.")
        yield Delta()

    def prediction_use(self, action: str) -> Predictions:
        """Return what the model knows of predictions."""
        return self._model.prediction_use(action)

    async def aclose(self) -> None:
        """Do nothing: the model is not this one's to close."""


async def show_page(
    server: DolaServer, label: str, model: ChatModel, prompt: Prompt
) -> Previewed | Refused:
    """Show the request that a model makes of a prompt."""
    from dola_ls.lsp.explain import show_document
    from dola_ls.model.client import HttpModel
    from dola_ls.model.local import LocalModel

    if not isinstance(model, HttpModel | LocalModel):
        return Refused(f"{model.name} has no request that could be shown.", "no_model")
    out = model.outgoing(prompt)
    to, key = as_code(f"POST {out.url}"), "none was found, so none goes along"
    if out.embedded:
        to, key = "the embedded engine. Nothing leaves this machine", "none of yours"
    elif out.keyed:
        key = "goes along in the header `Authorization`, and is not shown here"
    elif out.needs_key:
        key = "none was found, so this cannot be sent; `dola-ls check` says what to do"
    facts = [("To", to), ("Model", as_code(out.model)), ("Key", key)]
    why = model.why_unpredicted(prompt) if isinstance(model, HttpModel) else None
    left_out = [_sentence(one) for one in prompt.left_out]
    left_out += [f"No predicted output goes along: {why}."] if why is not None else []
    if isinstance(model, HttpModel) and model.refuses_tools(prompt):
        left_out.append("No tools are offered: the server refuses them.")
    left_out += out.notes
    once = prompt.action == COMPLETE.id
    page = sent_page(
        label, facts, out.body, left_out, prompt.along, prompt.media, size=out.size, once=once
    )
    path = server.pages.write(f"What would be sent ({label})", page)
    return Previewed(path, await show_document(server, path, take_focus=False))


def _sentence(left: LeftOut) -> str:
    """Say what does not go along; a file of the workspace may be called as it likes."""
    what = " ".join(safe_markdown(left.what).split())
    return f"{what[:1].upper()}{what[1:]}: {left.why}."
