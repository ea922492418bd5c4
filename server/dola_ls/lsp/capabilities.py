"""What the client can do, resolved once into plain values."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cattrs import transform_error
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability

from dola_ls.core.document import Encoding

if TYPE_CHECKING:
    from cattrs import Converter

log = logging.getLogger(__name__)

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


@dataclass(frozen=True, slots=True)
class Client:
    """The editor at the other end. Every field is a fact to act on, never "maybe"."""

    name: str = ""
    version: str = ""
    #: The unit of positions, as it will be announced to the client.
    encoding: Encoding = "utf-16"
    apply_edit: bool = False
    #: Whether edits travel as `documentChanges` with the version they were made for.
    document_changes: bool = False
    #: What `documentChanges` may hold besides edits: "create", "rename", "delete".
    resource_operations: frozenset[str] = frozenset()
    change_annotations: bool = False
    work_done_progress: bool = False
    show_document: bool = False
    #: Whether its viewer of Markdown follows relative links, and none to `file:`.
    relative_links: bool = False
    #: Whether hovers may be Markdown; else they are plain text.
    markdown_hover: bool = False
    show_message_request: bool = False
    #: Whether code actions may be `CodeAction` objects; else only bare commands.
    code_action_literals: bool = False
    disabled_support: bool = False
    is_preferred: bool = False
    llm_tag: bool = False
    workspace_configuration: bool = False
    #: Whether `workspace/didChangeConfiguration` may be asked for at run time.
    dynamic_configuration: bool = False
    workspace_folders: bool = False
    #: Whether it shows completions at the cursor, as of LSP 3.18.
    inline_completion: bool = False
    #: Whether it shows proposals in a view of its own (`dola_ls.lsp.hints`).
    own_review: bool = False

    @property
    def create_files(self) -> bool:
        """Whether a workspace edit may create a file."""
        return "create" in self.resource_operations

    @classmethod
    def resolve(cls, params: types.InitializeParams) -> Client:
        """Read the client's capabilities; whatever is missing or null counts as absent."""
        has = _Lookup(params.capabilities)
        info = params.client_info
        name = info.name if info else ""
        operations = has.list("workspace.workspace_edit.resource_operations")
        return cls(
            name=name,
            version=(info.version or "") if info else "",
            encoding=choose_encoding(params.capabilities),
            apply_edit=has("workspace.apply_edit"),
            # Neovim up to 0.11 declares only resourceOperations, and does take documentChanges:
            # https://github.com/neovim/neovim/blob/v0.11.0/runtime/lua/vim/lsp/util.lua
            document_changes=has("workspace.workspace_edit.document_changes") or bool(operations),
            resource_operations=frozenset(operations),
            change_annotations=has("workspace.workspace_edit.change_annotation_support"),
            work_done_progress=has("window.work_done_progress"),
            # Helix up to 25.07 shows documents without declaring it.
            show_document=has("window.show_document.support") or name.lower() == "helix",
            # VS Code and what is made of it, by what its language client says of itself:
            # https://github.com/microsoft/vscode/issues/182870
            relative_links=get_capability(params.capabilities, "general.markdown.parser")
            == "marked",
            markdown_hover=has.list("text_document.hover.content_format")[:1] == ["markdown"],
            show_message_request=has("window.show_message"),
            code_action_literals=has("text_document.code_action.code_action_literal_support"),
            disabled_support=has("text_document.code_action.disabled_support"),
            is_preferred=has("text_document.code_action.is_preferred_support"),
            llm_tag=types.CodeActionTag.LlmGenerated
            in has.list("text_document.code_action.tag_support.value_set"),
            workspace_configuration=has("workspace.configuration"),
            dynamic_configuration=has("workspace.did_change_configuration.dynamic_registration"),
            workspace_folders=has("workspace.workspace_folders"),
            inline_completion=has("text_document.inline_completion"),
            own_review=has.experimental("dolaReview"),
        )


def choose_encoding(capabilities: types.ClientCapabilities) -> Encoding:
    """Return the client's favourite among the encodings known here, as pygls announces it."""
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(capabilities)
    return next((known for known in ENCODINGS if known == chosen), "utf-16")


def read_initialize(message: dict[str, Any], converter: Converter) -> types.InitializeRequest:
    """Structure an `initialize` request, without the parts that cannot be understood.

    A server that does not start helps nobody: a client newer than this server names values that
    are not known here, and Lua clients send `[]` for an empty object. Such parts are left out.
    Raises what the converter raises where nothing useful is left.
    """
    while True:
        try:
            return converter.structure(message, types.InitializeRequest)
        except Exception as error:
            faults = [_path(line) for line in reversed(transform_error(error))]
            if not faults or not all(_leave_out(message, path) for path in faults):
                raise
            log.warning("left out of initialize: %s", ", ".join(".".join(p) for p in faults))


def _path(fault: str) -> list[str]:
    """Return the way to a fault: `… @ $.params.root_uri` -> `["params", "rootUri"]`."""
    names = re.findall(r"\w+", fault.rpartition(" @ $")[2])
    return [re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name) for name in names]


def _leave_out(message: dict[str, Any], path: list[str]) -> bool:
    """Remove what is at `path`, or what lacks it where it is not there; tell whether it went."""
    if path[:1] != ["params"] or len(path) < 2 or not isinstance(message.get("params"), dict):
        return False
    if path[1:] == ["capabilities"]:
        message["params"]["capabilities"] = {}
        return True
    *way, last = path
    parent: Any = message
    for name in way:
        parent = parent[int(name)] if isinstance(parent, list) else parent.get(name)
    if isinstance(parent, dict) and last in parent:
        del parent[last]
    elif isinstance(parent, list) and last.isdigit():
        del parent[int(last)]
    else:
        return _leave_out(message, way)
    return True


class _Lookup:
    def __init__(self, capabilities: types.ClientCapabilities) -> None:
        self.capabilities = capabilities

    def __call__(self, path: str) -> bool:
        # An object that is present but empty, as `showMessage: {}`, declares the capability.
        value = get_capability(self.capabilities, path)
        return value is not None and value is not False

    def experimental(self, name: str) -> bool:
        """Tell whether the client declares one of this server's own extensions."""
        given = self.capabilities.experimental
        value = given.get(name) if isinstance(given, dict) else getattr(given, name, None)
        return value is True

    def list(self, path: str) -> list[Any]:
        return list(get_capability(self.capabilities, path) or [])
