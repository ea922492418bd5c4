"""How comments are written in each language, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dola_ls.core.languages import language_of


@dataclass(frozen=True, slots=True)
class CommentSyntax:
    """The marks of comments in one language; where there are several, the usual one first."""

    line: tuple[str, ...] = ()
    block: tuple[tuple[str, str], ...] = ()
    #: Characters that begin and end strings, in which no mark counts.
    quotes: str = "\"'"
    #: Where on its line a mark of a line comment counts.
    place: Literal["anywhere", "after-blank", "own-line"] = "anywhere"
    #: Whether blocks nest.
    nests: bool = False


_SLASHES = ("/*", "*/")
_ARROWS = ("<!--", "-->")
_STARS = ("(*", "*)")
_SCRIPT_QUOTES = "\"'`"
_HASH = CommentSyntax(("#",))

_SYNTAX: tuple[tuple[str, CommentSyntax], ...] = (
    ("c cpp objective-c objective-cpp csharp java groovy protobuf solidity glsl hlsl wgsl cuda "
     "verilog systemverilog jsonc json5 prisma bicep typst stylus pug gradle",
     CommentSyntax(("//",), (_SLASHES,))),
    ("javascript javascriptreact typescript typescriptreact go",
     CommentSyntax(("//",), (_SLASHES,), _SCRIPT_QUOTES)),
    # A lone ' begins a lifetime or a symbol in these, so it is not taken for a string's.
    ("rust scala", CommentSyntax(("//",), (_SLASHES,), '"', nests=True)),
    ("kotlin swift dart d", CommentSyntax(("//",), (_SLASHES,), nests=True)),
    ("zig gleam", CommentSyntax(("//",), (), '"')),
    ("php hcl jsonnet", CommentSyntax(("//", "#"), (_SLASHES,))),
    ("scss less sass", CommentSyntax(("//",), (_SLASHES,))),
    ("css", CommentSyntax((), (_SLASHES,))),
    ("python elixir r crystal gdscript starlark awk tcl mojo meson", _HASH),
    ("ruby", CommentSyntax(("#",), (("=begin", "=end"),))),
    ("perl raku", CommentSyntax(("#",), (("=pod", "=cut"), ("=begin", "=cut")))),
    ("julia", CommentSyntax(("#",), (("#=", "=#"),), '"', nests=True)),
    ("nim", CommentSyntax(("#",), (("#[", "]#"),), nests=True)),
    ("graphql", CommentSyntax(("#",), (), '"')),
    ("nix", CommentSyntax(("#",), (_SLASHES,), '"')),
    ("cmake", CommentSyntax(("#",), (("#[[", "]]"),), '"')),
    ("powershell", CommentSyntax(("#",), (("<#", "#>"),))),
    # ${name#prefix} and a#b are no comments.
    ("shellscript fish yaml makefile just toml nginx",
     CommentSyntax(("#",), (), place="after-blank")),
    ("dockerfile ignore git-commit", CommentSyntax(("#",), (), place="own-line")),
    ("ini", CommentSyntax((";", "#"), (), place="after-blank")),
    ("properties", CommentSyntax(("#", "!"), (), place="own-line")),
    ("vim", CommentSyntax(('"', "#"), (), place="after-blank")),
    ("lua luau", CommentSyntax(("--",), (("--[[", "]]"), ("--[=[", "]=]")))),
    ("sql plsql", CommentSyntax(("--",), (_SLASHES,))),
    ("haskell elm purescript", CommentSyntax(("--",), (("{-", "-}"),), '"', nests=True)),
    ("ada vhdl", CommentSyntax(("--",), (), '"')),
    ("ocaml", CommentSyntax((), (_STARS,), '"', nests=True)),
    ("fsharp", CommentSyntax(("//",), (_STARS,), '"', nests=True)),
    ("pascal", CommentSyntax(("//",), (_STARS, ("{", "}")), "'")),
    ("clojure", CommentSyntax((";",), (), '"')),
    ("lisp scheme racket", CommentSyntax((";",), (("#|", "|#"),), '"', nests=True)),
    ("elisp", CommentSyntax((";",), (), '"')),
    ("erlang", CommentSyntax(("%",))),
    ("prolog", CommentSyntax(("%",), (_SLASHES,))),
    ("matlab", CommentSyntax(("%",), (("%{", "%}"),))),
    ("latex bibtex", CommentSyntax(("%",), (), "")),
    ("fortran", CommentSyntax(("!",))),
    ("vb", CommentSyntax(("'",), (), '"')),
    ("bat", CommentSyntax(("::", "REM ", "rem "), (), place="own-line")),
    ("asm", CommentSyntax((";", "#"), (_SLASHES,), place="after-blank")),
    ("xml", CommentSyntax((), (_ARROWS,), '"')),
    ("html vue svelte astro",
     CommentSyntax(("//",), (_ARROWS, _SLASHES), _SCRIPT_QUOTES, "after-blank")),
    ("markdown", CommentSyntax((), (_ARROWS,), "`")),
    ("mdx", CommentSyntax((), (_SLASHES, _ARROWS), "`")),
    ("restructuredtext", CommentSyntax((".. ",), (), "", "own-line")),
    ("erb", CommentSyntax(("//",), (("<%#", "%>"), _ARROWS, _SLASHES), place="after-blank")),
    ("jinja", CommentSyntax((), (("{#", "#}"), _ARROWS))),
    ("handlebars", CommentSyntax((), (("{{!--", "--}}"), ("{{!", "}}"), _ARROWS))),
    ("json", CommentSyntax()),
)  # fmt: skip

_BY_ID = {id: syntax for ids, syntax in _SYNTAX for id in ids.split()}

#: Of a language nobody knows, the usual marks count where a line begins with one.
_UNKNOWN = CommentSyntax(("#", "//", "--", ";", "%"), (_SLASHES, _ARROWS), place="own-line")

#: Other identifiers that editors send, mostly the names of file types in Neovim, Emacs and Helix.
_ALIASES = {
    alias: id
    for id, aliases in (
        ("objective-c", "objc objectivec"),
        ("objective-cpp", "objcpp"),
        ("csharp", "csx"),
        ("protobuf", "proto proto3"),
        ("hcl", "terraform tf terraform-vars opentofu packer"),
        ("shellscript", "sh bash zsh ksh dash shell csh tcsh bats"),
        ("powershell", "ps1 pwsh"),
        ("yaml", "yml dockercompose helm ansible azure-pipelines github-actions-workflow"),
        ("makefile", "make automake"),
        ("dockerfile", "docker containerfile"),
        ("ignore", "gitignore dockerignore gitattributes"),
        ("git-commit", "gitcommit git-rebase gitrebase"),
        ("ini", "dosini conf cfg gitconfig git-config systemd editorconfig desktop"),
        ("properties", "jproperties java-properties"),
        ("vim", "viml vimscript"),
        ("sql", "mysql postgres postgresql sqlite pgsql tsql"),
        ("haskell", "lhaskell hs"),
        ("ocaml", "ocamlinterface ocaml-interface reason ml"),
        ("fsharp", "f# fs"),
        ("lisp", "commonlisp common-lisp"),
        ("elisp", "emacs-lisp emacslisp"),
        ("clojure", "clojurescript clj cljs edn"),
        ("elixir", "heex eelixir ex exs"),
        ("latex", "tex plaintex context"),
        ("fortran", "fortran-modern fortran-fixed"),
        ("vb", "vbnet vbs basic"),
        ("bat", "dosbatch batch cmd"),
        ("xml", "xsl xsd svg dtd html5-xml"),
        ("html", "htm xhtml"),
        ("markdown", "md rmd quarto pandoc vimwiki"),
        ("restructuredtext", "rst"),
        ("erb", "eruby html-eex"),
        ("jinja", "jinja2 jinja-html htmldjango django-html twig nunjucks"),
        ("python", "cython pyrex"),
        ("starlark", "bazel bzl"),
        ("glsl", "shaderlab"),
        ("r", "rscript"),
        ("julia", "jl"),
        ("perl", "perl6 pl"),
        ("ruby", "rb"),
        ("rust", "rs"),
        ("kotlin", "kt"),
        ("graphql", "gql"),
        ("asm", "nasm gas assembly asm-intel-x86-generic"),
    )
    for alias in aliases.split()
}


def comment_syntax(id: str) -> CommentSyntax:
    """Return how comments are written in a language, by its LSP identifier or an editor's alias.

    Of a compound such as ``yaml.ansible`` the first part that is known counts.
    """
    id = language_of(id).id.lower()
    for part in (id, *id.split(".")):
        known = _BY_ID.get(_ALIASES.get(part, part))
        if known is not None:
            return known
    return _UNKNOWN
