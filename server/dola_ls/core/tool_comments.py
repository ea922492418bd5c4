"""Comments that are more than words: compilers, linters and other tools read them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from dola_ls.core.bare_code import BareCode, Comment
from dola_ls.core.parsing import Tree

#: What a comment, or a line of one, begins with.
_LEAD = r"(?://+|#+|/\*+|^\s*\*+|<!--)[ \t]*"

_COMMON = (
    r"(?i:spdx-|copyright\b|\(c\) ?[12]\d\d\d|code generated|@generated|<auto-?generated|-\*-|"
    r"vim?:|nosonar|nosec\b|nosemgrep|noinspection\b|no-?lint|no-?qa\b|@formatter:|"
    r"lang(?:uage)?=|#(?:end)?region\b|<editor-fold|c?spell-?checker:|cspell:|codespell|gitleaks:|"
    r"codeql\[|translators?:|pragma\b)|"
    r"[@$]?[\w./]+(?:-[\w./]+)*[-:](?:ignore|disable|enable|suppress|skip|allow)\b"
)
_SCRIPT = (
    r"@ts-|@flow\b|\$Flow|eslint\b|tslint:|js[hl]int\b|biome-|deno-|istanbul\b|"
    r"[cv]8 (?:ignore|start|stop)\b|prettier-|oxlint-|stylelint-|webpack\w+:|@vite-|[#@]__\w+__|"
    r"@license\b|@preserve\b|@cc_on\b|@jsx\w*|@(?:jest|vitest)-|sourceMappingURL=|[#@] source|"
    r"<(?:reference|amd-)\b|@internal\b"
)
_C = (
    r"NOLINT|clang-(?:format|tidy)\b|IWYU\b|LCOV_|GCOVR?_|cppcheck-|coverity\b|lint -|PRQA\b|"
    r"\*?INDENT-O|uncrustify:|astyle:|(?i:(?:else,? ?)?falls?[ -]?thr(?:ough|u)\b)"
)

_WORDS: dict[str, str] = {
    "python": (
        r"type:|(?:pylint|pyright|mypy|ruff|flake8|fmt|isort|yapf|black|pyre|pytype|autopep8|"
        r"cython|distutils|pyre-\w+):|%%|In ?\[|/// |///$|!"
    ),
    "javascript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescript": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "go": r"\+[a-z]|@[A-Z]|swagger:|nolint|(?:lint|revive|gosec):|#nosec",
    "rust": r"ignore-tidy|cbindgen:|automatically generated",
    "java": r"\$NON-NLS|NOPMD|CHECKSTYLE|CSO(?:FF|N)|spotless:|(?i:falls?[ -]?thr(?:ough|u)\b)",
    "c": _C,
    "cpp": _C,
    "csharp": r"ReSharper\b|dotcover\b|StyleCop\b|css_",
    "ruby": (
        r"!|frozen_string_literal:|warn_indent:|shareable_constant_value:|"
        r"typed:|(?:rubocop|reek|steep|standard|erb_lint):|:\w+:|@rbs\b|: "
    ),
    "php": r"!|phpcs:|phan\b|psalm\b|phpstan\b",
}
_TOOLS = {id: re.compile(f"{_LEAD}(?:{_COMMON}|{words}).*") for id, words in _WORDS.items()}

#: Forms that only count without a blank, or at the very beginning of a comment.
_EXACT: dict[str, re.Pattern[str]] = {
    # https://go.dev/doc/comment#syntax: `//name:word`, and those older than that form
    "go": re.compile(r"^(?://[a-z0-9]+:[a-z0-9]|//(?:line|export|extern|sys) |/\*line ).*"),
    # https://eslint.org/docs/latest/use/configure/rules
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact"),
        re.compile(r"^/\*(?:!|\s*(?:eslint|globals?|exported)\b).*"),
    ),
    "rust": re.compile(r"^//[@~].*"),  # the compiler's own tests
    "java": re.compile(r"@deprecated\b"),  # the compiler reads this tag
}

#: From such a comment on, all up to the next code is read: the output of an example that Go runs,
#: and the metadata of a script (https://packaging.python.org/specifications/inline-script-metadata).
_RUNS: dict[str, re.Pattern[str]] = {
    "go": re.compile(r"(?i)^//\s*(?:unordered )?output:"),
    "python": re.compile(r"^# /// \w"),
}

#: Tags of PHP that only say something to readers; frameworks read the others while they run.
_WORDY_TAG = re.compile(
    r"(?i:params?|returns?|throws|var|see|link|since|author|deprecated|todo|example|inheritdoc|"
    r"uses|version|api|category|license|package|subpackage|source)$"
)
_TAG = re.compile(r"^[\s/*]*@([A-Za-z][\w\\-]*)(.*)")

#: https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
_CODING = re.compile(r"^#.*coding[:=]")

#: Read in the first comment of a file alone.
_FIRST_ONE = re.compile(r"@(?:jest-|vitest-|flow\b)")
_LICENCE = re.compile(r"(?i)spdx-|copyright\b|\(c\)")
_CGO = re.compile(rb'(?:\s|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*import\s*(?:\(\s*)?"C"')


@dataclass(frozen=True, slots=True)
class Mark:
    """What a tool reads in a comment, and the place at which it does."""

    text: str
    #: How much code comes before, and whether it is on the same line.
    index: int
    beside: bool
    #: What stands on the next line; such a comment is often about that line.
    below: str
    #: Which line or comment it is, where only the first ones count; -1 elsewhere.
    rank: int


def marks(tree: Tree, code: BareCode) -> Counter[Mark]:
    """Return what tools read in the comments of a piece of code."""
    id = tree.language.id
    found: Counter[Mark] = Counter()
    docs = {one.start for one in code.comments} | {one.start for one in code.docstrings}
    running: int | None = None
    for rank, comment in enumerate(code.comments):
        run = _RUNS.get(id)
        if run is not None and run.match(comment.text):
            running = comment.index
        whole = running == comment.index or (id == "go" and _is_cgo(tree.data, comment))
        whole = whole or (_line(tree.data, comment) >= 0 and bool(_CODING.match(comment.text)))
        texts = [comment.text] if whole else _read(id, comment.text)
        for text in texts:
            found[_mark(tree.data, comment, text, docs, rank)] += 1
    return found


def _read(id: str, comment: str) -> list[str]:
    """Return the parts of a comment that tools read."""
    found: list[str] = []
    lines = comment.splitlines()
    for at, line in enumerate(lines):
        line = line.rstrip().removesuffix("*/").rstrip()
        exact = _EXACT.get(id)
        if exact is not None and (match := exact.search(line)):
            # A block that begins so is one instruction up to its end.
            found.append(comment if at == 0 and line.startswith("/*") else match[0])
        elif match := _TOOLS[id].search(line):
            found.append(match[0].strip())
        elif id == "php" and (tag := _TAG.match(line)) and not _WORDY_TAG.match(tag[1]):
            found.append(_annotation(lines[at:]))
    return found


def _annotation(lines: list[str]) -> str:
    """Return an annotation of PHP up to its closing bracket."""
    text, depth = "", 0
    for line in lines:
        text += line.strip().lstrip("/* ").removesuffix("*/").strip()
        depth += line.count("(") + line.count("{") - line.count(")") - line.count("}")
        if depth <= 0:
            break
    return text


def _is_cgo(data: bytes, comment: Comment) -> bool:
    """Tell whether a comment is C code for Go (https://pkg.go.dev/cmd/cgo)."""
    return b'"C"' in data and _CGO.match(data, comment.end) is not None


def _mark(data: bytes, comment: Comment, text: str, docs: set[int], rank: int) -> Mark:
    beside = b"\n" not in data[comment.after : comment.start] and comment.after > 0
    line_end = data.find(b"\n", comment.end)
    start = line_end + 1 if line_end >= 0 else len(data)
    next_end = data.find(b"\n", start)
    line = data[start : next_end if next_end >= 0 else len(data)]
    first = start + len(line) - len(line.lstrip())
    head = comment.text.startswith("#!") or _CODING.match(comment.text) is not None
    if data[comment.end : start].strip():
        below = "beside"
    elif beside or head or _LICENCE.search(text):
        below = ""  # such a comment is not about the next line
    else:
        below = "blank" if not line.strip() else "comment" if first in docs else "code"
    if head:
        return Mark(text, comment.index, beside, below, _line(data, comment))
    return Mark(text, comment.index, beside, below, rank if _FIRST_ONE.search(text) else -1)


def _line(data: bytes, comment: Comment) -> int:
    """Return the number of a comment's line if it is the first or the second, -1 otherwise."""
    line = data.count(b"\n", 0, comment.start) if comment.start < 1000 else 2
    return line if line < 2 else -1
