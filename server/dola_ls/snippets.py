"""What to put into each editor's configuration: the very files under ``editors/``.

A wheel holds copies of them; run from a checkout, the files themselves are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PACKAGED = Path(__file__).parent / "editors"
_CHECKOUT = Path(__file__).parents[2] / "editors"


@dataclass(frozen=True, slots=True)
class Snippet:
    """The set-up for one editor."""

    #: A short name, such as ``neovim``.
    editor: str
    title: str
    #: What to do with the text.
    how: str
    language: str
    text: str


_OTHER = """\
command     dola-ls
transport   stdio
languages   python, javascript, typescript, go, rust, java, c, cpp, csharp, ruby, php, and any other
settings    none needed; what the editor may set goes into initializationOptions
"""


def snippets() -> list[Snippet]:
    """Return the set-up for every editor, the general one last. Raises OSError."""
    return [
        Snippet(
            "neovim",
            "Neovim 0.11 or newer",
            "Save as lsp/dola_ls.lua in Neovim's configuration folder (~/.config/nvim), and put "
            "vim.lsp.enable('dola_ls') into init.lua.",
            "lua",
            _file("neovim/lsp/dola_ls.lua"),
        ),
        Snippet(
            "helix",
            "Helix",
            "Put what you need of it into ~/.config/helix/languages.toml.",
            "toml",
            _file("helix/languages.toml"),
        ),
        Snippet(
            "vscode",
            "VS Code, with the extension under editors/vscode",
            "Build it as its README says, and install it.",
            "sh",
            _first_block(_file("vscode/README.md")),
        ),
        Snippet(
            "emacs",
            "Emacs with Eglot",
            "Load it from the init file.",
            "elisp",
            _file("emacs/dola-eglot.el"),
        ),
        Snippet("other", "Any other editor", "Tell its LSP client this.", "text", _OTHER),
    ]


def _file(name: str) -> str:
    packaged = _PACKAGED / name
    return (packaged if packaged.is_file() else _CHECKOUT / name).read_text(encoding="utf-8")


def _first_block(markdown: str) -> str:
    """Return the first fenced block, without the indentation it has inside a list."""
    block = re.search(r"^( *)```\w*\n(.*?)^\1```", markdown, re.DOTALL | re.MULTILINE)
    if block is None:
        return markdown
    return re.sub(rf"^{block[1]}", "", block[2], flags=re.MULTILINE)
