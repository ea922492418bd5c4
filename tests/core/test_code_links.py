"""Lines and symbols that an explanation names are links to the code, and nothing else is."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.core.actions import EXPLAIN
from dola_ls.core.code_links import line_of_symbol, with_links
from dola_ls.core.document import Document
from dola_ls.core.outcome import Explained
from dola_ls.core.parsing import parse
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.run import run
from tests.core.running import set_up
from tests.fakes.model import FakeModel
from tests.security.test_shown_text import PAYLOADS, PIECES
from tests.security.viewer import VIEWER, live

ADDRESS = "../../shop/a.py"
SYMBOLS = {"tax": 11, "Cart.total": 20}


def linked(text: str) -> str:
    return with_links(safe_markdown(text), ADDRESS, range(4, 30), SYMBOLS.get)


def links(markdown: str) -> list[tuple[str, str]]:
    """Return the words and the target of each link that a viewer sees."""
    found = []
    for block in VIEWER.parse(markdown):
        children = block.children or []
        for n, token in enumerate(children):
            if token.type == "link_open":
                end = next(m for m in range(n, len(children)) if children[m].type == "link_close")
                words = "".join(child.content for child in children[n + 1 : end])
                found.append((words, str(token.attrs["href"])))
    return found


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("See line 12.", "line 12", 12),
        ("Line 12 adds.", "Line 12", 12),
        ("(lines 12-15)", "lines 12-15", 12),
        ("lines 12–15: a loop", "lines 12–15", 12),
        ("lines 12 to 15", "lines 12 to 15", 12),
        ("on lines 5, 8 and 12", "lines 5, 8 and 12", 5),
        ("**line 12**", "line 12", 12),
        ("L12-L15", "L12-L15", 12),
        ("line 12(x)", "line 12", 12),
        ("line 12[x]", "line 12", 12),
        ("line 12: adds", "line 12", 12),
        ("- 3. > **line 12**: adds", "line 12", 12),
        ("> 1) line 12: adds", "line 12", 12),
        ("In line 12: it adds", "line 12", 12),
        ("- line 12", "line 12", 12),
        ("| line 12 |\n|---|\n| b |", "line 12", 12),
        ("calls `tax`", "tax", 11),
        ("calls `tax(value)` twice", "tax(value)", 11),
        ("calls ``tax``", "tax", 11),
        ("**`Cart.total`**", "Cart.total", 20),
    ],
)
def test_what_is_named_is_a_link(text, words, line):
    assert links(linked(text)) == [(words, f"{ADDRESS}#L{line}")]


@pytest.mark.parametrize(
    "text",
    [
        "line 3 and line 30 are not in it",
        "lines 12-99",
        "the L2 norm",
        "pipeline 12",
        "12 lines",
        "line 12a",
        "`line 12`",
        "`unknown`, `Cart`",
        "```\nline 12 `tax`\n```",
        "`a\nline 12`",
        "## line 12",
        "Careful!line 12",
        "a]line 12",
        "\\line 12",
    ],
)
def test_what_is_not_sure_stays_text(text):
    assert linked(text) == safe_markdown(text)


def test_a_label_before_a_colon_is_no_definition():
    assert linked("- line 5: a\n- **line 6**: b\n- So is line 7: c\n").startswith(
        "- **[line 5]**: a\n- **[line 6]**: b\n- So is [line 7]: c\n"
    )


def test_words_stay_as_they_read_and_the_addresses_are_below():
    assert linked("See line 5, `tax`, line 5 and `tax`.") == (
        "See [line 5], [`tax`], [line 5] and `tax`.\n\n"
        "[line 5]: ../../shop/a.py#L5\n[`tax`]: ../../shop/a.py#L11\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[line 12](javascript:alert(1))",
        "line 12](http://evil.example)",
        "[line 12\n](elsewhere.md)",
        "`tax`](http://evil.example)",
        "[`tax`](http://evil.example)",
        "[click][line 12] line 12",
        "> [line 12]: elsewhere.md\n\nline 12",
        "- [line 12]: elsewhere.md\n\nline 12",
        "[`tax`]: elsewhere.md\n\n`tax`",
        "![line 12](elsewhere.png)",
        "!line 12",
        "<a href=x>line 12</a>",
        "<http://evil.example/line 12>",
    ],
)
def test_nobody_else_decides_where_they_lead(text):
    markdown = linked(text)
    assert {target for _, target in links(markdown)} <= {f"{ADDRESS}#L12", f"{ADDRESS}#L11"}
    assert all(found.startswith("link: ") for found in live(markdown))


NAMED = [
    *("line 5", "lines 4-6", "L5", "`tax`", "`total()`", "[line 5]", "](line 5", "\nline 5:"),
    *("## Pitfalls\n", "\n**Inputs:**", "\n", " "),
]
MIXTURE = st.lists(
    st.sampled_from([*PAYLOADS, *PIECES, *NAMED]) | st.text(max_size=4), max_size=10
).map("".join)


@settings(max_examples=500, deadline=None)
@given(MIXTURE, st.sampled_from([None, "Is it *fast*? [x](y) `"]))
def test_whatever_the_model_says_only_our_links_are_on_the_page(answer, question):
    task, editor = set_up(EXPLAIN, instruction=question)
    outcome = asyncio.run(run(task, editor, FakeModel(answer, chunk=4000)))
    if not isinstance(outcome, Explained):
        return
    ours = {f"{task.document.uri}#L{line}" for line in (*range(4, 9), 11)}
    assert {target for _, target in links(outcome.markdown)} <= ours
    assert {found.removeprefix("link: ") for found in live(outcome.markdown)} <= ours


TEXT = """\
def tax(value):
    return value


class Cart:
    @property
    def total(self):
        return self.net + tax(1)

    def net(self):
        return 1


class Order:
    def net(self):
        return Cart().total
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tax", 1),
        ("Cart", 5),
        ("total", 7),
        ("self.total", 7),
        ("Cart.total", 7),
        ("net", None),
        ("Order.net", 15),
        ("Shop.net", None),
        ("value", None),
        ("nothing", None),
    ],
)
def test_a_name_leads_to_the_only_declaration_of_it(name, line):
    tree = parse(Document("file:///a.py", "python", 1, TEXT))
    assert tree is not None
    assert line_of_symbol(tree, name) == line
