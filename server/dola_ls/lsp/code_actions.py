"""`textDocument/codeAction`: what can be done here. No I/O, no model, no settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.actions import (
    ACTIONS,
    EXPLAIN,
    FIX,
    INSTRUCT,
    MEDIA_ACTIONS,
    Action,
    Target,
    fits,
    kind_matches,
    title_of,
)
from dola_ls.core.document import Document, Encoding, Span
from dola_ls.core.limits import why_not_document
from dola_ls.core.own_actions import OwnAction
from dola_ls.core.policy import show_hidden
from dola_ls.lsp import problems
from dola_ls.lsp.arguments import MAX_DIAGNOSTICS, write_diagnostic, write_range
from dola_ls.lsp.beside import written
from dola_ls.lsp.configuration import NOT_TRUSTED
from dola_ls.lsp.convert import to_span
from dola_ls.lsp.offering import action_of
from dola_ls.lsp.review_actions import reviews

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

_CANCEL_KIND = "dola.cancel"
_PREVIEW_KIND = "dola.showPrompt"
_CONSENT_KIND = "dola.consent"
#: How many lines of a comment a cursor may stand below its beginning, and characters of a title.
_ROUND, _WORDS = 100, 70
#: What is near a link to an image or a video, or a path of a picture, and how near in characters.
_MEDIA_MARKS = ("![", "<img", "<video", "<source", "png", ".jp", ".jf", ".gif", ".webp")
_NEAR = 4000

#: The kind of an action of the user's own is one of these with its id behind it.
KINDS = [
    "quickfix.dola",
    "refactor.rewrite.dola",
    "dola.explain",
    "dola.tests",
    "dola.new",
    _CANCEL_KIND,
    _PREVIEW_KIND,
    _CONSENT_KIND,
]


def list_actions(server: DolaServer, params: types.CodeActionParams) -> list[Any]:
    """Return the actions for a range, or none where the client asks of its own accord."""
    context = params.context
    # Clients ask on every move of the cursor; only a user who asked wants these.
    if context.trigger_kind == types.CodeActionTriggerKind.Automatic:
        return []
    only = [str(getattr(kind, "value", kind)) for kind in context.only] if context.only else None
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return []
    located = to_span(document, params.range, server.client.encoding)
    if located.outside:
        return []
    server.last_place = document.uri, params.range
    reason = why_not_document(document)
    if not server.configuration.trusted:
        reason = NOT_TRUSTED[0].upper() + NOT_TRUSTED[1:]
    if reason is not None:
        return _unavailable(server, document, params, only, reason)
    actions = [
        *_consents(server, document, located.span, params, only),
        *reviews(server, document, located.span, only),
        *problems.offers(server, document, located.span, params.range, context.diagnostics, only),
        *_orders(server, document, located.span, params, only),
        *_media(server, document, located.span, params.range, only),
        *_offers(server, document, located.span, params, only),
        *_cancels(server, document, only),
        *_previews(server, document, located.span, params, only),
    ]
    return [_as_client_takes_it(server, action) for action in actions]


def _arguments(document: Document, range_: types.Range) -> dict[str, Any]:
    return {"uri": document.uri, "range": write_range(range_), "version": document.version}


def _offers(
    server: DolaServer,
    document: Document,
    span: Span,
    params: types.CodeActionParams,
    only: list[str] | None,
) -> list[types.CodeAction]:
    wanted = [action for action in ACTIONS if kind_matches(action.kind, only)]
    own = _own(server, document, only)
    if not wanted and not own:
        return []
    target = _target(server, document, span)
    said = _said(server, document, target, params)
    offers = []
    for action in wanted:
        if action.answer == "new-file" and server.notebooks.is_cell(document.uri):
            continue
        if target is not None and fits(action, document, target):
            arguments = {**_arguments(document, params.range), **said}
            offers.append(_offer(server, action, title_of(action, target), arguments))
    for one in own:
        at = one.target_of(document, target)
        if at is not None:
            arguments = _own_arguments(server, document, one, at, params)
            offers.append(_offer(server, one.action, title_of(one.action, at), arguments))
    return offers


def _target(server: DolaServer, document: Document, span: Span) -> Target | None:
    """Return what actions work on where the user is."""
    return server.trees.named_target(document, span) or server.notebooks.whole_cell(document)


def _said(
    server: DolaServer, document: Document, target: Target | None, params: types.CodeActionParams
) -> dict[str, Any]:
    """Return what other tools say of a target, as it goes into the arguments of an action."""
    given = params.context.diagnostics
    if target is None or not given:
        return {}
    return written(document, target.region, given, server.client.encoding)


def _offer(
    server: DolaServer, action: Action, title: str, arguments: dict[str, Any]
) -> types.CodeAction:
    offer = action_of(title, action.kind, action.command, arguments)
    if server.client.llm_tag:
        offer.tags = [types.CodeActionTag.LlmGenerated]
    return offer


def _own(server: DolaServer, document: Document, only: list[str] | None) -> list[OwnAction]:
    """Return the user's own actions of these kinds for a document's language."""
    return [
        own
        for own in server.configuration.own_actions
        if kind_matches(own.action.kind, only)
        and own.suits(document.language)
        and not (own.answer == "new-file" and server.notebooks.is_cell(document.uri))
    ]


def _own_arguments(
    server: DolaServer,
    document: Document,
    own: OwnAction,
    target: Target,
    params: types.CodeActionParams,
) -> dict[str, Any]:
    arguments = {"action": own.id, **_arguments(document, params.range)}
    if own.names("diagnostics"):
        arguments["diagnostics"] = [
            write_diagnostic(diagnostic)
            for diagnostic in params.context.diagnostics
            if _touches(document, diagnostic.range, target.region, server.client.encoding)
        ][:MAX_DIAGNOSTICS]
    return arguments


def _touches(document: Document, range_: types.Range, region: Span, encoding: Encoding) -> bool:
    span = to_span(document, range_, encoding).span
    return span.start <= region.end and region.start <= span.end


def _orders(
    server: DolaServer,
    document: Document,
    span: Span,
    params: types.CodeActionParams,
    only: list[str] | None,
) -> list[types.CodeAction]:
    """Offer to do what a comment ``dola: …`` says, or to answer ``dola? …``."""
    first = max(document.line_of(span.start) - _ROUND, 0)
    last = min(document.line_of(span.end) + _ROUND, document.line_count - 1)
    if "dola" not in document.text[document.starts[first] : document.line_span(last).end].lower():
        return []
    from dola_ls.core.instruct import instruction_at

    found = instruction_at(document, server.trees.get(document), span)
    if found is None:
        return []
    action = INSTRUCT if found.kind == "order" else EXPLAIN
    if not kind_matches(action.kind, only):
        return []
    words = show_hidden(" ".join(found.text.split()))
    words = words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"
    verb = "Do" if found.kind == "order" else "Answer"
    said = _said(server, document, found.target, params)
    arguments = {**_arguments(document, params.range), **said}
    title = f"Dola: {verb}: {words}"
    return [_offer(server, replace(action, command=INSTRUCT.command), title, arguments)]


def _media(
    server: DolaServer,
    document: Document,
    span: Span,
    range_: types.Range,
    only: list[str] | None,
) -> list[types.CodeAction]:
    """Offer what can be written about the image or video that the cursor's link names."""
    if not any(kind_matches(action.kind, only) for action in MEDIA_ACTIONS):
        return []
    near = document.text[max(span.start - _NEAR, 0) : span.start + _NEAR].lower()
    if not any(mark in near for mark in _MEDIA_MARKS):
        return []
    from dola_ls.lsp import media

    found = media.actions_at(document, server.trees.get(document), span)
    if found is None:
        return []
    link, actions = found
    how = media.listed(server.configuration, link.kind)
    if how == "hidden":
        return []
    offers = []
    for action in actions:
        arguments = _arguments(document, range_)
        title = action.title.replace("{name}", link.name)
        offer = _offer(server, action, title, arguments)
        if how == "unable" and server.client.disabled_support:
            offer.disabled = types.CodeActionDisabled(reason=media.UNABLE)
            offer.command = None
        offers.append(offer)
    return offers


def _cancels(
    server: DolaServer, document: Document, only: list[str] | None
) -> list[types.CodeAction]:
    """Offer to cancel what is under way here: Helix has no other way to do it."""
    if not kind_matches(_CANCEL_KIND, only):
        return []
    return [
        action_of(f"Dola: Cancel {job.label}", _CANCEL_KIND, "dola.cancel", {"token": job.token})
        for job in server.jobs.under_way()
        if job.uri == document.uri
    ]


def _consents(
    server: DolaServer,
    document: Document,
    span: Span,
    params: types.CodeActionParams,
    only: list[str] | None,
) -> list[types.CodeAction]:
    """Offer to agree to what an action here was not allowed to send, and to show it."""
    pending = server.consents.pending(document.uri) if server.has_consents else None
    if pending is None:
        return []
    from dola_ls.lsp.consent import title_of

    found = []
    if kind_matches(_CONSENT_KIND, only):
        request, remote = pending.request, pending.request.remote
        named = {"origin": remote.origin, "model": remote.model}
        arguments = {"allow": True, "uri": document.uri, **named}
        found.append(action_of(title_of(request), _CONSENT_KIND, _CONSENT_KIND, arguments))
    if only is None:
        more: dict[str, Any] = {"action": pending.action, "instruction": pending.instruction}
        given = params.context.diagnostics[:MAX_DIAGNOSTICS]
        if pending.action == FIX.command:
            more = {"action": pending.action} if given else {}
            more["diagnostics"] = [write_diagnostic(one) for one in given]
        found += _previews(server, document, span, params, [_PREVIEW_KIND], more)
    return found


def _previews(
    server: DolaServer,
    document: Document,
    span: Span,
    params: types.CodeActionParams,
    only: list[str] | None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> list[types.CodeAction]:
    """Offer to show what would be sent, to those who ask for just that."""
    if only is None or _PREVIEW_KIND not in only:
        return []
    title = "Dola: Show what would be sent"
    arguments = {**_arguments(document, params.range), **more}
    if "diagnostics" not in more:
        arguments |= _said(server, document, _target(server, document, span), params)
    return [action_of(title, _PREVIEW_KIND, _PREVIEW_KIND, arguments)]


def _unavailable(
    server: DolaServer,
    document: Document,
    params: types.CodeActionParams,
    only: list[str] | None,
    reason: str,
) -> list[Any]:
    """Offer the actions greyed out with the reason; where the client cannot, they give it."""
    arguments = _arguments(document, params.range)
    wanted = [
        (action, arguments)
        for action in ACTIONS
        if action.symbols is None and kind_matches(action.kind, only)
    ]
    wanted += [
        (own.action, {"action": own.id, **arguments}) for own in _own(server, document, only)
    ]
    found: list[Any] = []
    for action, given in wanted:
        title = action.title.format(name="this file")
        offer = action_of(title, action.kind, action.command, given)
        if server.client.disabled_support:
            offer.disabled = types.CodeActionDisabled(reason=reason)
            offer.command = None
        found.append(_as_client_takes_it(server, offer))
    return found


def _as_client_takes_it(server: DolaServer, action: types.CodeAction) -> Any:
    """Return a bare command for clients without code action literals."""
    if server.client.code_action_literals or action.command is None:
        return action
    return action.command
