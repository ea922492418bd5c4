"""Comments anywhere in the code of each language may come, and no token of it may change."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.core.bare_code import COMMENTS, docstring_in
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of
from dola_ls.core.parsing import Tree, parse
from tests.core.documented import FILES, refused


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("language", FILES)
def test_a_comment_may_stand_above_every_statement(language, eol):
    # The files hold no literal of several lines below these, and no comment that is about them.
    starts = ("def ", "class ", "public ", "export ", "int ", "func ", "pub fn", "label", "for ")
    text = FILES[language]
    lines = text.splitlines()
    spots = [at for at, line in enumerate(lines) if line.strip().startswith(starts)]
    assert spots or language == "javascriptreact"
    for at in spots or [0]:
        above = lines[at - 1].strip() if at else ""
        if above.startswith(("//go:", "// clang-format", "// eslint", "// @ts")):
            continue
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        comment = f"{indent}{language_of(language).line_comment} Words."
        after = [*lines[:at], comment, *lines[at:]]
        assert refused(language, eol.join(lines) + eol, eol.join(after) + eol) is None


@cache
def _tokens(language: str) -> list[tuple[int, int]]:
    """Return where the tokens of a file are that are neither comment nor docstring."""
    document = Document("file:///a", language, 1, FILES[language])
    tree = parse(document)
    assert isinstance(tree, Tree)
    assert tree.faults == 0
    found = []
    stack = [(tree.tree.root_node, "")]
    while stack:
        node, owner = stack.pop()
        docstring = docstring_in(node, owner) if language == "python" else None
        for child in node.children:
            if child.type not in COMMENTS and child != docstring:
                stack.append((child, node.type))
        if node.child_count == 0 and document.text[node.start_byte : node.end_byte].strip():
            found.append((tree.offset(node.start_byte), tree.offset(node.end_byte)))
    return found


@pytest.mark.parametrize("language", FILES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_token_of_the_code_may_go_or_change(language, data):
    text = FILES[language]
    start, end = data.draw(st.sampled_from(_tokens(language)))
    token = text[start:end]
    others = ["", token + token, token + "x", "//", "#", "/*", '"""', "x", "0", ";", "\n", " "]
    put = data.draw(st.sampled_from([other for other in others if other != token]))
    after = text[:start] + put + text[end:]
    reason = refused(language, text, after)
    assert reason is not None, after
    assert reason.startswith("it would change code")
