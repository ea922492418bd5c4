"""`workspace/executeCommand`: start a job, cancel one, decide about a proposal.

Every command answers null at once; what it leads to comes by progress, edit or message. Helix
freezes on slow requests and Emacs gives up on them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.actions import (
    BY_COMMAND,
    DOCUMENT,
    EXPLAIN,
    FIX,
    INSTRUCT,
    Action,
    find_target,
    fits,
)
from dola_ls.core.context import file_name
from dola_ls.core.document import Document, Span
from dola_ls.core.limits import why_not_document
from dola_ls.lsp import problems
from dola_ls.lsp.arguments import WrongArguments, read_diagnostics, read_range
from dola_ls.lsp.beside import beside
from dola_ls.lsp.convert import to_span

if TYPE_CHECKING:
    from dola_ls.core.diagnostics import Diagnostic
    from dola_ls.core.parsing import Tree
    from dola_ls.lsp.review import Kept
    from dola_ls.lsp.server import DolaServer
    from dola_ls.task import Now, Task

log = logging.getLogger(__name__)

_EXAMPLE = (
    '{"uri": "file:///…", "range": {"start": {"line": 0, "character": 0}, '
    '"end": {"line": 0, "character": 0}}}'
)
_MAX_INSTRUCTION = 4000
NO_FILE = (
    "what it makes would be a new file, and from a notebook nothing can be imported. Nothing was "
    "sent. Move the code into a module, and run the action there."
)
NO_SYMBOL = (
    "there is no function, class or other symbol at the cursor. Nothing was sent. Put the cursor "
    "into one, or select the lines to work on."
)


@dataclass(frozen=True, slots=True)
class Call:
    """The one object that every action's command takes."""

    uri: str
    range: types.Range
    version: int | None
    instruction: str | None
    #: What is to be fixed or explained, and what else other tools say of the code.
    diagnostics: tuple[types.Diagnostic, ...]
    others: tuple[types.Diagnostic, ...]


def read_call(arguments: tuple[Any, ...]) -> Call:
    """Read the arguments of an action's command; raises WrongArguments."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise WrongArguments("it takes exactly one object")
    given = arguments[0]
    uri = given.get("uri")
    if not isinstance(uri, str) or not uri:
        raise WrongArguments("`uri` has to be the document's address, as text")
    range_ = read_range(given.get("range"), "range")
    version = given.get("version")
    if version is not None and type(version) is not int:
        raise WrongArguments("`version` has to be a whole number")
    instruction = given.get("instruction")
    if instruction is not None and not isinstance(instruction, str):
        raise WrongArguments("`instruction` has to be text")
    if instruction and len(instruction) > _MAX_INSTRUCTION:
        raise WrongArguments(f"`instruction` is longer than {_MAX_INSTRUCTION} characters")
    return Call(
        uri,
        range_,
        version,
        (instruction or "").strip() or None,
        read_diagnostics(given.get("diagnostics"), "diagnostics"),
        read_diagnostics(given.get("others"), "others"),
    )


def start_action(server: DolaServer, command: str, arguments: tuple[Any, ...]) -> None:
    """Start the job of an action's command, or say in one message why not."""
    # The first statement takes the snapshot: what the user types from now on is carried over.
    action = BY_COMMAND[command]
    try:
        call = read_call(arguments)
    except WrongArguments as error:
        server.say(
            f"{command} was not run: {error}. It takes an object like {_EXAMPLE}.",
            types.MessageType.Error,
        )
        return
    task = task_of(server, action, call)
    if isinstance(task, str):
        server.say(f"{action.verb}: {task}", types.MessageType.Warning)
        return
    server.jobs.start(task, server.protocol.msg_id)


def find_place(server: DolaServer, call: Call) -> tuple[Document, Span] | str:
    """Return the document and the span that a call is about, or why no action works there."""
    document = server.documents.get(call.uri)
    if document is None:
        return (
            f"{file_name(call.uri)} is not open in the editor, so nothing was sent. Open it and "
            "run the action again."
        )
    if call.version is not None and call.version != document.version:
        return (
            f"{file_name(document.uri)} has changed since the action was listed, so its range may "
            "mean other lines. Nothing was sent. Run the action again."
        )
    located = to_span(document, call.range, server.client.encoding)
    if located.outside:
        return (
            f"the range lies outside {file_name(document.uri)}, which has {document.line_count} "
            "lines. Nothing was sent. Select the lines again."
        )
    return why_not_document(document) or (document, located.span)


def task_of(server: DolaServer, action: Action, call: Call) -> Task | str:
    """Return the task that a call asks for, or why there is none."""
    from dola_ls.core.doc_comments import with_comments_above
    from dola_ls.lsp.convert import relative_file
    from dola_ls.task import Task

    place = find_place(server, call)
    if isinstance(place, str):
        return place
    document, span = place
    tree = server.trees.get(document)
    if action.media is not None:
        from dola_ls.lsp import media

        return media.task_of(server, action, document, tree, span, call.instruction)
    if action is INSTRUCT and call.instruction is None:
        return _order(server, document, tree, span, beside(server, document, call.others))
    if action is FIX or (action is EXPLAIN and call.diagnostics):
        return problems.task_of(
            server, action, document, tree, call.diagnostics, call.others, call.instruction
        )
    if action.answer == "new-file" and server.notebooks.is_cell(document.uri):
        return NO_FILE
    target = find_target(document, tree, span) or server.notebooks.whole_cell(document)
    if target is None:
        return NO_SYMBOL
    if not fits(action, document, target):
        if action is DOCUMENT:
            return (
                f"this works on functions, classes and other symbols, and {target.name} is none. "
                "Nothing was sent. Put the cursor into one."
            )
        return (
            f"this works on functions, methods and classes in languages with a test framework that "
            f"Dola knows, and {target.name} is none. Nothing was sent. Put the cursor into one."
        )
    if action.comments_only and tree is not None:
        target = with_comments_above(tree, target)
    return Task(
        action=action,
        document=document,
        tree=tree,
        target=target,
        file=relative_file(server.notebooks.home_of(document.uri), server.folders),
        instruction=call.instruction,
        others=beside(server, document, call.others),
        review=server.configuration.settings().settings.apply == "review",
    )


def _order(
    server: DolaServer,
    document: Document,
    tree: Tree | None,
    span: Span,
    others: tuple[Diagnostic, ...],
    *,
    retried: bool = False,
) -> Task | str:
    """Return the task to do what a comment says, or to answer what it asks."""
    from dola_ls.core.instruct import instruction_at, without_instruction
    from dola_ls.lsp.convert import relative_file
    from dola_ls.task import Task

    found = instruction_at(document, tree, span)
    if found is None:
        return (
            "there is no comment at the cursor that begins with `dola:` (something to do) or "
            "`dola?` (a question). Nothing was sent. Write one, or select the lines and give an "
            "instruction."
        )
    task = Task(
        action=EXPLAIN if found.kind == "question" else INSTRUCT,
        document=document,
        tree=tree,
        target=found.target,
        file=relative_file(server.notebooks.home_of(document.uri), server.folders),
        instruction=" ".join(found.text.split()),
        others=others,
        review=server.configuration.settings().settings.apply == "review",
        retried=retried,
    )
    removal = without_instruction(document, found)
    alone = not document.text[found.target.region.start : found.target.region.end].strip() or (
        Span(removal.start, removal.end).covers(found.target.region)
    )
    if found.kind == "order" and not alone:
        # Where there is nothing but the comment, the new code takes its place.
        task = task.without(removal, found.target)
    return task


def cancel(server: DolaServer, arguments: tuple[Any, ...]) -> None:
    """Cancel the job with the given token or of the given document, or all of them."""
    given = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
    token, uri = given.get("token"), given.get("uri")
    chosen = server.jobs.cancel(
        token=token if isinstance(token, str) else None,
        uri=uri if isinstance(uri, str) else None,
    )
    if not chosen:
        server.say("There is nothing to cancel.", types.MessageType.Info)


def retry(server: DolaServer, kept: Kept) -> None:
    """Run the action of a proposal again, on the lines as they are now.

    The proposal goes when the action has begun, and stays where that could not be.
    """
    task = kept.proposal.task.origin or kept.proposal.task
    now = server.now(task.document)
    if now is None:
        server.proposals.drop(kept.id)
        return
    again = _again(server, task, now)
    if isinstance(again, str):
        server.say(f"{task.label}: {again}", types.MessageType.Warning)
    elif server.jobs.start(again, server.protocol.msg_id):
        server.proposals.drop(kept.id)


def _again(server: DolaServer, task: Task, now: Now) -> Task | str:
    """Return a task for the lines as they are now, or why there is none."""
    from dola_ls.core.doc_comments import with_comments_above
    from dola_ls.lsp.review import follow

    tree = server.trees.get(now.document)
    if task.order is not None:
        at, others = follow(task.order, now.changes), problems.moved(task.others, now)
        return _order(server, now.document, tree, at, others, retried=True)
    if task.link is not None:
        from dola_ls.lsp import media

        at = follow(task.link.span, now.changes)
        words = task.instruction
        return media.task_of(server, task.action, now.document, tree, at, words, retried=True)
    if task.to_fix:
        return problems.carried(task, now, tree)
    meant = task.target
    span = follow(meant.region, now.changes)
    if meant.whole_symbol and meant.symbol is not None:
        # The region may begin with the comments above.
        start = follow(meant.symbol.span, now.changes).start
        span = Span(start, start)
    find = find_target if task.own is None else task.own.target
    target = find(now.document, tree, span)
    if target is not None and task.action.comments_only and tree is not None:
        target = with_comments_above(tree, target)
    if target is None:
        return (
            "its lines are gone. Nothing was sent. Look at the proposal, or run the action again "
            "where you want it."
        )
    return replace(
        task,
        document=now.document,
        tree=tree,
        target=target,
        diagnostics=problems.moved(task.diagnostics, now),
        others=problems.moved(task.others, now),
        retried=True,
    )
