"""From `initialize` to `shutdown`: capabilities, settings, documents that close."""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from dola_ls.lsp.capabilities import Client

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer

log = logging.getLogger(__name__)

_ASK_SECONDS = 5.0
_SECTION = "dola"
#: Modules that bring in httpx and pydantic.
_FOR_ACTIONS = (
    "dola_ls.lsp.surveying",
    "dola_ls.lsp.workbench",
    "dola_ls.model.client",
    "dola_ls.model.ledger",
    "dola_ls.model.provider",
    "dola_ls.resolve",
)


def register(server: DolaServer) -> None:
    """Register the handlers of the server's life cycle."""

    @server.feature(types.INITIALIZE)
    def initialize(ls: DolaServer, params: types.InitializeParams) -> None:
        ls.client = Client.resolve(params)
        ls.configuration.initialization_options = params.initialization_options

    @server.feature(types.INITIALIZED)
    async def initialized(ls: DolaServer, params: types.InitializedParams) -> None:
        log.info(
            "client %s %s, positions in %s", ls.client.name, ls.client.version, ls.client.encoding
        )
        # What an action needs is imported while the user reads; `initialize` did not wait for it.
        await asyncio.to_thread(_warm_up)
        # The menu offers the user's own actions, and reads no file for it.
        ls.configuration.settings()
        await _ask_settings(ls)
        if ls.client.dynamic_configuration:
            await _watch_settings(ls)
        # So that the status can tell what is known before the first action.
        await ls.configuration.load_predictions()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration_changed(
        ls: DolaServer, params: types.DidChangeConfigurationParams
    ) -> None:
        # Clients that let servers ask send nothing useful here; the others send it all.
        if ls.client.workspace_configuration:
            await _ask_settings(ls)
        elif params.settings is not None:
            ls.configuration.client_settings = params.settings
            ls.configuration.changed()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: DolaServer, params: types.DidChangeTextDocumentParams) -> None:
        if ls.has_completions:
            ls.completions.cancel(params.text_document.uri)
        if ls.has_failures:
            ls.failures.follow(params.text_document.uri)
        # An answer under way will be checked against this text; then its tree is at hand.
        if ls.jobs.any_for(params.text_document.uri):
            ls.trees.parse_later(params.text_document.uri)
        if ls.has_proposals:
            from dola_ls.lsp.hints import mark

            mark(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: DolaServer, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.jobs.cancel(uri=uri)
        if ls.has_completions:
            ls.completions.forget(uri)
        ls.trees.forget(uri)
        ls.explanations.forget(uri)
        ls.reasoning.forget(uri)
        if ls.has_proposals:
            ls.proposals.forget(uri)
        if ls.has_failures:
            ls.failures.forget(uri)
        ls.marks.forget(uri)

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancelled(ls: DolaServer, params: types.WorkDoneProgressCancelParams) -> None:
        ls.jobs.cancel(token=params.token)

    @server.feature(types.SHUTDOWN)
    async def shutdown(ls: DolaServer, *_: object) -> None:
        await ls.close()


def _warm_up() -> None:
    """Import what the first action needs; about 0.4 s that the user does not notice here."""
    for name in _FOR_ACTIONS:
        importlib.import_module(name)


async def _ask_settings(server: DolaServer) -> None:
    """Ask the client for the section `dola`."""
    if not server.client.workspace_configuration:
        return
    item = types.ConfigurationItem(section=_SECTION)
    try:
        answer = await asyncio.wait_for(
            server.workspace_configuration_async(types.ConfigurationParams([item])), _ASK_SECONDS
        )
    except Exception as error:
        log.info("no settings from the client: %s", type(error).__name__)
        return
    server.configuration.client_settings = answer[0] if answer else None
    server.configuration.changed()


async def _watch_settings(server: DolaServer) -> None:
    """Ask to be told when the settings change; pygls does not."""
    registration = types.Registration(
        id="dola-settings",
        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        register_options=types.DidChangeConfigurationRegistrationOptions(section=_SECTION),
    )
    try:
        await asyncio.wait_for(
            server.client_register_capability_async(types.RegistrationParams([registration])),
            _ASK_SECONDS,
        )
    except Exception as error:
        log.info("not told of changes to the settings: %s", type(error).__name__)
