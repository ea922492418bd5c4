"""What may leave the machine and what may come back: paths and characters."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePath

#: Characters that make code read differently from what it does (CVE-2021-42574, "Trojan Source"),
#: or that cannot be seen: bidirectional controls, zero-width characters, a byte order mark inside
#: the text, tag characters and variation selectors.
HIDDEN = re.compile(
    "[\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
#: Those of them that nobody puts into a text on purpose: emoji and some scripts need the others.
_MISLEADING = re.compile(
    "[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")

#: Files and folders that steer an editor, a tool or a build: an edit there is code execution
#: (CVE-2025-53773). Compared in lower case, against every part of the path.
_CONTROL_FOLDERS = frozenset(
    {".vscode", ".idea", ".zed", ".helix", ".cursor", ".claude", ".git", ".husky", ".devcontainer"}
)
_CONTROL_FILES = (
    "*.code-workspace",
    ".nvim.lua",
    ".nvimrc",
    ".exrc",
    ".vimrc",
    ".envrc",
    ".dir-locals.el",
    "agents.md",
    "claude.md",
    "gemini.md",
    ".cursorrules",
    ".windsurfrules",
    "copilot-instructions.md",
    ".pre-commit-config.yaml",
    ".gitattributes",
    ".gitmodules",
    "settings.json",
    "mcp.json",
    ".mcp.json",
)

#: Files and folders that hold secrets, by their names in lower case.
_SECRET_FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".kube"})
_SECRET_FILES = (
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".pgpass",
    ".htpasswd",
    ".git-credentials",
    ".vault-token",
    "kubeconfig",
    "*.tfstate*",
)
#: Files that hold secrets, or the code that deals with them: that a programming language says.
_SECRET_OR_CODE = ("credentials*", "secrets*")
#: Files by which users keep code from tools like this one. All hold patterns as ``.gitignore`` has
#: them, and what any of them names is kept back.
IGNORE_FILES = (
    ".gitignore",
    ".aiexclude",
    ".aiignore",
    ".cursorignore",
    ".codeiumignore",
    ".geminiignore",
)


def hidden_characters(text: str, already: str = "") -> list[str]:
    """Return the invisible and bidirectional characters of `text` as ``U+202E``, each once.

    Those that also stand in `already`, the text being replaced, may stay.
    """
    known = set(HIDDEN.findall(already))
    found = dict.fromkeys(HIDDEN.findall(text))
    return [f"U+{ord(char):04X}" for char in found if char not in known]


def misleading_characters(text: str) -> list[str]:
    """Return the characters by which code may read differently from what it does, each once."""
    return [f"U+{ord(char):04X}" for char in dict.fromkeys(_MISLEADING.findall(text))]


def show_hidden(text: str, already: str = "") -> str:
    """Return `text` with the invisible and control characters it brings in named: ``<U+202E>``."""
    known = set(already)

    def named(match: re.Match[str]) -> str:
        return match[0] if match[0] in known else f"<U+{ord(match[0]):04X}>"

    return CONTROL.sub(named, HIDDEN.sub(named, text))


def control_characters(text: str, already: str = "") -> list[str]:
    """Return the control characters of `text` that are not in `already`, as ``U+0000``."""
    known = set(CONTROL.findall(already))
    found = dict.fromkeys(CONTROL.findall(text))
    return [f"U+{ord(char):04X}" for char in found if char not in known]


def is_control_file(path: PurePath) -> bool:
    """Tell whether a file steers an editor, a tool or a build, and so is never edited.

    Give the path relative to its workspace folder, or the whole path for a file outside one.
    """
    parts = [part.lower() for part in path.parts]
    if any(part in _CONTROL_FOLDERS for part in parts[:-1]):
        return True
    if ".github" in parts[:-1] and "workflows" in parts[:-1]:
        return True
    name = parts[-1] if parts else ""
    return any(fnmatchcase(name, pattern) for pattern in _CONTROL_FILES)


def may_hold_secrets(path: PurePath, *, is_code: bool = False) -> bool:
    """Tell whether a file holds secrets, going by its name and those of its folders.

    With `is_code`, ``credentials.py`` is the code that deals with them.
    """
    parts = [part.lower() for part in path.parts]
    if any(part in _SECRET_FOLDERS for part in parts[:-1]):
        return True
    patterns = _SECRET_FILES if is_code else _SECRET_FILES + _SECRET_OR_CODE
    return any(fnmatchcase(parts[-1] if parts else "", pattern) for pattern in patterns)


def is_within(path: PurePath, folder: PurePath) -> bool:
    """Tell whether `path` lies in `folder`; both must be resolved, real paths."""
    return path != folder and path.is_relative_to(folder)
