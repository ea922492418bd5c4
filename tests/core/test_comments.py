"""The comment syntax of many languages, and finding the comment round a place."""

import pytest

from dola_ls.core.comments import comment_syntax
from dola_ls.core.document import Document
from dola_ls.core.find_comment import Comment, comment_round
from dola_ls.core.languages import LANGUAGES
from dola_ls.core.parsing import parse

#: Identifiers of languages, and the comments in which the word X has to be found; ¦ is a bar.
COMMENTS = {
    "c cpp csharp go java javascript javascriptreact typescript typescriptreact": "// X|/* X */",
    "rust kotlin swift scala dart groovy protobuf proto objective-c": "// X|/// X|/* X */",
    "php hcl terraform tf": "// X|# X|/* X */",
    "scss less": "// X|/* X */",
    "css": "/* X */",
    "zig": "// X|/// X",
    "jsonc json5": "// X|/* X */",
    "python r elixir crystal": "# X|## X",
    "shellscript sh bash zsh fish": "# X|## X",
    "yaml yml toml makefile make dockerfile nginx graphql gql": "# X",
    "ruby": "# X|=begin\nX\n=end",
    "perl": "# X|=pod\n\nX\n\n=cut",
    "julia": "# X|#= X =#",
    "nix": "# X|/* X */",
    "cmake": "# X|#[[ X ]]",
    "powershell ps1 pwsh": "# X|<# X #>",
    "lua": "-- X|--- X|--[[ X ]]|--[[\nX\n]]",
    "sql mysql postgres plsql": "-- X|/* X */",
    "haskell elm": "-- X|-- ¦ X|{- X -}|{-\n  X\n-}",
    "ocaml": "(* X *)|(** X *)",
    "fsharp": "// X|(* X *)",
    "clojure": "; X|;; X",
    "lisp commonlisp scheme racket": "; X|;;; X|#¦ X ¦#",
    "elisp emacs-lisp": ";; X",
    "erlang": "% X|%% X",
    "latex tex plaintex": "% X",
    "vim": '" X|# X',
    "ini dosini": "; X|# X",
    "properties": "# X|! X",
    "xml markdown": "<!-- X -->|<!--\n  X\n-->",
    "html": "<!-- X -->|// X|/* X */",
    "vue svelte": "<!-- X -->|// X|/* X */",
    "jinja htmldjango": "{# X #}",
    "handlebars": "{{! X }}|{{!-- X --}}",
    "erb": "<%# X %>|<!-- X -->",
    "bat": "REM X|:: X",
    "fortran": "! X",
    "vb": "' X",
    "restructuredtext": ".. X",
}
CASES = [
    (id, comment.replace("¦", "|"))
    for ids, comments in COMMENTS.items()
    for id in ids.split()
    for comment in comments.split("|")
]


def document(language: str, text: str) -> Document:
    return Document("file:///a", language, 1, text)


def found(language: str, text: str, *, tree: bool = False) -> Comment | None:
    """Return the comment round the X of a text."""
    doc = document(language, text)
    return comment_round(doc, parse(doc) if tree else None, text.index("X"))


def said(language: str, text: str, *, tree: bool = False) -> str | None:
    """Return the text of the comment round the X of a text."""
    comment = found(language, text, tree=tree)
    return text[comment.span.start : comment.span.end] if comment else None


@pytest.mark.parametrize(("language", "comment"), CASES)
@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_a_comment_on_lines_of_its_own_is_found_by_its_marks(language, comment, eol):
    comment = comment.replace("\n", eol)

    assert said(language, f"a{eol}{comment}{eol}b{eol}") == comment


@pytest.mark.parametrize(("language", "comment"), CASES)
def test_what_stands_beside_a_comment_is_none(language, comment):
    doc = document(language, f"aaa\n{comment}\nbbb\n")

    assert comment_round(doc, None, 1) is None
    assert comment_round(doc, None, len(doc.text) - 2) is None


@pytest.mark.parametrize(("language", "comment"), CASES)
def test_a_comment_is_found_after_code_where_the_language_allows_it(language, comment):
    syntax = comment_syntax(language)
    alone = comment.startswith("=") or (
        syntax.place == "own-line" and comment.startswith(syntax.line or ("?",))
    )

    assert said(language, f"a 😀 {comment}\n") == (None if alone else comment)


def test_at_least_forty_languages_are_known():
    told = {id for id, _ in CASES}

    assert len(told) >= 60
    assert comment_syntax("nobody-knows") not in [comment_syntax(id) for id in told]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_usual_mark_is_the_one_of_the_language(language):
    assert comment_syntax(language).line[0] == LANGUAGES[language].line_comment


@pytest.mark.parametrize(
    ("alias", "id"),
    [
        ("cs", "csharp"),
        ("c++", "cpp"),
        ("jsx", "javascriptreact"),
        ("javascript.jsx", "javascriptreact"),
        ("yaml.ansible", "yaml"),
        ("Dockerfile", "dockerfile"),
        ("terraform-vars", "hcl"),
    ],
)
def test_aliases_of_editors_are_known(alias, id):
    assert comment_syntax(alias) == comment_syntax(id)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("lua", 'x = "-- X"'),
        ("lua", "x = 'a \\' -- X'"),
        ("sql", "SELECT '-- X'"),
        ("kotlin", 'val a = "http://X"'),
        ("kotlin", "http://X"),
        ("zig", 'const a = "// X";'),
        ("dart", "a = '/* X */';"),
        ("haskell", 'a = "{- X -}"'),
        ("ocaml", 'let a = "(* X *)"'),
        ("elixir", 'a = "# X"'),
        ("shellscript", "echo ${a#X}"),
        ("shellscript", 'echo "# X"'),
        ("shellscript", "echo '# X'"),
        ("yaml", "url: a#X"),
        ("dockerfile", "RUN a # X"),
        ("properties", "a = b # X"),
        ("vim", 'echo "X"'),
        ("latex", "100\\% X"),
        ("xml", '<a b="<!-- X -->"/>'),
        ("markdown", "`<!-- X -->`"),
        ("vue", "const a = `// X`"),
        ("json", "// X"),
        ("nobody-knows", "a # X"),
        ("", "X"),
        # A block that is never closed is no comment, nor is what a line comment opens.
        ("swift", "/* X"),
        ("swift", "// a/*\nX\n*/"),
        ("swift", 'a = "/*"\nX\n*/'),
        ("swift", "/* a */\nX\n/* b */"),
    ],
)
def test_what_only_looks_like_a_comment_is_none(language, text):
    assert said(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "comment"),
    [
        ("yaml", "a: don't # X isn't", "# X isn't"),
        ("shellscript", 'echo "#" # X', "# X"),
        ("swift", "a() /* b */ // X", "// X"),
        ("swift", "/* b */ a(/* X */)", "/* X */"),
        ("swift", "/* a\n b */ c /* X */", "/* X */"),
        ("swift", "/* /* a */ X */ b", "/* /* a */ X */"),
        ("ocaml", "'\"' (* X *)", "(* X *)"),
        ("haskell", "f' a' = b -- X", "-- X"),
        ("vim", 'set nu " X', '" X'),
        ("vim", 'echo "a" " X', '" X'),
        ("sql", r"SELECT 'C:\' -- X", "-- X"),
        ("nobody-knows", "  # X", "# X"),
        ("", "; X", "; X"),
        ("haskell", "-- | X", "-- | X"),
        ("elixir", "\ufeff# X", "# X"),
    ],
)
def test_marks_count_outside_of_strings(language, text, comment):
    assert said(language, text) == comment


@pytest.mark.parametrize(
    ("language", "text", "comment"),
    [
        ("python", 'a = "# X"\n', None),
        ("python", '"""\n# X\n"""\n', None),
        ("python", 'def f():\n    """X"""\n', None),
        ("python", "a = 1  # X\r\n", "# X"),
        ("python", "a = '''\n''' # X\n", "# X"),
        ("javascript", "a = `// X`;\n", None),
        ("javascript", "a = `${b /* X */}`;\n", "/* X */"),
        ("javascript", "a = /\\/* X/;\n", None),
        ("javascriptreact", "a = <b>// X</b>;\n", None),
        ("javascriptreact", "a = <b>{/* X */}</b>;\n", "/* X */"),
        ("typescript", "// 😀 X\r// b\r", "// 😀 X"),
        ("rust", "/// X\nfn f() {}\n", "/// X"),
        ("rust", "/* /* X */ */\n", "/* /* X */ */"),
        ("rust", "fn f<'a>(b: &'a str) {} // X\n", "// X"),
        ("c", "#define A 1 // X\n", "// X"),
        ("c", '#define A "// X"\n', None),
        ("cpp", 'auto a = R"(// X)";\n', None),
        ("csharp", 'var a = @"\\"; // X\n', "// X"),
        ("java", 'var a = """\n// X\n""";\n', None),
        ("go", "package a\n\nvar b = `\n// X\n`\n", None),
        ("ruby", "a = <<~B\n  # X\nB\n", None),
        ("ruby", "=begin\nX\n=end\n", "=begin\nX\n=end"),
        ("php", "<?php // X ?>\n<b>\n", "// X "),
        ("php", "<?php\n#[X]\nfunction f() {}\n", None),
    ],
)
def test_with_a_tree_only_real_comments_count(language, text, comment):
    assert said(language, text, tree=True) == comment


def test_a_comment_knows_what_stands_between_its_marks():
    text = "a /* X */ b"
    comment = found("swift", text)

    assert comment is not None
    assert text[comment.body.start : comment.body.end] == " X "
    assert (comment.open, comment.close) == ("/*", "*/")
