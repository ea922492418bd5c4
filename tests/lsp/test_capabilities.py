"""What each recorded editor can do, and what becomes of an `initialize` that is partly broken."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from lsprotocol import types
from pygls.protocol import default_converter

from dola_ls.lsp.capabilities import Client, read_initialize
from dola_ls.lsp.receive import be_strict
from tests.fakes.editor import load_profile


def read(params: Any) -> types.InitializeParams:
    converter = default_converter()
    be_strict(converter)
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    return read_initialize(message, converter).params


def client(name: str) -> Client:
    return Client.resolve(read(load_profile(name)))


def test_neovim() -> None:
    assert client("neovim-0.11") == Client(
        name="Neovim",
        version="0.11.4+v0.11.4",
        encoding="utf-8",
        apply_edit=True,
        document_changes=True,  # though only resourceOperations say so
        resource_operations=frozenset({"create", "rename", "delete"}),
        work_done_progress=True,
        show_document=True,
        markdown_hover=True,
        show_message_request=True,
        code_action_literals=True,
        is_preferred=True,
        workspace_configuration=True,
        workspace_folders=True,
    )


def test_vscode() -> None:
    assert client("vscode-1.139") == Client(
        name="code-server",
        version="1.139.1",
        encoding="utf-16",
        apply_edit=True,
        document_changes=True,
        resource_operations=frozenset({"create", "rename", "delete"}),
        change_annotations=True,
        work_done_progress=True,
        show_document=True,
        relative_links=True,
        markdown_hover=True,
        show_message_request=True,
        code_action_literals=True,
        disabled_support=True,
        is_preferred=True,
        llm_tag=True,
        workspace_configuration=True,
        dynamic_configuration=True,
        workspace_folders=True,
        inline_completion=True,
    )


def test_helix() -> None:
    assert client("helix-25.01") == Client(
        name="helix",
        version="25.01.1",
        encoding="utf-8",
        apply_edit=True,
        document_changes=True,
        resource_operations=frozenset({"create", "rename", "delete"}),
        work_done_progress=True,
        show_document=True,  # though it does not declare it
        markdown_hover=True,
        show_message_request=False,
        code_action_literals=True,
        disabled_support=True,
        is_preferred=True,
        workspace_configuration=True,
        workspace_folders=True,
    )


def test_eglot() -> None:
    assert client("emacs-28-eglot") == Client(
        apply_edit=True,
        document_changes=True,
        code_action_literals=True,
        is_preferred=True,
        workspace_configuration=True,
        workspace_folders=True,
    )


@pytest.mark.parametrize(
    "capabilities",
    [
        {},
        {"workspace": None, "textDocument": None, "window": None, "general": None},
        {"workspace": {"workspaceEdit": None}, "window": {"showDocument": None}},
        {"general": {"positionEncodings": None}},
        {"general": {"positionEncodings": ["utf-7"]}},
        {"textDocument": {"codeAction": {"tagSupport": None}}},
        {"textDocument": {"hover": {"contentFormat": None}}, "general": {"markdown": None}},
        {"textDocument": {"hover": {"contentFormat": ["plaintext", "markdown"]}}},
    ],
    ids=str,
)
def test_what_is_missing_or_null_is_absent(capabilities: Any) -> None:
    assert Client.resolve(read({"capabilities": capabilities})) == Client()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-16"], "utf-16"),
        (["utf-32", "utf-8"], "utf-32"),
        (["utf-7", "utf-8", "utf-16"], "utf-8"),
        ([], "utf-16"),
    ],
)
def test_the_clients_favourite_encoding_is_taken(offered: list[str], chosen: str) -> None:
    params = read({"capabilities": {"general": {"positionEncodings": offered}}})
    assert Client.resolve(params).encoding == chosen


BROKEN: dict[str, Any] = {
    "processId": "not a number",
    "trace": "shouting",
    "workspaceFolders": [{"uri": "file:///a", "name": "a"}, {"uri": "file:///b"}],
    "capabilities": {
        "experimental": [],
        "window": [],
        "workspace": {"applyEdit": True, "workspaceEdit": {"failureHandling": "hope"}},
        "textDocument": {
            "codeAction": {
                "tagSupport": {"valueSet": [1, 99]},
                "isPreferredSupport": "yes",
                "disabledSupport": True,
            },
            "completion": {"completionItemKind": {"valueSet": [1, 2, 400]}},
        },
    },
}


def test_what_cannot_be_understood_is_left_out_and_the_rest_holds() -> None:
    params = read(copy.deepcopy(BROKEN))
    resolved = Client.resolve(params)
    assert resolved.apply_edit
    assert resolved.llm_tag
    assert resolved.disabled_support
    assert not resolved.is_preferred
    assert params.process_id is None
    assert [folder.uri for folder in params.workspace_folders or []] == ["file:///a"]


@pytest.mark.parametrize("capabilities", [None, [], "all", 3])
def test_capabilities_that_are_no_object_count_as_none(capabilities: Any) -> None:
    assert Client.resolve(read({"capabilities": capabilities})) == Client()


def test_missing_capabilities_count_as_none() -> None:
    assert Client.resolve(read({})) == Client()


@pytest.mark.parametrize("params", [None, 3, "x"])
def test_params_that_are_no_object_are_refused(params: Any) -> None:
    with pytest.raises(Exception, match="InitializeRequest"):
        read(params)
