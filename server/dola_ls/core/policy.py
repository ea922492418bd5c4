"""What may leave the machine and what may come back: paths, characters, shown text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePath

#: Characters that make code read differently from what it does (CVE-2021-42574, "Trojan Source"),
#: or that cannot be seen: bidirectional controls, zero-width characters, a byte order mark inside
#: the text, tag characters and variation selectors.
_HIDDEN = re.compile(
    "[\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")

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

#: Files and folders that hold secrets, by their names in lower case; what is in them is not sent
#: along with other code.
_SECRET_FOLDERS = frozenset({".aws", ".ssh", ".gnupg"})
_SECRET_FILES = (
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "id_rsa*",
    "id_ed25519*",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    "kubeconfig",
    "*.tfstate*",
    "credentials*",
    "secrets*",
)
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

_MAX_SHOWN = 60_000


def hidden_characters(text: str, already: str = "") -> list[str]:
    """Return the invisible and bidirectional characters of `text` as ``U+202E``, each once.

    Those that also stand in `already`, the text being replaced, may stay.
    """
    known = set(_HIDDEN.findall(already))
    found = dict.fromkeys(_HIDDEN.findall(text))
    return [f"U+{ord(char):04X}" for char in found if char not in known]


def show_hidden(text: str, already: str = "") -> str:
    """Return `text` with the invisible and control characters it brings in named: ``<U+202E>``."""
    known = set(already)

    def named(match: re.Match[str]) -> str:
        return match[0] if match[0] in known else f"<U+{ord(match[0]):04X}>"

    return _CONTROL.sub(named, _HIDDEN.sub(named, text))


def control_characters(text: str, already: str = "") -> list[str]:
    """Return the control characters of `text` that are not in `already`, as ``U+0000``."""
    known = set(_CONTROL.findall(already))
    found = dict.fromkeys(_CONTROL.findall(text))
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


def may_hold_secrets(path: PurePath) -> bool:
    """Tell whether a file holds secrets, going by its name and those of its folders."""
    parts = [part.lower() for part in path.parts]
    if any(part in _SECRET_FOLDERS for part in parts[:-1]):
        return True
    return any(fnmatchcase(parts[-1] if parts else "", pattern) for pattern in _SECRET_FILES)


def is_within(path: PurePath, folder: PurePath) -> bool:
    """Tell whether `path` lies in `folder`; both must be resolved, real paths."""
    return path != folder and path.is_relative_to(folder)


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^`]*$")
_INLINE_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_IMAGE = re.compile(r"!\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?")
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:.*$")
_COLON = r"(?::|&#0*58;?|&#x0*3a;?|&colon;)"
_ADDRESS = re.compile(rf"\b([a-z][a-z0-9+.-]*){_COLON}(?://|\\\\)(?=\S)", re.IGNORECASE)
_SCHEME = re.compile(
    r"\b(https?|wss?|ftps?|file|command|vscode[a-z-]*|javascript|data|mailto|ssh|git|smb)"
    rf"{_COLON}(?=[^\s:])",
    re.IGNORECASE,
)
_WWW = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w/\\\[])(//|\\\\)(?=[^\s/])")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


def _defang(text: str) -> str:
    """Write addresses so that they read well and no viewer makes a link of them.

    This is done inside inline code too: where such a span begins and ends is something on which
    viewers disagree, so nothing may hang on it.
    """
    text = _SCHEME.sub(r"\1[:]", _ADDRESS.sub(r"\1[://]", text))
    text = _HOST.sub(r"[\1]", _WWW.sub("www[.]", text))
    return text.replace("![", "!\\[")


def _defuse(text: str) -> str:
    """Take everything out of a piece of Markdown that a viewer could load or run."""
    text = _IMAGE.sub(lambda match: match[1], text)
    text = _LINK.sub(lambda match: match[1], text)
    return _defang(text.replace("<", "&lt;"))


def _is_plain(line: str) -> bool:
    """Tell whether every viewer finds the same inline code in a line of a paragraph.

    That is so where each span ends in its own line, none begins after a backslash, and none holds
    a ``|``, at which a table would cut it.
    """
    if "\\`" in line:
        return False
    spans = _INLINE_CODE.findall(line)
    return "`" not in _INLINE_CODE.sub("", line) and not any("|" in span[1] for span in spans)


def _safe_line(line: str, plain: bool) -> Iterator[str]:
    position = 0
    for match in _INLINE_CODE.finditer(line) if plain else ():
        yield _defuse(line[position : match.start()])
        yield _defang(match[0])
        position = match.end()
    yield _defuse(line[position:])


def _safe_paragraph(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a paragraph; inline code keeps its ``<`` only where it surely is code."""
    plain = all(map(_is_plain, lines))
    for line in lines:
        if not _REFERENCE.match(line):
            yield "".join(_safe_line(line, plain))


def safe_markdown(text: str) -> str:
    """Return Markdown that shows the same words but can load, run or link to nothing.

    No HTML, images, links or references, no control or invisible characters, and at most 60 000
    characters; code keeps its text, and a block left open is closed.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _HIDDEN.sub("", _CONTROL.sub("", _ANSI.sub("", text)))
    if len(text) > _MAX_SHOWN:
        text = text[:_MAX_SHOWN].rstrip() + "\n\n… cut here."
    lines: list[str] = []
    paragraph: list[str] = []
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            lines.append(line)
        elif match or not line.strip():
            lines += [*_safe_paragraph(paragraph), line]
            paragraph = []
            fence = match[1] if match else ""
        else:
            paragraph.append(line)
    lines += _safe_paragraph(paragraph)
    if fence:
        lines.append(fence)
    return "\n".join(lines).strip() + "\n"
