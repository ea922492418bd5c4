"""`dola.own`: the one command of all the actions that users write themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.context import file_name
from dola_ls.core.own_actions import COMMAND, OwnAction
from dola_ls.core.policy import show_hidden
from dola_ls.lsp.arguments import WrongArguments
from dola_ls.lsp.commands import NO_FILE, NO_SYMBOL, Call, find_place, read_call
from dola_ls.lsp.marks import SOURCE
from dola_ls.lsp.problems import in_document

if TYPE_CHECKING:
    from dola_ls.core.diagnostics import Diagnostic
    from dola_ls.core.document import Document, Span
    from dola_ls.lsp.server import DolaServer
    from dola_ls.task import Task

_EXAMPLE = (
    '{"action": "translate-comments", "uri": "file:///…", "range": {"start": {"line": 0, '
    '"character": 0}, "end": {"line": 0, "character": 0}}}'
)


def start_own(server: DolaServer, arguments: tuple[Any, ...]) -> None:
    """Start the job of an action of the user's own, or say in one message why not."""
    try:
        call = read_call(arguments)
        id = arguments[0].get("action")
        if not isinstance(id, str) or not id.strip():
            raise WrongArguments("`action` has to be the id of an action of yours, as text")
    except WrongArguments as error:
        server.say(
            f"{COMMAND} was not run: {error}. It takes an object like {_EXAMPLE}.",
            types.MessageType.Error,
        )
        return
    id = id.strip()
    # Those in the file that are wrong are not among them, and the user is to know why.
    server.tell_problems()
    task = task_of(server, id, call)
    if isinstance(task, str):
        server.say(f"{show_hidden(id[:40])}: {task}", types.MessageType.Warning)
        return
    server.jobs.start(task, server.protocol.msg_id)


def task_of(server: DolaServer, id: str, call: Call) -> Task | str:
    """Return the task that a call asks of an action of the user's own, or why there is none."""
    known = {own.id: own for own in server.configuration.settings().actions}
    return _task(server, known[id], call) if id in known else _unknown(server, list(known))


def _unknown(server: DolaServer, known: list[str]) -> str:
    file = server.configuration.settings().user_file
    has = f"There are: {', '.join(known)}." if known else "There is none at all."
    return (
        f"no action that can be used has this id in {file or 'the user file'}. {has} Nothing was "
        "sent. Write it there as an [[actions]] table, then run it again."
    )


def _task(server: DolaServer, own: OwnAction, call: Call) -> Task | str:
    from dola_ls.lsp.convert import relative_file
    from dola_ls.task import Task

    place = find_place(server, call)
    if isinstance(place, str):
        return place
    document, span = place
    if not own.suits(document.language):
        return (
            f"this action is for {', '.join(sorted(own.languages))}, and "
            f"{file_name(document.uri)} is {document.language}. Nothing was sent."
        )
    tree = server.trees.get(document)
    if own.answer == "new-file" and server.notebooks.is_cell(document.uri):
        return NO_FILE
    target = own.target(document, tree, span)
    if target is None and own.scope == "selection":
        target = server.notebooks.whole_cell(document)
    if target is None:
        return NO_SYMBOL
    return Task(
        action=own.action,
        document=document,
        tree=tree,
        target=target,
        file=relative_file(server.notebooks.home_of(document.uri), server.folders),
        instruction=call.instruction,
        own=own,
        diagnostics=_diagnostics(server, document, own, target.region, call),
        review=server.configuration.settings().settings.apply == "review",
    )


def _diagnostics(
    server: DolaServer, document: Document, own: OwnAction, region: Span, call: Call
) -> tuple[Diagnostic, ...]:
    """Return what a prompt with ``{diagnostics}`` is told.

    A menu sends those of the region along. A command that names the action by its id cannot know
    that its prompt has them, and sends what is reported near the cursor, as for every action.
    """
    if call.diagnostics or not own.names("diagnostics"):
        return in_document(server, document, call.diagnostics)
    near = in_document(server, document, [one for one in call.others if one.source != SOURCE])
    return tuple(
        one for one in near if one.span.start <= region.end and region.start <= one.span.end
    )
