"""Shown text, invisible characters and paths."""

from pathlib import PurePosixPath

import pytest

from dola_ls.core.policy import (
    control_characters,
    hidden_characters,
    is_control_file,
    is_within,
    misleading_characters,
)


def test_new_invisible_characters_are_named_and_old_ones_may_stay():
    assert hidden_characters("a\u202eb\u200bc\u202e") == ["U+202E", "U+200B"]
    assert hidden_characters("a\u202eb", already="x\u202e") == []
    assert hidden_characters("naïve 漢字 😀 -- ok") == []
    assert misleading_characters("a\u202eb\u200bc\u202e") == ["U+202E", "U+200B"]
    assert misleading_characters("👩\u200d💻 ok ⚠\ufe0f می\u200cخواهم") == []
    assert control_characters("a\tb\r\n") == []
    assert control_characters("a\x00b\x1b") == ["U+0000", "U+001B"]


@pytest.mark.parametrize(
    "path",
    [".vscode/settings.json", "a/.VSCode/tasks.json", ".github/workflows/ci.yml", ".git/config",
     ".nvim.lua", "sub/.envrc", "AGENTS.md", "x.code-workspace", ".idea/a/b.xml",
     ".github/copilot-instructions.md", ".helix/languages.toml", "CLAUDE.MD"],
)  # fmt: skip
def test_files_that_steer_a_tool_are_control_files(path):
    assert is_control_file(PurePosixPath(path))


@pytest.mark.parametrize(
    "path", ["src/a.py", "vscode/settings.py", "docs/agents.md.py", ".github/SECURITY.md", "a.json"]
)
def test_other_files_are_not(path):
    assert not is_control_file(PurePosixPath(path))


def test_within_means_below():
    assert is_within(PurePosixPath("/a/b/c"), PurePosixPath("/a/b"))
    assert not is_within(PurePosixPath("/a/b"), PurePosixPath("/a/b"))
    assert not is_within(PurePosixPath("/a/bc"), PurePosixPath("/a/b"))
